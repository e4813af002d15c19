"""Saying why, before looking: a purpose stated for one person in one session.

Invariants: a purpose counts only for the session and person it was stated for, one for a meeting only for its day and
its families; stating one is a ledger entry committed
with it; what a role may not state is not stored.
"""

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, select

from app.deployment import Deployment
from app.identity import SignedIn
from governance.ledger import ledger
from governance.overrides import meetings
from governance.policy.policy import PURPOSES
from governance.store import stated_purpose
from governance.terms import EventKind, Outcome, Purpose, Role


def choices(role: Role) -> tuple[Purpose, ...]:
    """Return the purposes a role may state, in the enum's order."""
    return tuple(purpose for purpose in Purpose if purpose in PURPOSES[role])


def state(
    deployment: Deployment, who: SignedIn, person_id: str, purpose: Purpose, at: datetime, request_id: str
) -> bool:
    """Keep why this session looks at this person; return False where the worker or the role may not state it."""
    if not (who.actor.active and who.actor.role_held) or purpose not in choices(who.actor.role):
        return False
    event = ledger.acted(EventKind.PURPOSE_STATED, Outcome.DONE, who.actor, purpose)
    with deployment.database.writing() as session:
        session.execute(
            insert(stated_purpose).values(
                id=secrets.token_hex(16),
                session_hash=who.session_hash,
                person_id=person_id,
                purpose=str(purpose),
                stated_at=at,
            )
        )
        event = replace(event, subjects=(person_id,), request_id=request_id)
        ledger.record(session, deployment.ring, event, at)
    return True  # fmt: skip


def stated(deployment: Deployment, who: SignedIn, person_id: str, at: datetime) -> Purpose | None:
    """Return the newest purpose stated for this person: in this session, or for a meeting of today."""
    table = stated_purpose.c
    query = (
        select(table.purpose, table.stated_at)
        .where(table.session_hash == who.session_hash, table.person_id == person_id)
        .order_by(table.stated_at.desc(), table.id)
        .limit(1)
    )
    with deployment.database.reading() as session:
        row = session.execute(query).one_or_none()
        met = meetings.stated(session, who.actor, person_id, at)
    alone = None if row is None else (Purpose(row.purpose), ledger.stored_instant(row.stated_at))
    said = [held for held in (alone, met) if held is not None]
    return max(said, key=lambda held: held[1])[0] if said else None


def state_for_meeting(
    deployment: Deployment, who: SignedIn, families: Collection[str], purpose: Purpose, at: datetime, request_id: str
) -> str | None:
    """State one purpose for a meeting about these families today; None where the worker or role may not state it."""
    if not (who.actor.active and who.actor.role_held) or purpose not in choices(who.actor.role):
        return None
    with deployment.database.writing() as session:
        return meetings.convene(session, deployment.ring, at, who.actor, purpose, families, request_id)
