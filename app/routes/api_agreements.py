"""`/v1` for agreements: one version, its leaflet, what changed, what is due, what it would change; a leaflet given.

Invariants: those of `app.routes.api`; what counts caseloads or names workers is for officers, through the gate.
"""

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from sqlalchemy.orm import Session

from app import giving, impact, purposes
from app.agreement_warnings import due_now
from app.dependencies import ApiWho, Here, Now, Words
from app.giving import NoSuchLeaflet
from app.language import Code
from app.problems import NOT_FOUND, UNREADABLE, Refused
from app.reading import organisations
from app.refusals import require
from app.routes.agreements import AgreementCode, AgreementVersion
from app.routes.api import Model, may_audit, problems
from app.routes.families import Door, PersonRef
from app.views.agreement_changes import DuePage, due_page
from app.views.leaflet import Leaflet, leaflet
from governance.agreements import reviews
from governance.agreements.flows import Standing
from governance.agreements.register import standing_of
from governance.ledger.acts import act
from governance.terms import EventKind

router = APIRouter(prefix="/v1", responses=problems(400, 401, 403, 404, 405, 422, 500, 503))


class LeafletRequest(Model):
    agreement: str = Field(max_length=60)
    version: int = Field(ge=1, le=9999)
    language: Code


class LeafletRecord(Model):
    id: str


@router.get("/agreements/due", dependencies=[Depends(may_audit)])
def agreements_due(here: Here, now: Now, words: Words) -> DuePage:
    """List the reviews that are near or past, and who was warned of them by name."""
    with here.database.reading() as session:
        return due_page(words, due_now(session, now), reviews.warnings(session), organisations(session))


@router.get("/agreements/{code}/{version}")
def agreement_document(
    here: Here, now: Now, _who: ApiWho, code: AgreementCode, version: AgreementVersion
) -> dict[str, Any]:
    """Return the document that was signed, as it was read."""
    with here.database.reading() as session:
        return dict(_held(session, code, version, now).agreement.document)


@router.get("/agreements/{code}/{version}/leaflet")
def agreement_leaflet(
    here: Here, now: Now, _who: ApiWho, words: Words, code: AgreementCode, version: AgreementVersion
) -> Leaflet:
    """Return the family's leaflet of a version in the language asked for."""
    with here.database.reading() as session:
        return leaflet(words, _held(session, code, version, now), organisations(session), now)


@router.get("/agreements/{code}/{version}/impact", dependencies=[Depends(may_audit)])
def agreement_impact(
    here: Here, now: Now, who: ApiWho, code: AgreementCode, version: AgreementVersion
) -> dict[str, Any]:
    """Count who would gain and lose what; an act in the log."""
    with here.database.reading() as session:
        wanted = _held(session, code, version, now).agreement
    found = impact.impact(here, wanted, now, act(EventKind.IMPACT_COUNTED, who.actor.staff_id, {}))
    return dict(impact.as_json(found))


@router.post("/families/{person_id}/leaflets", status_code=201)
def give_leaflet(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, door: Door, words: Words,
    body: LeafletRequest,
) -> LeafletRecord:  # fmt: skip
    """Record that the family was given the leaflet of a version in force."""
    purpose = purposes.stated(here, who, person_id, now)
    read = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    require(read.decision, who, words)
    assert read.family is not None
    try:
        made = giving.give(here, who, read.family.index, body.agreement, body.version, body.language, now)
    except NoSuchLeaflet:
        raise Refused(UNREADABLE) from None
    return LeafletRecord(id=made)


def _held(session: Session, code: str, version: int, now: Now) -> Standing:
    held = [s for s in standing_of(session, code, now) if s.agreement.version == version]
    if not held:
        raise Refused(NOT_FOUND)
    return held[0]
