"""Decisions to share or not under a duty: what was decided, and why, of a child whose record is open.

Invariant: only through the gate; nothing of what was shared is asked for.
"""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import purposes, sharing
from app.dependencies import Form, Here, Now, Who, Words
from app.reading import organisations
from app.refusals import require
from app.rendering import render
from app.routes.families import PersonRef
from app.searching import Unclear
from app.views import sharing as views
from governance.overrides.sharing import Decided

router = APIRouter()


@router.get("/families/{person_id}/share-decisions")
def decisions_page(request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, words: Words) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    if purpose is None:
        return RedirectResponse(f"/families/{person_id}/purpose", 303)
    decision, held = sharing.decided(here, who.actor, person_id, purpose, now, request.state.request_id)
    require(decision, who, words, here, person_id)
    return _page(request, here, now, who, words, person_id, held, {}, [])


@router.post("/families/{person_id}/share-decisions")
def decide(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, words: Words, fields: Form
) -> Response:
    purpose, reference = purposes.stated(here, who, person_id, now), request.state.request_id
    what = views.read_form(person_id, fields, _offered(here, now, who, words))
    if isinstance(what, list):
        decision, held = sharing.decided(here, who.actor, person_id, purpose, now, reference)
        require(decision, who, words, here, person_id)
        return _page(request, here, now, who, words, person_id, held, fields, what)
    made = sharing.decide(here, who.actor, purpose, what, now, reference)
    require(made.decision, who, words, here, person_id)
    return RedirectResponse(f"/families/{person_id}/share-decisions", 303)


def _offered(here: Here, now: Now, who: Who, words: Words) -> views.Choices:
    own = who.organisation.code
    with here.database.reading() as session:
        return views.choices(words, sharing.binding(here, own, now), organisations(session), own)


def _page(
    request: Request, here: Here, now: Now, who: Who, words: Words, person_id: str, held: Sequence[Decided],
    fields: Mapping[str, str], unclear: list[Unclear],
) -> Response:  # fmt: skip
    with here.database.reading() as session:
        shown = views.lines(words, held, organisations(session))
    return render(
        request, "share_decisions.html", 422 if unclear else 200, person_id=person_id, lines=shown,
        offered=_offered(here, now, who, words), fields=fields, unclear=unclear,
    )  # fmt: skip
