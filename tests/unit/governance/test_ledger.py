import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from governance.keys.keys import SoftwareKeyRing
from governance.ledger import ledger
from governance.ledger.entries import canonical
from governance.ledger.ledger import AuditEvent, AuditFilter, Detail, EventRefused, decided, find, record, sequence
from governance.ledger.merkle import leaf_hash
from governance.store import audit_entry, audit_sequence, audit_subject
from governance.terms import (
    Actor,
    Category,
    Decision,
    EventKind,
    FlowRef,
    Outcome,
    Purpose,
    Reason,
    RelationshipKind,
    Role,
    Segment,
    SegmentDecision,
    SubjectRole,
    Withholding,
)

CHILD, MOTHER, WORKER = "c" * 32, "d" * 32, "a" * 32
ACTOR = Actor(WORKER, "ZCH", Role.HEALTH_VISITOR, "East", True, True, date(2027, 1, 1), True)
FLOW = FlowRef("early-help-isp", 3, "04")
PLAIN = AuditEvent(EventKind.SEARCH, Outcome.DONE, staff_id=WORKER, organisation="ZCH", subjects=(CHILD,))


def decision(now: datetime) -> Decision:
    shown = Segment(CHILD, SubjectRole.CHILD, Category.HEALTH_VISITING, "ZCH")
    kept = Segment(MOTHER, SubjectRole.MOTHER, Category.ADULT_HEALTH, "ZMH")
    refused = (Reason.NO_AGREEMENT,)
    segments = (
        SegmentDecision(shown, True, Reason.PERMITTED, (), FLOW, Withholding.SIGNALLED),
        SegmentDecision(kept, False, Reason.NO_AGREEMENT, refused, None, Withholding.SILENT),
    )
    return Decision(Outcome.PARTIAL, Reason.PERMITTED, (), segments, RelationshipKind.CASELOAD, "e" * 64, now)


def body_of(session: Session, entry_id: str) -> dict[str, object]:
    view = ledger.get(session, entry_id)
    assert view is not None
    return dict(view.body)


def test_an_entry_says_who_why_about_whom_and_with_what_result(
    session: Session, ring: SoftwareKeyRing, now: datetime
) -> None:
    event = replace(
        decided(EventKind.READ_FAMILY, ACTOR, Purpose.EARLY_HELP, decision(now), [CHILD, MOTHER]), request_id="r1"
    )
    body = body_of(session, record(session, ring, event, now))
    child, mother = (ledger.subject_pseudonym(ring, person) for person in (CHILD, MOTHER))
    assert (body["staff"], body["organisation"], body["role"]) == (WORKER, "ZCH", "health_visitor")
    assert (body["purpose"], body["outcome"], body["relationship"]) == ("early_help", "partial", "caseload")
    assert body["subjects"] == sorted([child, mother])
    flow = {"agreement": "early-help-isp", "version": 3, "flow": "04"}
    assert body["flows"] == [flow]
    assert body["segments"] == [
        {"member": child, "subject": "child", "category": "health_visiting", "source": "ZCH",
         "permitted": True, "reason": "permitted", "flow": flow},
        {"member": mother, "subject": "mother", "category": "adult_health", "source": "ZMH",
         "permitted": False, "reason": "no_agreement", "flow": None},
    ]  # fmt: skip
    assert (body["request"], body["policy"], body["at"]) == ("r1", "e" * 64, "2026-11-22T09:00:00.000000Z")


def test_no_person_id_is_in_an_entry(session: Session, ring: SoftwareKeyRing, now: datetime) -> None:
    event = decided(EventKind.READ_FAMILY, ACTOR, Purpose.EARLY_HELP, decision(now), [CHILD])
    record(session, ring, event, now)
    held = str(session.execute(select(audit_entry)).all()) + str(session.execute(select(audit_subject)).all())
    assert CHILD not in held
    assert MOTHER not in held


