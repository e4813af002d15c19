"""Overrides: asked for by a worker, reviewed by somebody else.

Invariants: nothing is granted that the policy could not lift, and a refusal looks like the refusal of a read; an
override states its purpose with it; an overdue review is escalated and stops no one; only officers whom the gate lets
read the log see who used one, and none of them their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from app import purposes
from app.deployment import Deployment
from app.doors import gate_of
from app.identity import SignedIn
from app.settings import Settings
from app.subjects import Merges
from governance.overrides import alarms, reviews, store
from governance.overrides.alarms import Alarm
from governance.overrides.reviews import Case, Review
from governance.overrides.sealing import Sealer
from governance.overrides.store import Asked, Flaw, Held, OverrideRefused
from governance.overrides.working_days import due
from governance.policy.asking import for_override
from governance.policy.overrides import CLINICIANS, LONGEST, REASONS
from governance.policy.request import Facts, Request
from governance.store import access_override, staff
from governance.terms import (
    Actor,
    Decision,
    EventKind,
    OverrideKind,
    OverrideReason,
    Purpose,
    Reason,
    ReviewOutcome,
    Role,
)

FILTER: Mapping[str, str] = {"overrides": ""}


@dataclass(frozen=True, slots=True)
class Granted:
    """The answer to asking: `override_id` is None where the decision refuses."""

    decision: Decision
    override_id: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for officers. `names` gives a worker's name by id."""

    decision: Decision
    reviews: tuple[Review, ...] = ()
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """One override before an officer; `worker` is who used it, `own` tells that it was the officer."""

    decision: Decision
    case: Case | None = None
    worker: str = ""
    own: bool = False


def purpose_of(reason: OverrideReason, role: Role) -> Purpose:
    """The purpose that goes with a reason: a clinician's emergency is direct care, all else is safeguarding."""
    clinical = reason is OverrideReason.MEDICAL_EMERGENCY and role in CLINICIANS
    return Purpose.DIRECT_CARE if clinical else Purpose.SAFEGUARDING


def longest(kind: OverrideKind, at: datetime) -> datetime | None:
    """The latest instant at which an override of this kind, granted now, may end; None where the order says."""
    lasts = LONGEST[kind]
    return None if lasts is None else at + lasts


def review_due(settings: Settings, kind: OverrideKind, at: datetime) -> datetime:
    """By when an override of this kind is to be reviewed."""
    short = kind is OverrideKind.BREAK_GLASS
    days = settings.break_glass_review_days if short else settings.override_review_days
    return due(at, days, settings.extra_holidays)


def check(asked: Asked, at: datetime) -> None:
    """Raise OverrideRefused for what no override of this kind may be."""
    latest = longest(asked.kind, at)
    if asked.reason not in REASONS[asked.kind]:
        raise OverrideRefused(Flaw.REASON)
    if latest is not None and asked.expires_at > latest:
        raise OverrideRefused(Flaw.EXPIRES)
    for flaw in store.flaws(asked, at):
        raise OverrideRefused(flaw)


def ask(deployment: Deployment, who: SignedIn, asked: Asked, at: datetime, request_id: str) -> Granted:
    """Grant an override that could lift what stands in the way; raise OverrideRefused for a flaw in what is asked."""
    check(asked, at)
    purpose = purpose_of(asked.reason, who.actor.role)
    gate, decide = gate_of(deployment), partial(_decide, kind=asked.kind)
    considered = gate.consider(who.actor, asked.person_id, purpose, at, request_id, EventKind.OVERRIDE, decide)
    if not considered.allowed:
        return Granted(considered.decision)
    about = Asked(**{name: getattr(asked, name) for name in Asked.__slots__} | {"person_id": considered.person_id})
    reviewed_by = review_due(deployment.settings, asked.kind, at)
    with deployment.database.writing() as session:
        made = store.grant(session, _sealer(deployment), at, who.actor, purpose, about, reviewed_by, request_id)
    purposes.state(deployment, who, asked.person_id, purpose, at, request_id)
    return Granted(considered.decision, made)


def _decide(request: Request, facts: Facts, kind: OverrideKind) -> Decision:
    return for_override(request, facts, kind)


