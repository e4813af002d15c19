"""Re-reading at a glance: what passes is whole by the careful check too, and nothing ordinary needs the careful one."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from benchmarks.ledger_entries import events
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger import stretches
from governance.ledger.checkpoints import advance
from governance.ledger.entries import AuditEvent, DecidedFrom, Detail
from governance.ledger.findings import entry_fault
from governance.ledger.ledger import record, record_many, sequence
from governance.ledger.merkle import leaf_hash, root
from governance.ledger.stretches import BLOCK, read_stretch
from governance.ledger.verification import ENTRY, FailureKind, verify
from governance.store import audit_entry, audit_subject
from governance.terms import Action, EventKind, Outcome


def fill(session: Session, ring: SoftwareKeyRing, now: datetime, count: int) -> None:
    record_many(session, ring, list(events(count)), now)
    sequence(session)
    session.commit()


def test_entries_of_every_kind_pass_at_a_glance(session: Session, ring: SoftwareKeyRing, now: datetime) -> None:
    fill(session, ring, now, 300)
    detail: dict[Detail, str | int] = {Detail.OPERATION: "made", Detail.ROWS: 3}
    inputs = (DecidedFrom(Action.SEARCH, "", None, "0" * 64, "1"),) * 2
    for kind in EventKind:
        record(session, ring, AuditEvent(kind, Outcome.DONE, detail=detail, decided_from=inputs), now)
    sequence(session)
    found = read_stretch(session.connection(), ring, 0, [0, 10, 256, 290])
    assert (found.count, found.doubts) == (300 + len(EventKind), frozenset())
    leaves = [found.leaf(index) for index in range(found.count)]
    assert found.roots == (root(leaves[:BLOCK]),)
    assert found.edges.keys() == {10, 290}


def test_without_the_ring_everything_is_looked_at_closely(
    session: Session, ring: SoftwareKeyRing, now: datetime
) -> None:
    fill(session, ring, now, 12)
    assert read_stretch(session.connection(), None, 0, []).doubts == frozenset(range(12))


def test_a_ring_of_another_deployment_believes_no_entry(session: Session, ring: SoftwareKeyRing, now: datetime) -> None:
    fill(session, ring, now, 12)
    other = SoftwareKeyRing(new_keys(FIRST_LABELS))
    assert read_stretch(session.connection(), other, 0, []).doubts == frozenset(range(12))


def test_a_stretch_ends_before_a_missing_index(session: Session, ring: SoftwareKeyRing, now: datetime) -> None:
    fill(session, ring, now, 12)
    session.execute(text("DELETE FROM audit_sequence WHERE idx = 7"))
    assert read_stretch(session.connection(), ring, 0, []).count == 7


JOINED = "UPDATE audit_subject SET pseudonym = pseudonym || '\",\"' || :p WHERE pseudonym = :q"


def test_two_subjects_written_as_one_are_not_taken_for_two(
    session: Session, ring: SoftwareKeyRing, now: datetime
) -> None:
    record(session, ring, AuditEvent(EventKind.SEARCH, Outcome.DONE, subjects=("a" * 32, "b" * 32)), now)
    sequence(session)
    first, second = sorted(session.scalars(select(audit_subject.c.pseudonym)))
    session.execute(text("DELETE FROM audit_subject WHERE pseudonym = :p"), {"p": second})
    session.execute(text(JOINED), {"p": second, "q": first})
    assert read_stretch(session.connection(), ring, 0, []).doubts == {0}


COLUMNS = ("id", "recorded_at", "kind", "staff_id", "organisation", "purpose", "outcome", "body", "leaf_hash")
VALUES = st.one_of(
    st.none(), st.integers(-9, 9), st.floats(allow_nan=False), st.binary(max_size=6), st.text(max_size=6),
    st.sampled_from(["null", '"', '","outcome":"', "search", "ZCH", "2026-11-22 09:00:00.000000", "0" * 64]),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(column=st.sampled_from(COLUMNS), value=VALUES, index=st.integers(0, 11))
def test_whatever_a_column_holds_what_passes_is_whole_by_the_careful_check(
    engine: Engine, column: str, value: object, index: int
) -> None:
    ring, now = SoftwareKeyRing(dict.fromkeys(FIRST_LABELS, b"k" * 32)), datetime(2026, 11, 22, 9, tzinfo=UTC)
    with Session(engine) as session:
        if session.scalar(select(audit_entry.c.id).limit(1)) is None:
            fill(session, ring, now, 12)
        entry = session.scalars(text("SELECT entry_id FROM audit_sequence WHERE idx = :i"), {"i": index}).one()
        with suppress(stretches.Unreadable, IntegrityError):
            session.connection().exec_driver_sql(f"UPDATE audit_entry SET {column} = ? WHERE id = ?", (value, entry))
            passed = index not in read_stretch(session.connection(), ring, 0, []).doubts
            row = session.execute(select(*ENTRY).where(audit_entry.c.id == entry)).one_or_none()
            subjects = set(session.scalars(select(audit_subject.c.pseudonym).where(audit_subject.c.entry_id == entry)))
            assert not passed or (row is not None and entry_fault(row, subjects, ring) is None)
        session.rollback()


Change = Callable[[dict[str, object]], dict[str, object]]
SWAPS: dict[str, Change] = {
    "another field first": lambda body: {"a": 1} | body,
    "a field fewer": lambda body: {name: held for name, held in body.items() if name != "policy"},
    "another seal": lambda body: body | {"seal": "0" * 64},
    "another salt": lambda body: body | {"salt": "0" * 32},
    "another segment": lambda body: body | {"segments": [1]},
}


@pytest.mark.parametrize("how", list(SWAPS))
def test_a_body_the_ring_did_not_seal_never_passes(
    session: Session, ring: SoftwareKeyRing, now: datetime, how: str
) -> None:
    fill(session, ring, now, 3)
    row = session.execute(select(audit_entry)).first()
    assert row is not None
    changed = json.dumps(SWAPS[how](json.loads(row.body)), sort_keys=True, separators=(",", ":"))
    leaf = leaf_hash(changed.encode()).hex()
    session.execute(
        text("UPDATE audit_entry SET body = :b, leaf_hash = :l WHERE id = :i"), {"b": changed, "l": leaf, "i": row.id}
    )
    index = session.scalar(text("SELECT idx FROM audit_sequence WHERE entry_id = :e"), {"e": row.id})
    assert read_stretch(session.connection(), ring, 0, []).doubts == {index}


def test_side_by_side_and_one_after_the_other_verification_says_the_same(
    engine: Engine, ring: SoftwareKeyRing, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH", 2 * BLOCK)
    monkeypatch.setattr("governance.ledger.verification.STRETCH", 2 * BLOCK)
    made = [replace(event, request_id="r") for event in events(1500)]
    with Session(engine) as session:
        for start in range(0, 1500, 150):
            record_many(session, ring, made[start : start + 150], now + timedelta(seconds=start))
            session.commit()
            advance(session, ring, tmp_path / "anchors", now)
    key, seen = ring.public_key("checkpoint/1"), []
    for change, kind in ((None, None), ("UPDATE audit_entry SET outcome = 'x' WHERE id IN (SELECT entry_id FROM "
        "audit_sequence WHERE idx IN (700, 1100))", FailureKind.COLUMN)):  # fmt: skip
        with Session(engine) as session:
            if change:
                session.execute(text(change))
                session.commit()
            for processes in (1, 2):
                seen.append(verify(session, tmp_path / "anchors", key, ring=ring, processes=processes))
        assert seen[-1] == seen[-2]
        assert (seen[-1].first_failure and seen[-1].first_failure.kind) == kind
    assert (seen[0].entries, seen[0].covered, seen[0].checkpoints) == (1500, 1500, 10)
    assert (seen[2].entries, seen[2].covered) == (700, 600)


def test_a_kept_subtree_that_was_altered_is_named(
    engine: Engine, ring: SoftwareKeyRing, now: datetime, tmp_path: Path
) -> None:
    with Session(engine) as session:
        fill(session, ring, now, 600)
        advance(session, ring, tmp_path / "anchors", now)
        session.execute(text("UPDATE audit_subtree SET root = :r WHERE position = 1"), {"r": "0" * 64})
        session.commit()
        failure = verify(session, tmp_path / "anchors", ring.public_key("checkpoint/1"), ring=ring).first_failure
    assert failure is not None
    assert (failure.kind, failure.index) == (FailureKind.SUBTREE, 256)
