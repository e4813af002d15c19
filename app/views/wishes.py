"""The form for a wish about sharing, and what may be said in it.

Invariant: only the answers that belong to a kind of wish are taken, only for members who may be seen, and a consent
only in the right of someone who may give it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app import labels
from app.language import N_, Language
from app.reading import FamilyData
from app.views.people import PersonLabel, labelled
from governance.terms import Category, SignerBasis, SubjectRole, WishAnswer, WishKind

OFFERED: Final = (
    (WishKind.CONSENT, WishAnswer.GIVEN),
    (WishKind.CONSENT, WishAnswer.REFUSED),
    (WishKind.CONSENT, WishAnswer.WITHDRAWN),
    (WishKind.OBJECTION, WishAnswer.MADE),
    (WishKind.OBJECTION, WishAnswer.LIFTED),
    (WishKind.RESTRICTION, WishAnswer.MADE),
    (WishKind.RESTRICTION, WishAnswer.LIFTED),
)
"""What a key worker may record; upholding or overruling an objection is an officer's."""

EVERYTHING: Final = "*"
FOR_THEMSELVES: Final = frozenset({SignerBasis.ADULT_SELF, SignerBasis.COMPETENT_CHILD})


@dataclass(frozen=True, slots=True)
class Unclear:
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Choices:
    people: tuple[PersonLabel, ...]
    answers: tuple[tuple[str, str], ...]
    scopes: tuple[tuple[str, str], ...]
    bases: tuple[tuple[str, str], ...]


def choices(words: Language, data: FamilyData) -> Choices:
    """Return what the form offers for this family."""
    categories = sorted({d.segment.category for d in data.read.decision.segments}, key=list(Category).index)
    return Choices(
        people=tuple(labelled(words, data.family.members, data.known).values()),
        answers=tuple(
            (
                f"{kind}|{answer}",
                f"{words.gettext(labels.WISH_KINDS[kind])}: {words.gettext(labels.WISH_ANSWERS[answer])}",
            )
            for kind, answer in OFFERED
        ),
        scopes=(
            (EVERYTHING, words.gettext(N_("Everything"))),
            *((str(c), words.gettext(labels.CATEGORIES[c])) for c in categories),
        ),
        bases=tuple(option for basis in SignerBasis for option in _voices(words, data, basis)),
    )


def _voices(words: Language, data: FamilyData, basis: SignerBasis) -> list[tuple[str, str]]:
    """Who may have said it in this right: parents by name, since each speaks for themselves and may disagree."""
    said = words.gettext(labels.SIGNER_BASES[basis])
    adults = [m for m in data.family.members if m.subject not in (SubjectRole.CHILD, SubjectRole.SIBLING)]
    parents = adults if basis is SignerBasis.PARENTAL_RESPONSIBILITY else []
    people = labelled(words, data.family.members, data.known)
    named = [(f"{basis}|{m.person_id}", f"{said}: {people[m.person_id].name}") for m in parents]
    return [*named, (str(basis), said)]


def read_form(fields: Mapping[str, str], offered: Choices) -> dict[str, Any] | list[Unclear]:
    """Return the wish as the store takes it, or what is unclear."""
    unclear = []
    if fields.get("person") not in {p.person_id for p in offered.people}:
        unclear.append(Unclear("person", N_("Choose whose data it is about")))
    if fields.get("answer") not in {value for value, _ in offered.answers}:
        unclear.append(Unclear("answer", N_("Choose what was said")))
    if fields.get("scope") not in {value for value, _ in offered.scopes}:
        unclear.append(Unclear("scope", N_("Choose what it is about")))
    if fields.get("basis") not in {value for value, _ in offered.bases}:
        unclear.append(Unclear("basis", N_("Choose who said it")))
    return unclear or _wish(fields)


def _wish(fields: Mapping[str, str]) -> dict[str, Any]:
    kind, _, answer = fields["answer"].partition("|")
    basis, _, speaker = fields["basis"].partition("|")
    right = SignerBasis(basis)
    return {
        "person_id": fields["person"],
        "kind": WishKind(kind),
        "answer": WishAnswer(answer),
        "scope": (fields["scope"],),
        "signer_person_id": fields["person"] if right in FOR_THEMSELVES else speaker or None,
        "signer_basis": right,
        "language": fields.get("language") if fields.get("language") in ("en", "cy") else None,
    }
