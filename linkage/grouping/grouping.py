"""From scored pairs to persons: constraint-aware average linkage over arrays. Pure rules.

Invariants: two profiles join only through average agreement between whole groups, so that a chain of weak links
cannot join two children; groups whose claims contradict (two numbers, two roles of one record, two births, a sealed
pair, a steward's "different") never join, whatever the weight; a steward's "same" joins two groups as they stand,
whatever the weight, and forgives two numbers but nothing else; a sealed pair is never named, not even as a possible
duplicate; a group too large to be a person is cut or taken apart; the order of the input is of no effect.
Groups join only at an average of `join` or more, and what was never compared counts for less: so nothing joins across
parts that no pair of that weight connects, and each part is grouped for itself.
Source: agglomerative average linkage (Sokal and Michener 1958) within connected components, with cannot-link and
must-link constraints (Wagstaff and Cardie 2000)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linkage.grouping import contradictions
from linkage.grouping.connectivity import Nodes, places
from linkage.grouping.contradictions import Held
from linkage.grouping.parts import Graph, joined
from linkage.grouping.terms import Bounds, Claims, Doubt, Grouping, Ints, Oversized, Pairs, Possible

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
    graph = _graph(profiles, pairs, contradictions.held(profiles, claims), bounds)
    root, taken = _cut(graph, joined(graph, bounds), bounds)
    oversized = tuple(Oversized(tuple(profiles[taken == group].tolist())) for group in np.unique(taken[taken >= 0]))
    root, refused = _united(profiles, graph.claims, root, together)
    possible = _possible(profiles, graph, root, taken, bounds)
    return Grouping(profiles, profiles[root], possible, oversized, refused)


def _graph(profiles: Ints, pairs: Pairs, claims: Held, bounds: Bounds) -> Graph:
    weight = np.clip(pairs.weight, bounds.least, bounds.most)
    weight *= _GRAIN
    np.rint(weight, out=weight)
    weight /= _GRAIN
    return Graph(len(profiles), places(profiles, pairs.a), places(profiles, pairs.b), weight, claims)


def _cut(graph: Graph, root: Nodes, bounds: Bounds) -> tuple[Nodes, Nodes]:
    """Cut groups that are too large at stricter joins; what is still too large is taken apart.

    Returns the groups, and of every node the group it was taken out of (−1 where it was not).
    """
    taken = np.full(len(root), -1, np.int32)
    for more in _STRICTER:
        inside = _too_large(root, bounds)
        if not inside.any():
            return root, taken
        stricter = replace(bounds, join=bounds.join + more, doubt=bounds.join + more)
        root = np.where(inside, joined(graph.within(inside, root), stricter), root)
    alone = np.flatnonzero(_too_large(root, bounds))
    taken[alone] = root[alone]
    root[alone] = alone
    return root, taken


def _too_large(root: Nodes, bounds: Bounds) -> NDArray[np.bool_]:
    """The nodes of groups that are too large to be a person."""
    return np.bincount(root, minlength=len(root))[root] > bounds.most_profiles


def _united(
    profiles: Ints, claims: Held, root: Nodes, together: Sequence[tuple[int, int]]
) -> tuple[Nodes, tuple[tuple[int, int], ...]]:
    """Make one group of groups that hold two profiles of which a steward said that they are one person.

    Two numbers are forgiven; whatever else contradicts is not, and the decision is refused.
    """
    if not len(together):
        return root, ()
    asked = sorted({(min(pair), max(pair)) for pair in together})
    ends = root[places(profiles, np.array(asked, np.int64).ravel())].reshape(-1, 2)
    said = _said(claims, root, ends)
    into, whole = {group: group for group in said}, {group: [group] for group in said}
    refused = []
    for decision, (a, b) in zip(asked, ends.tolist(), strict=True):
        low, high = sorted((into[a], into[b]))
        if any(said[low].get(key, value) != value for key, value in said[high].items()):
            refused.append(decision)
        elif low != high:
            said[low] |= said[high]
            into |= dict.fromkeys(whole[high], low)
            whole[low] += whole.pop(high)
    table = np.arange(len(root), dtype=np.int32)
    table[list(into)] = list(into.values())
    return table[root], tuple(refused)


def _said(claims: Held, root: Nodes, groups: Nodes) -> dict[int, dict[int, int]]:
    """What these groups claim beside numbers."""
    named = np.zeros(len(root), np.bool_)
    named[groups.ravel()] = True
    held = contradictions.single(claims.of(named[root])).moved(root)
    found = held.beside_numbers().by_node()
    return {group: found.get(group, {}) for group in np.unique(groups).tolist()}


def _possible(profiles: Ints, graph: Graph, root: Nodes, taken: Nodes, bounds: Bounds) -> tuple[Possible, ...]:
    """Pairs of finished groups that may be one person, never sealed ones; of what was taken apart the strongest."""
    a, b, average = _averages(graph, root, taken, bounds)
    doubtful = average >= bounds.doubt
    a, b, average = a[doubtful], b[doubtful], average[doubtful]
    other, number = _contradict(graph.claims, root, a, b)
    shown = ~other & (~number | (average >= bounds.join))
    reasons = np.where(number, Doubt.TWO_NUMBERS.value, Doubt.UNSURE.value)
    found = _named(profiles, a[shown], b[shown], reasons[shown], average[shown])
    a, b, weight = _strongest(graph, root, taken)
    shown = ~_contradict(graph.claims, root, a, b)[0] & (weight >= bounds.join)
    reasons = np.full(len(a), Doubt.OVERSIZED.value)
    found += _named(profiles, a[shown], b[shown], reasons[shown], weight[shown])
    return tuple(sorted(found, key=lambda doubt: (doubt.a, doubt.b)))


def _named(
    profiles: Ints, a: Nodes, b: Nodes, reasons: NDArray[np.str_], weight: NDArray[np.float64]
) -> list[Possible]:
    columns = (column.tolist() for column in (profiles[a], profiles[b], reasons, weight))
    return [Possible(one, two, Doubt(reason), held) for one, two, reason, held in zip(*columns, strict=True)]


def _contradict(claims: Held, root: Nodes, a: Nodes, b: Nodes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of pairs of groups: whether they contradict in anything but numbers, and in numbers."""
    named = np.zeros(len(root), np.bool_)
    named[a] = named[b] = True
    return contradictions.between(a, b, contradictions.single(claims.of(named[root])).moved(root))


def _strongest(graph: Graph, root: Nodes, taken: Nodes) -> tuple[Nodes, Nodes, NDArray[np.float64]]:
    """Of each group out of what was taken apart, the strongest pair with another out of the same."""
    inside = np.flatnonzero(taken[graph.a] >= 0)
    inside = inside[taken[graph.a[inside]] == taken[graph.b[inside]]]
    ends = root[graph.a[inside]], root[graph.b[inside]]
    one, other = np.concatenate(ends), np.concatenate(ends[::-1])
    weight = np.tile(graph.weight[inside], 2)
    order = np.lexsort((other, -weight, one))
    order = order[one[order] != other[order]]
    order = order[np.unique(one[order], return_index=True)[1]]
    low, high, weight = np.minimum(one, other)[order], np.maximum(one, other)[order], weight[order]
    once = np.unique(low.astype(np.int64) * len(root) + high, return_index=True)[1]
    return low[once], high[once], weight[once]


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
    size = np.bincount(root, minlength=len(root))
    possible = size[low] * size[high]
    return low, high, (total + bounds.missing * (possible - compared)) / possible
