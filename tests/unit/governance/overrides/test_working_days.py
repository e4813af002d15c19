"""Working days against the bank holidays that the government has published for England and Wales."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.legal_time import legal_date
from governance.overrides.working_days import bank_holidays, due, working

PUBLISHED = {
    2020: ("01-01", "04-10", "04-13", "05-04", "05-25", "08-31", "12-25", "12-28"),
    2021: ("01-01", "04-02", "04-05", "05-03", "05-31", "08-30", "12-27", "12-28"),
    2022: ("01-03", "04-15", "04-18", "05-02", "05-30", "08-29", "12-26", "12-27"),
    2024: ("01-01", "03-29", "04-01", "05-06", "05-27", "08-26", "12-25", "12-26"),
    2025: ("01-01", "04-18", "04-21", "05-05", "05-26", "08-25", "12-25", "12-26"),
    2026: ("01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"),
    2027: ("01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28"),
}
"""2020 and 2022 as the Act has them, without that year's proclamations (VE day, the Queen's jubilee)."""


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_bank_holidays_are_those_published(year: int) -> None:
    assert bank_holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year]}


@pytest.mark.parametrize(
    ("at", "days", "by"),
    [
        ("2026-11-20T16:00", 1, "2026-11-23T16:00"),
        ("2026-11-21T02:00", 1, "2026-11-23T02:00"),
        ("2026-12-24T12:00", 1, "2026-12-29T12:00"),
        ("2026-12-24T12:00", 3, "2026-12-31T12:00"),
        ("2026-10-23T12:00", 1, "2026-10-26T13:00"),
        ("2026-03-27T12:00", 1, "2026-03-30T11:00"),
    ],
)
def test_a_review_is_due_on_a_working_day_at_the_same_hour_on_the_wall(at: str, days: int, by: str) -> None:
    assert due(datetime.fromisoformat(at + "+00:00"), days) == datetime.fromisoformat(by + "+00:00")


def test_a_proclaimed_holiday_is_named_by_the_partnership() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert due(at, 1, [date(2026, 11, 23)]) == datetime(2026, 11, 24, 12, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)), st.integers(1, 10))
def test_more_days_are_never_earlier_and_never_on_a_day_off(at: datetime, days: int) -> None:
    by = due(at, days)
    assert at < by < due(at, days + 1)
    assert working(legal_date(by))
