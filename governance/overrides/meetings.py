"""One purpose for a meeting about several families.

Invariants: a statement counts for the worker, the role, the legal day and the families it names, and for nothing else;
it is one ledger entry that names every one of them.
Source: Working Together to Safeguard Children (multi-agency meetings); UK GDPR Article 5(1)(b).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from secrets import token_hex
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.ledger import Detail, acted, record, stored_instant
from governance.legal_time import legal_date
from governance.store import meeting, meeting_family
from governance.terms import Actor, EventKind, Outcome, Purpose

MOST_FAMILIES: Final = 50


def convene(
    session: Session,
    ring: KeyRing,
    at: datetime,
    actor: Actor,
    purpose: Purpose,
    families: Collection[str],
    request_id: str | None = None,
) -> str:
    """State one purpose for these families for today; return the meeting's id."""
    named = sorted(set(families))
    assert 0 < len(named) <= MOST_FAMILIES
    meeting_id = token_hex(16)
    row = {"id": meeting_id, "staff_id": actor.staff_id, "role": str(actor.role), "purpose": str(purpose)}
    session.execute(insert(meeting).values(**row, day=legal_date(at), stated_at=at))
    session.execute(insert(meeting_family), [{"meeting_id": meeting_id, "person_id": family} for family in named])
    event = acted(EventKind.MEETING_PURPOSE, Outcome.DONE, actor, purpose)
    detail: dict[Detail, str | int] = {Detail.FAMILIES: len(named)}
    record(session, ring, replace(event, subjects=tuple(named), request_id=request_id, detail=detail), at)
    return meeting_id


def stated(session: Session, actor: Actor, person_id: str, at: datetime) -> tuple[Purpose, datetime] | None:
    """Return the purpose of the newest of today's meetings that names this family, and when it was stated."""
    columns = meeting.c
    query = (
        select(columns.purpose, columns.stated_at)
        .join(meeting_family, meeting_family.c.meeting_id == columns.id)
        .where(columns.staff_id == actor.staff_id, columns.role == str(actor.role), columns.day == legal_date(at))
        .where(meeting_family.c.person_id == person_id)
        .order_by(columns.stated_at.desc(), columns.id)
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (Purpose(row.purpose), stored_instant(row.stated_at))
