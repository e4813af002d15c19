"""Profiles: what is compared. Roles of one data set that say exactly the same of one well-identified person are one.

Invariants: never an unborn child; roles are folded together only where a number, or a name with a date of birth and a
surname or postcode, identifies them and their data set may hold a person twice; a full run numbers profiles in the
order of their first role id, so that the same records give the same profiles, and later runs go on from there."""

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from linkage import live, model, state
from linkage.encode import FILTERS
from linkage.live import COLUMNS
from linkage.persons import Pairs
from linkage.zone import Database, Zone

PAIR_BUDGET_PER_RULE = 12
"""A blocking rule may propose so many pairs per profile; its largest blocks are left to other rules."""
_FLOOR = 200_000
SELDOM = 0.02
"""A data set in which so few profiles repeat another's name and birth is taken to hold each person once."""

_IDENTIFIED = (
    "(nhs IS NOT NULL OR upn IS NOT NULL OR (given IS NOT NULL AND dob IS NOT NULL"
    " AND (family IS NOT NULL OR postcode IS NOT NULL)))"
)
_CONTENT = (
    f"CASE WHEN one_row_per_person OR NOT {_IDENTIFIED} OR role_id IN (SELECT role_id FROM decided) THEN hash(role_id)"
    f" ELSE hash(dataset, role, {', '.join(COLUMNS)}) END"
)
"""What makes two roles one profile."""
_POPCOUNTS = ", ".join(
    f"CAST(bit_count({name}0) AS INTEGER) + CAST(bit_count({name}1) AS INTEGER) AS {name}n" for name in FILTERS
)
CARRIED = (
    "profile", "dataset", "provider", "role", "one_row_per_person", *COLUMNS, *(f"{name}n" for name in FILTERS),
    "content", "carried",
)  # fmt: skip
"""The columns of `profile` before its standing, blocks and frequencies are added."""


def prepare(zone: Zone) -> None:
    """Open everything that is compared."""
    live.open_rows(zone)
    live.doubt_numbers(zone)


def fold(zone: Database, *, first: int = 0) -> int:
    """Make `profile` and `member` (profile, role id) of what is live, numbered from `first`; how many profiles."""
    zone.run("CREATE TABLE IF NOT EXISTS decided (role_id VARCHAR)")
    zone.run(f"CREATE OR REPLACE TABLE folded AS SELECT role_id, {_CONTENT} AS content FROM live WHERE NOT unborn")
    zone.run(
        "CREATE OR REPLACE TABLE numbered_content AS SELECT content, min(role_id) AS first, count(*) AS carried,"
        f" row_number() OVER (ORDER BY min(role_id)) - 1 + {first} AS profile FROM folded GROUP BY content"
    )
    zone.run(
        "CREATE OR REPLACE TABLE member AS SELECT n.profile, f.role_id FROM folded f JOIN numbered_content n"
        " USING (content)"
    )
    zone.run(
        f"CREATE OR REPLACE TABLE profile AS SELECT n.profile, dataset, provider, role, one_row_per_person,"
        f" {', '.join(COLUMNS)}, {_POPCOUNTS}, n.content, n.carried"
        " FROM numbered_content n JOIN live l ON l.role_id = n.first ORDER BY n.profile"
    )
    stand(zone)
    [(profiles,)] = zone.rows("SELECT count(*) FROM profile")
    return int(profiles)


_ALONE = f"""
CREATE OR REPLACE TABLE alone AS SELECT dataset FROM (SELECT dataset, given_formal, family, dob, count(*) AS n
FROM profile GROUP BY ALL) GROUP BY 1 HAVING coalesce(sum(n - 1) FILTER (given_formal IS NOT NULL
AND family IS NOT NULL AND dob IS NOT NULL), 0) < {SELDOM} * sum(n)
"""
_SINGLY = """
CREATE OR REPLACE TABLE singly AS SELECT DISTINCT hash(dataset, given_formal, dob_canon, family) AS described
FROM profile SEMI JOIN alone USING (dataset) WHERE given_formal IS NOT NULL AND dob_canon IS NOT NULL
"""


