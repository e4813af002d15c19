"""Many short texts as one run of bytes with offsets, so that whole columns are worked on at once.

Invariants: a text keeps its place; nothing is kept after a call; a missing text is an empty one here, and whoever
calls puts the nulls back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array, whatever the pieces."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


@dataclass(frozen=True, slots=True, repr=False)
class Texts:
    """`data[offsets[i]:offsets[i + 1]]` is text i."""

    data: Bytes
    offsets: Numbers

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Numbers:
        return np.diff(self.offsets)

    def places(self) -> Numbers:
        """Each byte's place in its own text."""
        return np.arange(len(self.data)) - np.repeat(self.offsets[:-1], self.lengths)

    def starts(self) -> Flags:
        """Whether each byte is the first of its text."""
        flags = np.zeros(len(self.data), dtype=bool)
        flags[self.offsets[:-1][self.lengths > 0]] = True
        return flags

    def keep(self, kept: Flags) -> "Texts":
        """The texts without the bytes that are not kept."""
        counts = np.concatenate(([0], np.cumsum(kept)))
        return Texts(self.data[kept], counts[self.offsets])

    def arrow(self, valid: Flags | None = None) -> pa.Array:
        """The texts as an Arrow column, null where not valid."""
        offsets = pa.array(self.offsets.astype(np.int32)).buffers()[1]
        bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
        return pa.StringArray.from_buffers(len(self), offsets, pa.py_buffer(self.data.tobytes()), bitmap)


def flat(column: pa.Array) -> Texts:
    """A string column's bytes; a null is an empty text."""
    column = column.fill_null("") if column.null_count else column
    offsets = np.frombuffer(column.buffers()[1] or b"\0\0\0\0", dtype=np.int32)
    offsets = offsets[column.offset : column.offset + len(column) + 1].astype(np.int64)
    data = np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8)
    return Texts(data[offsets[0] : offsets[-1]], offsets - offsets[0])
