"""Reading reference files: postcodes and areas (CSV), milestone schedules (YAML). Nothing is stored here.

Invariants: a file is good or it is refused whole, with the line and column of its first faults; errors carry no values;
a nation has one spelling; a postcode has one row.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.catalogue import catalogue
from linkage.facts import MilestoneFact
from linkage.intake.spec_yaml import SpecTree, read_tree
from linkage.normalise.places import postcode as canonical_postcode
from linkage.reasons import Reason

NATIONS = ("england", "wales", "scotland")
AREA_KINDS = frozenset({"ward", "lsoa", "locality", "custom"})
MOST_PROBLEMS = 20
LATEST_DUE_DAYS = 18 * 366

Place = tuple[str | int, ...]
"""Where a value stands in a YAML document."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One fault: the line (1 is the first), the column or field, and what is wrong."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.message}"


class ReferenceRefused(Exception):
    """A reference file that cannot be taken; nothing of it was stored."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class PostcodeRow:
    postcode: str
    ward: str
    ward_name: str | None
    lsoa: str | None
    locality: str | None
    locality_name: str | None
    nation: str
    imd_decile: int | None


@dataclass(frozen=True, slots=True)
class AreaRow:
    code: str
    kind: str
    name_en: str
    name_cy: str | None


class _Fault(Exception):
    """Why one cell cannot be taken."""


def _text(longest: int) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > longest:
            raise _Fault(f"longer than {longest} characters")
        if not cell.isprintable():
            raise _Fault("holds characters that cannot be shown")
        return cell

    return read


def _postcode(cell: str) -> str:
    kept = canonical_postcode(cell)
    if isinstance(kept, Reason):
        raise _Fault("not a UK postcode")
    return kept


def _nation(cell: str) -> str:
    if cell.lower() not in NATIONS:
        raise _Fault(f"not one of {', '.join(NATIONS)}")
    return cell.lower()


def _kind(cell: str) -> str:
    if cell not in AREA_KINDS:
        raise _Fault(f"not one of {', '.join(sorted(AREA_KINDS))}")
    return cell


def _decile(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit()) or not 1 <= int(cell) <= 10:
        raise _Fault("not a number from 1 to 10")
    return int(cell)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    read: Callable[[str], str | int]
    required: bool = False


POSTCODE_COLUMNS = (
    _Column("postcode", _postcode, True),
    _Column("ward", _text(12), True),
    _Column("ward_name", _text(120)),
    _Column("lsoa", _text(12)),
    _Column("locality", _text(40)),
    _Column("locality_name", _text(120)),
    _Column("nation", _nation, True),
    _Column("imd_decile", _decile),
)
AREA_COLUMNS = (
    _Column("code", _text(40), True),
    _Column("kind", _kind, True),
    _Column("name_en", _text(120), True),
    _Column("name_cy", _text(120)),
)


def read_postcodes(path: Path) -> Iterator[PostcodeRow]:
    """Yield a postcode file's rows in order; raise ReferenceRefused at the end of a file with faults."""
    for cells in _unique(path, POSTCODE_COLUMNS, "postcode"):
        yield PostcodeRow(**cells)


def read_areas(path: Path) -> Iterator[AreaRow]:
    """Yield an area file's rows in order; raise ReferenceRefused at the end of a file with faults."""
    for cells in _unique(path, AREA_COLUMNS, "code"):
        yield AreaRow(**cells)


def _unique(path: Path, columns: Sequence[_Column], key: str) -> Iterator[dict[str, Any]]:
    seen: dict[str, int] = {}
    problems: list[FileProblem] = []
    for line, cells in _rows(path, columns, problems):
        first = seen.setdefault(cells[key], line)
        if first != line:
            problems.append(FileProblem(line, key, f"the same as in line {first}"))
        if len(problems) >= MOST_PROBLEMS:
            break
        yield cells
    if not seen and not problems:
        problems.append(FileProblem(1, "(file)", "no rows"))
    if problems:
        raise ReferenceRefused(problems)


def _rows(path: Path, columns: Sequence[_Column], problems: list[FileProblem]) -> Iterator[tuple[int, dict[str, Any]]]:
    lines = [0]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(_counted(file, lines), strict=True)
            header = _header(next(reader, []), columns)
            for record in reader:
                if record:
                    yield from _row(reader.line_num, record, header, columns, problems)
    except UnicodeDecodeError:
        raise ReferenceRefused([*problems, FileProblem(lines[0] + 1, "(file)", "not UTF-8 text")]) from None
    except csv.Error:
        raise ReferenceRefused([*problems, FileProblem(lines[0], "(file)", "quotation marks do not fit")]) from None
    except OSError:
        raise ReferenceRefused([FileProblem(1, "(file)", "cannot be opened")]) from None


def _counted(file: Iterable[str], lines: list[int]) -> Iterator[str]:
    for text in file:
        lines[0] += 1
        yield text


def _header(names: Sequence[str], columns: Sequence[_Column]) -> dict[str, int]:
    places = {name.strip().lower(): i for i, name in enumerate(names)}
    missing = [c.name for c in columns if c.required and c.name not in places]
    if missing:
        raise ReferenceRefused([FileProblem(1, name, "no such column") for name in missing])
    if len(places) != len(names):
        raise ReferenceRefused([FileProblem(1, "(header)", "a column name comes twice")])
    return {"": len(names)} | places


