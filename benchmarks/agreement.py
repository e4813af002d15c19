"""Pairwise agreement of found groups with true persons, from group sizes: the work grows with rows, not with pairs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
CUTS = tuple(float(cut) for cut in range(-10, 31, 2))


@dataclass(frozen=True)
class F1:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def _pairs(labels: Ints) -> float:
    sizes = np.unique(labels, return_counts=True)[1].astype(np.float64)
    return float((sizes * (sizes - 1) / 2).sum())


def agreement(found: Ints, person: Ints) -> F1:
    """Precision and recall over pairs of rows; both arrays name a group per row."""
    width = int(person.max()) + 1
    both, ours, true = _pairs(found * width + person), _pairs(found), _pairs(person)
    return F1(both / ours if ours else 1.0, both / true if true else 1.0)


def best_cut(a: Ints, b: Ints, weight: NDArray[np.float64], person: Ints) -> tuple[float, F1]:
    """Of connected components at several cuts, the cut that agrees best."""
    found = []
    for cut in CUTS:
        kept = weight >= cut
        graph = coo_array((np.ones(int(kept.sum()), np.int8), (a[kept], b[kept])), shape=(len(person),) * 2)
        labels = connected_components(graph, directed=False)[1].astype(np.int64)
        found.append((agreement(labels, person), cut))
    best, cut = max(found, key=lambda each: each[0].f1)
    return cut, best
