"""How far each kind of wish reaches, and what the law asks of those who set and answer it.

Invariants: no wish reaches further than its own kind; the national data opt-out reaches data of England's health and
adult care beyond individual care, never care itself, and nothing of a Welsh source; a Type 1 opt-out keeps what a
practice holds from leaving it for other uses, from the extract on; a restriction stops use, not keeping; an objection
is answered within one month. What is not known (a nation, an age) counts for the person.
Sources: UK GDPR Articles 7, 12(3), 18(2), 21; the national data opt-out operational policy (§§2-8: from 13 a child sets
their own, below it who holds parental responsibility); the NHS Act 2006 s.251 directions on Type 1 opt-outs.
"""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from governance.agreements.flows import Flow
from governance.terms import LegalBasis, SignerBasis, WishAnswer, WishKind
from governance.wishes.forms import months_later


class Use(StrEnum):
    """What data are used for; the same words for every wish."""

    DIRECT_CARE = "direct_care"
    PLANNING = "planning"
    RESEARCH = "research"
    INGEST = "ingest"


_BEYOND_CARE: Final = frozenset({Use.PLANNING, Use.RESEARCH})

REACH: Final[Mapping[WishKind, frozenset[Use]]] = {
    WishKind.CONSENT: frozenset({Use.DIRECT_CARE}),
    WishKind.OBJECTION: frozenset({Use.DIRECT_CARE}) | _BEYOND_CARE,
    WishKind.RESTRICTION: frozenset({Use.DIRECT_CARE}) | _BEYOND_CARE,
    WishKind.OPT_OUT_NATIONAL: _BEYOND_CARE,
    WishKind.OPT_OUT_TYPE_1: _BEYOND_CARE | {Use.INGEST},
}
"""Where each kind may stop anything. Beyond care nothing stands on consent, so nothing is stopped by its want there."""

OPT_OUTS: Final = frozenset({WishKind.OPT_OUT_NATIONAL, WishKind.OPT_OUT_TYPE_1})
WITHOUT_OPT_OUTS: Final = frozenset({"wales"})
"""Nations whose own data no English opt-out reaches."""

OWN_SAY: Final = 13
"""From this age a child sets their own opt-out."""

ANSWER_MONTHS: Final = 1


def honoured(kind: WishKind, flow: Flow, use: Use, nation: str | None) -> bool:
    """Tell whether a wish of this kind stops this flow, put to this use, from a source in this nation."""
    if use not in REACH[kind]:
        return False
    territory = kind not in OPT_OUTS or nation not in WITHOUT_OPT_OUTS
    return territory and _FLOW_HONOURS[kind](flow)


_FLOW_HONOURS: Final[Mapping[WishKind, Callable[[Flow], bool]]] = {
    WishKind.CONSENT: lambda flow: flow.basis is LegalBasis.CONSENT,
    WishKind.OBJECTION: lambda flow: flow.objection_honoured,
    WishKind.RESTRICTION: lambda _flow: True,
    WishKind.OPT_OUT_NATIONAL: lambda flow: flow.national_opt_out_applies,
    WishKind.OPT_OUT_TYPE_1: lambda flow: flow.type_1_applies,
}


def opt_out_fault(basis: SignerBasis | None, age: int | None) -> str | None:
    """Return why an opt-out may not be set or changed in this right at that age, or None. An age not known is too old
    for anybody else's word and too young for one's own.
    """
    if basis is SignerBasis.PARENTAL_RESPONSIBILITY and (age is None or age >= OWN_SAY):
        return f"signer_basis: from {OWN_SAY} a child sets their own opt-out"
    if basis is SignerBasis.COMPETENT_CHILD and (age is None or age < OWN_SAY):
        return f"signer_basis: below {OWN_SAY} whoever holds parental responsibility sets the opt-out"
    return None if basis is not None else "signer_basis: an opt-out says in what right it was set"


def answer_due(made: date) -> date:
    """Return the day by which an objection made on that day is answered."""
    return months_later(made, ANSWER_MONTHS)


UNANSWERED: Final = frozenset({WishAnswer.MADE})
"""An objection waits for a decision while this is the last that was said of it."""
