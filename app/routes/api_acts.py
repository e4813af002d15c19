"""`/v1` for what workers do about a child besides reading: overrides, claims, delegations, meetings, sharing.

Invariants: those of `app.routes.api`; what the pages refuse is refused here, with the same reasons.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, Field

from app import overriding, purposes, relating, sharing
from app.dependencies import ApiWho, Here, Now, SteppedUpApi, Words
from app.problems import FORBIDDEN, NOT_FOUND, UNREADABLE, Refused
from app.refusals import require
from app.routes.api import Model, problems
from app.routes.families import PersonRef
from app.routes.overrides import LONGEST_NOTE, OWN, SETTLED, OverrideRef
from governance.overrides.alarms import NoSuchAlarm
from governance.overrides.meetings import MOST_FAMILIES
from governance.overrides.relations import RelationRefused
from governance.overrides.reviews import NoSuchReview, OwnOverride
from governance.overrides.sharing import ShareRefused
from governance.overrides.store import LONGEST_WORDS, Asked, NoSuchOverride, OverrideRefused
from governance.people import FactRefused
from governance.terms import (
    AlarmKind,
    Category,
    FamilyTold,
    OverrideKind,
    OverrideReason,
    Purpose,
    ReviewOutcome,
    ShareAnswer,
    ShareDuty,
    ShareReason,
)

router = APIRouter(prefix="/v1", responses=problems(400, 401, 403, 404, 405, 409, 422, 500, 503))
Categories = Annotated[list[Category], Field(min_length=1, max_length=len(Category))]
PersonId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class OverrideRequest(Model):
    kind: OverrideKind
    reason: OverrideReason
    justification: str = Field(max_length=LONGEST_WORDS)
    categories: Categories
    family_told: FamilyTold
    expires_at: AwareDatetime
    order_seen: bool = False


class OverrideGranted(Model):
    id: str
    purpose: Purpose
    expires_at: datetime


class ReviewItem(Model):
    id: str
    kind: OverrideKind
    organisation: str
    role: str
    granted_at: datetime
    due_at: datetime
    overdue: bool


class AlarmItem(Model):
    """That something happened; of nobody and about nobody."""

    id: str
    kind: AlarmKind
    organisation: str
    raised_at: datetime


class ReviewQueue(Model):
    reviews: list[ReviewItem]
    alarms: list[AlarmItem]


class ReviewRequest(Model):
    outcome: ReviewOutcome
    note: str = Field(default="", max_length=LONGEST_NOTE)


class ClaimRequest(Model):
    purpose: Purpose


class DelegationRequest(Model):
    username: str = Field(min_length=1, max_length=80)
    expires_at: AwareDatetime | None = None


class RelationshipMade(Model):
    id: str


class MeetingRequest(Model):
    purpose: Purpose
    families: Annotated[list[PersonId], Field(min_length=1, max_length=MOST_FAMILIES)]


class MeetingMade(Model):
    id: str


class ShareDecisionRequest(Model):
    duty: ShareDuty
    answer: ShareAnswer
    reason: ShareReason
    recipients: Annotated[list[str], Field(min_length=1, max_length=50)]
    categories: Categories


class ShareDecisionMade(Model):
    id: str
    duty_in_force: bool


class ShareDecisionItem(Model):
    id: str
    organisation: str
    duty: ShareDuty
    duty_in_force: bool
    answer: ShareAnswer
    reason: ShareReason
    recipients: list[str]
    categories: list[Category]
    decided_at: datetime


class ShareDecisions(Model):
    items: list[ShareDecisionItem]


@router.post("/families/{person_id}/overrides", status_code=201)
def ask_override(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: SteppedUpApi, words: Words, body: OverrideRequest
) -> OverrideGranted:
    """Ask for an override; it states its purpose, raises an alarm and opens a review."""
    asked = Asked(
        person_id, body.kind, body.reason, frozenset(body.categories), body.family_told, body.expires_at,
        body.justification.strip(), body.order_seen,
    )  # fmt: skip
    try:
        granted = overriding.ask(here, who, asked, now, request.state.request_id)
    except OverrideRefused:
        raise Refused(UNREADABLE) from None
    require(granted.decision, who, words, here)
    assert granted.override_id is not None
    purpose = overriding.purpose_of(body.reason, who.actor.role)
    return OverrideGranted(id=granted.override_id, purpose=purpose, expires_at=body.expires_at)


@router.post("/overrides/{override_id}/end", status_code=204)
def end_override(override_id: OverrideRef, here: Here, now: Now, who: ApiWho) -> None:
    """End one's own override at once."""
    try:
        overriding.end(here, who, override_id, now)
    except NoSuchOverride:
        raise Refused(NOT_FOUND) from None


