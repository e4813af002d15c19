"""The wrapped data keys of the vault: a file of their own, never in the main database nor its backups.

Invariants: an owner (a source record role, or the quarantine of one load) has one random data key, held
only wrapped; a key is on disk before anything sealed with it is returned; a destroyed owner leaves a
tombstone and never gets a key again; destroying leaves no copy of the wrapped key in the file or its log.
Source: SQLite's WAL and `secure_delete` documentation; NIST SP 800-88 on cryptographic erase. What lives on
in an older copy of this file is retired by rotating the vault key.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from governance.keys.keys import KeyRing, parse_label, wrapped_version

BUSY_MS: Final = 10_000
REWRAP_BATCH: Final = 5_000
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS wrapped_key (
    owner TEXT PRIMARY KEY, wrapped BLOB NOT NULL, wrap_version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_wrap_version ON wrapped_key (wrap_version);
CREATE TABLE IF NOT EXISTS tombstone (owner TEXT PRIMARY KEY, destroyed_at TEXT NOT NULL) WITHOUT ROWID;
"""


class VaultRefused(Exception):
    """The vault cannot do this. The message names a reason and at most random ids, never content or keys."""


class Destroyed(VaultRefused):
    """Some of these owners were erased: nothing can be sealed for them again."""

    def __init__(self, owners: frozenset[str]) -> None:
        super().__init__(f"{len(owners)} of these were erased and cannot be sealed again")
        self.owners = owners


class TracesRemain(VaultRefused):
    """The keys are destroyed, but another reader kept the file's log from being emptied: destroy them again."""


class WrappedKeys:
    """The file of wrapped keys. One object may be shared between threads; each process opens its own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def data_keys(self, ring: KeyRing, owners: Sequence[str]) -> dict[str, bytes]:
        """Return the data key of every owner, making those that are missing; raise Destroyed for the erased."""
        made: dict[str, bytes] = {}
        with self._write():
            if gone := self.destroyed(owners):
                raise Destroyed(gone)
            held = self._wrapped(owners)
            rows = []
            for owner in dict.fromkeys(owners):
                if owner not in held:
                    made[owner], wrapped = ring.new_data_key(_context(owner))
                    rows.append((owner, wrapped, wrapped_version(wrapped)))
            self._database.executemany("INSERT INTO wrapped_key VALUES (?, ?, ?)", rows)
        return made | {owner: ring.unwrap(wrapped, _context(owner)) for owner, wrapped in held.items()}

    def held_keys(self, ring: KeyRing, owners: Iterable[str]) -> dict[str, bytes]:
        """Return the data keys that exist among these owners'."""
        with self._lock:
            held = self._wrapped(owners)
        return {owner: ring.unwrap(wrapped, _context(owner)) for owner, wrapped in held.items()}

    def destroyed(self, owners: Iterable[str]) -> frozenset[str]:
        """Return those of these owners whose key was destroyed."""
        asked = json.dumps(list(owners))
        query = "SELECT owner FROM tombstone WHERE owner IN (SELECT value FROM json_each(?))"
        with self._lock:
            return frozenset(owner for (owner,) in self._database.execute(query, (asked,)))

    def destroy(self, owners: Iterable[str], at: datetime) -> int:
        """Destroy the keys of these owners for ever and leave tombstones; return how many keys there were.

        Safe to repeat. Raises TracesRemain when the keys are gone but the file's log could not be emptied.
        """
        listed = list(dict.fromkeys(owners))
        with self._write():
            count = self._delete(listed)
            stones = [(owner, at.isoformat()) for owner in listed]
            self._database.executemany("INSERT OR IGNORE INTO tombstone VALUES (?, ?)", stones)
        self._empty_log()
        return count

    def forget(self, owners: Iterable[str]) -> int:
        """Destroy keys without a tombstone: of work that was cut off, whose random ids come never again."""
        with self._write():
            count = self._delete(list(owners))
        self._empty_log()
        return count

    def rewrap(self, ring: KeyRing) -> int:
        """Wrap under the current vault key one batch of keys still under an older; return how many (0: done).

        Each batch is one transaction, so a kill loses nothing and the next call goes on.
        """
        newest = parse_label(ring.current("vault")).version
        query = "SELECT owner, wrapped FROM wrapped_key WHERE wrap_version < ? LIMIT ?"
        with self._write():
            old = self._database.execute(query, (newest, REWRAP_BATCH)).fetchall()
            new = [(ring.rewrap(wrapped, _context(owner)), newest, owner) for owner, wrapped in old]
            self._database.executemany("UPDATE wrapped_key SET wrapped = ?, wrap_version = ? WHERE owner = ?", new)
        if not old:
            self._empty_log()
        return len(old)

    def count(self) -> int:
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM wrapped_key").fetchone()[0])

    def _wrapped(self, owners: Iterable[str]) -> dict[str, bytes]:
        query = "SELECT owner, wrapped FROM wrapped_key WHERE owner IN (SELECT value FROM json_each(?))"
        return dict(self._database.execute(query, (json.dumps(list(owners)),)))

    def _delete(self, owners: Sequence[str]) -> int:
        before = self._database.total_changes
        self._database.executemany("DELETE FROM wrapped_key WHERE owner = ?", [(owner,) for owner in owners])
        return self._database.total_changes - before

    def _empty_log(self) -> None:
        with self._lock:
            busy, _, _ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise TracesRemain("the keys are destroyed, but traces remain in the file's log: repeat")

    @contextmanager
    def _write(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")


def _context(owner: str) -> bytes:
    return b"family-record data key|" + owner.encode()
