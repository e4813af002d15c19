"""Signing in and out, at the service's own doors.

Invariants: the demo sign-in exists only in demo mode, for a browser on this machine; elsewhere a session begins only
with an identity provider's answer to this very browser; what the provider sent is gone from the address bar with the
redirect that follows at once; no page here tells one unknown, suspended or roleless person from another.
Sources: RFC 9700 (OAuth 2.0 security best current practice); OpenID Connect Back-Channel Logout 1.0 section 2.5.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from app import attempts, identity, sessions, signing_in
from app.attempts import Attempt
from app.dependencies import CSRF_FIELD, Form, Here, Now, Providers, Who, Words, demo_only, posted
from app.gate import LogUnavailable
from app.oidc.assertion import Assertion
from app.oidc.client import RETURN, ProviderClient
from app.oidc.refusals import NO_ACCOUNT, SignInRefusal, SignInRefused
from app.problems import (
    FORBIDDEN,
    NO_ACCOUNT_HERE,
    NOT_FOUND,
    PROVIDER_AWAY,
    SIGN_IN_FAILED,
    SIGN_IN_UNLOGGED,
    STALE_FORM,
    NotSignedIn,
    Problem,
    Refused,
)
from app.rendering import render
from app.signing_in import MustChoose, SignedInNow
from app.views.sign_in import accounts_by_job, choices_view, doors
from governance.terms import Role

router = APIRouter()

PLAIN_COOKIE: Final = "family-record-sign-in"
Named = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,38}[a-z0-9]$")]
Reference = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]
Posted = Annotated[Mapping[str, str], Depends(posted)]
AWAY: Final = frozenset({SignInRefusal.PROVIDER_UNREACHABLE, SignInRefusal.PROVIDER_UNREADABLE})


class Outcome(StrEnum):
    """What is said outside of a sign-in that opened nothing; the ledger holds more."""

    FAILED = "failed"
    NO_ACCOUNT = "no-account"
    AWAY = "away"
    UNLOGGED = "unlogged"


TOLD: Final[Mapping[Outcome, Problem]] = {
    Outcome.FAILED: SIGN_IN_FAILED,
    Outcome.NO_ACCOUNT: NO_ACCOUNT_HERE,
    Outcome.AWAY: PROVIDER_AWAY,
    Outcome.UNLOGGED: SIGN_IN_UNLOGGED,
}


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A sign-in of this browser that waits for a choice."""

    client: ProviderClient
    browser: str
    attempt: Attempt
    who: Assertion


@router.get("/sign-in")
def sign_in_page(request: Request, here: Here, now: Now, words: Words, providers: Providers) -> Response:
    demo = here.settings.demo
    with here.database.reading() as session:
        jobs = accounts_by_job(session, now) if demo else []
    ways = doors(words, providers)
    return render(request, "sign_in.html", 200 if ways or demo else 503, jobs=jobs, demo=demo, ways=ways)


@router.post("/sign-in", dependencies=[Depends(demo_only)])
def sign_in(request: Request, here: Here, now: Now, fields: Posted) -> Response:
    username, _, role = fields.get("account", "").rpartition("|")
    token = None
    if role in set(Role):
        token = identity.sign_in(here, username, Role(role), now, request.state.request_id)
    if token is None:
        raise Refused(FORBIDDEN)
    return _begun(request, here, now, SignedInNow(token, "/"))


@router.get("/sign-in/with/{provider}")
def go_to_provider(request: Request, here: Here, now: Now, providers: Providers, provider: Named) -> Response:
    return _sent_away(request, here, now, _client(providers, provider), "/")


@router.get(RETURN + "{provider}")
def come_back(request: Request, here: Here, now: Now, providers: Providers, provider: Named) -> Response:
    client, browser, answer = _client(providers, provider), _browser(request), _answer(request)
    holding = request.cookies.get(identity.cookie_name(_secure(request)))
    try:
        if browser is None or answer is None:
            raise SignInRefused(SignInRefusal.STATE_UNKNOWN)
        done = signing_in.finish(here, client, browser, answer, now, request.state.request_id, holding)
    except SignInRefused as refused:
        return _away_from_code(request, _outcome(refused))
    except LogUnavailable:
        return _away_from_code(request, Outcome.UNLOGGED)
    if isinstance(done, MustChoose):
        return RedirectResponse("/sign-in/role", 303)
    return _begun(request, here, now, done)


@router.get("/sign-in/refused/{how}/{reference}")
def not_signed_in(request: Request, how: Outcome, reference: Reference) -> Response:
    """Say how a sign-in ended, under its own reference, at an address that holds nothing of the provider's answer."""
    request.state.request_id = reference
    raise Refused(TOLD[how])


@router.get("/sign-in/role")
def choose_page(request: Request, here: Here, now: Now, words: Words, providers: Providers) -> Response:
    waiting = _waiting(request, here, now, providers)
    try:
        held = signing_in.choices(here, waiting.client, waiting.who, now)
    except SignInRefused as refused:
        raise _told(refused) from None
    token = attempts.choice_token(waiting.browser)
    return render(request, "choose_role.html", places=choices_view(words, held), token=token)


@router.post("/sign-in/role")
def choose(request: Request, here: Here, now: Now, providers: Providers, fields: Posted) -> Response:
    waiting = _waiting(request, here, now, providers)
    if not hmac.compare_digest(fields.get(CSRF_FIELD, "").encode(), attempts.choice_token(waiting.browser).encode()):
        raise Refused(STALE_FORM)
    chosen, request_id = fields.get("account", ""), request.state.request_id
    try:
        done = signing_in.choose(here, waiting.client, waiting.attempt, waiting.who, chosen, now, request_id)
    except SignInRefused as refused:
        raise _told(refused) from None
    return _begun(request, here, now, done)


