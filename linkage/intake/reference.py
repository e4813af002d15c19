"""Reference data: which areas a postcode lies in, what areas are called, when milestones fall due.

Invariants: a file is read to its end before anything changes, so a bad one changes nothing; what is imported carries
its version and replaces what that version and those keys said before; importing the same file twice changes nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Table, and_, delete, insert, select
from sqlalchemy.orm import Session

from linkage import store
from linkage.facts import MilestoneFact
from linkage.intake.reference_files import (
    AreaRow,
    FileProblem,
    PostcodeRow,
    ReferenceRefused,
    read_areas,
    read_milestones,
    read_postcodes,
)

__all__ = ["FileProblem", "ReferenceRefused"]

CHUNK = 500
"""How many keys one statement names; SQLite takes a bounded number of parameters."""

T = TypeVar("T")

Areas = tuple[str | None, str | None, str | None]
"""(ward, locality, nation) of one postcode."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `rows` counts the file's rows; `unchanged` means that this very file was already in."""

    kind: str
    version: str
    rows: int
    unchanged: bool


def import_postcodes(session: Session, path: Path, version: str | None = None) -> ImportReport:
    """Take a postcode file (postcode, ward, ward_name, lsoa, locality, locality_name, nation, imd_decile).

    Postcodes of the file, and all of its version, are replaced; others stay. Without `version` the file's digest names
    it. Raises ReferenceRefused; the caller commits.
    """
    rows, names = 0, dict[str, AreaRow]()
    for row in read_postcodes(path):
        rows += 1
        _gather_names(names, row, rows + 1)
    label = version or _digest(path)
    table = store.postcode_area
    if _held(session, table, label, version) == rows:
        return ImportReport("postcodes", label, rows, True)
    session.execute(delete(table).where(table.c.version == label))
    columns = [c.name for c in table.columns]
    kept = ({name: value for name, value in _values(r, label).items() if name in columns} for r in read_postcodes(path))
    _replace(session, table, "postcode", kept)
    _replace(session, store.area, "code", (_values(area, label) for area in names.values()))
    return ImportReport("postcodes", label, rows, False)


def import_areas(session: Session, path: Path, version: str | None = None) -> ImportReport:
    """Take a file of area names (code, kind, name_en, name_cy). Raises ReferenceRefused; the caller commits."""
    rows = list(read_areas(path))
    label = version or _digest(path)
    if _held(session, store.area, label, version) == len(rows):
        return ImportReport("areas", label, len(rows), True)
    _replace(session, store.area, "code", (_values(row, label) for row in rows))
    return ImportReport("areas", label, len(rows), False)


def import_milestones(session: Session, path: Path) -> ImportReport:
    """Take a file of schedules. A schedule's version is replaced whole; its other versions stay as they were."""
    steps = read_milestones(path)
    table = store.milestone
    versions = sorted({(step.schedule, step.version) for step in steps})
    label = ", ".join(f"{schedule} {version}" for schedule, version in versions)
    if _steps_of(session, versions) == sorted(steps, key=_step_key):
        return ImportReport("milestones", label, len(steps), True)
    for schedule, version in versions:
        session.execute(delete(table).where(and_(table.c.schedule == schedule, table.c.version == version)))
    session.execute(insert(table), [_milestone_values(step) for step in steps])
    return ImportReport("milestones", label, len(steps), False)


def postcodes(session: Session) -> list[str]:
    """Every postcode whose areas are known."""
    return list(session.execute(select(store.postcode_area.c.postcode)).scalars())


def area_of(session: Session, postcodes: Sequence[str]) -> dict[str, Areas]:
    """Return (ward, locality, nation) of those postcodes that are known. Postcodes are canonical: `AB1 2CD`."""
    table = store.postcode_area
    query = select(table.c.postcode, table.c.ward, table.c.locality, table.c.nation)
    found: dict[str, Areas] = {}
    for some in _chunks(sorted(set(postcodes))):
        rows = session.execute(query.where(table.c.postcode.in_(some)))
        found |= {r.postcode: (r.ward, r.locality, r.nation) for r in rows}
    return found


def area_names(session: Session, codes: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """Return (English name, Welsh name) of those areas that are known."""
    table = store.area
    found: dict[str, tuple[str, str | None]] = {}
    for some in _chunks(sorted(set(codes))):
        rows = session.execute(select(table.c.code, table.c.name_en, table.c.name_cy).where(table.c.code.in_(some)))
        found |= {r.code: (r.name_en, r.name_cy) for r in rows}
    return found


def _gather_names(names: dict[str, AreaRow], row: PostcodeRow, line: int) -> None:
    found = (("ward", row.ward, row.ward_name), ("locality", row.locality, row.locality_name))
    for kind, code, name in found:
        if code is None or name is None:
            continue
        held = names.setdefault(code, AreaRow(code, kind, name, None))
        if held != AreaRow(code, kind, name, None):
            raise ReferenceRefused([FileProblem(line, f"{kind}_name", "another name or kind for the same code")])


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:40]


def _held(session: Session, table: Table, label: str, version: str | None) -> int | None:
    """How many rows this very file has left here; None where its version is only a name somebody gave it."""
    if version is not None:
        return None
    key = next(iter(table.primary_key))
    return len(session.execute(select(key).where(table.c.version == label)).all())


def _values(row: PostcodeRow | AreaRow, label: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__} | {"version": label}


def _replace(session: Session, table: Table, key: str, rows: Iterable[Mapping[str, Any]]) -> None:
    for some in _chunks(rows):
        session.execute(delete(table).where(table.c[key].in_([row[key] for row in some])))
        session.execute(insert(table), [dict(row) for row in some])


def _steps_of(session: Session, versions: Sequence[tuple[str, str]]) -> list[MilestoneFact]:
    table = store.milestone
    rows = session.execute(select(table).where(table.c.schedule.in_([schedule for schedule, _ in versions])))
    steps = [
        MilestoneFact(
            r.schedule, r.version, r.code, r.nation, r.title_en, r.title_cy, r.from_days, r.to_days,
            tuple(r.event_types), r.service,
        )
        for r in rows
        if (r.schedule, r.version) in versions
    ]  # fmt: skip
    return sorted(steps, key=_step_key)


def _step_key(step: MilestoneFact) -> tuple[str, str, str]:
    return step.schedule, step.version, step.code


def _milestone_values(step: MilestoneFact) -> dict[str, Any]:
    return {name: getattr(step, name) for name in step.__slots__} | {"event_types": list(step.event_types)}


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    pending = iter(rows)
    while some := list(islice(pending, CHUNK)):
        yield some
