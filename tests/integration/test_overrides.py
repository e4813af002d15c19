"""Overrides in the store and at the gate, on both databases: granted, used, ended, reviewed, escalated."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from app.database import Database
from governance import people
from governance.keys.vault import EnvelopeRefused
from governance.keys.vault_keys import WrappedKeys
from governance.overrides import alarms, relations, reviews, sharing, store
from governance.overrides.alarms import NoSuchAlarm
from governance.overrides.reviews import NoSuchReview, OwnOverride
from governance.overrides.sealing import Sealer
from governance.overrides.sharing import ShareRefused
from governance.overrides.store import Asked, NoSuchOverride, OverrideRefused
from governance.store import access_override, audit_entry, override_review
from governance.terms import (
    Actor,
    AlarmKind,
    Category,
    FamilyTold,
    OverrideKind,
    OverrideReason,
    Purpose,
    Reason,
    ReviewOutcome,
    ShareAnswer,
    ShareDuty,
    ShareReason,
)
from tests.integration.partnership import LATER, WORKERS, Partnership, build, shown

WORDS = "The grandmother rang: the child has not been seen for two days."
SOON = LATER + timedelta(minutes=1)


@pytest.fixture
def keys(tmp_path: Path) -> Any:
    with WrappedKeys(tmp_path / "vault-keys.db") as held:
        yield held


@pytest.fixture
def partnership(sqlite_database: Database) -> Partnership:
    return build(sqlite_database)


def actor_of(partnership: Partnership, who: str) -> Actor:
    with partnership.database.reading() as session:
        found = people.actor_for(session, partnership.staff[who], WORKERS[who][1], LATER.date())
    assert found is not None
    return found


def asked(**other: Any) -> Asked:
    said: dict[str, Any] = {
        "person_id": "ben", "kind": OverrideKind.BREAK_GLASS, "reason": OverrideReason.IMMEDIATE_DANGER,
        "categories": frozenset({Category.IDENTITY, Category.FAMILY, Category.HEALTH_VISITING}),
        "told": FamilyTold.NOT_YET, "expires_at": LATER + timedelta(hours=2), "justification": WORDS,
    }  # fmt: skip
    return Asked(**(said | other))


def grant(partnership: Partnership, keys: WrappedKeys, who: str = "sw", **other: Any) -> str:
    actor = actor_of(partnership, who)
    with partnership.database.writing() as session:
        sealer = Sealer(partnership.ring, keys)
        return store.grant(session, sealer, LATER, actor, Purpose.SAFEGUARDING, asked(**other), SOON)


def reason(partnership: Partnership, who: str = "sw", person: str = "ben", at: datetime = SOON) -> Reason:
    return partnership.read(who, person, Purpose.SAFEGUARDING, at).decision.reason


def bodies(partnership: Partnership, kind: str) -> list[dict[str, Any]]:
    with partnership.database.reading() as session:
        return [json.loads(b) for b in session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == kind))]


def test_an_override_is_granted_used_ended_and_reviewed(database: Database, keys: WrappedKeys) -> None:
    partnership = build(database)
    assert reason(partnership) is Reason.NO_RELATIONSHIP
    held = grant(partnership, keys)
    read = partnership.read("sw", "ben", Purpose.SAFEGUARDING, SOON)
    assert read.decision.reason is Reason.PERMITTED
    assert {category for _, category, _ in shown(read)} <= set(asked().categories)
    assert bodies(partnership, "read_family")[-1]["override"] == held
    sealer, ig = Sealer(partnership.ring, keys), partnership.staff["ig"]
    with database.writing() as session:
        store.end(session, partnership.ring, held, SOON, actor_of(partnership, "sw"))
    assert reason(partnership) is Reason.NO_RELATIONSHIP
    late = SOON + timedelta(days=1)
    for found in (1, 0):
        with database.writing() as session:
            assert reviews.escalate(session, partnership.ring, late) == found
    with database.writing() as session:
        assert [r.overdue for r in reviews.waiting(session, late)] == [True]
        assert reviews.case(session, sealer, held, late).justification == WORDS
        reviews.judge(session, sealer, held, ReviewOutcome.REFERRED, "To the Caldicott Guardian.", late, ig)
    with database.reading() as session:
        assert reviews.waiting(session, late) == []
        assert reviews.case(session, sealer, held, late).note == "To the Caldicott Guardian."
        assert alarms.counts(session)[AlarmKind.REVIEW_OVERDUE] == 1
    assert [len(bodies(partnership, kind)) for kind in ("override", "override_ended", "review_overdue")] == [1, 1, 1]


def test_it_is_for_its_worker_its_child_its_purpose_and_its_time_only(
    partnership: Partnership, keys: WrappedKeys
) -> None:
    grant(partnership, keys, categories=frozenset(Category))
    assert reason(partnership) is Reason.PERMITTED
    assert reason(partnership, "hv") is Reason.NO_RELATIONSHIP
    assert partnership.read("sw", "ben", Purpose.EARLY_HELP, SOON).decision.reason is Reason.NO_RELATIONSHIP
    assert reason(partnership, at=LATER + timedelta(hours=2)) is Reason.NO_RELATIONSHIP
    assert reason(partnership, person="tom") is Reason.NOT_FOUND


def test_it_follows_a_person_through_a_merge(partnership: Partnership, keys: WrappedKeys) -> None:
    grant(partnership, keys)
    with partnership.database.writing() as session:
        session.execute(
            text("INSERT INTO person (id, unborn, birth_month, created_run) VALUES ('new', 0, '2020-01', 'r')")
        )
        session.execute(text("UPDATE person SET merged_into = 'new' WHERE id = 'ben'"))
        session.execute(text("UPDATE tie SET person_b = 'new' WHERE person_b = 'ben'"))
    assert reason(partnership, person="new") is Reason.PERMITTED
    assert reason(partnership, person="ben") is Reason.PERMITTED


@pytest.mark.parametrize(
    "flaw",
    [
        {"justification": "x" * 19}, {"justification": "a" + " " * 40 + "b"}, {"justification": "x" * 2001},
        {"categories": frozenset()}, {"expires_at": LATER}, {"kind": OverrideKind.COURT_ORDER},
    ],
)  # fmt: skip
def test_what_is_flawed_is_not_granted_and_leaves_nothing(
    partnership: Partnership, keys: WrappedKeys, flaw: dict[str, Any]
) -> None:
    with pytest.raises(OverrideRefused) as refused:
        grant(partnership, keys, **flaw)
    assert "x" * 5 not in str(refused.value)
    assert "x" * 5 not in repr(asked(justification="x" * 30))
    with partnership.database.reading() as session:
        assert session.execute(select(access_override)).all() == []
    assert bodies(partnership, "override") == []


def test_when_the_log_cannot_be_written_there_is_no_override(partnership: Partnership, keys: WrappedKeys) -> None:
    with partnership.database.engine.connect() as connection:
        connection.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END")
        )
        connection.commit()
    with pytest.raises(IntegrityError):
        grant(partnership, keys)
    with partnership.database.reading() as session:
        assert session.execute(select(access_override)).all() == session.execute(select(override_review)).all() == []


def test_only_its_own_worker_ends_it_and_only_once(partnership: Partnership, keys: WrappedKeys) -> None:
    held = grant(partnership, keys)
    for who, at in (("hv", SOON), ("sw", LATER + timedelta(hours=3))):
        with pytest.raises(NoSuchOverride), partnership.database.writing() as session:
            store.end(session, partnership.ring, held, at, actor_of(partnership, who))


def test_nobody_reviews_twice_nor_their_own(partnership: Partnership, keys: WrappedKeys) -> None:
    held, sealer = grant(partnership, keys), Sealer(partnership.ring, keys)
    with pytest.raises(OwnOverride), partnership.database.writing() as session:
        reviews.judge(session, sealer, held, ReviewOutcome.JUSTIFIED, "", SOON, partnership.staff["sw"])
    with partnership.database.writing() as session:
        reviews.judge(session, sealer, held, ReviewOutcome.JUSTIFIED, "", SOON, partnership.staff["ig"])
    for unknown in (held, "f" * 32):
        with pytest.raises(NoSuchReview), partnership.database.writing() as session:
            reviews.judge(session, sealer, unknown, ReviewOutcome.REFERRED, "", SOON, partnership.staff["ig"])


def test_two_officers_at_once_settle_a_review_once(database: Database, keys: WrappedKeys) -> None:
    partnership = build(database)
    held, sealer, told, start = grant(partnership, keys), Sealer(partnership.ring, keys), [], Barrier(4)

    def judge() -> None:
        start.wait()
        try:
            with database.writing() as session:
                reviews.judge(session, sealer, held, ReviewOutcome.JUSTIFIED, "", SOON, partnership.staff["ig"])
            told.append("settled")
        except NoSuchReview:
            told.append("too late")

    threads = [Thread(target=judge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["settled", "too late", "too late", "too late"]
    assert len(bodies(partnership, "override_reviewed")) == 1


def test_words_moved_to_another_row_do_not_open_and_erased_ones_are_gone(
    partnership: Partnership, keys: WrappedKeys
) -> None:
    one, other, sealer = grant(partnership, keys), grant(partnership, keys), Sealer(partnership.ring, keys)
    with partnership.database.writing() as session:
        row = session.execute(select(access_override).where(access_override.c.id == one)).one()
        moved = {"nonce": row.nonce, "justification": row.justification}
        session.execute(update(access_override).where(access_override.c.id == other).values(**moved))
    with partnership.database.reading() as session, pytest.raises(EnvelopeRefused) as refused:
        reviews.case(session, sealer, other, SOON)
    assert "grandmother" not in str(refused.value)
    keys.destroy([f"override:{one}"], SOON)
    with partnership.database.reading() as session:
        assert reviews.case(session, sealer, one, SOON).justification is None


def test_an_alarm_is_raised_once_a_day_and_noted_once(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        first = alarms.raise_alarm(session, AlarmKind.SELF_CLAIM, "ZMC", "a" * 32, SOON)
        assert first is not None
        assert alarms.raise_alarm(session, AlarmKind.SELF_CLAIM, "ZMC", "a" * 32, SOON) is None
        tomorrow = SOON + timedelta(days=1)
        assert alarms.raise_alarm(session, AlarmKind.SELF_CLAIM, "ZMC", "a" * 32, tomorrow) is not None
        alarms.take_note(session, partnership.ring, first, SOON, partnership.staff["ig"])
        with pytest.raises(NoSuchAlarm):
            alarms.take_note(session, partnership.ring, first, SOON, partnership.staff["ig"])
        assert len(alarms.unseen(session)) == 1


def test_a_claim_is_no_ground_to_delegate(partnership: Partnership) -> None:
    visitor = actor_of(partnership, "hv")
    with partnership.database.writing() as session:
        relations.claim(session, partnership.ring, LATER, visitor, "ben")
        with pytest.raises(relations.RelationRefused):
            relations.delegate(session, partnership.ring, SOON, visitor, ["ben"], partnership.staff["fsw"])
        made = relations.delegate(session, partnership.ring, SOON, visitor, ["ada"], partnership.staff["fsw"])
        assert [d.relationship_id for d in relations.given_by(session, visitor.staff_id, ["ada"], SOON)] == [made]


def test_a_delegation_of_one_child_hangs_on_the_relationship_to_that_child(partnership: Partnership) -> None:
    visitor = actor_of(partnership, "hv")
    own, _ = partnership.relate("hv", "ben"), partnership.relate("hv", "ada")
    with partnership.database.writing() as session:
        relations.delegate(session, partnership.ring, LATER, visitor, ["ben"], partnership.staff["fsw"])
    assert reason(partnership, "fsw") is Reason.PERMITTED
    with partnership.database.writing() as session:
        people.end_relationship(session, partnership.ring, own, SOON, "test")
    assert reason(partnership, "fsw") is Reason.RELATIONSHIP_ENDED


def test_a_delegation_may_have_an_end_of_its_own(partnership: Partnership) -> None:
    partnership.relate("hv", "ben")
    until = LATER + timedelta(hours=1)
    with partnership.database.writing() as session:
        visitor, taker = actor_of(partnership, "hv"), partnership.staff["fsw"]
        relations.delegate(session, partnership.ring, LATER, visitor, ["ben"], taker, until)
    assert reason(partnership, "fsw") is Reason.PERMITTED
    assert reason(partnership, "fsw", at=until) is Reason.RELATIONSHIP_ENDED


@pytest.mark.parametrize(
    ("duty", "nation", "since", "binds"),
    [
        (ShareDuty.CHILDREN_ACT_16LA, "england", None, False),
        (ShareDuty.CHILDREN_ACT_16LA, "england", "2026-11-22", True),
        (ShareDuty.CHILDREN_ACT_16LA, "england", "2026-11-23", False),
        (ShareDuty.CHILDREN_ACT_16LA, "wales", "2020-01-01", False),
        (ShareDuty.WALES_130, "wales", "2016-04-06", True),
        (ShareDuty.WALES_130, "both", "2016-04-06", True),
        (ShareDuty.WALES_130, "england", "2016-04-06", False),
        (ShareDuty.WALES_130, None, "2016-04-06", False),
    ],
)
def test_a_duty_binds_where_and_when_it_is_in_force(
    duty: ShareDuty, nation: str | None, since: str | None, binds: bool
) -> None:
    today = LATER.date()
    commenced = {duty: None if since is None else datetime.fromisoformat(since).replace(tzinfo=UTC).date()}
    assert sharing.in_force(duty, nation, commenced, today) is binds
    assert not sharing.in_force(duty, nation, {}, today)


@pytest.mark.parametrize(
    "wrong",
    [{"reason": ShareReason.FACILITATES}, {"recipients": []}, {"categories": []}],
)
def test_a_decision_that_does_not_hold_together_is_refused(partnership: Partnership, wrong: dict[str, Any]) -> None:
    said: dict[str, Any] = {
        "person_id": "ada", "duty": ShareDuty.PROFESSIONAL, "binding": False, "answer": ShareAnswer.NOT_DISCLOSED,
        "reason": ShareReason.MORE_DETRIMENTAL, "recipients": ["ZCH"], "categories": list(Category),
    }  # fmt: skip
    actor = actor_of(partnership, "sw")
    with partnership.database.writing() as session:
        sharing.decide(session, partnership.ring, LATER, actor, **said)
        with pytest.raises(ShareRefused):
            sharing.decide(session, partnership.ring, LATER, actor, **(said | wrong))


def test_every_closed_set_has_its_place_in_the_tables() -> None:
    assert set(sharing.FITTING) == set(ShareAnswer)
    assert set().union(*sharing.FITTING.values()) == set(ShareReason)
    assert set(sharing.TERRITORY) == set(ShareDuty)
    assert set(store.ALARMS) == set(OverrideKind)


def test_a_court_order_needs_its_document_in_the_database_too(partnership: Partnership, keys: WrappedKeys) -> None:
    held = grant(partnership, keys)
    with partnership.database.reading() as session:
        row = dict(session.execute(select(access_override).where(access_override.c.id == held)).mappings().one())
    with pytest.raises(IntegrityError), partnership.database.writing() as session:
        session.execute(insert(access_override).values(**(row | {"id": "e" * 32, "kind": "court_order"})))
