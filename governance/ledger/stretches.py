"""Re-reading many entries at once: their leaves, and which of them need a closer look.

Invariants: a leaf is always hashed from the body that was read; an entry passes at this pace only when its seal, made
over the very bytes that stand in the body, verifies under the ring (what the service sealed was canonical JSON) and
every copied column and subject is found written in its one place of that body; whatever is not surely whole is named
as a doubt, never judged here; without a ring everything is a doubt. Processes share nothing but what they return.
Sources: RFC 6962 (leaves), RFC 8785 (the order of a body's fields), RFC 2104 (seals).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from typing import Any, Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from governance.keys.keys import KeyRing
from governance.ledger.entries import AUDIT_LABEL
from governance.ledger.merkle import levels, prefix_edge

BLOCK: Final = 256
STRETCH: Final = 32 * BLOCK

_INSTANT: Final = {
    "sqlite": "e.recorded_at",
    "postgresql": "to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
}
_SUBJECTS: Final = {
    "sqlite": "group_concat(pseudonym, '\",\"')",
    "postgresql": 'string_agg(pseudonym, \'","\' ORDER BY pseudonym COLLATE "C")',
}
"""In SQLite they come in the order of their index; in any other order the entry would be a doubt, no more."""

_MMAP: Final = "PRAGMA mmap_size=17179869184"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries [first, first + count): all leaves, the roots of full blocks, and the edges at checkpoints inside blocks.

    It ends early before a missing index or what cannot be read. `edges` are the subtrees between the block's start and
    the checkpoint's size. `doubts` are indices; `subjects` is how many subjects are listed for these entries.
    """

    first: int
    count: int
    leaves: bytes
    roots: tuple[bytes, ...]
    edges: Mapping[int, tuple[bytes, ...]]
    doubts: frozenset[int]
    subjects: int

    def leaf(self, index: int) -> bytes:
        at = 32 * (index - self.first)
        return self.leaves[at : at + 32]


class Unreadable(Exception):
    """The database cannot give these rows: some content is not what its column says."""


def unread(first: int) -> Stretch:
    """Return the stretch of which nothing could be read."""
    return Stretch(first, 0, b"", (), {}, frozenset(), 0)


def read_stretch(connection: Connection, ring: KeyRing | None, first: int, due: Sequence[int]) -> Stretch:
    """Re-read STRETCH entries from `first` on; `due` are the sizes of all checkpoints; raise Unreadable."""
    rows = _rows(connection, first, first + STRETCH)
    whole = next((n for n, row in enumerate(rows) if row[0] != first + n), len(rows))
    leaves, doubts = _leaves(rows[:whole], ring)
    roots, edges = [], {}
    inside = [size for size in due if first < size < first + whole and size % BLOCK]
    for start in range(0, whole, BLOCK):
        made = levels(leaves[start : start + BLOCK])
        if len(made[0]) == BLOCK:
            roots.append(made[-1][0])
        for size in inside:
            if first + start < size < first + start + len(made[0]):
                edges[size] = tuple(prefix_edge(made, size - first - start))
    subjects = sum(int(row[10].partition('"')[0]) for row in rows[:whole] if row[10])
    doubted = frozenset(first + n for n in doubts)
    return Stretch(first, whole, b"".join(leaves), tuple(roots), edges, doubted, subjects)


def in_processes(url: URL, ring: KeyRing | None, total: int, due: Sequence[int], processes: int) -> Iterator[Stretch]:
    """Yield the stretches of `total` entries in order, read by forked processes with connections of their own."""
    with get_context("fork").Pool(processes, _begin, (url, ring, tuple(due))) as pool:
        yield from pool.imap(_read_in_process, range(0, total, STRETCH))


class _Process:
    """What one forked process works with; a ring is inherited, never sent."""

    connection: Connection
    ring: KeyRing | None
    due: Sequence[int]


def _begin(url: URL, ring: KeyRing | None, due: Sequence[int]) -> None:
    _Process.connection, _Process.ring, _Process.due = create_engine(url, hide_parameters=True).connect(), ring, due
    if _Process.connection.dialect.name == "sqlite":
        _Process.connection.exec_driver_sql(_MMAP)


def _read_in_process(first: int) -> Stretch:
    try:
        return read_stretch(_Process.connection, _Process.ring, first, _Process.due)
    except Unreadable:
        _Process.connection.rollback()
        return unread(first)


