"""Warning by name those who work under an agreement whose review is due: whom it would leave in the dark.

Invariants: who is warned is found by set queries over open relationships and open involvements that flow under that
version; a warning names the worker and counts, never a child; it is given once at each stage however often this runs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import and_, distinct, false, func, or_, select
from sqlalchemy.orm import Session

from app.deployment import Deployment
from governance.agreements import register, reviews
from governance.agreements.flows import Agreement
from governance.agreements.reviews import Due, Holder
from governance.agreements.standings import standings
from governance.legal_time import legal_date
from governance.store import relationship, staff, staff_role
from linkage.store import involvement, load, record_role

BY: Final = "register"


def warn_due(deployment: Deployment, at: datetime) -> dict[str, int]:
    """Expire what has run out and warn everybody who is due a warning; return how many of each."""
    warned: Counter[str] = Counter()
    with deployment.database.writing() as session:
        warned["expired"] = register.expire(session, deployment.ring, at, BY)
        for one in reviews.due(standings(session, at), legal_date(at)):
            told = reviews.warn(session, deployment.ring, one, holders(session, one.agreement, at), at, BY)
            warned["warned"] += len(told)
    return dict(warned)


def due_now(session: Session, at: datetime) -> tuple[Due, ...]:
    """Return the versions whose review is near or past."""
    return reviews.due(standings(session, at), legal_date(at))


def holders(session: Session, document: Agreement, at: datetime) -> list[Holder]:
    """Return who works under this version today: by relationship and by involvement."""
    return [*_by_relationship(session, document, at), *_by_involvement(session, document, at)]


def _by_relationship(session: Session, document: Agreement, at: datetime) -> Iterable[Holder]:
    """Active staff to whom a flow goes, with the number of persons they are open to."""
    today, row, grant = legal_date(at), relationship.c, staff_role.c
    named = [
        and_(
            staff.c.organisation == to.organisation,
            grant.role.in_([str(role) for role in to.roles]),
            *([grant.team.in_(sorted(to.teams))] if to.teams else []),
        )
        for flow in document.flows
        for to in flow.to
    ]
    query = (
        select(staff.c.organisation, staff.c.name, staff.c.id, func.count(distinct(row.person_id)).label("persons"))
        .join(relationship, row.staff_id == staff.c.id)
        .join(staff_role, grant.staff_id == staff.c.id)
        .where(staff.c.active, or_(false(), *named))
        .where(grant.since <= today, grant.until.is_(None) | (grant.until > today))
        .where(row.since <= today, row.until.is_(None) | (row.until > today), row.ended_at.is_(None))
        .group_by(staff.c.organisation, staff.c.name, staff.c.id)
    )
    return [Holder(r.organisation, r.name, r.id, r.persons, ()) for r in session.execute(query)]


def _by_involvement(session: Session, document: Agreement, at: datetime) -> Iterable[Holder]:
    """Professionals named in open involvements of a category that a flow takes from that provider."""
    today, held = legal_date(at), involvement.c
    flowing = [
        and_(held.provider == flow.source, held.category.in_([str(category) for category in flow.categories]))
        for flow in document.flows
    ]
    query = (
        select(held.organisation, held.professional, held.category, func.count(distinct(record_role.c.person_id)))
        .join(record_role, record_role.c.id == held.role_id)
        .join(load, load.c.id == held.load_id)
        .where(held.current, load.c.completed_at.is_not(None), held.professional.is_not(None))
        .where(or_(false(), *flowing))
        .where(held.since.is_(None) | (held.since <= today), held.until.is_(None) | (held.until > today))
        .group_by(held.organisation, held.professional, held.category)
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for organisation, professional, category, persons in session.execute(query):
        found.setdefault((organisation, professional), {})[category] = persons
    return [Holder(*who, "", 0, tuple(sorted(counts.items()))) for who, counts in found.items()]


def dashboard(session: Session, at: datetime) -> Mapping[str, int]:
    """Return the figures for an officer's home page: versions by stage, and who has been warned of them."""
    found = due_now(session, at)
    counts = Counter(str(one.stage) for one in found)
    current = {(one.agreement.code, one.agreement.version) for one in found}
    warned = {(w.holder.organisation, w.holder.name, w.holder.staff_id)
              for w in reviews.warnings(session) if (w.code, w.version) in current}  # fmt: skip
    return {**{str(stage): counts[str(stage)] for stage in reviews.Stage}, "warned": len(warned)}
