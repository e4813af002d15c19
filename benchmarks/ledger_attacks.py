"""Ten thousand random manipulations of a ledger by whoever owns its database, and as many honest extensions.

The attacker holds the database and everything in it, can recompute every hash and kept subtree and rewrite every stored
checkpoint, and may have a signing key of their own; the true key and the anchor folder are out of reach. For `fork`
even the true service is made to sign a second history, into another anchor folder. Detection is by an outsider with
the public key and the anchor folder, without the key ring.
"""

import json
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session

from benchmarks.section import Section
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.ledger import anchors, checkpoints
from governance.ledger.entries import AuditEvent, canonical
from governance.ledger.ledger import record_many, sequence
from governance.ledger.merkle import EMPTY_ROOT, leaf_hash, root
from governance.ledger.notes import ORIGIN, TreeHead, signed
from governance.ledger.verification import Verification, verify
from governance.store import metadata
from governance.terms import EventKind, Outcome, Purpose

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SIZES = (9, 24, 40, 300)
BEYOND = 3
"""So many entries follow the newest anchor."""


MEMORY = Path("/dev/shm")
"""Where it exists copies lie here: nothing in these runs has to outlive them."""


@dataclass(frozen=True, slots=True)
class Template:
    """A ledger to be copied: its folder holds `ledger.db`, `older.db` (a backup halfway) and `anchors`."""

    folder: Path
    ring: SoftwareKeyRing
    thief: SoftwareKeyRing
    covered: int


@dataclass(frozen=True, slots=True)
class Attacked:
    """`missed` are covered manipulations that nobody noticed; `alarms` honest extensions taken for one."""

    tried: Mapping[str, int]
    covered: int
    found: int
    missed: tuple[str, ...]
    beyond: int
    beyond_found_with_ring: int
    honest: int
    alarms: int


