"""Counting children by area, for planning.

Invariants: a count is made only through the gate and released only through disclosure control; what is hidden is said
in words and never as a number; no record is read.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.cohorts.asking import CohortDenied, ask
from app.cohorts.population import CohortRefused
from app.dependencies import Form, Here, Now, Who, Words
from app.doors import gate_of
from app.refusals import require
from app.rendering import render
from app.views.cohorts import CohortForm, Unclear, answer_view, form, read_form

router = APIRouter()


@router.get("/cohorts")
def cohorts_page(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    return _page(request, _form(here, now, who, words), {}, [])


@router.post("/cohorts")
def count(request: Request, here: Here, now: Now, who: Who, words: Words, fields: Form) -> Response:
    offered = _form(here, now, who, words)
    question = read_form(words, fields, offered)
    if isinstance(question, list):
        return _page(request, offered, dict(fields), question)
    gate = gate_of(here)
    try:
        answer = ask(gate, here.database, who.actor, question, now, request.state.request_id)
    except CohortDenied as denied:
        require(denied.decision, who, words)
        raise
    except CohortRefused as refused:
        return _page(request, offered, dict(fields), [Unclear("project", str(refused))])
    shown = answer_view(words, answer, question)
    return render(request, "cohorts.html", offered=offered, fields=fields, unclear=[], answer=shown)


def _form(here: Here, now: Now, who: Who, words: Words) -> CohortForm:
    with here.database.reading() as session:
        return form(session, words, who.actor.staff_id, now)


def _page(request: Request, offered: CohortForm, fields: dict[str, str], unclear: list[Unclear]) -> Response:
    status = 422 if unclear else 200
    return render(request, "cohorts.html", status, offered=offered, fields=fields, unclear=unclear, answer=None)
