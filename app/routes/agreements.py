"""The register of sharing agreements: what may be shared, why, and what say families have. No record is read here.

Invariant: what counts caseloads or names workers is for information governance officers, through the gate, in the log.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import impact as impacts
from app.agreement_warnings import dashboard, due_now
from app.dependencies import Here, Now, Who, Words
from app.doors import gate_of
from app.problems import NOT_FOUND, Refused
from app.reading import organisations
from app.refusals import require
from app.rendering import render
from app.views.agreement_changes import changes, due_page, impact_page
from app.views.agreement_document import document_of
from app.views.agreements import agreement_page, register
from app.views.leaflet import leaflet
from governance.agreements import reviews
from governance.agreements.diff import diff
from governance.agreements.flows import Standing
from governance.agreements.register import standing_of, standings
from governance.agreements.signing import signed_when
from governance.ledger.acts import act
from governance.terms import EventKind, Role

router = APIRouter()

AgreementCode = Annotated[str, Path(pattern="^[A-Za-z0-9_.-]{1,60}$")]
AgreementVersion = Annotated[int, Path(ge=1, le=9999)]


def officers_only(request: Request, here: Here, now: Now, who: Who, words: Words) -> None:
    """Let an officer in, or raise; either way it is an entry."""
    gate = gate_of(here)
    require(gate.read_audit(who.actor, now, request.state.request_id, {"agreements": ""}), who, words)


Officer = Depends(officers_only)


@router.get("/agreements")
def agreements(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    with here.database.reading() as session:
        shown = register(words, standings(session, now), organisations(session), now)
        figures = dashboard(session, now) if who.actor.role is Role.IG_OFFICER else None
    return render(request, "agreements.html", rows=shown, figures=figures)


@router.get("/agreements/due", dependencies=[Officer])
def agreements_due(request: Request, here: Here, now: Now, words: Words) -> Response:
    with here.database.reading() as session:
        shown = due_page(words, due_now(session, now), reviews.warnings(session), organisations(session))
    return render(request, "agreements_due.html", page=shown)


@router.get("/agreements/{code}/{version}")
def agreement(
    request: Request, here: Here, now: Now, who: Who, words: Words, code: AgreementCode, version: AgreementVersion
) -> Response:
    with here.database.reading() as session:
        shown = agreement_page(words, _held(session, code, version, now), organisations(session), now)
    return render(request, "agreement.html", page=shown, officer=who.actor.role is Role.IG_OFFICER)


@router.get("/agreements/{code}/{version}/document")
def agreement_document(
    request: Request, here: Here, now: Now, _who: Who, words: Words, code: AgreementCode, version: AgreementVersion
) -> Response:
    with here.database.reading() as session:
        held, signed = _held(session, code, version, now), signed_when(session, code, version)
        shown = document_of(words, held, organisations(session), signed, now)
    return render(request, "agreement_document.html", page=shown, title=shown.row.title, code=code, version=version)


@router.get("/agreements/{code}/{version}/leaflet")
def agreement_leaflet(
    request: Request, here: Here, now: Now, _who: Who, words: Words, code: AgreementCode, version: AgreementVersion
) -> Response:
    with here.database.reading() as session:
        shown = leaflet(words, _held(session, code, version, now), organisations(session), now)
    return render(request, "leaflet.html", page=shown, title=shown.title, code=code, version=version)


@router.get("/agreements/{code}/{version}/changes")
def agreement_changes(
    request: Request, here: Here, now: Now, _who: Who, words: Words, code: AgreementCode, version: AgreementVersion
) -> Response:
    """What changed since the version before."""
    with here.database.reading() as session:
        held = _held(session, code, version, now)
        earlier = [s for s in standing_of(session, code, now) if s.agreement.version < version]
        named = organisations(session)
    before = earlier[-1].agreement if earlier else None
    found = diff(before, held.agreement) if before else ()
    shown = changes(words, before, held.agreement, found, named)
    return render(request, "agreement_changes.html", page=shown, code=code, version=version)


@router.get("/agreements/{code}/{version}/impact", dependencies=[Officer])
def agreement_impact(
    request: Request, here: Here, now: Now, who: Who, words: Words, code: AgreementCode, version: AgreementVersion
) -> Response:
    """Who would gain and lose what: counts over the caseloads, for officers, an act in the log."""
    with here.database.reading() as session:
        wanted, named = _held(session, code, version, now).agreement, organisations(session)
    found = impacts.impact(here, wanted, now, act(EventKind.IMPACT_COUNTED, who.actor.staff_id, {}))
    shown = impact_page(words, found, wanted, named)
    return render(request, "agreement_impact.html", page=shown, code=code, version=version)


def _held(session: Session, code: str, version: int, now: Now) -> Standing:
    held = [s for s in standing_of(session, code, now) if s.agreement.version == version]
    if not held:
        raise Refused(NOT_FOUND)
    return held[0]
