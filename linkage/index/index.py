"""The published index: sealed parts and the model they go with, named by one pointer, read beside a running linkage.

Invariants: the pointer is swapped in one step and only ever names whole files; whoever holds the older index goes on
reading it; files that neither the pointer nor the one before it names are removed; without the keys of the ring nothing
in any file shows a token, an equality or a frequency; what is opened lies in memory only."""

import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from linkage.encoding.encode_one import OneEncoder
from linkage.index.file import SUFFIX, path_of
from linkage.index.keys import Mixer, Rule, rule_name
from linkage.index.one_scorer import OneScorer
from linkage.index.part import DESCRIBED, Part, Places, asked_words, described_rule, write_part
from linkage.index.rows import ROLE
from linkage.index.values import IndexedModel, write_model
from linkage.rows import KeyedHash
from linkage.zone.encrypted import Database, ZoneError, ZoneFault, connect
from linkage.zone.sealed import sync_folder

__all__ = [
    "Index",
    "PersonsOf",
    "Published",
    "index_version",
    "open_index",
    "publish",
    "published",
    "write_model",
    "write_part",
]

PersonsOf = Callable[[Sequence[str]], Mapping[str, str]]
"""Role ids → the person of each that is current."""
_POINTER = "index.current"
_SPILL = "spill-index-"


@dataclass(frozen=True, slots=True)
class Published:
    """What the pointer names: the parts, oldest first, and the model."""

    parts: tuple[str, ...]
    model: str | None


def published(folder: Path) -> Published | None:
    """What is published; None where nothing ever was."""
    held = _pointer(folder)
    return None if held is None else Published(tuple(held["parts"]), held["model"])


