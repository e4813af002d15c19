"""May this override be asked for at all? Answered from the checks of the read as a whole.

Invariants: whether data exist plays no part, so that asking is no probe; what an override could not lift refuses it
with the reason that a read would be refused with; a worker who has looked at too much may still break the glass.
"""

from typing import Final

from governance.policy.checks import CHECKS
from governance.policy.overrides import LIFTS, MAY, permissible
from governance.policy.request import Facts, Request
from governance.policy.segments import in_order
from governance.terms import OverrideKind, Reason

SPARED: Final = {OverrideKind.BREAK_GLASS: frozenset({Reason.RATE_LIMITED})}


def refusals(request: Request, facts: Facts, kind: OverrideKind) -> tuple[Reason, ...]:
    """Return why an override of this kind would open nothing for this worker, child and purpose; empty where it may."""
    failing = [check(request, facts) for check in CHECKS[request.action]]
    if facts.actor is not None and not permissible(kind, facts.actor.role, request.purpose):
        known = facts.actor.role in MAY[kind]
        failing.append(Reason.PURPOSE_NOT_ALLOWED if known else Reason.ROLE_NOT_ALLOWED)
    lifted = LIFTS[kind] | SPARED.get(kind, frozenset())
    return tuple(reason for reason in in_order(failing) if reason not in lifted)
