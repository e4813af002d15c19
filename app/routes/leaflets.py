"""Giving a family the privacy leaflet, from the family's page.

Invariant: the gate lets this worker open the family now, or nothing is shown or recorded.
"""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app import giving, purposes
from app.dependencies import Form, Here, Now, Who, Words
from app.giving import NoSuchLeaflet
from app.language import N_, NAMES, Code
from app.refusals import require
from app.rendering import render
from app.routes.families import Door, PersonRef

router = APIRouter()

MISSING = {
    "leaflet": N_("Choose which leaflet you gave"),
    "language": N_("Choose the language of the leaflet"),
}


@router.get("/families/{person_id}/leaflets")
def leaflets_page(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words
) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    if purpose is None:
        return RedirectResponse(f"/families/{person_id}/purpose", 303)
    require(door.read_family(who.actor, person_id, purpose, now, request.state.request_id).decision, who, words)
    return _page(request, person_id, here, now, words, {}, [])


@router.post("/families/{person_id}/leaflets")
def leaflet_given(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words, fields: Form
) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    read = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    require(read.decision, who, words)
    assert read.family is not None
    code, _, version = fields.get("leaflet", "").partition("/")
    language = fields.get("language", "")
    unclear = [] if version.isascii() and version.isdigit() and len(version) < 5 else ["leaflet"]
    unclear += [] if language in set(Code) else ["language"]
    if not unclear:
        try:
            giving.give(here, who, read.family.index, code, int(version), Code(language), now)
        except NoSuchLeaflet:
            unclear = ["leaflet"]
    if unclear:
        return _page(request, person_id, here, now, words, dict(fields), unclear)
    return RedirectResponse(f"/families/{person_id}/leaflets", 303)


def _page(
    request: Request, person_id: str, here: Here, now: Now, words: Words, fields: dict[str, str], unclear: list[str]
) -> Response:
    with here.database.reading() as session:
        held, had = giving.offered(session, now), giving.given(session, person_id)
    titles = {(one.code, one.version): words.pick(one.title.en, one.title.cy) for one in held}
    choices = [(f"{code}/{version}", title, None) for (code, version), title in titles.items()]
    spoken = [(str(code), name, None) for code, name in NAMES.items()]
    rows = [
        (titles.get((one.code, one.version), one.code), one.version, NAMES[Code(one.language)], one.on) for one in had
    ]
    problems = [{"field": name, "message": MISSING[name]} for name in unclear]
    return render(
        request, "leaflets.html", 422 if unclear else 200, person_id=person_id, choices=choices, languages=spoken,
        rows=rows, fields=fields, unclear=problems, wrong={name: MISSING[name] for name in unclear},
    )  # fmt: skip
