"""What changed in an agreement, what a version would change for workers, and what is due, as pages say it.

Invariants: words of the closed sets are said in the reader's language, what people wrote stays as they wrote it; only
counts are told of caseloads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from app import labels
from app.identity import Organisation
from app.impact import Count, Direction, Impact
from app.language import N_, Language
from governance.agreements.diff import Change
from governance.agreements.flows import Agreement
from governance.agreements.reviews import Due, Stage, Warned
from governance.terms import Category, Purpose, Say, SubjectRole

FIELDS: Final[Mapping[str, str]] = {
    "title": N_("Title"),
    "kind": N_("Kind of agreement"),
    "lead": N_("Lead organisation"),
    "parties": N_("Parties"),
    "purposes": N_("Purpose"),
    "population": N_("Who it is about"),
    "effective_from": N_("In force from"),
    "review_due": N_("Review due"),
    "expires": N_("Runs out"),
    "retention": N_("Keeping"),
    "dpia": N_("Impact assessment"),
    "best_interests": N_("Best interests"),
    "withholding": N_("How it is withheld"),
    "obligations": N_("Obligations"),
    "security": N_("Information security"),
    "joint_control": N_("Joint control"),
    "notice": N_("Notice to families"),
    "from": N_("From"),
    "to": N_("To"),
    "categories": N_("Data"),
    "items": N_("Data items"),
    "subjects": N_("About"),
    "basis": N_("Law"),
    "article_9": N_("Article 9 condition"),
    "gateway": N_("Powers"),
    "confidentiality": N_("Duty of confidence"),
    "say": N_("The family’s say"),
    "objection_honoured": N_("Objections are honoured"),
    "national_opt_out_applies": N_("National data opt-out"),
    "type_1_applies": N_("Type 1 opt-out"),
    "identifiability": N_("Form of the data"),
    "history": N_("How far back"),
    "consent_form": N_("Consent form"),
    "why": N_("Why"),
}
"""Every field of an agreement's schema but its names and its flows (a test holds them equal)."""

WORDS: Final[Mapping[str, str]] = {
    **{str(category): label for category, label in labels.CATEGORIES.items()},
    **{str(subject): label for subject, label in labels.SUBJECTS.items()},
    **{str(purpose): label for purpose, label in labels.PURPOSES.items()},
    **{str(say): label for say, label in labels.SAYS.items()},
}
_SAID: Final = frozenset({*map(str, Category), *map(str, SubjectRole), *map(str, Purpose), *map(str, Say)})


@dataclass(frozen=True, slots=True)
class ChangeView:
    flow: str | None
    field: str | None
    gone: tuple[str, ...]
    come: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    title: str
    before: int | None
    after: int
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True)
class CountView:
    gains: bool
    category: str
    workers_of: str | None
    sources: tuple[str, ...]
    subjects: tuple[str, ...]
    workers: int
    children: int


@dataclass(frozen=True, slots=True)
class ImpactPage:
    title: str
    before: int | None
    after: int
    on: date
    totals: tuple[CountView, ...]
    counts: tuple[CountView, ...]


@dataclass(frozen=True, slots=True)
class DueRow:
    code: str
    version: int
    title: str
    stage: str
    stopped: bool
    review_due: date
    stops: date


@dataclass(frozen=True, slots=True)
class WarnedRow:
    agreement: str
    stage: str
    name: str
    organisation: str
    relationships: int
    involvements: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class DuePage:
    due: tuple[DueRow, ...]
    warned: tuple[WarnedRow, ...]


def changes(
    words: Language,
    before: Agreement | None,
    after: Agreement,
    found: Sequence[Change],
    organisations: Mapping[str, Organisation],
) -> Changes:
    """Return the changes since the version before."""
    return Changes(
        title=words.pick(after.title.en, after.title.cy),
        before=before.version if before else None,
        after=after.version,
        changes=tuple(_change(words, one, organisations) for one in found),
    )


def _change(words: Language, one: Change, organisations: Mapping[str, Organisation]) -> ChangeView:
    named = words.gettext(FIELDS[one.field]) if one.field is not None else None
    gone, come = (tuple(_said(words, w, organisations) for w in held) for held in (one.gone, one.come))
    return ChangeView(one.flow, named, gone, come)


def _said(words: Language, phrase: str, organisations: Mapping[str, Organisation]) -> str:
    if phrase in _SAID:
        return words.gettext(WORDS[phrase])
    return _name(words, organisations, phrase)


def impact_page(
    words: Language, found: Impact, wanted: Agreement, organisations: Mapping[str, Organisation]
) -> ImpactPage:
    """Return the counts of an impact."""
    return ImpactPage(
        title=words.pick(wanted.title.en, wanted.title.cy),
        before=found.before,
        after=found.after,
        on=found.on,
        totals=tuple(_count(words, one, organisations) for one in found.totals),
        counts=tuple(_count(words, one, organisations) for one in found.counts),
    )


def _count(words: Language, one: Count, organisations: Mapping[str, Organisation]) -> CountView:
    workers_of = None
    if one.workers_of is not None:
        organisation, role = one.workers_of
        workers_of = f"{_name(words, organisations, organisation)}: {words.gettext(labels.ROLES[role])}"
    return CountView(
        gains=one.direction is Direction.GAIN,
        category=words.gettext(labels.CATEGORIES[one.category]),
        workers_of=workers_of,
        sources=tuple(_name(words, organisations, source) for source in one.sources),
        subjects=tuple(words.gettext(labels.SUBJECTS[subject]) for subject in one.subjects),
        workers=one.workers,
        children=one.children,
    )


def due_page(
    words: Language, found: Sequence[Due], warned: Sequence[Warned], organisations: Mapping[str, Organisation]
) -> DuePage:
    """Return what is due, and who was warned of it by name."""
    return DuePage(
        due=tuple(_due(words, one) for one in found),
        warned=tuple(_warned(words, one, organisations) for one in warned),
    )


def _due(words: Language, one: Due) -> DueRow:
    held = one.agreement
    return DueRow(
        code=held.code,
        version=held.version,
        title=words.pick(held.title.en, held.title.cy),
        stage=words.gettext(labels.REVIEW_STAGES[one.stage]),
        stopped=one.stage is Stage.STOPPED,
        review_due=held.review_due,
        stops=one.stops,
    )


def _warned(words: Language, one: Warned, organisations: Mapping[str, Organisation]) -> WarnedRow:
    held = one.holder
    return WarnedRow(
        agreement=f"{one.code}/{one.version}",
        stage=words.gettext(labels.REVIEW_STAGES[one.stage]),
        name=held.name,
        organisation=_name(words, organisations, held.organisation),
        relationships=held.relationships,
        involvements=tuple(
            f"{words.gettext(labels.CATEGORIES[Category(category)])}: {words.number(count)}"
            for category, count in held.involvements
        ),
        at=one.at,
    )


def _name(words: Language, organisations: Mapping[str, Organisation], code: str) -> str:
    held = organisations.get(code)
    return words.pick(held.name_en, held.name_cy) if held else code
