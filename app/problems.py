"""Errors, as pages and as RFC 9457 problem documents.

Invariants: no error repeats what was sent, names the person asked for, or tells more than its kind and a reference; the
same kinds serve pages and `/v1`; an act whose transaction fails, and with it its entry in the log, answers 503. A
person who may not be seen and one who does not exist answer alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app.gate import LogUnavailable
from app.language import N_
from app.logs import fault
from app.rendering import render
from app.ringing import Ring
from governance.keys.keys import KeyRefused

PROBLEM_JSON: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of error. `code` ends the problem's type; the texts are messages of the catalogue."""

    status: int
    code: str
    title: str
    advice: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Way:
    """Something that may still be tried: a name for machines, a page, and a message of the catalogue."""

    code: str
    href: str
    text: str


class Refused(Exception):
    """Raised where a request can go no further; `why` and `ask` are sentences already in the reader's language."""

    def __init__(self, problem: Problem, why: str | None = None, ask: str | None = None) -> None:
        super().__init__(problem.code)
        self.problem, self.why, self.ask = problem, why, ask
        self.ring: tuple[Ring, ...] = ()
        self.ways: tuple[Way, ...] = ()


class StepUpNeeded(Exception):
    """This act needs a fresh and strong sign-in: pages lead there, `/v1` says so (RFC 9470)."""


class NotSignedIn(Exception):
    """Nobody is signed in: pages lead to the sign-in page, `/v1` answers 401."""


NOT_FOUND = Problem(404, "not-found", N_("Page not found"), N_("Check the address, or start again from the home page."))
FORBIDDEN = Problem(
    403,
    "forbidden",
    N_("You cannot see this"),
    N_("If you need it for your work, ask your information governance lead."),
)
CROSS_SITE = Problem(
    403, "cross-site", N_("This request did not come from this service"), N_("Go back to the service and try again.")
)
STALE_FORM = Problem(
    403, "stale-form", N_("This form is too old to use"), N_("Open the page again and fill in the form once more.")
)
UNREADABLE = Problem(
    422, "invalid", N_("We could not read what was sent"), N_("Go back, check the form and send it again.")
)
UNAUTHENTICATED = Problem(
    401, "not-signed-in", N_("Sign in first"), N_("Sign in, then try again."), {"WWW-Authenticate": "Bearer"}
)
BAD_REQUEST = Problem(
    400, "bad-request", N_("We could not read what was sent"), N_("Check the request and send it again.")
)
METHOD = Problem(405, "method-not-allowed", N_("This cannot be done here"), N_("Start again from the home page."))
UNEXPECTED = Problem(
    500,
    "unexpected",
    N_("Something went wrong"),
    N_("Nothing was shown or changed. Try again; if it stays, report the reference."),
)
LOG_UNAVAILABLE = Problem(
    503, "log-unavailable", N_("The record cannot be opened now"),
    N_("Every look must be written to the log first, and the log cannot be written. Try again in a few minutes."),
)  # fmt: skip
SIGN_IN_FAILED = Problem(
    403, "sign-in-failed", N_("You are not signed in"),
    N_("The sign-in was not completed, or took too long. Start again from the sign-in page."),
)  # fmt: skip
NO_ACCOUNT_HERE = Problem(
    403, "no-account", N_("There is no account for you here"),
    N_(
        "Your sign-in worked, but this service holds no account that you may use. "
        "Ask your information governance lead."
    ),
)  # fmt: skip
PROVIDER_AWAY = Problem(
    503, "provider-away", N_("The sign-in service does not answer"), N_("Try again in a few minutes."),
)  # fmt: skip
SIGN_IN_UNLOGGED = Problem(
    503, "log-unavailable", N_("Nobody can sign in now"),
    N_("Every sign-in must be written to the log first, and the log cannot be written. Try again in a few minutes."),
)  # fmt: skip
STEP_UP = Problem(
    401, "step-up-needed", N_("Confirm that it is you"), N_("Sign in anew, then try again."),
    {"WWW-Authenticate": 'Bearer error="insufficient_user_authentication", max_age="0"'},
)  # fmt: skip
BY_STATUS: Final = {p.status: p for p in (BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, METHOD, UNREADABLE)}


