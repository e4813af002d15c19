"""A small record store and linkage zone side by side, filled as a load fills them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from linkage import store
from linkage.encoding.encode import RoleIdentity, encode, record_token, rekey
from linkage.persons.whose import persons_of
from linkage.rows import Identity
from linkage.run import LinkReport, link
from linkage.zone.zone import Zone, open_zone
from tests.unit.linkage.linkage_keys import TestKeys

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEYS = TestKeys()
People = Mapping[str, Identity]


def fresh_database() -> sa.Engine:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    store.metadata.create_all(engine)
    return engine


class Partnership:
    """Loads rows about people, and links them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = fresh_database()
        self._loads = 0

    def zone(self) -> Zone:
        return open_zone(self.folder, KEYS, memory_limit="1GB")

    def load(
        self, name: str, rows: Mapping[str, People], *, one_row_per_person: bool = False,
        spec: Mapping[str, Any] | None = None, unborn: Sequence[str] = (), provider: str = "P",
    ) -> None:  # fmt: skip
        """Load record id → role → identity. Ties and births are as the spec says."""
        self._loads += 1
        load_id = f"{self._loads:032x}"
        with Session(self.engine) as session, session.begin(), self.zone() as zone:
            self._register(session, name, provider, spec or {}, one_row_per_person, load_id)
            zone.begin(load_id, self._loads, name)
            tokens = {record: record_token(KEYS, name, record) for record in rows}
            known = zone.known(name, list(tokens.values()))
            ids = {record: f"{self._loads:08x}{at:024x}" for at, record in enumerate(rows)}
            zone.add_records([(ids[record], tokens[record], "digest") for record in rows])
            roles = [
                RoleIdentity(
                    f"{ids[record][:24]}{n:04x}{at:04x}",
                    ids[record],
                    name,
                    provider,
                    role,
                    role in unborn,
                    one_row_per_person,
                    who,
                )
                for n, (record, people) in enumerate(rows.items())
                for at, (role, who) in enumerate(people.items())
            ]
            zone.add_encoded(rekey(encode(roles, KEYS), KEYS))
            earlier = {tokens[record]: known[tokens[record]][0] for record in rows if tokens[record] in known}
            self._store(session, name, load_id, {ids[r]: earlier.get(tokens[r]) for r in rows}, roles)
            self._claim_ties(session, load_id, spec or {}, roles)
            zone.commit()

    def _register(
        self, session: Session, name: str, provider: str, spec: Mapping[str, Any], one: bool, load_id: str
    ) -> None:
        if session.execute(sa.select(store.dataset.c.name).where(store.dataset.c.name == name)).first() is None:
            session.execute(sa.insert(store.dataset).values(
                name=name, provider=provider, spec_hash="", spec=dict(spec), one_row_per_person=one, registered_at=NOW
            ))  # fmt: skip
        session.execute(sa.insert(store.load).values(
            id=load_id, dataset=name, kind="delta", file_digest="", scope_digest="", physical=0, accepted=0, rejected=0,
            duplicates=0, ended=0, not_covered={}, started_at=NOW, completed_at=NOW, ordinal=self._loads,
        ))  # fmt: skip

    def _store(
        self,
        session: Session,
        name: str,
        load_id: str,
        records: Mapping[str, str | None],
        roles: Sequence[RoleIdentity],
    ) -> None:
        for row, (record, old) in enumerate(records.items(), start=1):
            session.execute(sa.insert(store.source_record).values(
                id=record, dataset=name, load_id=load_id, row_number=row, supersedes=old
            ))  # fmt: skip
        for role in roles:
            old = records[role.record_id]
            before = sa.select(store.record_role.c.id).where(
                store.record_role.c.record_id == old, store.record_role.c.role == role.role
            )
            born = role.identity.date_of_birth
            session.execute(sa.insert(store.record_role).values(
                id=role.role_id, record_id=role.record_id, role=role.role, provider=role.provider, unborn=role.unborn,
                birth_month=f"{born:%Y-%m}" if born else None, sex=role.identity.sex, current=True,
                supersedes=session.execute(before).scalar(),
            ))  # fmt: skip

    def _claim_ties(
        self, session: Session, load_id: str, spec: Mapping[str, Any], roles: Sequence[RoleIdentity]
    ) -> None:
        held = {(role.record_id, role.role): role for role in roles}
        for stated in spec.get("ties", ()):
            for (record, name), role in held.items():
                other = held.get((record, stated["to"]))
                if name == stated["from_"] and other is not None:
                    session.execute(sa.insert(store.tie_claim).values(
                        id=role.role_id[::-1], record_id=record, load_id=load_id, from_role_id=role.role_id,
                        relation=stated["relation"], to_role_id=other.role_id, provider=role.provider,
                        standing="confirmed", current=True,
                    ))  # fmt: skip

    def link(self) -> LinkReport:
        with Session(self.engine) as session, session.begin(), self.zone() as zone:
            return link(session, zone, KEYS)

    def persons(self) -> dict[tuple[str, str], str]:
        """(data set, record's row number and role) → person, of every role."""
        query = sa.select(
            store.source_record.c.dataset, store.source_record.c.row_number, store.record_role.c.role,
            store.record_role.c.person_id,
        ).join(store.source_record, store.source_record.c.id == store.record_role.c.record_id)  # fmt: skip
        with Session(self.engine) as session:
            return {(name, f"{row} {role}"): who for name, row, role, who in session.execute(query)}

    def role_ids(self) -> dict[tuple[str, str], str]:
        """(data set, record's row number and role) → role id, of every role."""
        query = sa.select(
            store.source_record.c.dataset, store.source_record.c.row_number, store.record_role.c.role,
            store.record_role.c.id,
        ).join(store.source_record, store.source_record.c.id == store.record_role.c.record_id)  # fmt: skip
        with Session(self.engine) as session:
            return {(name, f"{row} {role}"): held for name, row, role, held in session.execute(query)}

    def persons_of(self, roles: Sequence[str]) -> Mapping[str, str]:
        with Session(self.engine) as session:
            return persons_of(session, roles)
