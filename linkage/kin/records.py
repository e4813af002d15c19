"""Reading the record store: persons, families, what exists, events, involvements, coverage.

Invariants: only current rows are read; what a reader may have is restricted inside the query, in `_permitted` and
nowhere else; an empty permission reads nothing; each kind is one query over sets of ids, whatever the family's size;
an event of another pregnancy never leaves here (`pregnancies.keep_events`). Works alike on SQLite and PostgreSQL.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, false, func, or_, select, tuple_, union
from sqlalchemy.orm import Session

from linkage import store
from linkage.facts import CoverageRow, EventRow, Holding, InvolvementRow, MilestoneFact, PersonFact, TieFact
from linkage.kin import families, pregnancies
from linkage.kin.families import Family
from linkage.rows import EventStatus, PersonId, Precision, Relation, RoleId, Standing

__all__ = ["CoverageRow", "EventRow", "Holding", "InvolvementRow", "MilestoneFact", "PersonFact", "TieFact"]

IDENTITY = "identity"
ADDRESS = "address"
FAMILY = "family"

_role = store.record_role
_about = store.record_role.alias("about_role")
_about_person = store.person.alias("about_person")


def resolve(session: Session, person_id: str) -> PersonId | None:
    """Follow merges to the person who stands today; None where nobody has this id."""
    seen: set[str] = set()
    here = person_id
    while here not in seen:
        seen.add(here)
        row = session.execute(select(store.person.c.merged_into).where(store.person.c.id == here)).one_or_none()
        if row is None:
            return None
        if row.merged_into is None:
            return PersonId(here)
        here = row.merged_into
    return None


def person_facts(session: Session, ids: Collection[str]) -> dict[PersonId, PersonFact]:
    """Return what is known of each person who stands today; merged and unknown ids are left out."""
    table = store.person
    query = select(table).where(table.c.id.in_(sorted(set(ids))), table.c.merged_into.is_(None))
    rows = session.execute(query)
    return {PersonId(r.id): PersonFact(PersonId(r.id), r.unborn, r.birth_month, r.sex) for r in rows}


def ties_of(session: Session, ids: Collection[str]) -> list[TieFact]:
    """Return every unsealed tie that the newest run still finds with one of these persons at either end."""
    table, among = store.tie, sorted(set(ids))
    query = select(table).where(
        or_(table.c.person_a.in_(among), table.c.person_b.in_(among)),
        table.c.ended_run.is_(None),
        table.c.standing != Standing.SEALED,
    )
    return [_tie(row) for row in session.execute(query.order_by(table.c.id))]


def _tie(row: Row[Any]) -> TieFact:
    return TieFact(
        PersonId(row.person_a),
        Relation(row.relation),
        PersonId(row.person_b),
        row.provider,
        row.dataset,
        Standing(row.standing),
        row.since,
        row.until,
    )


def load_family(session: Session, index: str, at: date) -> Family | None:
    """Return the family of a child (or of an adult, see `families.family`); None where nobody has this id."""
    child = resolve(session, index)
    if child is None:
        return None
    near = ties_of(session, [child])
    adults = {t.person_a for t in near if t.person_b == child and t.relation in families.REACHING}
    ties = ties_of(session, adults | {child})
    persons = person_facts(session, {child} | {p for t in ties for p in (t.person_a, t.person_b)})
    return families.family(child, persons, ties, at)


def holdings(session: Session, person_ids: Collection[str]) -> frozenset[Holding]:
    """Say what exists about these persons: by category and provider, identity and address by role, family by tie."""
    among = sorted(set(person_ids))
    found = {Holding(PersonId(r[0]), r[1], r[2]) for r in session.execute(_coded_holdings(among))}
    for person_id, provider in session.execute(_role_providers(among)):
        found |= {Holding(PersonId(person_id), category, provider) for category in (IDENTITY, ADDRESS)}
    ends = {(p, t.provider) for t in ties_of(session, among) for p in (t.person_a, t.person_b) if p in among}
    return frozenset(found | {Holding(person_id, FAMILY, provider) for person_id, provider in ends})


def _coded_holdings(among: Sequence[str]) -> Any:
    kinds = (store.event, store.involvement)
    return union(*(
        select(_role.c.person_id, table.c.category, table.c.provider)
        .join_from(table, _role, table.c.role_id == _role.c.id)
        .where(_role.c.person_id.in_(among), _role.c.current, table.c.current)
        for table in kinds
    ))  # fmt: skip


def _role_providers(among: Sequence[str]) -> Any:
    return select(_role.c.person_id, _role.c.provider).where(_role.c.person_id.in_(among), _role.c.current).distinct()


def _permitted(table: FromClause, allowed: Collection[Holding]) -> ColumnElement[bool]:
    """The one restriction of every read of events and involvements: current, and of a segment that is allowed."""
    if not allowed:
        return false()
    segments = sorted({(a.person_id, a.category, a.provider) for a in allowed})
    return and_(
        table.c.current,
        _role.c.current,
        _role.c.person_id.in_(sorted({s[0] for s in segments})),
        tuple_(_role.c.person_id, table.c.category, table.c.provider).in_(segments),
    )


def events(session: Session, allowed: Collection[Holding], family: Family) -> list[EventRow]:
    """Return the allowed current events of this family's members, oldest first, without other pregnancies."""
    members = family.person_ids
    rows = _event_rows(session, _permitted(store.event, [a for a in allowed if a.person_id in members]))
    return pregnancies.keep_events(rows, family, _losses(session, members)) if rows else []


