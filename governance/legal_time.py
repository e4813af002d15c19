"""Legal dates: a day in law begins at 00:00 in Europe/London, whatever the instant's own zone."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")


def legal_date(at: datetime) -> date:
    """Return the legal date of an aware instant; raise ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(LONDON).date()
