"""Recording what a family says about sharing.

Invariants: only about a member of a family that the gate lets this worker open now; a wish is added, never changed, and
is a ledger entry; it acts on the next look.
"""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import purposes
from app.dependencies import Form, Here, Now, Who, Words
from app.gate import FamilyRead
from app.reading import gather
from app.refusals import require
from app.rendering import render
from app.routes.families import Door, PersonRef
from app.views.wishes import Choices, Unclear, choices, read_form
from governance.wishes.store import record_wish

router = APIRouter()


@router.get("/families/{person_id}/wishes")
def wishes_page(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words
) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    if purpose is None:
        return RedirectResponse(f"/families/{person_id}/purpose", 303)
    read = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    require(read.decision, who, words)
    return _page(request, person_id, _choices(here, read, words), {}, [])


@router.post("/families/{person_id}/wishes")
def record(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words, fields: Form
) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    read = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    require(read.decision, who, words)
    offered = _choices(here, read, words)
    said = read_form(fields, offered)
    if isinstance(said, list):
        return _page(request, person_id, offered, dict(fields), said)
    with here.database.writing() as session:
        record_wish(session, here.ring, now, who.actor.staff_id, **said)
    return RedirectResponse(f"/families/{person_id}", 303)


def _choices(here: Here, read: FamilyRead, words: Words) -> Choices:
    return choices(words, gather(here, read))


def _page(
    request: Request, person_id: str, offered: Choices, fields: dict[str, str], unclear: list[Unclear]
) -> Response:
    status = 422 if unclear else 200
    return render(request, "wishes.html", status, person_id=person_id, offered=offered, fields=fields, unclear=unclear)
