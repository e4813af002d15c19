"""Who is signed in, for an information governance officer, who may end a session at once.

Invariants: the gate is asked first, as for reading the log, and that is an entry; an end is an entry with the officer's
name; a session is named so that it can be ended, never so that it can be used.
"""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import sessions
from app.dependencies import Form, Here, Now, Who, Words
from app.doors import gate_of
from app.problems import NOT_FOUND, Refused
from app.refusals import require
from app.rendering import render
from app.sessions import NAME_LENGTH, EndedWhy

router = APIRouter()


@router.get("/sessions")
def list_sessions(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    _require_officer(request, here, now, who, words)
    with here.database.reading() as session:
        held = sessions.living(session, here.settings, now)
    return render(request, "sessions.html", sessions=held, own=who.session_hash[:NAME_LENGTH])


@router.post("/sessions")
def end_session(request: Request, here: Here, now: Now, who: Who, words: Words, fields: Form) -> Response:
    _require_officer(request, here, now, who, words)
    if not sessions.end_named(here, fields.get("name", ""), EndedWhy.BY_OFFICER, who.actor.staff_id, now):
        raise Refused(NOT_FOUND)
    return RedirectResponse("/sessions", 303)


def _require_officer(request: Request, here: Here, now: Now, who: Who, words: Words) -> None:
    require(gate_of(here).read_audit(who.actor, now, request.state.request_id, {"sessions": ""}), who, words)
