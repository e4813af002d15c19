"""Appending to the ledger beside bare inserts of the same bytes, and verifying it beside hashing alone."""

import hashlib
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.database import Database
from benchmarks.section import Section
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger import ledger
from governance.ledger.checkpoints import advance
from governance.ledger.entries import AuditEvent
from governance.ledger.verification import verify
from governance.store import audit_entry
from governance.terms import EventKind, Outcome

ENTRIES = 100_000
BATCH = 1_000


def measure() -> Section:
    """Append, anchor and verify; compare with bare inserts and with hashing alone."""
    ring, at = SoftwareKeyRing(new_keys(FIRST_LABELS)), datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        place = Path(folder)
        ours, bare = _database(place / "ours.db"), _database(place / "bare.db")
        event = AuditEvent(EventKind.SEARCH, Outcome.DONE, staff_id="0" * 32, organisation="ZCH")
        appending = _timed(lambda: _append(ours, ring, event, at))
        rows = _rows(ours)
        inserting = _timed(lambda: _insert(bare, rows))
        anchoring = _timed(lambda: _anchor(ours, ring, _folder(place / "anchors"), at))
        verifying = _timed(lambda: _verify(ours, ring, place / "anchors"))
        hashing = _timed(lambda: [hashlib.sha256(b"\0" + str(row["body"]).encode()).digest() for row in rows])
        ours.close()
        bare.close()
    return Section(
        f"Ledger of {ENTRIES:,} entries (SQLite, {BATCH:,} a transaction)",
        (
            ("append, beside bare inserts of the same rows", f"{inserting / appending:.2f} of the rate"),
            ("sequence, sign and anchor", f"{ENTRIES / anchoring:,.0f} entries/s"),
            ("verify, beside hashing the same leaves alone", f"{hashing / verifying:.3f} of the rate"),
            ("verify", f"{ENTRIES / verifying:,.0f} entries/s"),
        ),
        "Verification re-reads, re-parses and re-hashes every body and checks every copied column and seal.",
    )


def _database(path: Path) -> Database:
    database = Database(f"sqlite:///{path}")
    database.migrate()
    return database


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _timed(act: Callable[[], object]) -> float:
    before = time.perf_counter()
    act()
    return time.perf_counter() - before


def _append(database: Database, ring: SoftwareKeyRing, event: AuditEvent, at: datetime) -> None:
    for _ in range(ENTRIES // BATCH):
        with database.writing() as session:
            ledger.record_many(session, ring, [event] * BATCH, at)


def _rows(database: Database) -> list[dict[str, object]]:
    with database.reading() as session:
        return [dict(row) for row in session.execute(audit_entry.select()).mappings()]


def _insert(database: Database, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), BATCH):
        with database.writing() as session:
            session.execute(insert(audit_entry), rows[start : start + BATCH])


def _anchor(database: Database, ring: SoftwareKeyRing, anchors: Path, at: datetime) -> None:
    with Session(database.engine.execution_options(writing=True)) as session:
        advance(session, ring, anchors, at)


def _verify(database: Database, ring: SoftwareKeyRing, anchors: Path) -> None:
    with database.reading() as session:
        assert verify(session, anchors, ring.public_key("checkpoint/1"), ring=ring).ok
