"""Importing reference data: areas, milestone schedules, communal establishments, and two lists about NHS numbers.

Invariants: a file is taken whole or refused with line and column; numbers and addresses become tokens as they are read
and go to the linkage zone only; every import is in the ledger.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.deployment import Deployment
from app.zones import deployment_zone
from governance.ledger import ledger
from governance.ledger.entries import AuditEvent, Detail
from governance.terms import EventKind, Outcome
from linkage.encoding.encode import nhs_token
from linkage.intake import reference
from linkage.intake.reference_files import FileProblem, ReferenceRefused
from linkage.kin import communal
from linkage.normalise.numbers import nhs_number, uprn
from linkage.normalise.places import address, postcode
from linkage.reasons import Reason
from linkage.rows import Identity
from linkage.zone.zone import Zone

TABLES: dict[str, Callable[..., reference.ImportReport]] = {
    "postcodes.csv": reference.import_postcodes,
    "areas.csv": reference.import_areas,
    "milestones.yaml": reference.import_milestones,
}
PAIRS: dict[str, tuple[tuple[str, str], Callable[[Zone, Sequence[tuple[int, int]]], None]]] = {
    "supersessions.csv": (("old_nhs_number", "new_nhs_number"), Zone.add_supersessions),
    "sealed.csv": (("nhs_number_a", "nhs_number_b"), Zone.add_seals),
}
PLACES = "communal.csv"
_PLACE = ("name", "address", "postcode", "uprn")
_NORMAL: Mapping[str, Callable[[str], str | Reason]] = {"address": address, "postcode": postcode, "uprn": uprn}
KNOWN = (*TABLES, *PAIRS, PLACES)


def import_reference(deployment: Deployment, paths: Sequence[Path]) -> dict[str, int]:
    """Import every file named, or every known file of a folder; return rows by file name."""
    imported: dict[str, int] = {}
    for path in _files(paths):
        imported[path.name] = _importer(path.name)(deployment, path)
    if not imported:
        raise ReferenceRefused([FileProblem(1, "folder", f"holds none of: {', '.join(KNOWN)}")])
    return imported


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (path / name for name in KNOWN if (path / name).exists())
        elif path.name in KNOWN:
            yield path
        else:
            raise ReferenceRefused([FileProblem(1, path.name, f"name the file one of: {', '.join(KNOWN)}")])


def _importer(name: str) -> Callable[[Deployment, Path], int]:
    if name == PLACES:
        return _import_places
    return _import_pairs if name in PAIRS else _import_table


def _import_places(deployment: Deployment, path: Path) -> int:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if set(_PLACE) - set(reader.fieldnames or ()):
                raise ReferenceRefused([FileProblem(1, "header", f"the columns must be {', '.join(_PLACE)}")])
            places = [_place(row, reader.line_num) for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise ReferenceRefused([FileProblem(1, path.name, "not a CSV file in UTF-8")]) from None
    except OSError:
        raise ReferenceRefused([FileProblem(1, path.name, "cannot be opened")]) from None
    with deployment.database.writing() as session, deployment_zone(deployment) as zone:
        ledger.record(session, deployment.ring, _event(path.stem, len(places)), datetime.now(UTC))
        communal.keep(zone, deployment.ring, places)
    return len(places)


def _place(row: Mapping[str, str | None], line: int) -> Identity:
    told = {column: normal(cell) for column, normal in _NORMAL.items() if (cell := (row[column] or "").strip())}
    for column, value in told.items():
        if isinstance(value, Reason):
            raise ReferenceRefused([FileProblem(line, column, "cannot be read")])
    if not {"address", "uprn"} & told.keys():
        raise ReferenceRefused([FileProblem(line, "address", "a place needs an address or a UPRN")])
    return Identity(**told)  # type: ignore[arg-type]  # what is no reason is text


def _import_table(deployment: Deployment, path: Path) -> int:
    with deployment.database.writing() as session:
        report = TABLES[path.name](session, path)
        ledger.record(session, deployment.ring, _event(report.kind, report.rows), datetime.now(UTC))
    return report.rows


def _import_pairs(deployment: Deployment, path: Path) -> int:
    columns, add = PAIRS[path.name]
    pairs = _tokens(deployment, path, columns)
    with deployment.database.writing() as session, deployment_zone(deployment) as zone:
        ledger.record(session, deployment.ring, _event(path.stem, len(pairs)), datetime.now(UTC))
        add(zone, pairs)
    return len(pairs)


def _tokens(deployment: Deployment, path: Path, columns: tuple[str, str]) -> list[tuple[int, int]]:
    try:
        return list(_read(deployment, path, columns))
    except (UnicodeDecodeError, csv.Error):
        raise ReferenceRefused([FileProblem(1, path.name, "not a CSV file in UTF-8")]) from None
    except OSError:
        raise ReferenceRefused([FileProblem(1, path.name, "cannot be opened")]) from None


def _read(deployment: Deployment, path: Path, columns: tuple[str, str]) -> Iterator[tuple[int, int]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if set(columns) - set(reader.fieldnames or ()):
            raise ReferenceRefused([FileProblem(1, "header", f"the columns must be {', '.join(columns)}")])
        for row in reader:
            first, second = (_number(row[column], reader.line_num, column) for column in columns)
            if first == second:
                raise ReferenceRefused([FileProblem(reader.line_num, columns[1], "both numbers are the same")])
            yield nhs_token(deployment.ring, first), nhs_token(deployment.ring, second)


def _number(cell: str | None, line: int, column: str) -> str:
    number = nhs_number(cell or "")
    if isinstance(number, Reason):
        raise ReferenceRefused([FileProblem(line, column, "not a valid NHS number")])
    return number


def _event(kind: str, rows: int) -> AuditEvent:
    detail: dict[Detail, str | int] = {Detail.KIND: kind, Detail.ROWS: rows}
    return AuditEvent(EventKind.REFERENCE_IMPORT, Outcome.DONE, detail=detail)
