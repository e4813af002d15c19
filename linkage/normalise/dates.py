"""Calendar dates of any century, from the forms that partners send.

Invariants: only real days of the Gregorian calendar with four-digit years in ASCII digits; the month never comes first
in a numeric date (British order), and a year of two digits is never guessed. An implausible date stays a date.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date

from linkage.reasons import Reason

_MONTHS = (
    ("JAN", "JANUARY", "ION", "IONAWR"), ("FEB", "FEBRUARY", "CHWE", "CHWEFROR"), ("MAR", "MARCH", "MAW", "MAWRTH"),
    ("APR", "APRIL", "EBR", "EBRILL"), ("MAY", "MAI"), ("JUN", "JUNE", "MEH", "MEHEFIN"),
    ("JUL", "JULY", "GOR", "GORFFENNAF"), ("AUG", "AUGUST", "AWS", "AWST"), ("SEP", "SEPT", "SEPTEMBER", "MEDI"),
    ("OCT", "OCTOBER", "HYD", "HYDREF"), ("NOV", "NOVEMBER", "TACH", "TACHWEDD"),
    ("DEC", "DECEMBER", "RHAG", "RHAGFYR"),
)  # fmt: skip
_MONTH_NUMBERS = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words}
_TIME = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?)?"
_AUTO = re.compile(
    rf"(?P<y1>[0-9]{{4}})-(?P<m1>[0-9]{{2}})-(?P<d1>[0-9]{{2}}){_TIME}"
    rf"|(?P<y2>[0-9]{{4}})(?P<m2>[0-9]{{2}})(?P<d2>[0-9]{{2}})"
    rf"|(?P<d3>[0-9]{{1,2}})(?P<sep>[/.-])(?P<m3>[0-9]{{1,2}})(?P=sep)(?P<y3>[0-9]{{4}}){_TIME}"
    r"|(?P<d4>[0-9]{1,2})(?:ST|ND|RD|TH)?[ -](?P<m4>[A-Z]+)[ -](?P<y4>[0-9]{4})",
    re.ASCII | re.IGNORECASE,
)
_TWO_DIGIT = re.compile(r"[0-9]{1,2}[/. -](?:[0-9]{1,2}|[A-Za-z]+)[/. -][0-9]{2}(?:[T ].*)?", re.ASCII)
_SAME_SEPARATORS = frozenset({"--", "//", ".."})
_DIRECTIVES = {
    "Y": r"(?P<Y>[0-9]{4})", "m": r"(?P<m>[0-9]{1,2})", "d": r"(?P<d>[0-9]{1,2})", "b": r"(?P<b>[A-Z]+)",
    "B": r"(?P<b>[A-Z]+)", "H": r"[0-9]{1,2}", "M": r"[0-9]{1,2}", "S": r"[0-9]{1,2}", "f": r"[0-9]{1,6}", "%": "%",
}  # fmt: skip
_PADDED = {"m": r"(?P<m>[0-9]{2})", "d": r"(?P<d>[0-9]{2})"}
EARLIEST_PLAUSIBLE = date(1900, 1, 1)
OPEN_END = date(9999, 12, 31)
"""What databases write for 'no end'."""

DateParser = Callable[[str], date | Reason]


def _calendar(year: str, month: int | None, day: str) -> date | Reason:
    if month is None:
        return Reason.DATE_FORM
    try:
        return date(int(year), month, int(day))
    except ValueError:
        pass
    return Reason.DATE_IMPOSSIBLE


def _misfit(text: str) -> Reason:
    if not text.isascii() and any(sign.isdigit() and not sign.isascii() for sign in text):
        return Reason.NOT_ASCII_DIGITS
    return Reason.TWO_DIGIT_YEAR if _TWO_DIGIT.fullmatch(text) else Reason.DATE_FORM


def parse(text: str) -> date | Reason:
    """ISO dates and datetimes, YYYYMMDD, DD/MM/YYYY, DD-MM-YYYY, DD.MM.YYYY, "12 Mar 2019" (English and Welsh)."""
    if len(text) == 10 and text.isascii():
        year, month, day = (text[:4], text[5:7], text[8:]) if text[4] == "-" else (text[6:], text[3:5], text[:2])
        separators = text[4] + text[7] if text[4] == "-" else text[2] + text[5]
        if separators in _SAME_SEPARATORS and f"{year}{month}{day}".isdigit():
            return _calendar(year, int(month), day)
    found = _AUTO.fullmatch(text)
    if found is None:
        return _misfit(text)
    y1, m1, d1, y2, m2, d2, d3, _, m3, y3, d4, m4, y4 = found.groups()
    if y1:
        return _calendar(y1, int(m1), d1)
    if y3:
        return _calendar(y3, int(m3), d3)
    if y2:
        return _calendar(y2, int(m2), d2)
    return _calendar(y4, _MONTH_NUMBERS.get(m4.upper()), d4)


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with a strptime pattern, or None. Only %Y %m %d %b %B %H %M %S %f %% are read."""
    used = re.findall(r"%(.?)", pattern)
    if "y" in used:
        return "a year of two digits (%y) is never read; use %Y"
    unknown = [f"%{sign}" for sign in used if sign not in _DIRECTIVES]
    if unknown:
        return f"unknown date directive {', '.join(unknown)}; use %Y %m %d %b %B %H %M %S %f"
    days = [sign for sign in used if sign in "YmdbB"]
    if "Y" not in used or len({sign.lower() for sign in days}) != len(days) or {"m", "b"} <= {*map(str.lower, used)}:
        return "a date format needs %Y once, and month and day at most once each"
    return None


def pattern_has_day(pattern: str) -> bool:
    return "%d" in pattern and ("%m" in pattern or "%b" in pattern or "%B" in pattern)


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"%(.)", pattern)
    literal = [re.escape(part) for part in parts[::2]]
    regex = literal[0]
    for place, sign in enumerate(parts[1::2], start=1):
        before, after = parts[2 * place - 2], parts[2 * place]
        tight = (not after and place * 2 + 1 < len(parts)) or (not before and place > 1)
        regex += (_PADDED.get(sign, _DIRECTIVES[sign]) if tight else _DIRECTIVES[sign]) + literal[place]
    return re.compile(regex, re.ASCII | re.IGNORECASE)


def _from_match(found: re.Match[str]) -> date | Reason:
    groups = found.groupdict()
    month = int(groups["m"]) if groups.get("m") else 1
    if groups.get("b"):
        named = _MONTH_NUMBERS.get(groups["b"].upper())
        return _calendar(groups["Y"], named, groups.get("d") or "1")
    return _calendar(groups["Y"], month, groups.get("d") or "1")


def parser(patterns: Sequence[str]) -> DateParser:
    """A parser of the patterns given, tried in order; of the usual forms when there are none. A missing day is 1."""
    if not patterns:
        return parse
    compiled = [_compiled(pattern) for pattern in patterns]

    def parse_patterns(text: str) -> date | Reason:
        for regex in compiled:
            found = regex.fullmatch(text)
            if found:
                return _from_match(found)
        return _misfit(text)

    return parse_patterns


def is_implausible(day: date, today: date) -> bool:
    """Before 1900 or after today: kept, with a warning."""
    return day < EARLIEST_PLAUSIBLE or day > today
