"""The service killed −9, and its power cut, at random moments while it reads, takes wishes and signs checkpoints.

Each time the service is a process with two readers at the gate, one who withdraws consent and one who anchors; it tells
through a pipe what it has shown, acknowledged and signed. It is killed; on SQLite half the times the power goes too:
everything that no fsync had covered by then is lost or garbage. That is a model, made from the outside: the write-ahead
log is cut or scrambled at a random byte after the last commit that returned, its shared index is removed, database
pages that the log still holds are torn, and an anchor that the database had not stored yet may vanish. On PostgreSQL
the server itself is killed −9 or told to stop at once. Then everything starts again, and must verify.
"""

import os
import random
import shutil
import signal
import struct
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from mmap import mmap
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import event, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.database import Database
from app.gate import LogUnavailable
from benchmarks.section import Section
from governance.ledger import anchors
from governance.ledger.checkpoints import LedgerInconsistent, advance
from governance.ledger.verification import verify
from governance.store import audit_entry, wish
from governance.terms import SignerBasis, WishAnswer, WishKind
from governance.wishes.store import record_wish
from tests import postgres
from tests.integration.partnership import Partnership, build

MARK = struct.Struct("<QII")
"""How far into the write-ahead log commits have returned, and the salts of that log."""
WAL_HEADER, FRAME_HEADER, SALTS = 32, 24, struct.Struct(">II")


@dataclass(slots=True)
class Survived:
    """What was cut off how often, what it had done, and what was wrong afterwards (nothing may be)."""

    points: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    withdrawn: int = 0
    anchored: int = 0
    bytes_lost: int = 0
    wrong: list[str] = field(default_factory=list)


Job = Callable[[Partnership, Path, Callable[[str], None]], None]


class Traced(Database):
    """A database that notes after each commit how far its write-ahead log is synced. One writer at a time, as ever."""

    def __init__(self, url: str, mark: mmap | None) -> None:
        super().__init__(url)
        self.turn, self.mark = threading.Lock(), mark
        self.wal = Path(f"{self.engine.url.database}-wal")
        if mark is not None:
            event.listen(Session, "after_commit", lambda session: self._note())

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.alone(), super().writing() as session:
            yield session

    @contextmanager
    def alone(self) -> Iterator[None]:
        if self.mark is None:
            yield
            return
        with self.turn:
            yield

    def _note(self) -> None:
        if self.mark is not None and self.turn.locked():
            self.mark[: MARK.size] = MARK.pack(*synced(self.wal, MARK.unpack(self.mark[: MARK.size])))


