"""What a person has said about the sharing of their data, as it stands at one instant.

Invariants: rows are only added; a row counts from the instant it is valid *and* recorded; a consent stands only when
the newest row by validity and the newest by record both give it, so that neither a late-typed form nor a back-dated
one can undo a refusal; refusals and withdrawals do not expire; nobody consents for another adult; where two holders of
parental responsibility disagree there is no consent; a competent child's or a court's word outlives a parent's; an
authority speaks only under a care order that stands, and then holders of parental responsibility give way; what was
said on a form that does not hold stops counting when that is found. An opt-out is one switch a person has: its newest
setting counts, whoever set it.
Sources: UK GDPR Articles 7, 18 and 21; Children Act 1989 ss.2-3, 14C, 31, 33(3); Gillick v West Norfolk [1986] AC 112;
the NHS national data opt-out policy (opt-outs do not reach individual care).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from governance.legal_time import legal_date
from governance.terms import Category, Reason, SignerBasis, WishAnswer, WishKind

EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class Wish:
    """One row of the wish store. `scope` names categories, agreements, their flows (`code/no`), or everything."""

    person_id: str
    kind: WishKind
    answer: WishAnswer
    scope: tuple[str, ...]
    signer: str | None
    signer_person_id: str | None
    signer_basis: SignerBasis | None
    valid_from: datetime
    expires: date | None
    recorded_at: datetime
    ordinal: int
    void_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose wishes are read: an adult speaks for themselves; `responsible` may speak for a child as holders.

    A child is `guarded` by special guardians (then nobody unnamed speaks), `in_care` under a care order, or
    `before_court` where only the court decides.
    """

    person_id: str
    adult: bool
    responsible: frozenset[str]
    guarded: bool = False
    in_care: bool = False
    before_court: bool = False


class Consent(StrEnum):
    """The state of consent at an instant."""

    GIVEN = "given"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_ENTITLED = "not_entitled"
    CONFLICT = "conflict"


CONSENT_REASON: Final[Mapping[Consent, Reason | None]] = {
    Consent.GIVEN: None,
    Consent.UNKNOWN: Reason.CONSENT_UNKNOWN,
    Consent.REFUSED: Reason.CONSENT_REFUSED,
    Consent.WITHDRAWN: Reason.CONSENT_WITHDRAWN,
    Consent.EXPIRED: Reason.CONSENT_EXPIRED,
    Consent.NOT_ENTITLED: Reason.CONSENT_SIGNER_NOT_ENTITLED,
    Consent.CONFLICT: Reason.PARENTS_CONFLICT,
}

ANSWERS: Final[Mapping[WishKind, frozenset[WishAnswer]]] = {
    WishKind.CONSENT: frozenset({WishAnswer.GIVEN, WishAnswer.REFUSED, WishAnswer.WITHDRAWN}),
    WishKind.OBJECTION: frozenset(
        {WishAnswer.MADE, WishAnswer.UPHELD, WishAnswer.OVERRULED, WishAnswer.LIFTED, WishAnswer.WITHDRAWN}
    ),
    WishKind.RESTRICTION: frozenset({WishAnswer.MADE, WishAnswer.LIFTED}),
    WishKind.OPT_OUT_NATIONAL: frozenset({WishAnswer.MADE, WishAnswer.LIFTED, WishAnswer.WITHDRAWN}),
    WishKind.OPT_OUT_TYPE_1: frozenset({WishAnswer.MADE, WishAnswer.LIFTED, WishAnswer.WITHDRAWN}),
}
"""Which answers each kind takes."""

ACTIVE: Final = frozenset({WishAnswer.MADE, WishAnswer.UPHELD})
"""An objection counts from the day it is made, while it is being considered."""

DECISIONS: Final = frozenset({(WishKind.OBJECTION, WishAnswer.OVERRULED), (WishKind.RESTRICTION, WishAnswer.LIFTED)})
"""Answers that are the organisation's own decision, not a signer's word."""

PRECEDENCE: Final = (
    frozenset({SignerBasis.COURT}),
    frozenset({SignerBasis.COMPETENT_CHILD}),
    frozenset({SignerBasis.CARE_ORDER}),
    frozenset({SignerBasis.PARENTAL_RESPONSIBILITY}),
)
"""Whose word about a child goes before whose; within one line, all must agree."""

_REFUSALS: Final[Mapping[WishAnswer, Consent]] = {
    WishAnswer.REFUSED: Consent.REFUSED,
    WishAnswer.WITHDRAWN: Consent.WITHDRAWN,
}


def consent(
    wishes: Iterable[Wish], subject: Subject, category: Category, agreement: str, at: datetime, flow: str | None = None
) -> Consent:
    """Return the state of consent to this category under this agreement (through this flow of it) at that instant."""
    rows = _speaking(wishes, WishKind.CONSENT, subject.person_id, _names(category, agreement, flow), at)
    entitled = [row for row in rows if _entitled(row, subject)]
    if not entitled:
        return Consent.NOT_ENTITLED if rows else Consent.UNKNOWN
    states = {_state(group, legal_date(at)) for group in _by_voice(_first_in_line(entitled, subject)).values()}
    return states.pop() if len(states) == 1 else _disagreement(states)


