"""What was recorded of a family's wishes, what is due, and the receipt of one act, in words.

Invariant: everything comes from what was recorded and from the agreements; nothing is added.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from app import labels, wish_labels
from app.identity import Organisation
from app.language import Language
from app.views.family import scope
from app.views.people import PersonLabel
from governance.legal_time import legal_date
from governance.terms import Category, FormFault, Ground, LegalBasis, SignerBasis
from governance.wishes.receipts import Effect, Line, Said
from governance.wishes.reviews import Review
from governance.wishes.store import WishRecord


@dataclass(frozen=True, slots=True)
class RecordedRow:
    record_id: str
    who: str
    what: str
    answer: str
    scope: str
    basis: str | None
    since: date
    expires: date | None
    void: bool


@dataclass(frozen=True, slots=True)
class DueRow:
    due: date
    overdue: bool
    who: str
    why: str
    scope: str


@dataclass(frozen=True, slots=True)
class ModuleAnswer:
    text: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class FlowRow:
    agreement: str
    why: str
    source: str
    recipients: str
    categories: str
    basis: str


@dataclass(frozen=True, slots=True)
class ReceiptView:
    record_id: str
    who: str
    title: str
    unreviewed: bool
    said: tuple[tuple[str, str], ...]
    modules: tuple[ModuleAnswer, ...]
    basis: str | None
    ground: str | None
    evidence: str | None
    said_on: date
    recorded_at: datetime
    expires: str | None
    fault: str | None
    effects: tuple[tuple[str, tuple[FlowRow, ...]], ...]
    digest: str


def recorded(words: Language, rows: Iterable[WishRecord], people: Mapping[str, PersonLabel]) -> list[RecordedRow]:
    """Return what was recorded, newest first; the wishes of one signed form keep together under its id."""
    newest = sorted(rows, key=lambda record: (record.wish.recorded_at, record.wish.ordinal), reverse=True)
    return [_recorded(words, record, people) for record in newest if record.wish.person_id in people]


def due(words: Language, reviews: Iterable[Review], people: Mapping[str, PersonLabel], today: date) -> list[DueRow]:
    return [
        DueRow(
            due=review.due,
            overdue=review.due < today,
            who=people[review.person_id].name,
            why=words.gettext(wish_labels.REVIEWS[review.why]),
            scope=scope(words, review.scope),
        )
        for review in sorted(reviews)
        if review.person_id in people
    ]


def receipt_view(
    words: Language, said: Said, changed: Sequence[Line], who: str, digest: str,
    organisations: Mapping[str, Organisation], titles: Mapping[tuple[str, int], tuple[str, str | None]],
) -> ReceiptView:  # fmt: skip
    """Return the receipt as a page reads it."""
    form = said.form
    title = words.pick(form.title.en, form.title.cy) if form else words.gettext(labels.WISH_KINDS[said.kind])
    flows = {effect: [line for line in changed if line.effect is effect] for effect in Effect}
    flows[Effect.GOES_ON] = _together(flows[Effect.GOES_ON])
    return ReceiptView(
        record_id=said.record_id,
        who=who,
        title=title,
        unreviewed=form is not None and str(words.code) == "cy" and not form.welsh_reviewed,
        said=tuple((words.gettext(labels.WISH_ANSWERS[answer]), scope(words, about)) for answer, about in said.answers),
        modules=_modules(words, said),
        basis=_basis(words, said.basis),
        ground=words.gettext(wish_labels.GROUNDS[Ground(said.ground)]) if said.ground else None,
        evidence=next((words.gettext(t) for e, t in wish_labels.EVIDENCES.items() if e == said.evidence), None),
        said_on=legal_date(said.said_at),
        recorded_at=said.recorded_at,
        expires=words.day(date.fromisoformat(said.expires)) if said.expires else None,
        fault=words.gettext(wish_labels.FAULTS[FormFault(said.fault)]) if said.fault else None,
        effects=tuple(
            (
                words.gettext(wish_labels.EFFECTS[effect]),
                tuple(_flow(words, line, organisations, titles) for line in held),
            )
            for effect, held in flows.items()
            if held
        ),
        digest=digest,
    )


def _together(lines: Sequence[Line]) -> list[Line]:
    """What goes on, shortly: one line for each source under each agreement, and none for its use of its own record.

    The whole, flow by flow, is in the receipt's JSON.
    """
    found: dict[tuple[str, int, str, str], Line] = {}
    for line in lines:
        key = (line.agreement, line.version, line.source, line.basis)
        held = found.get(key, replace(line, recipients=(), categories=(), why={"en": "", "cy": ""}))
        recipients = {*held.recipients, *line.recipients} - {line.source}
        categories = {*held.categories, *(line.categories if set(line.recipients) - {line.source} else ())}
        told = tuple(str(category) for category in Category if category in categories)
        found[key] = replace(held, recipients=tuple(sorted(recipients)), categories=told)
    return [line for line in found.values() if line.recipients]


def _recorded(words: Language, record: WishRecord, people: Mapping[str, PersonLabel]) -> RecordedRow:
    row = record.wish
    return RecordedRow(
        record_id=record.form_id or record.id,
        who=people[row.person_id].name,
        what=words.gettext(labels.WISH_KINDS[row.kind]),
        answer=words.gettext(labels.WISH_ANSWERS[row.answer]),
        scope=scope(words, row.scope),
        basis=_basis(words, row.signer_basis),
        since=legal_date(row.valid_from),
        expires=row.expires,
        void=row.void_from is not None,
    )


def _basis(words: Language, basis: str | None) -> str | None:
    return words.gettext(labels.SIGNER_BASES[SignerBasis(basis)]) if basis else None


def _modules(words: Language, said: Said) -> tuple[ModuleAnswer, ...]:
    answers = said.module_answers or {}
    modules = said.form.modules if said.form else ()
    return tuple(
        ModuleAnswer(
            words.pick(module.text.en, module.text.cy),
            words.gettext(labels.WISH_ANSWERS[answers[module.code]]) if module.code in answers else None,
        )
        for module in modules
    )


def _flow(
    words: Language, line: Line, organisations: Mapping[str, Organisation],
    titles: Mapping[tuple[str, int], tuple[str, str | None]],
) -> FlowRow:  # fmt: skip
    def name(code: str) -> str:
        held = organisations.get(code)
        return words.pick(held.name_en, held.name_cy) if held else code

    english, welsh = titles.get((line.agreement, line.version), (line.agreement, None))
    return FlowRow(
        agreement=words.pick(english, welsh),
        why=words.pick(line.why["en"], line.why["cy"]),
        source=name(line.source),
        recipients=words.together([name(code) for code in line.recipients]),
        categories=words.together([words.gettext(labels.CATEGORIES[Category(c)]) for c in line.categories]),
        basis=words.gettext(labels.BASES[LegalBasis(line.basis)]) if line.basis in set(LegalBasis) else line.basis,
    )
