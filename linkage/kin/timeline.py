"""What happened, in order, and what it means that nothing is known. Pure rules.

Invariants: every service and person is exactly one state; "none found" is said only where a load that is up to date
speaks for where the person lives; what is withheld looks the same whether or not anything exists; the order of a
timeline depends on its entries alone. Sources: Family Context user research 2020 (no data is read as no involvement).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from linkage.catalogue import catalogue
from linkage.facts import CoverageRow, EventRow, InvolvementRow, Value, in_force
from linkage.rows import EventStatus, PersonId, Precision

LATE_AFTER: timedelta = timedelta(days=120)
"""Monthly and quarterly extracts are late when they are a month behind the next one due."""

YEARLY_LATE_AFTER: timedelta = timedelta(days=400)
YEARLY_SERVICES = frozenset({"school", "send", "early_education"})

HAPPENS = frozenset({EventStatus.HAPPENED, EventStatus.OFFERED, EventStatus.DECLINED, EventStatus.MISSED,
                     EventStatus.NOT_REACHED})  # fmt: skip
"""A cancelled or planned event alone involves nobody."""


EPISODE = "episode"

LONGEST_OPEN: Mapping[str, timedelta] = MappingProxyType({"maternity": timedelta(days=366)})
"""Care that nobody ended on record ends by itself: maternity care runs from booking to some weeks after the birth."""


class CellState(StrEnum):
    """What can be said of one service and one person."""

    CURRENT = "current"
    HISTORIC = "historic"
    NONE_FOUND = "none_found"
    NOT_COVERED = "not_covered"
    LATE = "late"
    WITHHELD = "withheld"


class EntryKind(StrEnum):
    EVENT = "event"
    INVOLVEMENT = "involvement"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline. `type` is the event's type, or the service for an involvement."""

    id: str
    kind: EntryKind
    person_id: PersonId
    about_person_id: PersonId | None
    type: str
    category: str
    service: str
    organisation: str
    provider: str
    occurred_on: date
    precision: Precision
    until: date | None
    status: EventStatus
    values: Mapping[str, Value]
    dataset: str
    load_id: str
    row_number: int
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """Newest first; what falls on one day is ordered by person, type and row. `undated` holds what has no start."""

    entries: tuple[Entry, ...]
    undated: tuple[InvolvementRow, ...]


def arrange(events: Iterable[EventRow], involvements: Iterable[InvolvementRow]) -> Timeline:
    """Put events, and involvements at their start, into one order; what several rows say alike is said once."""
    held = list(involvements)
    said = [_event_entry(e) for e in events] + [_start_entry(i, i.since) for i in held if i.since is not None]
    entries = {_meaning(entry): entry for entry in sorted(said, key=lambda entry: entry.id, reverse=True)}.values()
    undated = sorted((i for i in held if i.since is None), key=lambda i: (i.person_id, i.service, i.id))
    return Timeline(tuple(sorted(entries, key=_newest_first)), tuple(undated))


def _meaning(entry: Entry) -> tuple[object, ...]:
    """Everything but which row said so."""
    what = (entry.kind, entry.person_id, entry.about_person_id, entry.type, entry.category, entry.status)
    source = (entry.service, entry.organisation, entry.provider)
    return (*what, *source, entry.occurred_on, entry.precision, entry.until, frozenset(entry.values.items()))


def _newest_first(entry: Entry) -> tuple[int, str, str, str]:
    return (-entry.occurred_on.toordinal(), entry.person_id, entry.type, entry.id)


def _event_entry(row: EventRow) -> Entry:
    return Entry(
        row.id,
        EntryKind.EVENT,
        row.person_id,
        row.about_person_id,
        row.type,
        row.category,
        row.service,
        row.organisation,
        row.provider,
        row.occurred_on,
        row.precision,
        row.until,
        row.status,
        row.values,
        row.dataset,
        row.load_id,
        row.row_number,
        row.loaded_at,
    )


def _start_entry(row: InvolvementRow, since: date) -> Entry:
    return Entry(
        row.id,
        EntryKind.INVOLVEMENT,
        row.person_id,
        None,
        row.service,
        row.category,
        row.service,
        row.organisation,
        row.provider,
        since,
        Precision.DAY,
        row.until,
        EventStatus.HAPPENED,
        MappingProxyType({}),
        row.dataset,
        row.load_id,
        row.row_number,
        row.loaded_at,
    )


def is_current(row: InvolvementRow, at: date) -> bool:
    """Tell whether a service is involved on that day, as far as its own rows say and as long as it can be."""
    longest = LONGEST_OPEN.get(row.service)
    outlived = row.until is None and row.since is not None and longest is not None and at - row.since > longest
    return in_force(row.since, row.until, at) and not outlived


def is_open(row: EventRow, at: date) -> bool:
    """Tell whether an episode (a plan, a placement, a place at school) is still open: one without an end is."""
    known = catalogue().event_types.get(row.type)
    episode = row.until is not None or (known is not None and known.shape == EPISODE)
    return episode and row.status is EventStatus.HAPPENED and in_force(row.occurred_on, row.until, at)


def cell(
    service: str,
    person: PersonId,
    events: Iterable[EventRow],
    involvements: Iterable[InvolvementRow],
    coverage: Iterable[CoverageRow],
    at: date,
    withheld: bool,
    areas: frozenset[str] = frozenset(),
) -> CellState:
    """Return the one state of a service for a person on that day. `areas` are the codes of where the person lives."""
    if withheld:
        return CellState.WITHHELD
    involved = [i for i in involvements if i.service == service and i.person_id == person and _begun(i.since, at)]
    met = [e for e in events if e.service == service and e.person_id == person and _begun(e.occurred_on, at)]
    happened = [e for e in met if e.status in HAPPENS]
    if any(is_current(i, at) for i in involved) or any(is_open(e, at) for e in happened):
        return CellState.CURRENT
    if involved or happened:
        return CellState.HISTORIC
    return _silence(service, coverage, at, areas)


def _begun(since: date | None, at: date) -> bool:
    return since is None or since <= at


def _silence(service: str, coverage: Iterable[CoverageRow], at: date, areas: frozenset[str]) -> CellState:
    speaking = [c for c in coverage if c.service == service and c.speaks_for(areas) and _begun(c.covers_from, at)]
    if not speaking:
        return CellState.NOT_COVERED
    newest = max(c.last_day for c in speaking)
    return CellState.LATE if at - newest > late_after(service) else CellState.NONE_FOUND


def late_after(service: str) -> timedelta:
    """Return how long after the last day it covered a service's newest load still counts as up to date."""
    return YEARLY_LATE_AFTER if service in YEARLY_SERVICES else LATE_AFTER
