"""Kept hashes of full subtrees, so that a proof costs a handful of reads however long the log is.

Invariants: a row (level, position) is the root over leaves [position * 256^level, (position + 1) * 256^level), made
once from the rows below it; rows are derived and never evidence: a proof made with them is checked against the signed
root before it is handed out, and verification compares each with what it recomputes.
Source: C2SP tlog-tiles (tiles of height 8), of which these are the roots.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, func, insert, select
from sqlalchemy.orm import Session

from governance.ledger.merkle import RootOver, fold, perfect, root
from governance.store import audit_entry, audit_sequence, audit_subtree

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
LEVELS: Final = 4
_AT_ONCE: Final = 64


class HashesMissing(Exception):
    """Leaves or subtrees that a proof needs are not in the database."""


def grow(session: Session, size: int) -> None:
    """Keep the roots of every full subtree of the first `size` entries that are not kept yet."""
    for level in range(1, LEVELS + 1):
        wanted = size >> (HEIGHT * level)
        held = session.scalar(select(func.count()).where(audit_subtree.c.level == level)) or 0
        for first in range(held, wanted, _AT_ONCE):
            _keep(session, level, range(first, min(first + _AT_ONCE, wanted)))


def _keep(session: Session, level: int, positions: range) -> None:
    below = hashes(session, level - 1, positions.start * WIDTH, positions.stop * WIDTH)
    rows = [
        {"level": level, "position": at, "root": root(below[n * WIDTH : (n + 1) * WIDTH]).hex()}
        for n, at in enumerate(positions)
    ]
    session.execute(insert(audit_subtree), rows)


def root_over(session: Session) -> RootOver:
    """Return what reads the root over any range of a tree's entries."""

    def over(start: int, end: int) -> bytes:
        return fold([_subtree(session, first, height) for first, height in perfect(start, end)])

    return over


def _subtree(session: Session, first: int, height: int) -> bytes:
    level = min(height // HEIGHT, LEVELS)
    at = first >> (HEIGHT * level)
    return root(hashes(session, level, at, at + (1 << (height - HEIGHT * level))))


def hashes(session: Session, level: int, start: int, end: int) -> list[bytes]:
    """Return the kept hashes at these positions of a level; those of level 0 are the leaves'."""
    found = [bytes.fromhex(held) for held in session.scalars(_between(level, start, end))]
    if len(found) != end - start:
        raise HashesMissing(f"of the hashes {start} to {end - 1} at level {level}, {len(found)} are there")
    return found


def _between(level: int, start: int, end: int) -> Select[Any]:
    if level == 0:
        joined: FromClause = audit_sequence.join(audit_entry, audit_entry.c.id == audit_sequence.c.entry_id)
        place: ColumnElement[int] = audit_sequence.c.idx
        query = select(audit_entry.c.leaf_hash).select_from(joined)
    else:
        place = audit_subtree.c.position
        query = select(audit_subtree.c.root).where(audit_subtree.c.level == level)
    return query.where(place >= start, place < end).order_by(place)


def wrong_subtree(session: Session, blocks: Sequence[bytes]) -> tuple[int, int] | None:
    """Return the first and last entry of the first kept subtree that is not what `blocks`, recomputed, make it."""
    made: Sequence[bytes] = blocks
    for level in range(1, LEVELS + 1):
        width = WIDTH**level
        held = select(audit_subtree).where(audit_subtree.c.level == level).order_by(audit_subtree.c.position)
        for n, row in enumerate(session.execute(held)):
            fits = row.position == n and (n >= len(made) or row.root == made[n].hex())
            if not fits:
                return n * width, (n + 1) * width - 1
        made = [root(made[at : at + WIDTH]) for at in range(0, len(made) - WIDTH + 1, WIDTH)]
    return None
