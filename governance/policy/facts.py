"""The facts of one decision, read from the store in a handful of queries.

Invariants: nothing is cached between requests except parsed agreements and verified signatures (which are named by
their content), so a committed withdrawal, end or suspension acts on the next read; a committed word against sharing and
a committed firewall count though the clock of whoever wrote them was ahead.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.agreements.flows import Standing
from governance.agreements.standings import standings
from governance.ledger.ledger import stored_instant
from governance.legal_time import legal_date
from governance.overrides.relations import ends
from governance.overrides.store import Held, of_worker
from governance.people import actor_for
from governance.policy.request import Block, Facts, Member, Override, ProjectFact, RelationshipFact
from governance.store import declaration, erasure, hard_block, project, project_analyst, relationship
from governance.terms import Actor, BlockKind, RelationshipKind, Segment, WishAnswer, WishKind
from governance.wishes.responsibilities import responsibilities_of
from governance.wishes.store import wishes_of
from governance.wishes.wishes import Wish


@dataclass(frozen=True, slots=True)
class Around:
    """What is recorded about persons: firewalls around or against them, and erasures."""

    blocks: tuple[Block, ...]
    erased: frozenset[str]


class Identities(Protocol):
    """How person ids have merged: governance keeps facts under the id that stood when they were recorded."""

    def current(self, ids: Collection[str]) -> Mapping[str, str]:
        """Return for each id the one that stands today (itself where nothing is known)."""

    def former(self, ids: Collection[str]) -> frozenset[str]:
        """Return these ids and every id that was merged into one of them."""


def read_facts(
    session: Session,
    actor: Actor | None,
    members: Sequence[Member],
    held: Collection[Segment],
    at: datetime,
    identities: Identities,
    known_standings: tuple[Standing, ...] | None = None,
    over_limit: bool = False,
) -> Facts:
    """Return the facts for reading this family. `members` starts with the index, or is empty for no such person.

    `actor` is as the store knows them now (see `fresh`); `over_limit`: they have looked at too much in a short time.
    """
    ids = {member.person_id for member in members}
    ids |= {member.carried_by for member in members if member.carried_by}
    every = identities.former(ids)
    around = recorded_about(session, every)
    others = identities.former({block.against for block in around.blocks if block.against})
    staff_id = actor.staff_id if actor else None
    facts = Facts(
        actor=actor,
        members=tuple(members),
        held=frozenset(held),
        relationships=relationships(session, staff_id, every | others, at, identities),
        declared=declared(session, staff_id),
        erased=around.erased,
        blocks=around.blocks,
        wishes=tuple(_acknowledged(wish, at) for wish in wishes_of(session, every)),
        responsibilities=responsibilities_of(session, every),
        standings=standings(session, at) if known_standings is None else known_standings,
        overrides=tuple(_override(held) for held in of_worker(session, staff_id, every)),
        over_limit=over_limit,
    )
    return _as_they_stand(facts, identities)


def _as_they_stand(facts: Facts, identities: Identities) -> Facts:
    """Return the same facts with every person under the id that stands today."""
    named = {block.person_id for block in facts.blocks} | {b.against for b in facts.blocks if b.against}
    named |= {wish.person_id for wish in facts.wishes} | {row.person_id for row in facts.relationships}
    named |= {wish.signer_person_id for wish in facts.wishes if wish.signer_person_id}
    named |= {row.person_id for row in facts.responsibilities} | {r.holder for r in facts.responsibilities if r.holder}
    named |= {override.person_id for override in facts.overrides}
    now = identities.current(named | facts.declared | facts.erased)
    return replace(
        facts,
        relationships=tuple(replace(row, person_id=now[row.person_id]) for row in facts.relationships),
        declared=frozenset(now[person] for person in facts.declared),
        erased=frozenset(now[person] for person in facts.erased),
        blocks=tuple(replace(b, person_id=now[b.person_id], against=now.get(b.against or "")) for b in facts.blocks),
        responsibilities=tuple(
            replace(row, person_id=now[row.person_id], holder=now.get(row.holder or ""))
            for row in facts.responsibilities
        ),
        wishes=tuple(
            replace(w, person_id=now[w.person_id], signer_person_id=now.get(w.signer_person_id or ""))
            for w in facts.wishes
        ),
        overrides=tuple(replace(o, person_id=now[o.person_id]) for o in facts.overrides),
    )


_AGAINST: Final = frozenset(
    {
        (WishKind.CONSENT, WishAnswer.REFUSED),
        (WishKind.CONSENT, WishAnswer.WITHDRAWN),
        (WishKind.OBJECTION, WishAnswer.MADE),
        (WishKind.OBJECTION, WishAnswer.UPHELD),
        (WishKind.RESTRICTION, WishAnswer.MADE),
    }
)


def _acknowledged(wish: Wish, at: datetime) -> Wish:
    """Return a word against sharing as said by now at the latest: it has been acknowledged."""
    if (wish.kind, wish.answer) not in _AGAINST or wish.recorded_at <= at:
        return wish
    ahead = wish.valid_from <= wish.recorded_at
    return replace(wish, recorded_at=at, valid_from=min(wish.valid_from, at) if ahead else wish.valid_from)


def staff_facts(session: Session, actor: Actor | None, at: datetime, over_limit: bool = False) -> Facts:
    """Return the facts for an act that names no family."""
    return Facts(actor=actor, standings=standings(session, at), over_limit=over_limit)


def project_facts(session: Session, actor: Actor | None, code: str, at: datetime) -> Facts:
    """Return the facts for a cohort run under a project."""
    row = session.execute(select(project).where(project.c.code == code)).one_or_none()
    found = None if row is None or actor is None else _project(session, row, actor.staff_id)
    return Facts(actor=actor, project=found, standings=standings(session, at))


def fresh(session: Session, actor: Actor | None, at: datetime) -> Actor | None:
    """Return the actor as the store knows them now, whatever a session remembered."""
    if actor is None:
        return None
    return actor_for(session, actor.staff_id, actor.role, legal_date(at), actor.assured)


def recorded_about(session: Session, ids: Collection[str]) -> Around:
    """Return firewalls and erasures that concern these persons."""
    column = hard_block.c
    near = column.person_id.in_(ids) | column.against_person_id.in_(ids)
    rows = session.execute(select(hard_block).where(near).order_by(column.id))
    gone = session.scalars(select(erasure.c.person_id).where(erasure.c.person_id.in_(ids)))
    return Around(tuple(_block(row) for row in rows), frozenset(gone))


def relationships(
    session: Session, staff_id: str | None, ids: Collection[str], at: datetime, identities: Identities
) -> tuple[RelationshipFact, ...]:
    """Return this worker's relationships, open or not, to these persons, each with its end if it has one."""
    query = select(relationship).where(relationship.c.staff_id == staff_id, relationship.c.person_id.in_(ids))
    rows = session.execute(query.order_by(relationship.c.id)).all()
    ended = ends(session, rows, identities.current(set(ids)), at) if rows else {}
    return tuple(_relationship(row, ended.get(row.id)) for row in rows)


def declared(session: Session, staff_id: str | None) -> frozenset[str]:
    """Return everybody a worker has declared as self, family or associate."""
    return frozenset(session.scalars(select(declaration.c.person_id).where(declaration.c.staff_id == staff_id)))


def _block(row: Any) -> Block:
    return Block(row.person_id, BlockKind(row.kind), row.against_person_id, row.since, row.until)


def _override(held: Held) -> Override:
    return Override(**{name: getattr(held, name) for name in Held.__slots__})


def _relationship(row: Any, ended: datetime | None) -> RelationshipFact:
    kind, recorded = RelationshipKind(row.kind), stored_instant(row.recorded_at)
    return RelationshipFact(row.person_id, kind, row.since, row.until, recorded, ended)


def _project(session: Session, row: Any, staff_id: str) -> ProjectFact:
    named = select(project_analyst).where(
        project_analyst.c.project_id == row.id, project_analyst.c.staff_id == staff_id
    )
    is_named = session.execute(named).first() is not None
    return ProjectFact(row.code, row.agreement_code, row.starts, row.ends, is_named)
