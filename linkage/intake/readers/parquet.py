"""Parquet, read in batches; each value becomes the text that a CSV would have held.

Invariants: integers and dates keep every digit; a whole float is written without its point; nested and binary columns
are refused. Arrow's own messages are never passed on: they may hold values.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.intake.readers.header import checked_header
from linkage.intake.readers.outcome import FileRefused, Limits, Record, RowFault
from linkage.intake.readers.xlsx_child import as_text
from linkage.reasons import FileReason, RowReason

_BATCH = 4096
_TEXT_TYPES: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
)


@contextmanager
def _arrow_faults() -> Iterator[None]:
    corrupt = False
    try:
        yield
    except (pa.ArrowException, OSError, OverflowError, LookupError, ValueError):
        corrupt = True
    if corrupt:
        raise FileRefused(FileReason.PARQUET_CORRUPT)


class Parquet:
    """One Parquet file; only the columns that the spec names are read. Its first record is row 1."""

    def __init__(self, path: Path, needed: Sequence[str], limits: Limits) -> None:
        self._path, self._limits = path, limits
        with _arrow_faults(), self._open() as file:
            schema, meta = file.schema_arrow, file.metadata
            rows = meta.num_rows
            size = sum(meta.row_group(place).total_byte_size for place in range(meta.num_row_groups))
        if rows > limits.parquet_rows or size > limits.expanded:
            raise FileRefused(FileReason.EXPANDS_TOO_FAR)
        names = checked_header(schema.names, needed, None)
        self._columns = [schema.names[names.index(column)] for column in needed]
        self.header = tuple(needed)
        for column, name in zip(needed, self._columns, strict=True):
            _check_type(schema.field(name).type, column)

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        with self._path.open("rb") as raw, pq.ParquetFile(raw) as file:
            yield file

    def _batches(self) -> Iterator[pa.RecordBatch]:
        with _arrow_faults(), self._open() as file:
            for batch in file.iter_batches(batch_size=_BATCH, columns=self._columns):
                batch.validate(full=True)
                yield batch

    def records(self) -> Iterator[Record]:
        """Every record: its row number with the text of the needed columns. Raises `FileRefused`."""
        row_number = 0
        for batch in self._batches():
            with _arrow_faults():
                columns = [_texts(batch.column(name)) for name in self._columns]
            long = any(max(map(len, texts), default=0) > self._limits.field for texts in columns)
            for cells in zip(*columns, strict=True):
                row_number += 1
                yield row_number, self._judged(list(cells)) if long else list(cells)

    def _judged(self, cells: list[str]) -> list[str] | RowFault:
        if max(map(len, cells)) > self._limits.field:
            return RowFault(RowReason.FIELD_TOO_LONG, json.dumps(cells).encode())
        return cells

    def inspect(self) -> int:
        """Read everything once and count the records. Raises `FileRefused`."""
        count = 0
        for batch in self._batches():
            count += len(batch)
            with _arrow_faults():
                for column in batch.columns:
                    if not _is_plain(column.type):
                        _texts(column)
        if not count:
            raise FileRefused(FileReason.NO_RECORDS)
        return count


def _is_plain(kind: pa.DataType) -> bool:
    """Whether Arrow's own text of every value is ours, and making it cannot fail."""
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer))


def _texts(column: pa.Array) -> list[str]:
    """The canonical text of a column's values."""
    if not _is_plain(column.type):
        return [as_text(value) for value in column.to_pylist()]
    texts: list[str] = column.cast(pa.large_string()).fill_null("").to_pylist()
    return texts


def _check_type(kind: pa.DataType, column: str) -> None:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_nested(kind):
        raise FileRefused(FileReason.COLUMN_NESTED, None, column)
    if not any(test(kind) for test in _TEXT_TYPES):
        raise FileRefused(FileReason.COLUMN_TYPE, None, column)
