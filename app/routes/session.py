"""Signing in and out.

Invariant: the demo sign-in exists only in demo mode, for a browser on this machine.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app import identity
from app.dependencies import Form, Here, Now, Who, demo_only, posted
from app.problems import FORBIDDEN, Refused
from app.rendering import render
from app.views.sign_in import accounts_by_job
from governance.terms import Role

router = APIRouter()


@router.get("/sign-in")
def sign_in_page(request: Request, here: Here, now: Now) -> Response:
    demo = here.settings.demo
    with here.database.reading() as session:
        jobs = accounts_by_job(session, now) if demo else []
    return render(request, "sign_in.html", jobs=jobs, demo=demo)


@router.post("/sign-in", dependencies=[Depends(demo_only)])
def sign_in(request: Request, here: Here, now: Now, fields: Annotated[Mapping[str, str], Depends(posted)]) -> Response:
    username, _, role = fields.get("account", "").rpartition("|")
    token = None
    if role in set(Role):
        token = identity.sign_in(here, username, Role(role), now, request.state.request_id)
    if token is None:
        raise Refused(FORBIDDEN)
    return _with_cookie(request, here, now, token)


@router.post("/sign-out")
def sign_out(request: Request, here: Here, now: Now, who: Who, _fields: Form) -> Response:
    identity.sign_out(here, who, now, request.state.request_id)
    response = RedirectResponse("/sign-in", 303, {"clear-site-data": '"cache"'})
    response.delete_cookie(identity.cookie_name(request.url.scheme == "https"))
    return response


def _with_cookie(request: Request, here: Here, now: Now, token: str) -> Response:
    secure = request.url.scheme == "https"
    name = identity.cookie_name(secure)
    if old := request.cookies.get(name):
        identity.end(here, old, now)
    response = RedirectResponse("/", 303)
    response.set_cookie(name, token, httponly=True, samesite="lax", secure=secure, path="/")
    return response
