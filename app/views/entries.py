"""The timeline's entries, its filters and its years.

Invariants: an entry says what, when and how exactly, about whom, from which source and why it is shown; declined,
missed, offered and not reached stay different words; the filters are a GET form over codes and random ids, never over
names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app import explanations, labels, values
from app.language import N_, Language
from app.reading import FamilyData
from app.views.people import PersonLabel
from governance.terms import SegmentDecision
from linkage.catalogue import catalogue
from linkage.kin.timeline import Entry, EntryKind, Timeline
from linkage.rows import EventStatus, Precision


@dataclass(frozen=True, slots=True)
class EntryView:
    id: str
    when: str
    iso: str
    year: int
    title: str
    person_id: str
    person: str
    about: str | None
    service: str
    service_name: str
    category: str
    status: str
    status_said: str | None
    until: str | None
    details: tuple[str, ...]
    source: str
    row: str
    because: str


@dataclass(frozen=True, slots=True)
class YearView:
    year: int
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader narrowed the timeline to, and the choices offered."""

    service: str = ""
    person: str = ""
    year: str = ""
    services: tuple[tuple[str, str], ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    years: tuple[str, ...] = ()

    @property
    def used(self) -> bool:
        return bool(self.service or self.person or self.year)

    def allow(self, entry: EntryView) -> bool:
        wanted = ((self.service, entry.service), (self.person, entry.person_id), (self.year, str(entry.year)))
        return all(not want or want == held for want, held in wanted)

    def offering(self, words: Language, every: Iterable[EntryView], people: Iterable[PersonLabel]) -> "Filters":
        """Return the same choice with what there is to choose from."""
        held = list(every)
        services = sorted({(e.service, e.service_name) for e in held}, key=lambda pair: pair[1])
        about = {e.person_id for e in held}
        named = tuple((p.person_id, p.name) for p in people if p.person_id in about)
        seen = sorted({str(e.year) for e in held}, reverse=True)
        return replace(self, services=tuple(services), people=named, years=tuple(seen))


def entries(
    words: Language, data: FamilyData, timeline: Timeline, people: Mapping[str, PersonLabel], at: date
) -> list[EntryView]:
    """Return every entry the permit allows, newest first."""
    allowed = {(d.segment.member, str(d.segment.category), d.segment.source): d for d in data.read.decision.permitted}
    return [
        _entry(words, data, entry, people, allowed[entry.person_id, entry.category, entry.provider], at)
        for entry in _once(timeline.entries)
    ]


def _once(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Say once that a service became involved: a contact file repeats it on every row."""
    seen: set[tuple[str, str, str, date]] = set()
    for entry in entries:
        start = (entry.person_id, entry.service, entry.organisation, entry.occurred_on)
        if entry.kind is EntryKind.INVOLVEMENT and start in seen:
            continue
        if entry.kind is EntryKind.INVOLVEMENT:
            seen.add(start)
        yield entry


def _entry(
    words: Language,
    data: FamilyData,
    entry: Entry,
    people: Mapping[str, PersonLabel],
    decision: SegmentDecision,
    at: date,
) -> EntryView:
    about = people.get(entry.about_person_id) if entry.about_person_id else None
    held = data.organisation(entry.organisation)
    return EntryView(
        id=entry.id,
        when=when(words, entry.occurred_on, entry.precision),
        iso=iso(entry.occurred_on, entry.precision),
        year=entry.occurred_on.year,
        title=_title(words, entry),
        person_id=entry.person_id,
        person=people[entry.person_id].short,
        about=about.short if about and about.person_id != entry.person_id else None,
        service=entry.service,
        service_name=words.gettext(labels.SERVICES.get(entry.service, entry.service)),
        category=entry.category,
        status=str(entry.status),
        status_said=words.gettext(labels.STATUSES[entry.status]) if entry.status is not EventStatus.HAPPENED else None,
        until=_until(words, entry, at),
        details=tuple(values.described(words, name, value) for name, value in sorted(entry.values.items())),
        source=words.pick(held.name_en, held.name_cy),
        row=f"{entry.dataset} {entry.load_id[:8]} {entry.row_number}",
        because=_because(words, data, decision),
    )


def _because(words: Language, data: FamilyData, decision: SegmentDecision) -> str:
    if decision.override is not None:
        held = data.organisation(decision.segment.source)
        return explanations.shown_by_override(words, decision, words.pick(held.name_en, held.name_cy))
    title, tie = _agreement(words, data, decision), data.read.decision.relationship
    return explanations.shown_because(words, decision, title, tie)


def _agreement(words: Language, data: FamilyData, decision: SegmentDecision) -> str:
    assert decision.flow is not None
    found = data.agreements.get((decision.flow.agreement, decision.flow.version))
    return words.pick(*found) if found else decision.flow.agreement


def _title(words: Language, entry: Entry) -> str:
    if entry.kind is EntryKind.INVOLVEMENT:
        service = words.gettext(labels.SERVICES.get(entry.service, entry.service))
        return words.gettext(N_("%(service)s became involved"), service=service)
    known = catalogue().event_types.get(entry.type)
    return words.pick(known.title_en, known.title_cy) if known else entry.type.replace("_", " ")


def _until(words: Language, entry: Entry, at: date) -> str | None:
    if entry.until is None:
        return None
    if entry.until > at:
        return words.gettext(N_("planned until %(day)s"), day=words.short_day(entry.until))
    return words.gettext(N_("until %(day)s"), day=words.short_day(entry.until))


def when(words: Language, day: date, precision: Precision) -> str:
    """Write a date only as exactly as it is known."""
    if precision is Precision.DAY:
        return words.short_day(day)
    if precision is Precision.MONTH:
        return words.month(day)
    return words.gettext(N_("during %(year)s"), year=day.year)


def iso(day: date, precision: Precision) -> str:
    length = {Precision.DAY: 10, Precision.MONTH: 7, Precision.YEAR: 4}[precision]
    return day.isoformat()[:length]


def years(held: Sequence[EntryView]) -> tuple[YearView, ...]:
    """Group entries, already in order, by year."""
    grouped: dict[int, list[EntryView]] = {}
    for entry in held:
        grouped.setdefault(entry.year, []).append(entry)
    return tuple(YearView(year, tuple(inside)) for year, inside in grouped.items())
