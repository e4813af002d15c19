"""Where one child stands on a nation's pathway of reviews and contacts. Pure rules.

Invariants: every milestone is in exactly one state; declined is not missed, and missed is said only where a source
speaks for the whole window; a loss closes every due date without a word; a birth known to the month widens the window
by that month. Sources: Healthy Child Programme (England); Healthy Child Wales Programme; the schedules themselves are
data (see `reference`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from linkage.facts import CoverageRow, EventRow, MilestoneFact
from linkage.rows import EventStatus, Precision

LOSS = "pregnancy_loss"
DAY = timedelta(days=1)

Window = tuple[date, date]
"""First and last day, both due."""


class MilestoneState(StrEnum):
    MET = "met"
    DUE = "due"
    UPCOMING = "upcoming"
    MISSED = "missed"
    DECLINED = "declined"
    NOT_COVERED = "not_covered"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """One milestone of one child. `entry_id` is the event that met, missed or declined it; both due days count."""

    code: str
    title_en: str
    title_cy: str | None
    service: str
    due_from: date
    due_to: date
    state: MilestoneState
    entry_id: str | None


def milestone_views(
    schedule: Sequence[MilestoneFact],
    born: date,
    precision: Precision,
    events: Iterable[EventRow],
    coverage: Iterable[CoverageRow],
    at: date,
    withheld_services: Collection[str],
    areas: frozenset[str] = frozenset(),
) -> tuple[MilestoneView, ...]:
    """Return the child's milestones in the order in which they fall due; none at all after a loss.

    `events` are those of this child that may be shown; with month precision `born` is any day of the month.
    """
    held = [e for e in events if e.occurred_on <= at]
    if any(e.type == LOSS for e in held):
        return ()
    earliest, latest = _birth_window(born, precision)
    speaking = [c for c in coverage if c.speaks_for(areas)]
    windows = {f.code: (earliest + timedelta(days=f.from_days), latest + timedelta(days=f.to_days)) for f in schedule}
    nearest = _by_nearest(schedule, windows, held)
    views = []
    for fact in schedule:
        window = windows[fact.code]
        mine = nearest.get(fact.code, [])
        state, entry = _state(fact, window, mine, speaking, at, fact.service in withheld_services)
        views.append(MilestoneView(fact.code, fact.title_en, fact.title_cy, fact.service, *window, state, entry))
    return tuple(sorted(views, key=lambda v: (v.due_from, v.due_to, v.code)))


def _by_nearest(
    schedule: Sequence[MilestoneFact], windows: Mapping[str, Window], events: Iterable[EventRow]
) -> dict[str, list[EventRow]]:
    """Give each event to one milestone: where several take its type, to the one whose window is nearest."""
    found: dict[str, list[EventRow]] = {}
    for event in sorted(events, key=lambda e: (e.occurred_on, e.id)):
        codes = [fact.code for fact in schedule if event.type in fact.event_types]
        if codes:
            code = min(codes, key=lambda c: (_distance(windows[c], event.occurred_on), windows[c]))
            found.setdefault(code, []).append(event)
    return found


def _distance(window: Window, day: date) -> timedelta:
    return max(window[0] - day, day - window[1], timedelta())


def _birth_window(born: date, precision: Precision) -> tuple[date, date]:
    if precision is Precision.DAY:
        return born, born
    if precision is Precision.MONTH:
        first = born.replace(day=1)
        return first, (first + 31 * DAY).replace(day=1) - DAY
    return date(born.year, 1, 1), date(born.year, 12, 31)


def _state(
    fact: MilestoneFact,
    window: Window,
    mine: Sequence[EventRow],
    coverage: Sequence[CoverageRow],
    at: date,
    withheld: bool,
) -> tuple[MilestoneState, str | None]:
    if met := next((e for e in mine if e.status is EventStatus.HAPPENED), None):
        return MilestoneState.MET, met.id
    if withheld:
        return MilestoneState.WITHHELD, None
    if mine and mine[-1].status is EventStatus.DECLINED:
        return MilestoneState.DECLINED, mine[-1].id
    if at <= window[1]:
        return _not_yet(fact, window, coverage, at), None
    failed = next((e for e in reversed(mine) if e.status in (EventStatus.MISSED, EventStatus.NOT_REACHED)), None)
    if failed is not None:
        return MilestoneState.MISSED, failed.id
    covered = _covers(window, fact.service, coverage)
    return (MilestoneState.MISSED if covered else MilestoneState.NOT_COVERED), None


def _not_yet(fact: MilestoneFact, window: Window, coverage: Sequence[CoverageRow], at: date) -> MilestoneState:
    if at < window[0]:
        return MilestoneState.UPCOMING
    known = any(c.service == fact.service and (c.covers_from is None or c.covers_from <= at) for c in coverage)
    return MilestoneState.DUE if known else MilestoneState.NOT_COVERED


def _covers(window: Window, service: str, coverage: Sequence[CoverageRow]) -> bool:
    """Tell whether the loads together speak for every day of the window."""
    periods = sorted((c.covers_from or date.min, c.last_day) for c in coverage if c.service == service)
    needed, last = window
    for first_day, last_day in periods:
        if first_day <= needed <= last_day:
            needed = last_day + DAY
    return needed > last
