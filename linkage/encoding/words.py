"""The words of each row of a column, one after another, so that word lists are worked on as one column.

Invariant: a row keeps its place and its words their order; a null row has no words."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.encoding.flat import Numbers


@dataclass(frozen=True, slots=True, repr=False)
class Words:
    """The words of each row, one after another; a null row has none."""

    flat: pa.Array
    begins: Numbers

    def __len__(self) -> int:
        return len(self.begins) - 1

    @property
    def counts(self) -> Numbers:
        return np.diff(self.begins)

    def nth(self, at: int) -> pa.Array:
        """Each row's word at this place, from the end where negative; null where it has no such word."""
        counts = self.counts
        place = (self.begins[1:] if at < 0 else self.begins[:-1]) + at
        missing = counts < (-at if at < 0 else at + 1)
        return self.flat.take(pa.array(np.where(missing, 0, place), mask=missing))

    def at(self, rows: pa.Array) -> "Words":
        """The words of each of these rows; none for a null."""
        codes = np.asarray(rows.fill_null(0))
        counts = self.counts[codes] if len(self) else np.zeros(len(codes), dtype=np.int64)
        counts = np.where(np.asarray(rows.is_null()), 0, counts)
        begins = np.concatenate(([0], np.cumsum(counts)))
        starts = self.begins[codes] if len(self) else counts
        flat_at = np.arange(begins[-1]) + np.repeat(starts - begins[:-1], counts)
        return Words(self.flat.take(pa.array(flat_at)), begins)

    def kept(self, chosen: pa.Array) -> "Words":
        flags = np.asarray(chosen.fill_null(False))
        counts = np.concatenate(([0], np.cumsum(flags)))
        return Words(self.flat.filter(chosen), counts[self.begins])

    def joined(self, sign: str) -> pa.Array:
        """Each row's words as one text; empty where there are none."""
        lists = pa.ListArray.from_arrays(pa.array(self.begins.astype(np.int32)), self.flat)
        return pc.binary_join(lists, sign)


def words(column: pa.Array) -> Words:
    """The words between single spaces."""
    lists = pc.split_pattern(column.fill_null(""), " ")
    parts = Words(lists.flatten(), np.asarray(lists.offsets).astype(np.int64) - lists.offsets[0].as_py())
    return parts.kept(pc.not_equal(parts.flat, ""))