def _row(
    line: int, record: Sequence[str], header: Mapping[str, int], columns: Sequence[_Column], problems: list[FileProblem]
) -> Iterator[tuple[int, dict[str, Any]]]:
    if len(record) != header[""]:
        problems.append(FileProblem(line, "(row)", "not as many fields as the header"))
        return
    cells: dict[str, Any] = {}
    faults = len(problems)
    for column in columns:
        cell = record[header[column.name]].strip() if column.name in header else ""
        try:
            cells[column.name] = _cell(cell, column)
        except _Fault as fault:
            problems.append(FileProblem(line, column.name, str(fault)))
    if len(problems) == faults:
        yield line, cells


def _cell(cell: str, column: _Column) -> str | int | None:
    if cell:
        return column.read(cell)
    if column.required:
        raise _Fault("empty")
    return None


SCHEDULE_KEYS = ("schedule", "version", "nation", "milestones")
MILESTONE_KEYS = ("code", "title", "from_days", "to_days", "event_types", "service")


def read_milestones(path: Path) -> list[MilestoneFact]:
    """Return the steps of every schedule in a YAML file; raise ReferenceRefused for a file with faults."""
    try:
        tree = read_tree(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        raise ReferenceRefused([FileProblem(1, "(file)", "cannot be opened as UTF-8 text")]) from None
    schedules = _list(tree, _mapping(tree, tree.value, (), ("schedules",)).get("schedules"), ("schedules",))
    found = [step for i, entry in enumerate(schedules) for step in _schedule(tree, entry, ("schedules", i))]
    seen: set[tuple[str, str, str]] = set()
    for step in found:
        if (key := (step.schedule, step.version, step.code)) in seen:
            tree.add(("schedules",), "a code comes twice in one schedule")
        seen.add(key)
    if tree.problems:
        raise ReferenceRefused([FileProblem(p.line, p.field, p.message) for p in tree.problems[:MOST_PROBLEMS]])
    return found


def _schedule(tree: SpecTree, entry: Any, path: Place) -> list[MilestoneFact]:
    fields = _mapping(tree, entry, path, SCHEDULE_KEYS)
    steps = _list(tree, fields.get("milestones"), (*path, "milestones"))
    name = str(_field(tree, fields, path, "schedule", _text(40)) or "")
    version = str(_field(tree, fields, path, "version", _text(20)) or "")
    nation = str(_field(tree, fields, path, "nation", _nation) or "")
    return [_step(tree, step, (*path, "milestones", i), (name, version, nation)) for i, step in enumerate(steps)]


def _step(tree: SpecTree, entry: Any, path: Place, of: tuple[str, str, str]) -> MilestoneFact:
    fields = _mapping(tree, entry, path, MILESTONE_KEYS)
    title = _mapping(tree, fields.get("title"), (*path, "title"), ("en",), ("cy",))
    first, last = (int(_field(tree, fields, path, key, _days) or 0) for key in ("from_days", "to_days"))
    if last < first:
        tree.add((*path, "to_days"), "before from_days")
    types = _list(tree, fields.get("event_types"), (*path, "event_types"))
    for i, type_name in enumerate(types):
        if type_name not in catalogue().event_types:
            tree.add((*path, "event_types", i), "not an event type of the catalogue")
    return MilestoneFact(
        *of[:2],
        str(_field(tree, fields, path, "code", _text(40)) or ""),
        of[2],
        str(_field(tree, title, (*path, "title"), "en", _text(160)) or ""),
        str(_field(tree, title, (*path, "title"), "cy", _text(160)) or "") or None if "cy" in title else None,
        first,
        last,
        tuple(str(t) for t in types),
        str(_field(tree, fields, path, "service", _service) or ""),
    )


def _days(cell: str) -> int:
    digits = cell.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or abs(int(cell)) > LATEST_DUE_DAYS:
        raise _Fault("not a number of days from birth")
    return int(cell)


def _service(cell: str) -> str:
    if cell not in catalogue().services:
        raise _Fault("not a service of the catalogue")
    return cell


def _mapping(
    tree: SpecTree, value: Any, path: Place, keys: Sequence[str], more: Sequence[str] = ()
) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        tree.add(path, f"should hold {', '.join(keys)}")
        return {}
    for key in value:
        if key not in keys and key not in more:
            tree.add((*path, key), "not a field here")
    for key in keys:
        if value.get(key) is None:
            tree.add(path, f"{key} is missing")
    return value


def _list(tree: SpecTree, value: Any, path: Place) -> Sequence[Any]:
    if isinstance(value, list) and value:
        return value
    if value is not None:
        tree.add(path, "should be a list with at least one entry")
    return ()


def _field(
    tree: SpecTree, fields: Mapping[str, Any], path: Place, key: str, read: Callable[[str], str | int]
) -> str | int | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        tree.add((*path, key), "should be one value")
        return None
    try:
        return read(value)
    except _Fault as fault:
        tree.add((*path, key), str(fault))
        return None
