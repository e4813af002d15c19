"""Decisions to share or not to share under a duty, recorded either way.

Invariants: a decision has an answer, a reason that fits it, recipients and categories, and none of what was shared; it
is never changed; whether its duty was in force where and when it was made is recorded with it and never assumed: a duty
without a commencement date is not in force.
Sources: Children Act 2004 s.16LA, inserted by the Children's Wellbeing and Schools Act 2026 s.4 (England; not where
sharing would be more detrimental to the child); Social Services and Well-being (Wales) Act 2014 s.130 (duty to report
children at risk).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.ledger import Detail, acted, record, stored_instant
from governance.store import share_decision
from governance.terms import Actor, Category, EventKind, Outcome, ShareAnswer, ShareDuty, ShareReason

FITTING: Final[Mapping[ShareAnswer, frozenset[ShareReason]]] = {
    ShareAnswer.DISCLOSED: frozenset({ShareReason.FACILITATES}),
    ShareAnswer.NOT_DISCLOSED: frozenset({ShareReason.MORE_DETRIMENTAL, ShareReason.NOT_RELEVANT}),
}
"""Which reasons an answer may have."""

TERRITORY: Final[Mapping[ShareDuty, frozenset[str]]] = {
    ShareDuty.CHILDREN_ACT_16LA: frozenset({"england", "both"}),
    ShareDuty.WALES_130: frozenset({"wales", "both"}),
    ShareDuty.PROFESSIONAL: frozenset({"england", "wales", "both"}),
}
"""Where each duty binds an organisation, by its nation."""


class ShareRefused(Exception):
    """A decision that cannot be recorded as given. The message names the field."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision about one child."""

    id: str
    person_id: str
    staff_id: str
    organisation: str
    duty: ShareDuty
    in_force: bool
    answer: ShareAnswer
    reason: ShareReason
    recipients: tuple[str, ...]
    categories: tuple[Category, ...]
    decided_at: datetime


def in_force(duty: ShareDuty, nation: str | None, commenced: Mapping[ShareDuty, date | None], today: date) -> bool:
    """Tell whether a duty binds an organisation of this nation today; one without a commencement date does not."""
    since = commenced.get(duty)
    return since is not None and since <= today and nation in TERRITORY[duty]


def decide(
    session: Session,
    ring: KeyRing,
    at: datetime,
    actor: Actor,
    *,
    person_id: str,
    duty: ShareDuty,
    binding: bool,
    answer: ShareAnswer,
    reason: ShareReason,
    recipients: Collection[str],
    categories: Collection[Category],
    request_id: str | None = None,
) -> str:
    """Record a decision with its ledger entry; return its id. Raise ShareRefused for one that does not hold together.

    `recipients` are codes of organisations held; `binding` is `in_force` for the worker's own organisation.
    """
    if reason not in FITTING[answer]:
        raise ShareRefused("reason: does not fit the answer")
    if not recipients or not categories:
        raise ShareRefused("recipients: none" if not recipients else "categories: none")
    decision_id = token_hex(16)
    named, about = sorted(set(recipients)), sorted(set(categories))
    session.execute(
        insert(share_decision).values(
            id=decision_id, person_id=person_id, staff_id=actor.staff_id, organisation=actor.organisation,
            role=str(actor.role), duty=str(duty), in_force=binding, answer=str(answer), reason=str(reason),
            recipients=named, categories=about, decided_at=at,
        )
    )  # fmt: skip
    event = acted(EventKind.SHARE_DECISION, Outcome.DONE, actor)
    detail: dict[Detail, str | int] = {
        Detail.DUTY: str(duty),
        Detail.STATUS: "in force" if binding else "not in force",
        Detail.ANSWER: str(answer),
        Detail.REASON: str(reason),
        Detail.RECIPIENTS: ",".join(named)[:300],
        Detail.CATEGORIES: ",".join(about)[:300],
    }
    record(session, ring, replace(event, subjects=(person_id,), request_id=request_id, detail=detail), at)
    return decision_id


def decided(session: Session, person_ids: Collection[str]) -> list[Decided]:
    """Return the decisions about these persons, the newest first."""
    columns = share_decision.c
    query = select(share_decision).where(columns.person_id.in_(person_ids))
    return [_decided(row) for row in session.execute(query.order_by(columns.decided_at.desc(), columns.id))]


def _decided(row: Any) -> Decided:
    return Decided(
        id=row.id,
        person_id=row.person_id,
        staff_id=row.staff_id,
        organisation=row.organisation,
        duty=ShareDuty(row.duty),
        in_force=row.in_force,
        answer=ShareAnswer(row.answer),
        reason=ShareReason(row.reason),
        recipients=tuple(row.recipients),
        categories=tuple(Category(name) for name in row.categories),
        decided_at=stored_instant(row.decided_at),
    )
