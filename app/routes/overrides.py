"""Overrides: a worker asks and ends, an officer reviews.

Invariants: the page that asks shows nothing of the person, so it is the same for everyone and for nobody; asking is
refused as a read would be, and only who proved a moment ago who they are may ask; the queue and its alarms are read
through the gate, as the log is.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from app import overriding
from app.dependencies import Form, Here, Now, SteppedUp, Who, Words
from app.language import N_
from app.overriding import Opened
from app.problems import FORBIDDEN, NOT_FOUND, Problem, Refused
from app.refusals import may_override, require
from app.rendering import render
from app.routes.families import PersonRef
from app.searching import Unclear
from app.views.overrides import alarm_lines, case_view, choices, flawed, read_form, review_lines
from governance.overrides.alarms import NoSuchAlarm
from governance.overrides.reviews import NoSuchReview, OwnOverride
from governance.overrides.store import NoSuchOverride, OverrideRefused
from governance.terms import ReviewOutcome

router = APIRouter()
OverrideRef = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
SETTLED = Problem(
    409, "already-reviewed", N_("This override was reviewed before"), N_("Go back to the queue and take the next one.")
)
OWN = Problem(403, "own-override", N_("You used this override yourself"), N_("Somebody else must review it."))
LONGEST_NOTE = 2000


@router.get("/families/{person_id}/override")
def ask_page(request: Request, person_id: PersonRef, who: SteppedUp, words: Words) -> Response:
    return _asking(request, person_id, who, words, {}, [])


@router.post("/families/{person_id}/override")
def ask(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: SteppedUp, words: Words, fields: Form
) -> Response:
    asked = read_form(person_id, fields, who.actor.role, now)
    if isinstance(asked, list):
        return _asking(request, person_id, who, words, dict(fields), asked)
    try:
        granted = overriding.ask(here, who, asked, now, request.state.request_id)
    except OverrideRefused as refused:
        return _asking(request, person_id, who, words, dict(fields), [flawed(refused.flaw)])
    require(granted.decision, who, words, here)
    return RedirectResponse(f"/families/{person_id}", 303)


@router.post("/overrides/{override_id}/end")
def end(override_id: OverrideRef, here: Here, now: Now, who: Who, _fields: Form) -> Response:
    try:
        about = overriding.end(here, who, override_id, now)
    except NoSuchOverride:
        raise Refused(NOT_FOUND) from None
    return RedirectResponse(f"/families/{about}", 303)


@router.get("/overrides")
def queue_page(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    queue = overriding.queue(here, who.actor, now, request.state.request_id)
    require(queue.decision, who, words)
    lines, alarms = review_lines(words, queue.reviews), alarm_lines(words, queue.alarms)
    return render(request, "overrides.html", lines=lines, alarms=alarms)


@router.get("/overrides/{override_id}")
def case_page(request: Request, override_id: OverrideRef, here: Here, now: Now, who: Who, words: Words) -> Response:
    opened = overriding.open_case(here, who.actor, override_id, now, request.state.request_id)
    return _case(request, opened, override_id, who, words, None)


@router.post("/overrides/{override_id}")
def judge(
    request: Request, override_id: OverrideRef, here: Here, now: Now, who: Who, words: Words, fields: Form
) -> Response:
    said, note = fields.get("outcome"), fields.get("note", "")
    if said not in set(ReviewOutcome) or len(note) > LONGEST_NOTE:
        opened = overriding.open_case(here, who.actor, override_id, now, request.state.request_id)
        return _case(request, opened, override_id, who, words, N_("Choose what you found"))
    try:
        outcome, reference = ReviewOutcome(said), request.state.request_id
        decision = overriding.judge(here, who.actor, override_id, outcome, note, now, reference)
    except NoSuchReview:
        raise Refused(SETTLED) from None
    except OwnOverride:
        raise Refused(OWN) from None
    require(decision, who, words)
    return RedirectResponse("/overrides", 303)


@router.post("/alarms/{alarm_id}/seen")
def take_note(
    request: Request, alarm_id: OverrideRef, here: Here, now: Now, who: Who, words: Words, _fields: Form
) -> Response:
    try:
        decision = overriding.take_note(here, who.actor, alarm_id, now, request.state.request_id)
    except NoSuchAlarm:
        raise Refused(NOT_FOUND) from None
    require(decision, who, words)
    return RedirectResponse("/overrides", 303)


def _asking(
    request: Request, person_id: str, who: Who, words: Words, fields: dict[str, str], unclear: list[Unclear]
) -> Response:
    if not may_override(who.actor.role):
        raise Refused(FORBIDDEN)
    return render(
        request, "override.html", 422 if unclear else 200, person_id=person_id, offered=choices(words, who.actor.role),
        fields=fields, unclear=unclear,
    )  # fmt: skip


def _case(request: Request, opened: Opened, override_id: str, who: Who, words: Words, problem: str | None) -> Response:
    require(opened.decision, who, words)
    if opened.case is None:
        raise Refused(NOT_FOUND)
    shown = case_view(words, opened)
    return render(
        request, "override_review.html", 422 if problem else 200, case=shown, problem=problem, override_id=override_id
    )
