"""May this be asked for at all: an override, a claim, an act about a child? Answered from the read's own checks.

Invariants: whether data exist plays no part, so that asking is no probe; what could not be lifted refuses with the
reason that a read would be refused with; a worker who has looked at too much may still break the glass.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from governance.policy.checks import CHECKS, ROLES
from governance.policy.overrides import LIFTS, MAY, RELATION, permissible
from governance.policy.policy import decide
from governance.policy.request import Facts, Request
from governance.policy.segments import in_order
from governance.terms import Action, Decision, Outcome, OverrideKind, Reason

SPARED: Final = {OverrideKind.BREAK_GLASS: frozenset({Reason.RATE_LIMITED})}


def for_override(request: Request, facts: Facts, kind: OverrideKind) -> Decision:
    """Decide whether an override of this kind could open anything for this worker, child and purpose."""
    barred = []
    if facts.actor is not None and not permissible(kind, facts.actor.role, request.purpose):
        known = facts.actor.role in MAY[kind]
        barred.append(Reason.PURPOSE_NOT_ALLOWED if known else Reason.ROLE_NOT_ALLOWED)
    return _without(request, facts, LIFTS[kind] | SPARED.get(kind, frozenset()), barred)


def for_claim(request: Request, facts: Facts) -> Decision:
    """Decide whether a worker may say that they work with this child: a role that may search, nothing else wrong."""
    searching = facts.actor is None or facts.actor.role in ROLES[Action.SEARCH]
    return _without(request, facts, RELATION, [] if searching else [Reason.ROLE_NOT_ALLOWED])


def for_act(request: Request, facts: Facts) -> Decision:
    """Decide whether a worker who has to do with this child may act about it."""
    return _without(request, facts, frozenset())


def _without(request: Request, facts: Facts, lifted: Collection[Reason], barred: Collection[Reason] = ()) -> Decision:
    failing = in_order([*barred, *(check(request, facts) for check in CHECKS[request.action])])
    left = tuple(reason for reason in failing if reason not in lifted)
    decision = replace(decide(request, facts), segments=(), failed=left)
    if left:
        return replace(decision, outcome=Outcome.DENY, reason=left[0])
    return replace(decision, outcome=Outcome.PERMIT, reason=Reason.PERMITTED)
