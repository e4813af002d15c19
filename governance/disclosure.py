"""Statistical disclosure control of one small table with its margins, before anybody sees it. Pure rules.

Invariants: a count from 1 to threshold - 1 is never released; every other is rounded; a true zero stays zero and is
told apart; further cells are withheld until, from all that is released and the rules themselves, each small count may
still be anything from 1 to threshold - 1. Which cells were withheld for themselves and which for others is not told:
seven areas known to be small under a total known to be small would each be 1. Bad input raises.
Sources: NHS England, disclosure control for HES and ECDS, sub-national (1 to 7 withheld, others to the nearest 5); ONS
and Eurostat guidance on secondary suppression (audit of feasible intervals).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

CEILING: Final = 10_000_000
"""No cell is thought to hold more; the solver needs an end."""


_Attack = tuple[list[LinearConstraint], Bounds]
"""All that an attacker knows of a released table."""


class DisclosureError(ValueError):
    """The table cannot be protected as it was given."""


class CellStatus(StrEnum):
    OK = "ok"
    ZERO = "zero"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Profile:
    """Counts from 1 to `threshold - 1` are withheld, others rounded to the nearest `base`."""

    name: str
    threshold: int
    base: int

    def __post_init__(self) -> None:
        if self.threshold < 2 or self.base < 1 or self.threshold <= self.base // 2:
            raise DisclosureError("a profile needs a threshold above 1 and above half its rounding base")

    def rounded(self, count: int) -> int:
        return self.base * ((count + self.base // 2) // self.base)

    def origins(self, released: int) -> tuple[int, int]:
        """Return the least and the greatest true count that is released as this one."""
        low = released - self.base // 2
        return max(low, self.threshold), low + self.base - 1


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {"nhs-subnational": Profile("nhs-subnational", threshold=8, base=5)}
)
"""Whoever adds one, run the method on every small table first: where few counts round to the least released value, the
method itself can give a small count away (threshold 4 with base 3 does)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted, by cell. A count of distinct families is not additive: one may stand in two areas."""

    name: str
    counts: Mapping[str, int]
    additive: bool = True


@dataclass(frozen=True, slots=True)
class Margin:
    """One total and the cells it is made of."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What is released of one cell: rounded values by measure, or None for each where it is withheld."""

    status: CellStatus
    values: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class _Table:
    """Checked input. `measures` go from the widest to the narrowest, cell by cell."""

    measures: Sequence[Measure]
    margins: Sequence[Margin]
    profile: Profile
    keys: tuple[str, ...] = field(default=())

    def smallest(self, key: str) -> int:
        return self.measures[-1].counts[key]


def release(measures: Sequence[Measure], margins: Sequence[Margin], profile: Profile) -> dict[str, Cell]:
    """Return what may be released of a table.

    `measures` are ordered from the widest (children) to the narrowest (families), over the same cells; a cell is small
    where any of them is. `margins` name totals among the cells. Raises DisclosureError on anything inconsistent.
    """
    table = _checked(measures, margins, profile)
    small = [key for key in table.keys if 0 < table.smallest(key) < profile.threshold]
    withheld = set(small)
    released, zeros_alone = _attack(table, withheld), _attack(table, {k for k in table.keys if table.smallest(k)})
    for key in small:
        while _exposed(table, key, released, zeros_alone):
            withheld.add(_next_withheld(table, key, withheld))
            released = _attack(table, withheld)
    return {key: _cell(table, key, withheld) for key in table.keys}


def _cell(table: _Table, key: str, withheld: Iterable[str]) -> Cell:
    if key in withheld:
        return Cell(CellStatus.SUPPRESSED, {m.name: None for m in table.measures})
    if table.measures[0].counts[key] == 0:
        return Cell(CellStatus.ZERO, {m.name: 0 for m in table.measures})
    return Cell(CellStatus.OK, {m.name: table.profile.rounded(m.counts[key]) for m in table.measures})


def _next_withheld(table: _Table, key: str, withheld: set[str]) -> str:
    """Choose an open part beside an exposed cell, else a total, else any cell: by name, as a choice by size tells."""
    open_keys = [k for k in table.keys if k not in withheld and table.measures[0].counts[k] > 0]
    near = [m for m in table.margins if key == m.total or key in m.parts]
    parts = {p for m in near for p in m.parts}
    totals = {m.total for m in near}
    for among in (parts, totals, set(open_keys)):
        if found := [k for k in open_keys if k in among]:
            return min(found)
    raise DisclosureError("a small count stays exposed with everything withheld")


