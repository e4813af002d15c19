"""Alarms for privacy officers: that something happened, never in words about anyone.

Invariants: an alarm names a random id and an organisation, no person and no worker in its text; the same thing raises
one alarm a day; taking note of one is a ledger entry.
Source: the NHS break-glass and self-claimed relationship models (each raises an alert to the privacy officer).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, stored_instant
from governance.legal_time import legal_date
from governance.store import alarm
from governance.terms import AlarmKind, EventKind

MOST_LISTED = 200


class NoSuchAlarm(Exception):
    """There is no such alarm, or it was taken note of before."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm as an officer sees it. `about` is an override, a relationship or a worker, by random id."""

    id: str
    kind: AlarmKind
    organisation: str
    about: str
    raised_at: datetime
    seen_at: datetime | None


def raise_alarm(session: Session, kind: AlarmKind, organisation: str, about: str, at: datetime) -> str | None:
    """Raise an alarm in the caller's transaction; None where the same was raised today."""
    columns, day = alarm.c, legal_date(at)
    same = select(columns.id).where(columns.kind == str(kind), columns.about == about, columns.day == day)
    if session.execute(same).first() is not None:
        return None
    alarm_id = token_hex(16)
    row = {"id": alarm_id, "kind": str(kind), "organisation": organisation, "about": about, "day": day}
    session.execute(insert(alarm).values(**row, raised_at=at))
    return alarm_id


def unseen(session: Session) -> list[Alarm]:
    """Return the alarms nobody has taken note of, the oldest first."""
    query = select(alarm).where(alarm.c.seen_at.is_(None)).order_by(alarm.c.raised_at, alarm.c.id).limit(MOST_LISTED)
    return _alarms(session.execute(query).all())


def take_note(session: Session, ring: KeyRing, alarm_id: str, at: datetime, by: str) -> None:
    """Mark an alarm as seen by this officer, with its ledger entry; raise NoSuchAlarm where none waits."""
    waiting = alarm.c.id == alarm_id, alarm.c.seen_at.is_(None)
    done = session.execute(update(alarm).where(*waiting).values(seen_at=at, seen_by=by))
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise NoSuchAlarm(alarm_id)
    record(session, ring, act(EventKind.ALARM_SEEN, by, {Detail.ALARM: alarm_id}), at)


def counts(session: Session) -> dict[AlarmKind, int]:
    """Return how many alarms wait, by kind."""
    query = select(alarm.c.kind, func.count()).where(alarm.c.seen_at.is_(None)).group_by(alarm.c.kind)
    held = {row[0]: row[1] for row in session.execute(query)}
    return {kind: held.get(str(kind), 0) for kind in AlarmKind}


def _alarms(rows: Sequence[Any]) -> list[Alarm]:
    return [
        Alarm(
            row.id, AlarmKind(row.kind), row.organisation, row.about, stored_instant(row.raised_at),
            None if row.seen_at is None else stored_instant(row.seen_at),
        )
        for row in rows
    ]  # fmt: skip
