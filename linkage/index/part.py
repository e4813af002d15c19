"""A part of the published index: postings that lead from keys to rows, and the rows, all sealed.

Invariants: a part is immutable; a posting is a keyed hash with a row's place, sorted, so that one look-up opens one or
two segments; how often a key occurs shows in no size; where linkage left a block out as too large, its postings say so
(`crowded`), so that a single record is compared with whom a run would compare it and yet everyone can be searched for;
a profile of a later part overrules the same profile of an earlier one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.index.file import Run, SealedFile, SealedWriter, written
from linkage.index.keys import SEARCHED, Mixer, Rule, rule_name
from linkage.index.rows import ROLE, ROLE_BYTES, Layout, kept_columns, layout_of, role_bytes, role_texts
from linkage.matching import model
from linkage.rows import KeyedHash
from linkage.zone.encrypted import Database

ENTRIES = 2_048
"""Postings in a segment."""
RECORDS = 32
"""Rows in a segment."""
MEMBERS = 256
_MEMBER = np.dtype([("profile", "<i8"), (ROLE, ROLE_BYTES)])
"""A profile and one of its roles."""
_BESIDE = ("family_sound", "given_sound")
"""Rows that agree in these stand beside each other, so that a common name opens few segments."""
_CHUNK = 65_536
_CROWDED = np.uint64(1)
Places = NDArray[np.int64]


def described_rule(dataset: str) -> Rule:
    """Under which a data set that holds each person once says whom it describes."""
    return (f"described:{dataset}",)


DESCRIBED = ("given_formal", "dob_canon", "family")


def write_part(zone: Database, folder: Path, name: str, keys: KeyedHash, members: str = "indexed") -> None:
    """Write table `indexed` (a profile's columns and the id of one of its roles) as a part of this name. `members`
    names the table of all (profile, role_id) that are new, also of profiles that an earlier part holds."""
    fields = kept_columns(zone.table("SELECT * FROM indexed LIMIT 0").schema)
    counted = ", ".join(f"count({field.name})" for field in fields)
    [counts] = zone.rows(f"SELECT {counted} FROM indexed")
    texts = {
        field.name: [text for (text,) in zone.rows(
            f"SELECT DISTINCT {field.name} FROM indexed WHERE {field.name} IS NOT NULL ORDER BY 1"
        )]
        for field in fields if field.type == pa.string()
    }  # fmt: skip
    layout = layout_of(fields, dict(zip((f.name for f in fields), counts, strict=True)), texts)
    with written(folder, name, keys) as (writer, directory):
        rows, profiles = _write_rows(zone, writer, layout)
        postings, bounds = _write_postings(zone, writer, profiles, layout, Mixer(keys))
        directory["layout"] = {"fields": layout.fields, "empty": layout.empty, "texts": texts}
        directory["rows"] = asdict(rows) | {"total": len(profiles)}
        directory["postings"] = postings
        directory["bounds"] = asdict(writer.add_all(bounds.tobytes()))
        directory["members"] = _write_members(zone, writer, members)
        directory["profiles"] = asdict(writer.add_all(np.sort(profiles).tobytes()))


def _write_rows(zone: Database, writer: SealedWriter, layout: Layout) -> tuple[Run, NDArray[np.int64]]:
    run = writer.begin(layout.dtype.itemsize * RECORDS)
    profiles: list[NDArray[np.int64]] = []
    names = ", ".join((ROLE, *(name for name, _ in layout.fields)))
    beside = [name for name in _BESIDE if name in {name for name, _ in layout.fields}]
    order = f"ORDER BY {', '.join((*beside, 'profile'))}"
    rest = np.zeros(0, dtype=layout.dtype)
    for table in zone.tables(f"SELECT {names} FROM indexed {order}", _CHUNK):
        profiles.append(np.asarray(table.column("profile").to_numpy()))
        records = np.concatenate([rest, layout.packed(table)])
        whole = len(records) - len(records) % RECORDS
        _write_segments(writer, records[:whole], RECORDS)
        rest = records[whole:]
    _write_segments(writer, rest, RECORDS)
    return writer.finish(run), np.concatenate([np.zeros(0, dtype=np.int64), *profiles])


def _write_members(zone: Database, writer: SealedWriter, members: str) -> dict[str, Any]:
    run, bounds, total = writer.begin(_MEMBER.itemsize * MEMBERS), [], 0
    rest = np.zeros(0, dtype=_MEMBER)
    for table in zone.tables(f"SELECT profile, role_id FROM {members} ORDER BY profile, role_id", _CHUNK):
        made = np.zeros(len(table), dtype=_MEMBER)
        made["profile"] = table.column("profile").to_numpy()
        made[ROLE] = role_bytes(table.column(ROLE))
        made = np.concatenate([rest, made])
        whole = len(made) - len(made) % MEMBERS
        _write_segments(writer, made[:whole], MEMBERS)
        bounds += made["profile"][:whole:MEMBERS].tolist()
        total, rest = total + len(table), made[whole:]
    _write_segments(writer, rest, MEMBERS)
    bounds += rest["profile"][:1].tolist()
    return asdict(writer.finish(run)) | {"total": total, "bounds": bounds}


def _write_segments(writer: SealedWriter, items: NDArray[Any], each: int) -> None:
    whole = memoryview(np.ascontiguousarray(items).tobytes())
    step = each * items.dtype.itemsize
    for start in range(0, len(whole), step):
        writer.add(whole[start : start + step])


def _rules(layout: Layout) -> Iterator[tuple[Rule, int | None, bool]]:
    """(rule, its number among the blocking rules, whether it is searched under) of all whose columns hold anything."""
    held = {name for name, _ in layout.fields}
    numbers = {rule: at for at, rule in enumerate(model.BLOCKING)}
    for rule in dict.fromkeys((*model.BLOCKING, *SEARCHED)):
        if set(rule) <= held:
            yield rule, numbers.get(rule), rule in SEARCHED


def _selected(columns: Collection[str], rule: Rule, number: int | None, searched: bool) -> tuple[str, str]:
    """Which rows are posted under a rule, and SQL for whether their block is crowded: all are where the run that made
    the blocks did not ask the rule. Without any block columns no block was looked at, and none is crowded."""
    present = " AND ".join(f"{column} IS NOT NULL" for column in rule)
    if number is None or not any(column.startswith("block_") for column in columns):
        return present, "FALSE"
    if (block := model.block_column(number)) not in columns:
        return (present, "TRUE") if searched else ("FALSE", "TRUE")
    return (present, f"{block} IS NULL") if searched else (f"{present} AND {block} IS NOT NULL", "FALSE")


def _write_postings(
    zone: Database, writer: SealedWriter, profiles: NDArray[np.int64], layout: Layout, mixer: Mixer
) -> tuple[dict[str, Any], NDArray[np.uint64]]:
    columns = set(zone.table("SELECT * FROM indexed LIMIT 0").column_names)
    asked = [(rule, rule, *_selected(columns, rule, at, searched)) for rule, at, searched in _rules(layout)]
    if {*DESCRIBED, "single"} <= columns:
        asked += [
            (described_rule(dataset), DESCRIBED, "given_formal IS NOT NULL AND dob_canon IS NOT NULL AND single"
             f" AND dataset = '{dataset.replace(chr(39), chr(39) * 2)}'", "FALSE")
            for dataset in layout.texts["dataset"]
        ]  # fmt: skip
    placed = _Placed(profiles)
    directory, bounds = {}, [np.zeros(0, dtype=np.uint64)]
    for rule, named, where, crowded in asked:
        listed = ", ".join(f"coalesce({column}, 0) AS word_{at}" for at, column in enumerate(named))
        held = zone.table(f"SELECT profile, {crowded} AS crowded, {listed} FROM indexed WHERE {where}")
        if len(held) == 0:
            continue
        words = [np.asarray(held.column(f"word_{at}").to_numpy()) for at in range(len(named))]
        places = placed.of(np.asarray(held.column("profile").to_numpy()))
        flags = held.column("crowded").to_numpy().astype(np.uint64)
        entries = _entries(mixer.mixed(rule_name(rule), words), places, flags, place_bits(len(profiles)))
        run = writer.begin(ENTRIES * 8)
        _write_segments(writer, _padded(entries), ENTRIES)
        bounds.append(entries[::ENTRIES])
        directory[rule_name(rule)] = asdict(writer.finish(run))
    return directory, np.concatenate(bounds)


class _Placed:
    """Where each profile's row stands."""

    def __init__(self, profiles: NDArray[np.int64]) -> None:
        self._order = np.argsort(profiles)
        self._profiles = profiles[self._order]
        count = len(profiles)
        self._dense = count > 0 and int(self._profiles[-1] - self._profiles[0]) == count - 1

    def of(self, asked: NDArray[np.int64]) -> Places:
        if self._dense:
            return np.asarray(self._order[asked - self._profiles[0]])
        return np.asarray(self._order[np.searchsorted(self._profiles, asked)])


def place_bits(rows: int) -> int:
    """How many low bits of a posting hold a row's place and its flag."""
    return max(rows - 1, 1).bit_length() + 1


def _entries(mixed: NDArray[np.uint64], places: Places, crowded: NDArray[np.uint64], bits: int) -> NDArray[np.uint64]:
    shift = np.uint64(bits)
    made = ((mixed >> shift) << shift) | (places.astype(np.uint64) << _CROWDED) | crowded
    made.sort()
    return made


def _padded(entries: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Entries filled up to whole segments with what leads to no row."""
    short = -len(entries) % ENTRIES
    return np.concatenate([entries, np.full(short, np.iinfo(np.uint64).max, dtype=np.uint64)])


class Part:
    """One part, open for reading."""

    def __init__(self, folder: Path, name: str, keys: KeyedHash) -> None:
        self.name = name
        self._file = SealedFile(folder, name, keys)
        held = self._file.directory
        stated = held["layout"]
        self.layout = Layout(
            tuple((a, b) for a, b in stated["fields"]), tuple((a, b) for a, b in stated["empty"]), stated["texts"]
        )
        self._dtype = self.layout.dtype
        self.total = int(held["rows"].pop("total"))
        self._rows = Run(**held["rows"])
        self._bits = place_bits(self.total)
        self._postings: dict[str, tuple[Run, NDArray[np.uint64]]] = {}
        self._member_total, firsts = held["members"].pop("total"), held["members"].pop("bounds")
        self._members, self._member_bounds = Run(**held["members"]), np.array(firsts, dtype=np.int64)
        bounds = self._file.words(Run(**held["bounds"]), 0)
        start = 0
        for rule, run in held["postings"].items():
            self._postings[rule] = (Run(**run), bounds[start : start + run["count"]])
            start += run["count"]

    def profiles(self) -> NDArray[np.int64]:
        """The profiles that this part says something of, smallest first."""
        return self._file.words(Run(**self._file.directory["profiles"]), 0).view(np.int64)

    def look_up(self, rule: str, key: int, most: int | None = None) -> tuple[Places, bool]:
        """The places of the rows under a key, at most so many; whether linkage left the block out as too large."""
        held = self._postings.get(rule)
        if held is None:
            return np.zeros(0, dtype=np.int64), False
        run, bounds = held
        low = (key >> self._bits) << self._bits
        high = low | ((1 << self._bits) - 1)
        first = max(int(np.searchsorted(bounds, np.uint64(low), side="left")) - 1, 0)
        last = int(np.searchsorted(bounds, np.uint64(high), side="right"))
        found = [np.zeros(0, dtype=np.uint64)]
        for at in range(first, last):
            entries = self._file.words(run, at)
            a = np.searchsorted(entries, np.uint64(low), side="left")
            found.append(entries[a : np.searchsorted(entries, np.uint64(high), side="right")])
            if most is not None and sum(map(len, found)) >= most:
                break
        entries = np.concatenate(found)[:most]
        places = ((entries & np.uint64((1 << self._bits) - 1)) >> _CROWDED).astype(np.int64)
        return places[places < self.total], bool(len(entries) and entries[0] & _CROWDED)

    def rows(self, places: Places, wanted: Sequence[str] | None = None) -> pa.Table:
        """The rows at these places (sorted, each once)."""
        segments, starts = np.unique(places // RECORDS, return_index=True)
        ends = [*starts[1:].tolist(), len(places)][: len(starts)]
        whole = np.dtype((np.void, self._dtype.itemsize))
        found = [np.zeros(0, dtype=whole)]
        for segment, start, end in zip(segments.tolist(), starts.tolist(), ends, strict=True):
            records = np.frombuffer(self._file.segment(self._rows, segment), dtype=whole)
            found.append(records[places[start:end] - segment * RECORDS])
        return self.layout.unpacked(np.concatenate(found).view(self._dtype), wanted)

    def roles(self, profile: int) -> list[str]:
        """The roles that this part gives a profile."""
        first = max(int(np.searchsorted(self._member_bounds, profile, side="left")) - 1, 0)
        last = int(np.searchsorted(self._member_bounds, profile, side="right"))
        found: list[str] = []
        for at in range(first, last):
            held = np.frombuffer(self._file.segment(self._members, at), dtype=_MEMBER)
            held = held[: self._member_total - at * MEMBERS]
            found += role_texts(held[ROLE][held["profile"] == profile])
        return found

    def close(self) -> None:
        self._file.close()


def asked_words(row: Mapping[str, Any], rule: Rule) -> list[NDArray[np.int64]] | None:
    """The words of one row under a rule; None where one is missing."""
    values = [row.get(column) for column in rule]
    return None if any(value is None for value in values) else [np.array([value], dtype=np.int64) for value in values]
