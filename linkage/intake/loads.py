"""Loads in the record store: staged in short transactions, made current in one.

Invariants: a staged row is never `current`, so nothing reads it; completing a load makes its rows current, and the
versions they supersede and the records a snapshot no longer holds not current, in the caller's one transaction; nothing
but the rows of a load that never completed is deleted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from linkage.store import (
    coverage,
    dataset,
    event,
    involvement,
    load,
    load_problem,
    record_role,
    source_record,
    tie_claim,
)

CHUNK = 500
"""How many ids one statement names; SQLite takes a bounded number of parameters."""

STAGED = (tie_claim, involvement, event, record_role, source_record, load_problem, coverage)
"""Every table that holds rows of a load, children before parents."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One batch of rows for the record store, by table."""

    records: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    involvements: list[dict[str, Any]] = field(default_factory=list)
    ties: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Counts:
    """How a load came out. `ended` counts records that a snapshot no longer holds."""

    physical: int
    accepted: int
    rejected: int
    duplicates: int
    ended: int
    not_covered: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LoadRow:
    """One load as it stands in the record store."""

    id: str
    ordinal: int
    kind: str
    file_digest: str
    scope_digest: str


class ProviderChanged(Exception):
    """The data set is registered for another provider."""


def register_dataset(session: Session, row: Mapping[str, Any]) -> None:
    """Insert the data set's description if it is new; raise ProviderChanged where another provider owns the name."""
    held = session.execute(select(dataset.c.provider).where(dataset.c.name == row["name"])).scalar()
    if held is None:
        session.execute(insert(dataset).values(**row))
    elif held != row["provider"]:
        raise ProviderChanged(f"data set {row['name']} is registered for another provider")


def renew_dataset(session: Session, row: Mapping[str, Any]) -> None:
    """Keep the description under which the newest complete load was read."""
    renewed = {key: row[key] for key in ("spec_hash", "spec", "one_row_per_person")}
    session.execute(update(dataset).where(dataset.c.name == row["name"]).values(**renewed))


def latest(session: Session, name: str) -> LoadRow | None:
    """Return the newest completed load of a data set."""
    query = (
        select(load.c.id, load.c.ordinal, load.c.kind, load.c.file_digest, load.c.scope_digest)
        .where(load.c.dataset == name, load.c.completed_at.is_not(None))
        .order_by(load.c.ordinal.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else LoadRow(*row)


def completed(session: Session) -> list[str]:
    """Return the ids of all completed loads."""
    return list(session.execute(select(load.c.id).where(load.c.completed_at.is_not(None))).scalars())


def unfinished(session: Session) -> list[str]:
    """Return the ids of loads that were cut off."""
    return list(session.execute(select(load.c.id).where(load.c.completed_at.is_(None))).scalars())


def begin(session: Session, row: Mapping[str, Any]) -> int:
    """Insert a load that is not complete yet; return its ordinal."""
    ordinal = int(session.execute(select(func.coalesce(func.max(load.c.ordinal), 0))).scalar_one()) + 1
    empty = {"physical": 0, "accepted": 0, "rejected": 0, "duplicates": 0, "ended": 0, "not_covered": {}}
    session.execute(insert(load).values(**row, **empty, ordinal=ordinal))
    return ordinal


def stage(session: Session, staged: Staged) -> None:
    """Insert one batch, not current."""
    pairs = (
        (source_record, staged.records),
        (record_role, staged.roles),
        (event, staged.events),
        (involvement, staged.involvements),
        (tie_claim, staged.ties),
        (load_problem, staged.problems),
    )
    for table, rows in pairs:
        if rows:
            session.execute(insert(table), rows)


def roles_of(session: Session, record_ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """Return role ids by (record id, role name)."""
    found: dict[tuple[str, str], str] = {}
    for chunk in _chunks(record_ids):
        query = select(record_role.c.record_id, record_role.c.role, record_role.c.id)
        for record_id, role, role_id in session.execute(query.where(record_role.c.record_id.in_(chunk))):
            found[(record_id, role)] = role_id
    return found


def complete(session: Session, load_id: str, ended: Sequence[str], counts: Counts, at: datetime) -> None:
    """Make a load's rows current, and what they replace not; the caller commits."""
    superseded = select(source_record.c.supersedes).where(
        source_record.c.load_id == load_id, source_record.c.supersedes.is_not(None)
    )
    _retire(session, load_id, source_record.c.id.in_(superseded))
    for chunk in _chunks(ended):
        _retire(session, load_id, source_record.c.id.in_(chunk))
    for table in (event, involvement, tie_claim):
        session.execute(update(table).where(table.c.load_id == load_id).values(current=True))
    mine = select(source_record.c.id).where(source_record.c.load_id == load_id)
    session.execute(update(record_role).where(record_role.c.record_id.in_(mine)).values(current=True))
    session.execute(update(load).where(load.c.id == load_id).values(**_columns(counts), completed_at=at))


def add_coverage(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert what period, areas and population a load speaks for."""
    if rows:
        session.execute(insert(coverage), [dict(row) for row in rows])


def staged_roles(session: Session, load_id: str) -> list[str]:
    """Return the role ids of one load, so that the vault can forget them when it is discarded."""
    query = select(record_role.c.id).join(source_record, source_record.c.id == record_role.c.record_id)
    return list(session.execute(query.where(source_record.c.load_id == load_id)).scalars())


def discard(session: Session, load_id: str) -> None:
    """Delete every staged row of a load that never completed."""
    mine = select(source_record.c.id).where(source_record.c.load_id == load_id)
    for table in STAGED:
        where = table.c.record_id.in_(mine) if table is record_role else table.c.load_id == load_id
        session.execute(delete(table).where(where))
    session.execute(delete(load).where(load.c.id == load_id, load.c.completed_at.is_(None)))


def _retire(session: Session, load_id: str, records: Any) -> None:
    session.execute(update(source_record).where(records).values(ended_by_load=load_id))
    gone = select(source_record.c.id).where(records)
    roles = select(record_role.c.id).where(record_role.c.record_id.in_(gone))
    for table in (event, involvement):
        session.execute(update(table).where(table.c.role_id.in_(roles)).values(current=False))
    session.execute(update(tie_claim).where(tie_claim.c.record_id.in_(gone)).values(current=False))
    session.execute(update(record_role).where(record_role.c.record_id.in_(gone)).values(current=False))


def _columns(counts: Counts) -> dict[str, Any]:
    return {
        "physical": counts.physical,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "duplicates": counts.duplicates,
        "ended": counts.ended,
        "not_covered": dict(counts.not_covered),
    }


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def listed(session: Session) -> list[dict[str, Any]]:
    """Return completed loads, newest first."""
    columns = (load.c.id, load.c.dataset, load.c.kind, load.c.physical, load.c.accepted, load.c.rejected)
    query = select(*columns, load.c.duplicates, load.c.ended, load.c.completed_at)
    rows = session.execute(query.where(load.c.completed_at.is_not(None)).order_by(load.c.ordinal.desc()))
    return [dict(row) for row in rows.mappings()]


def problem_rows(session: Session, load_id: str) -> list[dict[str, Any]]:
    """Return a load's rejections and warnings in row order: row number, column, code, severity."""
    columns = (load_problem.c.row_number, load_problem.c.column, load_problem.c.code, load_problem.c.severity)
    query = select(*columns).where(load_problem.c.load_id == load_id)
    rows = session.execute(query.order_by(load_problem.c.row_number, load_problem.c.ordinal))
    return [dict(row) for row in rows.mappings()]
