"""Answering people who ask who looked at their record, or at their child's.

Invariants: every page here first asks the gate, which logs it, and which lets nobody deal with a request of their own
family; people are looked for by a number in a form; a report is shown only as it was released.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import auditing, disclosing
from app.dependencies import Form, Here, Index, Now, Who, Words
from app.disclosing import Opened
from app.disclosure_bundle import bundle
from app.doors import gate_of
from app.language import LONDON, N_
from app.problems import NOT_FOUND, Problem, Refused
from app.reading import organisations
from app.refusals import require
from app.rendering import render
from app.searching import SearchIndex
from app.views.access_requests import EVIDENCE, RIGHTS, report_view, request_page, waiting
from governance.reports.asking import Asked, Evidence, Right, Step
from governance.reports.store import RequestRefused

router = APIRouter(prefix="/access-requests")
RequestRef = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
NOT_NOW = Problem(
    409, "not-now", N_("This cannot be done with the request now"),
    N_("Go back to the request: the checks, or another officer, say otherwise."),
)  # fmt: skip


def enter(request: Request, here: Here, now: Now, who: Who, words: Words, about: tuple[str, ...] = ()) -> None:
    """Let an officer in, or raise; either way it is an entry."""
    decision = gate_of(here).read_audit(who.actor, now, request.state.request_id, {}, about)
    require(decision, who, words)


def known(request: Request, here: Here, now: Now, who: Who, words: Words, request_id: str) -> Opened:
    """Return a request to an officer who may deal with it, or raise."""
    enter(request, here, now, who, words)
    opened = disclosing.opened(here, request_id, now)
    if opened is None:
        raise Refused(NOT_FOUND)
    asked = opened.held.asked
    enter(request, here, now, who, words, tuple({asked.person_id, asked.asker_person_id}))
    return opened


@router.get("")
def requests(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    enter(request, here, now, who, words)
    return _list(request, here, now, words, {}, None)


@router.post("")
def receive(request: Request, here: Here, now: Now, who: Who, words: Words, index: Index, fields: Form) -> Response:
    enter(request, here, now, who, words)
    asked = _asked(index, fields)
    received = _day(fields.get("received", ""))
    if isinstance(asked, str) or received is None or received > now.astimezone(LONDON).date():
        fault = asked if isinstance(asked, str) else N_("Enter the day on which the request was received")
        return _list(request, here, now, words, fields, fault)
    enter(request, here, now, who, words, tuple({asked.person_id, asked.asker_person_id}))
    made = disclosing.receive(here, who.actor, asked, received, now)
    return RedirectResponse(f"/access-requests/{made}", 303)


@router.get("/{request_id}")
def one(request: Request, request_id: RequestRef, here: Here, now: Now, who: Who, words: Words) -> Response:
    opened = known(request, here, now, who, words, request_id)
    with here.database.reading() as session:
        workers = auditing.names_of(session, {taken.by for taken in opened.held.steps})
        held = organisations(session)
    page, preview = request_page(words, opened, workers, now.astimezone(LONDON).date()), None
    if page.may_release:
        made = disclosing.preview(here, opened.held, who.actor, now)
        preview = report_view(words, made.content, made.content_hash, held)
    return render(request, "access_request.html", page=page, preview=preview)


@router.post("/{request_id}/step")
def step(
    request: Request, request_id: RequestRef, here: Here, now: Now, who: Who, words: Words, fields: Form
) -> Response:
    known(request, here, now, who, words, request_id)
    wanted = fields.get("step", "")
    try:
        if wanted == Step.RELEASED:
            left_out = fields.get("left_out", "").split()
            disclosing.release(here, who.actor, request_id, left_out, fields.get("in_interest") == "yes", now)
        else:
            disclosing.step(here, who.actor, request_id, Step(wanted) if wanted in set(Step) else Step.RECEIVED, now)
    except RequestRefused:
        raise Refused(NOT_NOW) from None
    return RedirectResponse(f"/access-requests/{request_id}", 303)


@router.get("/{request_id}/report")
def report(request: Request, request_id: RequestRef, here: Here, now: Now, who: Who, words: Words) -> Response:
    made = _released(request, here, now, who, words, request_id, "access-report")
    with here.database.reading() as session:
        view = report_view(words, made.content, made.content_hash, organisations(session))
    return render(request, "access_report.html", report=view, request_ref=request_id)


@router.get("/{request_id}/report.json")
def report_json(request: Request, request_id: RequestRef, here: Here, now: Now, who: Who, words: Words) -> Response:
    made = _released(request, here, now, who, words, request_id, "access-report-json")
    return JSONResponse({"report": made.content, "content_hash": made.content_hash})


@router.get("/{request_id}/report.zip")
def report_zip(request: Request, request_id: RequestRef, here: Here, now: Now, who: Who, words: Words) -> Response:
    made = _released(request, here, now, who, words, request_id, "access-report-bundle")
    with here.database.reading() as session:
        held = organisations(session)
    headers = {"content-disposition": 'attachment; filename="who-looked.zip"'}
    return Response(bundle(here, made, held), media_type="application/zip", headers=headers)


def _released(
    request: Request, here: Here, now: Now, who: Who, words: Words, request_id: str, operation: str
) -> disclosing.Report:
    """Return the report, its handing out committed to the log first."""
    opened = known(request, here, now, who, words, request_id)
    try:
        made = disclosing.report(here, opened.held)
    except RequestRefused:
        raise Refused(NOT_NOW) from None
    auditing.note_export(here, who, now, request.state.request_id, operation)
    return made


def _asked(index: SearchIndex, fields: Mapping[str, str]) -> Asked | str:
    """Read the form; return what is unclear where it is."""
    right = fields.get("right", "")
    if right not in set(Right):
        return N_("Choose in what right they ask")
    person = index.find_by_number(fields.get("number", ""))
    asker = (
        person if Right(right) is not Right.PARENTAL_RESPONSIBILITY else index.find_by_number(fields.get("asker", ""))
    )
    if person is None or asker is None:
        return N_("Enter a whole NHS number or UPN")
    if not person or not asker:
        return N_("Nobody with this number is in the record.")
    evidence = frozenset(e for e in Evidence if fields.get(f"evidence_{e}") == "yes")
    return Asked(person[0], asker[0], Right(right), evidence)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _list(
    request: Request, here: Here, now: Now, words: Words, fields: Mapping[str, str], fault: str | None
) -> Response:
    today = now.astimezone(LONDON).date()
    shown = [waiting(words, held, due, today) for held, due in disclosing.every(here, now)]
    kept = {name: value for name, value in fields.items() if name not in ("number", "asker")}
    return render(
        request, "access_requests.html", 422 if fault else 200, requests=shown, fields=kept, fault=fault,
        rights=RIGHTS, evidence=EVIDENCE,
    )  # fmt: skip