@router.get("/sign-in/again")
def again_page(request: Request, here: Here, who: Who, words: Words, providers: Providers) -> Response:
    """A page of its own: a form's answer may not lead a browser to another site, a link on a page may."""
    client = providers.get(who.proof.provider or "")
    to = attempts.local_path(request.query_params.get("to"))
    demo = client is None and here.settings.demo
    way = doors(words, {client.provider.name: client})[0] if client else None
    return render(request, "sign_in_again.html", 200 if way or demo else 503, demo=demo, way=way, to=to)


@router.get("/sign-in/again/start")
def prove_anew(request: Request, here: Here, now: Now, who: Who, providers: Providers) -> Response:
    client = _client(providers, who.proof.provider or "")
    return _sent_away(request, here, now, client, request.query_params.get("to", "/"), who.session_hash)


@router.post("/sign-in/again", dependencies=[Depends(demo_only)])
def prove_anew_in_demo(request: Request, here: Here, now: Now, who: Who, fields: Form) -> Response:
    token = identity.prove_anew(here, who, now, request.state.request_id)
    if token is None:
        raise NotSignedIn
    return _begun(request, here, now, SignedInNow(token, attempts.local_path(fields.get("to"))))


@router.post("/sign-out")
def sign_out(request: Request, here: Here, now: Now, who: Who, providers: Providers, _fields: Form) -> Response:
    identity.sign_out(here, who, now, request.state.request_id)
    provider = who.proof.provider
    to = f"/signed-out/{provider}" if provider in providers else "/sign-in"
    response = RedirectResponse(to, 303, {"clear-site-data": '"cache"'})
    response.delete_cookie(identity.cookie_name(_secure(request)))
    return response


@router.get("/signed-out/{provider}")
def signed_out(request: Request, here: Here, now: Now, words: Words, providers: Providers, provider: Named) -> Response:
    client = _client(providers, provider)
    leaving = client.leaving(f"{here.settings.public_url}/sign-in", now)
    return render(request, "signed_out.html", way=doors(words, {provider: client})[0], leaving=leaving)


@router.post("/sign-in/ended/{provider}")
def ended_elsewhere(here: Here, now: Now, providers: Providers, provider: Named, fields: Posted) -> Response:
    """A provider says, from server to server, that a session of its own is over."""
    try:
        told = _client(providers, provider).ended(fields.get("logout_token", ""), now)
    except SignInRefused:
        return Response(status_code=400)
    sessions.end_at_provider(here, provider, told, now)
    return Response(status_code=200)


def _client(providers: Mapping[str, ProviderClient], name: str) -> ProviderClient:
    if name not in providers:
        raise Refused(NOT_FOUND)
    return providers[name]


def _sent_away(
    request: Request, here: Here, now: Now, client: ProviderClient, to: str, step_up_of: str | None = None
) -> Response:
    browser = attempts.browser_secret(_browser(request))
    try:
        address = signing_in.begin(here, client, browser, to, now, step_up_of)
    except SignInRefused as refused:
        raise _told(refused) from None
    response, age = RedirectResponse(address, 303), int(attempts.LIFE.total_seconds())
    name, secure = _cookie(request), _secure(request)
    response.set_cookie(name, browser, max_age=age, httponly=True, samesite="lax", secure=secure, path="/")
    return response


def _waiting(request: Request, here: Here, now: Now, providers: Mapping[str, ProviderClient]) -> _Waiting:
    browser = _browser(request)
    found = attempts.proven(here, browser, now) if browser else None
    if browser is None or found is None:
        raise Refused(SIGN_IN_FAILED)
    attempt, who = found
    return _Waiting(_client(providers, attempt.provider), browser, attempt, who)


def _begun(request: Request, here: Here, now: Now, done: SignedInNow) -> Response:
    secure = _secure(request)
    name = identity.cookie_name(secure)
    if old := request.cookies.get(name):
        identity.end(here, old, now)
    response = RedirectResponse(done.return_to, 303)
    response.set_cookie(name, done.token, httponly=True, samesite="lax", secure=secure, path="/")
    response.delete_cookie(_cookie(request), path="/", secure=secure, httponly=True, samesite="lax")
    return response


def _answer(request: Request) -> Mapping[str, str] | None:
    """The parameters of the provider's answer; None where one comes twice, which no provider does."""
    items = request.query_params.multi_items()
    return None if len(dict(items)) < len(items) else dict(items)


def _told(refused: SignInRefused) -> Refused:
    return Refused(TOLD[_outcome(refused)])


def _outcome(refused: SignInRefused) -> Outcome:
    if refused.why in NO_ACCOUNT:
        return Outcome.NO_ACCOUNT
    return Outcome.AWAY if refused.why in AWAY else Outcome.FAILED


def _away_from_code(request: Request, how: Outcome) -> Response:
    """Lead the browser to a page whose address, unlike this one, is nobody's secret."""
    return RedirectResponse(f"/sign-in/refused/{how}/{request.state.request_id}", 303)


def _browser(request: Request) -> str | None:
    return request.cookies.get(_cookie(request))


def _cookie(request: Request) -> str:
    return f"__Host-{PLAIN_COOKIE}" if _secure(request) else PLAIN_COOKIE


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"
