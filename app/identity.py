"""Who is signed in: server-side sessions, and the demo sign-in.

Invariants: the browser holds a random 256-bit token, the database only its SHA-256; a session ends on sign-out, after
idle and absolute limits, and a new one replaces it at each sign-in; role, organisation and training are read anew on
every request, so an end to them acts at once; sign-ins and sign-outs are ledger entries committed with the session
itself.
Sources: OWASP ASVS 5.0 chapter 7; RFC 6265bis cookie prefixes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import sessions
from app.deployment import Deployment
from app.language import LONDON
from app.sessions import EndedWhy, Proof
from governance.ledger import ledger
from governance.ledger.ledger import Detail
from governance.store import organisation, staff, staff_role
from governance.store import session as session_table
from governance.terms import Actor, EventKind, Outcome, Role

SEEN_EVERY: Final = timedelta(seconds=60)
PLAIN_COOKIE: Final = "family-record-session"
HOST_COOKIE: Final = "__Host-" + PLAIN_COOKIE


UNPROVEN: Final = Proof(0, None)
DEMO_ASSURANCE: Final = 2


@dataclass(frozen=True, slots=True)
class Organisation:
    code: str
    name_en: str
    name_cy: str | None
    duty_desk: str | None
    telephone: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The member of staff behind a request. `session_hash` names the session; `csrf_token` binds its forms."""

    session_hash: str
    csrf_token: str
    username: str
    name: str
    organisation: Organisation
    actor: Actor
    bearer: bool = False
    proof: Proof = UNPROVEN


@dataclass(frozen=True, slots=True)
class Account:
    """One demo account to choose from: a member of staff in one of their roles."""

    staff_id: str
    username: str
    name: str
    organisation: Organisation
    role: Role
    team: str | None


def cookie_name(secure: bool) -> str:
    """The `__Host-` prefix needs https; plain http exists only on loopback."""
    return HOST_COOKIE if secure else PLAIN_COOKIE


def sign_in(deployment: Deployment, username: str, role: Role, at: datetime, request_id: str) -> str | None:
    """Begin a demo session for an active member of staff who holds this role now; return its token, or None."""
    with sessions.logged_act(deployment) as session:
        held = _staff_in_role(session, staff.c.username == username, role, at)
        if held is None:
            return None
        token = sessions.begin(session, held.id, role, Proof(DEMO_ASSURANCE, at), at)
        note(session, deployment, EventKind.SIGN_IN, _actor(held, role, True), at, request_id)
    return token


def sign_out(deployment: Deployment, who: SignedIn, at: datetime, request_id: str) -> None:
    """End this session for good."""
    with sessions.logged_act(deployment) as session:
        sessions.end(session, who.session_hash, EndedWhy.SIGNED_OUT, at)
        note(session, deployment, EventKind.SIGN_OUT, who.actor, at, request_id)


def prove_anew(deployment: Deployment, who: SignedIn, at: datetime, request_id: str) -> str | None:
    """Let somebody of the demo prove anew who they are; return the session's new token, None where it has ended."""
    with sessions.logged_act(deployment) as session:
        token = sessions.renew(session, who.session_hash, Proof(DEMO_ASSURANCE, at), at)
        if token is not None:
            note(session, deployment, EventKind.SIGN_IN, who.actor, at, request_id, {Detail.ACT: "step_up"})
    return token


def end(deployment: Deployment, token: str, at: datetime) -> None:
    """End the session that a new sign-in in the same browser replaces."""
    with deployment.database.writing() as session:
        sessions.end(session, sessions.hashed(token), EndedWhy.REPLACED, at)


def who_is(deployment: Deployment, token: str, at: datetime, bearer: bool = False) -> SignedIn | None:
    """Return who holds this token, or None when the session is unknown, ended or too old."""
    with deployment.database.reading() as session:
        found = session.execute(
            select(session_table).where(session_table.c.token_hash == sessions.hashed(token))
        ).one_or_none()
        if found is None or not sessions.alive(found, at, deployment.settings):
            return None
        held = _staff(session, staff.c.id == found.staff_id, Role(found.role), at)
        if held is None:
            return None
    if at - ledger.stored_instant(found.seen_at) >= SEEN_EVERY:
        _seen(deployment, found.token_hash, at)
    return SignedIn(
        found.token_hash, found.csrf_token, held.username, held.name, _organisation(held),
        _actor(held, Role(found.role), found.assurance >= deployment.settings.minimum_assurance), bearer,
        _proof(found),
    )  # fmt: skip


def accounts(session: Session, at: datetime) -> list[Account]:
    """Return every active member of staff in each role held now, for the demo sign-in."""
    query = current_roles(at).where(staff.c.active, staff_role.c.role.is_not(None)).order_by(staff.c.name)
    return [account(row) for row in session.execute(query)]


def account(row: Any) -> Account:
    """Return what a row of `current_roles` with a role lets its member of staff be."""
    return Account(row.id, row.username, row.name, _organisation(row), Role(row.role), row.team)


def current_roles(at: datetime) -> Any:
    """Select members of staff with each role held now; once with an empty role for who holds none."""
    today = at.astimezone(LONDON).date()
    current = (
        (staff_role.c.staff_id == staff.c.id)
        & (staff_role.c.since <= today)
        & (staff_role.c.until.is_(None) | (staff_role.c.until > today))
    )
    return (
        select(
            staff.c.id, staff.c.username, staff.c.name, staff.c.active, staff_role.c.role, staff_role.c.team,
            staff_role.c.training_until, organisation.c.code, organisation.c.name_en, organisation.c.name_cy,
            organisation.c.duty_desk, organisation.c.telephone,
        )
        .select_from(staff.join(organisation).outerjoin(staff_role, current))
    )  # fmt: skip


def _staff_in_role(session: Session, condition: Any, role: Role, at: datetime) -> Any:
    held = _staff(session, condition, role, at)
    return held if held is not None and held.active and held.role == role else None


def _staff(session: Session, condition: Any, role: Role, at: datetime) -> Any:
    """The member of staff, with this role's row if they hold it now and an empty one if not."""
    rows = session.execute(current_roles(at).where(condition)).all()
    in_role = [row for row in rows if row.role == role]
    found = in_role or rows
    return found[0] if found else None


def _actor(held: Any, role: Role, assured: bool) -> Actor:
    holds = held.role == role
    return Actor(
        staff_id=held.id,
        organisation=held.code,
        role=role,
        team=held.team if holds else None,
        active=held.active,
        role_held=holds,
        training_until=held.training_until if holds else None,
        assured=assured,
    )


def _proof(held: Any) -> Proof:
    when = None if held.authenticated_at is None else ledger.stored_instant(held.authenticated_at)
    return Proof(held.assurance, when, held.provider, held.subject, held.provider_session)


def _organisation(held: Any) -> Organisation:
    return Organisation(held.code, held.name_en, held.name_cy, held.duty_desk, held.telephone)


def _seen(deployment: Deployment, token_hash: str, at: datetime) -> None:
    with deployment.database.writing() as session:
        session.execute(update(session_table).where(session_table.c.token_hash == token_hash).values(seen_at=at))


def note(
    session: Session,
    deployment: Deployment,
    kind: EventKind,
    actor: Actor,
    at: datetime,
    request_id: str,
    detail: Mapping[Detail, str | int] | None = None,
) -> None:
    """Write the entry of a sign-in or sign-out in the caller's transaction."""
    event = replace(ledger.acted(kind, Outcome.DONE, actor), request_id=request_id, detail=detail or {})
    ledger.record(session, deployment.ring, event, at)
