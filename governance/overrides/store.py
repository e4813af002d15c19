"""Overrides as they were asked for: granted, ended early, or run out.

Invariants: granting writes the override, its review, its alarm and its ledger entry in one transaction; the ledger
holds who, which kind, why by code, which categories and until when, and never the words; an override is never changed
but to end it; whether earlier ones were reviewed is not looked at.
Sources: Working Together to Safeguard Children; the NHS break-glass model; ISO 27789.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from secrets import token_hex
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.ledger import Detail, acted, instant, record, stored_instant
from governance.overrides.alarms import raise_alarm
from governance.overrides.sealing import Sealed, Sealer
from governance.store import access_override, override_review
from governance.terms import (
    Actor,
    AlarmKind,
    Category,
    EventKind,
    FamilyTold,
    Outcome,
    OverrideKind,
    OverrideReason,
    Purpose,
)

SHORTEST_WORDS: Final = 20
LONGEST_WORDS: Final = 2000
JUSTIFICATION: Final = "justification"

ALARMS: Final[Mapping[OverrideKind, AlarmKind]] = {
    OverrideKind.BREAK_GLASS: AlarmKind.BREAK_GLASS,
    OverrideKind.SAFEGUARDING: AlarmKind.SAFEGUARDING_OVERRIDE,
    OverrideKind.COURT_ORDER: AlarmKind.COURT_ORDER,
}


class Flaw(StrEnum):
    """What is wrong with an override as asked for: the field."""

    JUSTIFICATION = "justification"
    CATEGORIES = "categories"
    EXPIRES = "expires"
    DOCUMENT = "document"
    REASON = "reason"


class OverrideRefused(Exception):
    """An override that cannot be granted as asked. The message names the field, never what was written."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(str(flaw))
        self.flaw = flaw


class NoSuchOverride(Exception):
    """There is no such override of this worker that is still open."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker asks for. `document`: they have seen the court's order."""

    person_id: str
    kind: OverrideKind
    reason: OverrideReason
    categories: frozenset[Category]
    told: FamilyTold
    expires_at: datetime
    justification: str = field(repr=False)
    document: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """An override as it is stored, without its words."""

    id: str
    kind: OverrideKind
    person_id: str
    staff_id: str
    reason: OverrideReason
    categories: frozenset[Category]
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    document: bool

    def open(self, at: datetime) -> bool:
        return self.granted_at <= at < self.expires_at and (self.ended_at is None or at < self.ended_at)


def flaws(asked: Asked, at: datetime) -> tuple[Flaw, ...]:
    """Return what is missing from what is asked."""
    words = len(" ".join(asked.justification.split()))
    failing = {
        Flaw.JUSTIFICATION: not SHORTEST_WORDS <= words <= LONGEST_WORDS,
        Flaw.CATEGORIES: not asked.categories,
        Flaw.EXPIRES: asked.expires_at <= at,
        Flaw.DOCUMENT: asked.kind is OverrideKind.COURT_ORDER and not asked.document,
    }
    return tuple(flaw for flaw, fails in failing.items() if fails)


def grant(
    session: Session,
    sealer: Sealer,
    at: datetime,
    actor: Actor,
    purpose: Purpose,
    asked: Asked,
    review_due: datetime,
    request_id: str | None = None,
) -> str:
    """Grant what the policy was asked about before; return the override's id. Raise OverrideRefused for a flaw."""
    for flaw in flaws(asked, at):
        raise OverrideRefused(flaw)
    override_id = token_hex(16)
    session.execute(insert(access_override).values(**_row(sealer, override_id, actor, asked), granted_at=at))
    session.execute(insert(override_review).values(override_id=override_id, due_at=review_due))
    raise_alarm(session, ALARMS[asked.kind], actor.organisation, override_id, at)
    event = acted(EventKind.OVERRIDE, Outcome.DONE, actor, purpose)
    told = replace(
        event, subjects=(asked.person_id,), override=override_id, request_id=request_id, detail=detail_of(asked)
    )
    record(session, sealer.ring, told, at)
    return override_id


def detail_of(asked: Asked) -> dict[Detail, str | int]:
    """Return what the ledger may hold of what was asked: codes, never the words."""
    return {
        Detail.KIND: str(asked.kind),
        Detail.REASON: str(asked.reason),
        Detail.CATEGORIES: ",".join(sorted(asked.categories))[:300],
        Detail.TOLD: str(asked.told),
        Detail.EXPIRES: instant(asked.expires_at),
    }


def _row(sealer: Sealer, override_id: str, actor: Actor, asked: Asked) -> dict[str, Any]:
    sealed = sealer.seal(override_id, JUSTIFICATION, asked.justification)
    return {
        "id": override_id,
        "staff_id": actor.staff_id,
        "organisation": actor.organisation,
        "role": str(actor.role),
        "person_id": asked.person_id,
        "kind": str(asked.kind),
        "reason": str(asked.reason),
        "categories": sorted(asked.categories),
        "told_family": str(asked.told),
        "document": asked.document,
        "nonce": sealed.nonce,
        "justification": sealed.ciphertext,
        "expires_at": asked.expires_at.astimezone(UTC),
    }


def end(session: Session, ring: KeyRing, override_id: str, at: datetime, actor: Actor) -> str:
    """End one's own override at this instant and return whom it was about; raise NoSuchOverride where none is open."""
    columns = access_override.c
    own = columns.id == override_id, columns.staff_id == actor.staff_id, columns.ended_at.is_(None)
    held = session.execute(select(columns.person_id).where(*own, columns.expires_at > at)).scalar_one_or_none()
    if held is None:
        raise NoSuchOverride(override_id)
    session.execute(update(access_override).where(*own).values(ended_at=at, ended_by=actor.staff_id))
    event = replace(acted(EventKind.OVERRIDE_ENDED, Outcome.DONE, actor), subjects=(held,), override=override_id)
    record(session, ring, event, at)
    return str(held)


def of_worker(session: Session, staff_id: str | None, ids: Collection[str]) -> tuple[Held, ...]:
    """Return this worker's overrides about these persons, open or not."""
    columns = access_override.c
    query = select(access_override).where(columns.staff_id == staff_id, columns.person_id.in_(ids))
    return tuple(held(row) for row in session.execute(query.order_by(columns.id)))


def held(row: Any) -> Held:
    """Return a row of the table as a value."""
    return Held(
        id=row.id,
        kind=OverrideKind(row.kind),
        person_id=row.person_id,
        staff_id=row.staff_id,
        reason=OverrideReason(row.reason),
        categories=frozenset(Category(name) for name in row.categories),
        granted_at=stored_instant(row.granted_at),
        expires_at=stored_instant(row.expires_at),
        ended_at=None if row.ended_at is None else stored_instant(row.ended_at),
        document=row.document,
    )


def words_of(sealer: Sealer, row: Any) -> str | None:
    """Open the words that justify an override, for its reviewer."""
    return sealer.open(row.id, JUSTIFICATION, Sealed(row.nonce, row.justification))
