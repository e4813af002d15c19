"""Which ties a run renews: all after a full run, else those of the persons it touched and what follows from them.

Invariants: a tie between two persons is worked out from all claims between them or not at all; siblings are worked out
again wherever a parent or a child was touched; who shares a home is worked out with everybody who shared it; ties that
are no longer found are ended, never deleted, and those that stand are left alone. The caller has written the persons.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from linkage import ties
from linkage.kin import households
from linkage.persons.placement import MOVED
from linkage.persons.run_store import batched, new_id
from linkage.rows import Relation, Standing
from linkage.store import person, record_role, source_record, tie, tie_claim
from linkage.zone.zone import Zone

CHUNK = 400
_from, _to = record_role.alias("from_role"), record_role.alias("to_role")
Row = Any


@dataclass(frozen=True, slots=True)
class Kinship:
    """How many ties stand, and how many families they make."""

    ties: int
    families: int


def _claim_rows(session: Session, where: Any = None) -> Iterator[Row]:
    """Current claims with the persons of their roles, data set by data set."""
    held = tie_claim.c
    query = (
        select(
            held.id, held.from_role_id, held.relation, held.to_role_id, held.provider, source_record.c.dataset,
            held.standing, held.since, held.until, _from.c.person_id.label("a"), _to.c.person_id.label("b"),
        )
        .join(source_record, source_record.c.id == held.record_id)
        .join(_from, _from.c.id == held.from_role_id)
        .join(_to, _to.c.id == held.to_role_id)
        .where(held.current)
        .order_by(source_record.c.dataset, held.id)
    )  # fmt: skip
    yield from session.execute(query if where is None else query.where(where))


def _claimed(rows: Iterable[Row]) -> list[ties.Tie]:
    """The ties that claims make. No tie spans data sets, so one set at a time is held."""
    found: list[ties.Tie] = []
    for _, group in groupby(rows, key=lambda row: row.dataset):
        held = list(group)
        person_of = {role: who for row in held for role, who in ((row.from_role_id, row.a), (row.to_role_id, row.b))}
        said = [
            ties.Claim(
                row.id, row.from_role_id, Relation(row.relation), row.to_role_id, row.provider, row.dataset,
                Standing(row.standing), row.since, row.until,
            )
            for row in held
        ]  # fmt: skip
        found += ties.claimed(said, {role: who for role, who in person_of.items() if who is not None})
    return found


def _chunked(ids: Collection[str], rows: Callable[[list[str]], Iterable[Row]]) -> list[Row]:
    ordered = sorted(ids)
    return [row for at in range(0, len(ordered), CHUNK) for row in rows(ordered[at : at + CHUNK])]


def _distinct(rows: Iterable[Row]) -> list[Row]:
    return sorted({row.id: row for row in rows}.values(), key=lambda row: (row.dataset, row.id))


def _unborn(session: Session) -> set[str]:
    return set(session.execute(select(person.c.id).where(person.c.unborn, person.c.merged_into.is_(None))).scalars())


def renew(session: Session, zone: Zone, run_id: str, *, whole: bool) -> Kinship:
    """Write the ties that this run finds, in place of those that stood."""
    if whole:
        found = _claimed(_claim_rows(session))
        found += ties.siblings(found, _unborn(session))
        found += households.households(session, zone, found)
        _write(session, run_id, found, list(session.execute(select(tie).where(tie.c.ended_run.is_(None)))))
    else:
        _renew_some(session, zone, run_id)
    return _counted(session)


def _touched(session: Session, zone: Zone) -> set[str]:
    """Persons who gained, lost or exchanged a role."""
    moved = zone.rows(
        f"SELECT who FROM ({MOVED}) UNION SELECT h.person_id FROM ({MOVED}) x JOIN held h ON h.role_id = x.moved"
        " WHERE h.person_id IS NOT NULL"
    )
    leaving = [role for (role,) in zone.rows("SELECT role_id FROM leaving")]
    left = _chunked(
        leaving, lambda ids: session.execute(select(record_role.c.person_id).where(record_role.c.id.in_(ids)))
    )
    return {who for (who,) in [*moved, *left] if who is not None}


def _renew_some(session: Session, zone: Zone, run_id: str) -> None:
    touched = _touched(session, zone)
    about = _chunked(
        touched, lambda ids: _claim_rows(session, or_(_from.c.person_id.in_(ids), _to.c.person_id.in_(ids)))
    )
    parental = [relation.value for relation in ties.PARENTAL]
    children = touched | {row.b for row in about if row.relation in parental and row.b is not None}
    stood = _chunked(touched, lambda ids: _standing(session, tie.c.person_a.in_(ids), tie.c.relation.in_(parental)))
    children |= {row.person_b for row in stood}
    above = _chunked(children, lambda ids: _claim_rows(session, _to.c.person_id.in_(ids)))
    parents = {row.a for row in above if row.relation in parental and row.a is not None}
    below = _chunked(parents, lambda ids: _claim_rows(session, _from.c.person_id.in_(ids)))
    known = _claimed(_distinct([*about, *above, *below]))
    found = [t for t in known if t.a in touched or t.b in touched]
    found += [t for t in ties.siblings(known, _unborn(session)) if t.a in children or t.b in children]
    found += _homes(session, zone, known, touched)
    _write(session, run_id, found, _stood(session, touched, children))


def _standing(session: Session, *where: Any) -> list[Row]:
    return list(session.execute(select(tie).where(tie.c.ended_run.is_(None), *where)))


def _stood(session: Session, touched: set[str], children: set[str]) -> list[Row]:
    """The ties that this run speaks to: those of the touched, and the siblings of their children."""
    rows = _chunked(
        touched | children, lambda ids: _standing(session, or_(tie.c.person_a.in_(ids), tie.c.person_b.in_(ids)))
    )
    return [
        row
        for row in {row.id: row for row in rows}.values()
        if {row.person_a, row.person_b} & (children if _is_sibling(row) else touched)
    ]


def _is_sibling(row: Row) -> bool:
    return bool(row.relation == Relation.SIBLING and row.dataset == ties.DERIVED)


def _homes(session: Session, zone: Zone, known: list[ties.Tie], touched: set[str]) -> list[ties.Tie]:
    """The household ties of the touched, worked out with everybody who shared a home with them."""
    if not touched:
        return []
    near = _neighbours(session, zone, touched)
    about = _chunked(near - touched, lambda ids: _claim_rows(session, _to.c.person_id.in_(ids)))
    kin = {(t.key, t.since): t for t in (*known, *_claimed(_distinct(about)))}
    found = households.households(session, zone, list(kin.values()), persons=near)
    return [t for t in found if t.a in touched or t.b in touched]


def _neighbours(session: Session, zone: Zone, touched: set[str]) -> set[str]:
    """Everybody with a row that gives an address of somebody touched, and the touched themselves."""
    mine = _chunked(
        touched, lambda ids: session.execute(select(record_role.c.id).where(record_role.c.person_id.in_(ids)))
    )
    among = households.neighbours(zone, [role for (role,) in mine])
    near = _chunked(
        among, lambda ids: session.execute(select(record_role.c.person_id).where(record_role.c.id.in_(ids)))
    )
    return touched | {who for (who,) in near if who is not None}


def _write(session: Session, run_id: str, found: Collection[ties.Tie], stood: Collection[Row]) -> None:
    """Insert what is new or differs, end what is no longer found, leave the rest alone."""
    standing: dict[tuple[Any, ...], str] = {}
    for row in stood:
        key = (row.person_a, row.relation, row.person_b, row.provider, row.dataset)
        standing[(*key, row.standing, row.since, row.until, tuple(row.evidence))] = row.id
    wanted = {(*t.key, t.standing.value, t.since, t.until, t.evidence): t for t in found}
    ended = [{"gone": held} for key, held in standing.items() if key not in wanted]
    batched(session, update(tie).where(tie.c.id == bindparam("gone")).values(ended_run=run_id), ended)
    batched(session, insert(tie), [
        {
            "id": new_id(), "person_a": t.a, "relation": t.relation.value, "person_b": t.b, "provider": t.provider,
            "dataset": t.dataset, "standing": t.standing.value, "since": t.since, "until": t.until,
            "evidence": list(t.evidence), "run_id": run_id, "ended_run": None,
        }
        for key, t in wanted.items() if key not in standing
    ])  # fmt: skip


def _counted(session: Session) -> Kinship:
    """Count the ties that stand, and the components that confirmed parent and sibling ties make."""
    count = session.execute(select(func.count()).select_from(tie).where(tie.c.ended_run.is_(None))).scalar_one()
    relations = [relation.value for relation in (*ties.PARENTAL, Relation.SIBLING)]
    query = select(tie.c.person_a, tie.c.person_b).where(
        tie.c.ended_run.is_(None), tie.c.relation.in_(relations), tie.c.standing == Standing.CONFIRMED.value
    )
    return Kinship(int(count), components(session.execute(query)))


def components(pairs: Iterable[tuple[str, str]]) -> int:
    """How many components the pairs make."""
    root: dict[str, str] = {}

    def top(who: str) -> str:
        root.setdefault(who, who)
        while root[who] != who:
            root[who] = root[root[who]]
            who = root[who]
        return who

    for a, b in pairs:
        root[top(a)] = top(b)
    return sum(who == up for who, up in root.items())
