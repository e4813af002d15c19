"""Checking the ledger from outside: does it still say what its checkpoints signed?

Invariants: nothing stored is believed without being recomputed (leaves from bodies, roots from leaves,
columns and subjects from bodies); every checkpoint, stored and anchored, is checked against the recomputed
prefix; the first entry or checkpoint that fails is named; memory does not grow with the entries. What is
older than the newest anchor cannot be changed, removed, added or reordered unseen; what is newer can be
edited unseen only by who holds the key ring, and removed unseen by the database's owner.
Sources: RFC 6962, RFC 8785, C2SP tlog-checkpoint.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import DateTime, Select, Text, exists, func, select, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger import anchors
from governance.ledger.findings import Failure, FailureKind, entry_fault
from governance.ledger.merkle import Frontier, leaf_hash
from governance.ledger.notes import ORIGIN, NoteRefused, TreeHead, Verifier, read_note
from governance.store import audit_checkpoint, audit_entry, audit_sequence, audit_subject

__all__ = ["Failure", "FailureKind", "Verification", "verify"]

BATCH: Final = 500
UNREADABLE: Final = (DBAPIError, ValueError)
ENTRY: Final = tuple(
    # Read as it lies: a column that holds no date must become a finding, not an error.
    type_coerce(column, Text).label(column.name) if isinstance(column.type, DateTime) else column
    for column in audit_entry.c
)


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer. `entries` and `checkpoints` were found good before the first failure; `root` is hex.

    `covered` is the size of the newest checkpoint found good, `pending` the entries that have no index yet.
    """

    ok: bool
    entries: int
    checkpoints: int
    covered: int
    pending: int
    root: str
    first_failure: Failure | None


