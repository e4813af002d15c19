"""From who a provider says signed in to who that is here: members of staff, organisations, roles.

Invariants: a registered link of issuer and subject decides; a verified e-mail address or an organisation's username
counts only where the provider is so configured and the member of staff has no link to another subject, and then makes
the link; a provider can narrow organisations and roles, never widen them; who is not found, suspended or without a role
is refused with a code.
"""

from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.identity import Account, account, current_roles
from app.oidc.assertion import Assertion
from app.oidc.providers import Match, Provider
from app.oidc.refusals import SignInRefusal as Why
from app.oidc.refusals import SignInRefused
from governance.identity_links import link, linked_staff, open_links
from governance.keys.keys import KeyRing
from governance.store import staff

T = TypeVar("T")


def accounts_of(session: Session, ring: KeyRing, provider: Provider, who: Assertion, at: datetime) -> list[Account]:
    """Return what this person may sign in as, or raise SignInRefused."""
    found = _staff(session, provider, who)
    if not found:
        raise SignInRefused(Why.SUBJECT_UNKNOWN, digest=subject_digest(ring, who.issuer, who.subject))
    rows = list(session.execute(current_roles(at).where(staff.c.id.in_(found))))
    first = found[0]
    if who.organisations is not None:
        rows = _left([row for row in rows if row.code in who.organisations], Why.ORGANISATION_UNKNOWN, first)
    rows = _left([row for row in rows if row.active], Why.SUSPENDED, first)
    held = [row for row in rows if row.role is not None]
    if who.roles is not None:
        held = [row for row in held if row.role in who.roles]
    return sorted((account(row) for row in _left(held, Why.NO_ROLE, first)), key=_order)


def link_first_time(session: Session, ring: KeyRing, who: Assertion, staff_id: str, at: datetime) -> None:
    """Keep who this subject is, once they have been matched another way."""
    if staff_id not in linked_staff(session, who.issuer, who.subject):
        by = f"sign-in:{who.provider}"
        link(session, ring, at, by, staff_id=staff_id, issuer=who.issuer, subject=who.subject)


def subject_digest(ring: KeyRing, issuer: str, subject: str) -> str:
    """Return the 64 hex digits by which the ledger knows a subject that is nobody here."""
    return ring.mac("audit/1", f"subject|{issuer}|{subject}".encode()).hex()


def _staff(session: Session, provider: Provider, who: Assertion) -> list[str]:
    linked = linked_staff(session, who.issuer, who.subject)
    if linked or provider.match is Match.LINK:
        return linked
    matched = _matched(session, provider, who)
    if any(held.issuer == who.issuer for held in open_links(session, matched)):
        raise SignInRefused(Why.LINKED_OTHERWISE, matched[0])
    return matched


def _matched(session: Session, provider: Provider, who: Assertion) -> list[str]:
    """Members of staff by the provider's word for them; at most one, since usernames are unique."""
    query = select(staff.c.id)
    if provider.match is Match.EMAIL and who.email is not None:
        query = query.where(func.lower(staff.c.username) == who.email.lower())
    elif provider.match is Match.USERNAME and who.username is not None and who.organisations:
        query = query.where(staff.c.username == who.username, staff.c.organisation.in_(sorted(who.organisations)))
    else:
        return []
    found = list(session.scalars(query.limit(2)))
    return found if len(found) == 1 else []


def _left(rows: list[T], why: Why, staff_id: str) -> list[T]:
    if not rows:
        raise SignInRefused(why, staff_id)
    return rows


def _order(held: Account) -> tuple[str, str]:
    return held.organisation.name_en, str(held.role)
