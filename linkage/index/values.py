"""What one record needs of the finished model to be scored: settings, term frequencies, successors of numbers.

Invariants: values are looked up by keyed hash in sealed segments, never listed; a value that the model never saw counts
as its rarest; the settings are probabilities only."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from linkage.index.file import Run, SealedFile, written
from linkage.index.keys import Mixer
from linkage.rows import KeyedHash
from linkage.zone.encrypted import Database

_ENTRIES = 1_024
_TF = "frequency_"
_SUCCESSOR = "successor"


def write_model(
    zone: Database, folder: Path, name: str, keys: KeyedHash, settings: Mapping[str, Any], version: int
) -> None:
    """Write the finished model with the zone's tables of frequencies, noted roles and succeeded numbers."""
    tables = {row[0] for row in zone.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory'")}
    mixer = Mixer(keys)
    with written(folder, name, keys) as (writer, directory):
        maps, rarest = {}, {}
        for table in sorted(tables):
            value = _value_column(zone, table)
            if value is None:
                continue
            key, held = value
            found = zone.table(f"SELECT {key} AS word, {held} AS held FROM {table} WHERE {key} IS NOT NULL")
            mixed = mixer.mixed(table, [np.asarray(found.column("word").to_numpy())])
            order = np.argsort(mixed)
            values = np.asarray(found.column("held").to_numpy())[order]
            pairs = np.stack([mixed[order], values.view(np.uint64)], axis=1)
            run = writer.begin(_ENTRIES * 16)
            for start in range(0, len(pairs), _ENTRIES):
                writer.add(pairs[start : start + _ENTRIES].tobytes())
            maps[table] = asdict(writer.finish(run)) | {"bounds": pairs[::_ENTRIES, 0].tolist(), "total": len(pairs)}
            if table.startswith(_TF) and len(values):
                rarest[table.removeprefix(_TF)] = float(values.min())
        directory |= {
            "settings": settings, "version": version, "maps": maps, "rarest": rarest,
            "noted": zone.rows("SELECT dataset, role, note FROM noted") if "noted" in tables else [],
            "alone": [row[0] for row in zone.rows("SELECT dataset FROM alone")] if "alone" in tables else [],
        }  # fmt: skip


def _value_column(zone: Database, table: str) -> tuple[str, str] | None:
    """The columns of a table of frequencies or successors: the token, and what is said of it."""
    if table == _SUCCESSOR:
        return "old_nhs", "new_nhs"
    if not table.startswith(_TF):
        return None
    [key] = [
        field.name for field in zone.table(f"SELECT * FROM {table} LIMIT 0").schema if pa.types.is_integer(field.type)
    ]
    [held] = [
        field.name for field in zone.table(f"SELECT * FROM {table} LIMIT 0").schema if pa.types.is_floating(field.type)
    ]
    return key, held


class IndexedModel:
    """The model that a published index goes with."""

    def __init__(self, folder: Path, name: str, keys: KeyedHash) -> None:
        self.name = name
        self._file = SealedFile(folder, name, keys)
        held = self._file.directory
        self._mixer = Mixer(keys)
        self._maps: dict[str, dict[str, Any]] = held["maps"]
        self._rarest: dict[str, float] = held["rarest"]
        self.settings: dict[str, Any] = held["settings"]
        self.version = int(held["version"])
        self.alone = frozenset(held["alone"])
        self.noted = frozenset((dataset, role, note) for dataset, role, note in held["noted"])

    def frequency(self, column: str, token: int) -> float | None:
        """How frequent a value is among people; the rarest where it was never seen; None where nothing was counted."""
        found = self._look_up(_TF + column, token)
        return self._rarest.get(column) if found is None else float(found.view(np.float64))

    def successor(self, token: int) -> int:
        """The NHS number that replaces this one, or itself."""
        found = self._look_up(_SUCCESSOR, token)
        return token if found is None else int(found.view(np.int64))

    def generation(self, dataset: str, role: str) -> str | None:
        """Whether a role stands above a child in its records (`elder`) or below (`young`), if either alone."""
        notes = {note for note in ("elder", "young") if (dataset, role, note) in self.noted}
        return notes.pop() if len(notes) == 1 else None

    def close(self) -> None:
        self._file.close()

    def _look_up(self, table: str, token: int) -> np.uint64 | None:
        held = self._maps.get(table)
        if held is None or not held["total"]:
            return None
        key = self._mixer.mixed(table, [np.array([token], dtype=np.int64)])[0]
        bounds = np.array(held["bounds"], dtype=np.uint64)
        at = int(np.searchsorted(bounds, key, side="right")) - 1
        if at < 0:
            return None
        run = Run(held["offset"], held["first"], held["size"], held["count"])
        pairs = self._file.words(run, at).reshape(-1, 2)[: held["total"] - at * _ENTRIES]
        place = int(np.searchsorted(pairs[:, 0], key))
        return pairs[place, 1] if place < len(pairs) and pairs[place, 0] == key else None
