"""Rows of the index as records of fixed width: what scoring and searching read of a profile, and the id of its role.

Invariants: what is read back is what was written, missing values included; a record's width depends on which columns a
part holds at all, never on a row's values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ROLE = "role_id"
_ROLE_WIDTH = 16
ROLE_BYTES = f"V{_ROLE_WIDTH}"
_KINDS: dict[pa.DataType, str] = {
    pa.int64(): "<i8", pa.int32(): "<i4", pa.float64(): "<f8", pa.bool_(): "u1", pa.string(): "<u2",
    pa.large_string(): "<u2",
}  # fmt: skip
_NAMED = {
    "int64": pa.int64(), "int32": pa.int32(), "double": pa.float64(), "bool": pa.bool_(), "string": pa.string(),
    "large_string": pa.string(),
}  # fmt: skip
_LEFT_OUT = ("content",)
_LEFT_OUT_PREFIX = "block_"
Records = NDArray[Any]


def kept_columns(schema: pa.Schema) -> list[pa.Field]:
    """The fields of `indexed` that are written: neither blocks nor what only a run needs."""
    return [f for f in schema if f.name not in (*_LEFT_OUT, ROLE) and not f.name.startswith(_LEFT_OUT_PREFIX)]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a record is laid out. `texts` gives each text column's words: a record holds their places."""

    fields: tuple[tuple[str, str], ...]
    empty: tuple[tuple[str, str], ...]
    texts: dict[str, list[str]]

    @property
    def dtype(self) -> np.dtype[Any]:
        present = ("present", "u1", ((len(self.fields) + 7) // 8,))
        columns = [(name, _KINDS[_NAMED[kind]]) for name, kind in self.fields]
        return np.dtype([(ROLE, ROLE_BYTES), present, *columns])

    def packed(self, table: pa.Table) -> Records:
        """Records of these rows."""
        made = np.zeros(len(table), dtype=self.dtype)
        made[ROLE] = role_bytes(table.column(ROLE))
        held = np.ones((len(table), len(self.fields)), dtype=bool)
        for at, (name, kind) in enumerate(self.fields):
            column = table.column(name).combine_chunks()
            if column.null_count:
                held[:, at] = column.is_valid().to_numpy(zero_copy_only=False)
            made[name] = self._values(name, kind, column)
        made["present"] = np.packbits(held, axis=1, bitorder="little")
        return made

    def _values(self, name: str, kind: str, column: pa.Array) -> NDArray[Any]:
        if name in self.texts:
            at = pa.compute.index_in(column, pa.array(self.texts[name], column.type))
            return np.asarray(at.fill_null(0).to_numpy())
        filled = column.fill_null(False if kind == "bool" else 0) if column.null_count else column
        return np.asarray(filled.to_numpy(zero_copy_only=False))

    def unpacked(self, records: Records, wanted: Sequence[str] | None = None) -> pa.Table:
        """The rows of these records; `wanted` names the columns that are asked for, where not all are."""
        held = np.unpackbits(records["present"], axis=1, count=len(self.fields), bitorder="little").astype(bool)
        columns: dict[str, pa.Array] = {ROLE: pa.array(role_texts(records[ROLE]), pa.string())}
        for at, (name, kind) in enumerate(self.fields):
            if wanted is None or name in wanted:
                columns[name] = self._column(name, kind, np.ascontiguousarray(records[name]), ~held[:, at])
        for name, kind in self.empty:
            if wanted is None or name in wanted:
                columns[name] = pa.nulls(len(records), _NAMED[kind])
        return pa.table(columns)

    def _column(self, name: str, kind: str, values: NDArray[Any], missing: NDArray[np.bool_]) -> pa.Array:
        if name in self.texts:
            words = pa.array([*self.texts[name], ""], pa.string())
            return words.take(pa.array(values, pa.int64(), mask=missing))
        return pa.array(values.astype(bool) if kind == "bool" else values, _NAMED[kind], mask=missing)


def role_bytes(ids: pa.ChunkedArray) -> NDArray[Any]:
    """Role ids (32 hexadecimal digits) as bytes."""
    return np.frombuffer(bytes.fromhex("".join(ids.to_pylist())), dtype=ROLE_BYTES)


def role_texts(ids: NDArray[Any]) -> list[str]:
    whole, width = np.ascontiguousarray(ids).tobytes().hex(), 2 * _ROLE_WIDTH
    return [whole[at : at + width] for at in range(0, len(whole), width)]


def layout_of(fields: Sequence[pa.Field], counts: dict[str, int], texts: dict[str, list[str]]) -> Layout:
    """A layout for these fields; only those that hold anything take room. Raise ValueError for a type unknown."""
    if any(f.type not in _KINDS for f in fields):
        raise ValueError("the index cannot hold a column of this type")
    named = [(f.name, str(f.type)) for f in fields]
    return Layout(
        tuple(pair for pair in named if counts[pair[0]]), tuple(pair for pair in named if not counts[pair[0]]), texts
    )
