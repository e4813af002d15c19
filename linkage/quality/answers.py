"""Stewards' answers to the review queue, and what is learnt from them.

Invariants: an answer is given once; "unsure" decides nothing and leaves the pair in the queue; every answer that
settles a pair is written together with the binding decision; estimates and teaching use the probability sample only.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from linkage.persons import run_store
from linkage.persons.decisions import DecisionKind, DecisionOrigin, DecisionReason, decide
from linkage.quality import estimates
from linkage.quality.compared import Agreement, Pattern, pattern
from linkage.quality.doubts import ReviewReason, Told
from linkage.quality.teaching import Labelled, blended
from linkage.store import link_run, record_role, review_pair, source_record

RolePair = tuple[str, str]


class Answer(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


SETTLED = (Answer.SAME.value, Answer.DIFFERENT.value)


def key(role_a: str, role_b: str) -> RolePair:
    return (role_a, role_b) if role_a < role_b else (role_b, role_a)


def told(session: Session) -> dict[Pattern, Told]:
    """What stewards said of each pattern of agreement, each pair once."""
    query = select(review_pair).where(review_pair.c.answer.in_(SETTLED))
    answers: Counter[Pattern] = Counter()
    against: Counter[Pattern] = Counter()
    seen: set[RolePair] = set()
    for row in session.execute(query):
        if (both := key(row.role_a, row.role_b)) not in seen:
            seen.add(both)
            kind = pattern(read_fields(row.fields))
            answers[kind] += 1
            against[kind] += (row.answer == Answer.SAME) != row.linked
    return {kind: Told(count, against[kind]) for kind, count in answers.items()}


def read_fields(held: Sequence[Mapping[str, Any]]) -> tuple[Agreement, ...]:
    return tuple(Agreement(one["field"], one["agreement"], one["weight"]) for one in held)


def current_runs(session: Session) -> list[str]:
    """The newest full run and those after it: the runs whose samples speak of the present links."""
    rows = session.execute(select(link_run.c.id, link_run.c.mode).order_by(link_run.c.ordinal)).all()
    full = max((at for at, row in enumerate(rows) if row.mode == run_store.FULL), default=0)
    return [row.id for row in rows[full:]]


def sample(session: Session) -> list[estimates.Answered]:
    """The present sample with its answers, each run's strata apart."""
    query = select(review_pair).where(
        review_pair.c.chance.is_not(None), review_pair.c.run_id.in_(current_runs(session))
    )
    said = {Answer.SAME.value: True, Answer.DIFFERENT.value: False}
    return [
        estimates.Answered(f"{row.run_id}|{row.stratum}", row.linked, row.chance, said.get(row.answer))
        for row in session.execute(query.order_by(review_pair.c.id))
    ]


def weighed(session: Session) -> list[tuple[float, bool, float]]:
    """The answered pairs of the present sample: weight, whether one person, and how many pairs each stands for."""
    query = select(review_pair.c.match_weight, review_pair.c.answer, review_pair.c.chance).where(
        review_pair.c.chance.is_not(None),
        review_pair.c.match_weight.is_not(None),
        review_pair.c.answer.in_(SETTLED),
        review_pair.c.run_id.in_(current_runs(session)),
    )
    return [(weight, said == Answer.SAME, 1 / chance) for weight, said, chance in session.execute(query)]


