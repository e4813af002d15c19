"""What a decision is made from: the request, and every fact the policy may look at, as plain values.

Invariants: a decision depends on nothing but these; they have one canonical JSON form, so that a decision can be made
again years later and its inputs compared by digest. Agreements appear in that form by their hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from hashlib import sha256
from typing import Any

import rfc8785

from governance.agreements.flows import Standing
from governance.terms import (
    Action,
    Actor,
    BlockKind,
    Category,
    OverrideKind,
    OverrideReason,
    Purpose,
    RelationshipKind,
    Segment,
    SubjectRole,
)
from governance.wishes.wishes import Wish


@dataclass(frozen=True, slots=True)
class Request:
    """One read asked for. `index` is a person id, or a project code for a cohort."""

    action: Action
    index: str
    purpose: Purpose | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the family read, as the policy needs them. `carried_by` is the mother of an unborn child."""

    person_id: str
    subject: SubjectRole
    unborn: bool
    age: int | None
    responsible: bool
    with_index: bool
    carried_by: str | None = None


@dataclass(frozen=True, slots=True)
class RelationshipFact:
    """A worker's relation to a person. `until` is the first day without it; `ended_at` ends it at once."""

    person_id: str
    kind: RelationshipKind
    since: date
    until: date | None
    recorded_at: datetime
    ended_at: datetime | None

    def open(self, today: date, at: datetime) -> bool:
        known = self.recorded_at <= at and (self.ended_at is None or at < self.ended_at)
        return known and self.since <= today and (self.until is None or today < self.until)


@dataclass(frozen=True, slots=True)
class Block:
    """A firewall around a person, against one person or (None) against everyone outside their household."""

    person_id: str
    kind: BlockKind
    against: str | None
    since: date
    until: date | None

    def open(self, today: date) -> bool:
        return self.since <= today and (self.until is None or today < self.until)


@dataclass(frozen=True, slots=True)
class Override:
    """An override one worker asked for, about one child, for some categories. `document`: a court's order was seen."""

    id: str
    kind: OverrideKind
    person_id: str
    staff_id: str
    reason: OverrideReason
    categories: frozenset[Category]
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    document: bool


@dataclass(frozen=True, slots=True)
class ProjectFact:
    """A cohort project: the agreement it stands on, its term, and whether this analyst is named on it."""

    code: str
    agreement: str
    starts: date
    ends: date
    named: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision may look at. `members` starts with the index; it is empty when there is no such person."""

    actor: Actor | None
    members: tuple[Member, ...] = ()
    held: frozenset[Segment] = frozenset()
    relationships: tuple[RelationshipFact, ...] = ()
    declared: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()
    blocks: tuple[Block, ...] = ()
    wishes: tuple[Wish, ...] = ()
    standings: tuple[Standing, ...] = ()
    project: ProjectFact | None = None
    log_available: bool = True
    overrides: tuple[Override, ...] = ()

    @property
    def responsible(self) -> frozenset[str]:
        return frozenset(member.person_id for member in self.members if member.responsible)


def facts_document(request: Request, facts: Facts) -> dict[str, Any]:
    """Return the canonical JSON-able form of a decision's inputs."""
    return {"request": _plain(request), "facts": _plain(facts)}


def facts_digest(request: Request, facts: Facts) -> str:
    """Return the SHA-256 (hex) of the canonical inputs of a decision."""
    return sha256(rfc8785.dumps(facts_document(request, facts))).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Standing):
        return _standing(value)
    if is_dataclass(value):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=rfc8785.dumps)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _standing(standing: Standing) -> dict[str, Any]:
    agreement = standing.agreement
    return {
        "code": agreement.code,
        "version": agreement.version,
        "hash": agreement.hash,
        "status": str(standing.status),
        "signed_by": sorted(standing.signed_by),
    }
