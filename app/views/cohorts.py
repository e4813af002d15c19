"""The analyst's form, the question as a sentence, and the released table.

Invariants: a hidden count is a phrase, a true zero is a zero and the two never look alike; the sentence says exactly
what was counted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import labels
from app.cohorts.count import CohortAnswer, CohortRow
from app.cohorts.question import Criterion, Geography, Question
from app.language import N_, Language
from governance.disclosure import PROFILES, CellStatus
from governance.legal_time import legal_date
from governance.store import project, project_analyst
from linkage.catalogue import catalogue
from linkage.rows import EventStatus

PROFILE: Final = "nhs-subnational"
MONTH: Final = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")

AREAS: Final[Mapping[Geography, str]] = {
    Geography.WARD: N_("Ward"),
    Geography.LOCALITY: N_("Locality"),
    Geography.NATION: N_("Nation"),
}
HAVING: Final = (("has", N_("have")), ("has_not", N_("do not have")))
STATUSES: Final = (EventStatus.HAPPENED, EventStatus.DECLINED, EventStatus.MISSED, EventStatus.NOT_REACHED)


@dataclass(frozen=True, slots=True)
class Unclear:
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class CohortForm:
    projects: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]
    areas: tuple[tuple[str, str], ...]
    having: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RowView:
    area: str
    children: str
    families: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class AnswerView:
    sentence: str
    rows: tuple[RowView, ...]
    total: RowView
    group: str
    reference: str
    snapshot: str
    counted_at: datetime
    threshold: int
    base: int


def form(session: Session, words: Language, staff_id: str, at: datetime) -> CohortForm:
    """Return what this analyst may ask about: their open projects."""
    today = legal_date(at)
    rows = session.execute(
        select(project.c.code, project.c.title)
        .join(project_analyst, project_analyst.c.project_id == project.c.id)
        .where(project_analyst.c.staff_id == staff_id, project.c.starts <= today, project.c.ends > today)
        .order_by(project.c.title)
    )
    kinds = catalogue().event_types.values()
    events = sorted(((k.type, words.pick(k.title_en, k.title_cy)) for k in kinds), key=lambda pair: pair[1])
    return CohortForm(
        projects=tuple((row.code, row.title) for row in rows),
        events=tuple(events),
        statuses=tuple((str(s), words.gettext(labels.STATUSES[s])) for s in STATUSES),
        areas=tuple((str(g), words.gettext(name)) for g, name in AREAS.items()),
        having=tuple((value, words.gettext(name)) for value, name in HAVING),
    )


def read_form(words: Language, fields: Mapping[str, str], offered: CohortForm) -> Question | list[Unclear]:
    """Return the question, or what is unclear in the form."""
    unclear = []
    if fields.get("project") not in {code for code, _ in offered.projects}:
        unclear.append(Unclear("project", N_("Choose a project")))
    for name in ("born_from", "born_to"):
        if not MONTH.fullmatch(fields.get(name, "")):
            unclear.append(Unclear(name, N_("Enter a month as year and month, such as 2024-03")))
    if fields.get("area") not in set(Geography):
        unclear.append(Unclear("area", N_("Choose how to group the count")))
    criterion = _criterion(fields)
    if isinstance(criterion, Unclear):
        unclear.append(criterion)
    if not unclear and fields["born_from"] > fields["born_to"]:
        unclear.append(Unclear("born_to", N_("The last month comes before the first")))
    if unclear:
        return unclear
    assert not isinstance(criterion, Unclear)
    return question_of(words, fields, criterion)


def _criterion(fields: Mapping[str, str]) -> Criterion | Unclear | None:
    event = fields.get("event", "")
    if not event:
        return None
    if event not in catalogue().event_types or fields.get("status") not in set(STATUSES):
        return Unclear("event", N_("Choose an event from the list"))
    ages = [fields.get(name, "") for name in ("age_from", "age_to")]
    if not all(age.isascii() and age.isdecimal() and len(age) <= 3 for age in ages) or int(ages[0]) > int(ages[1]):
        return Unclear("age_from", N_("Enter ages in months, the younger first"))
    return Criterion(event, (EventStatus(fields["status"]),), int(ages[0]), int(ages[1]))


def question_of(words: Language, fields: Mapping[str, str], criterion: Criterion | None) -> Question:
    group = Geography(fields["area"])
    held = (criterion,) if criterion else ()
    wanted = fields.get("having") == "has"
    return Question(
        project=fields["project"],
        title=words.gettext(AREAS[group]),
        born_from=fields["born_from"],
        born_to=fields["born_to"],
        has=held if wanted else (),
        has_not=() if wanted else held,
        resident=Geography.LOCALITY if group is Geography.NATION else group,
        group_by=group,
        profile=PROFILE,
    )


def sentence(words: Language, question: Question) -> str:
    """Say the question in words."""
    said = words.gettext(
        N_("Children born from %(first)s to %(last)s"),
        first=words.month(date.fromisoformat(question.born_from + "-01")),
        last=words.month(date.fromisoformat(question.born_to + "-01")),
    )
    parts = [said, *(_said(words, c, N_("who have: %(what)s")) for c in question.has)]
    parts += [_said(words, c, N_("who do not have: %(what)s")) for c in question.has_not]
    by = words.gettext(N_("by %(area)s"), area=words.gettext(AREAS[question.group_by]).lower())
    return ", ".join([*parts, by]) + "."


def _said(words: Language, criterion: Criterion, pattern: str) -> str:
    known = catalogue().event_types[criterion.event]
    states = words.together([words.gettext(labels.STATUSES[s]).lower() for s in criterion.statuses])
    what = words.gettext(
        N_("%(event)s (%(states)s) at %(first)s to %(last)s months"),
        event=words.pick(known.title_en, known.title_cy), states=states,
        first=criterion.from_months, last=criterion.to_months,
    )  # fmt: skip
    return words.gettext(pattern, what=what)


def answer_view(words: Language, answer: CohortAnswer, question: Question) -> AnswerView:
    """Return the released table in words."""
    profile = PROFILES[answer.profile]
    return AnswerView(
        sentence=sentence(words, question),
        rows=tuple(_row(words, row, profile.threshold) for row in answer.rows),
        total=_row(words, answer.total, profile.threshold),
        group=words.gettext(AREAS[answer.group_by]),
        reference=answer.question_hash[:16],
        snapshot=answer.snapshot[:12],
        counted_at=answer.counted_at,
        threshold=profile.threshold,
        base=profile.base,
    )


def _row(words: Language, row: CohortRow, threshold: int) -> RowView:
    named = words.pick(row.name_en, row.name_cy) if row.name_en else row.area
    area = words.gettext(N_("All areas")) if row.area is None else str(named)
    hidden = row.status is CellStatus.SUPPRESSED
    return RowView(area, _count(words, row.children), _count(words, row.families), hidden)


def _count(words: Language, held: int | None) -> str:
    return words.gettext(N_("hidden")) if held is None else words.number(held)