def stand(zone: Database, *, alone: bool = True) -> None:
    """Add to `profile` whether it carries a number, whether its name and birth stand on several records, and its
    generation. `alone` works out afresh which data sets hold each person once; else the table `alone` is used."""
    if alone:
        zone.run(_ALONE)
    zone.run(_SINGLY)
    seen = "sum(carried) OVER (PARTITION BY given_formal, dob_canon, {beside}) > 1 AND {beside} IS NOT NULL"
    either = " OR ".join(f"({seen.format(beside=beside)})" for beside in ("family", "postcode"))
    zone.run(
        "CREATE OR REPLACE TABLE profile AS SELECT p.*, nhs IS NOT NULL OR upn IS NOT NULL AS numbered,"
        " dataset IN (SELECT dataset FROM alone) AS single, g.generation,"
        f" given_formal IS NOT NULL AND dob_canon IS NOT NULL AND ({either}) AS established"
        " FROM profile p LEFT JOIN (SELECT dataset, role, CASE WHEN count(*) = 1 THEN min(note) END AS generation"
        " FROM noted WHERE note IN ('elder', 'young') GROUP BY ALL) g USING (dataset, role) ORDER BY profile"
    )


def filled_columns(zone: Database) -> set[str]:
    """The columns that hold at least one value."""
    counts = ", ".join(f"count({name})" for name in COLUMNS)
    [row] = zone.rows(f"SELECT {counts} FROM profile")
    return {name for name, count in zip(COLUMNS, row, strict=True) if count}


def _budget(profiles: int) -> int:
    return PAIR_BUDGET_PER_RULE * profiles + _FLOOR


def add_blocks(zone: Database, profiles: int, filled: Collection[str]) -> list[int]:
    """Add a column per blocking rule to `profile`, empty where a block is too large; the rules in use."""
    used = model.used_blocking(filled)
    for at in used:
        column, parts = model.block_column(at), model.BLOCKING[at]
        present = " AND ".join(f"{part} IS NOT NULL" for part in parts)
        zone.run(f"ALTER TABLE profile ADD COLUMN {column} BIGINT")
        zone.run(f"UPDATE profile SET {column} = CAST(hash({', '.join(parts)}) >> 1 AS BIGINT) WHERE {present}")
        zone.run(
            f"UPDATE profile SET {column} = NULL WHERE {column} IN (SELECT key FROM (SELECT {column} AS key,"
            f" sum(n * (n - 1) / 2) OVER (ORDER BY n, {column} ROWS UNBOUNDED PRECEDING) AS pairs"
            f" FROM (SELECT {column}, count(*) AS n FROM profile"
            f" WHERE {column} IS NOT NULL GROUP BY 1 HAVING count(*) > 1)) WHERE pairs > {_budget(profiles)})"
        )
    return used


def frequency(zone: Database, column: str, beside: tuple[str, ...]) -> str:
    """Make a table of how often each value occurs among people rather than records; its name.

    Records of one person mostly agree in what stands beside the value, so distinct company is counted, not rows.
    """
    name = f"frequency_{column}"
    company = f"hash({', '.join(beside)})"
    zone.run(
        f"CREATE OR REPLACE TABLE {name} AS SELECT {column}, people / sum(people) OVER () AS tf_{column} FROM"
        f" (SELECT {column}, count(DISTINCT {company}) AS people FROM profile WHERE {column} IS NOT NULL GROUP BY 1)"
    )
    return name


def certain_pairs(zone: Database, filled: Collection[str]) -> float:
    """How many pairs of profiles agree in name and birth, or in an NHS number and birth."""
    rules = [rule for rule in (model.CERTAIN, ("nhs", "dob")) if set(rule) <= set(filled)]
    return max((_agreeing(zone, rule) for rule in rules), default=0.0)


def _agreeing(zone: Database, rule: tuple[str, ...]) -> float:
    present = " AND ".join(f"{part} IS NOT NULL" for part in rule)
    [(pairs,)] = zone.rows(
        f"SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM (SELECT count(*) AS n FROM profile WHERE {present}"
        f" GROUP BY {', '.join(rule)})"
    )
    return float(pairs)