def test_the_leaf_is_the_rfc_6962_hash_of_the_canonical_body(
    session: Session, ring: SoftwareKeyRing, now: datetime
) -> None:
    record(session, ring, PLAIN, now)
    row = session.execute(select(audit_entry)).one()
    assert rfc8785.dumps(json.loads(row.body)).decode() == row.body
    assert row.leaf_hash == leaf_hash(row.body.encode()).hex()


def test_the_same_act_twice_gives_two_unlike_leaves(session: Session, ring: SoftwareKeyRing, now: datetime) -> None:
    bodies = [body_of(session, record(session, ring, PLAIN, now)) for _ in range(2)]
    assert bodies[0]["salt"] != bodies[1]["salt"]
    assert bodies[0]["seal"] != bodies[1]["seal"]


def test_an_entry_rolls_back_with_its_act(engine: Engine, ring: SoftwareKeyRing, now: datetime) -> None:
    with Session(engine) as session:
        record(session, ring, PLAIN, now)
        session.rollback()
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(audit_entry)) == 0
        assert session.scalar(select(func.count()).select_from(audit_subject)) == 0


@pytest.mark.parametrize(
    "value",
    ["9991234560", "999 123 4560", "nhs 999-123-4560", "Zażółć", "line\nbreak", "x" * 301, 9991234560, True, "O'Brien"],
)
def test_what_could_be_record_content_is_refused_without_being_repeated(
    session: Session, ring: SoftwareKeyRing, now: datetime, value: str | int
) -> None:
    with pytest.raises(EventRefused) as refused:
        record(session, ring, replace(PLAIN, detail={Detail.FILTERS: value}), now)
    assert str(value) not in str(refused.value)


def test_a_detail_outside_the_closed_set_is_refused(session: Session, ring: SoftwareKeyRing, now: datetime) -> None:
    with pytest.raises(EventRefused):
        record(session, ring, replace(PLAIN, detail={"surname": "x"}), now)


@pytest.mark.parametrize("value", ["maternity-births", "0" * 32, "9" * 64, "keystore made", "2026-11-22", 123, 0])
def test_codes_counts_hashes_and_random_ids_are_allowed(
    session: Session, ring: SoftwareKeyRing, now: datetime, value: str | int
) -> None:
    assert body_of(session, record(session, ring, replace(PLAIN, detail={Detail.DATASET: value}), now))["detail"] == {
        "dataset": value
    }


def test_an_instant_without_a_zone_is_refused_and_others_become_utc(
    session: Session, ring: SoftwareKeyRing, now: datetime
) -> None:
    with pytest.raises(EventRefused):
        record(session, ring, PLAIN, now.replace(tzinfo=None))
    entry_id = record(session, ring, PLAIN, now.astimezone(timezone(timedelta(hours=5))))
    view = ledger.get(session, entry_id)
    assert view is not None
    assert (view.recorded_at, view.body["at"]) == (now, "2026-11-22T09:00:00.000000Z")


def indices(session: Session) -> list[tuple[int, str]]:
    return [(i, e) for i, e in session.execute(select(audit_sequence).order_by(audit_sequence.c.idx))]


def test_indices_are_gapless_and_never_change(session: Session, ring: SoftwareKeyRing, now: datetime) -> None:
    for n in range(7):
        record(session, ring, PLAIN, now + timedelta(seconds=n))
    assert sequence(session) == 7
    first = indices(session)
    for n in range(3):
        record(session, ring, PLAIN, now - timedelta(days=n))
    assert (sequence(session), sequence(session)) == (3, 0)
    assert indices(session)[:7] == first
    assert [index for index, _ in indices(session)] == list(range(10))


def test_an_entry_committed_late_still_gets_its_index(engine: Engine, ring: SoftwareKeyRing, now: datetime) -> None:
    with Session(engine) as session:
        record(session, ring, PLAIN, now)
        sequence(session)
        late = record(session, ring, PLAIN, now - timedelta(hours=9))
        session.commit()
        assert sequence(session, since=now) == 0
        assert sequence(session) == 1
        assert indices(session)[-1] == (1, late)


