"""The linkage zone: tokens and encodings, encrypted at rest, in a DuckDB file that one process writes at a time.

Invariants: no clear identifier enters; the file, its write-ahead log and every spill file are encrypted
(AES-256-GCM); spill goes to a folder inside the zone that is wiped at start; no text of a database error leaves this
file, since it may hold values; rows are superseded or ended by later loads and never deleted, except those of loads
that the record store does not know as completed (a crash between the two commits). The search index is published as a
separate immutable file, so that a server can read it while the zone is written."""

import fcntl
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from linkage.encoding.encode import SCHEMA
from linkage.rows import KeyedHash
from linkage.zone.encrypted import Database, ZoneBusy, ZoneError, ZoneFault, connect, guarded
from linkage.zone.sealed import TABLE, Parts

__all__ = ["LATEST", "Database", "Zone", "ZoneBusy", "ZoneError", "ZoneFault", "guarded", "open_zone"]

_FILE = "zone.duckdb"
_PARTS = "parts"
_INDEX_SPILL = "spill-index-"
ENCODED = "encoded"
"""The kind of sealed part that holds a load's encoded roles."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS zone.record (record_id VARCHAR, dataset VARCHAR, token VARCHAR, digest VARCHAR,"
    " load_id VARCHAR, load_ordinal INTEGER, seq BIGINT)",
    "CREATE TABLE IF NOT EXISTS zone.ended (record_id VARCHAR, load_id VARCHAR)",
    "CREATE TABLE IF NOT EXISTS zone.supersession (old_nhs BIGINT, new_nhs BIGINT)",
    "CREATE TABLE IF NOT EXISTS zone.seal (nhs_a BIGINT, nhs_b BIGINT)",
    TABLE,
)
_OF_A_LOAD = ("record", "ended")
LATEST = (
    "SELECT *, row_number() OVER (PARTITION BY dataset, token ORDER BY load_ordinal DESC, seq DESC) = 1 AS latest"
    " FROM zone.record"
)
"""Every record with whether it is the latest version of its record id."""


class Zone(Database):
    """The zone itself, held by one process. A load is one transaction: begin … commit."""

    def __init__(self, opened: Database, keys: KeyedHash, folder: Path, lock: int) -> None:
        super().__init__(opened.connection, opened.spill)
        self.folder = folder
        self.parts = Parts(self, folder / _PARTS, keys)
        self._lock = lock
        self._load: tuple[str, int, str] | None = None

    def close(self) -> None:
        try:
            super().close()
        finally:
            os.close(self._lock)

    def begin(self, load_id: str, load_ordinal: int, dataset: str) -> None:
        self.run("BEGIN TRANSACTION")
        self.run("CREATE OR REPLACE TEMP TABLE seen (token VARCHAR)")
        self._load = (load_id, load_ordinal, dataset)

    def _current(self) -> tuple[str, int, str]:
        if self._load is None:
            raise ZoneError(ZoneFault.NO_LOAD)
        return self._load

    def commit(self) -> None:
        self._current()
        self.run("COMMIT")
        self._load = None

    def rollback(self) -> None:
        if self._load is not None:
            self.run("ROLLBACK")
            self._load = None

    def known(self, dataset: str, tokens: Sequence[str]) -> dict[str, tuple[str, str]]:
        """The current version of each of these record ids: token → (record id, content digest)."""
        with self.lent("asked", pa.table({"token": pa.array(tokens, pa.string())})):
            found = self.rows(
                # The newest version speaks first: an older one never stands up again because the newest has ended.
                "SELECT token, record_id, digest FROM (FROM zone.record SEMI JOIN asked USING (token) WHERE dataset = ?"
                " QUALIFY row_number() OVER (PARTITION BY token ORDER BY load_ordinal DESC, seq DESC) = 1)"
                " WHERE record_id NOT IN (SELECT record_id FROM zone.ended)",
                [dataset],
            )
        return {token: (record_id, digest) for token, record_id, digest in found}

    def add_records(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Add (record id, token, content digest) of this load's new versions; they count as seen."""
        load_id, ordinal, dataset = self._current()
        names = ("record_id", "token", "digest")
        columns = zip(*rows, strict=True) if rows else ((), (), ())
        fresh = pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})
        fresh = fresh.append_column("seq", pa.array(range(len(rows)), pa.int64()))
        with self.lent("fresh", fresh):
            self.run(
                "INSERT INTO zone.record SELECT record_id, ?, token, digest, ?, ?, seq +"
                " (SELECT coalesce(max(seq) + 1, 0) FROM zone.record) FROM fresh",
                [dataset, load_id, ordinal],
            )
        self.mark_seen([token for _, token, _ in rows])

    def add_encoded(self, batch: pa.Table | pa.RecordBatch) -> None:
        """Seal re-keyed encodings of this load's roles."""
        load_id, _, _ = self._current()
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        self.parts.add(ENCODED, load_id, table.select(SCHEMA.names))

    def mark_seen(self, tokens: Sequence[str]) -> None:
        with self.lent("fresh", pa.table({"token": pa.array(tokens, pa.string())})):
            self.run("INSERT INTO seen SELECT token FROM fresh")

    def seen(self, tokens: Sequence[str]) -> frozenset[str]:
        """Which of these record id tokens this load has already held."""
        with self.lent("asked", pa.table({"token": pa.array(tokens, pa.string())})):
            found = self.rows("SELECT DISTINCT token FROM seen JOIN asked USING (token)")
        return frozenset(token for (token,) in found)

    def end_unseen(self, dataset: str) -> list[str]:
        """End this dataset's current records that the snapshot did not hold; their ids."""
        ended = self.rows(
            f"SELECT record_id FROM ({LATEST}) WHERE latest AND dataset = ? AND token NOT IN (SELECT token FROM seen)"
            " AND record_id NOT IN (SELECT record_id FROM zone.ended)",
            [dataset],
        )
        ids = [record_id for (record_id,) in ended]
        self.end(ids)
        return ids

    def end(self, record_ids: Sequence[str]) -> None:
        """End these records with this load."""
        load_id, _, _ = self._current()
        with self.lent("fresh", pa.table({"record_id": pa.array(record_ids, pa.string())})):
            self.run("INSERT INTO zone.ended SELECT record_id, ? FROM fresh", [load_id])

    def reconcile(self, completed_load_ids: Sequence[str]) -> int:
        """Remove rows of loads that the record store does not know as completed; how many records went."""
        with self.lent("completed", pa.table({"load_id": pa.array(completed_load_ids, pa.string())})):
            stray = "load_id NOT IN (SELECT load_id FROM completed)"
            [(gone,)] = self.rows(f"SELECT count(*) FROM zone.record WHERE {stray}")
            self.run("BEGIN TRANSACTION")
            for name in _OF_A_LOAD:
                self.run(f"DELETE FROM zone.{name} WHERE {stray}")
            self.parts.drop([ENCODED], completed_load_ids)
            self.run("COMMIT")
        return int(gone)

    def add_supersessions(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Add (old, new) tokens of NHS numbers (`encode.nhs_token`): the new number replaces the old."""
        self._add_pairs("supersession", pairs)

    def add_seals(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Add pairs of tokens of NHS numbers whose holders must never be joined nor named together."""
        self._add_pairs("seal", pairs)

    def _add_pairs(self, name: str, pairs: Sequence[tuple[int, int]]) -> None:
        first, second = [a for a, _ in pairs], [b for _, b in pairs]
        with self.lent("fresh", pa.table({"a": pa.array(first, pa.int64()), "b": pa.array(second, pa.int64())})):
            self.run(f"INSERT INTO zone.{name} SELECT a, b FROM fresh EXCEPT SELECT * FROM zone.{name}")


def _locked(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise ZoneBusy from None
    return handle


def _wipe_abandoned(folder: Path) -> None:
    """Remove the spill of index readers whose process has gone."""
    for left in folder.glob(f"{_INDEX_SPILL}*"):
        try:
            os.kill(int(left.name.removeprefix(_INDEX_SPILL).split("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except PermissionError:
            continue


def open_zone(
    folder: Path, keys: KeyedHash, *, memory_limit: str = "4GB", threads: int = 2, read_only: bool = False
) -> Zone:
    """Open (and on first use make) the zone in `folder`; `ZoneBusy` when another process holds it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _locked(folder)
    spill = folder / "spill"
    shutil.rmtree(spill, ignore_errors=True)
    _wipe_abandoned(folder)
    spill.mkdir(mode=0o700)
    (folder / _PARTS).mkdir(mode=0o700, exist_ok=True)
    try:
        zone = Zone(Database(connect(spill, memory_limit, threads), spill), keys, folder, lock)
        zone.attach(folder / _FILE, "zone", keys, read_only=read_only)
        if not read_only:
            for statement in _TABLES:
                zone.run(statement)
            zone.parts.sweep()
    except ZoneError:
        os.close(lock)
        raise
    return zone
