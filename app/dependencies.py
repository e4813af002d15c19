"""What routes may ask for: the deployment, the clock, the signed-in person, a checked form.

Invariants: every route but a short public list depends on `signed_in`; every form is checked against the session's own
token before a field of it is used; `/v1` changes nothing on the strength of a cookie alone.
"""

import hmac
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated

from fastapi import Depends
from starlette.datastructures import UploadFile
from starlette.requests import Request

from app.deployment import Deployment
from app.edge import SAFE
from app.identity import SignedIn, cookie_name, who_is
from app.language import Language, chosen
from app.oidc.client import ProviderClient
from app.problems import NOT_FOUND, STALE_FORM, NotSignedIn, Refused, StepUpNeeded
from app.searching import SearchIndex
from app.settings import LOOPBACK

CSRF_FIELD = "csrf_token"
FORM_BYTES = 64 * 1024
SKEW = timedelta(seconds=60)
"""How far a provider's clock may be ahead of ours."""


def deployment_of(request: Request) -> Deployment:
    held: Deployment = request.app.state.deployment
    return held


def index_of(request: Request) -> SearchIndex:
    held: SearchIndex = request.app.state.index
    return held


def clock(request: Request) -> datetime:
    moment: datetime = request.app.state.clock()
    return moment


def words_of(request: Request) -> Language:
    return chosen(request)


def signed_in(request: Request) -> SignedIn:
    """Return who is signed in; nobody is an error."""
    deployment, at = deployment_of(request), clock(request)
    token, bearer = _token(request)
    who = who_is(deployment, token, at, bearer) if token else None
    if who is None:
        raise NotSignedIn
    request.state.signed_in = who
    return who


def stepped_up(request: Request, who: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
    """Return who is signed in, if they proved it strongly a moment ago; else lead them to prove it anew."""
    settings, proof = deployment_of(request).settings, who.proof
    if proof.authenticated_at is None or proof.assurance < settings.step_up_assurance:
        raise StepUpNeeded
    age = clock(request) - proof.authenticated_at
    if not -SKEW <= age < timedelta(minutes=settings.step_up_minutes):
        raise StepUpNeeded
    return who


def providers_of(request: Request) -> Mapping[str, ProviderClient]:
    held: Mapping[str, ProviderClient] = request.app.state.providers
    return held


def perhaps_signed_in(request: Request) -> None:
    """Let a page that everyone may read still show who is signed in."""
    with suppress(NotSignedIn):
        signed_in(request)


def signed_in_api(request: Request) -> SignedIn:
    """Return who is signed in to `/v1`: with a bearer token, or, for reading only, with the browser's session."""
    who = signed_in(request)
    if request.method not in SAFE and not who.bearer:
        raise NotSignedIn
    return who


def stepped_up_api(request: Request, who: Annotated[SignedIn, Depends(signed_in_api)]) -> SignedIn:
    """Return who is signed in to `/v1`, if they proved it strongly a moment ago."""
    return stepped_up(request, who)


async def posted(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; files and repeated fields are refused by leaving them out."""
    async with request.form(max_files=0, max_fields=200, max_part_size=FORM_BYTES) as form:
        return {name: value for name, value in form.multi_items() if not isinstance(value, UploadFile)}


def checked_form(
    request: Request,
    who: Annotated[SignedIn, Depends(signed_in)],
    fields: Annotated[Mapping[str, str], Depends(posted)],
) -> Mapping[str, str]:
    """Return the fields of a form that this session's own page sent."""
    if not hmac.compare_digest(fields.get(CSRF_FIELD, "").encode(), who.csrf_token.encode()):
        raise Refused(STALE_FORM)
    kept = {name: value for name, value in fields.items() if name != CSRF_FIELD}
    request.state.fields = kept
    return kept


def demo_only(request: Request) -> None:
    """Hide what exists only for a demo: elsewhere, or from another machine, it is not there."""
    client = request.client.host if request.client else ""
    if not (deployment_of(request).settings.demo and _loopback(client) and request.url.hostname in LOOPBACK):
        raise Refused(NOT_FOUND)


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _token(request: Request) -> tuple[str | None, bool]:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip() or None, True
    return request.cookies.get(cookie_name(request.url.scheme == "https")), False


Here = Annotated[Deployment, Depends(deployment_of)]
Index = Annotated[SearchIndex, Depends(index_of)]
Now = Annotated[datetime, Depends(clock)]
Words = Annotated[Language, Depends(words_of)]
Providers = Annotated[Mapping[str, ProviderClient], Depends(providers_of)]
SteppedUp = Annotated[SignedIn, Depends(stepped_up)]
SteppedUpApi = Annotated[SignedIn, Depends(stepped_up_api)]
Who = Annotated[SignedIn, Depends(signed_in)]
ApiWho = Annotated[SignedIn, Depends(signed_in_api)]
Form = Annotated[Mapping[str, str], Depends(checked_form)]