def _losses(session: Session, members: Collection[PersonId]) -> list[EventRow]:
    """Return every recorded loss of or about these persons, found through their own records' roles."""
    among, mine = sorted(members), store.record_role.alias("mine")
    beside = store.record_role.alias("beside")
    near = select(beside.c.id).join_from(mine, beside, beside.c.record_id == mine.c.record_id)
    return _event_rows(
        session,
        and_(
            store.event.c.type == pregnancies.LOSS,
            store.event.c.current,
            store.event.c.role_id.in_(near.where(mine.c.person_id.in_(among))),
            or_(_role.c.person_id.in_(among), _about.c.person_id.in_(among)),
        ),
    )


def _event_query() -> Select[Any]:
    event = store.event
    return (
        select(
            event,
            _role.c.person_id,
            _about.c.person_id.label("about_person_id"),
            _about.c.unborn.label("about_unborn_role"),
            _about_person.c.unborn.label("about_unborn_person"),
            store.load.c.dataset,
            store.load.c.completed_at,
            store.source_record.c.row_number,
        )
        .join_from(event, _role, event.c.role_id == _role.c.id)
        .join(store.source_record, store.source_record.c.id == _role.c.record_id)
        .join(store.load, store.load.c.id == event.c.load_id)
        .outerjoin(_about, _about.c.id == event.c.about_role_id)
        .outerjoin(_about_person, _about_person.c.id == _about.c.person_id)
        .order_by(event.c.occurred_on, event.c.id)
    )


def _event_rows(session: Session, where: ColumnElement[bool]) -> list[EventRow]:
    return [_event(row) for row in session.execute(_event_query().where(where))]


def _event(row: Row[Any]) -> EventRow:
    about = None if row.about_person_id is None else PersonId(row.about_person_id)
    unborn = row.about_unborn_person if about is not None else row.about_unborn_role
    return EventRow(
        id=row.id,
        person_id=PersonId(row.person_id),
        about_person_id=about,
        about_unborn=bool(unborn),
        category=row.category,
        type=row.type,
        service=row.service,
        organisation=row.organisation,
        provider=row.provider,
        occurred_on=row.occurred_on,
        precision=Precision(row.precision),
        until=row.until,
        status=EventStatus(row.status),
        # by name, since `values` is also a method of every row
        values=row._mapping[store.event.c["values"]],
        dataset=row.dataset,
        load_id=row.load_id,
        row_number=row.row_number,
        loaded_at=utc(row.completed_at),
    )


def involvements(session: Session, allowed: Collection[Holding], family: Family) -> list[InvolvementRow]:
    """Return the allowed current involvements of this family's members, newest start first (unknown starts last)."""
    members = family.person_ids
    where = _permitted(store.involvement, [a for a in allowed if a.person_id in members])
    rows = [_involvement(row) for row in session.execute(_involvement_query().where(where))]
    kept = pregnancies.keep_involvements(rows, family, _losses(session, members)) if rows else []
    return sorted(kept, key=lambda r: (-(r.since or date.min).toordinal(), r.id))