def active(
    wishes: Iterable[Wish],
    kind: WishKind,
    person_id: str,
    category: Category,
    agreement: str,
    at: datetime,
    flow: str | None = None,
) -> bool:
    """Tell whether an objection or restriction of this person stands at that instant."""
    rows = _speaking(wishes, kind, person_id, _names(category, agreement, flow), at)
    kept = [row for row in rows if row.expires is None or legal_date(at) < row.expires]
    return _any_stands(kept)


def opted_out(wishes: Iterable[Wish], kind: WishKind, person_id: str, at: datetime) -> bool:
    """Tell whether an opt-out stands, whatever its scope and whoever set it: opt-outs reach every category."""
    rows = [row for row in wishes if row.kind is kind and row.person_id == person_id and counts(row, at)]
    return bool(rows) and _newest_stand(rows)


def flow_name(agreement: str, flow: str) -> str:
    """Return how a wish names one flow of an agreement."""
    return f"{agreement}/{flow}"


def _names(category: Category, agreement: str, flow: str | None) -> set[str]:
    return {EVERYTHING, str(category), agreement} | ({flow_name(agreement, flow)} if flow else set())


def counts(row: Wish, at: datetime) -> bool:
    """Tell whether a row is valid and recorded by then, on a form not found to be void."""
    held = row.void_from is None or at < row.void_from
    return held and row.valid_from <= at and row.recorded_at <= at


def _speaking(wishes: Iterable[Wish], kind: WishKind, person_id: str, named: set[str], at: datetime) -> list[Wish]:
    return [
        row
        for row in wishes
        if row.kind is kind and row.person_id == person_id and named & set(row.scope) and counts(row, at)
    ]


def _adult_speaks(row: Wish, subject: Subject) -> bool:
    return subject.adult and row.signer_person_id in (None, subject.person_id)


def _parent_speaks(row: Wish, subject: Subject) -> bool:
    if subject.adult or subject.in_care:
        return False
    unnamed = row.signer_person_id is None and not subject.guarded
    return unnamed or row.signer_person_id in subject.responsible


def _child_speaks(row: Wish, subject: Subject) -> bool:
    return not subject.adult and row.signer_person_id in (None, subject.person_id)


_ENTITLED: Final[Mapping[SignerBasis, Callable[[Wish, Subject], bool]]] = {
    SignerBasis.ADULT_SELF: _adult_speaks,
    SignerBasis.PARENTAL_RESPONSIBILITY: _parent_speaks,
    SignerBasis.COMPETENT_CHILD: _child_speaks,
    SignerBasis.CARE_ORDER: lambda _row, subject: subject.in_care and not subject.adult,
    SignerBasis.COURT: lambda _row, _subject: True,
}


def _entitled(row: Wish, subject: Subject) -> bool:
    if row.signer_basis is None or (
        subject.before_court and not subject.adult and row.signer_basis not in PRECEDENCE[0]
    ):
        return False
    return _ENTITLED[row.signer_basis](row, subject)


def _first_in_line(rows: Sequence[Wish], subject: Subject) -> Sequence[Wish]:
    if subject.adult:
        return rows
    lines = ([row for row in rows if row.signer_basis in line] for line in PRECEDENCE)
    return next((line for line in lines if line), rows)


def _voice(row: Wish) -> tuple[str, str]:
    return (str(row.signer_basis), row.signer_person_id or row.signer or "")


def _by_voice(rows: Iterable[Wish]) -> dict[tuple[str, str], list[Wish]]:
    groups: dict[tuple[str, str], list[Wish]] = {}
    for row in rows:
        groups.setdefault(_voice(row), []).append(row)
    return groups


def _any_stands(rows: Iterable[Wish]) -> bool:
    """Each voice speaks for itself; a decision by the organisation (overruled, unrestricted) answers every voice."""
    split: dict[bool, list[Wish]] = {True: [], False: []}
    for row in rows:
        split[(row.kind, row.answer) in DECISIONS].append(row)
    return any(_newest_stand([*group, *split[True]]) for group in _by_voice(split[False]).values())


def _ends(rows: Sequence[Wish]) -> tuple[Wish, Wish]:
    by_validity = max(rows, key=lambda row: (row.valid_from, row.recorded_at, row.ordinal))
    return by_validity, max(rows, key=lambda row: (row.recorded_at, row.ordinal))


def _newest_stand(rows: Sequence[Wish]) -> bool:
    return any(row.answer in ACTIVE for row in _ends(rows))


def _state(rows: Sequence[Wish], today: date) -> Consent:
    for row in _ends(rows):
        if row.answer in _REFUSALS:
            return _REFUSALS[row.answer]
    expired = any(row.expires is not None and today >= row.expires for row in _ends(rows))
    return Consent.EXPIRED if expired else Consent.GIVEN


def _disagreement(states: set[Consent]) -> Consent:
    """Two voices of equal right: consent against refusal is a conflict, otherwise the state nearest to refusal."""
    refused = states & {Consent.REFUSED, Consent.WITHDRAWN}
    if Consent.GIVEN in states and refused:
        return Consent.CONFLICT
    order = (Consent.REFUSED, Consent.WITHDRAWN, Consent.GIVEN, Consent.EXPIRED)
    return next(state for state in order if state in states)
