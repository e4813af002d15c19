"""Average linkage with cannot-link constraints: many small graphs at once, one middling graph, one sparse graph.

Invariants: the three ways give the same groups; the most alike pair of groups joins first, of equals the one with the
smallest members; two groups join only where at least one pair between them was compared, their average is at or above
`join`, and nothing that their members claim contradicts; a pair that was never compared counts as `missing`.
Weights are multiples of 2^-20, so that their sums are exact and nothing depends on the order of adding.
Source: average linkage (Sokal and Michener 1958), cannot-link constraints (Wagstaff and Cardie 2000)."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from linkage.grouping.terms import Bounds

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.int64]
Values = Mapping[int, int]
"""What a node claims: key → value."""


@dataclass(slots=True)
class Stack:
    """Graphs of equal order, stacked: sums and counts of compared weights, sizes, and who is barred from whom."""

    total: Floats
    compared: Floats
    size: Floats
    barred: Bools


def _averages(total: Floats, compared: Floats, possible: Floats, barred: Bools, missing: float) -> Floats:
    open_ = (compared > 0) & ~barred & (possible > 0)
    average: Floats = (total + missing * (possible - compared)) / np.where(possible > 0, possible, 1.0)
    return np.where(open_, average, -np.inf)


Nodes = TypeVar("Nodes", NDArray[np.int32], NDArray[np.int64])


def flattened(root: Nodes) -> Nodes:
    """Follow every pointer to its end."""
    while True:
        further: Nodes = root[root]
        if np.array_equal(further, root):
            return root
        root = further


def join_stacked(stack: Stack, bounds: Bounds) -> Places:
    """Group each of the stacked graphs; of every node the smallest node of its group (graphs × nodes)."""
    graphs, nodes = stack.size.shape
    group = np.tile(np.arange(nodes, dtype=np.int64), (graphs, 1))
    possible = stack.size[:, :, None] * stack.size[:, None, :]
    average = _averages(stack.total, stack.compared, possible, stack.barred, bounds.missing)
    average[:, np.arange(nodes), np.arange(nodes)] = -np.inf
    left = np.arange(graphs)
    while len(left):
        flat = average.reshape(len(left), -1)
        best = flat.argmax(axis=1)
        going = flat[np.arange(len(left)), best] >= bounds.join
        if not going.all():
            left, best, average = left[going], best[going], average[going]
            stack = Stack(stack.total[going], stack.compared[going], stack.size[going], stack.barred[going])
        low, high = np.divmod(best, nodes)
        _join_one_each(stack, average, low, high, bounds.missing)
        here = group[left]
        group[left] = np.where(here == high[:, None], low[:, None], here)
    return group


def _join_one_each(stack: Stack, average: Floats, low: Places, high: Places, missing: float) -> None:
    """In each graph, let `high` join `low`."""
    each = np.arange(len(low))
    for matrix in (stack.total, stack.compared):
        matrix[each, low] += matrix[each, high]
        matrix[each, :, low] = matrix[each, low]
    stack.barred[each, low] |= stack.barred[each, high]
    stack.barred[each, :, low] = stack.barred[each, low]
    stack.size[each, low] += stack.size[each, high]
    stack.size[each, high] = 0.0
    possible = stack.size[each, low][:, None] * stack.size
    row = _averages(stack.total[each, low], stack.compared[each, low], possible, stack.barred[each, low], missing)
    row[each, low] = -np.inf
    average[each, low] = row
    average[each, :, low] = row
    average[each, high] = -np.inf
    average[each, :, high] = -np.inf


def join_dense(total: Floats, compared: Floats, size: Floats, barred: Bools, bounds: Bounds) -> Places:
    """Group one graph held as matrices, which are used up; of every node the smallest node of its group."""
    nodes = len(size)
    into = np.arange(nodes, dtype=np.int64)
    average = _averages(total, compared, np.outer(size, size), barred, bounds.missing)
    np.fill_diagonal(average, -np.inf)
    best = average.argmax(axis=1)
    top = average[into, best]
    while top[low := int(top.argmax())] >= bounds.join:
        high = int(best[low])
        into[high] = low
        for matrix in (total, compared, barred):
            matrix[low] = matrix[low] | matrix[high] if matrix.dtype == np.bool_ else matrix[low] + matrix[high]
            matrix[:, low] = matrix[low]
        size[low] += size[high]
        size[high] = 0.0
        row = _averages(total[low], compared[low], size[low] * size, barred[low], bounds.missing)
        row[low] = -np.inf
        average[low] = average[:, low] = row
        average[high] = average[:, high] = -np.inf
        better = (row > top) | ((row == top) & (low < best))
        best[better], top[better] = low, row[better]
        again = np.flatnonzero((best == high) | ((best == low) & ~better))
        again = np.append(again, [low, high])
        best[again] = average[again].argmax(axis=1)
        top[again] = average[again, best[again]]
    return flattened(into)


def _contradict(one: Values, other: Values) -> bool:
    fewer, more = (one, other) if len(one) <= len(other) else (other, one)
    return any(more.get(key, value) != value for key, value in fewer.items())


class _Sparse:
    """Agglomeration of one graph held as neighbours. Groups are named by their smallest node."""

    def __init__(self, nodes: int, claims: Mapping[int, Values], bounds: Bounds) -> None:
        self._bounds = bounds
        self._size = [1] * nodes
        self._claims = {node: dict(held) for node, held in claims.items()}
        self._links: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)
        self._heap: list[tuple[float, int, int, int, int]] = []
        self.into = np.arange(nodes, dtype=np.int64)

    def start(self, edges: Iterable[tuple[int, int, float]]) -> None:
        for a, b, weight in edges:
            self._links[a][b] = self._links[b][a] = (weight, 1)
        self._heap = [entry for entry in self._entries() if -entry[0] >= self._bounds.join]
        heapq.heapify(self._heap)

    def _entries(self) -> Iterator[tuple[float, int, int, int, int]]:
        return (self._entry(a, b) for a, near in self._links.items() for b in near if a < b)

    def _entry(self, a: int, b: int) -> tuple[float, int, int, int, int]:
        low, high = (a, b) if a < b else (b, a)
        total, compared = self._links[low][high]
        possible = self._size[low] * self._size[high]
        average = (total + self._bounds.missing * (possible - compared)) / possible
        return (-average, low, high, self._size[low], self._size[high])

    def run(self) -> Places:
        while self._heap:
            _, low, high, low_size, high_size = heapq.heappop(self._heap)
            if (self._size[low], self._size[high]) != (low_size, high_size):
                continue
            if not _contradict(self._claims.get(low, {}), self._claims.get(high, {})):
                self._merge(low, high)
        return flattened(self.into)

    def _merge(self, keep: int, gone: int) -> None:
        self.into[gone] = keep
        self._size[keep] += self._size[gone]
        self._size[gone] = 0
        self._claims.setdefault(keep, {}).update(self._claims.pop(gone, {}))
        near, far = self._links[keep], self._links.pop(gone)
        del near[gone], far[keep]
        for other, (total, compared) in far.items():
            before, count = near.get(other, (0.0, 0))
            near[other] = (before + total, count + compared)
            del self._links[other][gone]
        for other, link in near.items():
            self._links[other][keep] = link
            if -(entry := self._entry(keep, other))[0] >= self._bounds.join:
                heapq.heappush(self._heap, entry)


def join_sparse(
    nodes: int, edges: Iterable[tuple[int, int, float]], claims: Mapping[int, Values], bounds: Bounds
) -> Places:
    """Group one graph held as edges; of every node the smallest node of its group."""
    joining = _Sparse(nodes, claims, bounds)
    joining.start(edges)
    return joining.run()
