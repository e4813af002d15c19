"""What grouping speaks of: scored pairs, what a person can have only once, bounds, and what is found.

Invariants: weights are log2 odds; a claim binds two profiles apart only where both make it and their values differ; a
sealed claim is never reported; arrays of one object are of equal length. No name, number or date is here, only
profile numbers, role ids and hashed values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
SEALED = "sealed"
NUMBER_KINDS = frozenset({"nhs", "upn"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Groups join at `join` or above; from `doubt` to `join` they are possible duplicates."""

    join: float = 0.0
    doubt: float = -4.0
    missing: float = -4.0
    """What a pair that was never compared counts for: most agree in nothing that blocking looks at."""
    least: float = -10.0
    most: float = 40.0
    most_profiles: int = 200
    """A group of more profiles than this is cut again at stricter joins: no child has so many different records."""

    @property
    def reach(self) -> float:
        """The least weight of a pair that can make two groups one: what no chain of such pairs connects stays apart."""
        return self.join if self.missing < self.join else self.doubt


class Doubt(StrEnum):
    TWO_NUMBERS = "two_numbers"
    UNSURE = "unsure"
    OVERSIZED = "oversized"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Scored pairs of profiles, as columns of equal length; each unordered pair at most once, in any order."""

    a: Ints
    b: Ints
    weight: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Claims:
    """What profiles say that a person can have only once: equal kind (and scope) with another value contradict.

    `kind` points into `kinds`; a kind whose name starts with "sealed" is never reported, and two numbers of a kind in
    NUMBER_KINDS are a possible duplicate. `scope` tells apart the many sets of one kind (each record, each decision);
    without it every kind is one set.
    """

    profile: Ints
    kind: NDArray[np.integer[Any]]
    value: Ints
    kinds: tuple[str, ...]
    scope: Ints | None = None

    @property
    def scopes(self) -> Ints:
        return np.zeros(len(self.profile), np.int64) if self.scope is None else self.scope

    @classmethod
    def none(cls) -> "Claims":
        empty = np.empty(0, np.int64)
        return cls(empty, empty, empty, ())

    @classmethod
    def of(cls, said: Mapping[int, Mapping[str, str]]) -> "Claims":
        """From profile → kind → value."""
        rows = [(profile, kind, value) for profile, held in said.items() for kind, value in held.items()]
        kinds = tuple(sorted({kind for _, kind, _ in rows}))
        values = {value: at for at, value in enumerate(sorted({value for *_, value in rows}))}
        place = {kind: at for at, kind in enumerate(kinds)}
        made = np.array([(p, place[k], values[v]) for p, k, v in rows], np.int64).reshape(-1, 3)
        return cls(made[:, 0], made[:, 1], made[:, 2], kinds)


@dataclass(frozen=True, slots=True)
class Possible:
    """Two groups that may be one person."""

    a: int
    b: int
    reason: Doubt
    weight: float


@dataclass(frozen=True, slots=True)
class Oversized:
    """Profiles that hung together in one group too large to be a person, and now stand apart."""

    profiles: tuple[int, ...]
    reason: Doubt = Doubt.OVERSIZED


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """The persons of a run: of each profile its group, named by the group's smallest profile.

    `refused` are steward decisions ("same") that could not be kept because another claim forbids the union.
    """

    profiles: Ints
    group_of: Ints
    possible: tuple[Possible, ...]
    oversized: tuple[Oversized, ...] = ()
    refused: tuple[tuple[int, int], ...] = ()

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The profiles of every group, in the order of the groups' first profiles."""
        order = np.argsort(self.group_of, kind="stable")
        starts = np.flatnonzero(np.diff(self.group_of[order])) + 1
        return tuple(tuple(part.tolist()) for part in np.split(self.profiles[order], starts)) if len(order) else ()