def _rows(connection: Connection, first: int, last: int) -> list[tuple[Any, ...]]:
    dialect = connection.dialect.name
    query = (  # only our own names and whole numbers are put into it
        f"SELECT s.idx, e.id, e.kind, e.organisation, e.outcome, e.purpose, {_INSTANT[dialect]}, e.staff_id, "  # noqa: S608
        "e.body, e.leaf_hash, (SELECT count(*) || '\"' || "
        f"{_SUBJECTS[dialect]} || '\"' FROM audit_subject WHERE entry_id = s.entry_id) "
        "FROM audit_sequence s LEFT JOIN audit_entry e ON e.id = s.entry_id "
        f"WHERE s.idx >= {first} AND s.idx < {last} ORDER BY s.idx"
    )
    driver: Any = connection.dialect.loaded_dbapi
    try:
        # The driver's own rows: an object for each would cost more than all the hashing.
        cursor: Any = connection.exec_driver_sql(query).cursor
        return list(cursor.fetchall())
    except (DBAPIError, ValueError, driver.Error):
        raise Unreadable from None


def _leaves(rows: Sequence[tuple[Any, ...]], ring: KeyRing | None) -> tuple[list[bytes], list[int]]:
    """Return each row's leaf, and the positions of those that need a closer look."""
    leaves, sealed, seals, places = [], [], [], []
    for place, row in enumerate(rows):
        body = row[8] if type(row[8]) is str else ""
        written = body.encode()
        leaf = sha256(b"\x00" + written)
        leaves.append(leaf.digest())
        seal_at = _seal_at(row, body)
        if seal_at and leaf.hexdigest() == row[9]:
            places.append(place)
            seals.append(body[seal_at + 9 : seal_at + 73])
            if len(written) == len(body):
                sealed.append(b"entry|" + written[:seal_at] + written[seal_at + 74 :])
            else:
                sealed.append(f"entry|{body[:seal_at]}{body[seal_at + 74 :]}".encode())
    macs = [] if ring is None else ring.mac_many(AUDIT_LABEL, sealed)
    sure = {place for place, mac, seal in zip(places, macs, seals, strict=False) if mac.hex() == seal}
    return leaves, [place for place in range(len(rows)) if place not in sure]


_TEXT: Final = r'(?:null|"([^"\\]*)")'
_SKIPPED: Final = r'(?:null|"[^"\\]*")'
_BODY: Final = re.compile(
    r'\{"at":"[^"\\]*",(?:"decided_from":\[[^\[\]]*\],)?"detail":\{[^{}]*\},"flows":\[[^\[\]]*\],'
    r'"id":"([^"\\]*)","kind":"([^"\\]*)",'
    rf'"organisation":{_TEXT},"outcome":"([^"\\]*)","override":{_SKIPPED},"policy":{_SKIPPED},"purpose":{_TEXT},'
    rf'"reasons":\[[^\[\]]*\],"relationship":{_SKIPPED},"request":{_SKIPPED},"role":{_SKIPPED},'
    r'"salt":"[0-9a-f]{32}"(),"seal":"[0-9a-f]{64}","segments":\['
)
"""A body up to its segments where nothing had to be escaped: its texts are then as the columns hold them.

The empty group stands where the seal does.
"""


def _seal_at(row: tuple[Any, ...], body: str) -> int:
    """Return where the seal stands in a body that repeats all that its row says, else 0.

    A quote inside a text would be written with a backslash before it, so what is looked for at the body's end can only
    stand in its one place.
    """
    found = _BODY.match(body)
    if found is None or found.groups()[:5] != row[1:6]:
        return 0
    at, staff, subjects = row[6], row[7], row[10]
    if type(at) is not str or not body.startswith(f'{at[:10]}T{at[11:]}Z"', 7):
        return 0
    who = "null" if staff is None else f'"{staff}"'
    return found.start(6) if body.endswith(f'],"staff":{who},"subjects":[{_about(subjects)}],"v":1}}') else 0


def _about(subjects: str | None) -> str:
    """Return how a body lists the subjects that a row counts and joins: each 64 characters long, so none holds two."""
    if subjects is None:
        return ""
    count, mark, joined = subjects.partition('"')
    return f"{mark}{joined}" if len(joined) == 67 * int(count) - 2 else "\0"
