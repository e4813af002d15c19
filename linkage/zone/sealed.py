"""Sealed parts: tables of tokens and encodings as ciphertext, so that whoever reads the zone without keys sees none.

Invariants: a part is an Arrow table under AES-256-GCM with a key of the ring and a fresh nonce, bound to its kind,
owner and number, so that parts cannot be swapped; equal rows give unequal ciphertext, hence no equality and no
frequency can be read from what is stored; a part belongs to a load or to a linkage run, and goes with it; parts are
read one at a time, so that memory does not grow with the zone.
Source: NIST SP 800-38D (GCM, 96-bit random nonces; well below 2^32 parts a key)."""

import os
from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linkage.rows import KeyedHash
from linkage.zone.encrypted import Database, ZoneError, ZoneFault

TABLE = (
    "CREATE TABLE IF NOT EXISTS zone.part (kind VARCHAR, owner VARCHAR, part INTEGER, rows BIGINT, held VARCHAR[],"
    " body BLOB)"
)
ROWS = 131_072
"""How many rows a part holds at most."""
_NONCE = 12


class Parts:
    """The sealed parts of one zone."""

    def __init__(self, database: Database, keys: KeyedHash) -> None:
        self._database = database
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
        nonce = os.urandom(_NONCE)
        body = nonce + self._cipher.encrypt(nonce, memoryview(sink.getvalue()).cast("B"), _bound(kind, owner, number))
        fresh = pa.table(
            {
                "kind": [kind], "owner": [owner], "part": pa.array([number], pa.int32()),
                "rows": pa.array([len(table)], pa.int64()), "held": pa.array([held], pa.list_(pa.string())),
                "body": pa.array([body], pa.large_binary()),
            }
        )  # fmt: skip
        with self._database.lent("sealing", fresh):
            self._database.run("INSERT INTO zone.part SELECT * FROM sealing")

    def names(self, kind: str, owners: Collection[str] | None = None) -> list[tuple[str, int, int]]:
        """(owner, part, rows) of every part of a kind, oldest part of an owner first."""
        found = self._database.rows(
            "SELECT owner, part, rows FROM zone.part WHERE kind = ? ORDER BY owner, part", [kind]
        )
        return [(owner, part, rows) for owner, part, rows in found if owners is None or owner in owners]

    def open(self, kind: str, owner: str, part: int) -> pa.Table:
        """One part in clear; raise ZoneError where it is not what was sealed."""
        held = self._database.table(
            "SELECT body FROM zone.part WHERE kind = ? AND owner = ? AND part = ?", [kind, owner, part]
        ).column("body")
        if len(held) != 1:
            raise ZoneError(ZoneFault.UNREADABLE)
        sealed = memoryview(held[0].as_buffer()).cast("B")
        try:
            body = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(kind, owner, part))
        except InvalidTag:
            raise ZoneError(ZoneFault.UNREADABLE) from None
        return pa.ipc.open_stream(body).read_all()

    def read(
        self, kind: str, owners: Sequence[str] | None = None, schema: pa.Schema | None = None
    ) -> Iterator[tuple[str, pa.Table]]:
        """(owner, part) one after the other; with a schema, columns that were left out come back empty."""
        for owner in owners if owners is not None else sorted({owner for owner, _, _ in self.names(kind)}):
            for _, part, _ in self.names(kind, [owner]):
                table = self.open(kind, owner, part)
                yield owner, table if schema is None else filled(table, schema)

    def drop(self, kinds: Collection[str], kept: Collection[str]) -> None:
        """Remove every part of these kinds whose owner is not among those kept."""
        asked = pa.table({"owner": pa.array(sorted(kept), pa.string())})
        kind = pa.table({"kind": pa.array(sorted(kinds), pa.string())})
        with self._database.lent("kept", asked), self._database.lent("kinds", kind):
            self._database.run(
                "DELETE FROM zone.part WHERE kind IN (SELECT kind FROM kinds) AND owner NOT IN (SELECT owner FROM kept)"
            )


def _bound(kind: str, owner: str, number: int) -> bytes:
    return f"{kind}\x1f{owner}\x1f{number}".encode()


def filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in a schema's order, with empty columns where it has none."""
    held = set(table.column_names)
    columns = [table.column(field.name) if field.name in held else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, schema=schema)
