"""Who looked at whom, and why; and whether the log was edited.

Invariants: every page here first asks the gate, which logs that the log was read; a person is looked for by a number
in a form, never in an address.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response, StreamingResponse

from app import auditing
from app.dependencies import Form, Here, Index, Now, Who, Words
from app.doors import gate_of
from app.exporting import FORMS, Format, pieces
from app.gate import Gate
from app.language import N_, Language
from app.problems import NOT_FOUND, UNREADABLE, Refused
from app.refusals import require
from app.rendering import render
from app.views.audit import entry_view, lines
from governance.ledger import ledger
from governance.ledger.ledger import AuditFilter
from governance.terms import EventKind, Outcome, Purpose

router = APIRouter()


class Asked(BaseModel):
    """The filters of the audit search; an empty one asks for everything."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    worker: str = Field(default="", max_length=80)
    organisation: str = Field(default="", max_length=120)
    purpose: Purpose | None = None
    outcome: Outcome | None = None
    kind: EventKind | None = None
    since: date | None = None
    until: date | None = None
    cursor: str | None = Field(default=None, max_length=200)

    @property
    def used(self) -> dict[str, str]:
        return {name: str(value) for name, value in self if value not in (None, "")}


def door(request: Request, here: Here, now: Now, who: Who, words: Words) -> Gate:
    """Let an officer in, or raise; either way it is an entry."""
    gate = gate_of(here)
    names = {name: "" for name in request.query_params if name in Asked.model_fields}
    require(gate.read_audit(who.actor, now, request.state.request_id, names), who, words)
    return gate


Allowed = Annotated[Gate, Depends(door)]


@router.get("/audit")
def search_audit(request: Request, here: Here, words: Words, _door: Allowed) -> Response:
    asked, problem = _read(dict(request.query_params))
    return _results(request, here, words, asked, problem, None)


@router.post("/audit")
def search_by_person(
    request: Request, here: Here, now: Now, who: Who, words: Words, index: Index, door: Allowed, fields: Form
) -> Response:
    asked, problem = _read(dict(fields))
    found = index.find_by_number(fields.get("number", ""))
    if found is None:
        problem = problem or N_("Enter a whole NHS number or UPN")
    return _results(request, here, words, asked, problem, _subjects(request, here, now, who, words, door, found or []))


def _subjects(
    request: Request, here: Here, now: Now, who: Who, words: Words, door: Gate, found: list[str]
) -> tuple[str, ...]:
    """The pseudonyms of the best match, once the gate has let this officer read about that very person."""
    best = found[:1]
    if not best:
        return ()
    require(door.read_audit(who.actor, now, request.state.request_id, {"number": ""}, best), who, words)
    with here.database.reading() as session:
        return auditing.pseudonyms(session, here.ring, best[0])


@router.post("/audit/export")
def export(request: Request, here: Here, now: Now, who: Who, _door: Allowed, fields: Form) -> Response:
    """Send the whole log as a file; the entry that says so is committed before the first byte."""
    chosen = fields.get("format")
    if chosen not in set(Format):
        raise Refused(UNREADABLE)
    auditing.note_export(here, who, now, request.state.request_id, f"audit-export-{chosen}")
    form = FORMS[Format(chosen)]
    name = f"ledger-{now:%Y-%m-%d}.{form.suffix}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_streamed(here, Format(chosen), now), media_type=form.media_type, headers=headers)


def _streamed(here: Here, chosen: Format, now: Now) -> Iterator[str]:
    with here.database.reading() as session:
        yield from pieces(session, chosen, now, lambda: None)


@router.get("/audit/entries/{entry_id}")
def read_entry(
    request: Request, here: Here, words: Words, _door: Allowed,
    entry_id: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
) -> Response:  # fmt: skip
    with here.database.reading() as session:
        entry = ledger.get(session, entry_id)
        if entry is None:
            raise Refused(NOT_FOUND)
        shown = entry_view(words, entry, auditing.workers(session, [entry]), auditing.proof(session, entry_id))
    return render(request, "audit_entry.html", entry=shown)


@router.get("/audit/verify")
def verify_page(request: Request, here: Here, _door: Allowed) -> Response:
    with here.database.reading() as session:
        anchor = auditing.newest_anchor(session)
    return render(request, "audit_verify.html", anchor=anchor, found=None)


@router.post("/audit/verify")
def verify(request: Request, here: Here, now: Now, who: Who, _door: Allowed, _fields: Form) -> Response:
    found = auditing.check(here, who, now, request.state.request_id)
    with here.database.reading() as session:
        anchor = auditing.newest_anchor(session)
    return render(request, "audit_verify.html", anchor=anchor, found=found)


def _read(fields: dict[str, str]) -> tuple[Asked, str | None]:
    try:
        return Asked.model_validate({name: value for name, value in fields.items() if value}), None
    except ValidationError:
        return Asked(), N_("We could not read one of the filters")


def _results(
    request: Request, here: Here, words: Language, asked: Asked, problem: str | None, subjects: tuple[str, ...] | None
) -> Response:
    with here.database.reading() as session:
        staff = auditing.staff_called(session, asked.worker) if asked.worker else []
        found = None
        if problem is None and (not asked.worker or len(staff) == 1) and subjects != ():
            found = auditing.page(session, _filter(asked, staff, subjects), asked.cursor)
        anchor = auditing.newest_anchor(session)
    shown = lines(words, found) if found else []
    return render(
        request, "audit.html", 422 if problem else 200, asked=asked, problem=problem, lines=shown, anchor=anchor,
        cursor=found.cursor if found else None, staff=staff, by_person=subjects is not None,
        kinds=list(EventKind), outcomes=list(Outcome), purposes=list(Purpose),
    )  # fmt: skip


def _filter(asked: Asked, staff: list[tuple[str, auditing.Worker]], subjects: tuple[str, ...] | None) -> AuditFilter:
    return AuditFilter(
        staff_id=staff[0][0] if staff else None,
        subjects=subjects or (),
        organisation=asked.organisation or None,
        purpose=asked.purpose,
        outcome=asked.outcome,
        kind=asked.kind,
        since=auditing.day_starts(asked.since) if asked.since else None,
        until=auditing.day_ends(asked.until) if asked.until else None,
    )