def taught(session: Session, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with m moved towards what stewards' answers on the sample show, where there are enough."""
    query = select(review_pair).where(review_pair.c.chance.is_not(None), review_pair.c.answer == Answer.SAME.value)
    newest: dict[RolePair, Labelled] = {}
    for row in session.execute(query.order_by(review_pair.c.answered_at, review_pair.c.id)):
        levels = {held["field"]: held["agreement"] for held in row.fields}
        newest[key(row.role_a, row.role_b)] = Labelled(levels, row.chance)
    return blended(settings, list(newest.values()))


@dataclass(frozen=True, slots=True)
class Side:
    """One role of a pair under review: whose it is now, and where its record came from."""

    role_id: str
    person_id: str
    role: str
    dataset: str
    provider: str


@dataclass(frozen=True, slots=True)
class Case:
    """A pair under review as a steward may know it without any value."""

    id: str
    reason: ReviewReason
    run_id: str
    match_weight: float | None
    linked: bool
    answer: str | None
    fields: tuple[Agreement, ...]
    sides: tuple[Side, Side]


def case(session: Session, pair_id: str) -> Case | None:
    """A pair of the queue, or None where there is none or a role of it is gone."""
    row = session.execute(select(review_pair).where(review_pair.c.id == pair_id)).first()
    if row is None:
        return None
    sides = [_side(session, role) for role in (row.role_a, row.role_b)]
    if sides[0] is None or sides[1] is None:
        return None
    return Case(
        row.id, ReviewReason(row.reason), row.run_id, row.match_weight, row.linked, row.answer,
        read_fields(row.fields), (sides[0], sides[1]),
    )  # fmt: skip


def _side(session: Session, role_id: str) -> Side | None:
    query = (
        select(
            record_role.c.id, record_role.c.person_id, record_role.c.role, source_record.c.dataset,
            record_role.c.provider,
        )
        .join(source_record, source_record.c.id == record_role.c.record_id)
        .where(record_role.c.id == role_id, record_role.c.person_id.is_not(None))
    )  # fmt: skip
    row = session.execute(query).first()
    return None if row is None else Side(*row)


def counts(session: Session) -> dict[str, int]:
    """How many pairs wait, are answered same or different, or left unsure, in the present runs."""
    query = (
        select(review_pair.c.answer, func.count())
        .where(review_pair.c.run_id.in_(current_runs(session)))
        .group_by(review_pair.c.answer)
    )
    held = {said or "waiting": int(count) for said, count in session.execute(query)}
    return {name: held.get(name, 0) for name in ("waiting", *(said.value for said in Answer))}


def rows_waiting(session: Session, limit: int, reasons: Sequence[ReviewReason] = tuple(ReviewReason)) -> Iterator[Any]:
    """Open rows, the most telling first; what was left unsure comes last."""
    query = (
        select(review_pair)
        .where(
            or_(review_pair.c.answer.is_(None), review_pair.c.answer == Answer.UNSURE.value),
            review_pair.c.reason.in_([reason.value for reason in reasons]),
        )
        .order_by(review_pair.c.answer.is_not(None), review_pair.c.priority.desc(), review_pair.c.id)
        .limit(limit)
    )
    yield from session.execute(query)


class AlreadyAnswered(Exception):
    """The pair was settled before; the first answer stands until the decision is withdrawn."""


class NotInQueue(LookupError):
    """No such pair is, or was, in the queue."""


def answer(session: Session, pair_id: str, said: Answer, by: str, now: datetime) -> None:
    """Write the answer and, where it settles the pair, the binding decision, in the caller's transaction.

    Raise NotInQueue, AlreadyAnswered, or DecisionRefused where other decisions stand in the way.
    """
    row = session.execute(select(review_pair).where(review_pair.c.id == pair_id).with_for_update()).first()
    if row is None:
        raise NotInQueue(pair_id)
    if row.answer in SETTLED:
        raise AlreadyAnswered(pair_id)
    session.execute(
        update(review_pair)
        .where(review_pair.c.id == pair_id)
        .values(answer=said.value, answered_by=by, answered_at=now)
    )
    if said is not Answer.UNSURE:
        origin = DecisionOrigin.REVIEW if row.chance is None else DecisionOrigin.SAMPLE
        decide(
            session, DecisionKind(said.value), row.role_a, row.role_b, DecisionReason.REVIEWED, origin, by, now,
            row.match_weight,
        )  # fmt: skip
