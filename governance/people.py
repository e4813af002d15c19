"""Organisations, staff, roles, relationships, blocks and projects: the facts that people record.

Invariants: every function that changes a fact writes its ledger entry in the same transaction, and commits nothing
itself; an ended relationship stays as history and gives nothing from that instant; a role gives nothing once it is
over or its training has lapsed; names of staff are kept, names of families never are.
Sources: the NHS legitimate-relationship model; ISO 27789.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from secrets import token_hex
from typing import Any, Protocol

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, record_many
from governance.store import (
    declaration,
    erasure,
    hard_block,
    organisation,
    project,
    project_analyst,
    relationship,
    staff,
    staff_role,
)
from governance.terms import Actor, BlockKind, EventKind, RelationshipKind, Role

UNKNOWN_KIND = "unknown"


class DeclarationKind(StrEnum):
    SELF = "self"
    FAMILY = "family"
    HOUSEHOLD = "household"
    ASSOCIATE = "associate"


class FactRefused(Exception):
    """A fact that cannot be recorded."""


class Provider(Protocol):
    """An organisation as a dataset spec names it."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def nation(self) -> str | None: ...


def add_organisation(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    code: str,
    name_en: str,
    kind: str,
    name_cy: str | None = None,
    nation: str | None = None,
    duty_desk: str | None = None,
    telephone: str | None = None,
    out_of_hours_desk: str | None = None,
    out_of_hours_telephone: str | None = None,
) -> None:
    """Record a partner, or complete what is held of a provider that was only known from a load."""
    values = {"name_en": name_en, "name_cy": name_cy, "kind": kind, "nation": nation}
    values |= {"duty_desk": duty_desk, "telephone": telephone}
    values |= {"out_of_hours_desk": out_of_hours_desk, "out_of_hours_telephone": out_of_hours_telephone}
    if _known(session, code):
        session.execute(update(organisation).where(organisation.c.code == code).values(**values))
    else:
        session.execute(insert(organisation).values(code=code, registered_at=at, **values))
    record(session, ring, act(EventKind.STAFF_CHANGED, by, {Detail.ORGANISATION: code}), at)


def register_provider(session: Session, ring: KeyRing, provider: Provider, at: datetime) -> None:
    """Register a provider met in a load, unsigned; do nothing when it is known."""
    if _known(session, provider.code):
        return
    add_organisation(
        session,
        ring,
        at,
        "load",
        code=provider.code,
        name_en=provider.name or provider.code,
        kind=provider.kind or UNKNOWN_KIND,
        nation=provider.nation,
    )


def _known(session: Session, code: str) -> bool:
    return session.execute(select(organisation.c.code).where(organisation.c.code == code)).first() is not None


def add_staff(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    username: str,
    name: str,
    organisation_code: str,
    telephone: str | None = None,
) -> str:
    """Record a member of staff and return their id; the same username again returns the same id."""
    held = staff_named(session, username)
    if held is not None:
        return held
    values = {"username": username, "name": name, "organisation": organisation_code, "telephone": telephone}
    staff_id = _insert(session, staff, {**values, "active": True, "recorded_at": at})
    detail: dict[Detail, str | int] = {Detail.STAFF: staff_id, Detail.ORGANISATION: organisation_code}
    record(session, ring, act(EventKind.STAFF_CHANGED, by, detail), at)
    return staff_id


def staff_named(session: Session, username: str) -> str | None:
    """Return the id of the member of staff with this username."""
    return session.execute(select(staff.c.id).where(staff.c.username == username)).scalar_one_or_none()


def set_active(session: Session, ring: KeyRing, staff_id: str, active: bool, at: datetime, by: str) -> None:
    """Suspend or restore an account; a suspended one reads nothing from the next request on."""
    session.execute(update(staff).where(staff.c.id == staff_id).values(active=active))
    detail: dict[Detail, str | int] = {Detail.STAFF: staff_id, Detail.STATUS: "active" if active else "suspended"}
    record(session, ring, act(EventKind.STAFF_CHANGED, by, detail), at)


def give_role(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    staff_id: str,
    role: Role,
    since: date,
    until: date | None = None,
    team: str | None = None,
    training_until: date | None = None,
) -> str:
    """Give a role for a term and return the grant's id."""
    values = {"staff_id": staff_id, "role": str(role), "team": team, "since": since, "until": until}
    grant = _insert(session, staff_role, {**values, "training_until": training_until})
    detail: dict[Detail, str | int] = {Detail.STAFF: staff_id, Detail.KIND: str(role)}
    record(session, ring, act(EventKind.STAFF_CHANGED, by, detail), at)
    return grant


def declare(
    session: Session, ring: KeyRing, staff_id: str, person_id: str, kind: DeclarationKind, at: datetime, by: str
) -> str:
    """Record that a person is this worker, their family or associate; return the declaration's id."""
    values = {"staff_id": staff_id, "person_id": person_id, "kind": str(kind), "recorded_at": at}
    declared = _insert(session, declaration, values)
    detail: dict[Detail, str | int] = {Detail.STAFF: staff_id, Detail.KIND: str(kind)}
    record(session, ring, act(EventKind.STAFF_CHANGED, by, detail, (person_id,)), at)
    return declared


def open_relationship(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    staff_id: str,
    person_id: str,
    kind: RelationshipKind,
    since: date,
    until: date | None = None,
) -> str:
    """Record why a worker has to do with a person; return the relationship's id."""
    row = {"staff_id": staff_id, "person_id": person_id, "kind": kind, "since": since, "until": until}
    return open_relationships(session, ring, at, by, [row])[0]


