"""For machines that watch the service: is it alive, is it ready, how much does it do. Also the brand's one style rule.

Invariant: nothing about anyone is told here.
"""

from collections.abc import Callable

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.dependencies import Here

router = APIRouter()


@router.get("/healthz")
def alive() -> Response:
    return PlainTextResponse("ok")


@router.get("/readyz")
def ready(here: Here) -> Response:
    """Ready when the schema is the one expected and the log can be written."""
    found = {"schema": _holds(here.database.at_head), "log": _holds(lambda: _writable(here))}
    return JSONResponse(found, 200 if all(found.values()) else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4")


@router.get("/brand.css")
def brand(here: Here) -> Response:
    """The organisation's colour, as configured; the pattern in settings lets only a colour through."""
    return Response(f":root{{--govuk-brand-colour:{here.settings.brand_colour}}}\n", media_type="text/css")


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (SQLAlchemyError, OSError):
        return False


def _writable(here: Here) -> bool:
    # Taking the writer's place on the database and giving it back shows that an entry could be written.
    with here.database.writing() as session:
        session.execute(text("SELECT count(*) FROM audit_checkpoint"))
    return True
