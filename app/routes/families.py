"""A family: say why, then read.

Invariants: the purpose page shows nothing of the person, so it is the same for everyone and for nobody; the record is
read only through the gate; ids here are random.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from app import overriding, purposes
from app.dependencies import Form, Here, Now, Who, Words
from app.doors import gate_of
from app.gate import FamilyRead, Gate
from app.language import LONDON, N_
from app.reading import gather
from app.refusals import may_override, require
from app.rendering import render
from app.views.entries import Filters
from app.views.family import view
from app.views.overrides import banners
from governance.overrides.relations import DELEGATES
from governance.terms import Purpose, Role

router = APIRouter()

PersonRef = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Choice = Annotated[str, Query(max_length=40, pattern="^[a-z0-9_]*$")]


def door_of(here: Here) -> Gate:
    return gate_of(here)


Door = Annotated[Gate, Depends(door_of)]


@router.get("/families/{person_id}/purpose")
def ask_purpose(request: Request, person_id: PersonRef, who: Who) -> Response:
    return _purpose_page(request, person_id, who.actor.role, 200)


@router.post("/families/{person_id}/purpose")
def state_purpose(request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, fields: Form) -> Response:
    said = fields.get("purpose", "")
    if said not in set(Purpose) or not purposes.state(
        here, who, person_id, Purpose(said), now, request.state.request_id
    ):
        return _purpose_page(request, person_id, who.actor.role, 422)
    return RedirectResponse(f"/families/{person_id}", 303)


@router.get("/families/{person_id}")
def read_family(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words,
    service: Choice = "", person: Choice = "", year: Choice = "",
) -> Response:  # fmt: skip
    purpose = purposes.stated(here, who, person_id, now)
    if purpose is None:
        return RedirectResponse(f"/families/{person_id}/purpose", 303)
    read = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    count(request, read)
    require(read.decision, who, words, here, person_id)
    data = gather(here, read)
    page = view(words, data, now.astimezone(LONDON).date(), Filters(service, person, year), who.organisation)
    used = banners(words, overriding.standing(here, who, person_id, now))
    may = {"override": may_override(who.actor.role), "delegate": who.actor.role in DELEGATES}
    return render(
        request, "family.html", page=page, purpose=purpose, now=now, person_id=person_id, overrides=used, may=may
    )


def count(request: Request, read: FamilyRead) -> None:
    """Count the decision by its outcome and reason."""
    decision = read.decision
    request.app.state.metrics.decisions.labels(str(decision.outcome), str(decision.reason)).inc()


def _purpose_page(request: Request, person_id: str, role: Role, status: int) -> Response:
    missing = N_("Choose why you need to look") if status == 422 else None
    return render(request, "purpose.html", status, person_id=person_id, choices=purposes.choices(role), missing=missing)
