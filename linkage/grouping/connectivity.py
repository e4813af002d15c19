"""Connected parts of a graph of profiles, and the places of profile numbers in a sorted list.

Invariants: nodes are 0 … count-1; a part is named by its smallest node; the order of the pairs is of no effect.
Source: hooking and pointer jumping (Shiloach and Vishkin 1982), the rest by scipy's connected components."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linkage.grouping.agglomeration import flattened
from linkage.grouping.terms import Ints

Nodes = NDArray[np.int32]
_SPARE = 16
"""A table over all numbers is used while it has at most so many places per number."""


class UnknownProfile(ValueError):
    """A pair, claim or decision names a profile that is not grouped."""


def places(profiles: Ints, asked: Ints) -> Nodes:
    """Where each asked number stands in the sorted `profiles`; raise UnknownProfile where one does not."""
    if not len(asked):
        return np.empty(0, np.int32)
    if not len(profiles) or asked.min() < profiles[0] or asked.max() > profiles[-1]:
        raise UnknownProfile("a profile is named that is not grouped")
    span = int(profiles[-1] - profiles[0]) + 1
    found: Nodes
    if span == len(profiles):
        found = (asked - profiles[0]).astype(np.int32)
    elif span <= _SPARE * len(profiles):
        table = np.full(span, -1, np.int32)
        table[profiles - profiles[0]] = np.arange(len(profiles), dtype=np.int32)
        found = table[asked - profiles[0]]
    else:
        found = np.searchsorted(profiles, asked).astype(np.int32)
        found[profiles[found] != asked] = -1
    if (found < 0).any():
        raise UnknownProfile("a profile is named that is not grouped")
    return found


def connected(count: int, a: Nodes, b: Nodes) -> Nodes:
    """Of every node the smallest node it is connected to."""
    root: Nodes = np.arange(count, dtype=np.int32)
    root[np.maximum(a, b)] = np.minimum(a, b)
    root = flattened(root)
    a, b = root[a], root[b]
    apart = np.flatnonzero(a != b)
    if not len(apart):
        return root
    edges = (np.ones(len(apart), dtype=np.int8), (a[apart], b[apart]))
    parts, label = connected_components(coo_array(edges, shape=(count, count)), directed=False)
    smallest = np.empty(parts, np.int32)
    smallest[label[::-1]] = np.arange(count, dtype=np.int32)[::-1]
    named: Nodes = smallest[label[root]]
    return named
