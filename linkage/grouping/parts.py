"""Grouping a graph part by part: whole parts at once where nothing is in doubt, else by the way that suits their size.

Invariants: a part all of whose pairs were compared, reach `join` and contradict in nothing is one group, whatever the
order of joining; every other part is grouped by average linkage under its constraints.
Source: as in `agglomeration`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.grouping import contradictions
from linkage.grouping.agglomeration import Stack, join_dense, join_sparse, join_stacked
from linkage.grouping.connectivity import Nodes, connected
from linkage.grouping.contradictions import Held
from linkage.grouping.terms import Bounds, Ints

_PADDED = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)
_CELLS = 1 << 18
"""How many cells of stacked matrices are worked on at once: what a cache holds."""
_DENSE = 2_500
"""A part of more nodes than this is grouped by its edges, not as a matrix."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Pairs of `count` nodes with weights, and what nodes claim."""

    count: int
    a: Nodes
    b: Nodes
    weight: NDArray[np.float64]
    claims: Held

    def within(self, inside: NDArray[np.bool_], root: Nodes) -> "Graph":
        """Only the pairs and claims inside each of the groups of the chosen nodes."""
        kept = inside[self.a] & (root[self.a] == root[self.b])
        return Graph(self.count, self.a[kept], self.b[kept], self.weight[kept], self.claims.of(inside))


@dataclass(frozen=True, slots=True)
class _Laid:
    """The parts that need work, nodes and pairs part by part: first those stacked, then matrices, then edges."""

    start: Ints
    nodes: Nodes
    place_of: Ints
    """By the name of a part."""
    local: Ints
    """By node: its place in its part."""
    pair_start: Ints
    a: Ints
    b: Ints
    """Pairs, by local places."""
    weight: NDArray[np.float64]
    stacked: int
    dense: int


def joined(graph: Graph, bounds: Bounds) -> Nodes:
    """Of every node the smallest node of its group."""
    strong = graph.weight >= bounds.reach
    part = connected(graph.count, graph.a[strong], graph.b[strong])
    inside = part[graph.a] == part[graph.b]
    graph = Graph(graph.count, graph.a[inside], graph.b[inside], graph.weight[inside], graph.claims)
    hard = _hard_parts(graph, part, bounds)
    root: Nodes
    root = np.where(hard[part], np.arange(len(part), dtype=np.int32), part)
    if hard.any():
        _join_parts(graph, part, hard, bounds, root)
    return root


def _hard_parts(graph: Graph, part: Nodes, bounds: Bounds) -> NDArray[np.bool_]:
    """Of every part (by its name) whether it has to be looked into."""
    count = len(part)
    nodes = np.bincount(part, minlength=count)
    joining = np.bincount(part[graph.a[graph.weight >= bounds.join]], minlength=count)
    incomplete = joining < nodes * (nodes - 1) // 2
    claims = graph.claims.of((nodes > 1)[part])
    return (nodes > 1) & (incomplete | contradictions.contested(part, claims))


def _join_parts(graph: Graph, part: Nodes, hard: NDArray[np.bool_], bounds: Bounds, root: Nodes) -> None:
    """Group every hard part and write the outcome into `root`."""
    claims = contradictions.single(graph.claims.of(hard[part]))
    laid = _lay_out(graph, part, hard)
    barred = _barred(laid, part, claims.of(laid.place_of[part] < laid.dense))
    for first, last, order in _runs(np.diff(laid.start[: laid.stacked + 1])):
        group = join_stacked(_stack(laid, barred, first, last, order), bounds)
        _write(root, laid, first, last, group)
    for at in range(laid.stacked, laid.dense):
        stack = _stack(laid, barred, at, at + 1, int(laid.start[at + 1] - laid.start[at]))
        group = join_dense(stack.total[0], stack.compared[0], stack.size[0], stack.barred[0], bounds)
        _write(root, laid, at, at + 1, group[None, :])
    said = claims.of(laid.place_of[part] >= laid.dense).by_node()
    for at in range(laid.dense, len(laid.start) - 1):
        nodes, pairs = slice(*laid.start[at : at + 2]), slice(*laid.pair_start[at : at + 2])
        edges = zip(laid.a[pairs].tolist(), laid.b[pairs].tolist(), laid.weight[pairs].tolist(), strict=True)
        here = laid.nodes[nodes]
        local = {at: said[node] for at, node in enumerate(here.tolist()) if node in said}
        group = join_sparse(len(here), edges, local, bounds)
        _write(root, laid, at, at + 1, group[None, :])


