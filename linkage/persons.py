"""From scored pairs to persons, and from one run's persons to the next. Pure rules.

Invariants: two profiles join only through average agreement between whole groups, so that a chain of weak links
cannot join two children; groups whose claims contradict (two numbers, two roles of one record, two births, a sealed
pair) never join, whatever the weight; a sealed pair is never named, not even as a possible duplicate; the outcome
does not depend on the order of the input; a person keeps its id while most of what it held stays together.
Source: agglomerative average linkage (Sokal and Michener 1958) within connected components, with cannot-link
constraints (Wagstaff and Cardie 2000)."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Claims = Mapping[str, str]
"""What a profile says that a person can have only once: kind → value. Equal kinds with other values contradict."""

SEALED = "sealed:"
NUMBER_KINDS = frozenset({"nhs", "upn"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Weights are log2 odds. Groups join at `join` or above; from `doubt` to `join` they are possible duplicates."""

    join: float = 0.0
    doubt: float = -4.0
    missing: float = -4.0
    """What a pair that was never compared counts for: most agree in nothing that blocking looks at."""
    least: float = -10.0
    most: float = 40.0


class Doubt(StrEnum):
    TWO_NUMBERS = "two_numbers"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Scored pairs of profiles, as columns of equal length; each unordered pair at most once."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    weight: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Possible:
    """Two groups (by index) that may be one person."""

    a: int
    b: int
    reason: Doubt
    weight: float


@dataclass(frozen=True, slots=True)
class Grouping:
    """The persons of a run: profiles in order, groups in the order of their first profile."""

    groups: tuple[tuple[int, ...], ...]
    possible: tuple[Possible, ...]


def contradiction(one: Claims, other: Claims) -> str | None:
    """The first kind that both claim with different values; a sealed kind before any other."""
    fewer, more = (one, other) if len(one) <= len(other) else (other, one)
    found = sorted(kind for kind, value in fewer.items() if more.get(kind, value) != value)
    return next((kind for kind in found if kind.startswith(SEALED)), found[0] if found else None)


class _Joining:
    """Agglomeration inside one component. Groups are named by their smallest profile."""

    def __init__(self, edges: Sequence[tuple[int, int, float]], claims: Mapping[int, Claims], bounds: Bounds) -> None:
        self._bounds = bounds
        self.members: dict[int, list[int]] = {}
        self._links: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)
        self._claims: dict[int, dict[str, str]] = {}
        for a, b, weight in edges:
            held = min(max(weight, bounds.least), bounds.most)
            self._links[a][b] = self._links[b][a] = (held, 1)
        for node in self._links:
            self.members[node] = [node]
            self._claims[node] = dict(claims.get(node, {}))
        self._heap = [self._entry(a, b) for a, near in self._links.items() for b in near if a < b]
        heapq.heapify(self._heap)
        self.barred: list[tuple[int, int, str, float]] = []

    def average(self, a: int, b: int) -> float:
        total, compared = self._links[a][b]
        possible = len(self.members[a]) * len(self.members[b])
        return (total + self._bounds.missing * (possible - compared)) / possible

    def _entry(self, a: int, b: int) -> tuple[float, int, int, int, int]:
        low, high = (a, b) if a < b else (b, a)
        return (-self.average(a, b), low, high, len(self.members[low]), len(self.members[high]))

    def _stale(self, low: int, high: int, low_size: int, high_size: int) -> bool:
        sizes = (len(self.members.get(low, ())), len(self.members.get(high, ())))
        return sizes != (low_size, high_size) or high not in self._links[low]

    def run(self) -> None:
        """Join the most alike pair of groups until none is alike enough."""
        while self._heap and -self._heap[0][0] >= self._bounds.join:
            score, low, high, low_size, high_size = heapq.heappop(self._heap)
            if self._stale(low, high, low_size, high_size):
                continue
            kind = contradiction(self._claims[low], self._claims[high])
            if kind is None:
                self._merge(low, high)
            else:
                self.barred.append((low, high, kind, -score))

    def _merge(self, keep: int, gone: int) -> None:
        self.members[keep] += self.members.pop(gone)
        self._claims[keep] |= self._claims.pop(gone)
        near, far = self._links[keep], self._links.pop(gone)
        del near[gone], far[keep]
        for other, (total, compared) in far.items():
            before, count = near.get(other, (0.0, 0))
            near[other] = (before + total, count + compared)
            del self._links[other][gone]
        for other, link in near.items():
            self._links[other][keep] = link
            if self.average(keep, other) >= self._bounds.join:
                heapq.heappush(self._heap, self._entry(keep, other))

    def doubtful(self) -> Iterator[tuple[int, int, Doubt, float]]:
        """Pairs of finished groups that may be one person, never sealed ones."""
        for a, near in self._links.items():
            for b in near:
                if a < b and (reason := self._doubt(a, b)) is not None:
                    yield a, b, reason, self.average(a, b)

    def _doubt(self, a: int, b: int) -> Doubt | None:
        average = self.average(a, b)
        if average < self._bounds.doubt:
            return None
        kind = contradiction(self._claims[a], self._claims[b])
        if kind in NUMBER_KINDS:
            return Doubt.TWO_NUMBERS if average >= self._bounds.join else None
        return Doubt.UNSURE if kind is None else None


