"""From groups of roles to persons in the record store: who is whom now, and what that changes.

Invariants: the record store says which person a role had; a group whose roles had one person, all of whose roles it
holds, keeps it without a write; only groups that exchange roles are looked at one by one; roles of earlier versions
follow the version that superseded them. Working tables: `placed` (role_id, grp), `held` (what the record store has of
those roles), `made` (grp, person_id, fresh). Nothing is held in Python but what changes."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from linkage.grouping import persons
from linkage.store import person, record_role, source_record
from linkage.zone.zone import Database, Zone

CHUNK = 500
AT_ONCE = 20_000
_HELD = (
    "role_id VARCHAR, record_id VARCHAR, unborn BOOLEAN, birth_month VARCHAR, sex VARCHAR, person_id VARCHAR,"
    " supersedes VARCHAR, row_number INTEGER"
)


def _add_held(zone: Zone, rows: Sequence[Any]) -> None:
    names = [part.split()[0] for part in _HELD.split(", ")]
    types = [pa.string(), pa.string(), pa.bool_(), pa.string(), pa.string(), pa.string(), pa.string(), pa.int32()]
    columns = list(zip(*rows, strict=True))
    fresh = pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})
    with zone.lent("fresh", fresh):
        zone.run("INSERT INTO held SELECT * FROM fresh")


def _query() -> Any:
    held = record_role.c
    return select(
        held.id, held.record_id, held.unborn, held.birth_month, held.sex, held.person_id, held.supersedes,
        source_record.c.row_number,
    ).join(source_record, source_record.c.id == held.record_id)  # fmt: skip


def hold_all(session: Session, zone: Zone) -> None:
    """Fill `held` with every role of the record store."""
    zone.run(f"CREATE OR REPLACE TABLE held ({_HELD})")
    for rows in session.execute(_query().execution_options(yield_per=AT_ONCE)).partitions():
        _add_held(zone, rows)


def hold(session: Session, zone: Zone, roles: Sequence[str]) -> None:
    """Fill `held` with these roles and all that they superseded."""
    zone.run(f"CREATE OR REPLACE TABLE held ({_HELD})")
    wanted = list(roles)
    while wanted:
        earlier: list[str] = []
        for start in range(0, len(wanted), CHUNK):
            rows = session.execute(_query().where(record_role.c.id.in_(wanted[start : start + CHUNK]))).all()
            if rows:
                _add_held(zone, rows)
            earlier += [row.supersedes for row in rows if row.supersedes is not None]
        wanted = earlier


def follow(zone: Zone) -> None:
    """Leave out placed roles that the record store does not hold, and let superseded roles follow their successors."""
    zone.run("DELETE FROM placed WHERE role_id NOT IN (SELECT role_id FROM held)")
    zone.run(
        "INSERT INTO placed WITH RECURSIVE earlier(role_id, grp) AS (SELECT h.supersedes, p.grp FROM placed p"
        " JOIN held h USING (role_id) WHERE h.supersedes IS NOT NULL UNION SELECT h.supersedes, e.grp FROM earlier e"
        " JOIN held h USING (role_id) WHERE h.supersedes IS NOT NULL)"
        " SELECT e.role_id, min(e.grp) FROM earlier e SEMI JOIN held USING (role_id) ANTI JOIN placed USING (role_id)"
        " GROUP BY 1"
    )


def _simple(zone: Zone) -> None:
    """Make `made` for the groups that exchange nothing; `mixed` (grp) holds the others."""
    zone.run(
        "CREATE OR REPLACE TABLE overlap AS SELECT grp, person_id, count(*) AS n FROM placed JOIN held USING (role_id)"
        " GROUP BY ALL"
    )
    zone.run(
        "CREATE OR REPLACE TABLE mixed AS SELECT DISTINCT grp FROM overlap WHERE person_id IN"
        " (SELECT person_id FROM overlap WHERE person_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1)"
        " UNION SELECT grp FROM overlap WHERE person_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    )
    zone.run(
        "CREATE OR REPLACE TABLE made AS SELECT grp, min(person_id) AS person_id, FALSE AS fresh FROM overlap"
        " WHERE person_id IS NOT NULL AND grp NOT IN (SELECT grp FROM mixed) GROUP BY 1"
    )


def _mixed(zone: Zone) -> list[persons.Change]:
    """Work out the persons of the groups that exchange roles."""
    roles: dict[int, list[str]] = defaultdict(list)
    before: dict[str, str] = {}
    for grp, role_id, who in zone.rows(
        "SELECT grp, role_id, person_id FROM placed JOIN held USING (role_id) SEMI JOIN mixed USING (grp)"
        " ORDER BY grp, role_id"
    ):
        roles[grp].append(role_id)
        if who is not None:
            before[role_id] = who
    made = persons.assign(before, list(roles.values()), lambda: os.urandom(16).hex())
    created = {c.person for c in made.changes if c.kind is persons.ChangeKind.CREATED}
    _add_made(zone, list(roles), made.persons, [who in created for who in made.persons])
    return list(made.changes)


def _add_made(zone: Zone, groups: Sequence[int], who: Sequence[str], fresh: Sequence[bool]) -> None:
    table = pa.table(
        {
            "grp": pa.array(groups, pa.int64()),
            "person_id": pa.array(who, pa.string()),
            "fresh": pa.array(fresh, pa.bool_()),
        }
    )
    with zone.lent("fresh_made", table):
        zone.run("INSERT INTO made SELECT * FROM fresh_made")


def _new(zone: Zone) -> None:
    """Give groups none of whose roles had a person a new one."""
    zone.run(
        "CREATE OR REPLACE TABLE unmade AS SELECT DISTINCT grp FROM placed ANTI JOIN made USING (grp) ORDER BY grp"
    )
    for table in zone.tables("SELECT grp FROM unmade"):
        drawn = os.urandom(16 * len(table)).hex()
        who = [drawn[at : at + 32] for at in range(0, len(drawn), 32)]
        _add_made(zone, table.column("grp").to_pylist(), who, [True] * len(who))


def settle(zone: Zone) -> list[persons.Change]:
    """Make `made` from `placed` and `held`; what changed but for mere creations, which `created` tells."""
    _simple(zone)
    changes = _mixed(zone)
    _new(zone)
    return changes


def created(zone: Database) -> Iterator[list[persons.Change]]:
    """The persons made of roles that had none, a bounded number at a time."""
    query = (
        "SELECT person_id, list(role_id ORDER BY role_id) AS roles FROM made JOIN placed USING (grp)"
        " SEMI JOIN unmade USING (grp) GROUP BY 1 ORDER BY 1"
    )
    for table in zone.tables(query, AT_ONCE):
        yield [
            persons.Change(persons.ChangeKind.CREATED, row["person_id"], None, tuple(row["roles"]))
            for row in table.to_pylist()
        ]


def _commonest(column: str, where: str) -> str:
    return (
        f"(SELECT grp, {column} FROM (SELECT grp, {column}, row_number() OVER (PARTITION BY grp ORDER BY count(*) DESC,"
        f" {column}) AS place FROM placed JOIN held USING (role_id) WHERE {column} IS NOT NULL AND {where}"
        f" GROUP BY grp, {column}) WHERE place = 1)"
    )


def facts(zone: Zone) -> None:
    """Make `fact` (person_id, fresh, unborn, birth_month, sex): what most of a person's roles say."""
    zone.run(
        "CREATE OR REPLACE TABLE fact AS SELECT m.person_id, m.fresh, u.unborn, b.birth_month, s.sex FROM made m"
        " JOIN (SELECT grp, bool_and(unborn) AS unborn FROM placed JOIN held USING (role_id) GROUP BY 1) u USING (grp)"
        f" LEFT JOIN {_commonest('birth_month', 'NOT unborn')} b USING (grp)"
        f" LEFT JOIN {_commonest('sex', 'TRUE')} s USING (grp)"
    )


