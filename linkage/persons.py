"""From one run's persons to the next. Pure rules.

Invariants: a person keeps its id while most of what it held stays together; where nothing moved nothing changes;
merges and splits say what moved."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import overload

import numpy as np
from numpy.typing import NDArray

from linkage import grouping
from linkage.grouping_terms import Bounds, Claims, Doubt, Grouping, Ints, Oversized, Pairs, Possible

__all__ = [
    "Assignment", "Bounds", "Change", "ChangeKind", "Claims", "Doubt", "Grouping", "Oversized", "Pairs", "Possible",
    "assign", "group", "unsettled",
]  # fmt: skip


@overload
def group(profiles: int, pairs: Pairs, claims: Mapping[int, Mapping[str, str]], bounds: Bounds) -> Grouping: ...
@overload
def group(
    profiles: Ints, pairs: Pairs, claims: Claims, bounds: Bounds, together: Sequence[tuple[int, int]] = ()
) -> Grouping: ...
def group(
    profiles: Ints | int,
    pairs: Pairs,
    claims: Claims | Mapping[int, Mapping[str, str]],
    bounds: Bounds,
    together: Sequence[tuple[int, int]] = (),
) -> Grouping:
    """Group profiles into persons (see `grouping.group`).

    Given a count instead of profiles, and claims as a mapping, possible duplicates name groups by their index.
    """
    if isinstance(claims, Claims) and not isinstance(profiles, int):
        return grouping.group(profiles, pairs, claims, bounds, together)
    if not isinstance(profiles, int) or isinstance(claims, Claims):
        raise TypeError("either a count with a mapping of claims, or profiles with Claims")
    found = grouping.group(np.arange(profiles, dtype=np.int64), pairs, Claims.of(claims), bounds)
    index = {first: at for at, first in enumerate(np.unique(found.group_of).tolist())}
    return replace(found, possible=tuple(replace(p, a=index[p.a], b=index[p.b]) for p in found.possible))


def unsettled(groups: Ints, before: Ints) -> NDArray[np.bool_]:
    """Of every role, given its group and the person it had (−1 for none), whether `assign` has to see its group.

    A group is settled where all its roles had one person and no other group holds a role of that person.
    """
    if not len(groups):
        return np.zeros(0, np.bool_)
    _, group_at = np.unique(groups, return_inverse=True)
    people, person_at = np.unique(before, return_inverse=True)
    first = np.full(int(group_at.max()) + 1, len(people), np.int64)
    last = np.full_like(first, -1)
    np.minimum.at(first, group_at, person_at)
    np.maximum.at(last, group_at, person_at)
    mixed = (first != last) | (people[first] < 0)
    low = np.full(len(people), len(first), np.int64)
    high = np.full_like(low, -1)
    np.minimum.at(low, person_at, group_at)
    np.maximum.at(high, person_at, group_at)
    found: NDArray[np.bool_] = mixed[group_at] | (low != high)[person_at]
    again = np.zeros(len(first), np.bool_)
    again[group_at[found]] = True
    return again[group_at]


class ChangeKind(StrEnum):
    CREATED = "created"
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a person: created; merged (into `other`); split (from `other`). `roles` are what moved."""

    kind: ChangeKind
    person: str
    other: str | None
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The person of every group, in the order of the groups, and what changed since the last run."""

    persons: tuple[str, ...]
    changes: tuple[Change, ...]


def assign(before: Mapping[str, str], groups: Sequence[Sequence[str]], new_id: Callable[[], str]) -> Assignment:
    """Give each group of role ids a person: the one most of its roles had, where no other group holds more of it."""
    overlap: Counter[tuple[int, str]] = Counter()
    for at, roles in enumerate(groups):
        overlap.update((at, before[role]) for role in roles if role in before)
    person_of: dict[int, str] = {}
    taken: set[str] = set()
    for (at, person), _ in sorted(overlap.items(), key=lambda held: (-held[1], held[0][1], groups[held[0][0]][0])):
        if at not in person_of and person not in taken:
            person_of[at] = person
            taken.add(person)
    fresh = [at for at in range(len(groups)) if at not in person_of]
    person_of |= {at: new_id() for at in fresh}
    persons = tuple(person_of[at] for at in range(len(groups)))
    return Assignment(persons, tuple(_changes(before, groups, persons, set(fresh), taken)))


def _changes(
    before: Mapping[str, str], groups: Sequence[Sequence[str]], persons: Sequence[str], fresh: set[int], kept: set[str]
) -> Iterable[Change]:
    moved: dict[tuple[str, str], list[str]] = defaultdict(list)
    for at, roles in enumerate(groups):
        if at in fresh:
            yield Change(ChangeKind.CREATED, persons[at], None, tuple(sorted(roles)))
        for role in roles:
            if before.get(role, persons[at]) != persons[at]:
                moved[(before[role], persons[at])].append(role)
    for (old, new), roles in sorted(moved.items()):
        if old in kept:
            yield Change(ChangeKind.SPLIT, new, old, tuple(sorted(roles)))
        else:
            yield Change(ChangeKind.MERGED, old, new, tuple(sorted(roles)))
