"""Reading the ledger for an information governance officer, and checking that it was not edited.

Invariants: the ledger is read only after the gate has permitted and logged it; a person is looked for by number through
the same search as any other, and in the ledger only by pseudonym; what verification found is an entry itself.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.anchoring import anchor_now
from app.deployment import Deployment
from app.identity import SignedIn
from app.language import LONDON
from app.subjects import Merges
from governance.keys.keys import KeyRing
from governance.ledger import ledger
from governance.ledger.checkpoints import LedgerInconsistent, NotCovered, inclusion_proof
from governance.ledger.copies import AnchorsDisagree
from governance.ledger.ledger import AuditFilter, Detail, EntryView
from governance.ledger.verification import Verification, verify
from governance.store import audit_checkpoint, staff
from governance.terms import EventKind, Outcome, Purpose

PAGE = 50


@dataclass(frozen=True, slots=True)
class Worker:
    name: str
    username: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of entries. `workers` names their staff; `cursor` asks for the next page, None on the last."""

    entries: Sequence[EntryView]
    workers: Mapping[str, Worker]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether an entry is in a signed tree: its index and the size of the newest checkpoint that covers it."""

    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Anchor:
    size: int
    root: str
    made_at: datetime


def page(session: Session, asked: AuditFilter, cursor: str | None = None, limit: int = PAGE) -> Page:
    """Return one page of what is asked for, newest first."""
    held = ledger.find(session, asked, limit + 1, cursor)
    entries = held[:limit]
    return Page(entries, workers(session, entries), entries[-1].cursor if len(held) > limit else None)


def workers(session: Session, entries: Sequence[EntryView]) -> dict[str, Worker]:
    ids = {entry.staff_id for entry in entries if entry.staff_id}
    rows = session.execute(
        select(staff.c.id, staff.c.name, staff.c.username, staff.c.organisation).where(staff.c.id.in_(sorted(ids)))
    )
    return {row.id: Worker(row.name, row.username, row.organisation) for row in rows}


def pseudonyms(session: Session, ring: KeyRing, person_id: str) -> tuple[str, ...]:
    """Return every pseudonym under which the ledger may know a person: also those of ids merged into theirs."""
    merges = Merges(session)
    now = merges.current([person_id])[person_id]
    return tuple(sorted(ledger.subject_pseudonym(ring, held) for held in merges.former([now])))


def names_of(session: Session, staff_ids: Collection[str]) -> dict[str, str]:
    rows = session.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(sorted(staff_ids))))
    return {row.id: row.name for row in rows}


def staff_called(session: Session, text: str) -> list[tuple[str, Worker]]:
    """Return the members of staff whose username or name this is, or whose name holds it."""
    wanted = text.strip().lower()
    table = staff.c
    found = session.execute(
        select(table.id, table.name, table.username, table.organisation)
        .where(or_(func.lower(table.username) == wanted, func.lower(table.name).contains(wanted, autoescape=True)))
        .order_by(table.name)
        .limit(21)
    ).all()
    return [(row.id, Worker(row.name, row.username, row.organisation)) for row in found]


def day_starts(day: date) -> datetime:
    """The instant at which a legal day begins."""
    return datetime.combine(day, time(), LONDON)


def day_ends(day: date) -> datetime:
    return day_starts(day + timedelta(days=1))


def proof(session: Session, entry_id: str) -> Proof | None:
    """Prove an entry against the newest checkpoint; None where none covers it yet, or the ledger does not fit it."""
    try:
        made = inclusion_proof(session, entry_id)
    except (NotCovered, LedgerInconsistent):
        return None
    return Proof(made.index, made.size)


def newest_anchor(session: Session) -> Anchor | None:
    query = select(audit_checkpoint).order_by(audit_checkpoint.c.size.desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else Anchor(row.size, row.root, ledger.stored_instant(row.made_at))


def note_export(
    deployment: Deployment, who: SignedIn, at: datetime, request_id: str, operation: str, about: Sequence[str] = ()
) -> None:
    """Commit the entry of an export that the gate has let this officer make; raise where it cannot be written."""
    event = ledger.acted(EventKind.EXPORT, Outcome.DONE, who.actor, Purpose.IG_REVIEW)
    detail: dict[Detail, str | int] = {Detail.OPERATION: operation}
    with deployment.database.writing() as session:
        event = replace(event, request_id=request_id, detail=detail, subjects=tuple(about))
        ledger.record(session, deployment.ring, event, at)


def check(deployment: Deployment, who: SignedIn, at: datetime, request_id: str) -> Verification:
    """Anchor what is new, verify the whole ledger, and note that and what was found."""
    with suppress(LedgerInconsistent, AnchorsDisagree):
        anchor_now(deployment, at)
    with deployment.database.reading() as session:
        key = deployment.ring.public_key(deployment.ring.current("checkpoint"))
        settings = deployment.settings
        found = verify(session, settings.anchors, key, ring=deployment.ring, copies=settings.anchor_copies)
    outcome = Outcome.DONE if found.ok else Outcome.FAILED
    detail: dict[Detail, str | int] = {Detail.SIZE: found.entries, Detail.ROOT: found.root}
    event = ledger.acted(EventKind.AUDIT_VERIFY, outcome, who.actor, Purpose.IG_REVIEW)
    with deployment.database.writing() as session:
        ledger.record(session, deployment.ring, replace(event, request_id=request_id, detail=detail), at)
    return found
