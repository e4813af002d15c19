"""The review of each override: by somebody else, by its due time, escalated once when it is late.

Invariants: nobody reviews what they did themselves; an outcome is given once; a late review raises one alarm and one
ledger entry and stops nobody's next override; what a reviewer writes is sealed and never in the ledger.
Sources: the four-eyes principle; the NHS break-glass model (each use is reviewed).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.entries import AuditEvent
from governance.ledger.ledger import Detail, record, stored_instant
from governance.overrides.alarms import raise_alarm
from governance.overrides.sealing import Sealed, Sealer
from governance.overrides.store import Held, held, words_of
from governance.store import access_override, override_review
from governance.terms import AlarmKind, EventKind, FamilyTold, Outcome, ReviewOutcome

NOTE: Final = "note"
MOST_LISTED: Final = 200


class NoSuchReview(Exception):
    """No such review waits."""


class OwnOverride(Exception):
    """Who used an override may not review it."""


@dataclass(frozen=True, slots=True)
class Review:
    """One review that waits. `overdue` is so at the instant it was asked for."""

    override: Held
    organisation: str
    role: str
    told: FamilyTold
    due_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One override before its reviewer, with its words; they are None where their key was destroyed."""

    review: Review
    justification: str | None = field(repr=False)
    outcome: ReviewOutcome | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str | None = None
    note: str | None = field(default=None, repr=False)


def waiting(session: Session, at: datetime) -> list[Review]:
    """Return the reviews that wait, those most overdue first."""
    query = _joined().where(override_review.c.outcome.is_(None))
    rows = session.execute(query.order_by(override_review.c.due_at, access_override.c.id).limit(MOST_LISTED))
    return [_review(row, at) for row in rows]


def overdue(session: Session, at: datetime) -> int:
    """Return how many reviews are late."""
    late = override_review.c.outcome.is_(None), override_review.c.due_at < at
    return session.execute(select(func.count()).select_from(override_review).where(*late)).scalar_one()


def case(session: Session, sealer: Sealer, override_id: str, at: datetime) -> Case:
    """Return one override with its words; raise NoSuchReview where there is none."""
    row = session.execute(_joined().where(access_override.c.id == override_id)).one_or_none()
    if row is None:
        raise NoSuchReview(override_id)
    return Case(
        review=_review(row, at),
        justification=words_of(sealer, row),
        outcome=None if row.outcome is None else ReviewOutcome(row.outcome),
        reviewed_at=None if row.reviewed_at is None else stored_instant(row.reviewed_at),
        reviewed_by=row.reviewed_by,
        note=None if row.note is None else sealer.open(row.id, NOTE, Sealed(row.note_nonce, row.note)),
    )


def judge(
    session: Session,
    sealer: Sealer,
    override_id: str,
    outcome: ReviewOutcome,
    note: str,
    at: datetime,
    by: str,
) -> None:
    """Settle a review; raise NoSuchReview where it does not wait, OwnOverride where the reviewer used it."""
    row = session.execute(_joined().where(access_override.c.id == override_id)).one_or_none()
    if row is None or row.outcome is not None:
        raise NoSuchReview(override_id)
    if row.staff_id == by:
        raise OwnOverride(override_id)
    sealed = sealer.seal(override_id, NOTE, note) if note.strip() else None
    open_one = override_review.c.override_id == override_id, override_review.c.outcome.is_(None)
    values = {"outcome": str(outcome), "reviewed_at": at, "reviewed_by": by}
    values |= {"nonce": sealed and sealed.nonce, "note": sealed and sealed.ciphertext}
    done = session.execute(update(override_review).where(*open_one).values(**values))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NoSuchReview(override_id)
    detail: dict[Detail, str | int] = {Detail.OVERRIDE: override_id, Detail.ANSWER: str(outcome)}
    record(session, sealer.ring, act(EventKind.OVERRIDE_REVIEWED, by, detail, (row.person_id,)), at)


def escalate(session: Session, ring: KeyRing, at: datetime) -> int:
    """Raise an alarm and write an entry for each review that became late since; return how many."""
    late = override_review.c.outcome.is_(None), override_review.c.due_at < at, override_review.c.escalated_at.is_(None)
    rows = session.execute(_joined().where(*late).with_for_update(of=override_review)).all()
    for row in rows:
        own = override_review.c.override_id == row.id
        session.execute(update(override_review).where(own).values(escalated_at=at))
        raise_alarm(session, AlarmKind.REVIEW_OVERDUE, row.organisation, row.id, at)
        event = AuditEvent(
            EventKind.REVIEW_OVERDUE, Outcome.DONE, subjects=(row.person_id,), override=row.id,
            detail={Detail.OVERRIDE: row.id},
        )  # fmt: skip
        record(session, ring, event, at)
    return len(rows)


def _joined() -> Select[Any]:
    review = override_review.c
    return select(
        access_override, review.due_at, review.outcome, review.nonce.label("note_nonce"), review.note,
        review.reviewed_at, review.reviewed_by,
    ).join(override_review, review.override_id == access_override.c.id)  # fmt: skip


def _review(row: Any, at: datetime) -> Review:
    due_at = stored_instant(row.due_at)
    late = row.outcome is None and due_at < at
    return Review(held(row), row.organisation, row.role, FamilyTold(row.told_family), due_at, late)
