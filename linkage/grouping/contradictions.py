"""Who contradicts whom: claims that a person can make only once, compared without going through every pair.

Invariants: a profile that claims two values of one set claims the smaller; a group in which a steward joined two
numbers claims both, and contradicts only who shares neither; what two sealed identities claim makes them contradict
and is never told apart from other reasons that are not reported.
Source: cannot-link constraints (Wagstaff and Cardie 2000)."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.grouping.connectivity import places
from linkage.grouping.terms import NUMBER_KINDS, Claims, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Held:
    """Claims of nodes: `key` names the set (kind and scope) by a small number, `number` says that it is of numbers."""

    node: NDArray[np.int32]
    key: NDArray[np.int32]
    value: Ints
    number: NDArray[np.bool_]
    """By key."""

    def of(self, chosen: NDArray[np.bool_]) -> "Held":
        """The claims of the nodes chosen by a mask over nodes."""
        here = chosen[self.node]
        return Held(self.node[here], self.key[here], self.value[here], self.number)

    def beside_numbers(self) -> "Held":
        here = ~self.number[self.key]
        return Held(self.node[here], self.key[here], self.value[here], self.number)

    def moved(self, to: NDArray[np.integer]) -> "Held":
        """The same claims, made by the nodes that these nodes now belong to, each once."""
        node = to[self.node].astype(np.int32)
        kept = _first_of_each(node, self.key, self.value)
        return Held(node[kept], self.key[kept], self.value[kept], self.number)

    def by_node(self) -> dict[int, dict[int, int]]:
        """Node → key → value, of nodes that claim one value of a set."""
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for node, key, value in zip(self.node.tolist(), self.key.tolist(), self.value.tolist(), strict=True):
            found[node][key] = value
        return found


def _hashed(*columns: NDArray[np.integer]) -> NDArray[np.uint64]:
    """One number for each row (splitmix64 over the columns)."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed = (mixed ^ column.astype(np.int64).view(np.uint64)) + _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[0]
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[1]
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _first_of_each(*columns: NDArray[np.integer]) -> NDArray[np.int64]:
    """Where each distinct row stands first, in the order of the rows' values."""
    order = np.lexsort(columns[::-1])
    fresh = np.zeros(len(order), np.bool_)
    fresh[:1] = True
    for column in columns:
        fresh[1:] |= column[order][1:] != column[order][:-1]
    return order[fresh]


def held(profiles: Ints, claims: Claims) -> Held:
    """Place claims on nodes; of one profile's values of one set the smallest counts."""
    node = places(profiles, claims.profile)
    sets, key = _sets(claims)
    number = np.array([kind in NUMBER_KINDS for kind in claims.kinds], np.bool_)[sets]
    return Held(node, key, claims.value, number)


def _sets(claims: Claims) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The kind of each set, and the set of each claim."""
    kind = claims.kind.astype(np.int64)
    if claims.scope is None:
        return np.arange(len(claims.kinds)), kind.astype(np.int32)
    _, first, key = np.unique(_hashed(kind, claims.scopes), return_index=True, return_inverse=True)
    return kind[first], key.astype(np.int32)


def contested(component: NDArray[np.int32], claims: Held) -> NDArray[np.bool_]:
    """Of every component (by its name) whether two claims inside it differ. Seldom too often, never too seldom."""
    found = np.zeros(len(component), np.bool_)
    name = component[claims.node]
    mixed = _hashed(name, claims.key)
    order = np.argsort(mixed)
    mixed, value, name = mixed[order], claims.value[order], name[order]
    differ = (mixed[1:] == mixed[:-1]) & (value[1:] != value[:-1])
    found[name[1:][differ]] = True
    return found


def single(claims: Held) -> Held:
    """Of one node's values of one set the smallest."""
    order = np.lexsort((claims.value, claims.key, claims.node))
    node, key = claims.node[order], claims.key[order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (node[1:] != node[:-1]) | (key[1:] != key[:-1])
    kept = order[fresh]
    return Held(claims.node[kept], claims.key[kept], claims.value[kept], claims.number)


def apart(component: NDArray[np.int32], claims: Held) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Every pair of nodes of one component that contradict (both ways round); each node claims one value of a set."""
    name = component[claims.node]
    order = np.lexsort((claims.value, claims.key, name))
    name, key, value, node = name[order], claims.key[order], claims.value[order], claims.node[order]
    fresh = np.ones(len(name), np.bool_)
    fresh[1:] = (name[1:] != name[:-1]) | (key[1:] != key[:-1])
    starts = np.flatnonzero(fresh)
    ends = np.append(starts[1:], len(name)) if len(starts) else starts
    told = value[starts] != value[ends - 1]
    first, second = _squares(starts[told], (ends - starts)[told])
    differ = value[first] != value[second]
    return node[first[differ]], node[second[differ]]


def _squares(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every ordered pair of places inside each run of `sizes` places from `starts`."""
    squares = sizes * sizes
    run = np.repeat(np.arange(len(sizes)), squares)
    offset = np.arange(int(squares.sum())) - np.repeat(np.cumsum(squares) - squares, squares)
    return starts[run] + offset // sizes[run], starts[run] + offset % sizes[run]


def between(a: NDArray[np.int32], b: NDArray[np.int32], claims: Held) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of each pair of groups (a, b): whether they contradict in anything but numbers, and in numbers.

    `claims` are those of the groups.
    """
    other, number = np.zeros(len(a), np.bool_), np.zeros(len(a), np.bool_)
    order = np.argsort(claims.node, kind="stable")
    claims = Held(claims.node[order], claims.key[order], claims.value[order], claims.number)
    (pair_a, row_a), (pair_b, row_b) = _rows(a, claims.node), _rows(b, claims.node)
    keys = len(claims.number) + 1
    set_a, set_b = (pair * keys + claims.key[row] for pair, row in ((pair_a, row_a), (pair_b, row_b)))
    shared = np.isin(_hashed(set_a, claims.value[row_a]), _hashed(set_b, claims.value[row_b]))
    against = np.setdiff1d(np.intersect1d(set_a, set_b), set_a[shared])
    pair, numbered = against // keys, claims.number[against % keys]
    other[pair[~numbered]] = True
    number[pair[numbered]] = True
    return other, number


def _rows(nodes: NDArray[np.int32], held_by: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each (pair, row) where the pair's node makes the row's claim; rows are sorted by node."""
    first, last = np.searchsorted(held_by, nodes, "left"), np.searchsorted(held_by, nodes, "right")
    many = last - first
    pair = np.repeat(np.arange(len(nodes), dtype=np.int64), many)
    offset = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
    return pair, first[pair] + offset
