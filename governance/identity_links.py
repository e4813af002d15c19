"""Which member of staff an identity provider's subject is.

Invariants: a link is made and ended with its ledger entry in the same transaction, and never changed; for one issuer a
member of staff has one subject at a time, so that an address or username given to somebody else opens nothing; one
person may be several members of staff, one in each organisation they work for. The ledger never holds the subject.
Source: OpenID Connect Core 1.0 section 5.7 (issuer and subject together are the only stable identifier).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record
from governance.store import identity_link
from governance.terms import EventKind


class LinkRefused(Exception):
    """A link that cannot be made or ended."""


@dataclass(frozen=True, slots=True)
class Link:
    id: str
    issuer: str
    subject: str
    staff_id: str


def linked_staff(session: Session, issuer: str, subject: str) -> list[str]:
    """Return the members of staff that this subject is."""
    held = identity_link.c
    query = select(held.staff_id).where(held.issuer == issuer, held.subject == subject, held.ended_at.is_(None))
    return list(session.scalars(query.order_by(held.staff_id)))


def open_links(session: Session, staff_ids: Sequence[str]) -> list[Link]:
    """Return the links that hold, of these members of staff."""
    held = identity_link.c
    query = select(held.id, held.issuer, held.subject, held.staff_id)
    rows = session.execute(query.where(held.staff_id.in_(staff_ids), held.ended_at.is_(None)).order_by(held.id))
    return [Link(*row) for row in rows]


def link(session: Session, ring: KeyRing, at: datetime, by: str, *, staff_id: str, issuer: str, subject: str) -> str:
    """Record that this subject is this member of staff; return the link's id. Raise LinkRefused where another is."""
    if not (0 < len(issuer) <= 255 and 0 < len(subject) <= 255):
        raise LinkRefused("an issuer and a subject have 1 to 255 characters")
    if any(held.issuer == issuer for held in open_links(session, [staff_id])):
        raise LinkRefused("this member of staff has a link to this provider: end it first")
    made = token_hex(16)
    values = {"id": made, "issuer": issuer, "subject": subject, "staff_id": staff_id}
    session.execute(insert(identity_link).values(**values, recorded_at=at, recorded_by=by))
    _record(session, ring, at, by, staff_id, made, "made")
    return made


def unlink(session: Session, ring: KeyRing, at: datetime, by: str, link_id: str) -> None:
    """End a link; raise LinkRefused where none of this id holds."""
    held = identity_link.c
    open_one = held.id == link_id, held.ended_at.is_(None)
    staff_id = session.scalars(select(held.staff_id).where(*open_one)).one_or_none()
    if staff_id is None:
        raise LinkRefused("no such link holds")
    session.execute(update(identity_link).where(*open_one).values(ended_at=at))
    _record(session, ring, at, by, staff_id, link_id, "ended")


def _record(session: Session, ring: KeyRing, at: datetime, by: str, staff_id: str, link_id: str, change: str) -> None:
    detail: dict[Detail, str | int] = {Detail.STAFF: staff_id, Detail.RECORD: link_id}
    detail |= {Detail.KIND: "identity_link", Detail.CHANGED: change}
    record(session, ring, act(EventKind.STAFF_CHANGED, by, detail), at)
