"""A guarded DuckDB connection to encrypted files: the only place in linkage that opens DuckDB.

Invariants: every file, its write-ahead log and every spill file are encrypted (AES-256-GCM); nothing is fetched or
loaded from a network; no text of a database error leaves this file, since it may hold values; results are always read
to the end, since an unread one blocks the connection."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import duckdb_extension_httpfs
import pyarrow as pa

from linkage.rows import KeyedHash

ENGINE_VERSION: str = duckdb.__version__
"""Hashes and files are this version's own."""
_EXTENSION = Path("extensions") / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"


class ZoneFault(StrEnum):
    BUSY = "another process is using the linkage zone"
    UNREADABLE = "the linkage zone cannot be opened: wrong key, damaged file or wrong version"
    NO_MEMORY = "the linkage zone ran out of memory or disk"
    STATEMENT = "a statement on the linkage zone failed"
    NO_INDEX = "no search index is published; run link first"
    NO_LOAD = "no load is under way"


class ZoneError(Exception):
    """What went wrong with the zone, without any value."""

    def __init__(self, fault: ZoneFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class ZoneBusy(ZoneError):
    """Someone else holds the zone."""

    def __init__(self) -> None:
        super().__init__(ZoneFault.BUSY)


@contextmanager
def guarded(fault: ZoneFault = ZoneFault.STATEMENT) -> Iterator[None]:
    """Turn any database error into one that holds no value."""
    failed = None
    try:
        yield
    except duckdb.OutOfMemoryException:
        failed = ZoneFault.NO_MEMORY
    except duckdb.Error:
        failed = fault
    if failed is not None:
        raise ZoneError(failed) from None


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def connect(spill: Path, memory_limit: str, threads: int) -> duckdb.DuckDBPyConnection:
    """An in-memory connection that can read and write encrypted files and spills encrypted to `spill`."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        "temp_directory": str(spill), "temp_file_encryption": "true", "memory_limit": memory_limit,
        "threads": str(threads), "preserve_insertion_order": "false",
    }  # fmt: skip
    with guarded(ZoneFault.UNREADABLE):
        connection = duckdb.connect(":memory:", config=settings)
        extension = Path(str(duckdb_extension_httpfs.__file__)).parent / _EXTENSION
        connection.execute(f"LOAD {quoted(str(extension))}")
        connection.execute("SET enable_progress_bar = false")
    return connection


class Database:
    """A guarded connection to one encrypted file, attached under a name. Results are always read to the end."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
        self.connection = connection
        self.spill = spill

    def attach(self, path: Path, name: str, keys: KeyedHash, *, read_only: bool = False) -> None:
        key = keys.subkey("zone/1", "file").hex()
        options = f"ENCRYPTION_KEY {quoted(key)}, ENCRYPTION_CIPHER 'GCM'" + (", READ_ONLY" if read_only else "")
        with guarded(ZoneFault.UNREADABLE):
            self.connection.execute(f"ATTACH {quoted(str(path))} AS {name} ({options})")

    def run(self, statement: str, values: Sequence[Any] | Mapping[str, Any] | None = None) -> None:
        with guarded():
            self.connection.execute(statement, values).fetchall()

    def rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        with guarded():
            return self.connection.execute(query, values).fetchall()

    def table(self, query: str, values: Sequence[Any] | None = None) -> pa.Table:
        with guarded():
            return self.connection.execute(query, values).to_arrow_table()

    def tables(self, query: str, rows: int = 131_072) -> Iterator[pa.Table]:
        """A query's result a bounded number of rows at a time, read beside other statements: it sees what is committed,
        and neither temporary nor lent tables."""
        with guarded():
            beside = self.connection.cursor()
            reader = beside.execute(query).to_arrow_reader(rows)
        try:
            held: list[pa.RecordBatch] = []
            while (batch := _next(reader)) is not None:
                held.append(batch)
                if sum(map(len, held)) >= rows:
                    yield pa.Table.from_batches(held)
                    held = []
            if held:
                yield pa.Table.from_batches(held)
        finally:
            beside.close()

    @contextmanager
    def lent(self, name: str, table: pa.Table) -> Iterator[None]:
        """Make an Arrow table readable under a name for a while."""
        with guarded():
            self.connection.register(name, table)
        try:
            yield
        finally:
            with guarded():
                self.connection.unregister(name)

    def close(self) -> None:
        with guarded():
            self.connection.close()
        shutil.rmtree(self.spill, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    with guarded():
        return next(reader, None)
