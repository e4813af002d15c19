"""The data steward's queue: doubtful pairs of records, one at a time.

Invariants: every page here first asks the gate, which logs it; an address names a random id of the queue, never a
person; an answer is a form, given once, and binds until it is withdrawn.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from app import reviewing
from app.dependencies import Form, Here, Now, Who, Words
from app.language import N_
from app.problems import NOT_FOUND, Problem, Refused
from app.refusals import require
from app.rendering import render
from app.views.reviews import FAULTS, case_view, queue_lines
from linkage.persons.decisions import DecisionRefused
from linkage.quality.answers import AlreadyAnswered, Answer, NotInQueue

router = APIRouter()
PairRef = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
SETTLED = Problem(
    409, "already-answered", N_("This pair was answered before"), N_("Go back to the queue and take the next one.")
)


@router.get("/reviews")
def queue_page(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    queue = reviewing.queue(here, who.actor, now, request.state.request_id)
    require(queue.decision, who, words)
    return render(request, "reviews.html", counts=queue.counts, lines=queue_lines(words, queue.lines))


@router.get("/reviews/{pair_id}")
def case_page(request: Request, pair_id: PairRef, here: Here, now: Now, who: Who, words: Words) -> Response:
    return _case(request, pair_id, here, now, who, words, None)


@router.post("/reviews/{pair_id}")
def answer(request: Request, pair_id: PairRef, here: Here, now: Now, who: Who, words: Words, fields: Form) -> Response:
    said = fields.get("answer")
    if said not in set(Answer):
        return _case(request, pair_id, here, now, who, words, N_("Choose an answer"))
    try:
        decision = reviewing.answer(here, who.actor, pair_id, Answer(said), now, request.state.request_id)
    except NotInQueue:
        raise Refused(NOT_FOUND) from None
    except AlreadyAnswered:
        raise Refused(SETTLED) from None
    except DecisionRefused as refused:
        return _case(request, pair_id, here, now, who, words, FAULTS[refused.fault])
    require(decision, who, words)
    return RedirectResponse("/reviews", 303)


def _case(
    request: Request, pair_id: str, here: Here, now: Now, who: Who, words: Words, problem: str | None
) -> Response:
    opened = reviewing.open_case(here, who.actor, pair_id, now, request.state.request_id)
    require(opened.decision, who, words)
    if opened.case is None:
        raise Refused(NOT_FOUND)
    shown = case_view(words, opened.case, opened.held)
    return render(request, "review.html", 422 if problem else 200, case=shown, problem=problem, pair_id=pair_id)
