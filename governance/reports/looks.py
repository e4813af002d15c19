"""What a report tells of each look, and what it leaves out. Pure.

Invariants: a line is about the person asked for and nobody else; an organisation that would give a protected place away
is left out whole, line and all; nothing in a report depends on how much was left out: every report says alike that some
looks may not be shown by law, and none counts them; a line is bound to its entry in the log by the entry's own hash.
Sources: UK GDPR Article 15(1)(c) and (4); Data Protection Act 2018 Sch. 2 para 16; Family Law Act 1996 Part IV.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import rfc8785

from governance.ledger.entries import canonical, instant
from governance.ledger.ledger import EntryView
from governance.ledger.merkle import leaf_hash
from governance.legal_time import legal_date
from governance.policy.firewall import protected
from governance.policy.request import Facts
from governance.reports.asking import Asked, Right
from governance.terms import BlockKind, Category, EventKind, Outcome, Purpose, Role

LOOKS: Final = frozenset({EventKind.READ_FAMILY, EventKind.SEARCH, EventKind.REVIEW_READ, EventKind.EXPORT})
"""Entries in which somebody looked at a record. That somebody asked who looked is not one of them."""

PREPARED: Final = timedelta(days=28)
"""A move to safety is prepared before it is made."""

UNNAMED: Final = frozenset({Category.DOMESTIC_ABUSE, Category.ADULT_HEALTH})
"""Categories that a parent's report never names: that they are held would itself tell on the other parent."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `leaf_hash` is the entry's in the log, `index` its place there; `worker` is a staff id."""

    entry_id: str
    index: int
    leaf_hash: str
    at: datetime
    kind: EventKind
    outcome: Outcome
    organisation: str | None
    role: Role | None
    purpose: Purpose | None
    categories: tuple[Category, ...]
    override: bool
    worker: str | None
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A time from which looks that concern these pseudonyms are left out; with None, all looks."""

    subjects: frozenset[str] | None
    since: datetime
    until: datetime | None

    def hides(self, look: Look) -> bool:
        within = self.since <= look.at and (self.until is None or look.at < self.until)
        return within and (self.subjects is None or not self.subjects.isdisjoint(look.subjects))


@dataclass(frozen=True, slots=True)
class Protection:
    """Persons whose looks are left out for this asker from an instant on; None stands for everybody."""

    persons: frozenset[str] | None
    since: datetime
    until: datetime | None


def look(entry: EntryView, pseudonyms: Collection[str], log_size: int) -> Look | None:
    """Return what an entry tells of the person with these pseudonyms; None where it is no look, or not among the
    first `log_size` entries."""
    body, placed = entry.body, entry.index is not None and entry.index < log_size
    if entry.kind not in LOOKS or not placed or set(pseudonyms).isdisjoint(body["subjects"]):
        return None
    assert entry.index is not None
    shown = {s["category"] for s in body["segments"] if s["permitted"] and s["member"] in pseudonyms}
    return Look(
        entry_id=entry.id,
        index=entry.index,
        leaf_hash=leaf_hash(canonical(body)).hex(),
        at=entry.recorded_at,
        kind=entry.kind,
        outcome=entry.outcome,
        organisation=entry.organisation,
        role=Role(body["role"]) if body["role"] else None,
        purpose=entry.purpose,
        categories=tuple(category for category in Category if category in shown),
        override=body["override"] is not None,
        worker=entry.staff_id,
        subjects=frozenset(body["subjects"]),
    )


def protections(asked: Asked, facts: Facts, at: datetime) -> tuple[Protection, ...]:
    """Return what firewalls, past and present, hide from this asker: nothing from those whom they protect."""
    today = legal_date(at)
    begun = [block for block in facts.blocks if block.since <= today] if facts.members else []
    found = []
    for block in begun:
        guarded = protected(block, facts, today)
        if asked.asker_person_id in guarded and asked.asker_person_id != block.against:
            continue
        whole = block.kind is BlockKind.ADOPTION and block.against == asked.asker_person_id
        start, end = _starts(block.since, at), None if block.until is None else _starts(block.until, at) + PREPARED
        found.append(Protection(None if whole else guarded, start - PREPARED, end))
    return tuple(found)


def _starts(day: Any, at: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=at.tzinfo)


def told(looks: Iterable[Look], asked: Asked, hidden: Collection[Hidden], left_out: Collection[str]) -> list[Look]:
    """Return the looks that may be told, oldest first; `left_out` are organisations an officer leaves out besides."""
    kept = [
        one for one in looks if one.organisation not in left_out and not any(window.hides(one) for window in hidden)
    ]
    return sorted(kept, key=lambda one: one.index)


def document(
    request: Mapping[str, str | int | None], asked: Asked, looks: Iterable[Look], workers: Mapping[str, str]
) -> dict[str, Any]:
    """Return the report as plain JSON. `workers` names staff where names are told at all; it is empty otherwise."""
    unnamed = UNNAMED if asked.right is Right.PARENTAL_RESPONSIBILITY else frozenset[Category]()
    return {
        "v": 1,
        **request,
        "some_not_shown_by_law": True,
        "looks": [_line(one, unnamed, workers) for one in looks],
    }


def _line(one: Look, unnamed: frozenset[Category], workers: Mapping[str, str]) -> dict[str, Any]:
    held = asdict(one)
    names = ("index", "leaf_hash", "kind", "outcome", "organisation", "role", "purpose", "override")
    return {name: held[name] for name in names} | {
        "at": instant(one.at),
        "categories": [str(category) for category in one.categories if category not in unnamed],
        "worker": workers.get(one.worker or ""),
    }


def content_hash(report: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the report's canonical JSON: what the release binds."""
    return sha256(rfc8785.dumps(dict(report))).hexdigest()
