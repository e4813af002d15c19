"""The ledger on SQLite and PostgreSQL as the migrations make them: append-only, concurrent, killed, tampered with."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.database import Database
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.keys.keystore import create_key_file, create_keystore
from governance.ledger import anchors, checkpoints, notes
from governance.ledger.checkpoints import Checkpoint, advance, consistency_proof, inclusion_proof
from governance.ledger.ledger import AuditEvent, AuditFilter, find, record, record_many, sequence
from governance.ledger.standalone import check_consistency, check_inclusion, read_keys
from governance.ledger.verification import FailureKind, Verification, verify
from governance.store import audit_checkpoint, audit_sequence
from governance.terms import EventKind, Outcome

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVENT = AuditEvent(EventKind.SEARCH, Outcome.DONE, staff_id="a" * 32, organisation="ZCH", subjects=("c" * 32,))


@pytest.fixture
def ring() -> SoftwareKeyRing:
    return SoftwareKeyRing(new_keys(FIRST_LABELS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "anchors"


@pytest.fixture
def writer(database: Database) -> Iterator[Session]:
    with Session(database.engine.execution_options(writing=True)) as session:
        yield session


def write(database: Database, ring: SoftwareKeyRing, count: int, at: datetime = NOW) -> list[str]:
    written = []
    for n in range(count):
        with database.writing() as session:
            written.append(record(session, ring, EVENT, at + timedelta(seconds=n)))
    return written


def check(database: Database, ring: SoftwareKeyRing, folder: Path) -> Verification:
    with database.reading() as session:
        return verify(session, folder, ring.public_key("checkpoint/1"), ring=ring)


def unlock(database: Database) -> None:
    """Do what only the owner of the database can: drop the guards."""
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "sqlite":
            named = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            for name in named:
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("audit_entry", "audit_subject", "audit_sequence", "audit_checkpoint", "audit_subtree"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


@pytest.mark.parametrize(
    "table", ["audit_entry", "audit_subject", "audit_sequence", "audit_checkpoint", "audit_subtree"]
)
def test_the_database_refuses_to_change_or_delete(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session, table: str
) -> None:
    with database.writing() as session:
        record_many(session, ring, [EVENT] * 256, NOW)
    advance(writer, ring, folder, NOW)
    named = {"audit_subject": "entry_id", "audit_sequence": "idx", "audit_checkpoint": "size", "audit_subtree": "level"}
    column = named.get(table, "id")
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
        with pytest.raises(DatabaseError), database.engine.begin() as connection:
            connection.execute(text(statement))
    assert check(database, ring, folder).ok


def test_checkpoints_follow_each_other_and_everything_verifies(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session
) -> None:
    assert advance(writer, ring, folder, NOW).size == 0
    made: list[Checkpoint] = []
    for count in (1, 2, 5, 11):
        write(database, ring, count)
        made.append(advance(writer, ring, folder, NOW))
    assert [c.size for c in made] == [1, 3, 8, 19]
    assert not advance(writer, ring, folder, NOW).new
    assert anchors.sizes(folder) == [0, 1, 3, 8, 19]
    assert (folder / "latest").read_text() == made[-1].note
    result = check(database, ring, folder)
    assert (result.ok, result.entries, result.covered, result.root) == (True, 19, 19, made[-1].root)
    assert result.checkpoints == 5


def test_an_outsider_verifies_proofs_from_files_alone(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session
) -> None:
    written = write(database, ring, 9)
    early = advance(writer, ring, folder, NOW)
    write(database, ring, 8)
    late = advance(writer, ring, folder, NOW)
    known = read_keys((folder / "verifier.pub").read_text())
    with database.reading() as session:
        for number, entry_id in enumerate(written):
            proof = inclusion_proof(session, entry_id)
            index, head, _ = check_inclusion(str(proof), proof.body.encode(), known)
            assert (index, head.size, entry_id in proof.body) == (number, 17, True)
        grown = str(consistency_proof(session, early.size, late.size))
    before, after = check_consistency(grown, early.note, known)
    assert (before.size, after.size, after.root.hex()) == (9, 17, late.root)


def test_an_entry_no_checkpoint_covers_has_no_proof(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session
) -> None:
    advance(writer, ring, folder, NOW)
    [entry] = write(database, ring, 1)
    with database.reading() as session, pytest.raises(checkpoints.NotCovered):
        inclusion_proof(session, entry)


def test_a_slow_transaction_is_sequenced_after_it_commits_and_never_lost(
    postgres_database: Database, ring: SoftwareKeyRing, folder: Path
) -> None:
    slow = Session(postgres_database.engine)
    late = record(slow, ring, EVENT, NOW - timedelta(hours=5))
    write(postgres_database, ring, 5)
    with Session(postgres_database.engine) as session:
        assert advance(session, ring, folder, NOW).size == 5
        slow.commit()
        slow.close()
        assert advance(session, ring, folder, NOW).size == 6
        row = session.execute(select(audit_sequence).where(audit_sequence.c.entry_id == late)).one()
    assert row.idx == 5
    assert check(postgres_database, ring, folder).ok


def test_many_writers_and_two_signers_leave_one_gapless_history(
    database: Database, ring: SoftwareKeyRing, folder: Path
) -> None:
    writers = [threading.Thread(target=write, args=(database, ring, 25)) for _ in range(4)]
    done = threading.Event()
    faults: list[BaseException] = []

    def sign() -> None:
        while not done.is_set():
            try:
                with Session(database.engine.execution_options(writing=True)) as session:
                    advance(session, ring, folder, NOW)
            except BaseException as fault:  # noqa: BLE001 - handed to the test
                faults.append(fault)
                return
            time.sleep(0.01)

    signers = [threading.Thread(target=sign) for _ in range(2)]
    for thread in [*writers, *signers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in signers:
        thread.join()
    assert faults == []
    with Session(database.engine.execution_options(writing=True)) as session:
        assert advance(session, ring, folder, NOW).size == 100
    result = check(database, ring, folder)
    assert (result.ok, result.entries, result.pending, result.first_failure) == (True, 100, 0, None)


def test_verifying_while_others_write_and_sign_raises_no_false_alarm(
    database: Database, ring: SoftwareKeyRing, folder: Path
) -> None:
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            write(database, ring, 3)
            with Session(database.engine.execution_options(writing=True)) as session:
                advance(session, ring, folder, NOW)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        results = [check(database, ring, folder) for _ in range(15)]
    finally:
        done.set()
        worker.join()
    assert [r.first_failure for r in results] == [None] * 15


def test_an_anchor_left_by_a_crash_is_stored_by_the_next_checkpoint(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, ring, 4)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(anchors, "save_frontier", crash)
        with pytest.raises(KeyboardInterrupt):
            advance(writer, ring, folder, NOW)
    writer.rollback()
    assert anchors.sizes(folder) == [4]
    assert writer.scalar(select(audit_checkpoint.c.size)) is None
    writer.rollback()
    assert check(database, ring, folder).ok
    write(database, ring, 2)
    assert advance(writer, ring, folder, NOW).size == 6
    assert writer.scalars(select(audit_checkpoint.c.size).order_by(audit_checkpoint.c.size)).all() == [4, 6]
    writer.rollback()
    assert check(database, ring, folder).ok


def test_a_lost_or_false_frontier_cache_is_rebuilt(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session
) -> None:
    for content in (None, b"", b"{}", b'{"size": 4, "edge": ["00"]}', b"\xff"):
        write(database, ring, 3)
        advance(writer, ring, folder, NOW)
        (folder / "frontier").unlink()
        if content is not None:
            (folder / "frontier").write_bytes(content)
    write(database, ring, 1)
    advance(writer, ring, folder, NOW)
    assert check(database, ring, folder).ok


def test_nothing_is_signed_over_an_entry_that_was_altered_first(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session
) -> None:
    [entry] = write(database, ring, 1)
    unlock(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entry SET body = replace(body, 'ZCH', 'ZXX')"))
    with pytest.raises(checkpoints.LedgerInconsistent):
        advance(writer, ring, folder, NOW)
    writer.rollback()
    assert anchors.sizes(folder) == []
    failure = check(database, ring, folder).first_failure
    assert failure is not None
    assert (failure.kind, failure.entry_id) == (FailureKind.LEAF, entry)


def forged(size: int, ring: SoftwareKeyRing) -> str:
    return notes.signed(notes.TreeHead(notes.ORIGIN, size, b"f" * 32), ring, "checkpoint/1")


def lose_an_anchor(database: Database, ring: SoftwareKeyRing, folder: Path) -> None:
    (folder / "000000000006.checkpoint").unlink()


def swap_the_signature(database: Database, ring: SoftwareKeyRing, folder: Path) -> None:
    lose_an_anchor(database, ring, folder)
    anchors.anchor(folder, 6, forged(6, SoftwareKeyRing(new_keys(FIRST_LABELS))))


def anchor_another_tree(database: Database, ring: SoftwareKeyRing, folder: Path) -> None:
    anchors.anchor(folder, 7, forged(99, ring))


def rewrite_what_was_signed(database: Database, ring: SoftwareKeyRing, folder: Path) -> None:
    (folder / "frontier").unlink()
    with database.engine.begin() as connection:
        ids = list(connection.execute(text("SELECT entry_id FROM audit_sequence ORDER BY idx")).scalars())
        connection.execute(text("UPDATE audit_sequence SET idx = -1 WHERE idx = 0"))
        connection.execute(text("UPDATE audit_sequence SET idx = 0 WHERE entry_id = :e"), {"e": ids[1]})
        connection.execute(text("UPDATE audit_sequence SET idx = 1 WHERE entry_id = :e"), {"e": ids[0]})


def open_a_gap(database: Database, ring: SoftwareKeyRing, folder: Path) -> None:
    (folder / "frontier").unlink()
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_sequence WHERE idx = 2"))


@pytest.mark.parametrize(
    "tamper", [lose_an_anchor, swap_the_signature, anchor_another_tree, rewrite_what_was_signed, open_a_gap]
)
def test_nothing_more_is_signed_once_the_past_does_not_fit(
    database: Database,
    ring: SoftwareKeyRing,
    folder: Path,
    writer: Session,
    tamper: Callable[[Database, SoftwareKeyRing, Path], None],
) -> None:
    write(database, ring, 6)
    advance(writer, ring, folder, NOW)
    unlock(database)
    tamper(database, ring, folder)
    held = anchors.sizes(folder)
    write(database, ring, 2)
    with pytest.raises(checkpoints.LedgerInconsistent):
        advance(writer, ring, folder, NOW)
    writer.rollback()
    assert anchors.sizes(folder) == held
    assert not check(database, ring, folder).ok


def test_there_is_no_proof_over_missing_entries_or_between_sizes_never_signed(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session
) -> None:
    entry = write(database, ring, 6)[0]
    advance(writer, ring, folder, NOW)
    with database.reading() as session, pytest.raises(checkpoints.NotCovered):
        consistency_proof(session, 3, 6)
    unlock(database)
    open_a_gap(database, ring, folder)
    with database.reading() as session, pytest.raises(checkpoints.LedgerInconsistent):
        inclusion_proof(session, entry)


TAMPERING = {
    FailureKind.LEAF: "UPDATE audit_entry SET body = replace(body, 'ZCH', 'ZXX') WHERE id = :e",
    FailureKind.COLUMN: "UPDATE audit_entry SET outcome = 'deny' WHERE id = :e",
    FailureKind.SUBJECTS: "DELETE FROM audit_subject WHERE entry_id = :e",
    FailureKind.INDEX_GAP: "DELETE FROM audit_sequence WHERE entry_id = :e",
}


@pytest.mark.parametrize("kind", list(TAMPERING))
def test_the_owner_of_the_database_is_found_out(
    database: Database, ring: SoftwareKeyRing, folder: Path, writer: Session, kind: FailureKind
) -> None:
    entry = write(database, ring, 6)[4]
    advance(writer, ring, folder, NOW)
    unlock(database)
    with database.engine.begin() as connection:
        connection.execute(text(TAMPERING[kind]), {"e": entry})
    failure = check(database, ring, folder).first_failure
    assert failure is not None
    assert (failure.kind, failure.index) == (kind, 4)


def test_searching_pages_on_both_databases(database: Database, ring: SoftwareKeyRing) -> None:
    written = write(database, ring, 7)
    with database.reading() as session:
        first = find(session, AuditFilter(staff_id="a" * 32), limit=4)
        second = find(session, AuditFilter(staff_id="a" * 32), limit=4, cursor=first[-1].cursor)
    assert [view.id for view in [*first, *second]] == written[::-1]


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy.orm import Session
from app.database import Database
from governance.ledger.checkpoints import advance
from governance.keys.keystore import KeyFile, open_keystore
from governance.ledger.ledger import AuditEvent, record
from governance.terms import EventKind, Outcome
home = Path(sys.argv[1])
ring = open_keystore(home / "keystore", KeyFile(home / "key"))
database = Database(f"sqlite:///{home / 'family-record.db'}")
while True:
    for _ in range(3):
        with database.writing() as session:
            entry = record(session, ring, AuditEvent(EventKind.SEARCH, Outcome.DONE), datetime.now(UTC))
        print(entry, flush=True)
    with Session(database.engine.execution_options(writing=True)) as session:
        advance(session, ring, home / "anchors", datetime.now(UTC))
"""


@pytest.mark.slow
def test_kills_at_any_moment_lose_no_acknowledged_entry_and_raise_no_alarm(
    sqlite_database: Database, tmp_path: Path
) -> None:
    ring = create_keystore(tmp_path / "keystore", create_key_file(tmp_path / "key"))
    acknowledged: list[str] = []
    for pause in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            acknowledged.append(process.stdout.readline().strip())
            time.sleep(0.003 * pause)
            os.kill(process.pid, signal.SIGKILL)
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
        assert check(sqlite_database, ring, tmp_path / "anchors").first_failure is None
    with sqlite_database.writing() as session:
        sequence(session)
    result = check(sqlite_database, ring, tmp_path / "anchors")
    with sqlite_database.reading() as session:
        kept = set(session.scalars(text("SELECT id FROM audit_entry")))
    assert result.ok
    assert set(acknowledged) <= kept
