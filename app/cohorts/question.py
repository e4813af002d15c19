"""A cohort question as a value: what it may say is all that can be asked.

Invariants: a population is always defined by what it is (born in a window of months, living in a known area); nothing
in a question can name a person, a day or a place; the same question always has the same hash.
Source: ehrQL (a closed query model apart from its language).
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256

from linkage.rows import EventStatus

WIDEST_WINDOW_MONTHS = 120
OLDEST_MONTHS = 216


class Geography(StrEnum):
    """The areas that may be counted by, from the smallest."""

    WARD = "ward"
    LOCALITY = "locality"
    NATION = "nation"


@dataclass(frozen=True, slots=True, order=True)
class Criterion:
    """An event of this type and one of these statuses, in a month `from_months` to `to_months` after that of birth."""

    event: str
    statuses: tuple[EventStatus, ...]
    from_months: int
    to_months: int


@dataclass(frozen=True, slots=True)
class Question:
    """Children born from one month to another (YYYY-MM, both included), by where they live, with and without events."""

    project: str
    title: str
    born_from: str
    born_to: str
    has: tuple[Criterion, ...]
    has_not: tuple[Criterion, ...]
    resident: Geography
    group_by: Geography
    profile: str

    def __post_init__(self) -> None:
        if self.born_from > self.born_to or any(c.from_months > c.to_months for c in self.criteria):
            raise ValueError("a window ends before it begins")

    @property
    def hash(self) -> str:
        return sha256(json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        return (*self.has, *self.has_not)
