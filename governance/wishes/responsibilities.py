"""The store of who may decide for a child.

Invariants: a row is added, and may be ended once, never changed; each act has its ledger entry in the same transaction;
the ledger holds that responsibility changed, not into whose hands; an authority's or a court's responsibility has no
person as its holder, and a person's no organisation.
Source: Children Act 1989 ss.2-4, 8, 14A-14C, 20, 31-33.
"""

from collections.abc import Collection
from datetime import date, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, stored_instant
from governance.store import responsibility
from governance.terms import EventKind, ResponsibilityEvidence, ResponsibilityKind
from governance.wishes.responsibility import BY_A_PERSON, ResponsibilityFact
from governance.wishes.store import WishRefused


def record_responsibility(
    session: Session,
    ring: KeyRing,
    at: datetime,
    by: str,
    *,
    person_id: str,
    kind: ResponsibilityKind,
    since: date,
    evidence: ResponsibilityEvidence,
    holder_person_id: str | None = None,
    holder_organisation: str | None = None,
    until: date | None = None,
) -> str:
    """Record who may decide for a child from a day on; return the row's id. Acts on the next read once committed."""
    if (kind in BY_A_PERSON) is (holder_person_id is None):
        raise WishRefused(f"holder: {kind} {'names' if kind in BY_A_PERSON else 'does not name'} a person")
    if holder_person_id == person_id:
        raise WishRefused("holder: nobody holds responsibility for themselves")
    if until is not None and until <= since:
        raise WishRefused("until: lies before it begins")
    if kind in BY_A_PERSON and holder_organisation is not None:
        raise WishRefused(f"holder: {kind} does not name an organisation")
    row_id = token_hex(16)
    values = {
        "id": row_id, "person_id": person_id, "kind": str(kind), "holder_person_id": holder_person_id,
        "holder_organisation": holder_organisation, "since": since, "until": until, "evidence": str(evidence),
        "recorded_at": at, "recorded_by": by,
    }  # fmt: skip
    session.execute(insert(responsibility).values(**values))
    _note(session, ring, at, by, row_id, person_id, "begun")
    return row_id


def end_responsibility(
    session: Session, ring: KeyRing, at: datetime, by: str, *, responsibility_id: str, on: date
) -> None:
    """End a responsibility from a day on. Raises WishRefused where there is none that has not been ended."""
    query = select(responsibility).where(responsibility.c.id == responsibility_id, responsibility.c.ended_at.is_(None))
    row = session.execute(query).one_or_none()
    if row is None:
        raise WishRefused("responsibility: there is none of that id that has not been ended")
    ended = update(responsibility).where(responsibility.c.id == responsibility_id)
    session.execute(ended.values(ended_on=on, ended_at=at, ended_by=by))
    _note(session, ring, at, by, responsibility_id, row.person_id, "ended")


def responsibilities_of(session: Session, person_ids: Collection[str]) -> tuple[ResponsibilityFact, ...]:
    """Return every row about these children, ended or not, in the order they were recorded."""
    query = select(responsibility).where(responsibility.c.person_id.in_(sorted(person_ids)))
    rows = session.execute(query.order_by(responsibility.c.recorded_at, responsibility.c.id))
    return tuple(_fact(row) for row in rows)


def _fact(row: Any) -> ResponsibilityFact:
    return ResponsibilityFact(
        person_id=row.person_id,
        kind=ResponsibilityKind(row.kind),
        holder=row.holder_person_id,
        since=row.since,
        until=row.until,
        recorded_at=stored_instant(row.recorded_at),
        ended_on=row.ended_on,
        ended_at=None if row.ended_at is None else stored_instant(row.ended_at),
    )


def _note(session: Session, ring: KeyRing, at: datetime, by: str, row_id: str, person_id: str, change: str) -> None:
    detail: dict[Detail, str | int] = {Detail.RESPONSIBILITY: row_id, Detail.CHANGED: change}
    record(session, ring, act(EventKind.RESPONSIBILITY_CHANGED, by, detail, (person_id,)), at)
