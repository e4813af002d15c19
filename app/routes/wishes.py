"""Recording what a family says about sharing: a word, a signed form, its receipt, and what is due to be asked again.

Invariants: only about a member of a family that the gate lets this worker open now; a wish is added, never changed, and
is a ledger entry with who recorded it; it acts on the next look; nothing here tells of a category withheld in silence.
"""

from secrets import token_hex
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from app import purposes, wishing
from app.dependencies import Form, Here, Now, Who, Words
from app.gate import FamilyRead
from app.identity import SignedIn
from app.language import Language
from app.problems import NOT_FOUND, UNREADABLE, Refused
from app.reading import FamilyData, agreement_titles, gather, organisations
from app.refusals import require
from app.rendering import render
from app.routes.families import Door, PersonRef
from app.views.people import labelled
from app.views.receipts import due, receipt_view, recorded
from app.views.signing import form_view, read_signing
from app.views.wishes import Unclear, choices, read_form
from governance.legal_time import legal_date
from governance.wishes import forms, receipts
from governance.wishes.signing import record_form
from governance.wishes.store import WishRefused, record_wish

router = APIRouter()

FormRef = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,59}$")]


@router.get("/families/{person_id}/wishes")
def wishes_page(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words
) -> Response:
    purpose = purposes.stated(here, who, person_id, now)
    if purpose is None:
        return RedirectResponse(f"/families/{person_id}/purpose", 303)
    data = opened(request, person_id, here, now, who, door, words)
    return _page(request, person_id, here, now, words, data, {}, [])


@router.post("/families/{person_id}/wishes")
def record(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: Who, door: Door, words: Words, fields: Form
) -> Response:
    data = opened(request, person_id, here, now, who, door, words)
    said = read_form(fields, choices(words, data))
    if isinstance(said, list):
        return _page(request, person_id, here, now, words, data, dict(fields), said)
    with here.database.writing() as session:
        record_wish(session, here.ring, now, who.actor.staff_id, **said)
    return RedirectResponse(f"/families/{person_id}", 303)


@router.get("/families/{person_id}/wishes/forms/{code}")
def form_page(
    request: Request, person_id: PersonRef, code: FormRef, here: Here, now: Now, who: Who, door: Door, words: Words
) -> Response:
    data = opened(request, person_id, here, now, who, door, words)
    return _form_page(request, person_id, words, data, form_of(code), {"key": token_hex(16)}, [])


@router.post("/families/{person_id}/wishes/forms/{code}")
def sign(
    request: Request, person_id: PersonRef, code: FormRef, here: Here, now: Now, who: Who, door: Door, words: Words,
    fields: Form,
) -> Response:  # fmt: skip
    data, form = opened(request, person_id, here, now, who, door, words), form_of(code)
    signing = read_signing(fields, form, choices(words, data), who.actor.staff_id, now)
    if isinstance(signing, list):
        return _form_page(request, person_id, words, data, form, dict(fields), signing)
    try:
        with here.database.writing() as session:
            form_id = record_form(session, here.ring, now, who.actor.staff_id, form, signing)
    except WishRefused:
        raise Refused(UNREADABLE) from None
    return RedirectResponse(f"/families/{person_id}/wishes/{form_id}/receipt", 303)


@router.get("/families/{person_id}/wishes/{record_id}/receipt")
def receipt(
    request: Request, person_id: PersonRef, record_id: PersonRef, here: Here, now: Now, who: Who, door: Door,
    words: Words,
) -> Response:  # fmt: skip
    data = opened(request, person_id, here, now, who, door, words)
    with here.database.reading() as session:
        known = wishing.told(wishing.held(session, data.family.person_ids), data.read.decision)
        found = wishing.receipt_of(session, forms.shipped(), record_id, known, now)
        if found is None:
            raise Refused(NOT_FOUND)
        names, titles = organisations(session), agreement_titles(session)
    said, changed = found
    digest = receipts.receipt(said, changed, now)["digest"]
    people = labelled(words, data.family.members, data.known)
    shown = receipt_view(words, said, changed, people[said.person_id].name, digest, names, titles)
    return render(request, "receipt.html", person_id=person_id, receipt=shown)


def opened(
    request: Request, person_id: str, here: Here, now: Now, who: SignedIn, door: Door, words: Language
) -> FamilyData:
    """Return this family as far as the gate lets this worker open it now, or raise."""
    purpose = purposes.stated(here, who, person_id, now)
    read: FamilyRead = door.read_family(who.actor, person_id, purpose, now, request.state.request_id)
    require(read.decision, who, words)
    return gather(here, read)


def form_of(code: str) -> forms.Form:
    """Return the version of a form that is signed now."""
    form = forms.shipped().newest(code)
    if form is None:
        raise Refused(NOT_FOUND)
    return form


def _page(
    request: Request, person_id: str, here: Here, now: Now, words: Language, data: FamilyData, fields: dict[str, str],
    unclear: list[Unclear],
) -> Response:  # fmt: skip
    people = labelled(words, data.family.members, data.known)
    with here.database.reading() as session:
        known = wishing.told(wishing.held(session, data.family.person_ids), data.read.decision)
        asked = [review for person in people for review in wishing.reviews_of(session, person, now, known)]
    return render(
        request, "wishes.html", 422 if unclear else 200, person_id=person_id, offered=choices(words, data),
        fields=fields, unclear=unclear, recorded=recorded(words, known.wishes, people),
        due=due(words, asked, people, legal_date(now)), forms=[form_view(words, f) for f in forms.shipped().to_sign()],
    )  # fmt: skip


def _form_page(
    request: Request, person_id: str, words: Language, data: FamilyData, form: forms.Form, fields: dict[str, str],
    unclear: list[Unclear],
) -> Response:  # fmt: skip
    return render(
        request, "sign_form.html", 422 if unclear else 200, person_id=person_id, offered=choices(words, data),
        form=form_view(words, form), fields=fields, unclear=unclear,
    )  # fmt: skip
