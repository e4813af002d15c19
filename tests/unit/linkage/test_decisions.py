"""Decisions follow their records, never contradict each other, and are withdrawn, not deleted."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.database import Database
from linkage import store
from linkage.persons.decisions import (
    DecisionFault,
    DecisionKind,
    DecisionOrigin,
    DecisionReason,
    DecisionRefused,
    decide,
    keep_apart,
    standing,
    withdraw,
)
from tests.stored import Stored

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SAME, DIFFERENT = DecisionKind.SAME, DecisionKind.DIFFERENT


@pytest.fixture
def session(sqlite_database: Database) -> Iterator[Session]:
    with sqlite_database.writing() as opened:
        yield opened


@pytest.fixture
def roles(session: Session) -> list[str]:
    stored = Stored(session)
    return [stored.record("contacts", self={})["self"] for _ in range(6)]


def _decide(session: Session, kind: DecisionKind, a: str, b: str) -> str:
    return decide(session, kind, a, b, DecisionReason.RECORDS_CHECKED, DecisionOrigin.STEWARD, "steward", NOW, 1.5)


def _supersede(session: Session, role: str) -> str:
    later = Stored(session)
    new = f"later-{role}"[:32]
    row = session.execute(select(store.record_role).where(store.record_role.c.id == role)).one()
    record = later._id("later")
    old = session.execute(select(store.source_record).where(store.source_record.c.id == row.record_id)).one()
    session.execute(
        insert(store.source_record).values(
            id=f"{record}{role[-6:]}", dataset=old.dataset, load_id=old.load_id, row_number=99, supersedes=old.id
        )
    )
    values = {**row._asdict(), "id": new, "record_id": f"{record}{role[-6:]}", "supersedes": role}
    session.execute(insert(store.record_role).values(**values))
    return new


def _fault(found: pytest.ExceptionInfo[DecisionRefused]) -> DecisionFault:
    return found.value.fault


def test_a_decision_follows_its_roles_to_their_newest_versions(session: Session, roles: list[str]) -> None:
    _decide(session, SAME, roles[0], roles[1])
    newer = _supersede(session, roles[0])
    [held] = standing(session)
    assert (held.role_a, held.role_b) == (newer, roles[1])
    assert (held.kind, held.decided_by, held.match_weight) == (SAME, "steward", 1.5)


def test_a_chain_of_same_forbids_different_and_names_the_chain(session: Session, roles: list[str]) -> None:
    a, b, c, d, e, _ = roles
    chain = {_decide(session, SAME, a, b), _decide(session, SAME, b, c)}
    _decide(session, SAME, d, e)
    with pytest.raises(DecisionRefused) as found:
        _decide(session, DIFFERENT, a, c)
    assert _fault(found) is DecisionFault.SAID_SAME
    assert set(found.value.standing) == chain


def test_different_forbids_a_same_that_closes_the_chain(session: Session, roles: list[str]) -> None:
    a, b, c, *_ = roles
    apart = _decide(session, DIFFERENT, a, c)
    _decide(session, SAME, a, b)
    with pytest.raises(DecisionRefused) as found:
        _decide(session, SAME, b, c)
    assert (_fault(found), found.value.standing) == (DecisionFault.SAID_DIFFERENT, (apart,))


def test_a_contradiction_is_seen_through_newer_versions(session: Session, roles: list[str]) -> None:
    _decide(session, SAME, roles[0], roles[1])
    newer = _supersede(session, roles[0])
    with pytest.raises(DecisionRefused):
        _decide(session, DIFFERENT, newer, roles[1])


def test_a_withdrawn_decision_binds_no_more_but_is_kept(session: Session, roles: list[str]) -> None:
    held = _decide(session, SAME, roles[0], roles[1])
    assert withdraw(session, held, "other steward", NOW) == 1
    assert standing(session) == []
    assert session.execute(select(func.count()).select_from(store.link_decision)).scalar() == 1
    _decide(session, DIFFERENT, roles[0], roles[1])
    with pytest.raises(DecisionRefused) as found:
        withdraw(session, held, "steward", NOW)
    assert _fault(found) is DecisionFault.WITHDRAWN


def test_saying_the_same_again_changes_nothing(session: Session, roles: list[str]) -> None:
    first = _decide(session, SAME, roles[0], roles[1])
    assert _decide(session, SAME, roles[1], roles[0]) == first
    assert len(standing(session)) == 1


def test_two_roles_of_one_record_are_never_decided_on(session: Session) -> None:
    both = Stored(session).record("births", mother={}, baby={})
    with pytest.raises(DecisionRefused) as found:
        _decide(session, SAME, both["mother"], both["baby"])
    assert _fault(found) is DecisionFault.SAME_RECORD


def test_versions_of_one_role_are_not_decided_on(session: Session, roles: list[str]) -> None:
    newer = _supersede(session, roles[0])
    with pytest.raises(DecisionRefused) as found:
        _decide(session, DIFFERENT, roles[0], newer)
    assert _fault(found) is DecisionFault.SAME_ROLE


def test_sealed_identities_are_refused_like_unknown_roles(session: Session, roles: list[str]) -> None:
    with pytest.raises(DecisionRefused) as unknown:
        _decide(session, SAME, roles[0], "nobody")
    with pytest.raises(DecisionRefused) as sealed:
        decide(
            session, SAME, roles[0], roles[1], DecisionReason.TWINS, DecisionOrigin.STEWARD, "s", NOW,
            sealed=lambda a, b: {a, b} == {roles[0], roles[1]},
        )  # fmt: skip
    assert str(sealed.value) == str(unknown.value)
    assert standing(session) == []


def test_an_act_keeps_every_role_of_one_side_from_every_role_of_the_other(session: Session, roles: list[str]) -> None:
    a, b, c, d, e, f = roles
    act = keep_apart(session, [a, b, c], [d], DecisionReason.MERGE_UNDONE, DecisionOrigin.UNDO, "steward", NOW)
    other = keep_apart(session, [e], [f], DecisionReason.TWINS, DecisionOrigin.STEWARD, "steward", NOW)
    held = [decision for decision in standing(session) if decision.id == act]
    assert {d.role_a for d in held} == {a, b, c}
    assert {d.role_b for d in held} == {d}
    _decide(session, SAME, d, e)
    with pytest.raises(DecisionRefused) as found:
        _decide(session, SAME, c, e)
    assert found.value.standing == (act,)
    assert withdraw(session, act, "steward", NOW) == 3
    assert {decision.id for decision in standing(session) if decision.kind is DIFFERENT} == {other}


def test_what_cannot_be_found_cannot_be_withdrawn(session: Session) -> None:
    with pytest.raises(DecisionRefused) as found:
        withdraw(session, "0" * 32, "steward", NOW)
    assert _fault(found) is DecisionFault.UNKNOWN_DECISION
