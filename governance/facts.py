"""The facts of one decision, read from the store in a handful of queries.

Invariants: nothing is cached between requests except parsed agreements and verified signatures (which are named by
their content), so a committed withdrawal, end or suspension acts on the next read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.ledger import stored_instant
from governance.legal_time import legal_date
from governance.people import actor_for
from governance.request import Block, Facts, Member, ProjectFact, RelationshipFact
from governance.standings import standings
from governance.store import declaration, erasure, hard_block, project, project_analyst, relationship
from governance.terms import Actor, BlockKind, RelationshipKind, Segment
from governance.wish_store import wishes_of


@dataclass(frozen=True, slots=True)
class Around:
    """What is recorded about persons: firewalls around or against them, and erasures."""

    blocks: tuple[Block, ...]
    erased: frozenset[str]


def read_facts(
    session: Session, actor: Actor | None, members: Sequence[Member], held: Collection[Segment], at: datetime
) -> Facts:
    """Return the facts for reading this family. `members` starts with the index, or is empty for no such person."""
    known = fresh(session, actor, at)
    ids = {member.person_id for member in members}
    around = recorded_about(session, ids, at)
    carriers = {member.carried_by for member in members if member.carried_by}
    others = {block.against for block in around.blocks if block.against}
    staff_id = known.staff_id if known else None
    return Facts(
        actor=known,
        members=tuple(members),
        held=frozenset(held),
        relationships=relationships(session, staff_id, ids | carriers | others),
        declared=declared(session, staff_id),
        erased=around.erased,
        blocks=around.blocks,
        wishes=wishes_of(session, ids | carriers),
        standings=standings(session, at),
    )


def staff_facts(session: Session, actor: Actor | None, at: datetime) -> Facts:
    """Return the facts for an act that names no family."""
    return Facts(actor=fresh(session, actor, at), standings=standings(session, at))


def project_facts(session: Session, actor: Actor | None, code: str, at: datetime) -> Facts:
    """Return the facts for a cohort run under a project."""
    known = fresh(session, actor, at)
    row = session.execute(select(project).where(project.c.code == code)).one_or_none()
    found = None if row is None or known is None else _project(session, row, known.staff_id)
    return Facts(actor=known, project=found, standings=standings(session, at))


def fresh(session: Session, actor: Actor | None, at: datetime) -> Actor | None:
    """Return the actor as the store knows them now, whatever a session remembered."""
    return None if actor is None else actor_for(session, actor.staff_id, actor.role, legal_date(at))


def recorded_about(session: Session, ids: Collection[str], at: datetime) -> Around:
    """Return firewalls and erasures that concern these persons."""
    column = hard_block.c
    near = column.person_id.in_(ids) | column.against_person_id.in_(ids)
    rows = session.execute(select(hard_block).where(near, column.recorded_at <= at).order_by(column.id))
    gone = session.scalars(select(erasure.c.person_id).where(erasure.c.person_id.in_(ids)))
    return Around(tuple(_block(row) for row in rows), frozenset(gone))


def relationships(session: Session, staff_id: str | None, ids: Collection[str]) -> tuple[RelationshipFact, ...]:
    """Return this worker's relationships, open or not, to these persons."""
    query = select(relationship).where(relationship.c.staff_id == staff_id, relationship.c.person_id.in_(ids))
    return tuple(_relationship(row) for row in session.execute(query.order_by(relationship.c.id)))


def declared(session: Session, staff_id: str | None) -> frozenset[str]:
    """Return everybody a worker has declared as self, family or associate."""
    return frozenset(session.scalars(select(declaration.c.person_id).where(declaration.c.staff_id == staff_id)))


def _block(row: Any) -> Block:
    return Block(row.person_id, BlockKind(row.kind), row.against_person_id, row.since, row.until)


def _relationship(row: Any) -> RelationshipFact:
    ended = None if row.ended_at is None else stored_instant(row.ended_at)
    kind, recorded = RelationshipKind(row.kind), stored_instant(row.recorded_at)
    return RelationshipFact(row.person_id, kind, row.since, row.until, recorded, ended)


def _project(session: Session, row: Any, staff_id: str) -> ProjectFact:
    named = select(project_analyst).where(
        project_analyst.c.project_id == row.id, project_analyst.c.staff_id == staff_id
    )
    is_named = session.execute(named).first() is not None
    return ProjectFact(row.code, row.agreement_code, row.starts, row.ends, is_named)
