"""Deciding whether to share under a duty, recorded either way.

Invariants: only about a child whose record this worker may open; recipients are organisations held here; whether the
duty binds is worked out from settings and the worker's own organisation, and recorded with the decision.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.doors import gate_of
from app.settings import Settings
from app.subjects import Merges
from governance.legal_time import legal_date
from governance.overrides import sharing
from governance.overrides.sharing import Decided, ShareRefused
from governance.policy.asking import for_act
from governance.store import organisation
from governance.terms import (
    Actor,
    Category,
    Decision,
    EventKind,
    Purpose,
    ShareAnswer,
    ShareDuty,
    ShareReason,
)


@dataclass(frozen=True, slots=True)
class Considered:
    """What a worker decided about one child."""

    person_id: str
    duty: ShareDuty
    answer: ShareAnswer
    reason: ShareReason
    recipients: frozenset[str]
    categories: frozenset[Category]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer: `decision_id` is None where the gate refuses."""

    decision: Decision
    decision_id: str | None = None
    binding: bool = False


def commencement(settings: Settings) -> dict[ShareDuty, date | None]:
    """From when each duty is in force, as configured; None where it is not assumed to be."""
    return {
        ShareDuty.CHILDREN_ACT_16LA: settings.duty_to_share_from,
        ShareDuty.WALES_130: settings.duty_to_report_from,
        ShareDuty.PROFESSIONAL: None,
    }


def binding(deployment: Deployment, code: str, at: datetime) -> dict[ShareDuty, bool]:
    """Tell for each duty whether it binds this organisation today."""
    commenced, today = commencement(deployment.settings), legal_date(at)
    with deployment.database.reading() as session:
        nation = session.execute(select(organisation.c.nation).where(organisation.c.code == code)).scalar()
    return {duty: sharing.in_force(duty, nation, commenced, today) for duty in ShareDuty}


def decide(
    deployment: Deployment,
    actor: Actor,
    purpose: Purpose | None,
    what: Considered,
    at: datetime,
    request_id: str,
) -> Recorded:
    """Record a decision to share or not; raise ShareRefused where it does not hold together."""
    considered = gate_of(deployment).consider(
        actor, what.person_id, purpose, at, request_id, EventKind.SHARE_DECISION, for_act
    )
    if not considered.allowed:
        return Recorded(considered.decision)
    binds = binding(deployment, actor.organisation, at)[what.duty]
    with deployment.database.writing() as session:
        _require_known(session, what.recipients)
        made = sharing.decide(
            session, deployment.ring, at, actor, person_id=considered.person_id, duty=what.duty, binding=binds,
            answer=what.answer, reason=what.reason, recipients=what.recipients, categories=what.categories,
            request_id=request_id,
        )  # fmt: skip
    return Recorded(considered.decision, made, binds)


def decided(
    deployment: Deployment, actor: Actor, person_id: str, purpose: Purpose | None, at: datetime, request_id: str
) -> tuple[Decision, list[Decided]]:
    """Return the decisions about a child whose record this worker may open."""
    considered = gate_of(deployment).consider(
        actor, person_id, purpose, at, request_id, EventKind.SHARE_DECISION, for_act
    )
    if not considered.allowed:
        return considered.decision, []
    with deployment.database.reading() as session:
        ids = Merges(session).former([considered.person_id])
        return considered.decision, sharing.decided(session, ids)


def _require_known(session: Session, codes: Collection[str]) -> None:
    known = set(session.scalars(select(organisation.c.code).where(organisation.c.code.in_(sorted(codes)))))
    if known != set(codes):
        raise ShareRefused("recipients: an organisation that is not held here")
