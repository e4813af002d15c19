"""From a partner's own reference (data set, record id, role) to the person it became.

Invariant: a record id is tokenised as it is read; what leaves here is random person ids.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from app.deployment import Deployment
from linkage.encoding.encode import received_records, record_marks
from linkage.store import record_role
from linkage.zone.zone import Zone

CHUNK = 500


@dataclass(frozen=True, slots=True, repr=False)
class RecordReference:
    """How a partner names one person: its data set, its record's id, the role in that record."""

    dataset: str
    record_id: str
    role: str


def persons(deployment: Deployment, zone: Zone, references: Iterable[RecordReference]) -> dict[RecordReference, str]:
    """Return the person of each reference that is known and linked."""
    by_dataset: dict[str, list[RecordReference]] = defaultdict(list)
    for reference in references:
        by_dataset[reference.dataset].append(reference)
    records: dict[RecordReference, str] = {}
    for dataset, held in by_dataset.items():
        marks = record_marks(deployment.ring, dataset, (reference.record_id for reference in held))
        tokens = received_records(deployment.ring, marks)
        known = zone.known(dataset, tokens)
        records |= {ref: known[token][0] for ref, token in zip(held, tokens, strict=True) if token in known}
    roles = _roles(deployment, sorted(set(records.values())))
    return {ref: roles[(record, ref.role)] for ref, record in records.items() if (record, ref.role) in roles}


def _roles(deployment: Deployment, record_ids: list[str]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    with deployment.database.reading() as session:
        for start in range(0, len(record_ids), CHUNK):
            some = record_ids[start : start + CHUNK]
            query = select(record_role.c.record_id, record_role.c.role, record_role.c.person_id)
            query = query.where(record_role.c.record_id.in_(some), record_role.c.person_id.is_not(None))
            found |= {(record, role): person for record, role, person in session.execute(query)}
    return found
