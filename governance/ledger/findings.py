"""What can be wrong with one entry of the ledger as it lies in the database.

Invariants: everything is recomputed from the body (leaf, columns, subjects, and the seal where the ring is at
hand); whatever a column holds, the answer is a finding and never an error.
Sources: RFC 6962 (leaves), RFC 8785 (canonical JSON).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from governance.keys.keys import KeyRing
from governance.ledger.entries import canonical, entry_seal, instant
from governance.ledger.ledger import stored_instant
from governance.ledger.merkle import leaf_hash


class FailureKind(StrEnum):
    ENTRY_MISSING = "entry_missing"
    ENTRY_REPEATED = "entry_repeated"
    INDEX_GAP = "index_gap"
    LEAF = "leaf"
    BODY = "body"
    COLUMN = "column"
    SUBJECTS = "subjects"
    SEAL = "seal"
    UNKNOWN_ROW = "unknown_row"
    SIGNATURE = "signature"
    ROOT = "root"
    NOTES_DIFFER = "notes_differ"
    NOT_ANCHORED = "not_anchored"
    NOT_STORED = "not_stored"
    TRUNCATED = "truncated"
    SUBTREE = "subtree"


@dataclass(frozen=True, slots=True)
class Failure:
    """The first thing that fails: an entry (by index and id) or a checkpoint (by size)."""

    kind: FailureKind
    message: str
    index: int | None = None
    entry_id: str | None = None
    size: int | None = None


def entry_fault(row: Any, subjects: set[str], ring: KeyRing | None) -> tuple[FailureKind, str] | None:
    """Return what is wrong with one entry's row, or None."""
    if not isinstance(row.body, str):
        return FailureKind.BODY, "has a body that is not text"
    if leaf_hash(row.body.encode()).hex() != row.leaf_hash:
        return FailureKind.LEAF, "does not match its leaf: its body or leaf hash was changed"
    body = _canonical(row.body)
    if body is None:
        return FailureKind.BODY, "has a body that is not canonical JSON"
    if wrong := [name for name, expected in _copied(body).items() if _column(row, name) != expected]:
        return FailureKind.COLUMN, f"has a column that its body contradicts: {', '.join(wrong)}"
    if sorted(subjects) != body.get("subjects"):
        return FailureKind.SUBJECTS, "is listed under other subjects than its body names"
    if ring is not None and body.get("seal") != entry_seal(ring, body):
        return FailureKind.SEAL, "was not written by this service"
    return None


def _canonical(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
        whole = isinstance(body, dict) and canonical(body) == text.encode()
    except (ValueError, RecursionError):
        return None
    return body if whole else None


def _copied(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": body.get("id"),
        "recorded_at": body.get("at"),
        "kind": body.get("kind"),
        "staff_id": body.get("staff"),
        "organisation": body.get("organisation"),
        "purpose": body.get("purpose"),
        "outcome": body.get("outcome"),
    }


def _column(row: Any, name: str) -> Any:
    value = getattr(row, name)
    return _as_instant(value) if name == "recorded_at" else value


def _as_instant(held: Any) -> str | None:
    """Return a stored instant, date or text as the database gives it, in the form bodies have."""
    try:
        return instant(stored_instant(held if isinstance(held, datetime) else datetime.fromisoformat(held)))
    except (TypeError, ValueError, OverflowError):
        return None
