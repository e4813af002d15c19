"""Small worlds for tests, made by walking the real path.

Invariant: nothing here says yes on its own: staff, caseloads, agreements and wishes are written as the service itself
writes them, on a database that the migrations made.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.database import Database
from app.deployment import Deployment
from app.settings import Mode, Settings
from governance.keystore import create_key_file, create_keystore
from governance.store import organisation, staff, staff_role
from governance.terms import Role
from governance.vault_keys import WrappedKeys

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

ORGANISATIONS = (
    ("ZMH", "Marlshire Maternity Hospitals NHS Trust", None, "nhs", "england", "01632 960100"),
    ("ZCH", "Marlshire Community Health NHS Trust", None, "nhs", "england", "01632 960200"),
    ("ZWB", "Glanwern University Health Board", "Bwrdd Iechyd Prifysgol Glanwern", "nhs", "wales", "01632 960300"),
    ("ZMC", "Marlshire County Council", None, "council", "england", "01632 960400"),
    ("ZGC", "Glanwern Council", "Cyngor Glanwern", "council", "wales", "01632 960500"),
    ("ZNF", "Little Acorns Nursery Federation", None, "childcare", "england", "01632 960600"),
    ("ZFS", "Hafan Family Support", None, "charity", "both", "01632 960700"),
)


@contextmanager
def deployed(home: Path, mode: Mode = Mode.DEMO, url: str | None = None) -> Iterator[Deployment]:
    """A deployment of the test's own: keys, vault keys and a migrated database."""
    settings = Settings(mode=mode, home=home, database_url=url)
    for folder in (settings.home, settings.zone, settings.anchors):
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
    ring = create_keystore(settings.keystore, create_key_file(settings.key_path))
    database = Database(settings.url)
    database.migrate()
    try:
        with WrappedKeys(settings.wrapped_keys) as wrapped_keys:
            yield Deployment(settings, database, ring, wrapped_keys)
    finally:
        database.close()


def add_organisations(session: Session) -> None:
    names = ("code", "name_en", "name_cy", "kind", "nation", "telephone")
    rows = [dict(zip(names, row, strict=True)) for row in ORGANISATIONS]
    session.execute(
        insert(organisation), [{**row, "duty_desk": f"{row['name_en']} duty desk", "registered_at": NOW} for row in rows]
    )


def add_staff(session: Session, username: str, name: str, employer: str, role: Role, team: str | None = None) -> str:
    """Add a trained, active member of staff and return their id."""
    staff_id = secrets.token_hex(16)
    session.execute(
        insert(staff).values(
            id=staff_id, username=username, name=name, organisation=employer, telephone="01632 960999", active=True,
            recorded_at=NOW,
        )
    )  # fmt: skip
    session.execute(
        insert(staff_role).values(
            id=secrets.token_hex(16), staff_id=staff_id, role=str(role), team=team, since=date(2024, 1, 1),
            training_until=date(2027, 12, 31),
        )
    )  # fmt: skip
    return staff_id
