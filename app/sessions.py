"""Server-side sessions: begun, renewed, listed and ended.

Invariants: the browser holds a random 256-bit token, the database only its SHA-256; a session is ended, never deleted,
and an ended one never lives again; proving oneself anew gives a new token and leaves the absolute limit where it was;
every end by somebody else is a ledger entry committed with it.
Sources: OWASP ASVS 5.0 chapter 7; OpenID Connect Back-Channel Logout 1.0.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.gate import LogUnavailable
from app.oidc.tokens import LEEWAY, Ended
from app.settings import Settings
from governance.keys.keys import KeyRefused, KeyRing
from governance.ledger import ledger
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, EventRefused
from governance.store import metadata, staff
from governance.store import session as session_table
from governance.terms import EventKind, Role

NAME_LENGTH: Final = 16


class EndedWhy(StrEnum):
    SIGNED_OUT = "signed_out"
    REPLACED = "replaced"
    RENEWED = "renewed"
    BY_OFFICER = "by_officer"
    BY_COMMAND = "by_command"
    BY_PROVIDER = "by_provider"


@dataclass(frozen=True, slots=True)
class Proof:
    """How somebody proved who they are: how strongly (NIST levels 1 to 3), when, and in the provider's words."""

    assurance: int
    authenticated_at: datetime | None
    provider: str | None = None
    subject: str | None = None
    provider_session: str | None = None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One session that lives. `name` tells it from others; it opens nothing."""

    name: str
    staff_id: str
    username: str
    staff_name: str
    organisation: str
    role: Role
    provider: str | None
    assurance: int
    created_at: datetime
    seen_at: datetime


@contextmanager
def logged_act(deployment: Deployment) -> Iterator[Session]:
    """Yield a session for one act and its entry; raise LogUnavailable where they cannot be committed."""
    try:
        with deployment.database.writing() as session:
            yield session
    except (SQLAlchemyError, KeyRefused, EventRefused) as error:
        raise LogUnavailable(f"the act could not be logged ({type(error).__name__})") from None


def hashed(token: str) -> str:
    """Return what the database keeps of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(session: Session, staff_id: str, role: Role, proof: Proof, at: datetime) -> str:
    """Begin a session in the caller's transaction and return its token."""
    token = secrets.token_urlsafe(32)
    values = {"staff_id": staff_id, "role": str(role), "created_at": at, "seen_at": at}
    session.execute(insert(session_table).values(token_hash=hashed(token), **values, **_proven(proof), **_new_form()))
    return token


def renew(session: Session, token_hash: str, proof: Proof, at: datetime) -> str | None:
    """Give a session that lives a new token after a new proof; None where it has ended meanwhile.

    What was said in the session (its purposes) goes over; its absolute limit does not start anew.
    """
    held = session.execute(select(session_table).where(session_table.c.token_hash == token_hash)).mappings().one()
    if not end(session, token_hash, EndedWhy.RENEWED, at):
        return None
    token = secrets.token_urlsafe(32)
    kept = {name: held[name] for name in ("staff_id", "role", "created_at")}
    values = {**kept, "seen_at": at, **_proven(proof), **_new_form()}
    session.execute(insert(session_table).values(token_hash=hashed(token), **values))
    for column in _of_sessions():
        session.execute(update(column.table).where(column == token_hash).values({column.name: hashed(token)}))
    return token


def end(session: Session, token_hash: str, why: EndedWhy, at: datetime) -> bool:
    """End a session for good, in the caller's transaction; False where none of this name was open."""
    open_one = session_table.c.token_hash == token_hash, session_table.c.ended_at.is_(None)
    result = session.execute(update(session_table).where(*open_one).values(ended_at=at, ended_why=str(why)))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def alive(held: Any, at: datetime, settings: Settings) -> bool:
    """Tell whether a session is within its idle and absolute limits and not ended."""
    if held.ended_at is not None:
        return False
    idle = at - ledger.stored_instant(held.seen_at)
    age = at - ledger.stored_instant(held.created_at)
    return idle < timedelta(minutes=settings.session_idle_minutes) and age < timedelta(hours=settings.session_hours)


