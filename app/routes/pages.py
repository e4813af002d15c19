"""Home and the short pages that everyone may read."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse, Response

from app.caseload import own_families
from app.dependencies import Here, Now, Who, Words, perhaps_signed_in
from app.language import LONDON
from app.navigation import KEY_WORKERS, LINKS
from app.rendering import STATIC, render
from app.views.lists import lines

router = APIRouter()


@router.get("/")
def home(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    role, today = who.actor.role, now.astimezone(LONDON).date()
    if role not in KEY_WORKERS:
        return render(request, "home.html", links=LINKS[role][1:], families=None, total=0)
    rows, total = own_families(here, who, now, request.state.request_id)
    return render(request, "home.html", links=LINKS[role][1:], families=lines(words, rows, today), total=total)


@router.get("/privacy", dependencies=[Depends(perhaps_signed_in)])
def privacy(request: Request) -> Response:
    return render(request, "privacy.html")


@router.get("/accessibility", dependencies=[Depends(perhaps_signed_in)])
def accessibility(request: Request) -> Response:
    return render(request, "accessibility.html")


@router.get("/favicon.ico")
def favicon() -> Response:
    return FileResponse(STATIC / "mark.svg", media_type="image/svg+xml")
