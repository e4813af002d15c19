"""What of a decision may be told, and to whom.

Invariants: not found, out of scope, erased and firewalled read alike; "no relationship" is told only to roles that may
search; what is withheld without a sign leaves no trace in what is told, whether or not data exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from governance.legal_time import legal_date
from governance.policy.checks import (
    ROLES,
    found,
    in_scope,
    not_erased,
    not_of_other_side,
    not_own_family,
    relationship,
)
from governance.policy.firewall import blocked, protected
from governance.policy.request import Facts, Request
from governance.policy.segments import ALWAYS_SILENT
from governance.terms import Action, BlockKind, Category, Decision, Outcome, Reason, Role, Withholding


def outward(reason: Reason, role: Role | None = None) -> Reason:
    """Return the reason that may be told outside: what would reveal that a record exists reads as not found."""
    if reason in ALWAYS_SILENT:
        return Reason.NOT_FOUND
    hidden = reason in (Reason.NO_RELATIONSHIP, Reason.RELATIONSHIP_ENDED) and role not in ROLES[Action.SEARCH]
    return Reason.NOT_FOUND if hidden else reason


def told(decision: Decision, role: Role | None) -> Decision:
    """Return a decision as it may leave the gate: nothing of what is withheld without a sign, no telling reason.

    What is left does not depend on whether data exist.
    """
    kept = tuple(s for s in decision.segments if s.permitted or s.withholding is Withholding.SIGNALLED)
    if decision.reason is Reason.PERMITTED:
        whole = all(s.permitted for s in kept)
        return replace(decision, segments=kept, outcome=Outcome.PERMIT if whole else Outcome.PARTIAL)
    reason = outward(decision.reason, role)
    hidden = reason is Reason.NOT_FOUND
    relation = None if hidden else decision.relationship
    return replace(decision, reason=reason, failed=(reason,), segments=() if hidden else kept, relationship=relation)


def listable(request: Request, facts: Facts) -> bool:
    """Tell whether a search may list the index of these facts: a child or the worker's own expectant mother, no secret.

    Who is behind a firewall is listed only to a worker who has to do with them, and not with the other side.
    """
    if any(check(request, facts) for check in (not_own_family, not_of_other_side, found, in_scope, not_erased)):
        return False
    today, index = legal_date(request.at), facts.members[0].person_id
    if Category.ADDRESS in blocked(facts, today, request.at).get(index, frozenset()):
        return False
    guarded = any(block.open(today) and index in protected(block, facts, today) for block in facts.blocks)
    return not guarded or relationship(request, facts) is not None


def one_life(listed: Mapping[str, Facts]) -> tuple[str, ...]:
    """Return the listed persons, best match first, without the other life of an adopted child who comes before.

    A list that held both would join them; and who looks for the one name must not be led to the other.
    """
    kept: list[str] = []
    for person in listed:
        if not any(_two_lives(person, other, listed) or _two_lives(other, person, listed) for other in kept):
            kept.append(person)
    return tuple(kept)


def _two_lives(child: str, former: str, listed: Mapping[str, Facts]) -> bool:
    """Tell whether this child was adopted away from the family of that other person."""
    left = {b.against for b in listed[child].blocks if b.kind is BlockKind.ADOPTION and b.person_id == child}
    return any(member.person_id in left for member in listed[former].members)


@dataclass(frozen=True, slots=True)
class Withheld:
    """What one source does not share of one category about one member, and why; the family may be told so."""

    member: str
    category: Category
    source: str
    reason: Reason


def withheld(decision: Decision) -> tuple[Withheld, ...]:
    """Return what is withheld with a sign."""
    return tuple(
        Withheld(s.segment.member, s.segment.category, s.segment.source, s.reason)
        for s in decision.segments
        if not s.permitted and s.withholding is Withholding.SIGNALLED
    )


def silent(decision: Decision, member: str) -> tuple[Category, ...]:
    """Return the categories whose cell reads "not available here": neither shown nor withheld with a sign.

    Depends on agreements, wishes and relationships alone, never on whether data exist.
    """
    open_ones = {
        s.segment.category
        for s in decision.segments
        if s.segment.member == member and (s.permitted or s.withholding is Withholding.SIGNALLED)
    }
    return tuple(category for category in Category if category not in open_ones)