def _exposed(table: _Table, key: str, released: _Attack, zeros_alone: _Attack) -> bool:
    """Tell whether the released table narrows a small cell, in any measure, more than its zeros alone would."""
    for row, measure in enumerate(table.measures):
        column = row * len(table.keys) + table.keys.index(key)
        low, high = (_extreme(*released, column, sign) for sign in (1, -1))
        if measure.counts[key] < table.profile.threshold:
            if high < table.profile.threshold - 1 or (low > 1 and low > _extreme(*zeros_alone, column, 1)):
                return True
        elif high - low < table.profile.threshold - 2:
            return True
    return False


def _extreme(constraints: list[LinearConstraint], bounds: Bounds, column: int, sign: int) -> int:
    """Return the least (sign 1) or greatest (sign -1) whole number a cell can be in the attacker's eyes."""
    goal = np.zeros(len(bounds.lb))
    goal[column] = sign
    found = milp(goal, constraints=constraints, bounds=bounds, integrality=np.ones(len(goal)))
    if found.status != 0:
        raise DisclosureError("the released table contradicts itself")
    return round(float(sign * found.fun))


def _attack(table: _Table, withheld: set[str]) -> _Attack:
    """Write down all that an attacker knows: bounds of every cell, sums of every margin, measures within measures."""
    size = len(table.keys)
    known = [_known(table, measure, key, withheld) for measure in table.measures for key in table.keys]
    bounds = Bounds(np.array([k[0] for k in known], dtype=float), np.array([k[1] for k in known], dtype=float))
    rows: list[tuple[dict[int, float], float, float]] = []
    for number, measure in enumerate(table.measures):
        for margin in table.margins:
            rows += _sums(table.keys, margin, measure.additive, number * size)
    for number in range(len(table.measures) - 1):
        rows += [({number * size + i: 1, (number + 1) * size + i: -1}, 0, np.inf) for i in range(size)]
    return _constraints(rows, len(known)), bounds


def _known(table: _Table, measure: Measure, key: str, withheld: set[str]) -> tuple[float, float]:
    if key in withheld:
        return 1, CEILING
    count = measure.counts[key]
    return (0, 0) if count == 0 else table.profile.origins(table.profile.rounded(count))


def _sums(
    keys: Sequence[str], margin: Margin, additive: bool, offset: int
) -> list[tuple[dict[int, float], float, float]]:
    total = offset + keys.index(margin.total)
    parts = [offset + keys.index(part) for part in margin.parts]
    added = {total: -1.0} | dict.fromkeys(parts, 1.0)
    if additive:
        return [(added, 0, 0)]
    return [(added, 0, np.inf), *(({total: 1.0, part: -1.0}, 0, np.inf) for part in parts)]


def _constraints(rows: Sequence[tuple[dict[int, float], float, float]], width: int) -> list[LinearConstraint]:
    if not rows:
        return []
    places = [(number, column) for number, row in enumerate(rows) for column in row[0]]
    values = [value for row in rows for value in row[0].values()]
    matrix = csr_array((values, tuple(zip(*places, strict=True))), shape=(len(rows), width))
    return [LinearConstraint(matrix, np.array([r[1] for r in rows]), np.array([r[2] for r in rows]))]


def _checked(measures: Sequence[Measure], margins: Sequence[Margin], profile: Profile) -> _Table:
    if not measures:
        raise DisclosureError("a table needs at least one measure")
    keys = tuple(sorted(measures[0].counts))
    for measure in measures:
        _check_counts(measure, keys)
    for wider, narrower in pairwise(measures):
        for key in keys:
            if narrower.counts[key] > wider.counts[key] or (narrower.counts[key] == 0) != (wider.counts[key] == 0):
                raise DisclosureError("measures do not go from the widest to the narrowest")
    for margin in margins:
        _check_margin(margin, measures, frozenset(keys))
    return _Table(measures, margins, profile, keys)


def _check_counts(measure: Measure, keys: tuple[str, ...]) -> None:
    if tuple(sorted(measure.counts)) != keys:
        raise DisclosureError("measures do not have the same cells")
    for count in measure.counts.values():
        if type(count) is not int or not 0 <= count < CEILING:
            raise DisclosureError("a count is a whole number from 0, below ten million")


def _check_margin(margin: Margin, measures: Sequence[Measure], keys: frozenset[str]) -> None:
    named = (margin.total, *margin.parts)
    if not margin.parts or len(set(named)) != len(named) or not keys.issuperset(named):
        raise DisclosureError("a margin names one total and its different cells")
    for measure in measures:
        total, parts = measure.counts[margin.total], [measure.counts[part] for part in margin.parts]
        if total > sum(parts) or total < max(parts) or (measure.additive and total != sum(parts)):
            raise DisclosureError("a total is not what its cells make")
