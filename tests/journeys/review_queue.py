"""Pairs in a steward's queue, as a run leaves them."""

import secrets

from sqlalchemy import insert, select

from linkage import store
from tests.factories import EARLIER, RUN, World

FIELDS = [
    {"field": "given", "agreement": "same", "weight": 7.4}, {"field": "family", "agreement": "close", "weight": 3.1},
    {"field": "dob", "agreement": "different", "weight": -8.2},
    {"field": "place", "agreement": "missing", "weight": 0.0},
    {"field": "something_new", "agreement": "half", "weight": 0.5},
]  # fmt: skip


def queued(world: World, a: str, b: str, reason: str = "unsure", *, pair_id: str | None = None, **other: object) -> str:
    """Put a pair of two persons' newest records into the queue; its id."""
    pair_id = pair_id or secrets.token_hex(16)
    with world.deployment.database.writing() as session:
        role = store.record_role.c
        roles = [
            session.scalars(select(role.id).where(role.person_id == who).order_by(role.id)).first() for who in (a, b)
        ]
        held = session.execute(select(store.link_run.c.id)).first()
        if held is None:
            session.execute(insert(store.link_run).values(
                id=RUN, engine="duckdb", started_at=EARLIER, completed_at=EARLIER, threshold=-2.5, counts={}, ordinal=1
            ))  # fmt: skip
        session.execute(insert(store.review_pair).values(
            id=pair_id, run_id=RUN, role_a=roles[0], role_b=roles[1], stratum=reason, reason=reason, match_weight=-3.0,
            linked=False, chance=None, priority=0.4, fields=FIELDS, **other,
        ))  # fmt: skip
    return pair_id
