"""The register of sharing agreements: what may be shared, why, and what say families have. No record is read here."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app.dependencies import Here, Now, Who, Words
from app.problems import NOT_FOUND, Refused
from app.reading import organisations
from app.rendering import render
from app.views.agreements import agreement_page, register
from governance.agreements.register import standing_of, standings

router = APIRouter()


@router.get("/agreements")
def agreements(request: Request, here: Here, now: Now, _who: Who, words: Words) -> Response:
    with here.database.reading() as session:
        shown = register(words, standings(session, now), organisations(session), now)
    return render(request, "agreements.html", rows=shown)


@router.get("/agreements/{code}/{version}")
def agreement(
    request: Request, here: Here, now: Now, _who: Who, words: Words,
    code: Annotated[str, Path(pattern="^[A-Za-z0-9_.-]{1,60}$")], version: Annotated[int, Path(ge=1, le=9999)],
) -> Response:  # fmt: skip
    with here.database.reading() as session:
        held = [s for s in standing_of(session, code, now) if s.agreement.version == version]
        if not held:
            raise Refused(NOT_FOUND)
        shown = agreement_page(words, held[0], organisations(session), now)
    return render(request, "agreement.html", page=shown)
