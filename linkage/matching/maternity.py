"""Joining unborn children to newborns: the rows of pregnancies and births that a run must look at.

Invariants: an unborn child joins a newborn only through the same provider's pregnancy number and the same mother
(`ties.join_unborn`), and never one of whom a steward said that it is another child; else it is a person of its own,
one for each pregnancy of one mother; what an incremental run did not touch keeps the person it had. Working table:
`maternity` (role_id, record_id, dataset, provider, role, unborn, local, local_stem) of every record that holds an
unborn child or a birth."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Sequence

import pyarrow as pa

from linkage import ties
from linkage.zone import state
from linkage.zone.zone import Zone

COLUMNS = {
    "role_id": "VARCHAR", "record_id": "VARCHAR", "dataset": "VARCHAR", "provider": "VARCHAR", "role": "VARCHAR",
    "unborn": "BOOLEAN", "local": "BIGINT", "local_stem": "BIGINT",
}  # fmt: skip
_NEW = f"""
SELECT {", ".join(COLUMNS)} FROM live WHERE record_id IN (SELECT l.record_id FROM live l
LEFT JOIN noted n ON n.dataset = l.dataset AND n.role = l.role AND n.note = 'birth'
WHERE l.unborn OR n.note IS NOT NULL)
"""
_MEETING = """
SELECT u.role_id AS unborn, b.role_id AS born, u.local = b.local AS exact FROM maternity u JOIN maternity b
ON b.provider = u.provider AND NOT b.unborn AND b.local_stem IN (u.local, u.local_stem)
AND (b.local = u.local OR b.local_stem = u.local) WHERE u.unborn
"""
_PARTED = """
SELECT a.role_id, p.grp FROM decision a JOIN decision b ON b.id = a.id AND b.side <> a.side
JOIN placed p ON p.role_id = b.role_id WHERE a.kind = 'different'
"""
"""Roles and the groups that a steward said they are not of."""
MotherRoles = Collection[tuple[str, str, str]]
"""(data set, mother's role, child's role) of every birth_mother tie that a spec states."""


def lay(zone: Zone, mothers: MotherRoles, runs: Sequence[str] = ()) -> None:
    """Make `maternity` of what is live and what stood, `new_maternity` of the former, and `motherly` of the roles."""
    zone.run(f"CREATE OR REPLACE TABLE new_maternity AS {_NEW}")
    state.fill(zone, "maternity", state.MATERNITY, runs, COLUMNS)
    if runs:
        zone.run("DELETE FROM maternity WHERE role_id IN (SELECT role_id FROM left_role)")
    zone.run("INSERT INTO maternity FROM new_maternity")
    columns = list(zip(*sorted(mothers), strict=True)) or [(), (), ()]
    names = ("dataset", "mother", "child")
    with zone.lent("fresh", pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)})):
        zone.run("CREATE OR REPLACE TABLE motherly AS SELECT * FROM fresh")
    zone.run(f"CREATE OR REPLACE TABLE meeting AS {_MEETING}")
    zone.run(
        "CREATE OR REPLACE TABLE mothered AS SELECT c.role_id AS child, m.role_id AS mother, m.local FROM maternity c"
        " JOIN maternity m ON m.record_id = c.record_id AND m.role_id <> c.role_id JOIN motherly t"
        " ON t.dataset = c.dataset AND t.child = c.role AND t.mother = m.role WHERE c.unborn OR c.local IS NOT NULL"
    )


KIN = """
SELECT DISTINCT unnest([x.born, m.mother]) AS role_id FROM meeting x
LEFT JOIN mothered m ON m.child IN (x.unborn, x.born)
WHERE x.unborn IN (SELECT role_id FROM new_maternity) OR x.born IN (SELECT role_id FROM new_maternity)
"""
"""Roles whose persons must be looked at together, since a pregnancy or a birth is new."""


def look(zone: Zone) -> None:
    """Make `looked_at` of the unborn roles that what is in `placed`, or new, bears on."""
    zone.run(
        "CREATE OR REPLACE TABLE looked_at AS SELECT role_id FROM maternity WHERE unborn AND"
        " (role_id IN (SELECT role_id FROM new_maternity)"
        " OR role_id IN (SELECT unborn FROM meeting WHERE born IN (SELECT role_id FROM placed)))"
    )
    zone.run(
        "INSERT INTO looked_at SELECT m.role_id FROM maternity m WHERE m.unborn AND m.local IS NOT NULL AND EXISTS"
        " (FROM looked_at k JOIN maternity o USING (role_id) WHERE o.provider = m.provider AND o.local = m.local)"
        " EXCEPT FROM looked_at"
    )


def place(zone: Zone, first: int) -> None:
    """Add the unborn looked at to `placed` (role_id, grp): with their newborn where it is there, else in groups from
    `first`. `held` has their rows."""
    mothers = _mothers(zone)
    found = zone.rows(
        "SELECT x.unborn, x.born, x.exact, h.row_number FROM meeting x JOIN held h ON h.role_id = x.born"
        " SEMI JOIN looked_at k ON k.role_id = x.unborn JOIN placed p ON p.role_id = x.born"
        f" WHERE NOT EXISTS (FROM ({_PARTED}) d WHERE d.role_id = x.unborn AND d.grp = p.grp)"
    )
    joined = ties.join_unborn([ties.Pregnancy(u, b, bool(exact), row) for u, b, exact, row in found], mothers)
    groups = dict(zone.rows("SELECT role_id, grp FROM placed SEMI JOIN meeting ON role_id = born"))
    placed: list[tuple[str, int]] = []
    alone: dict[Hashable, int] = {}
    rows = "SELECT role_id, provider, local FROM maternity SEMI JOIN looked_at USING (role_id) ORDER BY role_id"
    for role, provider, local in zone.rows(rows):
        mother = max((str(m) for m in mothers.get(role, ())), default=None)
        key: Hashable = role if local is None or mother is None else (provider, local, mother)
        grp = groups[joined[role]] if role in joined else alone.setdefault(key, first + len(alone))
        placed.append((role, grp))
    columns = list(zip(*placed, strict=True)) or [(), ()]
    fresh = pa.table({"role_id": pa.array(columns[0], pa.string()), "grp": pa.array(columns[1], pa.int64())})
    with zone.lent("fresh", fresh):
        zone.run("INSERT INTO placed SELECT * FROM fresh")


_MOTHERED = """
SELECT m.child, m.mother, m.local FROM mothered m WHERE m.child IN
(SELECT role_id FROM looked_at UNION SELECT born FROM meeting SEMI JOIN looked_at k ON k.role_id = unborn)
"""
ROLES = f"SELECT role_id FROM looked_at UNION SELECT mother FROM ({_MOTHERED})"
"""The roles whose rows `place` needs, beside those placed."""


def _mothers(zone: Zone) -> dict[str, set[Hashable]]:
    """Who is said to be the mother of each unborn or newborn child looked at: her group, or the person she has been
    where this run does not look at her, and her local number."""
    mothers: dict[str, set[Hashable]] = defaultdict(set)
    for child, grp, who, local in zone.rows(
        f"SELECT m.child, p.grp, h.person_id, m.local FROM ({_MOTHERED}) m"
        " LEFT JOIN placed p ON p.role_id = m.mother LEFT JOIN held h ON h.role_id = m.mother"
    ):
        named = ("group", grp) if grp is not None else ("person", who)
        mothers[child] |= {key for key in (named, ("local", local)) if key[1] is not None}
    return mothers
