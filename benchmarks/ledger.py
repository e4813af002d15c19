"""Appending to the ledger beside bare inserts of the same bytes: one entry a transaction, many writers.

The peer inserts the very rows that the ledger would have written, made beforehand, through the same driver, as many a
transaction, with as many writers. What the ledger does besides is to build, salt, seal and hash each entry. Then the
same writers write while another process sequences and anchors without pause, for the lag.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.database import Database
from benchmarks.ledger_entries import events
from benchmarks.section import Section
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger.checkpoints import advance
from governance.ledger.entries import AuditEvent
from governance.ledger.ledger import record, stored_instant
from governance.ledger.verification import verify
from governance.store import audit_checkpoint, audit_entry, audit_sequence, audit_subject
from tests import postgres

PROCESSES = 8
SLOWED = "20 ms"


@dataclass(frozen=True, slots=True)
class Throughput:
    """Entries a second: ours, the bare inserts'; the 99th percentile of seconds until an anchor covered an entry."""

    ours: float
    bare: float
    lag: float
    gapless: bool


Row = tuple[dict[str, Any], list[dict[str, Any]]]
Write = Callable[[Database, int], None]


def _in_processes(url: str, writers: int, each: int, write: Write) -> float:
    """Let so many writers, in up to eight processes, write so many times each; return how long it took."""
    context, processes = get_context("fork"), min(writers, PROCESSES)
    ready, go = context.Barrier(processes + 1), context.Event()

    def run(number: int) -> None:
        database = Database(url)
        starts = [(number * writers // processes + n) * each for n in range(writers // processes)]
        threads = [threading.Thread(target=_series, args=(database, write, range(s, s + each))) for s in starts]
        with database.engine.connect():
            ready.wait()
        go.wait()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    children = [context.Process(target=run, args=(number,)) for number in range(processes)]
    for child in children:
        child.start()
    ready.wait()
    before = time.perf_counter()
    go.set()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise RuntimeError("a writer failed")
    return time.perf_counter() - before


def _series(database: Database, write: Write, numbers: range) -> None:
    for number in numbers:
        write(database, number)


def _recording(made: Sequence[AuditEvent], ring: SoftwareKeyRing) -> Write:
    def write(database: Database, number: int) -> None:
        with database.writing() as session:
            record(session, ring, made[number], datetime.now(UTC))

    return write


def _inserting(rows: Sequence[Row]) -> Write:
    def write(database: Database, number: int) -> None:
        entry, subjects = rows[number]
        with database.writing() as session:
            session.execute(insert(audit_entry), [entry])
            if subjects:
                session.execute(insert(audit_subject), subjects)

    return write


def _rows(database: Database) -> list[Row]:
    with database.reading() as session:
        about: dict[str, list[dict[str, Any]]] = {}
        for subject in session.execute(select(audit_subject)).mappings():
            about.setdefault(subject["entry_id"], []).append(dict(subject))
        entries = [dict(entry) for entry in session.execute(select(audit_entry)).mappings()]
    for entry in entries:
        entry["recorded_at"] = stored_instant(entry["recorded_at"])
    return [(entry, about.get(entry["id"], [])) for entry in entries]


def throughput(fresh: Callable[[], str], writers: int, each: int) -> Throughput:
    """Measure on three fresh databases: ours, the same bytes bare, and ours again while it is being anchored."""
    ring, made = SoftwareKeyRing(new_keys(FIRST_LABELS)), list(events(writers * each))
    url = fresh()
    ours = _in_processes(url, writers, each, _recording(made, ring))
    with closing(Database(url)) as written:
        rows = _rows(written)
    bare = _in_processes(fresh(), writers, each, _inserting(rows))
    lag, gapless = _anchored(fresh(), ring, writers, each, made)
    return Throughput(writers * each / ours, writers * each / bare, lag, gapless)


def _anchored(
    url: str, ring: SoftwareKeyRing, writers: int, each: int, made: Sequence[AuditEvent]
) -> tuple[float, bool]:
    with tempfile.TemporaryDirectory(prefix="family-record-") as place, closing(Database(url)) as database:
        folder = Path(place) / "anchors"
        signer = get_context("fork").Process(target=_keep_anchoring, args=(url, ring, folder))
        signer.start()
        _in_processes(url, writers, each, _recording(made, ring))
        deadline = time.monotonic() + 60
        while _covered(database) < len(made) and time.monotonic() < deadline:
            time.sleep(0.05)
        signer.terminate()
        signer.join()
        with database.reading() as session:
            found = verify(session, folder, ring.public_key("checkpoint/1"), ring=ring)
            return _lag(session), found.ok and found.entries == len(made) and not found.pending


def _keep_anchoring(url: str, ring: SoftwareKeyRing, folder: Path) -> None:
    database = Database(url)
    while True:
        with Session(database.engine.execution_options(writing=True)) as session:
            advance(session, ring, folder, datetime.now(UTC))
        time.sleep(0.05)


def _covered(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.max(audit_checkpoint.c.size))) or 0


def _lag(session: Session) -> float:
    """Return the 99th percentile of seconds from an entry's instant to the checkpoint that first covers it."""
    made = select(func.min(audit_checkpoint.c.made_at)).where(audit_checkpoint.c.size > audit_sequence.c.idx)
    query = select(audit_entry.c.recorded_at, made.scalar_subquery()).join(
        audit_sequence, audit_sequence.c.entry_id == audit_entry.c.id
    )
    lags = sorted(
        (stored_instant(covered) - stored_instant(at)).total_seconds()
        for at, covered in session.execute(query)
        if covered is not None
    )
    return lags[len(lags) * 99 // 100] if lags else float("inf")


@contextmanager
def on_sqlite() -> Iterator[Callable[[], str]]:
    """Yield what makes fresh, migrated databases."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as place:
        names = iter(range(1000))

        def fresh() -> str:
            return _migrated(f"sqlite:///{place}/{next(names)}.db")

        yield fresh


@contextmanager
def on_postgresql(slowed: bool = False) -> Iterator[Callable[[], str]]:
    """Yield the same on a server of its own with fsync on, perhaps with every flush at commit held back."""
    with postgres.standing() as server:
        names = iter(range(1000))
        admin = Database(server.url)
        automatic = admin.engine.execution_options(isolation_level="AUTOCOMMIT")

        def fresh() -> str:
            name = f"bench{next(names)}"
            with automatic.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
                if slowed:
                    connection.exec_driver_sql(f"ALTER DATABASE {name} SET commit_delay = 20000")
                    connection.exec_driver_sql(f"ALTER DATABASE {name} SET commit_siblings = 0")
            return _migrated(f"{server.url.rsplit('/', 1)[0]}/{name}")

        try:
            yield fresh
        finally:
            admin.close()


def _migrated(url: str) -> str:
    with closing(Database(url)) as database:
        database.migrate()
    return url


def measure() -> Section:
    """Eight writers on SQLite; eight and sixty-four on PostgreSQL; eight with slowed commits."""
    rows: list[tuple[str, str]] = []
    for name, place, writers, each in (
        ("SQLite, 8 writers", on_sqlite(), 8, 100),
        ("PostgreSQL, 8 writers", on_postgresql(), 8, 250),
        ("PostgreSQL, 64 writers", on_postgresql(), 64, 40),
        (f"PostgreSQL, 8 writers, each flush held back {SLOWED}", on_postgresql(slowed=True), 8, 100),
    ):
        with place as fresh:
            found = throughput(fresh, writers, each)
        rows.append(
            (
                name,
                f"{found.ours / found.bare:.2f} of the bare rate ({found.ours:,.0f} and {found.bare:,.0f} entries/s); "
                f"lag p99 {found.lag:.2f} s; {'gapless, verifies' if found.gapless else 'NOT WHOLE'}",
            )
        )
    return Section(
        "Appending to the ledger, one entry a transaction",
        tuple(rows),
        "Beside bare inserts of the same bytes in the same run. SQLite runs WAL with synchronous=FULL, PostgreSQL with "
        "fsync on. The lag is from an entry's instant to the checkpoint that covers it, signed as fast as they come "
        "(the service signs every 30 s unless told otherwise).",
    )