def _pointer(folder: Path) -> dict[str, Any] | None:
    try:
        held: dict[str, Any] = json.loads((folder / _POINTER).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise ZoneError(ZoneFault.UNREADABLE) from None
    return held


def publish(folder: Path, parts: Sequence[str], model: str | None = None) -> None:
    """Point at these parts, and at this model or else the one that is published; remove files long unnamed."""
    held = _replaced(folder)
    named = {"parts": list(parts), "model": model or held.model}
    before = [name for name in (*held.parts, held.model) if name]
    staged = (folder / _POINTER).with_suffix(".new")
    with staged.open("w") as file:
        json.dump(named | {"before": before}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(staged, folder / _POINTER)
    sync_folder(folder)
    _remove_but(folder, {*parts, named["model"], *before})


def _replaced(folder: Path) -> Published:
    """What is published so far; a pointer that cannot be read is about to be written anew."""
    try:
        return published(folder) or Published((), None)
    except ZoneError:
        return Published((), None)


def _remove_but(folder: Path, kept: Collection[object]) -> None:
    paths = {path_of(folder, name) for name in kept if isinstance(name, str)}
    for path in (*folder.glob(f"index-*{SUFFIX}"), *folder.glob("index-*.new")):
        if path not in paths:
            path.unlink(missing_ok=True)


def index_version(folder: Path) -> str | None:
    """What tells whether an open index is still the published one; None where nothing is."""
    held = published(folder)
    return None if held is None else "/".join((*held.parts, held.model or ""))


class Index:
    """A published index, open. Used by one thread at a time."""

    def __init__(self, parts: Sequence[Part], model: IndexedModel | None, keys: KeyedHash, database: Database) -> None:
        self.parts, self.model, self.database = tuple(parts), model, database
        self.encoder = OneEncoder(keys)
        self._scorer: OneScorer | None = None
        self._mixer = Mixer(keys)
        self._overruled = _overruled(self.parts)

    def find(
        self, asked: Sequence[Mapping[str, Any]], rules: Iterable[Rule], *, crowded: bool = True,
        most: int | None = None, wanted: Sequence[str] | None = None,
    ) -> pa.Table:  # fmt: skip
        """The rows that agree with one of `asked` (column → token) under any rule, each once; without `crowded`, only
        under rules whose block linkage did compare; at most so many under one rule; `wanted` names the columns."""
        places: list[list[Places]] = [[] for _ in self.parts]
        for name, key in self._keyed(asked, rules):
            found = [part.look_up(name, key, most) for part in self.parts]
            if crowded or not any(left_out for _, left_out in found):
                for held, (at, _) in zip(places, found, strict=True):
                    held.append(at)
        tables = [
            self._standing(number, part.rows(_once(at), wanted))
            for number, (part, at) in enumerate(zip(self.parts, places, strict=True))
        ]
        held_by_none = pa.table({ROLE: pa.array([], pa.string())})
        return pa.concat_tables(tables, promote_options="default") if tables else held_by_none

    def _keyed(self, asked: Sequence[Mapping[str, Any]], rules: Iterable[Rule]) -> set[tuple[str, int]]:
        """Each rule's name with the keys that are looked up under it."""
        wanted = ((rule_name(rule), asked_words(one, rule)) for rule in rules for one in asked)
        return {(name, int(self._mixer.mixed(name, words)[0])) for name, words in wanted if words is not None}

    def persons(self, profiles: Iterable[int], persons_of: PersonsOf) -> dict[int, str]:
        """Whose each profile is: its roles are in any part, and the record store says which of them are current."""
        roles = {role: profile for profile in profiles for part in self.parts for role in part.roles(profile)}
        return {roles[role]: who for role, who in persons_of(list(roles)).items()}

    def scorer(self, schema: pa.Schema) -> OneScorer:
        """What scores rows of this index under its model; `schema` is that of its rows."""
        if self.model is None:
            raise ZoneError(ZoneFault.NO_INDEX)
        if self._scorer is None:
            self._scorer = OneScorer(self.database, self.model.settings, schema)
        return self._scorer

    def described(self, dataset: str, rows: pa.Table) -> np.ndarray:
        """Of each row, whether a data set that holds each person once describes somebody so: a boolean per row."""
        rule = rule_name(described_rule(dataset))
        words = [np.asarray(rows.column(name).fill_null(0).to_numpy()) for name in DESCRIBED]
        mixed = self._mixer.mixed(rule, words).tolist() if len(rows) else []
        known = {key: any(len(part.look_up(rule, key, 1)[0]) for part in self.parts) for key in set(mixed)}
        return np.array([known[key] for key in mixed], dtype=bool)

    def _standing(self, number: int, rows: pa.Table) -> pa.Table:
        """Rows of a part without those of which a later part says something newer."""
        later = self._overruled[number]
        if not len(later) or not len(rows):
            return rows
        profiles = np.asarray(rows.column("profile").to_numpy())
        at = np.minimum(np.searchsorted(later, profiles), len(later) - 1)
        return rows.filter(pa.array(later[at] != profiles))

    def close(self) -> None:
        for part in self.parts:
            part.close()
        if self.model is not None:
            self.model.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _once(places: Sequence[Places]) -> Places:
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *places]))


def _overruled(parts: Sequence[Part]) -> list[np.ndarray]:
    """For each part the profiles of all later ones, in order."""
    made, later = [], np.zeros(0, dtype=np.int64)
    for number in range(len(parts) - 1, -1, -1):
        made.append(later)
        if number:
            later = np.union1d(later, parts[number].profiles())
    return made[::-1]


def open_index(folder: Path, keys: KeyedHash, *, memory_limit: str = "512MB", threads: int = 1) -> Index:
    """Open what is published. It never changes; open again to see a newer one."""
    held = published(folder)
    if held is None:
        raise ZoneError(ZoneFault.NO_INDEX)
    spill = Path(tempfile.mkdtemp(prefix=f"{_SPILL}{os.getpid()}-", dir=folder))
    parts = [Part(folder, name, keys) for name in held.parts]
    model = IndexedModel(folder, held.model, keys) if held.model else None
    return Index(parts, model, keys, Database(connect(spill, memory_limit, threads), spill))
