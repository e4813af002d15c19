"""Clerical review for data stewards: one pair at a time, how far its fields agree, and names only where agreed.

Invariants: nothing is shown or answered but through the gate, which logs it first; without an agreement in force that
names stewards no name is opened; what is opened is of the two records under review only, and held for one reply; an
answer, its binding decision and its ledger entry are committed together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.doors import gate_of
from app.envelopes import unpack
from governance.keys import vault
from governance.ledger import ledger
from governance.ledger.ledger import Detail
from governance.terms import Actor, Category, Decision, EventKind, Outcome, Purpose, Reason
from linkage.quality import answers
from linkage.quality.answers import Answer, Case
from linkage.rows import Identity

SHOWN = 25


@dataclass(frozen=True, slots=True)
class Held:
    """What one record under review says of its person, so far as it may be shown."""

    given_names: str | None = field(default=None, repr=False)
    family_name: str | None = field(default=None, repr=False)
    date_of_birth: date | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    postcode: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue."""

    id: str
    reason: str
    match_weight: float | None
    linked: bool
    unsure: bool


@dataclass(frozen=True, slots=True)
class Queue:
    decision: Decision
    counts: Mapping[str, int]
    lines: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A pair as it may be shown: `held` has a side's values only where an agreement lets stewards see them."""

    decision: Decision
    case: Case | None
    held: tuple[Held | None, Held | None] = (None, None)


def queue(deployment: Deployment, actor: Actor, at: datetime, request_id: str, limit: int = SHOWN) -> Queue:
    """The pairs that wait, the most telling first; empty where the gate refuses."""
    decision = gate_of(deployment).review_links(actor, at, request_id)
    if decision.reason is not Reason.PERMITTED:
        return Queue(decision, {}, ())
    with deployment.database.reading() as session:
        lines = tuple(
            Waiting(row.id, row.reason, row.match_weight, row.linked, row.answer is not None)
            for row in answers.rows_waiting(session, limit)
        )
        return Queue(decision, answers.counts(session), lines)


def open_case(deployment: Deployment, actor: Actor, pair_id: str, at: datetime, request_id: str) -> Opened:
    """One pair, with the values that agreements in force let this steward see."""
    with deployment.database.reading() as session:
        case = answers.case(session, pair_id)
    pair = [(side.person_id, side.provider) for side in case.sides] if case else []
    decision = gate_of(deployment).review_links(actor, at, request_id, pair)
    if case is None or decision.reason is not Reason.PERMITTED:
        return Opened(decision, None)
    with deployment.database.reading() as session:
        return Opened(decision, case, _held(deployment, session, case, decision))


def answer(deployment: Deployment, actor: Actor, pair_id: str, said: Answer, at: datetime, request_id: str) -> Decision:
    """Write an answer with its decision and entry; raise AlreadyAnswered, NotInQueue or DecisionRefused."""
    opened = open_case(deployment, actor, pair_id, at, request_id)
    if opened.decision.reason is not Reason.PERMITTED:
        return opened.decision
    if opened.case is None:
        raise answers.NotInQueue(pair_id)
    event = ledger.acted(EventKind.STEWARD_DECISION, Outcome.DONE, actor, Purpose.DATA_QUALITY)
    detail: dict[Detail, str | int] = {
        Detail.ANSWER: said.value,
        Detail.KIND: opened.case.reason.value,
        Detail.RUN: opened.case.run_id,
    }
    subjects = tuple(dict.fromkeys(side.person_id for side in opened.case.sides))
    with deployment.database.writing() as session:
        answers.answer(session, pair_id, said, actor.staff_id, at)
        entry = replace(event, subjects=subjects, detail=detail, request_id=request_id)
        ledger.record(session, deployment.ring, entry, at)
    return opened.decision


def _held(deployment: Deployment, session: Session, case: Case, decision: Decision) -> tuple[Held | None, Held | None]:
    allowed = {(d.segment.member, d.segment.source, d.segment.category) for d in decision.permitted}
    named = [(side.person_id, side.provider, Category.IDENTITY) in allowed for side in case.sides]
    placed = [(side.person_id, side.provider, Category.ADDRESS) in allowed for side in case.sides]
    wanted = [s.role_id for s, name, place in zip(case.sides, named, placed, strict=True) if name or place]
    found = vault.read(session, deployment.ring, deployment.wrapped_keys, wanted) if wanted else {}
    one, other = (
        _shown(unpack(found[side.role_id]), name, place) if side.role_id in found else None
        for side, name, place in zip(case.sides, named, placed, strict=True)
    )
    return one, other


def _shown(identity: Identity, named: bool, placed: bool) -> Held:
    given = " ".join(part for part in (identity.given_name, identity.middle_names) if part) or None
    return Held(
        given_names=given if named else None,
        family_name=identity.family_name if named else None,
        date_of_birth=identity.date_of_birth if named else None,
        address=identity.address if placed else None,
        postcode=identity.postcode if placed else None,
    )
