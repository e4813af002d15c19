"""`/v1` for wishes: what was recorded and what is due, a signed form, a receipt.

Invariants: those of `app.routes.api` and `app.routes.wishes`; the same form sent again under its key is recorded once.
"""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field

from app import wishing
from app.dependencies import ApiWho, Here, Now, Words
from app.problems import NOT_FOUND, UNREADABLE, Refused
from app.reading import FamilyData
from app.routes.api import Model, problems
from app.routes.families import Door, PersonRef
from app.routes.wishes import FormRef, form_of, opened
from app.views.wishes import choices
from governance.terms import Evidence, SignerBasis, SigningPlace, WishAnswer, WishKind
from governance.wishes import forms, receipts
from governance.wishes.reviews import ReviewWhy
from governance.wishes.signing import Competence, Signing, record_form
from governance.wishes.store import WishRecord, WishRefused
from governance.wishes.wishes import EVERYTHING

router = APIRouter(prefix="/v1", responses=problems(400, 401, 403, 404, 405, 422, 500, 503))
Code = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,59}$")]


class RecordedWish(Model):
    id: str
    form: str | None
    person_id: str
    kind: WishKind
    answer: WishAnswer
    scope: list[str]
    basis: SignerBasis | None
    said_at: datetime
    recorded_at: datetime
    expires: date | None
    void_from: datetime | None


class DueReview(Model):
    person_id: str
    due: date
    why: ReviewWhy
    kind: WishKind
    scope: list[str]


class WishList(Model):
    items: list[RecordedWish]
    due: list[DueReview]


class SignedFormRequest(Model):
    """One signed form: `answers` holds the modules that were asked; `idempotency_key` makes sending it again safe."""

    person_id: str = Field(pattern="^[0-9a-f]{32}$")
    language: str = Field(pattern="^(en|cy)$")
    answers: dict[Code, WishAnswer] = Field(min_length=1, max_length=40)
    signer_basis: SignerBasis
    signer_person_id: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")
    evidence: Evidence
    place: SigningPlace | None = None
    signed_at: AwareDatetime | None = None
    expires: date | None = None
    understands: bool = False
    idempotency_key: str = Field(pattern="^[A-Za-z0-9_-]{8,80}$")


class SignedFormRecorded(Model):
    id: str
    form: str
    version: int
    text_hash: str


@router.get("/families/{person_id}/wishes")
def list_wishes(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, door: Door, words: Words
) -> WishList:
    """List what this family said about sharing, and what is to be asked or answered again."""
    data = opened(request, person_id, here, now, who, door, words)
    with here.database.reading() as session:
        known = wishing.told(wishing.held(session, data.family.person_ids), data.read.decision)
        due = [r for person in data.family.person_ids for r in wishing.reviews_of(session, person, now, known)]
    return WishList(
        items=[_wish(record) for record in known.wishes],
        due=[
            DueReview(person_id=r.person_id, due=r.due, why=r.why, kind=r.kind, scope=list(r.scope))
            for r in sorted(due)
        ],
    )


@router.post("/families/{person_id}/wishes/forms/{code}", status_code=201)
def sign_form(
    request: Request, person_id: PersonRef, code: FormRef, here: Here, now: Now, who: ApiWho, door: Door,
    words: Words, body: SignedFormRequest,
) -> SignedFormRecorded:  # fmt: skip
    """Record a signed form; it acts on the next look."""
    data, form = opened(request, person_id, here, now, who, door, words), form_of(code)
    offered = choices(words, data)
    if body.person_id not in {person.person_id for person in offered.people} or not _named(body, data):
        raise Refused(UNREADABLE)
    try:
        with here.database.writing() as session:
            signing = _signing(body, who.actor.staff_id, now)
            form_id = record_form(session, here.ring, now, who.actor.staff_id, form, signing)
    except WishRefused:
        raise Refused(UNREADABLE) from None
    return SignedFormRecorded(id=form_id, form=form.code, version=form.version, text_hash=form.text_hash(body.language))


@router.get("/families/{person_id}/wishes/{record_id}/receipt")
def read_receipt(
    request: Request, person_id: PersonRef, record_id: PersonRef, here: Here, now: Now, who: ApiWho, door: Door,
    words: Words,
) -> dict[str, Any]:  # fmt: skip
    """Return the receipt of one wish or signed form, shaped after ISO/IEC TS 27560."""
    data = opened(request, person_id, here, now, who, door, words)
    with here.database.reading() as session:
        known = wishing.told(wishing.held(session, data.family.person_ids), data.read.decision)
        found = wishing.receipt_of(session, forms.shipped(), record_id, known, now)
    if found is None:
        raise Refused(NOT_FOUND)
    return receipts.receipt(*found, now)


def _named(body: SignedFormRequest, data: FamilyData) -> bool:
    """Whoever is named as having signed is of this family."""
    return body.signer_person_id is None or body.signer_person_id in data.family.person_ids


def _signing(body: SignedFormRequest, by: str, at: datetime) -> Signing:
    own = body.signer_basis is SignerBasis.COMPETENT_CHILD and body.understands
    signed = body.signed_at or at
    return Signing(
        person_id=body.person_id,
        language=body.language,
        answers=body.answers,
        signer_basis=body.signer_basis,
        evidence=body.evidence,
        signed_at=signed,
        signer_person_id=body.signer_person_id,
        competence=Competence(by, signed.date(), (EVERYTHING,)) if own else None,
        place=body.place,
        expires=body.expires,
        client_key=body.idempotency_key,
    )


def _wish(record: WishRecord) -> RecordedWish:
    row = record.wish
    return RecordedWish(
        id=record.id,
        form=record.form_id,
        person_id=row.person_id,
        kind=row.kind,
        answer=row.answer,
        scope=list(row.scope),
        basis=row.signer_basis,
        said_at=row.valid_from,
        recorded_at=row.recorded_at,
        expires=row.expires,
        void_from=row.void_from,
    )
