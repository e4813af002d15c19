"""A pair under review in words: which fields agree and how far, and what each says where that may be shown.

Invariants: nothing here decides what may be shown; a value appears only where the caller was given one; a level or
field that has no words yet is shown by its own name, so that a new model never breaks the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.language import N_, Language
from app.reviewing import Held, Waiting
from linkage.persons.decisions import DecisionFault
from linkage.quality.answers import Answer, Case, Side
from linkage.quality.compared import MISSING, Agreement
from linkage.quality.doubts import ReviewReason


class Kind(StrEnum):
    """How far a field agrees, in four steps."""

    SAME = "same"
    SIMILAR = "similar"
    DIFFERENT = "different"
    MISSING = "missing"


KINDS: Final[Mapping[Kind, str]] = {
    Kind.SAME: N_("Same"),
    Kind.SIMILAR: N_("Similar"),
    Kind.DIFFERENT: N_("Different"),
    Kind.MISSING: N_("Not held by both"),
}
KIND_OF: Final[Mapping[str, Kind]] = {
    "same": Kind.SAME, "dwelling": Kind.SAME, "different": Kind.DIFFERENT, MISSING: Kind.MISSING,
}  # fmt: skip
"""The kind of a level by its label; any other is similar."""

REASONS: Final[Mapping[ReviewReason, str]] = {
    ReviewReason.TWO_NUMBERS: N_("They look like one person, but carry two valid numbers"),
    ReviewReason.OVERSIZED: N_("They belong to a person with more records than one person should have"),
    ReviewReason.UNSURE: N_("They may be one person: the weight is just under the threshold"),
    ReviewReason.WEAK_LINK: N_("They are linked by little: the weight is just above the threshold"),
    ReviewReason.NEARLY_LINKED: N_("They agree well, but were kept apart"),
    ReviewReason.SAMPLE: N_("Drawn at random, to measure how good the links are"),
}

ANSWERS: Final[Mapping[Answer, str]] = {
    Answer.SAME: N_("One person"),
    Answer.DIFFERENT: N_("Two different people"),
    Answer.UNSURE: N_("I cannot tell"),
}
HINTS: Final[Mapping[Answer, str]] = {
    Answer.SAME: N_("Their records are joined from the next run on."),
    Answer.DIFFERENT: N_("Their records are kept apart from the next run on."),
    Answer.UNSURE: N_("Nothing changes. The pair stays in the queue."),
}

FIELDS: Final[Mapping[str, str]] = {
    "nhs": N_("NHS number"), "upn": N_("UPN"), "upn_temporary": N_("Temporary UPN"), "local": N_("Local identifier"),
    "birth_order": N_("Order of birth"), "given": N_("Given names"), "family": N_("Family name"),
    "dob": N_("Date of birth"), "place": N_("Address"), "contact": N_("Telephone or email"), "sex": N_("Sex"),
    "company": N_("Two lists that name each person once"),
}  # fmt: skip

FAULTS: Final[Mapping[DecisionFault, str]] = {
    DecisionFault.UNKNOWN_ROLE: N_("One of the records is no longer held"),
    DecisionFault.SAME_ROLE: N_("Both are versions of one record"),
    DecisionFault.SAME_RECORD: N_("Both stand in one record, so they are two people"),
    DecisionFault.SAID_SAME: N_("Earlier answers say that they are one person. Withdraw those first"),
    DecisionFault.SAID_DIFFERENT: N_("Earlier answers say that they are different people. Withdraw those first"),
    DecisionFault.UNKNOWN_DECISION: N_("There is no such decision"),
    DecisionFault.WITHDRAWN: N_("The decision was withdrawn before"),
}


@dataclass(frozen=True, slots=True)
class LineView:
    id: str
    reason: str
    linked: bool
    unsure: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    name: str
    kind: str
    said: str
    level: str
    weight: str


@dataclass(frozen=True, slots=True)
class SideView:
    source: str
    role: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    reason: str
    linked: bool
    settled: str | None
    fields: tuple[FieldView, ...]
    sides: tuple[SideView, ...]
    values: bool
    choices: tuple[tuple[str, str, str], ...]


def queue_lines(words: Language, lines: Sequence[Waiting]) -> list[LineView]:
    return [LineView(one.id, words.gettext(REASONS[ReviewReason(one.reason)]), one.linked, one.unsure) for one in lines]


def case_view(words: Language, case: Case, held: tuple[Held | None, Held | None]) -> CaseView:
    """Return everything the page says of one pair."""
    settled = case.answer if case.answer not in (None, Answer.UNSURE) else None
    return CaseView(
        reason=words.gettext(REASONS[case.reason]),
        linked=case.linked,
        settled=None if settled is None else words.gettext(ANSWERS[Answer(settled)]),
        fields=tuple(_field(words, field) for field in case.fields),
        sides=tuple(_side(words, side, own) for side, own in zip(case.sides, held, strict=True)),
        values=any(own is not None for own in held),
        choices=tuple((str(a), words.gettext(ANSWERS[a]), words.gettext(HINTS[a])) for a in Answer),
    )


def _field(words: Language, field: Agreement) -> FieldView:
    kind = KIND_OF.get(field.agreement, Kind.SIMILAR)
    name = FIELDS.get(field.field)
    return FieldView(
        name=words.gettext(name) if name else field.field.replace("_", " "),
        kind=str(kind),
        said=words.gettext(KINDS[kind]),
        level=field.agreement if kind is Kind.SIMILAR else "",
        weight="" if kind is Kind.MISSING else f"{field.weight:+.1f}",
    )


def _side(words: Language, side: Side, held: Held | None) -> SideView:
    values = () if held is None else _values(words, held)
    return SideView(f"{side.dataset} ({side.provider})", side.role.replace("_", " "), values)


def _values(words: Language, held: Held) -> tuple[tuple[str, str], ...]:
    born = words.day(held.date_of_birth) if held.date_of_birth else None
    place = ", ".join(part for part in (held.address, held.postcode) if part) or None
    told = (
        (N_("Given names"), held.given_names), (N_("Family name"), held.family_name), (N_("Date of birth"), born),
        (N_("Address"), place),
    )  # fmt: skip
    return tuple((words.gettext(name), value) for name, value in told if value)