def _lay_out(graph: Graph, part: Nodes, hard: NDArray[np.bool_]) -> _Laid:
    """Put the hard parts in order: those stacked, by size; those held as a matrix; those held by their edges."""
    count = len(part)
    names = np.flatnonzero(hard)
    sizes = np.bincount(part, minlength=count)[names]
    way = (sizes > _PADDED[-1]).astype(np.int64) + (sizes > _DENSE)
    order = np.lexsort((sizes, way))
    place_of = np.full(count, count, np.int64)
    place_of[names[order]] = np.arange(len(names))
    start = np.concatenate(([0], np.cumsum(sizes[order])))
    nodes = np.flatnonzero(hard[part])
    nodes = nodes[np.argsort(place_of[part[nodes]], kind="stable")]
    local: Ints = np.zeros(count, np.int64)
    local[nodes] = np.arange(len(nodes)) - np.repeat(start[:-1], sizes[order])
    held = np.flatnonzero(hard[part[graph.a]])
    place = place_of[part[graph.a[held]]]
    held = held[np.argsort(place, kind="stable")]
    pair_start = np.concatenate(([0], np.cumsum(np.bincount(place, minlength=len(names)))))
    stacked, dense = (int(np.searchsorted(way[order], which)) for which in (1, 2))
    return _Laid(
        start, nodes.astype(np.int32), place_of, local, pair_start,
        local[graph.a[held]], local[graph.b[held]], graph.weight[held], stacked, dense,
    )  # fmt: skip


def _barred(laid: _Laid, part: Nodes, claims: Held) -> tuple[Ints, Nodes, Nodes]:
    """Every pair of nodes that contradict, both ways round, by the place of their part."""
    one, other = contradictions.apart(part, claims)
    place = laid.place_of[part[one]]
    order = np.argsort(place, kind="stable")
    return place[order], one[order], other[order]


def _runs(sizes: Ints) -> Iterator[tuple[int, int, int]]:
    """(first, last, padded size) of runs of parts that are worked on at once; `sizes` go up."""
    first = 0
    for order in _PADDED:
        end = int(np.searchsorted(sizes, order, "right"))
        step = max(1, _CELLS // (order * order))
        for at in range(first, end, step):
            yield at, min(at + step, end), order
        first = end


def _stack(laid: _Laid, barred: tuple[Ints, Nodes, Nodes], first: int, last: int, order: int) -> Stack:
    parts, cells = last - first, (last - first) * order * order
    pairs = slice(laid.pair_start[first], laid.pair_start[last])
    part = np.repeat(np.arange(parts), np.diff(laid.pair_start[first : last + 1]))
    cell = (part * order + laid.a[pairs]) * order + laid.b[pairs]
    total = np.bincount(cell, laid.weight[pairs], minlength=cells).astype(np.float64).reshape(parts, order, order)
    compared = np.bincount(cell, minlength=cells).reshape(parts, order, order).astype(np.float64)
    part_of = np.repeat(np.arange(parts), np.diff(laid.start[first : last + 1]))
    nodes = laid.nodes[laid.start[first] : laid.start[last]]
    size = np.zeros((parts, order))
    size[part_of, laid.local[nodes]] = 1.0
    apart = np.zeros((parts, order, order), np.bool_)
    places, one, other = barred
    here = slice(*np.searchsorted(places, (first, last)))
    apart[places[here] - first, laid.local[one[here]], laid.local[other[here]]] = True
    return Stack(total + total.transpose(0, 2, 1), compared + compared.transpose(0, 2, 1), size, apart)


def _write(root: Nodes, laid: _Laid, first: int, last: int, group: Ints) -> None:
    """Write the groups of these parts, given by local places (parts × places)."""
    nodes = laid.nodes[laid.start[first] : laid.start[last]]
    part_of = np.repeat(np.arange(last - first), np.diff(laid.start[first : last + 1]))
    smallest = group[part_of, laid.local[nodes]] + laid.start[first:last][part_of]
    root[nodes] = laid.nodes[smallest]
