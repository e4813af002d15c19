"""Signing the ledger: checkpoints over what is committed, anchored outside the database, and proofs from them.

Invariants: a checkpoint speaks only for committed, sequenced entries whose bodies match their leaves; it
always extends the last one anchored, or is refused; it is anchored before it is stored, so a crash between
leaves an anchor that the next call stores; the cost is that of the new entries.
Sources: RFC 6962; C2SP tlog-checkpoint ("a log MUST NOT sign any checkpoint inconsistent with any it
previously signed") and tlog-proof.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing, parse_label
from governance.ledger import anchors
from governance.ledger.ledger import SEQUENCE_BATCH, sequence, stored_instant
from governance.ledger.merkle import (
    Frontier,
    RootOver,
    consistency_path,
    inclusion_path,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from governance.ledger.notes import ORIGIN, NoteRefused, TreeHead, Verifier, read_note, signed
from governance.ledger.proofs import ConsistencyProof, InclusionProof
from governance.ledger.subtrees import HashesMissing, grow, root_over
from governance.store import audit_checkpoint, audit_entry, audit_sequence

__all__ = [
    "Checkpoint",
    "ConsistencyProof",
    "InclusionProof",
    "LedgerInconsistent",
    "NotCovered",
    "advance",
    "checkpoint",
    "consistency_proof",
    "inclusion_proof",
    "verifiers",
]

BATCH: Final = 2000
COMMIT_DELAY: Final = timedelta(hours=1)


class LedgerInconsistent(Exception):
    """The ledger contradicts what was signed, so nothing more is signed. `audit verify` tells where."""


class NotCovered(Exception):
    """No checkpoint covers this entry yet, or there is no such entry."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One signed tree head. `root` is hex; `new` tells whether this call signed it."""

    size: int
    root: str
    note: str
    new: bool


def checkpoint(session: Session, ring: KeyRing, anchor_dir: Path, at: datetime) -> Checkpoint:
    """Sign, anchor and store a checkpoint over all sequenced entries, or return the last when nothing is new.

    Commits the session first (only what is committed may be signed) and again once the checkpoint is anchored.
    """
    session.commit()
    with anchors.locked(anchor_dir):
        label = ring.current("checkpoint")
        anchors.publish_verifier(anchor_dir, str(Verifier(ORIGIN, ring.public_key(label))))
        last = _reconciled(session, ring, anchor_dir, at)
        # What a crash left unstored is committed before the next is anchored: two at once would look like a rollback.
        session.commit()
        frontier = _frontier(session, anchor_dir, last)
        _extend(session, frontier)
        grow(session, frontier.size)
        if last is not None and frontier.size == last.size:
            session.commit()
            return Checkpoint(last.size, last.root.hex(), anchors.note_at(anchor_dir, last.size) or "", False)
        head = TreeHead(ORIGIN, frontier.size, frontier.root())
        note = signed(head, ring, label)
        _store(session, head, note, at)
        anchors.anchor(anchor_dir, head.size, note)
        anchors.save_frontier(anchor_dir, frontier)
        session.commit()
    return Checkpoint(head.size, head.root.hex(), note, True)


def advance(session: Session, ring: KeyRing, anchor_dir: Path, at: datetime) -> Checkpoint:
    """Give every committed entry its index, each batch in its own transaction, then sign: what a server's loop calls.

    Commits the session several times, so it must be one with no transaction block around it.
    """
    session.commit()
    _sequence_all(session, _recently(session))
    if _unplaced(session):
        _sequence_all(session, None)
    return checkpoint(session, ring, anchor_dir, at)


def _sequence_all(session: Session, since: datetime | None) -> None:
    while sequence(session, since) == SEQUENCE_BATCH:
        session.commit()
    session.commit()


def _recently(session: Session) -> datetime | None:
    """Return an instant before which entries were, as a rule, sequenced already: looking only after it is cheap."""
    made_at = session.scalar(select(func.max(audit_checkpoint.c.made_at)))
    return None if made_at is None else stored_instant(made_at) - COMMIT_DELAY


def _unplaced(session: Session) -> bool:
    """Return whether there are more entries than indices, as when one was committed late."""
    entries = session.scalar(select(func.count()).select_from(audit_entry))
    return entries != session.scalar(select(func.count()).select_from(audit_sequence))


def inclusion_proof(session: Session, entry_id: str) -> InclusionProof:
    """Return the proof of one entry against the newest checkpoint; raise NotCovered."""
    entry, place = audit_entry.c, audit_sequence.c
    query = select(entry.body, place.idx).join(audit_sequence, place.entry_id == entry.id)
    row = session.execute(query.where(entry.id == entry_id)).one_or_none()
    newest = session.execute(select(audit_checkpoint).order_by(audit_checkpoint.c.size.desc()).limit(1)).first()
    if row is None or newest is None or row.idx >= newest.size:
        raise NotCovered("no checkpoint covers this entry yet")
    path = _proved(lambda over: inclusion_path(row.idx, newest.size, over), session)
    if not verify_inclusion(leaf_hash(row.body.encode()), row.idx, newest.size, path, bytes.fromhex(newest.root)):
        raise LedgerInconsistent(f"entry {row.idx} is not in the tree of {newest.size} that was signed")
    return InclusionProof(entry_id, row.body, row.idx, newest.size, path, newest.note)