def open_relationships(
    session: Session, ring: KeyRing, at: datetime, by: str, rows: Sequence[dict[str, Any]]
) -> list[str]:
    """Record many relationships, each with its own ledger entry; return their ids.

    Each row has `staff_id`, `person_id`, `kind`, `since` and `until`.
    """
    if not rows:
        return []
    held = [{**row, "id": token_hex(16), "kind": str(row["kind"]), "recorded_at": at} for row in rows]
    session.execute(insert(relationship), held)
    details = [_relationship_detail(row, "opened") for row in held]
    events = [
        act(EventKind.RELATIONSHIP_CHANGED, by, detail, (row["person_id"],))
        for row, detail in zip(held, details, strict=True)
    ]
    record_many(session, ring, events, at)
    return [row["id"] for row in held]


def _relationship_detail(row: dict[str, Any], change: str) -> dict[Detail, str | int]:
    return {
        Detail.STAFF: row["staff_id"],
        Detail.RELATIONSHIP: row["id"],
        Detail.KIND: row["kind"],
        Detail.CHANGED: change,
    }


def end_relationship(session: Session, ring: KeyRing, relationship_id: str, at: datetime, by: str) -> None:
    """End a relationship at this instant; raise FactRefused where there is none open. `by` is who ended it."""
    query = select(relationship).where(relationship.c.id == relationship_id, relationship.c.ended_at.is_(None))
    row = session.execute(query).mappings().one_or_none()
    if row is None:
        raise FactRefused("no such open relationship")
    ended = update(relationship).where(relationship.c.id == relationship_id)
    session.execute(ended.values(ended_at=at, ended_by=by[:32]))
    detail = _relationship_detail(dict(row), "ended")
    record(session, ring, act(EventKind.RELATIONSHIP_CHANGED, by, detail, (row["person_id"],)), at)


def relationships_of(session: Session, staff_id: str, today: date) -> list[Any]:
    """Return a worker's relationships that were not ended by hand, newest first.

    Some may be over all the same, with what they hang on: see `governance.overrides.relations.ends`.
    """
    rows = relationship.c
    query = (
        select(rows.id, rows.person_id, rows.kind, rows.since, rows.ended_at, rows.expires_at)
        .where(rows.staff_id == staff_id, rows.ended_at.is_(None), rows.since <= today)
        .where(rows.until.is_(None) | (rows.until > today))
        .order_by(rows.since.desc(), rows.id)
    )
    return list(session.execute(query))


def record_block(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    person_id: str,
    kind: BlockKind,
    since: date,
    against_person_id: str | None = None,
    until: date | None = None,
) -> str:
    """Raise a firewall around a person; return its id. The ledger says that there is one, not against whom."""
    values = {"person_id": person_id, "kind": str(kind), "against_person_id": against_person_id}
    values |= {"since": since, "until": until, "recorded_at": at, "recorded_by": by}  # type: ignore[dict-item]
    block = _insert(session, hard_block, values)
    detail: dict[Detail, str | int] = {Detail.BLOCK: block, Detail.KIND: str(kind)}
    record(session, ring, act(EventKind.BLOCK_CHANGED, by, detail, (person_id,)), at)
    return block


def record_erasure(session: Session, ring: KeyRing, person_id: str, at: datetime, by: str) -> None:
    """Leave the tombstone of an erased person. Destroying the keys is the vault's part."""
    session.execute(insert(erasure).values(person_id=person_id, recorded_at=at, recorded_by=by))
    record(session, ring, act(EventKind.ERASURE, by, {}, (person_id,)), at)


def create_project(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    code: str,
    title: str,
    agreement_code: str,
    starts: date,
    ends: date,
    analysts: Iterable[str],
) -> str:
    """Record a cohort project under an agreement, for named analysts; return its id."""
    values = {"code": code, "title": title, "agreement_code": agreement_code, "starts": starts, "ends": ends}
    project_id = _insert(session, project, values)
    named = [{"project_id": project_id, "staff_id": staff_id} for staff_id in sorted(set(analysts))]
    if named:
        session.execute(insert(project_analyst), named)
    detail: dict[Detail, str | int] = {Detail.PROJECT: code, Detail.AGREEMENT: agreement_code}
    record(session, ring, act(EventKind.AGREEMENT_CHANGED, by, detail), at)
    return project_id


def actor_for(session: Session, staff_id: str, role: Role, today: date, assured: bool = True) -> Actor | None:
    """Return who asks, in this role on that day; None where there is no such member of staff.

    Whoever runs a command was let in by its host; a web session says itself how strongly it was signed in.
    """
    person = session.execute(select(staff).where(staff.c.id == staff_id)).one_or_none()
    if person is None:
        return None
    query = select(staff_role).where(
        staff_role.c.staff_id == staff_id,
        staff_role.c.role == str(role),
        staff_role.c.since <= today,
        staff_role.c.until.is_(None) | (staff_role.c.until > today),
    )
    grant = session.execute(query.order_by(staff_role.c.since.desc(), staff_role.c.id)).first()
    return Actor(
        staff_id=staff_id,
        organisation=person.organisation,
        role=role,
        team=grant.team if grant else None,
        active=person.active,
        role_held=grant is not None,
        training_until=grant.training_until if grant else None,
        assured=assured,
    )


def roles_of(session: Session, staff_id: str, today: date) -> list[Role]:
    """Return the roles a member of staff holds on that day."""
    query = select(staff_role.c.role).where(
        staff_role.c.staff_id == staff_id,
        staff_role.c.since <= today,
        staff_role.c.until.is_(None) | (staff_role.c.until > today),
    )
    return sorted({Role(role) for role in session.scalars(query)})


def _insert(session: Session, table: Table, values: dict[str, Any]) -> str:
    row_id = token_hex(16)
    session.execute(insert(table).values(id=row_id, **values))
    return row_id
