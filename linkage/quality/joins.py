"""Who joined whom: how many rows of a load, and how many persons of a data set, are known elsewhere too.

Invariants: counts only, of current rows; unborn children count with their own records; a load that was never linked
says so rather than that it joined nobody."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from linkage.store import load, record_role, source_record


@dataclass(frozen=True, slots=True)
class LoadJoins:
    """One load's rows about people: how many now stand with whom.

    `joined`: data set → rows whose person also has a current row there (in the load's own data set: another row).
    `alone` rows are their person's only one; `waiting` rows were not linked yet.
    """

    load_id: str
    dataset: str
    rows: int
    waiting: int
    alone: int
    joined: dict[str, int]


@dataclass(frozen=True, slots=True)
class DatasetPair:
    """Two data sets: how many persons each holds, and how many both."""

    a: str
    b: str
    persons_a: int
    persons_b: int
    both: int


def _placed() -> Select[Any]:
    """Person and data set of every current row, with how many rows that is."""
    return (
        select(record_role.c.person_id, source_record.c.dataset, func.count().label("rows"))
        .join(source_record, source_record.c.id == record_role.c.record_id)
        .where(record_role.c.current, record_role.c.person_id.is_not(None))
        .group_by(record_role.c.person_id, source_record.c.dataset)
    )


def joined_by_load(session: Session, load_ids: Sequence[str]) -> list[LoadJoins]:
    """Of each load, in the order asked, how many of its rows joined whom."""
    return [_joined(session, load_id) for load_id in load_ids]


def _joined(session: Session, load_id: str) -> LoadJoins:
    own = session.execute(select(load.c.dataset).where(load.c.id == load_id)).scalar_one()
    mine = (
        select(record_role.c.id, record_role.c.person_id)
        .join(source_record, source_record.c.id == record_role.c.record_id)
        .where(source_record.c.load_id == load_id, record_role.c.current)
        .subquery()
    )
    rows, waiting = session.execute(
        select(func.count(), func.coalesce(func.sum(case((mine.c.person_id.is_(None), 1), else_=0)), 0)).select_from(
            mine
        )
    ).one()
    placed = _placed().where(record_role.c.person_id.in_(select(mine.c.person_id))).subquery()
    beside = (placed.c.dataset != own) | (placed.c.rows > 1)
    joined = session.execute(
        select(placed.c.dataset, func.count())
        .join(mine, mine.c.person_id == placed.c.person_id)
        .where(beside)
        .group_by(placed.c.dataset)
        .order_by(placed.c.dataset)
    )
    company = select(placed.c.person_id).where(beside).distinct()
    [alone] = session.execute(
        select(func.count()).select_from(mine).where(mine.c.person_id.is_not(None), mine.c.person_id.not_in(company))
    ).one()
    return LoadJoins(load_id, own, rows, int(waiting), alone, _counts(joined))


def _counts(rows: Iterable[Any]) -> dict[str, int]:
    return {str(name): int(count) for name, count in rows}


def dataset_pairs(session: Session) -> list[DatasetPair]:
    """How many persons any two data sets share."""
    one, other = _placed().subquery(), _placed().subquery()
    persons = _counts(session.execute(select(one.c.dataset, func.count()).group_by(one.c.dataset)))
    shared = session.execute(
        select(one.c.dataset, other.c.dataset, func.count())
        .join(other, (one.c.person_id == other.c.person_id) & (one.c.dataset < other.c.dataset))
        .group_by(one.c.dataset, other.c.dataset)
    )
    both = {(a, b): count for a, b, count in shared}
    names = sorted(persons)
    return [
        DatasetPair(a, b, persons[a], persons[b], both.get((a, b), 0))
        for at, a in enumerate(names)
        for b in names[at + 1 :]
    ]


def newest_loads(session: Session) -> list[str]:
    """The newest completed load of each data set."""
    rows = session.execute(
        select(load.c.dataset, load.c.id).where(load.c.completed_at.is_not(None)).order_by(load.c.ordinal)
    )
    newest: dict[str, str] = {}
    for name, load_id in rows:
        newest[name] = load_id
    return sorted(newest.values())
