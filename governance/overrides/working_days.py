"""Working days in England and Wales: by when a review is due.

Invariants: a Saturday, a Sunday and a bank holiday are no working days; the hour on the wall in London is kept, also
across a change of clocks. Proclaimed extra holidays are the caller's to name.
Source: Banking and Financial Dealings Act 1971, Schedule 1; Easter after Meeus, Astronomical Algorithms, chapter 8.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from governance.legal_time import LONDON

DAY: Final = timedelta(days=1)
SATURDAY: Final = 5
MONDAY: Final = 0


def due(at: datetime, days: int, extra: Collection[date] = ()) -> datetime:
    """Return the instant so many working days after `at`, at the same time of day in London."""
    local, left = at.astimezone(LONDON), days
    day = local.date()
    while left > 0:
        day += DAY
        left -= working(day, extra)
    return datetime.combine(day, local.time(), LONDON).astimezone(at.tzinfo)


def working(day: date, extra: Collection[date] = ()) -> bool:
    return day.weekday() < SATURDAY and day not in bank_holidays(day.year) and day not in extra


def bank_holidays(year: int) -> frozenset[date]:
    """Return the bank holidays of a year, substitute days among them."""
    easter = _easter(year)
    new_year = _weekday_from(date(year, 1, 1))
    christmas = _weekday_from(date(year, 12, 25))
    boxing = _weekday_from(date(year, 12, 26))
    boxing = _weekday_from(boxing + DAY) if boxing == christmas else boxing
    if christmas > boxing:
        christmas = _weekday_from(boxing + DAY)
    spring, summer = _last_monday(date(year, 5, 31)), _last_monday(date(year, 8, 31))
    early_may = _last_monday(date(year, 5, 7))
    return frozenset({new_year, easter - 2 * DAY, easter + DAY, early_may, spring, summer, christmas, boxing})


def _weekday_from(day: date) -> date:
    while day.weekday() >= SATURDAY:
        day += DAY
    return day


def _last_monday(latest: date) -> date:
    return latest - ((latest.weekday() - MONDAY) % 7) * DAY


def _easter(year: int) -> date:
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)
