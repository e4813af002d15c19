"""Saying that one works with a child, delegating work with one, one purpose for a meeting about several.

Invariants: pages that ask show nothing of a record that is not open already; what is said is a form, and an entry.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from app import purposes, relating
from app.caseload import own_families
from app.dependencies import Form, Here, Now, Who, Words
from app.identity import SignedIn
from app.language import LONDON, N_
from app.problems import FORBIDDEN, NOT_FOUND, Refused
from app.refusals import require
from app.rendering import render
from app.routes.families import Door, PersonRef
from app.searching import Unclear
from app.views.lists import lines
from governance.overrides.meetings import MOST_FAMILIES
from governance.overrides.relations import DELEGATES, RelationRefused
from governance.people import FactRefused
from governance.policy.checks import ROLES
from governance.terms import Action, Purpose

router = APIRouter()
RelationRef = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@router.get("/families/{person_id}/claim")
def claim_page(request: Request, person_id: PersonRef, here: Here, who: Who) -> Response:
    return _claiming(request, here, who, person_id, 200)


@router.post("/families/{person_id}/claim")
def claim(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, words: Words, fields: Form
) -> Response:
    said = fields.get("purpose", "")
    if said not in purposes.choices(who.actor.role):
        return _claiming(request, here, who, person_id, 422)
    purpose, reference = Purpose(said), request.state.request_id
    require(relating.claim(here, who, person_id, purpose, now, reference).decision, who, words, here)
    purposes.state(here, who, person_id, purpose, now, reference)
    return RedirectResponse(f"/families/{person_id}", 303)


def _claiming(request: Request, here: Here, who: SignedIn, person_id: str, status: int) -> Response:
    if who.actor.role not in ROLES[Action.SEARCH]:
        raise Refused(FORBIDDEN)
    unclear = [Unclear("purpose", N_("Choose why you need to look"))] if status == 422 else []
    choices = purposes.choices(who.actor.role)
    hours = here.settings.claim_hours
    return render(request, "claim.html", status, person_id=person_id, choices=choices, unclear=unclear, hours=hours)


@router.get("/families/{person_id}/delegations")
def delegations_page(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words
) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    if purpose is None:
        return RedirectResponse(f"/families/{person_id}/purpose", 303)
    read = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    require(read.decision, who, words, here, person_id)
    return _delegating(request, here, now, who, person_id, {}, [])


@router.post("/families/{person_id}/delegations")
def delegate(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, words: Words, fields: Form
) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    try:
        username = fields.get("username", "")
        made = relating.delegate(here, who, person_id, purpose, username, None, now, request.state.request_id)
    except RelationRefused:
        unclear = Unclear("username", N_("Nobody of that username holds a role to which you may delegate this child"))
        return _delegating(request, here, now, who, person_id, fields, [unclear])
    require(made.decision, who, words, here, person_id)
    return RedirectResponse(f"/families/{person_id}/delegations", 303)


@router.post("/delegations/{relationship_id}/end")
def end_delegation(relationship_id: RelationRef, here: Here, now: Now, who: Who, _fields: Form) -> Response:
    try:
        about = relating.end_delegation(here, who, relationship_id, now)
    except FactRefused:
        raise Refused(NOT_FOUND) from None
    return RedirectResponse(f"/families/{about}/delegations", 303)


def _delegating(
    request: Request, here: Here, now: Now, who: SignedIn, person_id: str, fields: Mapping[str, str],
    unclear: list[Unclear],
) -> Response:  # fmt: skip
    given = relating.given(here, who, person_id, now)
    roles = sorted(DELEGATES.get(who.actor.role, frozenset()))
    return render(
        request, "delegations.html", 422 if unclear else 200, person_id=person_id, given=given, roles=roles,
        fields=fields, unclear=unclear,
    )  # fmt: skip


@router.get("/meeting")
def meeting_page(request: Request, here: Here, now: Now, who: Who, words: Words) -> Response:
    return _meeting(request, here, now, who, words, {}, [])


@router.post("/meeting")
def convene(request: Request, here: Here, now: Now, who: Who, words: Words, fields: Form) -> Response:
    # What is of no question here is not said again on a page that lists children.
    fields = {name: held for name, held in fields.items() if name == "purpose" or name.startswith("family_")}
    request.state.fields = fields
    families = [name.removeprefix("family_") for name in fields if name.startswith("family_")]
    own = {row.person.person_id for row in own_families(here, who, now, request.state.request_id)[0]}
    unclear = []
    if not 0 < len(families) <= MOST_FAMILIES or not own.issuperset(families):
        unclear.append(Unclear("families", N_("Choose the families the meeting is about")))
    if fields.get("purpose") not in purposes.choices(who.actor.role):
        unclear.append(Unclear("purpose", N_("Choose why you need to look")))
    if unclear:
        return _meeting(request, here, now, who, words, fields, unclear)
    purpose, reference = Purpose(fields["purpose"]), request.state.request_id
    if purposes.state_for_meeting(here, who, families, purpose, now, reference) is None:
        raise Refused(FORBIDDEN)
    return RedirectResponse("/", 303)


def _meeting(
    request: Request, here: Here, now: Now, who: SignedIn, words: Words, fields: Mapping[str, str],
    unclear: list[Unclear],
) -> Response:  # fmt: skip
    if who.actor.role not in ROLES[Action.READ_FAMILY]:
        raise Refused(FORBIDDEN)
    rows, _ = own_families(here, who, now, request.state.request_id)
    families = lines(words, rows, now.astimezone(LONDON).date())
    return render(
        request, "meeting.html", 422 if unclear else 200, families=families,
        choices=purposes.choices(who.actor.role), fields=fields, unclear=unclear,
    )  # fmt: skip
