"""Sealed parts: tables of tokens and encodings as ciphertext, so that whoever reads the zone without keys sees none.

Invariants: a part is an Arrow table under AES-256-GCM with a key of the ring and a fresh nonce, bound to its kind,
owner and number, so that parts cannot be swapped; equal rows give unequal ciphertext, hence no equality and no
frequency can be read from what is stored; a part belongs to a load or to a linkage run, and goes with it; parts are
read one at a time, so that memory does not grow with the zone. A part's ciphertext is a file of its own, on disk before
its row in the zone is committed; the zone's table says which files count, and others are swept when it is opened: to
find one part costs no more because there are many.
Source: NIST SP 800-38D (GCM, 96-bit random nonces; well below 2^32 parts a key)."""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linkage.rows import KeyedHash
from linkage.zone.encrypted import Database, ZoneError, ZoneFault

TABLE = (
    "CREATE TABLE IF NOT EXISTS zone.part (kind VARCHAR, owner VARCHAR, part INTEGER, rows BIGINT, held VARCHAR[],"
    " file VARCHAR)"
)
ROWS = 131_072
"""How many rows a part holds at most."""
_NONCE = 12


class Parts:
    """The sealed parts of one zone."""

    def __init__(self, database: Database, folder: Path, keys: KeyedHash) -> None:
        self._database = database
        self._folder = folder
        self._cipher = AESGCM(keys.subkey("zone/1", "rows"))

    def add(self, kind: str, owner: str, table: pa.Table, *, rows: int = ROWS) -> None:
        """Seal a table, in as many parts as it needs; columns without any value are left out."""
        [(first,)] = self._database.rows(
            "SELECT coalesce(max(part) + 1, 0) FROM zone.part WHERE kind = ? AND owner = ?", [kind, owner]
        )
        for number, start in enumerate(range(0, max(len(table), 1), rows), start=first):
            self._add(kind, owner, number, table.slice(start, rows).combine_chunks())

    def _add(self, kind: str, owner: str, number: int, table: pa.Table) -> None:
        held = [name for name in table.column_names if table.column(name).null_count < len(table)]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.select(held).schema) as stream:
            stream.write_table(table.select(held))
        nonce, name = os.urandom(_NONCE), os.urandom(16).hex()
        body = self._cipher.encrypt(nonce, memoryview(sink.getvalue()).cast("B"), _bound(kind, owner, number))
        self._write(name, nonce, body)
        self._database.run(
            "INSERT INTO zone.part VALUES (?, ?, ?, ?, ?, ?)", [kind, owner, number, len(table), held, name]
        )

    def _write(self, name: str, *pieces: bytes) -> None:
        """Put a file on disk, for its owner alone."""
        handle = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._folder)

    def names(self, kind: str, owners: Collection[str] | None = None) -> list[tuple[str, int, int]]:
        """(owner, part, rows) of every part of a kind, oldest part of an owner first."""
        found = self._database.rows(
            "SELECT owner, part, rows FROM zone.part WHERE kind = ? ORDER BY owner, part", [kind]
        )
        return [(owner, part, rows) for owner, part, rows in found if owners is None or owner in owners]

    def open(self, kind: str, owner: str, part: int) -> pa.Table:
        """One part in clear; raise ZoneError where it is not what was sealed."""
        found = self._database.rows(
            "SELECT file FROM zone.part WHERE kind = ? AND owner = ? AND part = ?", [kind, owner, part]
        )
        if len(found) != 1:
            raise ZoneError(ZoneFault.UNREADABLE)
        return self._opened(kind, owner, part, found[0][0])

    def _opened(self, kind: str, owner: str, part: int, file: str) -> pa.Table:
        try:
            sealed = memoryview((self._folder / file).read_bytes())
            body = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(kind, owner, part))
        except (InvalidTag, OSError, ValueError):
            raise ZoneError(ZoneFault.UNREADABLE) from None
        return pa.ipc.open_stream(body).read_all()

    def read(
        self, kind: str, owners: Sequence[str] | None = None, schema: pa.Schema | None = None
    ) -> Iterator[tuple[str, pa.Table]]:
        """(owner, part) one after the other; with a schema, columns that were left out come back empty."""
        found = self._database.rows(
            "SELECT owner, part, file FROM zone.part WHERE kind = ? ORDER BY owner, part", [kind]
        )
        wanted = found if owners is None else [row for name in owners for row in found if row[0] == name]
        for owner, part, file in wanted:
            table = self._opened(kind, owner, part, file)
            yield owner, table if schema is None else filled(table, schema)

    def sweep(self) -> None:
        """Remove the files that no row speaks of: of loads and runs that were cut off, or of parts that went. Not for
        while a transaction is open."""
        known = {file for (file,) in self._database.rows("SELECT file FROM zone.part")}
        for path in self._folder.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)

    def drop(self, kinds: Collection[str], kept: Collection[str]) -> None:
        """Remove every part of these kinds whose owner is not among those kept; their files go with the next sweep."""
        asked = pa.table({"owner": pa.array(sorted(kept), pa.string())})
        kind = pa.table({"kind": pa.array(sorted(kinds), pa.string())})
        with self._database.lent("kept", asked), self._database.lent("kinds", kind):
            self._database.run(
                "DELETE FROM zone.part WHERE kind IN (SELECT kind FROM kinds) AND owner NOT IN (SELECT owner FROM kept)"
            )


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _bound(kind: str, owner: str, number: int) -> bytes:
    return f"{kind}\x1f{owner}\x1f{number}".encode()


def filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in a schema's order, with empty columns where it has none."""
    held = set(table.column_names)
    columns = [table.column(field.name) if field.name in held else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, schema=schema)
