"""From scored pairs to persons: constraint-aware average linkage over arrays. Pure rules.

Invariants: two profiles join only through average agreement between whole groups, so that a chain of weak links
cannot join two children; groups whose claims contradict (two numbers, two roles of one record, two births, a sealed
pair, a steward's "different") never join, whatever the weight; a steward's "same" joins whatever the weight and
forgives two numbers, nothing else; a sealed pair is never named, not even as a possible duplicate; a group too large
to be a person is cut or taken apart; the outcome does not depend on the order of the input.
Groups join only at an average of `join` or more, and what was never compared counts for less: so nothing joins across
parts that no pair of that weight connects, and each part is grouped for itself.
Source: agglomerative average linkage (Sokal and Michener 1958) within connected components, with cannot-link and
must-link constraints (Wagstaff and Cardie 2000)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linkage import contradictions
from linkage.connectivity import Nodes, places
from linkage.contradictions import Held
from linkage.grouping_terms import Bounds, Claims, Doubt, Grouping, Ints, Oversized, Pairs, Possible
from linkage.parts import Graph, joined

_GRAIN = 2.0**20
_STRICTER = (3.0, 6.0, 12.0, 24.0)
"""How much stricter an over-large group is cut, in turn, before it is taken apart."""


def group(
    profiles: Ints, pairs: Pairs, claims: Claims, bounds: Bounds, together: Sequence[tuple[int, int]] = ()
) -> Grouping:
    """Group the profiles (sorted numbers) into persons.

    `together` are pairs of profiles of which a steward said that they are one person. Raise UnknownProfile where a
    pair, claim or decision names a profile that is not among `profiles`.
    """
    held = contradictions.held(profiles, claims)
    union, refused = _unions(profiles, held, together)
    graph = _graph(profiles, pairs, held, union, bounds)
    root, taken_apart = _cut(graph, joined(graph, bounds), bounds)
    oversized = _oversized(profiles, union, taken_apart)
    possible = _possible(profiles, graph, root, taken_apart, bounds)
    return Grouping(profiles, profiles[root[union]], possible, oversized, refused)


def _graph(profiles: Ints, pairs: Pairs, held: Held, union: Nodes, bounds: Bounds) -> Graph:
    a, b = places(profiles, pairs.a), places(profiles, pairs.b)
    weight = np.clip(pairs.weight, bounds.least, bounds.most)
    weight *= _GRAIN
    np.rint(weight, out=weight)
    weight /= _GRAIN
    size = np.ones(len(profiles), np.int64)
    if (union != np.arange(len(union))).any():
        a, b, size = union[a], union[b], np.bincount(union, minlength=len(union))
        apart = a != b
        a, b, weight = a[apart], b[apart], weight[apart]
    return Graph(a, b, weight, size, union, held)


def _unions(
    profiles: Ints, held: Held, together: Sequence[tuple[int, int]]
) -> tuple[Nodes, tuple[tuple[int, int], ...]]:
    """Of every node the smallest that a steward said to be the same person; and the decisions that cannot be kept."""
    union = np.arange(len(profiles), dtype=np.int32)
    if not len(together):
        return union, ()
    asked = sorted({(min(pair), max(pair)) for pair in together})
    low, high = places(profiles, np.array(asked, np.int64).reshape(-1, 2).T.ravel()).reshape(2, -1).tolist()
    named = np.zeros(len(profiles), np.bool_)
    named[[*low, *high]] = True
    said = {n: dict(c) for n, c in contradictions.single(held.of(named)).by_node().items()}
    refused = []
    members = {node: [node] for node in {*low, *high}}
    for decision, a, b in zip(asked, low, high, strict=True):
        one, other = sorted((int(union[a]), int(union[b])))
        if one == other:
            continue
        if _forbidden(said.get(one, {}), said.get(other, {}), held.number):
            refused.append(decision)
            continue
        gone = members.pop(other)
        members[one] += gone
        union[gone] = one
        theirs = said.pop(other, {})
        ours = said.setdefault(one, {})
        said[one] = {k: ours.get(k, frozenset()) | theirs.get(k, frozenset()) for k in ours.keys() | theirs.keys()}
    return union, tuple(refused)


def _forbidden(one: dict[int, frozenset[int]], other: dict[int, frozenset[int]], number: NDArray[np.bool_]) -> bool:
    return any(one[key].isdisjoint(other[key]) and not number[key] for key in one.keys() & other.keys())


def _cut(graph: Graph, root: Nodes, bounds: Bounds) -> tuple[Nodes, Nodes]:
    """Cut groups that are too large at stricter joins; what is still too large is taken apart.

    Returns the groups, and of every node the group it was taken out of (−1 where it was not).
    """
    taken = np.full(len(root), -1, np.int32)
    for more in (*_STRICTER, None):
        large = np.bincount(root, weights=graph.size, minlength=len(root)) > bounds.most_profiles
        inside = large[root] & (graph.size > 0)
        if not inside.any():
            break
        if more is None:
            alone = np.flatnonzero(inside)
            taken[alone] = root[alone]
            root = root.copy()
            root[alone] = alone
            break
        stricter = replace(bounds, join=bounds.join + more, doubt=bounds.join + more)
        again = joined(graph.within(inside, root), stricter)
        root = np.where(inside, again, root)
    return root, taken


def _oversized(profiles: Ints, union: Nodes, taken: Nodes) -> tuple[Oversized, ...]:
    of = taken[union]
    return tuple(Oversized(tuple(profiles[of == group].tolist())) for group in np.unique(of[of >= 0]))


def _possible(profiles: Ints, graph: Graph, root: Nodes, taken: Nodes, bounds: Bounds) -> tuple[Possible, ...]:
    """Pairs of finished groups that may be one person, never sealed ones."""
    a, b, average = _averages(graph, root, taken, bounds)
    doubtful = average >= bounds.doubt
    a, b, average = a[doubtful], b[doubtful], average[doubtful]
    named = np.zeros(len(root), np.bool_)
    named[a] = named[b] = True
    claims = contradictions.single(graph.claims.of(named[root[graph.union]])).moved(root[graph.union])
    other, number = contradictions.between(a, b, claims)
    shown = ~other & (~number | (average >= bounds.join))
    reasons = np.where(number, Doubt.TWO_NUMBERS.value, Doubt.UNSURE.value)
    columns = (profiles[a], profiles[b], reasons, average)
    return tuple(
        Possible(one, two, Doubt(reason), weight)
        for one, two, reason, weight in zip(*(column[shown].tolist() for column in columns), strict=True)
    )


def _averages(graph: Graph, root: Nodes, taken: Nodes, bounds: Bounds) -> tuple[Nodes, Nodes, NDArray[np.float64]]:
    """Pairs of groups with a pair between them that reaches `doubt`, and their averages."""
    a, b = root[graph.a], root[graph.b]
    across = np.flatnonzero(a != b)
    if (taken >= 0).any():
        out_of = taken[graph.a[across]]
        across = across[(out_of < 0) | (out_of != taken[graph.b[across]])]
    strong = across[graph.weight[across] >= bounds.doubt]
    named = np.zeros(len(root), np.bool_)
    named[a[strong]] = named[b[strong]] = True
    across = across[named[a[across]] & named[b[across]]]
    ends, strong_ends = ((a[at], b[at]) for at in (across, strong))
    key, told = (np.minimum(*at).astype(np.int64) * len(root) + np.maximum(*at) for at in (ends, strong_ends))
    near = np.isin(key, told)
    key, across = key[near], across[near]
    order = np.argsort(key)
    (low, high), weight = np.divmod(key[order], len(root)), graph.weight[across[order]]
    first = np.ones(len(low), np.bool_)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    starts = np.flatnonzero(first)
    if not len(starts):
        return low, high, weight
    total, compared = np.add.reduceat(weight, starts), np.diff(np.append(starts, len(low)))
    low, high = low[starts], high[starts]
    size = np.bincount(root, weights=graph.size, minlength=len(root))
    possible = size[low] * size[high]
    return low, high, (total + bounds.missing * (possible - compared)) / possible