_CLAIMS = """
SELECT profile, 'nhs' AS kind, CAST(nhs AS VARCHAR) AS value FROM profile WHERE nhs IS NOT NULL
UNION ALL SELECT profile, 'upn', CAST(upn AS VARCHAR) FROM profile WHERE upn IS NOT NULL
UNION ALL SELECT profile, 'birth_order', CAST(birth_order AS VARCHAR) FROM profile WHERE birth_order IS NOT NULL
UNION ALL SELECT m.profile, 'record:' || l.record_id, l.role_id FROM member m JOIN live l USING (role_id)
    WHERE l.record_id IN (SELECT record_id FROM live WHERE NOT unborn GROUP BY 1 HAVING count(*) > 1)
UNION ALL SELECT m.profile, 'dataset:' || l.dataset, l.record_token FROM member m JOIN live l USING (role_id)
    WHERE l.one_row_per_person
UNION ALL SELECT m.profile, 'birth:' || l.dataset,
    coalesce(CAST(l.local AS VARCHAR), CAST(l.nhs AS VARCHAR), l.record_token)
    FROM member m JOIN live l USING (role_id)
    JOIN noted n ON n.dataset = l.dataset AND n.role = l.role AND n.note = 'birth'
UNION ALL SELECT profile, 'generation', generation FROM profile
    WHERE generation = 'young' OR (generation = 'elder' AND NOT numbered AND dob IS NULL)
UNION ALL SELECT p.profile, 'sealed:' || s.nhs_a || ':' || s.nhs_b, CAST(p.nhs AS VARCHAR)
    FROM profile p JOIN zone.seal s ON p.nhs IN (s.nhs_a, s.nhs_b)
"""


def claims(zone: Database) -> dict[int, dict[str, str]]:
    """What each profile says that a person can have only once."""
    found: dict[int, dict[str, str]] = {}
    for profile, kind, value in zone.rows(f"SELECT profile, kind, min(value) FROM ({_CLAIMS}) GROUP BY 1, 2"):
        found.setdefault(profile, {})[kind] = value
    return found


def pairs(zone: Database) -> Pairs:
    """Every scored pair; one that nothing may overrule weighs `model.VETO_WEIGHT`."""
    weight = (
        f"CASE standing WHEN {model.VETOED} THEN {model.VETO_WEIGHT}"
        f" WHEN {model.THIN} THEN least(match_weight, {model.THIN_WEIGHT}) ELSE match_weight END"
    )
    held = zone.table(f"SELECT a, b, {weight} AS weight FROM pair ORDER BY a, b")
    return Pairs(*(held.column(name).to_numpy() for name in ("a", "b", "weight")))


def members(zone: Database, profiles: int) -> list[list[str]]:
    """The role ids of each profile."""
    found: list[list[str]] = [[] for _ in range(profiles)]
    for profile, role_id in zone.rows("SELECT profile, role_id FROM member ORDER BY profile, role_id"):
        found[profile].append(role_id)
    return found


def keep(zone: Zone, run_id: str) -> None:
    """Seal this run's pairs and members, to explain links by."""
    state.save(zone, run_id, state.PAIR, "SELECT * FROM pair")
    state.save(zone, run_id, state.MEMBER, "SELECT profile, role_id FROM member")


def explained(zone: Zone, roles_a: Collection[str], roles_b: Collection[str]) -> dict[str, Any] | None:
    """The best kept pair between two sets of roles, by column."""
    sides = ["a"] * len(roles_a) + ["b"] * len(roles_b)
    asked = pa.table({"side": pa.array(sides, pa.string()), "role_id": pa.array([*roles_a, *roles_b], pa.string())})
    runs = sorted({owner for owner, _, _ in zone.parts.names(state.MEMBER)})
    state.fill(zone, "kept_member", state.MEMBER, runs, {"profile": "BIGINT", "role_id": "VARCHAR"})
    with zone.lent("asked", asked):
        zone.run(
            "CREATE OR REPLACE TABLE side AS SELECT DISTINCT s.side, m.profile FROM asked s"
            " JOIN kept_member m USING (role_id)"
        )
    best: list[dict[str, Any]] = []
    for pairs in state.opened(zone, state.PAIR, runs):
        with zone.lent("opened", pairs):
            best += zone.table(
                "SELECT p.* FROM opened p JOIN side x ON x.profile = p.a JOIN side y ON y.profile = p.b"
                " WHERE x.side <> y.side ORDER BY p.standing, p.match_weight DESC LIMIT 1"
            ).to_pylist()
    return min(best, key=lambda pair: (pair["standing"], -pair["match_weight"]), default=None)
