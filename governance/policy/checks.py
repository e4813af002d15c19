"""The ordered checks of a read as a whole, and which roles may do what, for which purposes.

Invariants: a check is a pure function that returns the reason it fails, or None; what is not known fails; the checks
that could reveal that a record exists come after those of the person who asks.
Sources: the NHS legitimate-relationship model (role, relationship, permission); Caldicott principles 2, 4 and 7.
"""

from collections.abc import Callable, Mapping
from typing import Final

from governance.legal_time import legal_date
from governance.policy.firewall import ALL, blocked
from governance.policy.overrides import standing
from governance.policy.request import Facts, Request
from governance.terms import Action, OverrideKind, Purpose, Reason, RelationshipKind, Role, SubjectRole

Check = Callable[[Request, Facts], Reason | None]

ORDER: Final[Mapping[Reason, int]] = {reason: place for place, reason in enumerate(Reason)}

CHILDHOOD_YEARS: Final = 18

_FRONT_LINE: Final = frozenset(
    {
        Role.MIDWIFE,
        Role.HEALTH_VISITOR,
        Role.FAMILY_SUPPORT_WORKER,
        Role.SOCIAL_WORKER,
        Role.NURSERY_PRACTITIONER,
        Role.SCHOOL_LEAD,
        Role.CHARITY_WORKER,
    }
)

ROLES: Final[Mapping[Action, frozenset[Role]]] = {
    Action.READ_FAMILY: _FRONT_LINE | {Role.ADULT_WORKER},
    Action.SEARCH: _FRONT_LINE,
    Action.READ_AUDIT: frozenset({Role.IG_OFFICER}),
    Action.RUN_COHORT: frozenset({Role.ANALYST}),
    Action.REVIEW_LINKS: frozenset({Role.DATA_STEWARD}),
}
"""Which roles may do what at all."""

_HEALTH: Final = frozenset({Purpose.DIRECT_CARE, Purpose.EARLY_HELP, Purpose.SAFEGUARDING})
_FAMILY: Final = frozenset({Purpose.EARLY_HELP, Purpose.SAFEGUARDING})

PURPOSES: Final[Mapping[Role, frozenset[Purpose]]] = {
    Role.MIDWIFE: _HEALTH,
    Role.HEALTH_VISITOR: _HEALTH,
    Role.FAMILY_SUPPORT_WORKER: _FAMILY,
    Role.SOCIAL_WORKER: _FAMILY,
    Role.NURSERY_PRACTITIONER: _FAMILY,
    Role.SCHOOL_LEAD: _FAMILY,
    Role.CHARITY_WORKER: _FAMILY,
    Role.ADULT_WORKER: _FAMILY,
    Role.IG_OFFICER: frozenset({Purpose.IG_REVIEW}),
    Role.ANALYST: frozenset({Purpose.PLANNING}),
    Role.DATA_STEWARD: frozenset({Purpose.DATA_QUALITY}),
}
"""Which purposes a role may state."""


def log_writable(_request: Request, facts: Facts) -> Reason | None:
    return None if facts.log_available else Reason.LOG_UNAVAILABLE


def signed_in(_request: Request, facts: Facts) -> Reason | None:
    return Reason.NOT_AUTHENTICATED if facts.actor is None else None


def assured(_request: Request, facts: Facts) -> Reason | None:
    return Reason.ASSURANCE_TOO_LOW if facts.actor and not facts.actor.assured else None


def account_active(_request: Request, facts: Facts) -> Reason | None:
    return Reason.ACCOUNT_SUSPENDED if facts.actor and not facts.actor.active else None


def role_held(_request: Request, facts: Facts) -> Reason | None:
    return Reason.NO_ROLE if facts.actor and not facts.actor.role_held else None


def role_allowed(request: Request, facts: Facts) -> Reason | None:
    barred = facts.actor is not None and facts.actor.role not in ROLES[request.action]
    return Reason.ROLE_NOT_ALLOWED if barred else None


def trained(request: Request, facts: Facts) -> Reason | None:
    until = facts.actor.training_until if facts.actor else None
    lapsed = facts.actor is not None and (until is None or until < legal_date(request.at))
    return Reason.TRAINING_LAPSED if lapsed else None


def purpose_stated(request: Request, _facts: Facts) -> Reason | None:
    return Reason.PURPOSE_MISSING if request.purpose is None else None


def purpose_allowed(request: Request, facts: Facts) -> Reason | None:
    if facts.actor is None or request.purpose is None:
        return None
    return None if request.purpose in PURPOSES[facts.actor.role] else Reason.PURPOSE_NOT_ALLOWED


