"""Where a child stands: declined is not missed, missed is not unknown."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from linkage.facts import CoverageRow, EventRow, MilestoneFact
from linkage.kin.milestones import MilestoneState, MilestoneView, milestone_views
from linkage.rows import EventStatus, PersonId, Precision

LOADED = datetime(2026, 11, 1, tzinfo=UTC)
HV = "health_visiting"
BORN = date(2026, 1, 1)
STEP = MilestoneFact("hcp", "1", "review", "england", "Review", None, 100, 120, ("six_month_contact",), HV)
FIRST, LAST = date(2026, 4, 11), date(2026, 5, 1)
COVERED = CoverageRow("ZCH", "contacts", HV, date(2019, 1, 1), date(2026, 10, 31), (), None, LOADED)


def event(on: date, status: EventStatus = EventStatus.HAPPENED, type_: str = "six_month_contact") -> EventRow:
    return EventRow(
        f"{on} {status}", PersonId("child"), None, False, HV, type_, HV, "ZCH", "ZCH", on, Precision.DAY, None, status,
        {}, "contacts", "load", 1, LOADED,
    )  # fmt: skip


def view(
    *events: EventRow,
    at: date = date(2026, 11, 22),
    coverage: tuple[CoverageRow, ...] = (COVERED,),
    withheld: tuple[str, ...] = (),
) -> MilestoneView:
    (only,) = milestone_views([STEP], BORN, Precision.DAY, events, coverage, at, withheld)
    return only


def test_met_by_the_first_time_it_happened_early_or_late() -> None:
    for on in (date(2026, 3, 1), FIRST, date(2026, 9, 1)):
        got = view(event(on), event(on.replace(day=2), EventStatus.DECLINED))
        assert (got.state, got.entry_id) == (MilestoneState.MET, event(on).id)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (date(2026, 4, 10), MilestoneState.UPCOMING),
        (FIRST, MilestoneState.DUE),
        (LAST, MilestoneState.DUE),
        (date(2026, 5, 2), MilestoneState.MISSED),
    ],
)
def test_both_days_of_the_window_count(at: date, expected: MilestoneState) -> None:
    assert view(at=at).state is expected


def test_missed_is_said_only_where_loads_together_cover_every_day_of_the_window() -> None:
    def part(first: date, last: date) -> CoverageRow:
        return replace(COVERED, covers_from=first, covers_to=last)

    whole = (part(date(2026, 4, 1), date(2026, 4, 20)), part(date(2026, 4, 21), date(2026, 5, 31)))
    gap = (part(date(2026, 4, 1), date(2026, 4, 20)), part(date(2026, 4, 22), date(2026, 5, 31)))
    late = (part(date(2026, 4, 1), date(2026, 4, 30)),)
    assert view(coverage=whole).state is MilestoneState.MISSED
    for not_enough in (gap, late, (), (replace(COVERED, service="school"),), (replace(COVERED, areas=("W1",)),)):
        assert view(coverage=not_enough).state is MilestoneState.NOT_COVERED


def test_declined_missed_not_reached_and_offered_stay_different() -> None:
    on = date(2026, 4, 20)
    states = {status: view(event(on, status), coverage=()).state for status in EventStatus}
    assert states == {
        EventStatus.HAPPENED: MilestoneState.MET,
        EventStatus.DECLINED: MilestoneState.DECLINED,
        EventStatus.MISSED: MilestoneState.MISSED,
        EventStatus.NOT_REACHED: MilestoneState.MISSED,
        EventStatus.OFFERED: MilestoneState.NOT_COVERED,
        EventStatus.PLANNED: MilestoneState.NOT_COVERED,
        EventStatus.CANCELLED: MilestoneState.NOT_COVERED,
    }


def test_a_refusal_stands_until_something_later_is_recorded() -> None:
    declined = event(date(2026, 4, 12), EventStatus.DECLINED)
    assert view(declined, event(date(2026, 4, 20), EventStatus.OFFERED)).state is MilestoneState.MISSED
    assert view(declined, at=date(2026, 4, 25)).state is MilestoneState.DECLINED


def test_withheld_is_not_missed() -> None:
    assert view(withheld=(HV,)).state is MilestoneState.WITHHELD
    assert view(withheld=("school",)).state is MilestoneState.MISSED


def test_due_where_nobody_sends_anything_is_not_covered() -> None:
    assert view(at=FIRST, coverage=()).state is MilestoneState.NOT_COVERED


def test_a_loss_closes_every_due_date() -> None:
    loss = event(date(2026, 2, 1), type_="pregnancy_loss")
    assert milestone_views([STEP], BORN, Precision.DAY, [loss], [COVERED], FIRST, ()) == ()


def test_what_is_recorded_after_the_day_asked_about_is_not_known_yet() -> None:
    assert view(event(date(2026, 6, 1)), at=FIRST).state is MilestoneState.DUE


def test_a_birth_known_to_the_month_or_year_widens_the_window() -> None:
    windows = {
        precision: [(v.due_from, v.due_to) for v in milestone_views([STEP], BORN, precision, [], [], FIRST, ())]
        for precision in Precision
    }
    assert windows == {
        Precision.DAY: [(FIRST, LAST)],
        Precision.MONTH: [(FIRST, date(2026, 5, 31))],
        Precision.YEAR: [(FIRST, date(2027, 4, 30))],
    }


def test_a_contact_that_several_milestones_take_meets_the_nearest_only() -> None:
    later = replace(STEP, code="later", from_days=200, to_days=220)
    got = milestone_views([later, STEP], BORN, Precision.DAY, [event(date(2026, 7, 1))], [COVERED], LOADED.date(), ())
    assert [(v.code, v.state) for v in got] == [("review", MilestoneState.MISSED), ("later", MilestoneState.MET)]
