"""The form for a decision to share or not, and the decisions taken before.

Invariant: a duty that is not in force is offered and said to be so; nothing of what was shared is asked for or shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app import labels
from app.identity import Organisation
from app.language import N_, Language
from app.searching import Unclear
from app.sharing import Considered
from governance.overrides.sharing import FITTING, Decided
from governance.terms import Category, ShareAnswer, ShareDuty, ShareReason


@dataclass(frozen=True, slots=True)
class Choices:
    duties: tuple[tuple[str, str, str], ...]
    answers: tuple[tuple[str, str], ...]
    recipients: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DecisionLine:
    id: str
    answer: str
    reason: str
    duty: str
    in_force: bool
    recipients: tuple[str, ...]
    categories: tuple[str, ...]
    organisation: str
    decided_at: datetime


def choices(
    words: Language, binding: Mapping[ShareDuty, bool], organisations: Mapping[str, Organisation], own: str
) -> Choices:
    """Return what the form offers to a worker of this organisation."""
    say = words.gettext
    answers = [
        (f"{answer}|{reason}", f"{say(labels.SHARE_ANSWERS[answer])}: {say(labels.SHARE_REASONS[reason])}")
        for answer in ShareAnswer
        for reason in ShareReason
        if reason in FITTING[answer]
    ]
    others = [o for o in organisations.values() if o.code != own]
    return Choices(
        duties=tuple((str(d), say(labels.SHARE_DUTIES[d]), _standing(words, d, binding[d])) for d in ShareDuty),
        answers=tuple(answers),
        recipients=tuple((o.code, words.pick(o.name_en, o.name_cy)) for o in others),
        categories=tuple((str(c), say(labels.CATEGORIES[c])) for c in Category),
    )


def _standing(words: Language, duty: ShareDuty, binds: bool) -> str:
    if duty is ShareDuty.PROFESSIONAL:
        return ""
    said = N_("In force for your organisation") if binds else N_("Not in force for your organisation")
    return words.gettext(said)


def read_form(person_id: str, fields: Mapping[str, str], offered: Choices) -> Considered | list[Unclear]:
    """Return what was decided, or what is unclear."""
    to = frozenset(code for code, _ in offered.recipients if fields.get(f"to_{code}"))
    about = frozenset(c for c in Category if fields.get(f"category_{c}"))
    unclear = [
        Unclear(name, message)
        for name, fine, message in (
            ("duty", fields.get("duty") in set(ShareDuty), N_("Choose which duty you considered")),
            ("answer", fields.get("answer") in dict(offered.answers), N_("Choose what you decided")),
            ("recipients", bool(to), N_("Choose whom it was about sharing with")),
            ("categories", bool(about), N_("Choose what it was about sharing")),
        )
        if not fine
    ]
    if unclear:
        return unclear
    answer, _, reason = fields["answer"].partition("|")
    return Considered(person_id, ShareDuty(fields["duty"]), ShareAnswer(answer), ShareReason(reason), to, about)


def lines(words: Language, held: Sequence[Decided], organisations: Mapping[str, Organisation]) -> list[DecisionLine]:
    """Return one line for each decision taken before."""
    return [_line(words, one, organisations) for one in held]


def _line(words: Language, one: Decided, organisations: Mapping[str, Organisation]) -> DecisionLine:
    say = words.gettext
    return DecisionLine(
        id=one.id,
        answer=say(labels.SHARE_ANSWERS[one.answer]),
        reason=say(labels.SHARE_REASONS[one.reason]),
        duty=say(labels.SHARE_DUTIES[one.duty]),
        in_force=one.in_force,
        recipients=tuple(_name(words, code, organisations) for code in one.recipients),
        categories=tuple(say(labels.CATEGORIES[c]) for c in one.categories),
        organisation=_name(words, one.organisation, organisations),
        decided_at=one.decided_at,
    )


def _name(words: Language, code: str, organisations: Mapping[str, Organisation]) -> str:
    held = organisations.get(code)
    return words.pick(held.name_en, held.name_cy) if held else code
