"""Relationships that hang on something: a worker's own claim on its hours, a delegation on who delegated it.

Invariants: a claim raises an alarm and ends by itself; a delegation gives nothing once the delegator's own
relationship to that child, their role, training or account has ended, nor may what was delegated or claimed be
delegated on; a delegation that names nobody who answers for it gives nothing.
Sources: the NHS legitimate-relationship model (self-claimed relationships alert the privacy officer); NMC Code 11 and
Social Work England 3.9 (who delegates stays accountable).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, stored_instant
from governance.legal_time import legal_date
from governance.overrides.alarms import raise_alarm
from governance.people import actor_for
from governance.store import delegation, relationship, staff
from governance.terms import Actor, AlarmKind, EventKind, RelationshipKind, Role

CLAIM_LASTS: Final = timedelta(hours=24)
NOT_ONES_OWN: Final = frozenset({RelationshipKind.DELEGATION, RelationshipKind.SELF_CLAIMED})
"""Relationships that cannot be delegated on."""

DELEGATES: Final[Mapping[Role, frozenset[Role]]] = {
    Role.MIDWIFE: frozenset({Role.MIDWIFE, Role.FAMILY_SUPPORT_WORKER}),
    Role.HEALTH_VISITOR: frozenset({Role.HEALTH_VISITOR, Role.FAMILY_SUPPORT_WORKER, Role.NURSERY_PRACTITIONER}),
    Role.SOCIAL_WORKER: frozenset({Role.SOCIAL_WORKER, Role.FAMILY_SUPPORT_WORKER}),
}
"""Who may delegate work with a child, and to which roles."""


class RelationRefused(Exception):
    """A claim or delegation that cannot be made. The message names the reason, never a person."""


@dataclass(frozen=True, slots=True)
class Delegated:
    """A delegation that one worker gave."""

    relationship_id: str
    person_id: str
    delegate: str
    since: datetime


def claim(
    session: Session, ring: KeyRing, at: datetime, actor: Actor, person_id: str, lasts: timedelta = CLAIM_LASTS
) -> str:
    """Record that a worker says they work with a child, for so long; the privacy officer hears of it."""
    made = _open(session, at, actor.staff_id, person_id, RelationshipKind.SELF_CLAIMED, at + lasts)
    raise_alarm(session, AlarmKind.SELF_CLAIM, actor.organisation, made, at)
    detail = _detail(made, actor.staff_id, RelationshipKind.SELF_CLAIMED)
    record(session, ring, act(EventKind.RELATIONSHIP_CHANGED, actor.staff_id, detail, (person_id,)), at)
    return made


def delegate(
    session: Session,
    ring: KeyRing,
    at: datetime,
    delegator: Actor,
    person_ids: Collection[str],
    delegate_id: str,
    expires_at: datetime | None = None,
) -> str:
    """Delegate work with a child to another worker; return the relationship's id.

    `person_ids` is the child's id of today, first, and every id it had. Raise RelationRefused where the delegator has
    no relationship of their own, or the other worker holds no role that it may be delegated to.
    """
    person_id = next(iter(person_ids))
    if not _own_open(session, delegator.staff_id, set(person_ids), at):
        raise RelationRefused("you have no open relationship of your own to delegate")
    if delegate_id == delegator.staff_id or not _may_take(session, delegator.role, delegate_id, at):
        raise RelationRefused("this worker holds no role to which you may delegate")
    made = _open(session, at, delegate_id, person_id, RelationshipKind.DELEGATION, expires_at)
    row = {"relationship_id": made, "delegator_id": delegator.staff_id, "delegator_role": str(delegator.role)}
    session.execute(insert(delegation).values(**row))
    detail = _detail(made, delegate_id, RelationshipKind.DELEGATION)
    record(session, ring, act(EventKind.RELATIONSHIP_CHANGED, delegator.staff_id, detail, (person_id,)), at)
    return made


def given_by(session: Session, delegator_id: str, person_ids: Collection[str], at: datetime) -> list[Delegated]:
    """Return the delegations of a child that one worker gave and that still stand."""
    rows = relationship.c
    query = (
        select(rows.id, rows.person_id, rows.recorded_at, rows.expires_at, staff.c.name)
        .join(delegation, delegation.c.relationship_id == rows.id)
        .join(staff, staff.c.id == rows.staff_id)
        .where(delegation.c.delegator_id == delegator_id, rows.person_id.in_(person_ids), rows.ended_at.is_(None))
        .order_by(rows.recorded_at, rows.id)
    )
    return [
        Delegated(row.id, row.person_id, row.name, stored_instant(row.recorded_at))
        for row in session.execute(query)
        if row.expires_at is None or stored_instant(row.expires_at) > at
    ]


def delegated_by(session: Session, delegator_id: str, relationship_id: str) -> str | None:
    """Return whom a delegation of this worker's is about; None where there is no such one."""
    query = (
        select(relationship.c.person_id)
        .join(delegation, delegation.c.relationship_id == relationship.c.id)
        .where(relationship.c.id == relationship_id, delegation.c.delegator_id == delegator_id)
    )
    return session.execute(query).scalar_one_or_none()


