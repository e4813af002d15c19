"""Who may decide for a child at an instant: parents by their ties, and what is recorded over and above them.

Invariants: what is recorded goes before what ties say of the same holder; a care order lets the authority decide and
holders give way; a special guardian decides to the exclusion of other holders; where a court has the child, only its
word counts; accommodation by agreement changes nothing; a tie to one child says nothing about another; nobody decides
for an adult.
Sources: Children Act 1989 ss.2-3, 8, 14C(1)(b), 20, 33(3), 100; Social Services and Well-being (Wales) Act 2014 s.76.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from governance.legal_time import legal_date
from governance.terms import ResponsibilityKind
from governance.wishes.wishes import Subject

BY_A_PERSON: Final = frozenset({ResponsibilityKind.PARENTAL_RESPONSIBILITY, ResponsibilityKind.SPECIAL_GUARDIAN})
"""Kinds that a person holds; the others are held by an authority or a court."""


@dataclass(frozen=True, slots=True)
class ResponsibilityFact:
    """One recorded responsibility for a child. `until` and `ended_on` are the first day without it."""

    person_id: str
    kind: ResponsibilityKind
    holder: str | None
    since: date
    until: date | None
    recorded_at: datetime
    ended_on: date | None = None
    ended_at: datetime | None = None

    def begun(self, at: datetime) -> bool:
        return self.recorded_at <= at and self.since <= legal_date(at)

    def stands(self, at: datetime) -> bool:
        today = legal_date(at)
        over = self.until is not None and self.until <= today
        ended = self.ended_at is not None and self.ended_at <= at and self.ended_on is not None
        return self.begun(at) and not over and not (ended and self.ended_on is not None and self.ended_on <= today)


def subject_at(
    person_id: str, adult: bool, by_ties: frozenset[str], rows: Iterable[ResponsibilityFact], at: datetime
) -> Subject:
    """Return whose wishes are read and who may speak for them at that instant."""
    begun = [row for row in rows if row.person_id == person_id and row.begun(at)]
    standing = [row for row in begun if row.stands(at)]
    kinds = {row.kind for row in standing}
    held = {row.holder for row in standing if row.kind in BY_A_PERSON and row.holder}
    lost = {row.holder for row in begun if row.kind in BY_A_PERSON and row.holder} - held
    guardians = {row.holder for row in standing if row.kind is ResponsibilityKind.SPECIAL_GUARDIAN and row.holder}
    return Subject(
        person_id=person_id,
        adult=adult,
        responsible=frozenset(guardians or (by_ties - lost) | held),
        guarded=bool(guardians),
        in_care=ResponsibilityKind.CARE_ORDER in kinds,
        before_court=ResponsibilityKind.COURT in kinds,
    )


def changes(rows: Iterable[ResponsibilityFact], person_id: str, at: datetime) -> tuple[date, ...]:
    """Return the days up to that instant on which it changed who decides for this child."""
    mine = [row for row in rows if row.person_id == person_id and row.begun(at) and row.kind in DECIDING]
    ends = [day for row in mine for day in (row.until, row.ended_on) if day is not None and not row.stands(at)]
    return tuple(sorted({row.since for row in mine} | {day for day in ends if day <= legal_date(at)}))


DECIDING: Final = frozenset(ResponsibilityKind) - {ResponsibilityKind.ACCOMMODATED}
"""Kinds that change who decides."""
