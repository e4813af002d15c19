"""Importing what a partnership says of itself: organisations, staff, caseloads, declarations, wishes, responsibility,
blocks.

Invariants: persons are named by the partner's own record, never by an identifier, and become random ids at once; what
is there already is left as it is, so an import can be repeated; a row that names a record not known or not linked is
counted, never guessed; every change is in the ledger.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.record_references import RecordReference, persons
from app.zones import deployment_zone
from governance import people
from governance.people import DeclarationKind, FactRefused
from governance.store import declaration, hard_block, organisation, relationship, responsibility, staff_role, wish
from governance.terms import (
    BlockKind,
    RelationshipKind,
    ResponsibilityEvidence,
    ResponsibilityKind,
    Role,
    SignerBasis,
    WishAnswer,
    WishKind,
)
from governance.wishes import store
from governance.wishes.responsibilities import record_responsibility
from governance.wishes.store import WishRefused

BY = "import"
Row = Mapping[str, str]
WISH_KINDS = {str(kind): kind for kind in WishKind} | {"opt_out": WishKind.OPT_OUT_NATIONAL}


class PartnershipRefused(Exception):
    """A row that cannot be taken: file, line and column; nothing of its file was kept."""


@dataclass(frozen=True)
class _Import:
    """One import under way: the persons its rows name, and the transaction of the file at hand."""

    deployment: Deployment
    known: Mapping[RecordReference, str]
    at: datetime

    def person(self, row: Row, prefix: str = "") -> str | None:
        return self.known.get(_reference(row, prefix))


def import_partnership(deployment: Deployment, folder: Path) -> dict[str, dict[str, int]]:
    """Import every known file in a folder, each in its own transaction; return taken, held and unknown rows."""
    tables = {name: list(_rows(folder / name)) for name in FILES if (folder / name).exists()}
    if not tables:
        raise PartnershipRefused(f"the folder holds none of: {', '.join(FILES)}")
    wanted = {r for rows in tables.values() for row in rows for r in _references(row)}
    with deployment_zone(deployment) as zone:
        known = persons(deployment, zone, wanted)
    importing = _Import(deployment, known, datetime.now(UTC))
    return {name: _import_file(importing, name, rows) for name, rows in tables.items()}


def _import_file(importing: _Import, name: str, rows: list[Row]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    with importing.deployment.database.writing() as session:
        for line, row in enumerate(rows, start=2):
            try:
                counts[FILES[name](importing, session, row)] += 1
            except KeyError as fault:
                raise PartnershipRefused(f"{name} line {line}: {_missing(fault, row)}") from None
            except (ValueError, FactRefused, WishRefused):
                raise PartnershipRefused(f"{name} line {line}: a value is not one of those allowed") from None
            except (IntegrityError, DataError):
                message = "a value is too long, or names an organisation or person not there"
                raise PartnershipRefused(f"{name} line {line}: {message}") from None
    return dict(counts)


def _organisation(importing: _Import, session: Session, row: Row) -> str:
    if session.execute(select(organisation.c.code).where(organisation.c.code == row["code"])).first():
        return "held"
    people.add_organisation(
        session,
        importing.deployment.ring,
        importing.at,
        BY,
        code=row["code"],
        name_en=row["name_en"],
        kind=row["kind"],
        name_cy=row["name_cy"] or None,
        nation=row["nation"] or None,
        duty_desk=row["duty_desk"] or None,
        telephone=row["telephone"] or None,
        out_of_hours_desk=row.get("out_of_hours_desk") or None,
        out_of_hours_telephone=row.get("out_of_hours_telephone") or None,
    )
    return "taken"


def _staff(importing: _Import, session: Session, row: Row) -> str:
    ring, at = importing.deployment.ring, importing.at
    staff_id = people.add_staff(
        session,
        ring,
        at,
        BY,
        username=row["username"],
        name=row["name"],
        organisation_code=row["organisation"],
        telephone=row["telephone"] or None,
    )
    role = Role(row["role"])
    held = select(staff_role.c.id).where(staff_role.c.staff_id == staff_id, staff_role.c.role == str(role))
    if session.execute(held).first():
        return "held"
    people.give_role(
        session,
        ring,
        at,
        BY,
        staff_id=staff_id,
        role=role,
        since=at.date(),
        team=row["team"] or None,
        training_until=_date(row["training_until"]),
    )
    return "taken"


def _caseload(importing: _Import, session: Session, row: Row) -> str:
    person, staff_id = importing.person(row), people.staff_named(session, row["username"])
    if person is None or staff_id is None:
        return "unknown"
    kind, since = RelationshipKind(row["kind"]), date.fromisoformat(row["since"])
    table = relationship.c
    held = select(table.id).where(
        table.staff_id == staff_id, table.person_id == person, table.kind == str(kind), table.since == since
    )
    if session.execute(held).first():
        return "held"
    people.open_relationship(
        session,
        importing.deployment.ring,
        importing.at,
        BY,
        staff_id=staff_id,
        person_id=person,
        kind=kind,
        since=since,
        until=_date(row["until"]),
    )
    return "taken"


def _declaration(importing: _Import, session: Session, row: Row) -> str:
    person, staff_id = importing.person(row), people.staff_named(session, row["username"])
    if person is None or staff_id is None:
        return "unknown"
    held = select(declaration.c.id).where(declaration.c.staff_id == staff_id, declaration.c.person_id == person)
    if session.execute(held).first():
        return "held"
    kind = DeclarationKind(row["kind"])
    people.declare(session, importing.deployment.ring, staff_id, person, kind, importing.at, BY)
    return "taken"


def _wish(importing: _Import, session: Session, row: Row) -> str:
    person = importing.person(row)
    if person is None:
        return "unknown"
    kind, answer = WISH_KINDS[row["kind"]], WishAnswer(row["answer"])
    valid_from = datetime.combine(date.fromisoformat(row["valid_from"]), time.min, UTC)
    scope, table = tuple(sorted(set(row["scope"].split(";")))), wish.c
    held = select(table.scope, table.signer).where(
        table.person_id == person,
        table.kind == str(kind),
        table.answer == str(answer),
        table.valid_from == valid_from,
    )
    if any((tuple(old), signer) == (scope, row["signer"] or None) for old, signer in session.execute(held)):
        return "held"
    store.record_wish(
        session,
        importing.deployment.ring,
        importing.at,
        BY,
        person_id=person,
        kind=kind,
        answer=answer,
        scope=scope,
        signer=row["signer"] or None,
        signer_person_id=importing.known.get(_signer(row)),
        signer_basis=SignerBasis(row["basis"]) if row["basis"] else None,
        language=row["language"] or None,
        valid_from=valid_from,
        expires=_date(row["expires"]),
    )
    return "taken"


def _responsibility(importing: _Import, session: Session, row: Row) -> str:
    """Who decides for a child: the `signer` of the same record, or an organisation."""
    person, holder = importing.person(row), importing.known.get(_signer(row))
    if person is None or (row["signer"] and holder is None):
        return "unknown"
    kind, since = ResponsibilityKind(row["kind"]), date.fromisoformat(row["since"])
    table = responsibility.c
    held = select(table.holder_person_id).where(
        table.person_id == person, table.kind == str(kind), table.since == since
    )
    if any(old == holder for (old,) in session.execute(held)):
        return "held"
    record_responsibility(
        session,
        importing.deployment.ring,
        importing.at,
        BY,
        person_id=person,
        kind=kind,
        since=since,
        evidence=ResponsibilityEvidence(row["evidence"]),
        holder_person_id=holder,
        holder_organisation=row["organisation"] or None,
        until=_date(row["until"]),
    )
    return "taken"


def _block(importing: _Import, session: Session, row: Row) -> str:
    person = importing.person(row)
    against = importing.person(row, "against_") if row["against_record_id"] else None
    if person is None or (row["against_record_id"] and against is None):
        return "unknown"
    kind, since = BlockKind(row["kind"]), date.fromisoformat(row["since"])
    table = hard_block.c
    held = select(table.against_person_id).where(
        table.person_id == person, table.kind == str(kind), table.since == since
    )
    if any(old == against for (old,) in session.execute(held)):
        return "held"
    people.record_block(
        session,
        importing.deployment.ring,
        importing.at,
        BY,
        person_id=person,
        kind=kind,
        since=since,
        against_person_id=against,
        until=_date(row["until"]),
    )
    return "taken"


FILES: dict[str, Callable[[_Import, Session, Row], str]] = {
    "organisations.csv": _organisation,
    "staff.csv": _staff,
    "caseloads.csv": _caseload,
    "declarations.csv": _declaration,
    "wishes.csv": _wish,
    "responsibilities.csv": _responsibility,
    "blocks.csv": _block,
}


def _missing(fault: KeyError, row: Row) -> str:
    return "a value is not one of those allowed" if fault.args[0] in row.values() else "a column is missing"


def _rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.DictReader(file, strict=True), start=2):
                if None in row or None in row.values():
                    raise PartnershipRefused(f"{path.name} line {line}: the row has not as many fields as the header")
                yield row
    except (UnicodeDecodeError, csv.Error):
        raise PartnershipRefused(f"{path.name}: not a CSV file in UTF-8") from None
    except OSError:
        raise PartnershipRefused(f"{path.name}: cannot be opened") from None


def _references(row: Row) -> Iterator[RecordReference]:
    for prefix in ("", "against_"):
        if row.get(f"{prefix}record_id"):
            yield _reference(row, prefix)
    if row.get("signer"):
        yield _signer(row)


def _signer(row: Row) -> RecordReference:
    """Who spoke, as the role they have in the same record."""
    return RecordReference(row.get("dataset") or "", row.get("record_id") or "", row.get("signer") or "")


def _reference(row: Row, prefix: str) -> RecordReference:
    role = row.get("against_role" if prefix else "person_role") or "self"
    return RecordReference(row.get(f"{prefix}dataset") or "", row.get(f"{prefix}record_id") or "", role)


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
