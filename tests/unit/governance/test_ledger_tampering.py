"""Whoever owns the database but not the keys: every change that a checkpoint covers is found and named."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger import anchors
from governance.ledger.checkpoints import LedgerInconsistent, advance
from governance.ledger.ledger import AuditEvent, record, sequence
from governance.ledger.merkle import Frontier, leaf_hash
from governance.ledger.notes import ORIGIN, TreeHead, signed
from governance.ledger.verification import Failure, FailureKind, Verification, verify
from governance.store import metadata
from governance.terms import EventKind, Outcome, Purpose

EVERY, LAST = 5, 20
"""Checkpoints at 5, 10, 15 and 20 of 23 entries."""


@dataclass
class Log:
    engine: Engine
    database: Path
    folder: Path
    ring: SoftwareKeyRing
    now: datetime

    def sql(self, statement: str, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def one(self, statement: str, **values: object) -> str:
        with self.engine.begin() as connection:
            return str(connection.execute(text(statement), values).scalar_one())

    def entry_at(self, index: int) -> str:
        return self.one("SELECT entry_id FROM audit_sequence WHERE idx = :i", i=index)

    def body(self, index: int) -> dict[str, object]:
        body = json.loads(self.one("SELECT body FROM audit_entry WHERE id = :e", e=self.entry_at(index)))
        assert isinstance(body, dict)
        return body

    def check(self, with_ring: bool = False) -> Verification:
        with Session(self.engine) as session:
            key = self.ring.public_key("checkpoint/1")
            return verify(session, self.folder, key, ring=self.ring if with_ring else None)

    def failure(self, with_ring: bool = False) -> Failure:
        result = self.check(with_ring)
        assert not result.ok
        assert result.first_failure is not None
        return result.first_failure


def write(engine: Engine, ring: SoftwareKeyRing, folder: Path, numbers: range, now: datetime) -> None:
    with Session(engine) as session:
        for number in numbers:
            event = AuditEvent(
                EventKind.READ_FAMILY,
                Outcome.PERMIT,
                staff_id=f"{number % 3:032x}",
                organisation="ZCH",
                purpose=Purpose.DIRECT_CARE,
                subjects=(f"{number:032x}", f"{number % 7:032x}"),
            )
            record(session, ring, event, now + timedelta(seconds=number))
            if (number + 1) % EVERY == 0:
                advance(session, ring, folder, now + timedelta(seconds=number))
        session.commit()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SoftwareKeyRing, datetime]:
    home = tmp_path_factory.mktemp("pristine")
    ring = SoftwareKeyRing(new_keys(FIRST_LABELS))
    now = datetime.fromisoformat("2026-11-22T09:00:00+00:00")
    engine = create_engine(f"sqlite:///{home / 'ledger.db'}")
    metadata.create_all(engine)
    write(engine, ring, home / "anchors", range(LAST + 3), now)
    engine.dispose()
    return home, ring, now


@pytest.fixture
def log(pristine: tuple[Path, SoftwareKeyRing, datetime], tmp_path: Path) -> Log:
    home, ring, now = pristine
    shutil.copytree(home, tmp_path / "copy")
    database = tmp_path / "copy" / "ledger.db"
    return Log(create_engine(f"sqlite:///{database}"), database, tmp_path / "copy" / "anchors", ring, now)


def rewrite(log: Log, entry_id: str, body: dict[str, object]) -> None:
    """Change an entry as a careful forger does: body, every copied column, and the leaf hash."""
    canonical = rfc8785.dumps(body)  # type: ignore[arg-type]
    log.sql(
        "UPDATE audit_entry SET body = :b, leaf_hash = :l, staff_id = :s, organisation = :o WHERE id = :e",
        b=canonical.decode(),
        l=leaf_hash(canonical).hex(),
        s=body["staff"],
        o=body["organisation"],
        e=entry_id,
    )


def rechain(log: Log, ring: SoftwareKeyRing | None = None) -> None:
    """Rewrite every stored checkpoint to fit the entries as they now are; signed by `ring` if it is given."""
    with log.engine.begin() as connection:
        rows = connection.execute(
            text("SELECT leaf_hash FROM audit_entry e JOIN audit_sequence s ON s.entry_id = e.id ORDER BY idx")
        )
        leaves = [bytes.fromhex(leaf) for (leaf,) in rows]
        connection.execute(text("DELETE FROM audit_checkpoint"))
        for size in range(EVERY, len(leaves) + 1, EVERY):
            frontier = Frontier()
            for leaf in leaves[:size]:
                frontier.push(leaf)
            head = TreeHead(ORIGIN, size, frontier.root())
            note = signed(head, ring, "checkpoint/1") if ring else head.text() + "\n"
            connection.execute(
                text("INSERT INTO audit_checkpoint VALUES (:s, :r, :n, '2026-11-22 09:00:00')"),
                {"s": size, "r": head.root.hex(), "n": note},
            )


def test_an_untouched_ledger_verifies_with_and_without_the_ring(log: Log) -> None:
    for with_ring in (False, True):
        result = log.check(with_ring)
        assert result == Verification(True, LAST, 4, LAST, 3, result.root, None)


@pytest.mark.parametrize("index", [0, 4, 5, 11, 19])
def test_one_changed_character_names_its_entry(log: Log, index: int) -> None:
    entry = log.entry_at(index)
    log.sql("UPDATE audit_entry SET body = replace(body, 'ZCH', 'ZCX') WHERE id = :e", e=entry)
    found = log.failure()
    assert (found.kind, found.index, found.entry_id) == (FailureKind.LEAF, index, entry)


def test_a_flipped_leaf_hash_names_its_entry(log: Log) -> None:
    entry = log.entry_at(7)
    log.sql("UPDATE audit_entry SET leaf_hash = :l WHERE id = :e", l="0" * 64, e=entry)
    assert (log.failure().kind, log.failure().entry_id) == (FailureKind.LEAF, entry)


@pytest.mark.parametrize("column", ["kind", "staff_id", "organisation", "purpose", "outcome", "recorded_at"])
def test_a_column_that_contradicts_the_body_names_its_entry(log: Log, column: str) -> None:
    entry = log.entry_at(12)
    value = "2020-01-01 00:00:00.000000" if column == "recorded_at" else "search"
    log.sql(f"UPDATE audit_entry SET {column} = :v WHERE id = :e", v=value, e=entry)
    found = log.failure()
    assert (found.kind, found.index) == (FailureKind.COLUMN, 12)
    assert column in found.message


def test_a_removed_or_added_subject_names_its_entry(log: Log) -> None:
    entry = log.entry_at(3)
    log.sql("INSERT INTO audit_subject VALUES (:e, :p)", e=entry, p="f" * 64)
    assert (log.failure().kind, log.failure().index) == (FailureKind.SUBJECTS, 3)
    log.sql("DELETE FROM audit_subject WHERE entry_id = :e", e=entry)
    assert (log.failure().kind, log.failure().index) == (FailureKind.SUBJECTS, 3)


def test_a_careful_edit_fails_the_next_checkpoint_and_the_range_is_named(log: Log) -> None:
    rewrite(log, log.entry_at(11), log.body(11) | {"staff": "f" * 32})
    found = log.failure()
    assert (found.kind, found.size) == (FailureKind.ROOT, 15)
    assert "entries 10 to 14" in found.message


def test_with_the_ring_a_careful_edit_is_named_itself_even_after_the_last_checkpoint(log: Log) -> None:
    with Session(log.engine) as session:
        advance(session, log.ring, log.folder, log.now)
        (log.folder / "000000000023.checkpoint").unlink()
    log.sql("DELETE FROM audit_checkpoint WHERE size = 23")
    entry = log.entry_at(21)
    rewrite(log, entry, log.body(21) | {"staff": "f" * 32})
    assert log.check().ok
    assert (log.failure(True).kind, log.failure(True).entry_id) == (FailureKind.SEAL, entry)


def test_a_deleted_entry_is_named(log: Log) -> None:
    entry = log.entry_at(8)
    log.sql("DELETE FROM audit_entry WHERE id = :e", e=entry)
    found = log.failure()
    assert (found.kind, found.index, found.entry_id) == (FailureKind.ENTRY_MISSING, 8, entry)


def test_a_gap_in_the_sequence_is_named(log: Log) -> None:
    log.sql("DELETE FROM audit_sequence WHERE idx = 8")
    assert (log.failure().kind, log.failure().index) == (FailureKind.INDEX_GAP, 8)


def drop(log: Log, index: int) -> None:
    entry = log.entry_at(index)
    log.sql("DELETE FROM audit_sequence WHERE idx = :i", i=index)
    log.sql("DELETE FROM audit_subject WHERE entry_id = :e", e=entry)
    log.sql("DELETE FROM audit_entry WHERE id = :e", e=entry)


def shift(log: Log, first: int, by: int) -> None:
    log.sql("UPDATE audit_sequence SET idx = -idx - 1000 WHERE idx >= :f", f=first)
    log.sql("UPDATE audit_sequence SET idx = -(idx + 1000) + :b WHERE idx < 0", b=by)


def forge(log: Log, like: int) -> str:
    """Insert a well-formed entry the service never wrote, and return its id."""
    body = log.body(like) | {"id": "ab" * 16, "subjects": []}
    canonical = rfc8785.dumps(body)  # type: ignore[arg-type]
    log.sql(
        "INSERT INTO audit_entry SELECT :n, recorded_at, kind, staff_id, organisation, purpose, outcome, :b, :l"
        " FROM audit_entry WHERE id = :e",
        n=body["id"],
        b=canonical.decode(),
        l=leaf_hash(canonical).hex(),
        e=log.entry_at(like),
    )
    return "ab" * 16


def delete_and_close_up(log: Log) -> None:
    drop(log, 7)
    shift(log, 8, -1)


def insert_and_shift(log: Log) -> None:
    entry = forge(log, 6)
    shift(log, 7, 1)
    log.sql("INSERT INTO audit_sequence VALUES (7, :e)", e=entry)


def swap(log: Log) -> None:
    one, other = log.entry_at(6), log.entry_at(8)
    log.sql("DELETE FROM audit_sequence WHERE idx IN (6, 8)")
    log.sql("INSERT INTO audit_sequence VALUES (6, :o), (8, :i)", o=other, i=one)


def reverse(log: Log) -> None:
    log.sql("UPDATE audit_sequence SET idx = -idx - 1 WHERE idx BETWEEN 5 AND 9")
    log.sql("UPDATE audit_sequence SET idx = 15 + idx WHERE idx < 0")


def edit(log: Log) -> None:
    rewrite(log, log.entry_at(7), log.body(7) | {"organisation": "ZXX"})


CAREFUL: list[Callable[[Log], None]] = [delete_and_close_up, insert_and_shift, swap, reverse, edit]


@pytest.mark.parametrize("tamper", CAREFUL)
@pytest.mark.parametrize("rechained", ["not", "unsigned", "other key"])
def test_rechaining_never_hides_a_change_that_a_checkpoint_covers(
    log: Log, tamper: Callable[[Log], None], rechained: str
) -> None:
    tamper(log)
    if rechained != "not":
        rechain(log, SoftwareKeyRing(new_keys(FIRST_LABELS)) if rechained == "other key" else None)
    found = log.failure()
    if rechained == "not":
        assert (found.kind, found.size) == (FailureKind.ROOT, 10)
    assert found.size in (5, 10)


def test_a_repeated_entry_is_found(log: Log) -> None:
    shift(log, 7, 1)
    entry = log.entry_at(6)
    log.sql("CREATE TABLE copy AS SELECT * FROM audit_sequence")
    log.sql("DROP TABLE audit_sequence")
    log.sql("ALTER TABLE copy RENAME TO audit_sequence")
    log.sql("INSERT INTO audit_sequence VALUES (7, :e)", e=entry)
    assert log.failure().size == 10


@pytest.mark.parametrize("keep", [0, 1, 9, 10, 19])
def test_truncation_is_found_even_when_checkpoints_go_with_it(log: Log, keep: int) -> None:
    for index in reversed(range(keep, LAST)):
        drop(log, index)
    log.sql("DELETE FROM audit_checkpoint WHERE size > :k", k=keep)
    found = log.failure()
    assert found.kind is FailureKind.TRUNCATED
    assert f"from {keep} on" in found.message
    assert found.size == (keep // EVERY + 1) * EVERY


def test_rolling_back_to_an_older_copy_is_found(log: Log, tmp_path: Path) -> None:
    log.engine.dispose()
    shutil.copy(log.database, tmp_path / "older.db")
    write(log.engine, log.ring, log.folder, range(LAST + 3, LAST + 14), log.now)
    assert log.check().ok
    log.engine.dispose()
    shutil.copy(tmp_path / "older.db", log.database)
    assert log.failure().kind is FailureKind.TRUNCATED


def test_a_history_rolled_back_and_written_anew_is_found_and_never_signed(log: Log, tmp_path: Path) -> None:
    log.engine.dispose()
    shutil.copy(log.database, tmp_path / "older.db")
    write(log.engine, log.ring, log.folder, range(LAST + 3, LAST + 14), log.now)
    log.engine.dispose()
    shutil.copy(tmp_path / "older.db", log.database)
    with pytest.raises(LedgerInconsistent), Session(log.engine) as session:
        advance(session, log.ring, log.folder, log.now)
    assert log.failure().kind is FailureKind.TRUNCATED


def test_a_checkpoint_signed_by_another_key_is_refused(log: Log) -> None:
    thief = SoftwareKeyRing(new_keys(FIRST_LABELS))
    rewrite(log, log.entry_at(2), log.body(2) | {"staff": "f" * 32})
    rechain(log, thief)
    for size in anchors.sizes(log.folder):
        (log.folder / f"{size:012d}.checkpoint").unlink()
        note = log.one("SELECT note FROM audit_checkpoint WHERE size = :s", s=size)
        anchors.anchor(log.folder, size, note)
    found = log.failure()
    assert (found.kind, found.size) == (FailureKind.SIGNATURE, 5)


def test_a_removed_anchor_and_a_removed_stored_checkpoint_are_found(log: Log) -> None:
    (log.folder / "000000000010.checkpoint").unlink()
    assert (log.failure().kind, log.failure().size) == (FailureKind.NOT_ANCHORED, 10)
    log.sql("DELETE FROM audit_checkpoint WHERE size IN (5, 10)")
    assert (log.failure().kind, log.failure().size) == (FailureKind.NOT_STORED, 5)


def test_a_forged_entry_without_an_index_is_named_with_the_ring(log: Log) -> None:
    entry = forge(log, 6)
    assert (log.failure(True).kind, log.failure(True).entry_id) == (FailureKind.SEAL, entry)


def test_subjects_of_an_entry_that_does_not_exist_are_found(log: Log) -> None:
    log.sql("INSERT INTO audit_subject VALUES (:e, :p)", e="cd" * 16, p="f" * 64)
    assert log.failure().kind is FailureKind.UNKNOWN_ROW


GARBAGE = ["CAST(x'ff00fe' AS TEXT)", "x'ff00fe'", "'garbage'", "''", "17", "1.5", "'{}'", "'[]'"]


@pytest.mark.parametrize("value", GARBAGE)
@pytest.mark.parametrize("column", ["body", "leaf_hash", "recorded_at", "kind", "staff_id"])
@pytest.mark.parametrize("index", [6, LAST + 1])
def test_garbage_in_any_column_is_a_finding_and_never_an_error(log: Log, column: str, value: str, index: int) -> None:
    if index >= LAST:
        with Session(log.engine) as session:
            sequence(session)
            session.commit()
    entry = log.entry_at(index)
    log.sql(f"UPDATE audit_entry SET {column} = {value} WHERE id = :e", e=entry)
    assert (log.failure().index, log.failure().entry_id) == (index, entry)


@pytest.mark.parametrize("value", GARBAGE)
def test_garbage_in_an_entry_without_an_index_names_it(log: Log, value: str) -> None:
    entry = log.one("SELECT id FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_sequence) LIMIT 1")
    log.sql(f"UPDATE audit_entry SET body = {value} WHERE id = :e", e=entry)
    assert (log.failure().index, log.failure().entry_id) == (None, entry)


@pytest.mark.parametrize("value", GARBAGE)
@pytest.mark.parametrize("column", ["note", "root"])
def test_garbage_in_a_stored_checkpoint_names_it(log: Log, column: str, value: str) -> None:
    log.sql(f"UPDATE audit_checkpoint SET {column} = {value} WHERE size = 10")
    assert log.failure().size == 10


DEEP = "[" * 100_000
HOLLOW = ['{"subjects":[[]]}', '{"b":1,"a":2}', '{"a":1,"a":1}', "[]", DEEP, '{"a":NaN}', '{"a":"\\ud800"}']


@pytest.mark.parametrize("body", HOLLOW)
def test_a_hollow_body_with_a_fitting_leaf_is_named(log: Log, body: str) -> None:
    leaf = leaf_hash(body.encode()).hex()
    log.sql("UPDATE audit_entry SET body = :b, leaf_hash = :l WHERE id = :e", b=body, l=leaf, e=log.entry_at(6))
    assert log.failure().index == 6


def test_progress_counts_every_entry(log: Log) -> None:
    seen: list[int] = []
    with Session(log.engine) as session:
        verify(session, log.folder, log.ring.public_key("checkpoint/1"), progress=seen.append)
    assert sum(seen) == LAST


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_run_of_careful_changes_to_covered_entries_is_found(
    pristine: tuple[Path, SoftwareKeyRing, datetime], tmp_path: Path, data: st.DataObject
) -> None:
    home, ring, now = pristine
    database = tmp_path / "fuzzed.db"
    shutil.copy(home / "ledger.db", database)
    log = Log(create_engine(f"sqlite:///{database}"), database, home / "anchors", ring, now)
    before = leaves(log)[:LAST]
    for _ in range(data.draw(st.integers(1, 3))):
        index, other = data.draw(st.integers(0, LAST - 2)), data.draw(st.integers(0, LAST - 2))
        change = data.draw(st.sampled_from(["edit", "drop", "swap", "move"]))
        if change == "edit":
            rewrite(log, log.entry_at(index), log.body(index) | {"staff": data.draw(st.sampled_from("abc")) * 32})
        elif change == "drop" and len(leaves(log)) == LAST:
            drop(log, index)
            shift(log, index + 1, -1)
        elif change == "swap" and index != other and len(leaves(log)) == LAST:
            one, two = log.entry_at(index), log.entry_at(other)
            log.sql("DELETE FROM audit_sequence WHERE idx IN (:i, :j)", i=index, j=other)
            log.sql("INSERT INTO audit_sequence VALUES (:i, :two), (:j, :one)", i=index, j=other, one=one, two=two)
        elif change == "move":
            entry = log.entry_at(index)
            log.sql("DELETE FROM audit_sequence WHERE idx = :i", i=index)
            shift(log, index + 1, -1)
            log.sql("INSERT INTO audit_sequence SELECT max(idx) + 1, :e FROM audit_sequence", e=entry)
    if data.draw(st.booleans()):
        rechain(log, SoftwareKeyRing(new_keys(FIRST_LABELS)) if data.draw(st.booleans()) else None)
        changed = True
    else:
        changed = leaves(log)[:LAST] != before
    result = log.check()
    log.engine.dispose()
    assert result.ok is not changed


def leaves(log: Log) -> list[str]:
    with log.engine.begin() as connection:
        query = "SELECT leaf_hash FROM audit_entry e JOIN audit_sequence s ON s.entry_id = e.id ORDER BY idx"
        return list(connection.execute(text(query)).scalars())