def test_batches_go_on_where_the_last_ended(
    session: Session, ring: SoftwareKeyRing, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "SEQUENCE_BATCH", 3)
    ledger.record_many(session, ring, [PLAIN] * 8, now)
    assert [sequence(session) for _ in range(4)] == [3, 3, 2, 0]
    assert [index for index, _ in indices(session)] == list(range(8))


@pytest.fixture
def searched(session: Session, ring: SoftwareKeyRing, now: datetime) -> Session:
    for n in range(12):
        event = AuditEvent(
            EventKind.READ_FAMILY if n % 2 else EventKind.SEARCH,
            Outcome.DENY if n % 3 == 0 else Outcome.PERMIT,
            staff_id=f"{n % 2:032x}",
            organisation="ZCH" if n < 6 else "ZMC",
            purpose=Purpose.SAFEGUARDING if n == 5 else Purpose.EARLY_HELP,
            subjects=(f"{n % 4:032x}",),
        )
        record(session, ring, event, now + timedelta(minutes=n))
    sequence(session)
    session.commit()
    return session


def minutes(session: Session, asked: AuditFilter, now: datetime) -> list[int]:
    return [int((view.recorded_at - now).total_seconds() // 60) for view in find(session, asked)]


def test_each_filter_finds_exactly_its_entries_newest_first(
    searched: Session, ring: SoftwareKeyRing, now: datetime
) -> None:
    third = ledger.subject_pseudonym(ring, f"{3:032x}")
    cases = {
        AuditFilter(): range(12),
        AuditFilter(staff_id=f"{1:032x}"): range(1, 12, 2),
        AuditFilter(subjects=(third,)): [3, 7, 11],
        AuditFilter(organisation="ZMC"): range(6, 12),
        AuditFilter(purpose=Purpose.SAFEGUARDING): [5],
        AuditFilter(outcome=Outcome.DENY): [0, 3, 6, 9],
        AuditFilter(kind=EventKind.SEARCH): range(0, 12, 2),
        AuditFilter(since=now + timedelta(minutes=9)): [9, 10, 11],
        AuditFilter(until=(now + timedelta(minutes=2)).astimezone(timezone(timedelta(hours=-3)))): [0, 1],
        AuditFilter(subjects=(third,), outcome=Outcome.DENY): [3],
        AuditFilter(subjects=(f"{3:032x}",)): [],
    }
    for asked, expected in cases.items():
        assert minutes(searched, asked, now) == sorted(expected, reverse=True)


def test_pages_follow_each_other_without_loss_or_repeat(searched: Session) -> None:
    seen: list[str] = []
    cursor = None
    while page := find(searched, AuditFilter(), limit=5, cursor=cursor):
        seen += [view.id for view in page]
        cursor = page[-1].cursor
    assert seen == [view.id for view in find(searched, AuditFilter(), limit=100)]
    assert len(set(seen)) == 12


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "MjAyNg=="])
def test_a_made_up_cursor_is_refused(searched: Session, cursor: str) -> None:
    with pytest.raises(EventRefused):
        find(searched, AuditFilter(), cursor=cursor)


def test_the_export_lets_an_outsider_recompute_every_leaf(searched: Session, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in ledger.export(searched)]
    assert [line["index"] for line in lines] == list(range(12))
    assert all(leaf_hash(line["body"].encode()).hex() == line["leaf_hash"] for line in lines)
    assert [json.loads(line)["index"] for line in ledger.export(searched, first=10)] == [10, 11]


def test_instants_in_columns_are_utc() -> None:
    assert ledger.stored_instant(datetime(2026, 1, 1)).tzinfo is UTC


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_09", max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abcXYZ_09", max_size=6), plain, max_size=6))
def test_the_canonical_form_is_that_of_rfc_8785(body: dict[str, Any]) -> None:
    assert canonical(body) == rfc8785.dumps(body)
