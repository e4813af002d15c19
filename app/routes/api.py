"""`/v1`: the same work as the pages, for machines, through the same gate.

Invariants: bodies allow no unknown field; errors are RFC 9457 problems that never repeat what was sent; nothing here
reads what a page would not; an act needs a bearer token, a cookie is enough only to read.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app import auditing, caseload, identity, placing, purposes, searching
from app.cohorts.asking import CohortDenied, ask
from app.cohorts.population import CohortRefused
from app.cohorts.question import Criterion, Geography
from app.dependencies import ApiWho, Here, Index, Now, Words, demo_only
from app.doors import gate_of
from app.language import LONDON
from app.placing import Fit
from app.problems import FORBIDDEN, PROBLEM_JSON, UNREADABLE, Refused
from app.reading import gather, organisations
from app.refusals import require
from app.routes.families import Door, PersonRef, count
from app.views.agreements import Row, register
from app.views.cohorts import AnswerView, answer_view, question_of
from app.views.entries import Filters
from app.views.family import FamilyView, view
from app.views.lists import Line, lines
from governance.agreements.register import standings
from governance.ledger.ledger import AuditFilter, EventRefused
from governance.terms import EventKind, Outcome, Purpose, Role
from linkage.catalogue import catalogue
from linkage.index.placing import Placement
from linkage.rows import EventStatus


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ProblemDocument(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"description": "Problem", "content": content} for status in statuses}


router = APIRouter(prefix="/v1", responses=problems(400, 401, 403, 404, 405, 422, 500, 503))


class SessionRequest(Model):
    username: str = Field(min_length=1, max_length=80)
    role: Role


class SessionToken(Model):
    token: str
    expires_in_seconds: int


class SearchRequest(Model):
    """A number, or a name with or without a date of birth."""

    number: str | None = Field(default=None, max_length=40)
    given_name: str | None = Field(default=None, max_length=80)
    family_name: str | None = Field(default=None, max_length=80)
    date_of_birth: date | None = None


class SearchResult(Model):
    items: list[Line]


class PlacementRequest(Model):
    """What one record states of one person; identifiers are read as those of an extract."""

    nhs_number: str | None = Field(default=None, max_length=40)
    upn: str | None = Field(default=None, max_length=40)
    given_name: str | None = Field(default=None, max_length=80)
    middle_names: str | None = Field(default=None, max_length=120)
    family_name: str | None = Field(default=None, max_length=80)
    former_family_name: str | None = Field(default=None, max_length=80)
    date_of_birth: date | None = None
    address: str | None = Field(default=None, max_length=200)
    postcode: str | None = Field(default=None, max_length=20)
    uprn: str | None = Field(default=None, max_length=20)
    telephone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=200)


class PlacementLine(Model):
    """How the record fits one person: a random id, log2 odds, and the fields that agree."""

    person_id: str
    match_weight: float
    fit: Fit
    agrees_in: list[str]


class PlacementResult(Model):
    items: list[PlacementLine]


class PurposeRequest(Model):
    purpose: Purpose


class AuditEntry(Model):
    id: str
    index: int | None
    recorded_at: datetime
    kind: EventKind
    outcome: Outcome
    worker: str | None
    organisation: str | None
    purpose: Purpose | None
    reasons: list[str]


class AuditPage(Model):
    items: list[AuditEntry]
    next_cursor: str | None


class VerificationResult(Model):
    ok: bool
    entries: int
    checkpoints: int
    pending: int
    root: str
    failure: str | None


class CriterionRequest(Model):
    event: str = Field(max_length=60)
    status: EventStatus = EventStatus.HAPPENED
    from_months: int = Field(default=0, ge=0, le=240)
    to_months: int = Field(default=36, ge=0, le=240)
    having: Literal["has", "has_not"] = "has"


class CohortRequest(Model):
    project: str = Field(max_length=60)
    born_from: str = Field(pattern="^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")
    born_to: str = Field(pattern="^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")
    group_by: Geography
    criterion: CriterionRequest | None = None


@router.post("/sessions", status_code=201, dependencies=[Depends(demo_only)])
def begin_session(request: Request, here: Here, now: Now, body: SessionRequest) -> SessionToken:
    """Begin a session in demo mode, on this machine only."""
    token = identity.sign_in(here, body.username, body.role, now, request.state.request_id)
    if token is None:
        raise Refused(FORBIDDEN)
    return SessionToken(token=token, expires_in_seconds=here.settings.session_hours * 3600)


@router.post("/search")
def search(
    request: Request, here: Here, now: Now, who: ApiWho, words: Words, index: Index, body: SearchRequest
) -> SearchResult:
    """Find a child; a search that finds nothing is logged too."""
    fields = {name: str(value) for name, value in body if value is not None and name != "date_of_birth"}
    if body.date_of_birth:
        fields |= dict(zip(("year", "month", "day"), body.date_of_birth.isoformat().split("-"), strict=True))
    sought = searching.read_form(fields)
    if isinstance(sought, list):
        raise Refused(UNREADABLE)
    hits = {hit.person_id: hit.strength for hit in index.find(sought)}
    read = gate_of(here).search(who.actor, now, request.state.request_id, list(hits))
    require(read.decision, who, words)
    rows = caseload.described(here, who, now, read.hits)
    return SearchResult(items=lines(words, rows, now.astimezone(LONDON).date(), hits))


@router.post("/placements")
def place_record(
    request: Request, here: Here, now: Now, who: ApiWho, words: Words, index: Index, body: PlacementRequest
) -> PlacementResult:
    """Say to whom a record would be joined, for a data steward; placing a record with nobody is logged too."""
    texts = {name: value for name, value in body if isinstance(value, str)}
    stated = placing.read(texts, body.date_of_birth)
    if isinstance(stated, placing.Unreadable):
        raise Refused(UNREADABLE)
    placed = {str(one.person_id): one for one in placing.likely(index.place(stated))}
    read = gate_of(here).place_record(who.actor, now, request.state.request_id, list(placed))
    require(read.decision, who, words)
    return PlacementResult(items=[_placement(person, placed[person]) for person in read.hits if person in placed])


@router.post("/families/{person_id}/purpose", status_code=204)
def state_purpose(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, body: PurposeRequest
) -> None:
    """Say why this person's family is to be read; needed before reading."""
    if not purposes.state(here, who, person_id, body.purpose, now, request.state.request_id):
        raise Refused(FORBIDDEN)


