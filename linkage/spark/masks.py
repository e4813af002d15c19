"""What leaves the linkage zone for a cluster: tokens under a key of one run only, filters with their bits shuffled.

Invariants: two values are equal under the mask exactly where they were equal before (up to the chance that 64-bit
tokens meet anyway), and two filters share exactly as many bits as before, so every comparison comes out the same;
nothing masked equals what the zone holds, what another run sent, or what anybody else can compute; only the columns
that are compared leave, never a role id; a column of a kind that is not known here is refused.
Source: AES-256 on single blocks as a pseudorandom function (NIST FIPS 197); the shuffle follows the order of the
same function's values."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from linkage.encoding.filters import BITS, permuted
from linkage.matching import model
from linkage.zone.encrypted import Database

_HALF = re.compile(r"(.+_f)([01])")
ROWS = 250_000
"""How many rows are masked at a time, and stand in one file at most."""

NO_KEYS = pa.table({"key": pa.array([], pa.int64()), model.UNIQUE_ID: pa.array([], pa.int64())})


class Kind(StrEnum):
    """How a column is masked."""

    EQUALITY = "equality"
    FILTER = "filter"
    PLAIN = "plain"


_KINDS: Mapping[str, Kind] = {
    "BIGINT": Kind.EQUALITY,
    "VARCHAR": Kind.EQUALITY,
    "INTEGER": Kind.PLAIN,
    "BOOLEAN": Kind.PLAIN,
}
"""By DuckDB type: names of data sets and roles become tokens; popcounts and flags stay."""


class UnknownColumn(Exception):
    """A compared column whose kind says nothing of how it may leave."""

    def __init__(self, name: str) -> None:
        super().__init__(f"column {name} may not leave the zone: its kind is not known")


def kinds(zone: Database, columns: Sequence[str]) -> dict[str, Kind]:
    """How each of these columns of `profile` is masked."""
    held = {name: kind for name, kind, *_ in zone.rows("DESCRIBE profile")}
    found: dict[str, Kind] = {}
    for name in columns:
        if held.get(name) not in _KINDS:
            raise UnknownColumn(name)
        found[name] = Kind.FILTER if _HALF.fullmatch(name) else _KINDS[held[name]]
    return found


@dataclass(frozen=True, slots=True)
class Masks:
    """The masks of one run; `key` is 32 random bytes that are forgotten with it."""

    key: bytes

    def __repr__(self) -> str:
        return "Masks()"

    def _function(self, label: str, values: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
        blocks = np.zeros((len(values), 2), dtype="<u8")
        blocks[:, 0] = values.view(np.uint64)
        blocks[:, 1] = int.from_bytes(sha256(label.encode()).digest()[:8], "little")
        cipher = Cipher(algorithms.AES(self.key), modes.ECB()).encryptor()  # noqa: S305  equal is to stay equal
        return np.frombuffer(cipher.update(blocks.tobytes()), dtype="<i8").reshape(-1, 2)[:, 0]

    def tokens(self, column: pa.Array, domain: str = "token") -> pa.Array:
        """Other 64-bit values, equal exactly where these are within a domain; what is missing stays missing."""
        values = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        return pa.array(self._function(domain, values), pa.int64(), mask=_missing(column))

    def _order(self, name: str) -> np.ndarray[Any, Any]:
        return np.argsort(self._function(name, np.arange(BITS, dtype=np.int64)), kind="stable")

    def filter(self, name: str, low: pa.Array, high: pa.Array) -> list[pa.Array]:
        """The two halves of a filter with its bits in this run's order."""
        return permuted(low, high, self._order(name))


def _missing(column: pa.Array) -> Any:
    return pc.is_null(column).to_numpy(zero_copy_only=False)


def masked(table: pa.Table, kinds: Mapping[str, Kind], masks: Masks) -> pa.Table:
    """A table with every column masked after its kind; columns without one (profile numbers, weights) stay."""
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    for name, kind in kinds.items():
        half = _HALF.fullmatch(name)
        if kind is Kind.EQUALITY:
            columns[name] = masks.tokens(columns[name])
        elif half and half[2] == "0":
            stem = half[1]
            columns[f"{stem}0"], columns[f"{stem}1"] = masks.filter(stem, columns[f"{stem}0"], columns[f"{stem}1"])
    return pa.table(columns)


def _selected(name: str, kind: Kind, text: bool) -> str:
    return f'CAST(hash("{name}") >> 1 AS BIGINT) AS "{name}"' if kind is Kind.EQUALITY and text else f'"{name}"'


def leaving(zone: Database, columns: Sequence[str], masks: Masks) -> Iterator[pa.Table]:
    """The compared columns of `profile`, masked, part after part."""
    both_halves = {f"{half[1]}{n}" for name in columns if (half := _HALF.fullmatch(name)) for n in (0, 1)}
    chosen = kinds(zone, sorted({*columns, *both_halves}))
    text = {name for name, kind, *_ in zone.rows("DESCRIBE profile") if kind == "VARCHAR"}
    wanted = ", ".join(_selected(name, kind, name in text) for name, kind in chosen.items())
    [(last,)] = zone.rows("SELECT coalesce(max(rowid), -1) FROM profile")
    for start in range(0, last + 1, ROWS):
        part = zone.table(
            f"SELECT {model.UNIQUE_ID}, {wanted} FROM profile WHERE rowid >= ? AND rowid < ?", [start, start + ROWS]
        )
        yield masked(part, chosen, masks)


def block_keys(zone: Database, block: str, masks: Masks) -> Iterator[pa.Table]:
    """(key, profile) of every block of a rule that holds two profiles or more; no two rules share a key."""
    shared = f"SELECT {block} FROM profile WHERE {block} IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    held = zone.table(f"SELECT {block} AS key, {model.UNIQUE_ID} FROM profile WHERE {block} IN ({shared})")
    for start in range(0, len(held), ROWS):
        part = held.slice(start, ROWS).combine_chunks()
        keys = masks.tokens(part.column("key").combine_chunks(), block)
        yield pa.table({"key": keys, model.UNIQUE_ID: part.column(model.UNIQUE_ID)})


def frequencies(zone: Database, column: str, masks: Masks) -> pa.Table:
    """(value, tf) of a column that is adjusted for term frequency, the value masked as everywhere."""
    held = zone.table(
        f'SELECT "{column}", max(tf_{column}) AS tf_{column} FROM profile WHERE "{column}" IS NOT NULL GROUP BY 1'
    )
    return masked(held, kinds(zone, [column]), masks)
