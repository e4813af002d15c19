"""Turning a refusal at the gate into an answer: what may be told of it, and whom to ask.

Invariant: only the outward reason leaves; what must look like nothing found is the same answer as nothing found.
"""

from app import explanations
from app.identity import SignedIn
from app.language import N_, Language
from app.problems import FORBIDDEN, LOG_UNAVAILABLE, Problem, Refused
from app.views.family import desk
from governance.policy.policy import outward
from governance.terms import Decision, Outcome, Reason

UNSEEN = Problem(404, "not-found", N_("Nothing to show"), explanations.DUTY_DESK)


def require(decision: Decision, who: SignedIn, words: Language) -> None:
    """Return if the decision permits; otherwise raise what the person may be told."""
    if decision.outcome in (Outcome.PERMIT, Outcome.PARTIAL):
        return
    reason = outward(decision.reason, who.actor.role)
    own = desk(words, who.organisation)
    problem = {Reason.NOT_FOUND: UNSEEN, Reason.LOG_UNAVAILABLE: LOG_UNAVAILABLE}.get(reason, FORBIDDEN)
    raise Refused(problem, explanations.not_shown(words, reason, own), explanations.ask(words, reason, own))