def not_own_family(_request: Request, facts: Facts) -> Reason | None:
    family = {member.person_id for member in facts.members} - {block.against for block in facts.blocks}
    return Reason.SELF_OR_FAMILY if facts.declared & family else None


def not_of_other_side(_request: Request, facts: Facts) -> Reason | None:
    """Told as not found: "someone close to you" would tell whose child this is, under a new name or not."""
    return Reason.HARD_BLOCK if facts.declared & {block.against for block in facts.blocks} else None


def found(_request: Request, facts: Facts) -> Reason | None:
    return None if facts.members else Reason.NOT_FOUND


def in_scope(request: Request, facts: Facts) -> Reason | None:
    """A child; or an expectant mother, to those who work with her: to others she must look like any adult."""
    if not facts.members:
        return None
    index = facts.members[0]
    child = index.subject is SubjectRole.CHILD and (index.age is None or index.age < CHILDHOOD_YEARS)
    own = expecting(facts) and relationship(request, facts) is not None
    return None if child or own else Reason.OUT_OF_SCOPE


def not_erased(_request: Request, facts: Facts) -> Reason | None:
    return Reason.ERASED if facts.members and facts.members[0].person_id in facts.erased else None


def related(request: Request, facts: Facts) -> Reason | None:
    if not facts.members or relationship(request, facts) is not None:
        return None
    through, today = _reached_through(facts), legal_date(request.at)
    ever = any(row.person_id in through and row.since <= today for row in facts.relationships)
    return Reason.RELATIONSHIP_ENDED if ever else Reason.NO_RELATIONSHIP


def not_walled_off(request: Request, facts: Facts) -> Reason | None:
    if not facts.members:
        return None
    closed = blocked(facts, legal_date(request.at), request.at).get(facts.members[0].person_id, frozenset())
    return Reason.HARD_BLOCK if closed == ALL else None


def project_open(request: Request, facts: Facts) -> Reason | None:
    project, today = facts.project, legal_date(request.at)
    if project is None or not project.named:
        return Reason.NOT_FOUND
    return None if project.starts <= today < project.ends else Reason.OUT_OF_SCOPE


def within_limits(request: Request, facts: Facts) -> Reason | None:
    """Looking at too much in a short time stops a worker, but never a break-glass read."""
    spared = any(override.kind is OverrideKind.BREAK_GLASS for override in standing(request, facts))
    return Reason.RATE_LIMITED if facts.over_limit and not spared else None


_SYSTEM_AND_STAFF: Final[tuple[Check, ...]] = (
    log_writable,
    signed_in,
    assured,
    account_active,
    role_held,
    role_allowed,
    trained,
)

CHECKS: Final[Mapping[Action, tuple[Check, ...]]] = {
    Action.READ_FAMILY: (
        *_SYSTEM_AND_STAFF,
        purpose_stated,
        purpose_allowed,
        not_own_family,
        found,
        in_scope,
        not_erased,
        related,
        not_walled_off,
        not_of_other_side,
        within_limits,
    ),
    Action.SEARCH: (*_SYSTEM_AND_STAFF, within_limits),
    Action.READ_AUDIT: (*_SYSTEM_AND_STAFF, purpose_stated, purpose_allowed, not_own_family, not_of_other_side),
    Action.RUN_COHORT: (*_SYSTEM_AND_STAFF, purpose_stated, purpose_allowed, project_open),
    Action.REVIEW_LINKS: (*_SYSTEM_AND_STAFF, purpose_stated, purpose_allowed, not_own_family, not_of_other_side),
}
"""The ordered checks of each action. Segments are decided besides."""


def relationship(request: Request, facts: Facts) -> RelationshipKind | None:
    """Return the strongest relationship open today to the index (for an unborn child also to its mother)."""
    today, through = legal_date(request.at), _reached_through(facts)
    kinds = {r.kind for r in facts.relationships if r.person_id in through and r.open(today, request.at)}
    return next((kind for kind in RelationshipKind if kind in kinds), None)


def _reached_through(facts: Facts) -> frozenset[str]:
    index = facts.members[:1]
    return frozenset(person for member in index for person in (member.person_id, member.carried_by) if person)


def expecting(facts: Facts) -> bool:
    """Tell whether the index carries an unborn child of this family."""
    index = facts.members[0].person_id
    return any(member.unborn and member.carried_by == index for member in facts.members)
