"""When an agreement's review comes due: who is told, when, and when access stops by itself.

Invariants: the stages follow each other by the calendar alone (90 and 30 days before, overdue, stopped when the grace
is over: `flows.lapse` is what stops it); each person is warned by name once at each stage, with a ledger entry of
their own in the same transaction; a version that has ended or never began warns nobody.
Sources: the WASPI review cycle; the Essex framework (notice before the review, taken down three months after it).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from governance.agreements.flows import REVIEW_GRACE, Agreement, Standing
from governance.keys.keys import KeyRing
from governance.ledger.entries import AuditEvent, Detail
from governance.ledger.ledger import record_many, stored_instant
from governance.store import agreement, agreement_warning
from governance.terms import AgreementStatus, EventKind, Outcome


class Stage(StrEnum):
    """How near the end is. `overdue` is the grace: still shown; `stopped` is after it."""

    IN_90_DAYS = "in_90_days"
    IN_30_DAYS = "in_30_days"
    OVERDUE = "overdue"
    STOPPED = "stopped"


STARTS: Final[Mapping[Stage, timedelta]] = {
    Stage.IN_90_DAYS: timedelta(days=-90),
    Stage.IN_30_DAYS: timedelta(days=-30),
    Stage.OVERDUE: timedelta(0),
    Stage.STOPPED: REVIEW_GRACE,
}
"""When each stage begins, counted from the day the review is due."""

WARNED: Final = frozenset({AgreementStatus.IN_FORCE, AgreementStatus.SUSPENDED})


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """Who works under an agreement: a member of staff with open relationships, or a professional named in open
    involvements that flow under it (`staff_id` empty). `involvements` counts them by category."""

    organisation: str
    name: str
    staff_id: str
    relationships: int
    involvements: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A version whose review is near or past, and when access stops unless it is reviewed."""

    agreement: Agreement
    stage: Stage
    stops: date


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning as it was given."""

    code: str
    version: int
    stage: Stage
    holder: Holder
    at: datetime


def stage_of(document: Agreement, today: date) -> Stage | None:
    """Return the stage of a version on that day, or None while its review is far."""
    begun = [stage for stage in Stage if today >= document.review_due + STARTS[stage]]
    return begun[-1] if begun else None


def stops_on(document: Agreement) -> date:
    """Return the first day on which nothing flows any more unless it is reviewed."""
    return min(document.review_due + REVIEW_GRACE, document.expires)


def due(standings: Iterable[Standing], today: date) -> tuple[Due, ...]:
    """Return the versions in force (or suspended) whose review is near or past, the most pressing first."""
    live = (standing.agreement for standing in standings if standing.status in WARNED)
    staged = ((document, stage_of(document, today)) for document in live)
    found = (Due(document, stage, stops_on(document)) for document, stage in staged if stage is not None)
    return tuple(sorted(found, key=lambda one: (one.stops, one.agreement.code)))


def warn(
    session: Session, ring: KeyRing, one: Due, holders: Sequence[Holder], at: datetime, by: str
) -> tuple[Holder, ...]:
    """Warn those not yet warned at this stage, each with a ledger entry, and return them."""
    key = _key(session, one.agreement)
    if key is None:
        return ()
    told = agreement_warning.c
    query = select(told.organisation, told.staff_id, told.name).where(
        told.agreement_id == key, told.stage == str(one.stage)
    )
    already = {tuple(row) for row in session.execute(query)}
    fresh = [h for h in sorted(set(holders)) if (h.organisation, h.staff_id, h.name) not in already]
    if fresh:
        session.execute(insert(agreement_warning), [_row(key, one.stage, holder, at) for holder in fresh])
        record_many(session, ring, [_event(one, holder, by) for holder in fresh], at)
    return tuple(fresh)


def warnings(session: Session, code: str | None = None) -> list[Warned]:
    """Return the warnings given, newest first."""
    told = agreement_warning.c
    query = select(agreement_warning, agreement.c.code, agreement.c.version).join(
        agreement, agreement.c.id == told.agreement_id
    )
    if code is not None:
        query = query.where(agreement.c.code == code)
    rows = session.execute(query.order_by(told.recorded_at.desc(), told.organisation, told.name))
    return [
        Warned(
            r.code, r.version, Stage(r.stage),
            Holder(r.organisation, r.name, r.staff_id, r.relationships, tuple(sorted(r.involvements.items()))),
            stored_instant(r.recorded_at),
        )
        for r in rows
    ]  # fmt: skip


def _key(session: Session, document: Agreement) -> str | None:
    query = select(agreement.c.id).where(agreement.c.code == document.code, agreement.c.version == document.version)
    return session.execute(query).scalar_one_or_none()


def _row(key: str, stage: Stage, holder: Holder, at: datetime) -> dict[str, Any]:
    return {
        "id": token_hex(16),
        "agreement_id": key,
        "stage": str(stage),
        "organisation": holder.organisation,
        "staff_id": holder.staff_id,
        "name": holder.name,
        "relationships": holder.relationships,
        "involvements": dict(holder.involvements),
        "recorded_at": at,
    }


def _event(one: Due, holder: Holder, by: str) -> AuditEvent:
    """The ledger names staff by id; of a professional known only by name it says the organisation."""
    detail: dict[Detail, str | int] = {
        Detail.AGREEMENT: one.agreement.code,
        Detail.VERSION: one.agreement.version,
        Detail.STATUS: str(one.stage),
        Detail.ORGANISATION: holder.organisation,
        Detail.OPERATION: by,
    }
    if holder.staff_id:
        detail[Detail.STAFF] = holder.staff_id
    return AuditEvent(EventKind.AGREEMENT_WARNED, Outcome.DONE, detail=detail)
