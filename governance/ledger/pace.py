"""How much one worker has looked at lately, counted from the ledger.

Invariants: refused looks count too; what cannot be counted stops (the error is the caller's to answer as "no"); a limit
is reached before it is passed.
Sources: ISO 27789 (use of the log against misuse); OWASP ASVS 5.0 (limits on bulk reading).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.store import audit_entry
from governance.terms import EventKind

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many acts in an hour and in a day."""

    hour: int
    day: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The pace of reading families and of searching."""

    reads: Pace
    searches: Pace


READS: Final = frozenset({EventKind.READ_FAMILY, EventKind.EXPORT})
SEARCHES: Final = frozenset({EventKind.SEARCH})


def reached(session: Session, staff_id: str, kinds: Collection[EventKind], pace: Pace, at: datetime) -> bool:
    """Tell whether a worker's acts of these kinds have reached the pace, just before one more."""
    return any(
        _since(session, staff_id, kinds, at - window, limit) >= limit
        for window, limit in ((HOUR, pace.hour), (DAY, pace.day))
    )


def _since(session: Session, staff_id: str, kinds: Collection[EventKind], since: datetime, limit: int) -> int:
    entry = audit_entry.c
    recent = (
        select(entry.id)
        .where(entry.staff_id == staff_id, entry.recorded_at > since, entry.kind.in_([str(kind) for kind in kinds]))
        .limit(limit)
    )
    return session.execute(select(func.count()).select_from(recent.subquery())).scalar_one()
