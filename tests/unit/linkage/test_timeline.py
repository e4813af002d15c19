"""Order, and what no data means."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from linkage.facts import CoverageRow, EventRow, InvolvementRow
from linkage.kin.timeline import CellState, EntryKind, arrange, cell, is_current
from linkage.rows import EventStatus, PersonId, Precision

AT = date(2026, 11, 22)
LOADED = datetime(2026, 11, 1, tzinfo=UTC)
CHILD = PersonId("child")
HV = "health_visiting"


def event(on: date, **other: object) -> EventRow:
    row = EventRow(
        f"e{on}", CHILD, None, False, HV, "two_year_review", HV, "ZCH", "ZCH", on, Precision.DAY, None,
        EventStatus.HAPPENED, {}, "contacts", "load", 1, LOADED,
    )  # fmt: skip
    return replace(row, **other)  # type: ignore[arg-type]


def involvement(since: date | None, until: date | None = None, **other: object) -> InvolvementRow:
    row = InvolvementRow(
        f"i{since}", CHILD, HV, HV, "ZCH", "ZCH", "North", None, None, None, None, since, until, "contacts", "load", 2,
        LOADED,
    )  # fmt: skip
    return replace(row, **other)  # type: ignore[arg-type]


def covers(first: date | None, last: date | None, *areas: str, service: str = HV) -> CoverageRow:
    return CoverageRow("ZCH", "contacts", service, first, last, areas, None, LOADED)


UP_TO_DATE = covers(date(2019, 4, 1), date(2026, 10, 31))


def state(
    events: list[EventRow] | None = None,
    involvements: list[InvolvementRow] | None = None,
    coverage: list[CoverageRow] | None = None,
    areas: frozenset[str] = frozenset(),
    withheld: bool = False,
) -> CellState:
    return cell(HV, CHILD, events or [], involvements or [], coverage or [], AT, withheld, areas)


def test_the_newest_stands_first_and_the_order_does_not_depend_on_the_rows_order() -> None:
    events = [event(date(2025, 1, 1)), event(date(2026, 1, 1)), event(date(2025, 6, 1), id="b"),
              event(date(2025, 6, 1), id="a", status=EventStatus.MISSED)]  # fmt: skip
    started, undated = involvement(date(2025, 3, 1)), involvement(None)
    one, other = arrange(events, [started, undated]), arrange(events[::-1], [undated, started])
    assert one == other
    assert [e.id for e in one.entries] == ["e2026-01-01", "a", "b", started.id, "e2025-01-01"]
    assert one.entries[3].kind is EntryKind.INVOLVEMENT
    assert one.undated == (undated,)


def test_what_several_rows_say_alike_is_said_once() -> None:
    twice = [event(date(2025, 6, 1), id=name) for name in ("b", "a")]
    told = arrange([*twice, event(date(2025, 6, 1), id="c", status=EventStatus.DECLINED)], [])
    assert [entry.id for entry in told.entries] == ["a", "c"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (involvement(date(2025, 1, 1)), CellState.CURRENT),
        (involvement(None), CellState.CURRENT),
        (involvement(date(2025, 1, 1), date(2026, 11, 23)), CellState.CURRENT),
        (involvement(date(2025, 1, 1), AT), CellState.HISTORIC),
        (involvement(date(2027, 1, 1)), CellState.NONE_FOUND),
        (involvement(date(2025, 1, 1), person_id=PersonId("other")), CellState.NONE_FOUND),
        (involvement(date(2025, 1, 1), service="school"), CellState.NONE_FOUND),
    ],
)
def test_an_involvement_is_current_until_the_day_it_ends(row: InvolvementRow, expected: CellState) -> None:
    assert state(involvements=[row], coverage=[UP_TO_DATE]) is expected


def test_events_alone_are_history_and_an_open_episode_is_current() -> None:
    assert state([event(date(2026, 1, 1))]) is CellState.HISTORIC
    assert state([event(date(2026, 1, 1), until=date(2027, 1, 1))]) is CellState.CURRENT
    assert state([event(date(2026, 1, 1), status=EventStatus.DECLINED)]) is CellState.HISTORIC
    cancelled = event(date(2026, 1, 1), status=EventStatus.CANCELLED)
    assert state([cancelled], coverage=[UP_TO_DATE]) is CellState.NONE_FOUND


def test_a_plan_without_an_end_is_still_open() -> None:
    plan = event(date(2024, 1, 1), type="child_protection_plan")
    assert state([plan]) is CellState.CURRENT
    assert state([replace(plan, until=AT)]) is CellState.HISTORIC
    assert state([replace(plan, status=EventStatus.DECLINED)]) is CellState.HISTORIC


def test_none_found_is_said_only_where_an_up_to_date_load_speaks_for_the_place() -> None:
    assert state() is CellState.NOT_COVERED
    assert state(coverage=[UP_TO_DATE]) is CellState.NONE_FOUND
    assert state(coverage=[covers(None, None)]) is CellState.NONE_FOUND
    assert state(coverage=[covers(date(2019, 4, 1), date(2026, 5, 1))]) is CellState.LATE
    assert state(coverage=[covers(date(2027, 1, 1), None)]) is CellState.NOT_COVERED
    assert state(coverage=[replace(UP_TO_DATE, service="school")]) is CellState.NOT_COVERED


def test_a_load_for_other_areas_does_not_speak_for_this_person() -> None:
    there = replace(UP_TO_DATE, areas=("W1",))
    assert state(coverage=[there], areas=frozenset({"w1", "wales"})) is CellState.NONE_FOUND
    assert state(coverage=[there], areas=frozenset({"W2"})) is CellState.NOT_COVERED
    assert state(coverage=[there]) is CellState.NOT_COVERED


def test_yearly_sources_are_late_after_more_than_a_year() -> None:
    census = covers(date(2019, 9, 1), date(2026, 1, 31), service="school")
    assert cell("school", CHILD, [], [], [census], AT, False) is CellState.NONE_FOUND
    assert cell("school", CHILD, [], [], [census], date(2027, 4, 1), False) is CellState.LATE


def test_withheld_looks_the_same_whether_or_not_anything_exists() -> None:
    assert state(withheld=True) is CellState.WITHHELD
    assert state([event(AT)], [involvement(None)], [UP_TO_DATE], withheld=True) is CellState.WITHHELD


def test_maternity_care_that_nobody_ended_ends_by_itself() -> None:
    def midwife(since: date) -> InvolvementRow:
        return involvement(since, service="maternity")

    assert is_current(midwife(date(2026, 4, 1)), AT)
    assert not is_current(midwife(date(2023, 12, 10)), AT)
    assert is_current(involvement(date(2023, 12, 10)), AT)
