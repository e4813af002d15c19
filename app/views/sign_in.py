"""The demo accounts, grouped by the job they do.

Invariant: made for the demo only; names here are of invented staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.identity import Account, accounts
from app.language import N_
from governance.store import relationship
from governance.terms import Role

SHOWN_OF_EACH: Final = 3
"""A county has hundreds of workers; a few of each role are enough to choose from."""

JOBS: Final[tuple[tuple[str, str, frozenset[Role]], ...]] = (
    (
        N_("Key workers"),
        N_("Find a child, say why, and read the family’s timeline."),
        frozenset(Role) - {Role.IG_OFFICER, Role.ANALYST, Role.DATA_STEWARD},
    ),
    (
        N_("Information governance"),
        N_("See who looked at whom and why, check the log, read the agreements. Opens no family’s record."),
        frozenset({Role.IG_OFFICER}),
    ),
    (
        N_("Analysts"),
        N_("Count families by area with small numbers hidden. Sees nobody’s record."),
        frozenset({Role.ANALYST}),
    ),
    (N_("Data stewards"), N_("Look after the data’s quality."), frozenset({Role.DATA_STEWARD})),
)


@dataclass(frozen=True, slots=True)
class Job:
    title: str
    what: str
    accounts: tuple[tuple[Account, int], ...]


def accounts_by_job(session: Session, at: datetime) -> list[Job]:
    """Return the demo accounts by job, each with its caseload's size, the largest first."""
    counted = (
        select(relationship.c.staff_id, func.count())
        .where(relationship.c.ended_at.is_(None))
        .group_by(relationship.c.staff_id)
    )
    sizes = {row[0]: row[1] for row in session.execute(counted)}
    held = accounts(session, at)
    jobs = [Job(title, what, _busiest(held, roles, sizes)) for title, what, roles in JOBS]
    return [job for job in jobs if job.accounts]


def _busiest(held: list[Account], roles: frozenset[Role], sizes: Mapping[str, int]) -> tuple[tuple[Account, int], ...]:
    """Some of each role, so that every role can be tried: numbered accounts last, then the busiest first."""
    found: list[tuple[Account, int]] = []
    for role in (role for role in Role if role in roles):
        inside = [(account, sizes.get(account.staff_id, 0)) for account in held if account.role is role]
        found += sorted(inside, key=lambda pair: (pair[0].username[-1:].isdigit(), -pair[1]))[:SHOWN_OF_EACH]
    return tuple(found)