class Ledger:
    """A copy of a template's database, to be done with as its owner likes."""

    def __init__(self, template: Template, path: Path, chance: random.Random) -> None:
        self.template, self.path, self.chance = template, path, chance
        self.db = sqlite3.connect(path)

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        return self.db.execute(statement, values).fetchall()

    def ids(self) -> list[str]:
        return [str(row[0]) for row in self.sql("SELECT entry_id FROM audit_sequence ORDER BY idx")]

    def renumber(self, ids: list[str]) -> None:
        self.sql("DELETE FROM audit_sequence")
        self.db.executemany("INSERT INTO audit_sequence VALUES (?, ?)", enumerate(ids))

    def rewrite(self, entry: str, **changes: object) -> None:
        """Change the body, and all that repeats it, so that the entry agrees with itself."""
        [(text,)] = self.sql("SELECT body FROM audit_entry WHERE id = ?", entry)
        held = json.loads(str(text)) | changes
        body = canonical(held)
        self.sql(
            "UPDATE audit_entry SET body = ?, leaf_hash = ?, staff_id = ?, organisation = ? WHERE id = ?",
            body.decode(), leaf_hash(body).hex(), held["staff"], held["organisation"], entry,
        )  # fmt: skip

    def recompute(self, key: SoftwareKeyRing | None, checkpoints_too: bool) -> None:
        """Make every leaf and kept hash fit the bodies, and perhaps the stored checkpoints, under this key if any."""
        query = "SELECT e.id, body FROM audit_entry e JOIN audit_sequence s ON s.entry_id = e.id ORDER BY idx"
        hashed = [(leaf_hash(str(body).encode()), str(entry)) for entry, body in self.sql(query)]
        leaves = [leaf for leaf, _ in hashed]
        fitting = [(leaf.hex(), entry) for leaf, entry in hashed]
        self.db.executemany("UPDATE audit_entry SET leaf_hash = ? WHERE id = ?", fitting)
        blocks = [(at // 256, root(leaves[at : at + 256]).hex()) for at in range(0, len(leaves) - 255, 256)]
        self.sql("DELETE FROM audit_subtree")
        self.db.executemany("INSERT INTO audit_subtree VALUES (1, ?, ?)", blocks)
        for (size,) in self.sql("SELECT size FROM audit_checkpoint") if checkpoints_too else []:
            head = TreeHead(ORIGIN, int(str(size)), root(leaves[: int(str(size))]) if leaves else EMPTY_ROOT)
            note = signed(head, key, "checkpoint/1") if key else head.text() + "\n"
            self.sql("UPDATE audit_checkpoint SET root = ?, note = ? WHERE size = ?", head.root.hex(), note, size)


Attack = Callable[[Ledger, int], int]
"""Does its worst to the entry of that index or near it; returns the lowest index it touched."""


def flip(ledger: Ledger, index: int) -> int:
    return _flip(ledger, index, ledger.chance.choice(("body", "kind", "outcome")))


def smudge(ledger: Ledger, index: int) -> int:
    return _flip(ledger, index, "leaf_hash")


def _flip(ledger: Ledger, index: int, column: str) -> int:
    entry = ledger.ids()[index]
    [(held,)] = ledger.sql(f"SELECT {column} FROM audit_entry WHERE id = ?", entry)
    raw = bytearray(str(held).encode())
    raw[ledger.chance.randrange(len(raw))] ^= 1 << ledger.chance.randrange(7)
    ledger.sql(f"UPDATE audit_entry SET {column} = CAST(? AS TEXT) WHERE id = ?", bytes(raw), entry)
    return index


def edit(ledger: Ledger, index: int) -> int:
    ledger.rewrite(ledger.ids()[index], staff=f"{ledger.chance.getrandbits(128):032x}")
    return index


def delete(ledger: Ledger, index: int) -> int:
    ids = ledger.ids()
    gone = ids.pop(index)
    ledger.renumber(ids)
    ledger.sql("DELETE FROM audit_subject WHERE entry_id = ?", gone)
    ledger.sql("DELETE FROM audit_entry WHERE id = ?", gone)
    return index


def insert(ledger: Ledger, index: int) -> int:
    ids = ledger.ids()
    forged, like = f"{ledger.chance.getrandbits(128):032x}", ids[index]
    [(text,)] = ledger.sql("SELECT body FROM audit_entry WHERE id = ?", like)
    body = canonical(json.loads(str(text)) | {"id": forged, "subjects": []})
    ledger.sql(
        "INSERT INTO audit_entry SELECT ?, recorded_at, kind, staff_id, organisation, purpose, outcome, ?, ? "
        "FROM audit_entry WHERE id = ?", forged, body.decode(), leaf_hash(body).hex(), like,
    )  # fmt: skip
    ledger.renumber([*ids[:index], forged, *ids[index:]])
    return index


def swap(ledger: Ledger, index: int) -> int:
    ids = ledger.ids()
    other = ledger.chance.choice([n for n in range(len(ids)) if n != index])
    ids[index], ids[other] = ids[other], ids[index]
    ledger.renumber(ids)
    return min(index, other)


def truncate(ledger: Ledger, index: int) -> int:
    for gone in ledger.ids()[index:]:
        ledger.sql("DELETE FROM audit_sequence WHERE entry_id = ?", gone)
        ledger.sql("DELETE FROM audit_subject WHERE entry_id = ?", gone)
        ledger.sql("DELETE FROM audit_entry WHERE id = ?", gone)
    ledger.sql("DELETE FROM audit_checkpoint WHERE size > ?", index)
    return index


def rollback(ledger: Ledger, index: int) -> int:
    """Restore an older backup, with the checkpoints it held."""
    ledger.db.close()
    shutil.copy(ledger.template.folder / "older.db", ledger.path)
    ledger.db = sqlite3.connect(ledger.path)
    return 0


def forge(ledger: Ledger, index: int) -> int:
    """Edit, and store a checkpoint over the result that somebody else signed."""
    ledger.rewrite(ledger.ids()[index], organisation="ZXX")
    ledger.recompute(ledger.template.thief, checkpoints_too=True)
    return index


def fork(ledger: Ledger, index: int) -> int:
    """Restore an older backup and let the true service write and sign on, into an anchor folder of the attacker's."""
    rollback(ledger, index)
    with sqlite3.connect(ledger.path) as db:
        db.execute("DELETE FROM audit_checkpoint")
    with _session(ledger.path) as session:
        fresh = _events(ledger.template.covered, ledger.chance)
        record_many(session, ledger.template.ring, fresh, NOW + timedelta(days=1))
        checkpoints.advance(session, ledger.template.ring, ledger.path.with_suffix(".anchors"), NOW)
    return 0


ATTACKS: Mapping[str, Attack] = {
    act.__name__: act for act in (flip, smudge, edit, delete, insert, swap, truncate, rollback, forge, fork)
}
RECOMPUTED = frozenset({"flip", "edit", "delete", "insert", "swap", "truncate"})


@lru_cache
def _engine(path: Path) -> Engine:
    """One engine for a path, whatever file lies there: it keeps no connection."""
    return create_engine(f"sqlite:///{path}", poolclass=NullPool)


@contextmanager
def _session(path: Path) -> Iterator[Session]:
    with Session(_engine(path)) as session:
        yield session


def _checked(path: Path, template: Template, with_ring: bool) -> Verification:
    with _session(path) as session:
        key = template.ring.public_key("checkpoint/1")
        return verify(session, template.folder / "anchors", key, ring=template.ring if with_ring else None)


def _events(count: int, chance: random.Random) -> list[AuditEvent]:
    return [
        AuditEvent(
            EventKind.READ_FAMILY, chance.choice(tuple(Outcome)), staff_id=f"{chance.randrange(99):032x}",
            organisation="ZCH", purpose=Purpose.EARLY_HELP, subjects=(f"{chance.randrange(9):032x}", "f" * 32),
        )
        for _ in range(count)
    ]  # fmt: skip


def _write(path: Path, template: Template, count: int, chance: random.Random, at: datetime) -> None:
    with _session(path) as session:
        record_many(session, template.ring, _events(count, chance), at)
        session.commit()


def _template(folder: Path, size: int, chance: random.Random) -> Template:
    folder.mkdir()
    made = Template(folder, SoftwareKeyRing(new_keys(FIRST_LABELS)), SoftwareKeyRing(new_keys(FIRST_LABELS)), size)
    database, held = folder / "ledger.db", 0
    with closing(sqlite3.connect(database)):
        metadata.create_all(_engine(database))
    while held < size:
        step = min(size - held, chance.randrange(1, max(2, size // 3)))
        _write(database, made, step, chance, NOW + timedelta(seconds=held))
        with _session(database) as session:
            checkpoints.advance(session, made.ring, folder / "anchors", NOW + timedelta(seconds=held))
        held += step
        if held <= size // 2 or not (folder / "older.db").exists():
            shutil.copy(database, folder / "older.db")
    _write(database, made, BEYOND, chance, NOW + timedelta(hours=1))
    with _session(database) as session:
        sequence(session)
        session.commit()
    return made


def _manipulated(template: Template, path: Path, name: str, chance: random.Random) -> int:
    """Do one manipulation to a fresh copy; return the lowest index it touched."""
    shutil.copy(template.folder / "ledger.db", path)
    ledger = Ledger(template, path, chance)
    touched = ATTACKS[name](ledger, chance.randrange(template.covered + BEYOND))
    if name in RECOMPUTED and chance.random() < 0.9:
        ledger.recompute(chance.choice((None, template.thief)), checkpoints_too=chance.random() < 0.5)
    ledger.db.commit()
    ledger.db.close()
    return touched


def _extended(template: Template, path: Path, chance: random.Random) -> Verification:
    """Let a fresh copy grow honestly, anchored now and then, perhaps with the last anchor not yet stored."""
    folder = path.with_suffix(".grown")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template.folder / "anchors", folder)
    shutil.copy(template.folder / "ledger.db", path)
    for n in range(chance.randrange(1, 4)):
        _write(path, template, chance.randrange(1, 9), chance, NOW + timedelta(days=1 + n))
        if chance.random() < 0.7:
            with _session(path) as session:
                checkpoints.advance(session, template.ring, folder, NOW + timedelta(days=1 + n))
    if chance.random() < 0.3:
        newest = anchors.sizes(folder)[-1]
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("DELETE FROM audit_checkpoint WHERE size = ? AND size > ?", (newest, template.covered))
    with _session(path) as session:
        key = template.ring.public_key("checkpoint/1")
        return verify(session, folder, key, ring=template.ring if chance.random() < 0.5 else None)


def attacked(runs: int, honest: int, seed: int = 1) -> Attacked:
    """Try so many manipulations and honest extensions."""
    chance, tried, missed = random.Random(seed), Counter[str](), []
    covered = found = beyond = beyond_found = alarms = 0
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="family-record-", dir=memory) as place:
        templates = [_template(Path(place) / str(size), size, chance) for size in SIZES]
        weighted = [*templates[:3] * 8, templates[3]]
        path = Path(place) / "copy.db"
        for n in range(runs):
            template, name = chance.choice(weighted), list(ATTACKS)[n % len(ATTACKS)]
            touched = _manipulated(template, path, name, chance)
            tried[name] += 1
            if touched < template.covered:
                covered += 1
                noticed = not _checked(path, template, with_ring=False).ok
                found += noticed
                missed += [] if noticed else [f"{name} at {touched} of {template.covered}"]
            else:
                beyond += 1
                beyond_found += not _checked(path, template, with_ring=True).ok
            shutil.rmtree(path.with_suffix(".anchors"), ignore_errors=True)
        alarms = sum(not _extended(chance.choice(weighted), path, chance).ok for _ in range(honest))
    return Attacked(tried, covered, found, tuple(missed), beyond, beyond_found, honest, alarms)


def measure() -> Section:
    """Ten thousand of each."""
    found = attacked(10_000, 10_000)
    kinds = ", ".join(f"{name} {count:,}" for name, count in found.tried.items())
    return Section(
        "A ledger manipulated 10,000 times by whoever owns its database",
        (
            ("manipulations", kinds),
            ("that touch what an anchor covers: found", f"{found.found:,} of {found.covered:,}"),
            ("missed", "; ".join(found.missed) or "none"),
            ("only beyond the newest anchor: found by who holds the key ring",
             f"{found.beyond_found_with_ring:,} of {found.beyond:,}"),
            ("honest extensions taken for manipulations", f"{found.alarms:,} of {found.honest:,}"),
        ),
        "Most have every leaf and kept hash recomputed, half of those the stored checkpoints too. The outsider holds "
        "the public key and the anchor folder. Beyond the newest anchor nothing is promised: entries can be cut off.",
    )  # fmt: skip
