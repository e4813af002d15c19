"""Explaining the ties of persons on a deployment.

Invariants: a tie between two persons whom a block parts is not told, and looks like one that is not there; the caller
has put the asking in the log first.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deployment import Deployment
from governance.legal_time import legal_date
from governance.store import hard_block
from linkage.kin import tie_paths
from linkage.kin.tie_paths import Explained


def explain_ties(deployment: Deployment, person: str, other: str | None = None) -> list[dict[str, Any]]:
    """Return every tie of a person, or those between two, with the rows that say so."""
    with deployment.database.reading() as session:
        found = tie_paths.explain(session, person, other)
        parted = _parted(session, {end for tie in found for end in (tie.person_a, tie.person_b)})
    return [_told(tie) for tie in found if frozenset((tie.person_a, tie.person_b)) not in parted]


def _parted(session: Session, persons: set[str]) -> set[frozenset[str]]:
    """Pairs of persons between whom a block is in force today."""
    block, today = hard_block.c, legal_date(datetime.now(UTC))
    rows = session.execute(
        select(block.person_id, block.against_person_id).where(
            block.person_id.in_(sorted(persons)),
            block.against_person_id.is_not(None),
            block.since <= today,
            block.until.is_(None) | (block.until > today),
        )
    )
    return {frozenset((one, against)) for one, against in rows}


def _told(tie: Explained) -> dict[str, Any]:
    return {**asdict(tie), "relation": str(tie.relation), "standing": str(tie.standing)}
