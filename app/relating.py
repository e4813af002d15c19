"""Saying that one works with a child, and delegating work with one.

Invariants: a claim is let through only where nothing but the missing relationship stands in the way, and the privacy
officer hears of it; who delegates must be able to open the child's record; both end on the next request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.deployment import Deployment
from app.doors import gate_of
from app.identity import SignedIn
from app.subjects import Merges
from governance import people
from governance.overrides import relations
from governance.overrides.relations import Delegated, RelationRefused
from governance.people import FactRefused
from governance.policy.asking import for_act, for_claim
from governance.terms import Decision, EventKind, Purpose


@dataclass(frozen=True, slots=True)
class Related:
    """The answer: `relationship_id` is None where the decision refuses."""

    decision: Decision
    relationship_id: str | None = None


def claim(
    deployment: Deployment, who: SignedIn, person_id: str, purpose: Purpose, at: datetime, request_id: str
) -> Related:
    """Let a worker in who says that they work with this child, for a while and with an alarm."""
    considered = gate_of(deployment).consider(
        who.actor, person_id, purpose, at, request_id, EventKind.RELATIONSHIP_CHANGED, for_claim
    )
    if not considered.allowed:
        return Related(considered.decision)
    lasts = timedelta(hours=deployment.settings.claim_hours)
    with deployment.database.writing() as session:
        made = relations.claim(session, deployment.ring, at, who.actor, considered.person_id, lasts)
    return Related(considered.decision, made)


def delegate(
    deployment: Deployment,
    who: SignedIn,
    person_id: str,
    purpose: Purpose | None,
    username: str,
    expires_at: datetime | None,
    at: datetime,
    request_id: str,
) -> Related:
    """Delegate work with a child to the worker of this username; raise RelationRefused where it cannot be."""
    considered = gate_of(deployment).consider(
        who.actor, person_id, purpose, at, request_id, EventKind.RELATIONSHIP_CHANGED, for_act
    )
    if not considered.allowed:
        return Related(considered.decision)
    with deployment.database.writing() as session:
        taker = people.staff_named(session, username.strip())
        if taker is None:
            raise RelationRefused("this worker holds no role to which you may delegate")
        made = relations.delegate(session, deployment.ring, at, who.actor, considered.ids, taker, expires_at)
    return Related(considered.decision, made)


def given(deployment: Deployment, who: SignedIn, person_id: str, at: datetime) -> list[Delegated]:
    """Return what this worker has delegated about this child and that still stands."""
    with deployment.database.reading() as session:
        return relations.given_by(session, who.actor.staff_id, Merges(session).former([person_id]), at)


def end_delegation(deployment: Deployment, who: SignedIn, relationship_id: str, at: datetime) -> str:
    """End a delegation one gave; return whom it was about. Raise FactRefused where there is none."""
    with deployment.database.writing() as session:
        about = relations.delegated_by(session, who.actor.staff_id, relationship_id)
        if about is None:
            raise FactRefused("no such delegation of yours")
        people.end_relationship(session, deployment.ring, relationship_id, at, who.actor.staff_id)
    return about
