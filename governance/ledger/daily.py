"""A day of the ledger on one sheet: how many acts of each kind ended how, and a hash short enough to print and compare.

Invariants: counts and hashes only, nobody is named; the hash is that of a signed, anchored tree, so a sheet filed away
is an anchor of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from governance.store import audit_checkpoint, audit_entry

SHORT: Final = 16


@dataclass(frozen=True, slots=True)
class Day:
    """`acts` are counts by kind and outcome; `size` and `root` are of the newest checkpoint, root being hex."""

    acts: Mapping[str, Mapping[str, int]]
    size: int
    root: str


def day(session: Session, since: datetime, until: datetime) -> Day:
    """Return what was recorded from `since` until before `until`, and the newest checkpoint."""
    entry = audit_entry.c
    query = (
        select(entry.kind, entry.outcome, func.count())
        .where(entry.recorded_at >= since.astimezone(UTC), entry.recorded_at < until.astimezone(UTC))
        .group_by(entry.kind, entry.outcome)
        .order_by(entry.kind, entry.outcome)
    )
    acts: dict[str, dict[str, int]] = {}
    for kind, outcome, count in session.execute(query):
        acts.setdefault(kind, {})[outcome] = count
    newest = session.execute(select(audit_checkpoint).order_by(audit_checkpoint.c.size.desc()).limit(1)).first()
    return Day(acts, newest.size, newest.root) if newest else Day(acts, 0, "")


def short(root: str) -> str:
    """Return the first 64 bits of a root in groups of four, as a person reads them out."""
    return " ".join(root[at : at + 4] for at in range(0, min(len(root), SHORT), 4))