def verify(
    session: Session,
    anchor_dir: Path,
    public_key: bytes,
    *,
    former_keys: Sequence[bytes] = (),
    ring: KeyRing | None = None,
    progress: Callable[[int], None] = lambda count: None,
) -> Verification:
    """Check the whole ledger against its checkpoints.

    `former_keys` are public keys retired by rotation. With `ring`, the seal of every entry is checked too, so that
    a forged entry is named itself, also after the newest checkpoint. `progress` is told how many entries each step
    read. The session should be a fresh one.
    """
    verifiers = [Verifier(ORIGIN, key) for key in (public_key, *former_keys)]
    walk = _Walk(session, anchor_dir, verifiers, ring, progress)
    try:
        walk.run()
    except _Failed as failed:
        return walk.result(failed.failure)
    return walk.result(None)


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Walk:
    """One pass over entries in order, meeting each checkpoint at its size."""

    def __init__(
        self,
        session: Session,
        anchor_dir: Path,
        verifiers: Sequence[Verifier],
        ring: KeyRing | None,
        progress: Callable[[int], None],
    ) -> None:
        self.session, self.anchor_dir, self.verifiers = session, anchor_dir, verifiers
        self.ring, self.progress = ring, progress
        # Anchors are listed before any row is read: a checkpoint made meanwhile is then unseen, not unanchored.
        self.anchored = anchors.sizes(anchor_dir)
        self.stored = frozenset(session.scalars(select(audit_checkpoint.c.size)))
        self.due = sorted({*self.anchored, *self.stored}, reverse=True)
        self.frontier = Frontier()
        self.checkpoints = self.covered = self.pending = 0

    def result(self, failure: Failure | None) -> Verification:
        return Verification(
            ok=failure is None,
            entries=self.frontier.size,
            checkpoints=self.checkpoints,
            covered=self.covered,
            pending=self.pending,
            root=self.frontier.root().hex(),
            first_failure=failure,
        )

    def run(self) -> None:
        self._meet_checkpoints()
        last: int | None = None
        while batch := self._read(_sequenced(last)):
            subjects = self._subjects([row.entry_id for row in batch])
            for row in batch:
                self._entry(row, subjects.get(row.entry_id, set()))
                self._meet_checkpoints()
            last = batch[-1].idx
            self.progress(len(batch))
        if self.due:
            self._fail_truncated(self.due[-1])
        self._unsequenced()
        self._strays()

    def _read(self, query: Select[Any]) -> list[Any]:
        """Return the next entries; where the database cannot even give them, name the one it cannot."""
        try:
            return list(self.session.execute(query))
        except UNREADABLE:
            self.session.rollback()
        for place in self.session.execute(query.with_only_columns(audit_sequence.c.idx, audit_entry.c.id)).all():
            try:
                self.session.execute(select(*ENTRY).where(audit_entry.c.id == place.id)).all()
            except UNREADABLE:
                message = f"entry {place.idx} ({place.id}) cannot be read"
                raise _Failed(Failure(FailureKind.BODY, message, place.idx, place.id)) from None
        return list(self.session.execute(query))

    def _entry(self, row: Any, subjects: set[str]) -> None:
        index = self.frontier.size
        if row.idx != index:
            kind = FailureKind.INDEX_GAP
            raise _Failed(Failure(kind, f"entry {index} has no row: the next index is {row.idx}", index=index))
        if row.id is None:
            message = f"entry {index} ({row.entry_id}) is not in the ledger"
            raise _Failed(Failure(FailureKind.ENTRY_MISSING, message, index, row.entry_id))
        self._content(row, subjects, index)
        self.frontier.push(leaf_hash(row.body.encode()))

    def _content(self, row: Any, subjects: set[str], index: int | None) -> None:
        found = entry_fault(row, subjects, self.ring)
        if found is not None:
            kind, message = found
            named = f"entry {index} ({row.id})" if index is not None else f"entry {row.id}, not yet sequenced,"
            raise _Failed(Failure(kind, f"{named} {message}", index, row.id))

    def _meet_checkpoints(self) -> None:
        while self.due and self.due[-1] <= self.frontier.size:
            self._checkpoint(self.due[-1])
            self.covered = self.due.pop()
            self.checkpoints += 1

    def _checkpoint(self, size: int) -> None:
        outside = anchors.note_at(self.anchor_dir, size)
        if outside is None:
            raise self._bad(FailureKind.NOT_ANCHORED, size, "is stored but not anchored outside the database")
        self._note(outside, size, "anchored")
        if size not in self.stored:
            # A crash between anchoring and storing leaves the newest anchor unstored; the next checkpoint stores it.
            if size != self.anchored[-1]:
                raise self._bad(FailureKind.NOT_STORED, size, "is anchored but missing from the database")
            return
        stored_note, stored_root = self._stored(size)
        head = self._note(stored_note, size, "stored")
        if stored_note != outside or stored_root != head.root.hex():
            raise self._bad(FailureKind.NOTES_DIFFER, size, "is not stored as it was anchored")

    def _stored(self, size: int) -> tuple[str, str]:
        query = select(audit_checkpoint.c.note, audit_checkpoint.c.root).where(audit_checkpoint.c.size == size)
        try:
            row = self.session.execute(query).first()
        except UNREADABLE:
            return "", ""
        return (row.note, row.root) if row is not None and isinstance(row.note, str) else ("", "")

    def _note(self, note: str, size: int, place: str) -> TreeHead:
        try:
            head = read_note(note, self.verifiers)
        except NoteRefused as refused:
            raise self._bad(FailureKind.SIGNATURE, size, f"({place}) is refused: {refused}") from None
        if (head.origin, head.size) != (ORIGIN, size):
            raise self._bad(FailureKind.SIGNATURE, size, f"({place}) is for another tree")
        if head.size == self.frontier.size and head.root != self.frontier.root():
            between = f"entries {self.covered} to {size - 1} are not those it signed"
            raise self._bad(FailureKind.ROOT, size, f"({place}) does not fit: {between}")
        return head

    def _bad(self, kind: FailureKind, size: int, message: str) -> _Failed:
        return _Failed(Failure(kind, f"checkpoint {size} {message}", size=size))

    def _fail_truncated(self, size: int) -> None:
        self._note(anchors.note_at(self.anchor_dir, size) or self._stored(size)[0], size, "anchored")
        raise self._bad(FailureKind.TRUNCATED, size, f"covers entries that are gone from {self.frontier.size} on")

    def _subjects(self, entry_ids: Sequence[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        query = select(audit_subject).where(audit_subject.c.entry_id.in_(entry_ids))
        for row in self.session.execute(query):
            found.setdefault(row.entry_id, set()).add(row.pseudonym)
        return found

    def _unsequenced(self) -> None:
        """Entries still without an index must be whole too; each is counted."""
        last = ""
        while True:
            query = select(*ENTRY).outerjoin(audit_sequence, audit_sequence.c.entry_id == audit_entry.c.id)
            waiting = query.where(audit_sequence.c.idx.is_(None), audit_entry.c.id > last).order_by(audit_entry.c.id)
            batch = self._read(waiting.limit(BATCH))
            if not batch:
                return
            subjects = self._subjects([row.id for row in batch])
            for row in batch:
                self._content(row, subjects.get(row.id, set()), None)
                self.pending += 1
            last = batch[-1].id

    def _strays(self) -> None:
        place, subject = audit_sequence.c, audit_subject.c
        twice = select(place.entry_id).group_by(place.entry_id).having(func.count() > 1).limit(1)
        if (entry_id := self.session.scalar(twice)) is not None:
            message = f"entry {entry_id} has two indices"
            raise _Failed(Failure(FailureKind.ENTRY_REPEATED, message, entry_id=entry_id))
        homeless = select(subject.entry_id).where(~exists().where(audit_entry.c.id == subject.entry_id)).limit(1)
        if (entry_id := self.session.scalar(homeless)) is not None:
            message = f"subjects are listed for entry {entry_id}, which is not in the ledger"
            raise _Failed(Failure(FailureKind.UNKNOWN_ROW, message, entry_id=entry_id))


def _sequenced(last: int | None) -> Select[Any]:
    joined = audit_sequence.outerjoin(audit_entry, audit_entry.c.id == audit_sequence.c.entry_id)
    query = select(audit_sequence, *ENTRY).select_from(joined).order_by(audit_sequence.c.idx).limit(BATCH)
    return query if last is None else query.where(audit_sequence.c.idx > last)