def living(session: Session, settings: Settings, at: datetime) -> list[OpenSession]:
    """Return the sessions that live, the newest first."""
    query = (
        select(session_table, staff.c.username, staff.c.name, staff.c.organisation)
        .join(staff, staff.c.id == session_table.c.staff_id)
        .where(session_table.c.ended_at.is_(None), session_table.c.created_at > at - _longest(settings))
        .order_by(session_table.c.created_at.desc(), session_table.c.token_hash)
    )
    return [_shown(row) for row in session.execute(query) if alive(row, at, settings)]


def end_named(deployment: Deployment, name: str, why: EndedWhy, by: str, at: datetime) -> bool:
    """End the session of this name from afar, with its entry; False where none is open.

    `by` is a staff id, or the name of what acted.
    """
    if len(name) != NAME_LENGTH or not set(name) <= set("0123456789abcdef"):
        return False
    with logged_act(deployment) as session:
        rows = _open(session, session_table.c.token_hash.startswith(name))
        return _ended(session, deployment.ring, rows, why, by, at) == 1


def end_of_staff(deployment: Deployment, staff_id: str, why: EndedWhy, by: str, at: datetime) -> int:
    """End every session of a member of staff, with an entry each; return how many."""
    with logged_act(deployment) as session:
        rows = _open(session, session_table.c.staff_id == staff_id)
        return _ended(session, deployment.ring, rows, why, by, at)


def end_at_provider(deployment: Deployment, provider: str, told: Ended, at: datetime) -> int:
    """End what a provider says has ended: begun before it said so, in its session or by its subject."""
    column = session_table.c
    which = [column.provider == provider, column.created_at <= told.issued + LEEWAY]
    if told.session is not None:
        which.append(column.provider_session == told.session)
    if told.subject is not None:
        which.append(column.subject == told.subject)
    with logged_act(deployment) as session:
        rows = _open(session, *which)
        return _ended(session, deployment.ring, rows, EndedWhy.BY_PROVIDER, f"provider:{provider}", at)


def _open(session: Session, *which: Any) -> Sequence[Any]:
    return session.execute(select(session_table).where(session_table.c.ended_at.is_(None), *which)).all()


def _ended(session: Session, ring: KeyRing, rows: Sequence[Any], why: EndedWhy, by: str, at: datetime) -> int:
    for row in rows:
        end(session, row.token_hash, why, at)
        detail: dict[Detail, str | int] = {Detail.STAFF: row.staff_id, Detail.REASON: str(why)}
        ledger.record(session, ring, act(EventKind.SIGN_OUT, by, detail), at)
    return len(rows)


def _proven(proof: Proof) -> dict[str, Any]:
    return {
        "assurance": proof.assurance,
        "authenticated_at": proof.authenticated_at,
        "provider": proof.provider,
        "subject": proof.subject,
        "provider_session": proof.provider_session,
    }


def _new_form() -> dict[str, str]:
    return {"csrf_token": secrets.token_urlsafe(32)}


def _of_sessions() -> list[Any]:
    """Every column of another table that names a session."""
    key = session_table.c.token_hash
    return [column for table in metadata.sorted_tables for column in table.columns if column.references(key)]


def _longest(settings: Settings) -> timedelta:
    return timedelta(hours=settings.session_hours)


def _shown(row: Any) -> OpenSession:
    return OpenSession(
        name=row.token_hash[:NAME_LENGTH],
        staff_id=row.staff_id,
        username=row.username,
        staff_name=row.name,
        organisation=row.organisation,
        role=Role(row.role),
        provider=row.provider,
        assurance=row.assurance,
        created_at=ledger.stored_instant(row.created_at),
        seen_at=ledger.stored_instant(row.seen_at),
    )