def ends(session: Session, rows: Sequence[Any], now: Mapping[str, str], at: datetime) -> dict[str, datetime]:
    """Return for each of these relationships when it ended, if it has: by itself, or with what it hangs on.

    `now` gives each person's id of today. What hangs on something that is over is told as ended at `at`.
    """
    ended = {row.id: min(moments) for row in rows if (moments := _moments(row))}
    hanging = [row for row in rows if row.kind == RelationshipKind.DELEGATION]
    answered = _answered(session, hanging, now, at)
    over = {row.id: min(at, ended.get(row.id, at)) for row in hanging if row.id not in answered}
    return ended | over


def _moments(row: Any) -> list[datetime]:
    return [stored_instant(moment) for moment in (row.ended_at, row.expires_at) if moment is not None]


def _answered(session: Session, hanging: Sequence[Any], now: Mapping[str, str], at: datetime) -> set[str]:
    """The delegations whose delegator still works with that child, in the role in which they delegated."""
    ids = [row.id for row in hanging]
    if not ids:
        return set()
    by_id = {row.relationship_id: row for row in session.execute(_delegations(ids))}
    return {row.id for row in hanging if row.id in by_id and _answers(session, by_id[row.id], row.person_id, now, at)}


def _delegations(ids: Sequence[str]) -> Select[Any]:
    return select(delegation).where(delegation.c.relationship_id.in_(ids))


def _answers(session: Session, given: Any, person_id: str, now: Mapping[str, str], at: datetime) -> bool:
    today = legal_date(at)
    actor = actor_for(session, given.delegator_id, Role(given.delegator_role), today)
    if actor is None or not actor.active or not actor.role_held:
        return False
    if actor.training_until is None or actor.training_until < today:
        return False
    same = {held for held, current in now.items() if current == now.get(person_id, person_id)} | {person_id}
    return _own_open(session, given.delegator_id, same, at)


def _own_open(session: Session, staff_id: str, person_ids: Collection[str], at: datetime) -> bool:
    rows, today = relationship.c, legal_date(at)
    query = select(rows.expires_at, rows.ended_at, rows.recorded_at).where(
        rows.staff_id == staff_id,
        rows.person_id.in_(person_ids),
        rows.kind.not_in([str(kind) for kind in NOT_ONES_OWN]),
        rows.since <= today,
        rows.until.is_(None) | (rows.until > today),
    )
    return any(
        stored_instant(row.recorded_at) <= at and all(at < moment for moment in _moments(row))
        for row in session.execute(query)
    )


def _may_take(session: Session, delegator: Role, delegate_id: str, at: datetime) -> bool:
    taking = DELEGATES.get(delegator, frozenset())
    held = (actor_for(session, delegate_id, role, legal_date(at)) for role in taking)
    return any(actor is not None and actor.active and actor.role_held for actor in held)


def _open(
    session: Session, at: datetime, staff_id: str, person_id: str, kind: RelationshipKind, expires_at: datetime | None
) -> str:
    made = token_hex(16)
    row = {"id": made, "staff_id": staff_id, "person_id": person_id, "kind": str(kind), "since": legal_date(at)}
    ends_at = None if expires_at is None else expires_at.astimezone(UTC)
    session.execute(insert(relationship).values(**row, recorded_at=at, expires_at=ends_at))
    return made


def _detail(made: str, staff_id: str, kind: RelationshipKind) -> dict[Detail, str | int]:
    return {
        Detail.STAFF: staff_id,
        Detail.RELATIONSHIP: made,
        Detail.KIND: str(kind),
        Detail.CHANGED: "opened",
    }
