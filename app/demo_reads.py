"""A morning's reading in the demonstration: each demonstration worker opens the first children of their caseload.

Invariant: this goes through the gate like any page, so each read is decided and logged.
"""

from datetime import UTC, datetime

from sqlalchemy import select

from app.deployment import Deployment
from app.doors import gate_of
from governance import people
from governance.store import staff, staff_role
from governance.terms import Purpose, Role

WORKERS = {
    "hv.morgan": Purpose.DIRECT_CARE,
    "hv.cadi": Purpose.DIRECT_CARE,
    "fsw.evans": Purpose.EARLY_HELP,
    "sw.okoro": Purpose.SAFEGUARDING,
    "sc.lowe": Purpose.SAFEGUARDING,
    "aw.stone": Purpose.SAFEGUARDING,
}
CHILDREN_EACH = 12


def read_caseloads(deployment: Deployment) -> int:
    """Let each worker read; return how many decisions that made."""
    gate, now, made = gate_of(deployment), datetime.now(UTC), 0
    for username, purpose in WORKERS.items():
        with deployment.database.reading() as session:
            query = select(staff.c.id, staff_role.c.role).join(staff_role, staff_role.c.staff_id == staff.c.id)
            row = session.execute(query.where(staff.c.username == username)).first()
            if row is None:
                continue
            actor = people.actor_for(session, row.id, Role(row.role), now.date())
            children = people.relationships_of(session, row.id, now.date())[:CHILDREN_EACH]
        for child in children:
            gate.read_family(actor, child.person_id, purpose, now, "demonstration")
            made += 1
    return made
