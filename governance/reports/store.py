"""The store of requests to know who looked.

Invariants: a request is added once and every step after it is a row of its own, never changed; each step has its ledger
entry in the same transaction and commits nothing itself; a step that may not follow is refused, also when two officers
act at once (the step's number is the key).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger.ledger import Detail, acted, record, stored_instant
from governance.reports.asking import NEXT, Asked, Evidence, Finding, Right, Step, Taken
from governance.store import access_request, access_request_step
from governance.terms import Actor, EventKind, Outcome, Purpose


class RequestRefused(Exception):
    """The step cannot be taken; the message says why, without a name."""


@dataclass(frozen=True, slots=True)
class Held:
    """One request with its steps so far, oldest first; the first is its receipt."""

    id: str
    asked: Asked
    received_on: date
    steps: tuple[Taken, ...]

    @property
    def last(self) -> Taken:
        return self.steps[-1]


def receive(session: Session, ring: KeyRing, at: datetime, actor: Actor, asked: Asked, received_on: date) -> str:
    """Record a request and return its id."""
    request_id = token_hex(16)
    values = {
        "id": request_id, "person_id": asked.person_id, "asker_person_id": asked.asker_person_id,
        "request_right": str(asked.right), "evidence": sorted(map(str, asked.evidence)), "received_on": received_on,
        "recorded_at": at, "recorded_by": actor.staff_id,
    }  # fmt: skip
    session.execute(insert(access_request).values(**values))
    _add(session, ring, actor, request_id, asked.person_id, 0, Taken(Step.RECEIVED, at, actor.staff_id))
    return request_id


def take(session: Session, ring: KeyRing, actor: Actor, held: Held, taken: Taken) -> None:
    """Add a step to a request as it was read; raise RequestRefused where it may not follow."""
    if taken.step not in NEXT[held.last.step]:
        raise RequestRefused(f"a request that is {held.last.step} cannot be {taken.step}")
    try:
        with session.begin_nested():
            _add(session, ring, actor, held.id, held.asked.person_id, len(held.steps), taken)
    except IntegrityError:
        raise RequestRefused("somebody else has just acted on this request") from None


def _add(
    session: Session, ring: KeyRing, actor: Actor, request_id: str, person_id: str, ordinal: int, taken: Taken
) -> None:
    values = {
        "request_id": request_id, "ordinal": ordinal, "step": str(taken.step), "findings": list(map(str, taken.found)),
        "left_out": sorted(taken.left_out), "content_hash": taken.content_hash, "log_size": taken.log_size,
        "recorded_at": taken.at, "recorded_by": taken.by,
    }  # fmt: skip
    session.execute(insert(access_request_step).values(**values))
    detail: dict[Detail, str | int] = {Detail.ACT: str(taken.step), Detail.RECORD: request_id}
    if taken.content_hash:
        detail |= {Detail.RESULT_HASH: taken.content_hash, Detail.SIZE: taken.log_size or 0}
    event = acted(EventKind.ACCESS_REQUEST, Outcome.DONE, actor, Purpose.IG_REVIEW)
    record(session, ring, replace(event, subjects=(person_id,), detail=detail), taken.at)


def held(session: Session, request_id: str) -> Held | None:
    """Return one request."""
    row = session.execute(select(access_request).where(access_request.c.id == request_id)).one_or_none()
    return None if row is None else _held(row, _steps(session, [request_id])[request_id])


def every(session: Session) -> list[Held]:
    """Return every request, the first received first."""
    rows = session.execute(select(access_request).order_by(access_request.c.received_on, access_request.c.id)).all()
    steps = _steps(session, [row.id for row in rows])
    return [_held(row, steps[row.id]) for row in rows]


def _steps(session: Session, ids: Collection[str]) -> dict[str, list[Taken]]:
    table = access_request_step
    query = select(table).where(table.c.request_id.in_(sorted(ids))).order_by(table.c.request_id, table.c.ordinal)
    found: dict[str, list[Taken]] = {}
    for row in session.execute(query):
        found.setdefault(row.request_id, []).append(_taken(row))
    return found


def _taken(row: Any) -> Taken:
    return Taken(
        Step(row.step), stored_instant(row.recorded_at), row.recorded_by, tuple(map(Finding, row.findings)),
        frozenset(row.left_out), row.content_hash, row.log_size,
    )  # fmt: skip


def _held(row: Any, steps: list[Taken]) -> Held:
    evidence = frozenset(map(Evidence, row.evidence))
    asked = Asked(row.person_id, row.asker_person_id, Right(row.request_right), evidence)
    return Held(row.id, asked, row.received_on, tuple(steps))
