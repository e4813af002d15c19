"""English and Welsh: which one a page is in, its words, plurals and dates.

Invariants: both languages offer every page; the choice travels in `?lang=` and a cookie and never loses the page or its
query; a catalogue holds no data about anyone, so it may be kept in memory.
Sources: Welsh Language Standards (Welsh no less favourably than English); CLDR plural rules and dates through Babel.
"""

import gettext as gnu
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal
from starlette.requests import Request

LONDON: Final = ZoneInfo("Europe/London")
COOKIE: Final = "language"


class Code(StrEnum):
    EN = "en"
    CY = "cy"


NAMES: Final = {Code.EN: "English", Code.CY: "Cymraeg"}
"""Each language's name in itself."""


def N_(message: str) -> str:
    """Mark a message for the catalogue where it is a constant; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Language:
    """One language's words and ways of writing."""

    code: Code
    translations: gnu.NullTranslations

    def gettext(self, message: str, **values: object) -> str:
        """Return the message in this language, with the named values put in."""
        text = self.translations.gettext(message)
        return text % values if values else text

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """Return the right plural; `%(num)s` is the count."""
        return self.translations.ngettext(one, many, count) % {"num": count, **values}

    def pick(self, english: str, welsh: str | None) -> str:
        """Return the Welsh name of something where this is Welsh and one is held."""
        return welsh if self.code is Code.CY and welsh else english

    def day(self, value: date) -> str:
        return str(format_date(value, "d MMMM y", locale=self.code))

    def short_day(self, value: date) -> str:
        return str(format_date(value, "d MMM y", locale=self.code))

    def month(self, value: date) -> str:
        return str(format_date(value, "MMMM y", locale=self.code))

    def instant(self, value: datetime) -> str:
        """Write an instant as the clock on the wall in London shows it."""
        return str(format_datetime(value.astimezone(LONDON), "d MMMM y, HH:mm", locale=self.code))

    def number(self, value: int | float) -> str:
        return str(format_decimal(value, locale=self.code))

    def together(self, parts: list[str]) -> str:
        """Write a list as a sentence does: a, b and c."""
        return str(format_list(parts, locale=self.code))


Words = Callable[..., str]


@cache
def language(code: Code) -> Language:
    """Open the shipped catalogue of one language."""
    path = resources.files("app").joinpath("locale", code, "LC_MESSAGES", "messages.mo")
    if not path.is_file():
        return Language(code, gnu.NullTranslations())
    with path.open("rb") as held:
        return Language(code, gnu.GNUTranslations(held))


def chosen(request: Request) -> Language:
    """Tell which language this request asks for: the address first, then the cookie, then the browser's preference."""
    for said in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if said in set(Code):
            return language(Code(said))
    return language(_preferred(request.headers.get("accept-language", "")))


def _preferred(header: str) -> Code:
    first = header.split(",")[0].strip().lower()
    return Code.CY if first == "cy" or first.startswith("cy-") else Code.EN
