"""Checking the ledger from outside: does it still say what its checkpoints signed?

Invariants: nothing stored is believed without being recomputed (leaves from bodies, roots from leaves,
columns and subjects from bodies); every checkpoint, stored and anchored, is checked against the recomputed
prefix; the first entry or checkpoint that fails is named; what passes at a glance (`stretches`) passed every check,
all else is looked at closely; memory grows by one hash for 256 entries. What is
older than the newest anchor cannot be changed, removed, added or reordered unseen; what is newer can be
edited unseen only by who holds the key ring, and removed unseen by the database's owner.
Sources: RFC 6962, RFC 8785, C2SP tlog-checkpoint.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import DateTime, Select, Text, distinct, exists, func, select, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger import anchors
from governance.ledger.findings import Failure, FailureKind, entry_fault
from governance.ledger.merkle import BlockTree, fold, leaf_hash
from governance.ledger.notes import ORIGIN, NoteRefused, TreeHead, Verifier, read_note
from governance.ledger.stretches import BLOCK, STRETCH, Stretch, Unreadable, in_processes, read_stretch, unread
from governance.ledger.subtrees import wrong_subtree
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
    processes: int = 1,
    copies: Sequence[Path] = (),
) -> Verification:
    """Check the whole ledger against its checkpoints.

    `former_keys` are public keys retired by rotation. With `ring`, the seal of every entry is checked too, so that
    a forged entry is named itself, also after the newest checkpoint. `progress` is told how many entries each step
    read. `copies` are further anchor folders, of which none may know of more or otherwise than the first and the
    ledger do. The session should be a fresh one. With several `processes` (forked, so for a program without threads)
    entries are read side by side.
    """
    verifiers = [Verifier(ORIGIN, key) for key in (public_key, *former_keys)]
    walk = _Walk(session, anchor_dir, verifiers, ring, progress, processes, copies)
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
        processes: int,
        copies: Sequence[Path],
    ) -> None:
        self.session, self.anchor_dir, self.verifiers = session, anchor_dir, verifiers
        self.ring, self.progress, self.processes = ring, progress, processes
        # Anchors are listed before any row is read: a checkpoint made meanwhile is then unseen, not unanchored.
        self.copied = {copy: frozenset(anchors.sizes(copy)) for copy in copies}
        self.anchored = anchors.sizes(anchor_dir)
        self.stored = frozenset(session.scalars(select(audit_checkpoint.c.size)))
        self.due = sorted(frozenset(self.anchored).union(self.stored, *self.copied.values()), reverse=True)
        self.tree = BlockTree(BLOCK)
        self.checkpoints = self.covered = self.pending = self.subjects = 0

    def result(self, failure: Failure | None) -> Verification:
        return Verification(
            ok=failure is None,
            entries=self.size,
            checkpoints=self.checkpoints,
            covered=self.covered,
            pending=self.pending,
            root=self.tree.frontier.root().hex(),
            first_failure=failure,
        )

    @property
    def size(self) -> int:
        return self.tree.frontier.size

    def run(self) -> None:
        self._meet_checkpoints()
        place = audit_sequence.c.idx
        lowest, highest = self.session.execute(select(func.min(place), func.max(place))).one()
        if highest is not None:
            if lowest != 0:
                self._closely(highest + 1)
            for stretch in self._stretches(highest + 1):
                self._take(stretch)
                self._closely(min(stretch.first + STRETCH, highest + 1))
                self.progress(self.size - stretch.first)
        if self.due:
            self._fail_truncated(self.due[-1])
        self._reconcile()
        self._kept_subtrees()

    def _stretches(self, total: int) -> Iterator[Stretch]:
        bind, due = self.session.get_bind(), tuple(self.due)
        if self.processes > 1 and total > STRETCH:
            yield from in_processes(bind.engine.url, self.ring, total, due, self.processes)
            return
        for first in range(0, total, STRETCH):
            try:
                yield read_stretch(self.session.connection(), self.ring, first, due)
            except Unreadable:
                self.session.rollback()
                yield unread(first)

    def _take(self, stretch: Stretch) -> None:
        """Add a stretch, looking closely at what is in doubt, and meet the checkpoints on the way."""
        self.subjects += stretch.subjects
        doubted = {index // BLOCK for index in stretch.doubts}
        for n, block in enumerate(stretch.roots):
            first = stretch.first + n * BLOCK
            if first // BLOCK in doubted:
                self._leaf_by_leaf(stretch, range(first, first + BLOCK))
                continue
            while self.due and self.due[-1] < first + BLOCK:
                self._meet(self.due[-1], fold([*self.tree.frontier.edge, *stretch.edges[self.due[-1]]]))
            self.tree.push_block(block)
            self._meet_checkpoints()
        self._leaf_by_leaf(stretch, range(self.size, stretch.first + stretch.count))

    def _leaf_by_leaf(self, stretch: Stretch, indices: range) -> None:
        while self.size < indices.stop:
            index = self.size
            if index in stretch.doubts:
                self._closely(next((n for n in range(index, indices.stop) if n not in stretch.doubts), indices.stop))
            else:
                self.tree.push(stretch.leaf(index))
                self._meet_checkpoints()

    def _closely(self, until: int) -> None:
        """Check entries one by one, from where the tree ends, up to this index."""
        while self.size < until and (batch := self._read(_sequenced(self.size, until))):
            subjects = self._subjects([row.entry_id for row in batch])
            for row in batch:
                self._entry(row, subjects.get(row.entry_id, set()))
                self._meet_checkpoints()

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
        index = self.size
        if row.idx != index:
            kind = FailureKind.INDEX_GAP
            raise _Failed(Failure(kind, f"entry {index} has no row: the next index is {row.idx}", index=index))
        if row.id is None:
            message = f"entry {index} ({row.entry_id}) is not in the ledger"
            raise _Failed(Failure(FailureKind.ENTRY_MISSING, message, index, row.entry_id))
        self._content(row, subjects, index)
        self.tree.push(leaf_hash(row.body.encode()))

    def _content(self, row: Any, subjects: set[str], index: int | None) -> None:
        found = entry_fault(row, subjects, self.ring)
        if found is not None:
            kind, message = found
            named = f"entry {index} ({row.id})" if index is not None else f"entry {row.id}, not yet sequenced,"
            raise _Failed(Failure(kind, f"{named} {message}", index, row.id))

    def _meet_checkpoints(self) -> None:
        while self.due and self.due[-1] <= self.size:
            self._meet(self.due[-1], self.tree.frontier.root())

    def _meet(self, size: int, root: bytes) -> None:
        self._checkpoint(size, root)
        self.covered = self.due.pop()
        self.checkpoints += 1

    def _checkpoint(self, size: int, root: bytes) -> None:
        outside = anchors.note_at(self.anchor_dir, size)
        if outside is None:
            where = "is stored" if size in self.stored else "is anchored elsewhere"
            raise self._bad(FailureKind.NOT_ANCHORED, size, f"{where} but not anchored outside the database")
        self._note(outside, size, "anchored", root)
        if any(size in held and anchors.note_at(copy, size) != outside for copy, held in self.copied.items()):
            raise self._bad(FailureKind.NOTES_DIFFER, size, "is not the same in every anchor folder")
        if size not in self.stored:
            # A crash between anchoring and storing leaves the newest anchor unstored; the next checkpoint stores it.
            if size != self.anchored[-1]:
                raise self._bad(FailureKind.NOT_STORED, size, "is anchored but missing from the database")
            return
        stored_note, stored_root = self._stored(size)
        head = self._note(stored_note, size, "stored", root)
        if stored_note != outside or stored_root != head.root.hex():
            raise self._bad(FailureKind.NOTES_DIFFER, size, "is not stored as it was anchored")

    def _stored(self, size: int) -> tuple[str, str]:
        query = select(audit_checkpoint.c.note, audit_checkpoint.c.root).where(audit_checkpoint.c.size == size)
        try:
            row = self.session.execute(query).first()
        except UNREADABLE:
            return "", ""
        return (row.note, row.root) if row is not None and isinstance(row.note, str) else ("", "")

    def _note(self, note: str, size: int, place: str, root: bytes | None = None) -> TreeHead:
        try:
            head = read_note(note, self.verifiers)
        except NoteRefused as refused:
            raise self._bad(FailureKind.SIGNATURE, size, f"({place}) is refused: {refused}") from None
        if (head.origin, head.size) != (ORIGIN, size):
            raise self._bad(FailureKind.SIGNATURE, size, f"({place}) is for another tree")
        if root is not None and head.root != root:
            between = f"entries {self.covered} to {size - 1} are not those it signed"
            raise self._bad(FailureKind.ROOT, size, f"({place}) does not fit: {between}")
        return head

    def _bad(self, kind: FailureKind, size: int, message: str) -> _Failed:
        return _Failed(Failure(kind, f"checkpoint {size} {message}", size=size))

    def _fail_truncated(self, size: int) -> None:
        held = (anchors.note_at(folder, size) for folder in (self.anchor_dir, *self.copied))
        self._note(next(filter(None, held), None) or self._stored(size)[0], size, "anchored")
        raise self._bad(FailureKind.TRUNCATED, size, f"covers entries that are gone from {self.size} on")

    def _subjects(self, entry_ids: Sequence[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        query = select(audit_subject).where(audit_subject.c.entry_id.in_(entry_ids))
        for row in self.session.execute(query):
            found.setdefault(row.entry_id, set()).add(row.pseudonym)
        return found

    def _reconcile(self) -> None:
        """Entries, indices and subjects must be as many as were met; only where they are not, look for which."""
        place = audit_sequence.c
        entries = self.session.scalar(select(func.count(audit_entry.c.id)))
        placed = self.session.scalar(select(func.count(distinct(place.entry_id))))
        if (entries, placed) != (self.size, self.size):
            self._unsequenced()
            twice = select(place.entry_id).group_by(place.entry_id).having(func.count() > 1).limit(1)
            if (entry_id := self.session.scalar(twice)) is not None:
                message = f"entry {entry_id} has two indices"
                raise _Failed(Failure(FailureKind.ENTRY_REPEATED, message, entry_id=entry_id))
        if self.session.scalar(select(func.count()).select_from(audit_subject)) != self.subjects:
            self._homeless_subjects()

    def _homeless_subjects(self) -> None:
        about = audit_subject.c.entry_id
        homeless = select(about).where(~exists().where(audit_entry.c.id == about)).limit(1)
        if (entry_id := self.session.scalar(homeless)) is not None:
            message = f"subjects are listed for entry {entry_id}, which is not in the ledger"
            raise _Failed(Failure(FailureKind.UNKNOWN_ROW, message, entry_id=entry_id))

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

    def _kept_subtrees(self) -> None:
        found = wrong_subtree(self.session, self.tree.blocks)
        if found is not None:
            first, last = found
            message = f"the hash kept for entries {first} to {last} is not theirs"
            raise _Failed(Failure(FailureKind.SUBTREE, message, index=first))


def _sequenced(first: int, until: int) -> Select[Any]:
    joined = audit_sequence.outerjoin(audit_entry, audit_entry.c.id == audit_sequence.c.entry_id)
    query = select(audit_sequence, *ENTRY).select_from(joined).order_by(audit_sequence.c.idx).limit(BATCH)
    place = audit_sequence.c.idx
    # From the very first, also indices below it are asked for: there must be none.
    return query.where(place < until) if first == 0 else query.where(place >= first, place < until)
