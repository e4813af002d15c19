"""A sign-in under way: begun in one browser, answered once, then chosen from.

Invariants: an attempt is bound to the browser that began it, to one provider and to ten minutes, and is taken once,
whatever comes back; its nonce and PKCE verifier are derived from a secret that only that browser holds, so that the
database can complete no sign-in; where the browser goes afterwards is kept here and is a path of this service.
Sources: RFC 6749 section 10.12 and RFC 9700 section 4.7 (login CSRF); RFC 7636; OpenID Connect Core 1.0 section 15.5.2.
"""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from app.deployment import Deployment
from app.oidc.assertion import Assertion
from app.oidc.client import Challenge
from app.oidc.refusals import SignInRefusal as Why
from app.oidc.refusals import SignInRefused
from app.sessions import hashed
from governance.ledger.ledger import stored_instant
from governance.store import sign_in_attempt
from governance.terms import Role

LIFE: Final = timedelta(minutes=10)
CHOOSING: Final = timedelta(minutes=5)
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
PATH: Final = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~-]{0,300}")
COLUMN: Final = sign_in_attempt.c


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that has just been taken. `step_up_of` names the session that is to be proven anew."""

    state_hash: str
    provider: str
    return_to: str
    step_up_of: str | None
    started_at: datetime


def browser_secret(held: str | None) -> str:
    """Return the secret a browser holds already, or a new one: two windows may sign in side by side."""
    return held if held is not None and SECRET.fullmatch(held) else secrets.token_urlsafe(32)


def challenge(browser: str, state: str) -> Challenge:
    """Return what one sign-in sends along, the same whenever it is asked for."""
    return Challenge(state, _derived(browser, "nonce", state), _derived(browser, "verifier", state))


def choice_token(browser: str) -> str:
    """Return what the form that chooses a role must carry, to come from the page this browser was shown."""
    return _derived(browser, "choice", "")


def local_path(asked: str | None) -> str:
    """Return a path of this service; the home page for anything else."""
    return asked if asked is not None and PATH.fullmatch(asked) and not asked.startswith("/sign-") else "/"


def start(
    deployment: Deployment, provider: str, browser: str, return_to: str, at: datetime, step_up_of: str | None = None
) -> Challenge:
    """Keep that this browser begins a sign-in, and return what it sends along."""
    begun = challenge(browser, secrets.token_urlsafe(32))
    row = {"state_hash": hashed(begun.state), "browser_hash": hashed(browser), "provider": provider}
    row |= {"return_to": local_path(return_to), "step_up_of": step_up_of}  # type: ignore[dict-item]
    with deployment.database.writing() as session:
        session.execute(delete(sign_in_attempt).where(COLUMN.started_at < at - LIFE - CHOOSING))
        session.execute(insert(sign_in_attempt).values(**row, started_at=at))
    return begun


def take(deployment: Deployment, provider: str, browser: str, state: str, at: datetime) -> Attempt:
    """Use up the attempt that this answer belongs to, or raise SignInRefused."""
    with deployment.database.writing() as session:
        row = session.execute(select(sign_in_attempt).where(COLUMN.state_hash == hashed(state))).one_or_none()
        if row is None or (row.browser_hash, row.provider) != (hashed(browser), provider):
            raise SignInRefused(Why.STATE_UNKNOWN)
        if not timedelta(0) <= at - stored_instant(row.started_at) < LIFE:
            raise SignInRefused(Why.STATE_UNKNOWN)
        unused = COLUMN.state_hash == row.state_hash, COLUMN.used_at.is_(None)
        taken = session.execute(update(sign_in_attempt).where(*unused).values(used_at=at))
        if taken.rowcount != 1:  # type: ignore[attr-defined]
            raise SignInRefused(Why.STATE_USED)
    return Attempt(row.state_hash, row.provider, row.return_to, row.step_up_of, stored_instant(row.started_at))


def keep_proven(deployment: Deployment, attempt: Attempt, who: Assertion) -> None:
    """Keep who has signed in, for the few minutes in which they choose what to be."""
    with deployment.database.writing() as session:
        named = COLUMN.state_hash == attempt.state_hash
        session.execute(update(sign_in_attempt).where(named).values(proven=_written(who)))


def proven(deployment: Deployment, browser: str, at: datetime) -> tuple[Attempt, Assertion] | None:
    """Return the newest sign-in of this browser that waits for a choice."""
    waiting = (COLUMN.browser_hash == hashed(browser), COLUMN.proven.is_not(None), COLUMN.chosen_at.is_(None))
    query = select(sign_in_attempt).where(*waiting, COLUMN.used_at > at - CHOOSING).order_by(COLUMN.used_at.desc())
    with deployment.database.reading() as session:
        row = session.execute(query.limit(1)).one_or_none()
    if row is None:
        return None
    attempt = Attempt(row.state_hash, row.provider, row.return_to, row.step_up_of, stored_instant(row.started_at))
    return attempt, _read(row.proven)


def use_choice(session: Any, attempt: Attempt, at: datetime) -> None:
    """Use up a choice in the caller's transaction, or raise SignInRefused."""
    waiting = COLUMN.state_hash == attempt.state_hash, COLUMN.chosen_at.is_(None)
    done = session.execute(update(sign_in_attempt).where(*waiting).values(chosen_at=at, proven=None))
    if done.rowcount != 1:
        raise SignInRefused(Why.STATE_USED)


def _derived(browser: str, what: str, state: str) -> str:
    digest = hmac.new(browser.encode(), f"{what}|{state}".encode(), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _written(who: Assertion) -> dict[str, Any]:
    held = asdict(who)
    held["organisations"] = None if who.organisations is None else sorted(who.organisations)
    held["roles"] = None if who.roles is None else sorted(map(str, who.roles))
    held["authenticated_at"] = None if who.authenticated_at is None else who.authenticated_at.isoformat()
    return held


def _read(held: Mapping[str, Any]) -> Assertion:
    when, codes, roles = held["authenticated_at"], held["organisations"], held["roles"]
    return replace(
        Assertion(**held),
        organisations=None if codes is None else frozenset(codes),
        roles=None if roles is None else frozenset(Role(role) for role in roles),
        authenticated_at=None if when is None else datetime.fromisoformat(when),
    )
