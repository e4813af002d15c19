"""Saying why, before looking: a purpose stated for one person in one session.

Invariants: a purpose counts only for the session and person it was stated for; stating one is a ledger entry committed
with it; what a role may not state is not stored.
"""

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, select

from app.deployment import Deployment
from app.identity import SignedIn
from governance.ledger import ledger
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


def stated(deployment: Deployment, who: SignedIn, person_id: str) -> Purpose | None:
    """Return the newest purpose this session stated for this person."""
    table = stated_purpose.c
    query = (
        select(table.purpose)
        .where(table.session_hash == who.session_hash, table.person_id == person_id)
        .order_by(table.stated_at.desc(), table.id)
        .limit(1)
    )
    with deployment.database.reading() as session:
        held = session.execute(query).scalar_one_or_none()
    return Purpose(held) if held else None