@router.get("/overrides")
def list_reviews(request: Request, here: Here, now: Now, who: ApiWho, words: Words) -> ReviewQueue:
    """List the reviews that wait, the most overdue first, and the alarms nobody has taken note of."""
    queue = overriding.queue(here, who.actor, now, request.state.request_id)
    require(queue.decision, who, words)
    return ReviewQueue(
        reviews=[
            ReviewItem(
                id=r.override.id, kind=r.override.kind, organisation=r.organisation, role=r.role,
                granted_at=r.override.granted_at, due_at=r.due_at, overdue=r.overdue,
            )
            for r in queue.reviews
        ],
        alarms=[
            AlarmItem(id=a.id, kind=a.kind, organisation=a.organisation, raised_at=a.raised_at) for a in queue.alarms
        ],
    )  # fmt: skip


@router.post("/overrides/{override_id}/review", status_code=204)
def review_override(
    request: Request, override_id: OverrideRef, here: Here, now: Now, who: ApiWho, words: Words, body: ReviewRequest
) -> None:
    """Settle the review of somebody else's override."""
    try:
        reference = request.state.request_id
        decision = overriding.judge(here, who.actor, override_id, body.outcome, body.note, now, reference)
    except NoSuchReview:
        raise Refused(SETTLED) from None
    except OwnOverride:
        raise Refused(OWN) from None
    require(decision, who, words)


@router.post("/alarms/{alarm_id}/seen", status_code=204)
def take_note(request: Request, alarm_id: OverrideRef, here: Here, now: Now, who: ApiWho, words: Words) -> None:
    """Take note of an alarm."""
    try:
        decision = overriding.take_note(here, who.actor, alarm_id, now, request.state.request_id)
    except NoSuchAlarm:
        raise Refused(NOT_FOUND) from None
    require(decision, who, words)


@router.post("/families/{person_id}/claims", status_code=201)
def claim(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, words: Words, body: ClaimRequest
) -> RelationshipMade:
    """Say that one works with a child; the privacy officer is told, and it ends by itself."""
    reference = request.state.request_id
    made = relating.claim(here, who, person_id, body.purpose, now, reference)
    require(made.decision, who, words, here)
    purposes.state(here, who, person_id, body.purpose, now, reference)
    assert made.relationship_id is not None
    return RelationshipMade(id=made.relationship_id)


@router.post("/families/{person_id}/delegations", status_code=201)
def delegate(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, words: Words, body: DelegationRequest
) -> RelationshipMade:
    """Delegate work with a child; whoever delegates stays accountable."""
    purpose = purposes.stated(here, who, person_id, now)
    try:
        made = relating.delegate(
            here, who, person_id, purpose, body.username, body.expires_at, now, request.state.request_id
        )
    except RelationRefused:
        raise Refused(UNREADABLE) from None
    require(made.decision, who, words, here)
    assert made.relationship_id is not None
    return RelationshipMade(id=made.relationship_id)


@router.post("/delegations/{relationship_id}/end", status_code=204)
def end_delegation(relationship_id: OverrideRef, here: Here, now: Now, who: ApiWho) -> None:
    """End a delegation one gave; it acts on the next request."""
    try:
        relating.end_delegation(here, who, relationship_id, now)
    except FactRefused:
        raise Refused(NOT_FOUND) from None


@router.post("/meetings", status_code=201)
def convene(request: Request, here: Here, now: Now, who: ApiWho, body: MeetingRequest) -> MeetingMade:
    """State one purpose for a meeting about several families; it counts today, for these only."""
    made = purposes.state_for_meeting(here, who, body.families, body.purpose, now, request.state.request_id)
    if made is None:
        raise Refused(FORBIDDEN)
    return MeetingMade(id=made)


@router.post("/families/{person_id}/share-decisions", status_code=201)
def decide_to_share(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, words: Words, body: ShareDecisionRequest
) -> ShareDecisionMade:
    """Record a decision to share or not to share, without what was shared."""
    what = sharing.Considered(
        person_id, body.duty, body.answer, body.reason, frozenset(body.recipients), frozenset(body.categories)
    )
    purpose = purposes.stated(here, who, person_id, now)
    try:
        made = sharing.decide(here, who.actor, purpose, what, now, request.state.request_id)
    except ShareRefused:
        raise Refused(UNREADABLE) from None
    require(made.decision, who, words, here)
    assert made.decision_id is not None
    return ShareDecisionMade(id=made.decision_id, duty_in_force=made.binding)


@router.get("/families/{person_id}/share-decisions")
def list_share_decisions(
    request: Request, person_id: PersonRef, here: Here, now: Now, who: ApiWho, words: Words
) -> ShareDecisions:
    """List the decisions about a child whose record is open to this worker."""
    purpose, reference = purposes.stated(here, who, person_id, now), request.state.request_id
    decision, held = sharing.decided(here, who.actor, person_id, purpose, now, reference)
    require(decision, who, words, here)
    return ShareDecisions(
        items=[
            ShareDecisionItem(
                id=one.id, organisation=one.organisation, duty=one.duty, duty_in_force=one.in_force, answer=one.answer,
                reason=one.reason, recipients=list(one.recipients), categories=list(one.categories),
                decided_at=one.decided_at,
            )
            for one in held
        ]
    )  # fmt: skip