def end(deployment: Deployment, who: SignedIn, override_id: str, at: datetime) -> str:
    """End one's own override; return whom it was about. Raise NoSuchOverride where none is open."""
    with deployment.database.writing() as session:
        return store.end(session, deployment.ring, override_id, at, who.actor)


def standing(deployment: Deployment, who: SignedIn, person_id: str, at: datetime) -> list[Held]:
    """Return this worker's open overrides about this person, those that end first first."""
    with deployment.database.reading() as session:
        ids = Merges(session).former([person_id])
        held = [one for one in store.of_worker(session, who.actor.staff_id, ids) if one.open(at)]
    return sorted(held, key=lambda one: one.expires_at)


def queue(deployment: Deployment, actor: Actor, at: datetime, request_id: str) -> Queue:
    """Return what waits for review, the most overdue first, and the alarms nobody has taken note of."""
    decision = gate_of(deployment).read_audit(actor, at, request_id, FILTER)
    if decision.reason is not Reason.PERMITTED:
        return Queue(decision)
    escalate(deployment, at)
    with deployment.database.reading() as session:
        return Queue(decision, tuple(reviews.waiting(session, at)), tuple(alarms.unseen(session)))


def open_case(deployment: Deployment, actor: Actor, override_id: str, at: datetime, request_id: str) -> Opened:
    """Open one override with its words; who is refused reading about that person is refused here."""
    with deployment.database.reading() as session:
        query = select(access_override.c.person_id).where(access_override.c.id == override_id)
        about = list(session.scalars(query))
    decision = gate_of(deployment).read_audit(actor, at, request_id, FILTER, about)
    if decision.reason is not Reason.PERMITTED or not about:
        return Opened(decision)
    with deployment.database.reading() as session:
        case = reviews.case(session, _sealer(deployment), override_id, at)
        used_by = case.review.override.staff_id
        name = session.execute(select(staff.c.name).where(staff.c.id == used_by)).scalar_one()
    return Opened(decision, case, name, used_by == actor.staff_id)


def judge(
    deployment: Deployment,
    actor: Actor,
    override_id: str,
    outcome: ReviewOutcome,
    note: str,
    at: datetime,
    request_id: str,
) -> Decision:
    """Settle a review; raise NoSuchReview or OwnOverride."""
    opened = open_case(deployment, actor, override_id, at, request_id)
    if opened.decision.reason is not Reason.PERMITTED:
        return opened.decision
    with deployment.database.writing() as session:
        reviews.judge(session, _sealer(deployment), override_id, outcome, note, at, actor.staff_id)
    return opened.decision


def take_note(deployment: Deployment, actor: Actor, alarm_id: str, at: datetime, request_id: str) -> Decision:
    """Take note of an alarm; raise NoSuchAlarm where none waits."""
    decision = gate_of(deployment).read_audit(actor, at, request_id, FILTER)
    if decision.reason is Reason.PERMITTED:
        with deployment.database.writing() as session:
            alarms.take_note(session, deployment.ring, alarm_id, at, actor.staff_id)
    return decision


def escalate(deployment: Deployment, at: datetime) -> int:
    """Escalate the reviews that became overdue; return how many."""
    with deployment.database.reading() as session:
        if not reviews.overdue(session, at):
            return 0
    with deployment.database.writing() as session:
        return reviews.escalate(session, deployment.ring, at)


def counts(deployment: Deployment, at: datetime) -> dict[str, int]:
    """Return how many reviews wait overdue and how many alarms, for those who watch the service."""
    with deployment.database.reading() as session:
        waiting = {str(kind): count for kind, count in alarms.counts(session).items()}
        return {"overdue": reviews.overdue(session, at), **waiting}


def choices_of(role: Role, offered: Mapping[OverrideKind, Mapping[Role, frozenset[Purpose]]]) -> list[OverrideKind]:
    """Return the kinds this role may use."""
    return [kind for kind in OverrideKind if role in offered[kind]]


def hours(kind: OverrideKind) -> int:
    """How many hours an override of this kind may last; 0 where the order says."""
    lasts = LONGEST[kind]
    return 0 if lasts is None else lasts // timedelta(hours=1)


def _sealer(deployment: Deployment) -> Sealer:
    return Sealer(deployment.ring, deployment.wrapped_keys)
