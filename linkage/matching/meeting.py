"""Which of the many that stand share a key with one of the few that are new: a sieve, then a sorted look-up.

Invariants: every equal key is found, and nothing else; a missing key equals none; the work is one look into a small
table for each standing key, whatever the number of new ones.
Source: Bloom (1970) with a single hash: the keys are hashes themselves."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
_LEAST_BITS, _MOST_BITS = 12, 22
_ROOM = 6
"""Places in the sieve for each key, as a power of two: few keys pass that should not."""


def words(column: pa.ChunkedArray | pa.Array) -> tuple[Numbers, NDArray[np.intp]]:
    """A column of 64-bit words and the places where it holds one."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if array.null_count == 0:
        return np.asarray(array.to_numpy()).view(np.int64), np.arange(len(array))
    held = np.flatnonzero(np.asarray(array.is_valid().to_numpy(zero_copy_only=False)))
    return np.asarray(array.fill_null(0).to_numpy()).view(np.int64), held


@dataclass(frozen=True, slots=True)
class Sieve:
    """Keys in order, whose they are, and a table that says of the low bits of a key whether it may be among them."""

    keys: Numbers
    owners: Numbers
    table: NDArray[np.bool_]

    @classmethod
    def of(cls, owners: Numbers, keys: Numbers) -> "Sieve":
        order = np.argsort(keys, kind="stable")
        bits = min(max(len(keys).bit_length() + _ROOM, _LEAST_BITS), _MOST_BITS)
        table = np.zeros(1 << bits, np.bool_)
        table[keys & (len(table) - 1)] = True
        return cls(keys[order], owners[order], table)

    def met(self, profiles: Numbers, column: pa.ChunkedArray | pa.Array) -> tuple[Numbers, Numbers]:
        """(standing, new) of all whose keys are equal; `column` holds the keys of `profiles`."""
        keys, held = words(column)
        asked = keys if len(held) == len(keys) else keys[held]
        passed = np.flatnonzero(self.table[asked & (len(self.table) - 1)])
        asked = asked[passed]
        first, last = (np.searchsorted(self.keys, asked, side) for side in ("left", "right"))
        counts = last - first
        at = np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(int(counts.sum()))
        return np.repeat(profiles[held[passed]], counts), self.owners[at]
