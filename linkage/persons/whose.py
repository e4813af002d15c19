"""Whose a role is, as the record store says today.

Invariant: only roles of current records are anybody's; the person is the one of today, merges included."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from linkage.store import person, record_role

_AT_ONCE = 5_000


def persons_of(session: Session, role_ids: Sequence[str]) -> dict[str, str]:
    """The person of each of these roles that is current."""
    found: dict[str, str] = {}
    for start in range(0, len(role_ids), _AT_ONCE):
        query = (
            select(record_role.c.id, record_role.c.person_id, person.c.merged_into)
            .join(person, person.c.id == record_role.c.person_id)
            .where(record_role.c.id.in_(role_ids[start : start + _AT_ONCE]), record_role.c.current)
        )
        found |= {role: into or who for role, who, into in session.execute(query)}
    return found