def standing(session: Session, zone: Zone) -> None:
    """Make `stood` (who, unborn, birth_month, sex, merged_into) of the persons made that the record store knows."""
    zone.run(
        "CREATE OR REPLACE TABLE stood (who VARCHAR, unborn BOOLEAN, birth_month VARCHAR, sex VARCHAR,"
        " merged_into VARCHAR)"
    )
    columns = (person.c.id, person.c.unborn, person.c.birth_month, person.c.sex, person.c.merged_into)
    for table in zone.tables("SELECT person_id FROM made WHERE NOT fresh", AT_ONCE):
        ids = table.column("person_id").to_pylist()
        for start in range(0, len(ids), CHUNK):
            rows = session.execute(select(*columns).where(person.c.id.in_(ids[start : start + CHUNK]))).all()
            _add_stood(zone, rows)


def _add_stood(zone: Zone, rows: Sequence[Any]) -> None:
    names = ("who", "unborn", "birth_month", "sex", "merged_into")
    types = (pa.string(), pa.bool_(), pa.string(), pa.string(), pa.string())
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    fresh = pa.table({n: pa.array(c, t) for n, c, t in zip(names, columns, types, strict=True)})
    with zone.lent("fresh", fresh):
        zone.run("INSERT INTO stood SELECT * FROM fresh")


FRESH = "SELECT person_id AS id, unborn, birth_month, sex FROM fact WHERE fresh ORDER BY 1"
CHANGED = (
    "SELECT f.person_id AS who, f.unborn, f.birth_month, f.sex FROM fact f JOIN stood s ON s.who = f.person_id"
    " WHERE s.merged_into IS NOT NULL OR f.unborn <> s.unborn OR f.birth_month IS DISTINCT FROM s.birth_month"
    " OR f.sex IS DISTINCT FROM s.sex ORDER BY 1"
)
MOVED = (
    "SELECT p.role_id AS moved, m.person_id AS who FROM placed p JOIN made m USING (grp) JOIN held h USING (role_id)"
    " WHERE h.person_id IS DISTINCT FROM m.person_id ORDER BY 1"
)


def persons_of(zone: Database, groups: Collection[int]) -> Mapping[int, str]:
    """The person of each of these groups."""
    with zone.lent("asked", pa.table({"grp": pa.array(sorted(groups), pa.int64())})):
        return dict(zone.rows("SELECT grp, person_id FROM made SEMI JOIN asked USING (grp)"))
