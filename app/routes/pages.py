"""Home and the short pages that everyone may read."""

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from app.dependencies import Here, Now, Who, Words
from app.rendering import STATIC, render

router = APIRouter()


@router.get("/")
def home(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    return render(request, "home.html")


@router.get("/privacy")
def privacy(request: Request) -> Response:
    return render(request, "privacy.html")


@router.get("/accessibility")
def accessibility(request: Request) -> Response:
    return render(request, "accessibility.html")


@router.get("/favicon.ico")
def favicon() -> Response:
    return FileResponse(STATIC / "mark.svg", media_type="image/svg+xml")
