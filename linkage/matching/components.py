"""Which profiles hang together through pairs that can join persons: the pieces that grouping works on.

Invariants: a label is never used again for other profiles: when a piece grows, shrinks or parts, all of it is labelled
afresh; a profile that hangs together with none is said to be nowhere."""

import os

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from linkage.matching import exclusions
from linkage.matching.profiles import WEIGHT
from linkage.zone.state import NOWHERE
from linkage.zone.zone import Zone


def label(zone: Zone, reach: float) -> None:
    """Make `component_of` (profile, component) of the profiles in `scope`, from the pairs in `pair` at or above `reach`
    and stewards' "same"."""
    strong = zone.table(f"SELECT a, b FROM pair WHERE {WEIGHT} >= ?", [reach])
    joined = np.array(exclusions.together(zone), np.int64).reshape(-1, 2)
    a, b = (np.append(strong.column(name).to_numpy(), joined[:, at]) for at, name in enumerate(("a", "b")))
    profiles, place = np.unique(np.concatenate([a, b]), return_inverse=True)
    edges = (np.ones(len(a), np.int8), (place[: len(a)], place[len(a) :]))
    _, piece = connected_components(coo_array(edges, shape=(len(profiles),) * 2), directed=False)
    found = pa.table({"profile": profiles.astype(np.int64), "piece": piece.astype(np.int64)})
    with zone.lent("found", found):
        zone.run(
            "CREATE OR REPLACE TABLE component_of AS SELECT profile, CASE WHEN piece IS NULL THEN $2"
            " ELSE CAST(hash($1, piece) >> 1 AS BIGINT) END AS component FROM scope LEFT JOIN found USING (profile)",
            [os.urandom(16).hex(), NOWHERE],
        )
