"""The audit ledger: one entry for each act, written in the act's own transaction, then given its place.

Invariants: an entry holds who, why, about whom (audit-domain pseudonyms) and with what result, and never
record content; its body is canonical JSON with a random salt and a seal that only the key ring can make;
its leaf is SHA-256(0x00 || body); `record` neither commits nor reads, so an act whose entry fails has not
happened; indices are gapless and are given only to entries already committed, found by anti-join (a cursor
on ids or times would miss late commits).
Sources: ISO 27789 (what an entry holds), RFC 8785 (canonical JSON), RFC 6962 (leaves).
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Select, exists, func, insert, select, text, tuple_
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.entries import (
    AuditEvent,
    Detail,
    EventRefused,
    acted,
    decided,
    entry_body,
    instant,
    subject_pseudonym,
)
from governance.ledger.merkle import leaf_hash
from governance.store import audit_entry, audit_sequence, audit_subject
from governance.terms import EventKind, Outcome, Purpose

__all__ = [
    "AuditEvent",
    "AuditFilter",
    "Detail",
    "EntryView",
    "EventRefused",
    "acted",
    "decided",
    "export",
    "find",
    "get",
    "instant",
    "record",
    "record_many",
    "sequence",
    "stored_instant",
    "subject_pseudonym",
]
SEQUENCE_BATCH: Final = 50_000
SEQUENCER_LOCK: Final = 0x4C46_5231


def record(session: Session, ring: KeyRing, event: AuditEvent, at: datetime) -> str:
    """Insert the entry of `event` in the caller's transaction and return its id.

    The caller commits it with the act, before any byte of the reply, and shows nothing if this or the commit fails.
    """
    return record_many(session, ring, [event], at)[0]


def record_many(session: Session, ring: KeyRing, events: Sequence[AuditEvent], at: datetime) -> list[str]:
    """Insert one entry for each event, as `record` does."""
    if not events:
        return []
    written = [entry_body(ring, event, at) for event in events]
    bodies = [body for body, _ in written]
    session.execute(insert(audit_entry), [_row(body, text, at) for body, text in written])
    subjects = [{"entry_id": b["id"], "pseudonym": pseudonym} for b in bodies for pseudonym in b["subjects"]]
    if subjects:
        session.execute(insert(audit_subject), subjects)
    return [body["id"] for body in bodies]


def sequence(session: Session, since: datetime | None = None) -> int:
    """Give the next indices to at most SEQUENCE_BATCH committed entries without one; return how many.

    Runs in the caller's transaction, which should do nothing else and be committed at once. With `since`, looks only
    at entries recorded from then on (cheap, for a loop that also looks at all of them now and then).
    Needs READ COMMITTED on PostgreSQL, where an advisory lock makes sequencers queue; on SQLite the one writer does.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEQUENCER_LOCK})
    unplaced = ~exists().where(audit_sequence.c.entry_id == audit_entry.c.id)
    waiting = select(audit_entry.c.recorded_at, audit_entry.c.id).where(unplaced)
    if since is not None:
        waiting = waiting.where(audit_entry.c.recorded_at >= since.astimezone(UTC))
    next_ones = waiting.order_by(audit_entry.c.recorded_at, audit_entry.c.id).limit(SEQUENCE_BATCH).subquery()
    last = select(func.coalesce(func.max(audit_sequence.c.idx), -1)).scalar_subquery()
    place = last + func.row_number().over(order_by=(next_ones.c.recorded_at, next_ones.c.id))
    numbered = select(place, next_ones.c.id)
    result = session.execute(insert(audit_sequence).from_select(["idx", "entry_id"], numbered))
    return int(result.rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What an IG officer asks for. `subjects` are pseudonyms (see `subject_pseudonym`): an entry about any of them will
    do, since one person may have had several ids. Instants are UTC."""

    staff_id: str | None = None
    subjects: tuple[str, ...] = ()
    organisation: str | None = None
    purpose: Purpose | None = None
    outcome: Outcome | None = None
    kind: EventKind | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry to be read. `index` is None until it has its place; `cursor` asks for what comes after it."""

    id: str
    index: int | None
    recorded_at: datetime
    kind: EventKind
    outcome: Outcome
    staff_id: str | None
    organisation: str | None
    purpose: Purpose | None
    body: Mapping[str, Any]

    @property
    def cursor(self) -> str:
        return urlsafe_b64encode(f"{instant(self.recorded_at)}|{self.id}".encode()).decode()


def find(session: Session, asked: AuditFilter, limit: int = 50, cursor: str | None = None) -> list[EntryView]:
    """Return the entries asked for, newest first; `cursor` is that of the last entry already seen."""
    query = _entries().order_by(audit_entry.c.recorded_at.desc(), audit_entry.c.id.desc()).limit(limit)
    entry = audit_entry.c
    for column in (entry.staff_id, entry.organisation, entry.purpose, entry.outcome, entry.kind):
        if (value := getattr(asked, column.name)) is not None:
            query = query.where(column == str(value))
    if asked.subjects:
        about = audit_subject.c
        query = query.where(entry.id.in_(select(about.entry_id).where(about.pseudonym.in_(asked.subjects))))
    if asked.since is not None:
        query = query.where(entry.recorded_at >= asked.since.astimezone(UTC))
    if asked.until is not None:
        query = query.where(entry.recorded_at < asked.until.astimezone(UTC))
    if cursor is not None:
        query = query.where(tuple_(entry.recorded_at, entry.id) < _after(cursor))
    return [_view(row) for row in session.execute(query)]


def get(session: Session, entry_id: str) -> EntryView | None:
    """Return one entry."""
    row = session.execute(_entries().where(audit_entry.c.id == entry_id)).one_or_none()
    return None if row is None else _view(row)


def export(session: Session, first: int = 0) -> Iterator[str]:
    """Yield a JSON line {index, leaf_hash, body} for each sequenced entry from index `first` on.

    `body` is the exact text that was hashed, as a string.
    """
    position = first
    while batch := _batch(session, position):
        for row in batch:
            line = {"index": row.idx, "leaf_hash": row.leaf_hash, "body": row.body}
            yield json.dumps(line, ensure_ascii=False, sort_keys=True)
        position = batch[-1].idx + 1


def stored_instant(held: datetime) -> datetime:
    """Return an instant read from a column as aware UTC (SQLite drops the zone)."""
    return held.replace(tzinfo=UTC) if held.tzinfo is None else held.astimezone(UTC)


def _row(body: Mapping[str, Any], written: bytes, at: datetime) -> dict[str, Any]:
    return {
        "id": body["id"],
        "recorded_at": at.astimezone(UTC),
        "kind": body["kind"],
        "staff_id": body["staff"],
        "organisation": body["organisation"],
        "purpose": body["purpose"],
        "outcome": body["outcome"],
        "body": written.decode(),
        "leaf_hash": leaf_hash(written).hex(),
    }


def _entries() -> Select[Any]:
    joined = audit_entry.outerjoin(audit_sequence, audit_sequence.c.entry_id == audit_entry.c.id)
    return select(audit_entry, audit_sequence.c.idx).select_from(joined)


def _batch(session: Session, first: int, size: int = 1000) -> Sequence[Any]:
    query = _entries().where(audit_sequence.c.idx >= first).order_by(audit_sequence.c.idx).limit(size)
    return session.execute(query).all()


def _after(cursor: str) -> tuple[datetime, str]:
    try:
        moment, _, entry_id = urlsafe_b64decode(cursor.encode()).decode().partition("|")
        return datetime.fromisoformat(moment), entry_id
    except ValueError:
        raise EventRefused("the cursor is not one this ledger gave") from None


def _view(row: Any) -> EntryView:
    return EntryView(
        id=row.id,
        index=row.idx,
        recorded_at=stored_instant(row.recorded_at),
        kind=EventKind(row.kind),
        outcome=Outcome(row.outcome),
        staff_id=row.staff_id,
        organisation=row.organisation,
        purpose=None if row.purpose is None else Purpose(row.purpose),
        body=json.loads(row.body),
    )