@router.get("/families/{person_id}")
def read_family(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, door: Door, words: Words
) -> FamilyView:
    """Read a child's family: exactly what the page shows under the same permit."""
    purpose = purposes.stated(here, who, person_id, now)
    read = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    count(request, read)
    require(read.decision, who, words, here, person_id)
    return view(words, gather(here, read), now.astimezone(LONDON).date(), Filters(), who.organisation)


def may_audit(request: Request, here: Here, now: Now, who: ApiWho, words: Words) -> None:
    """Let an officer in, or raise; either way it is an entry."""
    gate = gate_of(here)
    require(gate.read_audit(who.actor, now, request.state.request_id, {}), who, words)


@router.get("/audit", dependencies=[Depends(may_audit)])
def read_audit(
    here: Here,
    kind: EventKind | None = None,
    outcome: Outcome | None = None,
    purpose: Purpose | None = None,
    since: date | None = None,
    until: date | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """Read the log, newest first; `next_cursor` asks for the page after."""
    asked = AuditFilter(
        kind=kind, outcome=outcome, purpose=purpose,
        since=auditing.day_starts(since) if since else None, until=auditing.day_ends(until) if until else None,
    )  # fmt: skip
    try:
        with here.database.reading() as session:
            page = auditing.page(session, asked, cursor, limit)
    except (EventRefused, OverflowError):
        raise Refused(UNREADABLE) from None
    return AuditPage(items=[_entry(page, entry) for entry in page.entries], next_cursor=page.cursor)


@router.post("/audit/verification", dependencies=[Depends(may_audit)])
def verify_audit(request: Request, here: Here, now: Now, who: ApiWho) -> VerificationResult:
    """Recompute the whole log against every checkpoint."""
    found = auditing.check(here, who, now, request.state.request_id)
    failure = found.first_failure
    return VerificationResult(
        ok=found.ok, entries=found.entries, checkpoints=found.checkpoints, pending=found.pending, root=found.root,
        failure=str(failure.kind) if failure else None,
    )  # fmt: skip


class AgreementList(Model):
    items: list[Row]


@router.get("/agreements")
def list_agreements(here: Here, now: Now, _who: ApiWho, words: Words) -> AgreementList:
    """List every version of every sharing agreement."""
    with here.database.reading() as session:
        return AgreementList(items=register(words, standings(session, now), organisations(session), now))


@router.post("/cohorts")
def count_cohort(request: Request, here: Here, now: Now, who: ApiWho, words: Words, body: CohortRequest) -> AnswerView:
    """Count children and families by area; small counts are hidden."""
    held = body.criterion
    if body.born_from > body.born_to or (held and held.event not in catalogue().event_types):
        raise Refused(UNREADABLE)
    criterion = Criterion(held.event, (held.status,), held.from_months, held.to_months) if held else None
    fields = {"project": body.project, "born_from": body.born_from, "born_to": body.born_to, "area": str(body.group_by)}
    question = question_of(words, fields | {"having": held.having if held else "has"}, criterion)
    try:
        gate = gate_of(here)
        answer = ask(gate, here.database, who.actor, question, now, request.state.request_id)
    except CohortDenied as denied:
        require(denied.decision, who, words)
        raise
    except CohortRefused:
        raise Refused(FORBIDDEN) from None
    return answer_view(words, answer, question)


def _placement(person_id: str, one: Placement) -> PlacementLine:
    return PlacementLine(
        person_id=person_id, match_weight=round(one.match_weight, 2), fit=placing.FITS[one.standing],
        agrees_in=list(one.fields),
    )  # fmt: skip


def _entry(page: auditing.Page, entry: Any) -> AuditEntry:
    worker = page.workers.get(entry.staff_id or "")
    return AuditEntry(
        id=entry.id, index=entry.index, recorded_at=entry.recorded_at, kind=entry.kind, outcome=entry.outcome,
        worker=worker.username if worker else None, organisation=entry.organisation, purpose=entry.purpose,
        reasons=list(entry.body["reasons"]),
    )  # fmt: skip