def respond(
    request: Request,
    problem: Problem,
    why: str | None = None,
    ask: str | None = None,
    ring: Sequence[Ring] = (),
    ways: Sequence[Way] = (),
) -> Response:
    """Answer with a problem document under `/v1`, with a page elsewhere."""
    headers = dict(problem.headers)
    if is_api(request):
        return JSONResponse(document(request, problem, why), problem.status, headers | {"content-type": PROBLEM_JSON})
    page = render(
        request, "problem.html", status=problem.status, problem=problem, why=why, ask=ask, ring=ring, ways=ways
    )
    page.headers.update(headers)
    return page


def document(request: Request, problem: Problem, why: str | None = None) -> dict[str, Any]:
    """Return the problem document: kind and reference, nothing of the request."""
    reference = request.state.request_id
    return {
        "type": f"urn:family-record:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": why or problem.advice,
        "instance": f"urn:family-record:request:{reference}",
    }


def is_api(request: Request) -> bool:
    return request.url.path.startswith("/v1")


def unexpected(request: Request) -> Response:
    """Answer a fault: a reference, nothing else."""
    return respond(request, UNEXPECTED)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    if not is_api(request):
        return respond(request, error.problem, error.why, error.ask, error.ring, error.ways)
    body = document(request, error.problem, error.why)
    if error.ring:
        body["ring"] = [_desk(ring) for ring in error.ring]
    if error.ways:
        body["ways"] = [way.code for way in error.ways]
    return JSONResponse(body, error.problem.status, {**error.problem.headers, "content-type": PROBLEM_JSON})


def _desk(ring: Ring) -> dict[str, str | None]:
    return {
        "organisation": ring.name_en,
        "desk": ring.desk,
        "telephone": ring.telephone,
        "out_of_hours_desk": ring.out_of_hours_desk,
        "out_of_hours_telephone": ring.out_of_hours_telephone,
    }


def _not_signed_in(request: Request, _error: Exception) -> Response:
    if is_api(request):
        return respond(request, UNAUTHENTICATED)
    return RedirectResponse("/sign-in", 303)


def _step_up(request: Request, _error: Exception) -> Response:
    if is_api(request):
        return respond(request, STEP_UP)
    return RedirectResponse(f"/sign-in/again?to={request.url.path}", 303)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = BY_STATUS.get(error.status_code, UNEXPECTED if error.status_code >= 500 else BAD_REQUEST)
    response = respond(request, problem)
    response.headers.update(error.headers or {})
    return response


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    malformed = any(e["type"] == "json_invalid" for e in error.errors())
    problem = BAD_REQUEST if malformed else UNREADABLE
    if not is_api(request):
        return respond(request, NOT_FOUND if _of_path(error) else problem)
    body = document(request, problem)
    if not malformed:
        body["errors"] = [_where(e) for e in error.errors()]
    return JSONResponse(body, problem.status, {"content-type": PROBLEM_JSON})


def _of_path(error: RequestValidationError) -> bool:
    return any(e["loc"] and e["loc"][0] == "path" for e in error.errors())


def _where(error: Mapping[str, Any]) -> dict[str, Any]:
    # The name of an unknown field is input too: it is not repeated.
    known = [] if error["type"] == "extra_forbidden" else [str(part) for part in error["loc"][1:]]
    return {"in": str(error["loc"][0]), "field": ".".join(known) or None, "kind": error["type"]}


def _unlogged(request: Request, error: Exception) -> Response:
    request.app.state.log.error("log unavailable", request_id=request.state.request_id, **fault(error))
    return respond(request, LOG_UNAVAILABLE)


def install(app: FastAPI) -> None:
    """Make every error of the app answer through this module."""
    for unlogged in (LogUnavailable, SQLAlchemyError, KeyRefused):
        app.add_exception_handler(unlogged, _unlogged)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(StepUpNeeded, _step_up)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
