"""What a decision is made from: the request, and every fact the policy may look at, as plain values.

Invariants: a decision depends on nothing but these; they have one canonical form (see `canonical`), so that a decision
can be made again years later and its inputs compared by digest.
"""

from dataclasses import dataclass
from datetime import date, datetime

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
from governance.wishes.responsibility import ResponsibilityFact
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
    """One member of the family read, as the policy needs them. `carried_by` is the mother of an unborn child.

    `responsible` is for the index; `responsible_for` are other members for whom ties give parental responsibility.
    """

    person_id: str
    subject: SubjectRole
    unborn: bool
    age: int | None
    responsible: bool
    with_index: bool
    carried_by: str | None = None
    responsible_for: frozenset[str] = frozenset()


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
    responsibilities: tuple[ResponsibilityFact, ...] = ()
    over_limit: bool = False

    def holders(self, member: Member) -> frozenset[str]:
        """Return who holds parental responsibility for this very member, as far as ties tell."""
        index = member.person_id == self.members[0].person_id
        by_ties = {
            m.person_id for m in self.members if (index and m.responsible) or member.person_id in m.responsible_for
        }
        return frozenset(by_ties | ({member.carried_by} if member.carried_by else set()))


@dataclass(frozen=True, slots=True)
class Made:
    """What one decision is made from."""

    request: Request
    facts: Facts
