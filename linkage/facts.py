"""The shapes that reading brings back from the record store, and the one question of dates they all ask.

Invariants: nothing here holds a clear identifier or a token; a birth is known to the month; a row names its own source
(dataset, load, row number). A period runs from its first day and ends before the day it names as its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from linkage.rows import EventStatus, PersonId, Precision, Relation, Standing

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class PersonFact:
    """What the record store itself knows of one person. `birth_month` is YYYY-MM."""

    person_id: PersonId
    unborn: bool
    birth_month: str | None
    sex: str | None


@dataclass(frozen=True, slots=True)
class TieFact:
    """`person_a` RELATION `person_b`, as one provider's dataset says."""

    person_a: PersonId
    relation: Relation
    person_b: PersonId
    provider: str
    dataset: str
    standing: Standing
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True, order=True)
class Holding:
    """Something exists of this category, from this provider, about this person."""

    person_id: PersonId
    category: str
    provider: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One current event. `about_unborn` is true where the person it is about is (still) an unborn child."""

    id: str
    person_id: PersonId
    about_person_id: PersonId | None
    about_unborn: bool
    category: str
    type: str
    service: str
    organisation: str
    provider: str
    occurred_on: date
    precision: Precision
    until: date | None
    status: EventStatus
    values: Mapping[str, Value]
    dataset: str
    load_id: str
    row_number: int
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class InvolvementRow:
    """One current row about a service's open or closed relation with a person. Names and numbers are of staff."""

    id: str
    person_id: PersonId
    category: str
    service: str
    organisation: str
    provider: str
    team: str | None
    professional: str | None
    professional_role: str | None
    accountable: str | None
    telephone: str | None
    since: date | None
    until: date | None
    dataset: str
    load_id: str
    row_number: int
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """What one load speaks for. No areas means everywhere the provider works; no end means up to the load itself."""

    provider: str
    dataset: str
    service: str
    covers_from: date | None
    covers_to: date | None
    areas: tuple[str, ...]
    population: str | None
    loaded_at: datetime

    @property
    def last_day(self) -> date:
        return self.covers_to or self.loaded_at.date()

    def speaks_for(self, areas: frozenset[str]) -> bool:
        """Tell whether this load covers somebody who lives in these areas; an unknown area is not covered."""
        return not self.areas or not {a.casefold() for a in areas}.isdisjoint(a.casefold() for a in self.areas)


@dataclass(frozen=True, slots=True)
class MilestoneFact:
    """One step of a nation's pathway, due from `from_days` to `to_days` after birth (both included)."""

    schedule: str
    version: str
    code: str
    nation: str
    title_en: str
    title_cy: str | None
    from_days: int
    to_days: int
    event_types: tuple[str, ...]
    service: str


def in_force(since: date | None, until: date | None, at: date) -> bool:
    """Tell whether `at` lies in the period [since, until); an open end is open."""
    return (since is None or since <= at) and (until is None or at < until)