def consistency_proof(session: Session, earlier: int, later: int) -> ConsistencyProof:
    """Return the proof that the checkpoint of size `later` continues that of size `earlier`; raise NotCovered."""
    query = select(audit_checkpoint).where(audit_checkpoint.c.size.in_((earlier, later)))
    held = {row.size: row for row in session.execute(query)}
    if not 0 < earlier <= later or not {earlier, later} <= held.keys():
        raise NotCovered("there are no checkpoints of these sizes")
    path = _proved(lambda over: consistency_path(earlier, later, over), session)
    roots = (bytes.fromhex(held[size].root) for size in (earlier, later))
    if not verify_consistency(earlier, later, path, *roots):
        raise LedgerInconsistent(f"the tree of {later} that was signed does not continue that of {earlier}")
    return ConsistencyProof(held[earlier].note, held[later].note, path)


def _proved(path: Callable[[RootOver], tuple[bytes, ...]], session: Session) -> tuple[bytes, ...]:
    try:
        return path(root_over(session))
    except HashesMissing as missing:
        raise LedgerInconsistent(str(missing)) from None


def verifiers(ring: KeyRing) -> list[Verifier]:
    """Return the public keys of every version of the ring's checkpoint key, oldest first."""
    labels = [label for key in ring.status() if (label := parse_label(key.label)).family == "checkpoint"]
    return [Verifier(ORIGIN, ring.public_key(str(label))) for label in sorted(labels)]


def _reconciled(session: Session, ring: KeyRing, anchor_dir: Path, at: datetime) -> TreeHead | None:
    """Return the last anchored head, having stored what a crash left anchored but not stored."""
    anchored = anchors.sizes(anchor_dir)
    stored = session.scalar(select(func.max(audit_checkpoint.c.size)))
    if stored is not None and stored not in anchored[-BATCH:]:
        raise LedgerInconsistent(f"the stored checkpoint of size {stored} is not anchored")
    head = None
    for size in [size for size in anchored if size >= (-1 if stored is None else stored)]:
        head, note = _anchored_head(ring, anchor_dir, size)
        if stored is None or size > stored:
            _store(session, head, note, at)
    return head


def _anchored_head(ring: KeyRing, anchor_dir: Path, size: int) -> tuple[TreeHead, str]:
    note = anchors.note_at(anchor_dir, size) or ""
    try:
        head = read_note(note, verifiers(ring))
    except NoteRefused as refused:
        raise LedgerInconsistent(f"the anchored checkpoint of size {size}: {refused}") from None
    if (head.origin, head.size) != (ORIGIN, size):
        raise LedgerInconsistent(f"the anchored checkpoint of size {size} is for another tree")
    return head, note


def _frontier(session: Session, anchor_dir: Path, last: TreeHead | None) -> Frontier:
    """Return the right edge of the last signed tree, from the cache or, if it does not fit, from the entries."""
    if last is None:
        return Frontier()
    if saved := anchors.saved_frontier(anchor_dir, last.size, last.root):
        return saved
    frontier = Frontier()
    _extend(session, frontier, last.size)
    if (frontier.size, frontier.root()) != (last.size, last.root):
        raise LedgerInconsistent(f"the first {last.size} entries are not those that were signed")
    return frontier


def _extend(session: Session, frontier: Frontier, until: int | None = None) -> None:
    """Push the entries that follow, re-hashing each body; raise LedgerInconsistent at a gap or a mismatch."""
    while batch := _next_rows(session, frontier.size, until):
        for row in batch:
            _push(frontier, row)
    highest = session.scalar(select(func.max(audit_sequence.c.idx)))
    if until is None and (highest is None or highest < frontier.size - 1) and frontier.size:
        raise LedgerInconsistent(f"entries before {frontier.size}, which were signed, are missing")


def _push(frontier: Frontier, row: Any) -> None:
    if row.idx != frontier.size or row.body is None:
        raise LedgerInconsistent(f"entry {frontier.size} is missing")
    leaf = leaf_hash(row.body.encode())
    if leaf.hex() != row.leaf_hash:
        raise LedgerInconsistent(f"entry {row.idx} does not match its leaf")
    frontier.push(leaf)


def _next_rows(session: Session, first: int, until: int | None) -> list[Any]:
    place, entry = audit_sequence.c, audit_entry.c
    query = (
        select(place.idx, entry.body, entry.leaf_hash)
        .select_from(audit_sequence.outerjoin(audit_entry, entry.id == place.entry_id))
        .where(place.idx >= first)
        .order_by(place.idx)
        .limit(BATCH)
    )
    if until is not None:
        query = query.where(place.idx < until)
    return list(session.execute(query))


def _store(session: Session, head: TreeHead, note: str, at: datetime) -> None:
    row = {"size": head.size, "root": head.root.hex(), "note": note, "made_at": at}
    session.execute(insert(audit_checkpoint), [row])