def _components(count: int, pairs: Pairs) -> Iterator[list[tuple[int, int, float]]]:
    """The pairs of each connected component of pairs that might join."""
    graph = coo_array((np.ones(len(pairs.a), dtype=np.int8), (pairs.a, pairs.b)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    order = np.lexsort((pairs.b, pairs.a, labels[pairs.a]))
    a, b, weight, label = pairs.a[order], pairs.b[order], pairs.weight[order], labels[pairs.a[order]]
    if not len(label):
        return
    starts = np.flatnonzero(np.r_[True, label[1:] != label[:-1]])
    for start, end in zip(starts, [*starts[1:], len(label)], strict=True):
        yield list(zip(a[start:end].tolist(), b[start:end].tolist(), weight[start:end].tolist(), strict=True))


def _connecting(count: int, pairs: Pairs, bounds: Bounds) -> Pairs:
    """Leave out the pairs between parts that no pair at or above `doubt` connects: they could never join."""
    strong = pairs.weight >= bounds.doubt
    graph = coo_array(
        (np.ones(int(strong.sum()), dtype=np.int8), (pairs.a[strong], pairs.b[strong])), shape=(count, count)
    )
    _, labels = connected_components(graph, directed=False)
    inside = labels[pairs.a] == labels[pairs.b]
    return Pairs(pairs.a[inside], pairs.b[inside], pairs.weight[inside])


def group(count: int, pairs: Pairs, claims: Mapping[int, Claims], bounds: Bounds) -> Grouping:
    """Group profiles 0 … count-1 into persons."""
    groups: dict[int, tuple[int, ...]] = {}
    doubts: list[tuple[int, int, Doubt, float]] = []
    for edges in _components(count, _connecting(count, pairs, bounds)):
        joining = _Joining(edges, claims, bounds)
        joining.run()
        groups |= {min(members): tuple(sorted(members)) for members in joining.members.values()}
        doubts += ((min(joining.members[a]), min(joining.members[b]), why, w) for a, b, why, w in joining.doubtful())
    placed = {profile for members in groups.values() for profile in members}
    groups |= {profile: (profile,) for profile in range(count) if profile not in placed}
    index = {first: at for at, first in enumerate(sorted(groups))}
    possible = sorted((min(index[a], index[b]), max(index[a], index[b]), why, w) for a, b, why, w in doubts)
    return Grouping(tuple(groups[first] for first in index), tuple(Possible(*doubt) for doubt in possible))


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
