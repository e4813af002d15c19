"""A form to sign: its modules as its own text asks them, and what may be filled in.

Invariants: only people who may be seen can sign or be signed for; a module left at "not asked" is not answered; a
child's own agreement is taken only with the recorder's word that the child understands it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app import labels, wish_labels
from app.language import N_, Language
from app.views.wishes import FOR_THEMSELVES, Choices, Unclear
from governance.legal_time import legal_date
from governance.terms import Evidence, SignerBasis, WishAnswer
from governance.wishes.forms import FORM_ANSWERS, Form
from governance.wishes.signing import Competence, Signing
from governance.wishes.wishes import EVERYTHING

NOT_ASKED: Final = "not_asked"
LANGUAGE_CHOICES: Final = (("en", "English"), ("cy", "Cymraeg"))


@dataclass(frozen=True, slots=True)
class ModuleView:
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class FormView:
    code: str
    title: str
    kind: str
    text: str
    unreviewed: bool
    modules: tuple[ModuleView, ...]
    answers: tuple[tuple[str, str], ...]
    evidence: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, str], ...] = LANGUAGE_CHOICES


def form_view(words: Language, form: Form) -> FormView:
    """Return a form as the page asks it."""
    answers = [(str(a), words.gettext(labels.WISH_ANSWERS[a])) for a in sorted(FORM_ANSWERS[form.kind])]
    return FormView(
        code=form.code,
        title=words.pick(form.title.en, form.title.cy),
        kind=words.gettext(wish_labels.FORM_KINDS[form.kind]),
        text=words.pick(form.text.en, form.text.cy),
        unreviewed=str(words.code) == "cy" and not form.welsh_reviewed,
        modules=tuple(ModuleView(field(m.code), words.pick(m.text.en, m.text.cy)) for m in form.modules),
        answers=(*answers, (NOT_ASKED, words.gettext(N_("Not asked")))),
        evidence=tuple((str(e), words.gettext(said)) for e, said in wish_labels.EVIDENCES.items()),
    )


def field(module: str) -> str:
    """Return the name of a module's field."""
    return f"module.{module}"


def read_signing(
    fields: Mapping[str, str], form: Form, offered: Choices, by: str, at: datetime
) -> Signing | list[Unclear]:
    """Return the signed form as the store takes it, or what is unclear."""
    answers = _answers(fields, form)
    unclear = [
        Unclear(name, message)
        for name, message, allowed in (
            ("person", N_("Choose whose data it is about"), {person.person_id for person in offered.people}),
            ("basis", N_("Choose who signed"), {value for value, _ in offered.bases}),
            ("evidence", N_("Choose how it was signed"), set(Evidence)),
            ("language", N_("Choose the language of the form"), {value for value, _ in LANGUAGE_CHOICES}),
        )
        if fields.get(name) not in allowed
    ]
    if not answers:
        unclear.append(Unclear(field(form.modules[0].code), N_("Answer at least one line")))
    own = fields.get("basis") == SignerBasis.COMPETENT_CHILD and WishAnswer.GIVEN in answers.values()
    if own and fields.get("understands") != "yes":
        unclear.append(Unclear("understands", N_("Say that the child understands what they agree to")))
    return unclear or _signing(fields, answers, by, at)


def _answers(fields: Mapping[str, str], form: Form) -> dict[str, WishAnswer]:
    said = {module.code: fields.get(field(module.code), NOT_ASKED) for module in form.modules}
    return {code: WishAnswer(answer) for code, answer in said.items() if answer in FORM_ANSWERS[form.kind]}


def _signing(fields: Mapping[str, str], answers: Mapping[str, WishAnswer], by: str, at: datetime) -> Signing:
    basis, _, speaker = fields["basis"].partition("|")
    right = SignerBasis(basis)
    own = right is SignerBasis.COMPETENT_CHILD and fields.get("understands") == "yes"
    return Signing(
        person_id=fields["person"],
        language=fields["language"],
        answers=answers,
        signer_basis=right,
        evidence=Evidence(fields["evidence"]),
        signed_at=at,
        signer_person_id=fields["person"] if right in FOR_THEMSELVES else speaker or None,
        competence=Competence(by, legal_date(at), (EVERYTHING,)) if own else None,
        client_key=fields.get("key", "")[:80] or None,
    )
