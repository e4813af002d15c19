"""Turning a refusal at the gate into an answer: what may be told of it, whom to ring, and what may still be tried.

Invariants: only the outward reason leaves; what must look like nothing found is the same answer as nothing found, to
the letter; what may be tried depends on that reason and the role alone, so offering it reveals nothing.
"""

from app import explanations
from app.deployment import Deployment
from app.identity import SignedIn
from app.language import N_, Language
from app.problems import FORBIDDEN, LOG_UNAVAILABLE, Problem, Refused, Way
from app.ringing import whom_to_ring
from app.views.family import desk
from governance.policy.checks import ROLES
from governance.policy.overrides import LIFTS, MAY, RELATION
from governance.policy.policy import outward
from governance.terms import Action, Decision, Outcome, OverrideKind, Reason, Role

UNSEEN = Problem(404, "not-found", N_("Nothing to show"), explanations.DUTY_DESK)
OVERRIDE, CLAIM = N_("A child may be in danger and I cannot wait"), N_("I work with this child")


def require(
    decision: Decision,
    who: SignedIn,
    words: Language,
    here: Deployment | None = None,
    person_id: str | None = None,
) -> None:
    """Return if the decision permits; otherwise raise what the person may be told.

    With `here` the answer says whom to ring; with `person_id` what may still be tried about that person.
    """
    if decision.outcome in (Outcome.PERMIT, Outcome.PARTIAL):
        return
    reason = outward(decision.reason, who.actor.role)
    own = desk(words, who.organisation)
    problem = {Reason.NOT_FOUND: UNSEEN, Reason.LOG_UNAVAILABLE: LOG_UNAVAILABLE}.get(reason, FORBIDDEN)
    refused = Refused(problem, explanations.not_shown(words, reason, own), explanations.ask(words, reason, own))
    if here is not None:
        sources = set() if problem is UNSEEN else {s.segment.source for s in decision.segments if not s.permitted}
        with here.database.reading() as session:
            refused.ring = tuple(whom_to_ring(session, who.organisation.code, sources))
    if person_id is not None:
        refused.ways = ways(reason, who.actor.role, person_id)
    raise refused


def ways(reason: Reason, role: Role, person_id: str) -> tuple[Way, ...]:
    """Return what this role may still try after this outward reason."""
    found = []
    if reason in RELATION and role in ROLES[Action.SEARCH]:
        found.append(Way("claim", f"/families/{person_id}/claim", CLAIM))
    if may_override(role) and any(reason in lifted for lifted in LIFTS.values()):
        found.append(Way("override", f"/families/{person_id}/override", OVERRIDE))
    if reason is Reason.RATE_LIMITED and role in MAY[OverrideKind.BREAK_GLASS]:
        found.append(Way("override", f"/families/{person_id}/override", OVERRIDE))
    return tuple(found)


def may_override(role: Role) -> bool:
    """Tell whether a role may use any kind of override."""
    return any(role in roles for roles in MAY.values())
