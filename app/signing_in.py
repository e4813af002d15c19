"""Signing in through an identity provider: from the browser's return to a session, or to a recorded refusal.

Invariants: a session begins only after the provider's answer was checked, the person found, and the entry committed
with it (else there is none); a refusal of an answer that belongs to an attempt is an entry too, by code, never by what
was sent; proving oneself anew must be the same person at the same provider, freshly and strongly enough.
Sources: OpenID Connect Core 1.0 section 3.1.2.1 (prompt, max_age); RFC 9470; ISO 27789.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import attempts, sessions
from app.accounts import accounts_of, link_first_time
from app.attempts import Attempt
from app.deployment import Deployment
from app.identity import Account, note
from app.oidc.assertion import Assertion
from app.oidc.client import ProviderClient
from app.oidc.refusals import SignInRefusal as Why
from app.oidc.refusals import SignInRefused
from app.oidc.tokens import LEEWAY
from app.sessions import Proof, logged_act
from governance.identity_links import LinkRefused
from governance.ledger import ledger
from governance.ledger.ledger import AuditEvent, Detail
from governance.legal_time import legal_date
from governance.people import actor_for
from governance.store import session as session_table
from governance.terms import EventKind, Outcome, Role


@dataclass(frozen=True, slots=True)
class SignedInNow:
    """A session has begun: its token, and where the browser goes."""

    token: str
    return_to: str


@dataclass(frozen=True, slots=True)
class MustChoose:
    """Several accounts are this person's: they choose one."""

    accounts: Sequence[Account]


def begin(
    deployment: Deployment, client: ProviderClient, browser: str, return_to: str, at: datetime,
    step_up_of: str | None = None,
) -> str:  # fmt: skip
    """Return the provider's address at which this browser signs in."""
    made = attempts.start(deployment, client.provider.name, browser, return_to, at, step_up_of)
    return client.address(made, at, step_up=step_up_of is not None)


def finish(
    deployment: Deployment, client: ProviderClient, browser: str, answer: Mapping[str, str], at: datetime,
    request_id: str, holding: str | None = None,
) -> SignedInNow | MustChoose:  # fmt: skip
    """Turn the browser's return into a session, or raise SignInRefused. `holding` is the session it holds already."""
    attempt = attempts.take(deployment, client.provider.name, browser, answer.get("state", ""), at)
    try:
        who = client.answered(answer, attempts.challenge(browser, answer["state"]), at)
        if attempt.step_up_of is not None:
            return _prove_anew(deployment, attempt, who, at, request_id, holding)
        with deployment.database.reading() as session:
            held = accounts_of(session, deployment.ring, client.provider, who, at)
        if len(held) > 1:
            attempts.keep_proven(deployment, attempt, who)
            return MustChoose(held)
        return _sign_in(deployment, attempt, who, held[0], at, request_id)
    except SignInRefused as refused:
        record_refusal(deployment, client.provider.name, refused, at, request_id)
        raise


def choices(deployment: Deployment, client: ProviderClient, who: Assertion, at: datetime) -> Sequence[Account]:
    """Return what this person may sign in as at this moment, or raise SignInRefused."""
    with deployment.database.reading() as session:
        return accounts_of(session, deployment.ring, client.provider, who, at)


def choose(
    deployment: Deployment, client: ProviderClient, attempt: Attempt, who: Assertion, chosen: str, at: datetime,
    request_id: str,
) -> SignedInNow:  # fmt: skip
    """Begin the session of the chosen account, if it is one of this person's."""
    try:
        named = {f"{held.staff_id}|{held.role}": held for held in choices(deployment, client, who, at)}
        if chosen not in named:
            raise SignInRefused(Why.NO_ROLE)
        return _sign_in(deployment, attempt, who, named[chosen], at, request_id, chose=True)
    except SignInRefused as refused:
        record_refusal(deployment, client.provider.name, refused, at, request_id)
        raise


def record_refusal(
    deployment: Deployment, provider: str, refused: SignInRefused, at: datetime, request_id: str
) -> None:
    """Write the entry of a sign-in that was refused, or raise LogUnavailable."""
    detail: dict[Detail, str | int] = {Detail.REASON: str(refused.why), Detail.OPERATION: f"provider:{provider}"}
    if refused.digest is not None:
        detail[Detail.RECORD] = refused.digest
    event = AuditEvent(EventKind.SIGN_IN, Outcome.FAILED, refused.staff_id, request_id=request_id, detail=detail)
    with logged_act(deployment) as session:
        ledger.record(session, deployment.ring, event, at)


def proof_of(who: Assertion) -> Proof:
    return Proof(who.assurance, who.authenticated_at, who.provider, who.raw_subject, who.provider_session)


def _sign_in(
    deployment: Deployment, attempt: Attempt, who: Assertion, account: Account, at: datetime, request_id: str,
    chose: bool = False,
) -> SignedInNow:  # fmt: skip
    with logged_act(deployment) as session:
        if chose:
            attempts.use_choice(session, attempt, at)
        try:
            link_first_time(session, deployment.ring, who, account.staff_id, at)
        except LinkRefused:
            raise SignInRefused(Why.LINKED_OTHERWISE, account.staff_id) from None
        token = sessions.begin(session, account.staff_id, account.role, proof_of(who), at)
        _note(session, deployment, account.staff_id, account.role, who, "sign_in", at, request_id)
    return SignedInNow(token, attempt.return_to)


def _prove_anew(
    deployment: Deployment, attempt: Attempt, who: Assertion, at: datetime, request_id: str, holding: str | None
) -> SignedInNow:
    if holding is None or sessions.hashed(holding) != attempt.step_up_of:
        raise SignInRefused(Why.STATE_UNKNOWN)
    with logged_act(deployment) as session:
        row = session.execute(select(session_table).where(session_table.c.token_hash == attempt.step_up_of)).one()
        if not sessions.alive(row, at, deployment.settings):
            raise SignInRefused(Why.STATE_UNKNOWN, row.staff_id)
        if (row.provider, row.subject) != (who.provider, who.raw_subject):
            raise SignInRefused(Why.OTHER_PERSON, row.staff_id)
        if who.authenticated_at is None or who.authenticated_at < attempt.started_at - LEEWAY:
            raise SignInRefused(Why.NOT_FRESH, row.staff_id)
        if who.assurance < deployment.settings.step_up_assurance:
            raise SignInRefused(Why.TOO_WEAK, row.staff_id)
        token = sessions.renew(session, row.token_hash, proof_of(who), at)
        if token is None:
            raise SignInRefused(Why.STATE_UNKNOWN, row.staff_id)
        _note(session, deployment, row.staff_id, Role(row.role), who, "step_up", at, request_id)
    return SignedInNow(token, attempt.return_to)


def _note(
    session: Session, deployment: Deployment, staff_id: str, role: Role, who: Assertion, what: str, at: datetime,
    request_id: str,
) -> None:  # fmt: skip
    actor = actor_for(session, staff_id, role, legal_date(at))
    assert actor is not None
    detail: dict[Detail, str | int] = {Detail.ACT: what, Detail.OPERATION: f"provider:{who.provider}"}
    note(session, deployment, EventKind.SIGN_IN, actor, at, request_id, detail)
