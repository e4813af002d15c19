"""From one run's persons to the next. Pure rules.

Invariants: a person keeps its id while most of what it held stays together; where nothing moved nothing changes;
merges and splits say what moved."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from linkage.grouping.grouping import group
from linkage.grouping.terms import Bounds, Claims, Doubt, Grouping, Oversized, Pairs, Possible

__all__ = [
    "Assignment", "Bounds", "Change", "ChangeKind", "Claims", "Doubt", "Grouping", "Oversized", "Pairs", "Possible",
    "assign", "group",
]  # fmt: skip


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