def synced(wal: Path, before: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return where the last whole commit of a write-ahead log ends, and its salts, going on from an earlier answer."""
    with wal.open("rb") as file:
        header = file.read(WAL_HEADER)
        if len(header) < WAL_HEADER:
            return 0, 0, 0
        page, salts = int.from_bytes(header[8:12], "big"), SALTS.unpack(header[16:24])
        end = at = before[0] if salts == before[1:] else WAL_HEADER
        while True:
            file.seek(at)
            frame = file.read(FRAME_HEADER)
            if len(frame) < FRAME_HEADER or SALTS.unpack(frame[8:16]) != salts:
                return end, *salts
            at += FRAME_HEADER + page
            if frame[4:8] != b"\0\0\0\0":
                end = at


def _serve(made: Partnership, url: str, folder: Path, pipe: int, mark: mmap | None) -> None:
    """Be the service until killed."""
    here = replace(made, database=Traced(url, mark))
    jobs: tuple[Job, ...] = (_read, _read, _withdraw, _anchor)

    def tell(line: str) -> None:
        os.write(pipe, f"{line}\n".encode())

    def forever(job: Job) -> None:
        while True:
            try:
                job(here, folder, tell)
            except (SQLAlchemyError, LogUnavailable, LedgerInconsistent):
                time.sleep(0.01)

    for job in jobs:
        threading.Thread(target=forever, args=(job,), daemon=True).start()
    signal.pause()


def _read(here: Partnership, folder: Path, tell: Callable[[str], None]) -> None:
    read = here.read("hv")
    tell(f"S {read.entry_id}")


def _withdraw(here: Partnership, folder: Path, tell: Callable[[str], None]) -> None:
    with here.database.writing() as session:
        made = record_wish(
            session, here.ring, datetime.now(UTC), "test", person_id="ada", kind=WishKind.CONSENT,
            answer=WishAnswer.WITHDRAWN, signer_basis=SignerBasis.PARENTAL_RESPONSIBILITY,
        )  # fmt: skip
    tell(f"W {made}")
    time.sleep(0.002)


def _anchor(here: Partnership, folder: Path, tell: Callable[[str], None]) -> None:
    assert isinstance(here.database, Traced)
    with here.database.alone(), Session(here.database.engine.execution_options(writing=True)) as session:
        made = advance(session, here.ring, folder, datetime.now(UTC))
    tell(f"C {made.size}")
    time.sleep(0.005)


def _cut(made: Partnership, url: str, folder: Path, seconds: float, mark: mmap | None, die: Callable[[], None]) -> str:
    """Run the service, so long after it has shown, taken and signed something let it die, and return what it told."""
    read, write = os.pipe()
    child = get_context("fork").Process(target=_serve, args=(made, url, folder, write, mark))
    child.start()
    os.close(write)
    told = b"\n"
    while not all(kind in told for kind in (b"\nS ", b"\nW ", b"\nC ")):
        told += os.read(read, 65536)
    time.sleep(seconds)
    die()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    while chunk := os.read(read, 65536):
        told += chunk
    os.close(read)
    return told.decode().strip("\n") if told.endswith(b"\n") else told.decode().strip("\n").rpartition("\n")[0]


def lose_power(database: Path, folder: Path, mark: bytes, chance: random.Random) -> int:
    """Undo what no fsync had covered; return how many bytes of the write-ahead log that was."""
    wal = database.with_name(f"{database.name}-wal")
    database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
    if not wal.exists():
        return 0
    end, *salts = MARK.unpack(mark)
    held = wal.read_bytes()
    # Other salts: the log was begun anew, after everything in it had been brought into the database and synced.
    same = len(held) >= WAL_HEADER and list(SALTS.unpack(held[16:24])) == salts
    kept = chance.randint(end if same else 0, len(held))
    rest = chance.randbytes(min(len(held) - kept, 9000)) if chance.random() < 0.5 else b""
    wal.write_bytes(held[:kept] + rest)
    if same:
        _tear(database, held[:end], chance)
    if anchors.sizes(folder) and chance.random() < 0.5:
        _lose_newest_anchor(database, folder)
    return len(held) - kept


def _tear(database: Path, log: bytes, chance: random.Random) -> None:
    """Scramble some database pages of which the log still holds a synced copy."""
    page = int.from_bytes(log[8:12], "big")
    starts = range(WAL_HEADER, len(log) - FRAME_HEADER, FRAME_HEADER + page)
    pages = {int.from_bytes(log[at : at + 4], "big") for at in starts}
    with database.open("r+b") as file:
        for number in pages:
            if chance.random() < 0.3 and number * page <= database.stat().st_size:
                file.seek((number - 1) * page + chance.randrange(page // 2))
                file.write(chance.randbytes(page // 2))


def _lose_newest_anchor(database: Path, folder: Path) -> None:
    opened = Database(f"sqlite:///{database}")
    with closing(opened), opened.engine.connect() as connection:
        newest = connection.exec_driver_sql("SELECT max(size) FROM audit_checkpoint").scalar_one()
    if newest is None or anchors.sizes(folder)[-1] > newest:
        (folder / f"{anchors.sizes(folder)[-1]:012d}.checkpoint").unlink()


def _judge(found: Survived, made: Partnership, url: str, folder: Path, told: str) -> None:
    """Start again and compare with what the service had told before it died."""
    lines = [line.split(" ") for line in told.splitlines()]
    said = {kind: {about for which, about in lines if which == kind} for kind in "SWC"}
    database = Database(url)
    with closing(database):
        with database.reading() as session:
            first = verify(session, folder, made.ring.public_key("checkpoint/1"), ring=made.ring)
        with database.reading() as session:
            entries, wishes = set(session.scalars(select(audit_entry.c.id))), set(session.scalars(select(wish.c.id)))
        with Session(database.engine.execution_options(writing=True)) as session:
            advance(session, made.ring, folder, datetime.now(UTC))
        with database.reading() as session:
            second = verify(session, folder, made.ring.public_key("checkpoint/1"), ring=made.ring)
    for name, result in (("after the restart", first), ("once anchored again", second)):
        found.wrong += [f"{name}: {result.first_failure.message}"] if result.first_failure else []
    found.wrong += [f"shown without an entry: {len(said['S'] - entries)}"] if said["S"] - entries else []
    found.wrong += [f"withdrawals lost: {len(said['W'] - wishes)}"] if said["W"] - wishes else []
    gone = {int(size) for size in said["C"]} - {*anchors.sizes(folder)}
    found.wrong += [f"anchors lost: {len(gone)}"] if gone else []
    found.shown += len(said["S"])
    found.withdrawn += len(said["W"])
    found.anchored += len(said["C"])


FRESH = 20
"""After so many cuts the database starts small again, so that verifying it stays quick."""


def sqlite_survives(points: int, seed: int, longest: float = 0.4) -> Survived:
    """Cut the service off at so many moments, every second time with its power."""
    found, chance = Survived(), random.Random(seed)
    for at in range(points):
        if at % FRESH == 0:
            place = Path(tempfile.mkdtemp(prefix="family-record-"))
            path, url = place / "family-record.db", f"sqlite:///{place / 'family-record.db'}"
            fresh = Database(url)
            fresh.migrate()
            made = build(fresh)
            fresh.close()
        power = at % 2 == 1
        mark = mmap(-1, MARK.size) if power else None
        told = _cut(made, url, place / "anchors", chance.uniform(0, longest), mark, lambda: None)
        if mark is not None:
            found.bytes_lost += lose_power(path, place / "anchors", mark[: MARK.size], chance)
        found.points["power cut" if power else "kill −9"] += 1
        _judge(found, made, url, place / "anchors", told)
        if at % FRESH == FRESH - 1 or at == points - 1:
            shutil.rmtree(place)
    return found


def postgresql_survives(points: int, seed: int, longest: float = 0.4) -> Survived:
    """Cut the service and its database server off together, by kill −9 or an immediate stop in turn."""
    found, chance = Survived(), random.Random(seed)
    with postgres.standing() as server, tempfile.TemporaryDirectory(prefix="family-record-") as place:
        fresh = Database(server.url)
        fresh.migrate()
        made = build(fresh)
        fresh.close()
        for at in range(points):
            how = "server killed −9" if at % 2 else "server stopped at once"
            die = server.kill if at % 2 else server.stop_at_once
            told = _cut(made, server.url, Path(place) / "anchors", chance.uniform(0, longest), None, die)
            server.start()
            found.points[how] += 1
            _judge(found, made, server.url, Path(place) / "anchors", told)
    return found


def measure() -> Section:
    """Two hundred moments on SQLite, forty on PostgreSQL."""
    rows: list[tuple[str, str]] = []
    for name, found in (("SQLite", sqlite_survives(200, 1)), ("PostgreSQL", postgresql_survives(40, 2))):
        points = ", ".join(f"{how} {count}" for how, count in found.points.items())
        rows += [
            (f"{name}: cut off", points),
            (f"{name}: reads shown, withdrawals acknowledged, checkpoints signed before",
             f"{found.shown:,}, {found.withdrawn:,}, {found.anchored:,}"),
            (f"{name}: found wrong after the restart", "; ".join(found.wrong) or "nothing"),
        ]  # fmt: skip
        if found.bytes_lost:
            rows.append((f"{name}: bytes of the write-ahead log lost", f"{found.bytes_lost:,}"))
    return Section(
        "Killed, and its power cut, while reads, withdrawals and checkpoints run",
        tuple(rows),
        "Wrong would be: a ledger that does not verify, something shown without an entry, an acknowledged withdrawal "
        "or a signed checkpoint lost. A power cut is a model: all after the last commit that returned is cut off or "
        "scrambled, and database pages that the log still holds are torn. PostgreSQL runs with fsync on.",
    )