def _involvement_query() -> Select[Any]:
    table = store.involvement
    return (
        select(
            table,
            _role.c.person_id,
            store.load.c.dataset,
            store.load.c.completed_at,
            store.source_record.c.row_number,
        )
        .join_from(table, _role, table.c.role_id == _role.c.id)
        .join(store.source_record, store.source_record.c.id == _role.c.record_id)
        .join(store.load, store.load.c.id == table.c.load_id)
    )


def _involvement(row: Row[Any]) -> InvolvementRow:
    return InvolvementRow(
        id=row.id,
        person_id=PersonId(row.person_id),
        category=row.category,
        service=row.service,
        organisation=row.organisation,
        provider=row.provider,
        team=row.team,
        professional=row.professional,
        professional_role=row.professional_role,
        accountable=row.accountable,
        telephone=row.telephone,
        since=row.since,
        until=row.until,
        dataset=row.dataset,
        load_id=row.load_id,
        row_number=row.row_number,
        loaded_at=utc(row.completed_at),
    )


def role_ids(session: Session, person_id: str, providers: Collection[str]) -> list[RoleId]:
    """Return a person's current roles from these providers, newest load first, as the vault is to be asked."""
    query = _newest_first(select(_role.c.id), person_id, providers)
    return [RoleId(row.id) for row in session.execute(query)]


def home(session: Session, person_id: str, providers: Collection[str]) -> tuple[str | None, str | None, str | None]:
    """Return (ward, locality, nation) of the newest current role that knows a ward; all None where none does."""
    query = _newest_first(select(_role.c.ward, _role.c.locality, _role.c.nation), person_id, providers)
    row = session.execute(query.where(_role.c.ward.is_not(None)).limit(1)).one_or_none()
    return (None, None, None) if row is None else (row.ward, row.locality, row.nation)


def _newest_first(query: Select[Any], person_id: str, providers: Collection[str]) -> Select[Any]:
    record, load = store.source_record, store.load
    return (
        query.join_from(_role, record, record.c.id == _role.c.record_id)
        .join(load, load.c.id == record.c.load_id)
        .where(_role.c.person_id == person_id, _role.c.current, _role.c.provider.in_(sorted(set(providers))))
        .order_by(load.c.ordinal.desc(), record.c.row_number, _role.c.id)
    )


def coverage(session: Session) -> list[CoverageRow]:
    """Return what every completed load speaks for, newest load first."""
    table, load = store.coverage, store.load
    query = select(table, load.c.completed_at).join(load, load.c.id == table.c.load_id)
    completed = query.where(load.c.completed_at.is_not(None))
    rows = session.execute(completed.order_by(load.c.ordinal.desc(), table.c.service))
    return [
        CoverageRow(
            r.provider, r.dataset, r.service, r.covers_from, r.covers_to, tuple(r.areas), r.population,
            utc(r.completed_at),
        )
        for r in rows
    ]  # fmt: skip


def milestones(session: Session, nation: str) -> list[MilestoneFact]:
    """Return the newest version of each of a nation's schedules, in the order in which its steps fall due."""
    table = store.milestone
    rows = session.execute(select(table).where(func.lower(table.c.nation) == nation.lower())).all()
    newest: dict[str, str] = {}
    for row in rows:
        newest[row.schedule] = max(row.version, newest.get(row.schedule, ""), key=version_order)
    kept = (_milestone(row) for row in rows if row.version == newest[row.schedule])
    return sorted(kept, key=lambda m: (m.from_days, m.to_days, m.schedule, m.code))


def _milestone(row: Row[Any]) -> MilestoneFact:
    return MilestoneFact(
        row.schedule,
        row.version,
        row.code,
        row.nation,
        row.title_en,
        row.title_cy,
        row.from_days,
        row.to_days,
        tuple(row.event_types),
        row.service,
    )


def version_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Order versions as people read them: 2 before 10, 2024-09 before 2025-02."""
    parts: Iterable[str] = re.findall(r"\d+|\D+", version)
    return tuple((1, int(p), "") if p.isdecimal() else (0, 0, p) for p in parts)


def utc(instant: datetime) -> datetime:
    """SQLite forgets the zone of what was stored as UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
