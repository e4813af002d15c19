"""Finding a child.

Invariants: what is looked for comes in a form and never in an address; what may be listed the gate decides and logs,
also when nothing is found.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import caseload, searching
from app.dependencies import Form, Here, Index, Now, Who, Words
from app.doors import gate_of
from app.language import LONDON
from app.refusals import require
from app.rendering import render
from app.views.lists import lines
from linkage.rows import Identity

router = APIRouter()


@router.get("/search")
def search_page(request: Request, who: Who) -> Response:
    return render(request, "search.html", fields={}, unclear=[], found=None)


@router.post("/search")
def search(request: Request, here: Here, now: Now, who: Who, words: Words, index: Index, fields: Form) -> Response:
    sought = searching.read_form(fields)
    if not isinstance(sought, Identity):
        return render(request, "search.html", 422, fields=fields, unclear=sought, found=None)
    hits = {hit.person_id: hit.strength for hit in index.find(sought)}
    read = gate_of(here).search(who.actor, now, request.state.request_id, list(hits))
    require(read.decision, who, words)
    rows = caseload.described(here, who, now, read.hits)
    found = lines(words, rows, now.astimezone(LONDON).date(), hits)
    return render(request, "search.html", fields=fields, unclear=[], found=found)
