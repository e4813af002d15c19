"""Why persons are tied: the rows behind each tie and, for ties that follow from others, through whom.

Invariants: a sealed tie is neither told nor a step of an explanation; a foster or adoptive tie is told only to whoever
names both its ends, and is never a step, so that no explanation leads from a birth family to a placement or back; a row
is named by data set, provider, load and row number, never by its values.
Sources: Adoption and Children Act 2002 s.57 (protected information), Children Act 1989 s.22C (placement)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from linkage.kin import records
from linkage.rows import Relation, Standing
from linkage.store import record_role, source_record, tie, tie_claim
from linkage.ties import DERIVED, PARENTAL

PARTING = frozenset({Relation.FOSTER_CARER, Relation.ADOPTIVE_PARENT})
"""Ties that part a birth family from a placement: told between their own two ends only."""
_CHUNK = 400


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """One row that says so, by its row key; `role` is the place in it of the person whom it speaks of first."""

    dataset: str
    load_id: str
    row_number: int
    role: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One tie: `person_a` RELATION `person_b`, who says so, since when, by which rows; `through` whom it follows."""

    person_a: str
    relation: Relation
    person_b: str
    provider: str
    dataset: str
    standing: Standing
    since: date | None
    until: date | None
    through: tuple[str, ...]
    sources: tuple[Source, ...]


def explain(session: Session, person_id: str, other: str | None = None) -> list[Explained]:
    """Every unsealed tie of a person, or those between two persons; in order of relation. Empty where there is none."""
    one = records.resolve(session, person_id)
    two = None if other is None else records.resolve(session, other)
    if one is None or (other is not None and two is None):
        return []
    held = [row for row in _standing(session, [one]) if _asked(row, two)]
    ends = {person for row in held for person in (row.person_a, row.person_b)}
    above = _parents(session, ends)
    found = [_explained(session, row, _through(row, above)) for row in held]
    return sorted((e for e in found if e is not None), key=lambda e: (e.relation, e.person_a, e.person_b, e.dataset))


def _asked(row: Any, other: str | None) -> bool:
    if other is None:
        return Relation(row.relation) not in PARTING
    return other in (row.person_a, row.person_b)


def _standing(session: Session, persons: Collection[str]) -> list[Any]:
    """The unsealed ties of these persons that the newest run still finds."""
    among = sorted(persons)
    rows: list[Any] = []
    for at in range(0, len(among), _CHUNK):
        part = among[at : at + _CHUNK]
        rows += session.execute(
            select(tie).where(
                or_(tie.c.person_a.in_(part), tie.c.person_b.in_(part)),
                tie.c.ended_run.is_(None),
                tie.c.standing != Standing.SEALED.value,
            )
        )
    return list({row.id: row for row in rows}.values())


def _parents(session: Session, children: Collection[str]) -> dict[str, dict[str, bool]]:
    """child → whom ties make its parents, and whether a placement or adoption made it so."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for row in _standing(session, children):
        if row.person_b in children and Relation(row.relation) in PARENTAL:
            parting = Relation(row.relation) in PARTING
            found[row.person_b][row.person_a] = parting and found[row.person_b].get(row.person_a, True)
    return found


def _through(row: Any, above: dict[str, dict[str, bool]]) -> tuple[str, ...] | None:
    """The parents that two siblings share; None where only adoption or placement would tell, so nothing is told."""
    if row.dataset != DERIVED or Relation(row.relation) is not Relation.SIBLING:
        return ()
    a, b = above.get(row.person_a, {}), above.get(row.person_b, {})
    told = tuple(sorted(who for who in a.keys() & b.keys() if not a[who] and not b[who]))
    return told or None


def _explained(session: Session, row: Any, through: Sequence[str] | None) -> Explained | None:
    if through is None:
        return None
    return Explained(
        row.person_a, Relation(row.relation), row.person_b, row.provider, row.dataset, Standing(row.standing),
        row.since, row.until, tuple(through), tuple(sorted(_sources(session, row.evidence))),
    )  # fmt: skip


def _sources(session: Session, evidence: Sequence[str]) -> Iterable[Source]:
    """The rows behind evidence, which holds ids of claims or of roles."""
    record = source_record.c
    wanted = (record.dataset, record.load_id, record.row_number, record_role.c.role)
    of_role = select(*wanted).join_from(record_role, source_record, record.id == record_role.c.record_id)
    of_claim = (
        select(*wanted)
        .join_from(tie_claim, source_record, record.id == tie_claim.c.record_id)
        .join(record_role, record_role.c.id == tie_claim.c.from_role_id)
    )
    for query in (of_claim.where(tie_claim.c.id.in_(evidence)), of_role.where(record_role.c.id.in_(evidence))):
        yield from {Source(*found) for found in session.execute(query)}
