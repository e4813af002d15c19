"""Verifying a million entries, beside `hashlib` alone hashing the same leaves.

The peer holds all bodies in memory as bytes and takes SHA-256(0x00 || body) of each, on one core. Verification reads
everything from the database, hashes each leaf from the body read, builds the tree, and checks every seal, copied
column, subject, index, kept subtree and checkpoint, on as many processes as there are cores.
"""

import hashlib
import os
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import Database
from benchmarks.ledger_entries import START, events
from benchmarks.section import Section
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger.checkpoints import advance, inclusion_proof
from governance.ledger.ledger import record_many
from governance.ledger.verification import verify
from governance.store import audit_entry

ENTRIES = 1_000_000
BATCH, EVERY = 50, 200


def fill(database: Database, ring: SoftwareKeyRing, folder: Path, entries: int) -> None:
    """Write so many entries, 50 at a time and milliseconds apart, with a checkpoint after each 10,000."""
    coming = events(entries)
    with Session(database.engine.execution_options(writing=True)) as session:
        for start in range(0, entries, BATCH):
            record_many(session, ring, list(islice(coming, BATCH)), START + timedelta(milliseconds=start))
            if start // BATCH % EVERY == EVERY - 1:
                session.commit()
                advance(session, ring, folder, START)
        session.commit()
        advance(session, ring, folder, START)


def _hashing(database: Database) -> tuple[float, float]:
    """Return the seconds that hashing alone takes, and the mean length of what is hashed."""
    seconds, total, count, last = 0.0, 0, 0, ""
    while True:
        with database.reading() as session:
            query = select(audit_entry.c.id, audit_entry.c.body).where(audit_entry.c.id > last)
            rows = session.execute(query.order_by(audit_entry.c.id).limit(50_000)).all()
        if not rows:
            return seconds, total / count
        last, bodies = rows[-1].id, [row.body.encode() for row in rows]
        total, count = total + sum(map(len, bodies)), count + len(bodies)
        before = time.perf_counter()
        for body in bodies:
            hashlib.sha256(b"\x00" + body).digest()
        seconds += time.perf_counter() - before


def measure(entries: int = ENTRIES) -> Section:
    """Verify, hash, and prove one entry."""
    ring = SoftwareKeyRing(new_keys(FIRST_LABELS))
    with tempfile.TemporaryDirectory(prefix="family-record-") as place:
        folder = Path(place) / "anchors"
        with closing(Database(f"sqlite:///{place}/ledger.db")) as database:
            database.migrate()
            fill(database, ring, folder, entries)
            hashing, length = _hashing(database)
            processes = os.cpu_count() or 1
            verifying = _verified(database, ring, folder, processes)
            again, _ = _hashing(database)
            alone = _verified(database, ring, folder, 1)
            proving = _proved(database)
    peer = (hashing + again) / 2
    return Section(
        f"Verifying {entries:,} entries of {length:,.0f} bytes on average (SQLite)",
        (
            (f"beside hashing alone, {processes} processes", f"{peer / verifying:.2f} of the rate"),
            ("beside hashing alone, one process", f"{peer / alone:.2f} of the rate"),
            ("entries verified a second", f"{entries / verifying:,.0f}, with one process {entries / alone:,.0f}"),
            ("leaves hashed alone a second", f"{entries / peer:,.0f}"),
            ("one inclusion proof", f"{proving * 1000:.1f} ms"),
        ),
        "The peer takes SHA-256 of the same leaves, already in memory, on one core, before and after. Verification "
        "reads all from the database and checks every leaf, the tree, every seal, copied column, subject, index, kept "
        "hash and checkpoint. Entries are as long on average as those of the demonstration.",
    )


def _verified(database: Database, ring: SoftwareKeyRing, folder: Path, processes: int) -> float:
    before = time.perf_counter()
    with database.reading() as session:
        key = ring.public_key("checkpoint/1")
        assert verify(session, folder, key, ring=ring, processes=processes).ok
    return time.perf_counter() - before


def _proved(database: Database) -> float:
    with database.reading() as session:
        entry = session.scalars(select(audit_entry.c.id).limit(1)).one()
        before = time.perf_counter()
        inclusion_proof(session, entry)
        return time.perf_counter() - before
