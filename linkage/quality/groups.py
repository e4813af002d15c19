"""Error by group: whether linkage serves everybody alike. Pure.

Invariants: a pair counts for a group where either of its rows belongs to it; an interval widens where few people make
up many pairs, since one person's pairs stand and fall together; counts come from group sizes, so that the work grows
with the rows and not with the pairs; a group is a label, never a person.
Sources: Wilson (1927) score interval on the effective sample size of Kish (1965)."""

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Z = 1.959964
"""The normal deviate of a 95 % interval."""


class Placed(Protocol):
    """A truth row: who it truly is, and whom linkage says it is."""

    @property
    def truth(self) -> str: ...
    @property
    def found(self) -> Hashable: ...


@dataclass(frozen=True, slots=True)
class GroupError:
    """One group's recall with its interval; `records` are its rows."""

    group: str
    records: int
    recall: float
    low: float
    high: float
    precision: float | None = None


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Of one set of rows that belong together: its pairs that touch the group, by the sizes of the whole and part."""

    whole: int
    part: int

    @property
    def touching(self) -> int:
        return _choose_two(self.whole) - _choose_two(self.whole - self.part)


def _choose_two(count: int) -> int:
    return count * (count - 1) // 2


def wilson(share: float, trials: float) -> tuple[float, float]:
    """The 95 % interval of a share among so many independent trials; all of [0, 1] where there are none."""
    if trials <= 0:
        return 0.0, 1.0
    spread = Z * Z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def effective(sizes: Iterable[int]) -> float:
    """How many independent trials so many pairs of each person are worth."""
    held = [float(size) for size in sizes]
    squares = sum(size * size for size in held)
    return sum(held) ** 2 / squares if squares else 0.0


def _sizes(
    rows: Iterable[Placed], key: Callable[[Placed], Hashable], inside: Callable[[Placed], bool]
) -> dict[Hashable, _Pairs]:
    whole: Counter[Hashable] = Counter()
    part: Counter[Hashable] = Counter()
    for row in rows:
        whole[key(row)] += 1
        part[key(row)] += inside(row)
    return {name: _Pairs(count, part[name]) for name, count in whole.items() if part[name]}


def _measured(rows: Sequence[Placed], group: str, inside: Callable[[Placed], bool]) -> GroupError:
    true = _sizes(rows, lambda row: row.truth, inside)
    found = _sizes(rows, lambda row: row.found, inside)
    right = sum(pairs.touching for pairs in _sizes(rows, lambda row: (row.truth, row.found), inside).values())
    expected, got = (sum(pairs.touching for pairs in held.values()) for held in (true, found))
    recall = right / expected if expected else 1.0
    low, high = wilson(recall, effective(pairs.touching for pairs in true.values()))
    return GroupError(group, sum(map(inside, rows)), recall, low, high, right / got if got else 1.0)


def by_group(rows: Sequence[Placed], group_of: Callable[[Placed], str | None]) -> list[GroupError]:
    """The error of every group, by name; rows whose group is None belong to none but still count as company."""
    groups = {id(row): group_of(row) for row in rows}
    mates: dict[Hashable, set[str]] = defaultdict(set)
    for row in rows:
        if (group := groups[id(row)]) is not None:
            mates[("truth", row.truth)].add(group)
            mates[("found", row.found)].add(group)
    near: dict[str, list[Placed]] = defaultdict(list)
    for row in rows:
        for group in mates[("truth", row.truth)] | mates[("found", row.found)]:
            near[group].append(row)
    return [
        _measured(held, group, lambda row, group=group: groups[id(row)] == group)  # type: ignore[misc]
        for group, held in sorted(near.items())
    ]


def read(path: Path) -> dict[str, dict[str, str]]:
    """A file of the truth's groups (a column `person`, and one for each way of grouping): person → way → group."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["person"]: {name: value for name, value in row.items() if name != "person"} for row in rows}


def every_group(rows: Sequence[Placed], groups: Mapping[str, Mapping[str, str]]) -> list[GroupError]:
    """The error by every way of grouping that a truth names, groups called `way: group`."""
    ways = dict.fromkeys(way for held in groups.values() for way in held)
    nothing: Mapping[str, str] = {}

    def label(way: str) -> Callable[[Placed], str | None]:
        return lambda row: f"{way}: {group}" if (group := groups.get(row.truth, nothing).get(way)) else None

    return [error for way in ways for error in by_group(rows, label(way))]
