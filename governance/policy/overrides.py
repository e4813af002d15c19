"""Overrides: what an emergency or a court's order lifts, for whom, for which purpose and for how long.

Invariants: an override lifts only relationship, agreement, rights and consent, for its own worker, child and
categories, while it lasts; it never lifts identity, role, training, purpose, self or family, what must look like not
found, law, hard blocks or the unborn rule; one that is lapsed, ended, not yet granted, longer than its kind allows,
another worker's or about another child lifts nothing; an adult's own health needs its own naming; whether earlier ones
have been reviewed plays no part, so that an overdue review never stops the next.
Sources: Children Act 1989 s.47; Working Together to Safeguard Children (sharing without consent); the NHS break-glass
model (short, alarmed, reviewed); the ICO's data sharing code (an agreement is good practice, not a precondition).
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

from governance.policy.request import Facts, Override, Request
from governance.terms import Action, Category, OverrideKind, OverrideReason, Purpose, Reason, Role

RELATION: Final = frozenset({Reason.NO_RELATIONSHIP, Reason.RELATIONSHIP_ENDED})
AGREEMENT: Final = frozenset(
    {
        Reason.NO_AGREEMENT,
        Reason.AGREEMENT_NOT_SIGNED,
        Reason.AGREEMENT_NOT_IN_FORCE,
        Reason.AGREEMENT_SUSPENDED,
        Reason.AGREEMENT_EXPIRED,
        Reason.REVIEW_OVERDUE,
    }
)
RIGHTS: Final = frozenset({Reason.RESTRICTED, Reason.OBJECTION})
CONSENT: Final = frozenset(
    {
        Reason.CONSENT_UNKNOWN,
        Reason.CONSENT_REFUSED,
        Reason.CONSENT_WITHDRAWN,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_SIGNER_NOT_ENTITLED,
        Reason.PARENTS_CONFLICT,
    }
)
_ALL_LIFTABLE: Final = RELATION | AGREEMENT | RIGHTS | CONSENT

LIFTS: Final[Mapping[OverrideKind, frozenset[Reason]]] = {
    OverrideKind.SAFEGUARDING: _ALL_LIFTABLE,
    OverrideKind.BREAK_GLASS: _ALL_LIFTABLE,
    OverrideKind.COURT_ORDER: _ALL_LIFTABLE,
}
"""Which failed checks each kind lifts."""

CLINICIANS: Final = frozenset({Role.MIDWIFE, Role.HEALTH_VISITOR})
_SAFEGUARDING: Final = frozenset({Purpose.SAFEGUARDING})
_CLINICAL: Final = frozenset({Purpose.SAFEGUARDING, Purpose.DIRECT_CARE})

MAY: Final[Mapping[OverrideKind, Mapping[Role, frozenset[Purpose]]]] = {
    OverrideKind.SAFEGUARDING: {
        Role.MIDWIFE: _SAFEGUARDING,
        Role.HEALTH_VISITOR: _SAFEGUARDING,
        Role.SOCIAL_WORKER: _SAFEGUARDING,
        Role.FAMILY_SUPPORT_WORKER: _SAFEGUARDING,
        Role.SCHOOL_LEAD: _SAFEGUARDING,
    },
    OverrideKind.BREAK_GLASS: {
        Role.MIDWIFE: _CLINICAL,
        Role.HEALTH_VISITOR: _CLINICAL,
        Role.SOCIAL_WORKER: _SAFEGUARDING,
    },
    OverrideKind.COURT_ORDER: {
        Role.MIDWIFE: _SAFEGUARDING,
        Role.HEALTH_VISITOR: _SAFEGUARDING,
        Role.SOCIAL_WORKER: _SAFEGUARDING,
    },
}
"""Which roles may use each kind, and for which purposes."""

REASONS: Final[Mapping[OverrideKind, frozenset[OverrideReason]]] = {
    OverrideKind.SAFEGUARDING: frozenset(
        {OverrideReason.RISK_OF_SIGNIFICANT_HARM, OverrideReason.IMMEDIATE_DANGER, OverrideReason.MISSING_CHILD}
    ),
    OverrideKind.BREAK_GLASS: frozenset(
        {OverrideReason.IMMEDIATE_DANGER, OverrideReason.MEDICAL_EMERGENCY, OverrideReason.MISSING_CHILD}
    ),
    OverrideKind.COURT_ORDER: frozenset({OverrideReason.ORDER_OF_COURT}),
}
"""Which reasons each kind may be used for."""

LONGEST: Final[Mapping[OverrideKind, timedelta | None]] = {
    OverrideKind.SAFEGUARDING: timedelta(hours=24),
    OverrideKind.BREAK_GLASS: timedelta(hours=4),
    OverrideKind.COURT_ORDER: None,
}
"""How long each kind may last; a court's order until the day it says."""

ADULTS_OWN: Final = frozenset({Category.PRIMARY_CARE, Category.IMMUNISATION})
"""An adult's segments of these need `adult_health` named as well: to ask for a child's is not to ask for a parent's."""


def standing(request: Request, facts: Facts) -> tuple[Override, ...]:
    """Return the overrides that may lift something in this read, by id."""
    if request.action is not Action.READ_FAMILY or facts.actor is None or not facts.members:
        return ()
    return tuple(sorted((o for o in facts.overrides if _stands(o, request, facts)), key=lambda o: o.id))


def lifting(
    overrides: Collection[Override], category: Category, adult: bool, reasons: Collection[Reason]
) -> Override | None:
    """Return the first of these standing overrides that lifts every one of these reasons for this segment."""
    covering = (o for o in overrides if _covers(o, category, adult))
    return next((o for o in covering if LIFTS[o.kind].issuperset(reasons)), None)


def permissible(kind: OverrideKind, role: Role, purpose: Purpose | None) -> bool:
    """Tell whether this role may use this kind for this purpose."""
    return purpose in MAY[kind].get(role, frozenset[Purpose]())


def within_longest(override: Override) -> bool:
    """Tell whether an override lasts no longer than its kind may."""
    longest, lasts = LONGEST[override.kind], override.expires_at - override.granted_at
    return longest is None or lasts <= longest


def _stands(override: Override, request: Request, facts: Facts) -> bool:
    assert facts.actor is not None
    own = (override.staff_id, override.person_id) == (facts.actor.staff_id, facts.members[0].person_id)
    ended = override.ended_at is not None and override.ended_at <= request.at
    now = override.granted_at <= request.at < override.expires_at and not ended
    fit = override.reason in REASONS[override.kind] and within_longest(override)
    ordered = override.document or override.kind is not OverrideKind.COURT_ORDER
    return own and now and fit and ordered and permissible(override.kind, facts.actor.role, request.purpose)


def _covers(override: Override, category: Category, adult: bool) -> bool:
    needed = {category, Category.ADULT_HEALTH} if adult and category in ADULTS_OWN else {category}
    return needed <= override.categories
