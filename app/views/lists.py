"""Lists of children: the home page's own families and a search's results.

Invariant: a line tells people apart by name where it may be shown, age, area and how well they match; never by a
number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app import labels
from app.caseload import Row
from app.language import Language
from app.views.people import age, described, month_start
from governance.terms import SubjectRole


@dataclass(frozen=True, slots=True)
class Line:
    person_id: str
    name: str
    held: bool
    age: str | None
    born: str | None
    locality: str | None
    why: str | None
    match: str | None


def lines(words: Language, rows: Iterable[Row], at: date, strengths: Mapping[str, str] | None = None) -> list[Line]:
    """Return one line for each child."""
    return [_line(words, row, at, strengths or {}) for row in rows]


def _line(words: Language, row: Row, at: date, strengths: Mapping[str, str]) -> Line:
    person, known = row.person, row.known
    about = known.date_of_birth or (month_start(person.birth_month) if person.birth_month else None)
    unnamed = described(words, SubjectRole.CHILD, person.unborn, person.birth_month)
    match = strengths.get(person.person_id)
    return Line(
        person_id=person.person_id,
        name=known.name or unnamed,
        held=known.name is not None,
        age=age(words, about, at) if about else None,
        born=words.day(known.date_of_birth) if known.date_of_birth else words.month(about) if about else None,
        locality=words.pick(*row.locality) if row.locality else None,
        why=words.gettext(labels.RELATIONSHIPS[row.kind]) if row.kind else None,
        match=words.gettext(match) if match else None,
    )
