"""Profiles: what is compared. Roles of one data set that say exactly the same of one well-identified person are one.

Invariants: only the latest version of each record is compared, and never an unborn child; roles are folded together
only where a number, or a name with a date of birth and a surname or postcode, identifies them and their data set may
hold a person twice; a superseded NHS number counts as its successor; a number on a row whose name and birth both
disagree with the other rows that carry it is doubted there, and not used; a profile's number is the order of its
first role id, so that the same records give the same profiles."""

import json
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from linkage import model
from linkage.encode import FILTERS, TOKENS
from linkage.persons import Pairs
from linkage.zone import LATEST, Database

PAIR_BUDGET_PER_RULE = 12
"""A blocking rule may propose so many pairs per profile; its largest blocks are left to other rules."""
_FLOOR = 200_000
SELDOM = 0.02
"""A data set in which so few profiles repeat another's name and birth is taken to hold each person once."""
_WORDS = tuple(f"{name}{half}" for name in FILTERS for half in (0, 1))
_COLUMNS = (*TOKENS, "dob_default", *_WORDS)
_NUMBERS = ("nhs", "upn")

_LIVE = f"""
CREATE OR REPLACE TABLE live AS
SELECT e.* REPLACE (coalesce(s.new_nhs, e.nhs) AS nhs), r.token AS record_token
FROM zone.encoded e
JOIN ({LATEST}) r ON r.record_id = e.record_id AND r.latest
LEFT JOIN successor s ON s.old_nhs = e.nhs
"""
_SUCCESSOR = """
CREATE OR REPLACE TABLE successor AS
WITH RECURSIVE chain(old_nhs, new_nhs, steps) AS (
    SELECT old_nhs, new_nhs, 1 FROM zone.supersession WHERE old_nhs <> new_nhs
    UNION
    SELECT c.old_nhs, s.new_nhs, c.steps + 1 FROM chain c JOIN zone.supersession s ON s.old_nhs = c.new_nhs
    WHERE c.steps < 20 AND s.new_nhs <> c.old_nhs
)
SELECT old_nhs, arg_max(new_nhs, steps) AS new_nhs FROM chain GROUP BY old_nhs
"""


def _doubted(number: str) -> str:
    """Rows whose number mostly stands beside another given name and another birth: role ids.

    Each row counts, for its number, the rows that agree with it in given name or birth; a row that a larger group
    outvotes, and that agrees with none of that group, is doubted.
    """
    return f"""
    SELECT a.role_id FROM live a
    JOIN (
        SELECT {number} AS number, given_formal, dob_canon, count(*) AS rows FROM live
        WHERE {number} IS NOT NULL AND (given_formal IS NOT NULL OR dob_canon IS NOT NULL) GROUP BY ALL
    ) b ON b.number = a.{number}
    WHERE (a.given_formal IS NOT NULL OR a.dob_canon IS NOT NULL)
    GROUP BY a.role_id
    HAVING coalesce(sum(b.rows) FILTER (b.given_formal = a.given_formal OR b.dob_canon = a.dob_canon), 0) * 1.0
         < coalesce(max(b.rows) FILTER (
               (b.given_formal <> a.given_formal OR a.given_formal IS NULL OR b.given_formal IS NULL)
               AND (b.dob_canon <> a.dob_canon OR a.dob_canon IS NULL OR b.dob_canon IS NULL)), 0)
    """


_SAME_RECORD = """
    SELECT b.role_id FROM live a JOIN live b
    ON a.record_id = b.record_id AND a.role_id <> b.role_id AND a.{number} = b.{number}
    JOIN noted n ON n.dataset = b.dataset AND n.role = b.role AND n.note = 'young'
    JOIN noted o ON o.dataset = a.dataset AND o.role = a.role AND o.note = 'elder'
"""


def prepare(zone: Database) -> None:
    """Make `live`: the roles that are compared, with succeeded and doubted numbers seen to."""
    zone.run("CREATE TABLE IF NOT EXISTS noted (dataset VARCHAR, role VARCHAR, note VARCHAR)")
    zone.run(_SUCCESSOR)
    zone.run(_LIVE)
    for number in _NUMBERS:
        for doubt in (_SAME_RECORD.format(number=number), _doubted(number)):
            zone.run(f"UPDATE live SET {number} = NULL WHERE role_id IN ({doubt})")


def _identified() -> str:
    return (
        "(nhs IS NOT NULL OR upn IS NOT NULL OR (given IS NOT NULL AND dob IS NOT NULL"
        " AND (family IS NOT NULL OR postcode IS NOT NULL)))"
    )


def fold(zone: Database) -> int:
    """Make `profile` and `member` (profile, role id); how many profiles."""
    alone = f"CASE WHEN one_row_per_person OR NOT {_identified()} THEN role_id END"
    zone.run(
        f"CREATE OR REPLACE TABLE grouped AS SELECT role_id, min(role_id) OVER (PARTITION BY dataset, role, {alone},"
        f" {', '.join(_COLUMNS)}) AS first FROM live WHERE NOT unborn"
    )
    zone.run(
        "CREATE OR REPLACE TABLE member AS SELECT dense_rank() OVER (ORDER BY first) - 1 AS profile, role_id, first"
        " FROM grouped"
    )
    zone.run("DROP TABLE grouped")
    popcounts = ", ".join(
        f"CAST(bit_count(l.{name}0) AS INTEGER) + CAST(bit_count(l.{name}1) AS INTEGER) AS {name}n" for name in FILTERS
    )
    zone.run(
        f"CREATE OR REPLACE TABLE profile AS SELECT m.profile, l.dataset, l.provider, l.role, l.one_row_per_person,"
        f" {', '.join('l.' + name for name in _COLUMNS)}, {popcounts}"
        " FROM (SELECT DISTINCT profile, first FROM member) m JOIN live l ON l.role_id = m.first ORDER BY m.profile"
    )
    _add_standing(zone)
    [(profiles,)] = zone.rows("SELECT count(*) FROM profile")
    return int(profiles)


def note_roles(zone: Database, notes: Collection[tuple[str, str, str]]) -> None:
    """Say of (data set, role) whether it stands above a child in a tie (`elder`), below (`young`), or is born."""
    columns = list(zip(*sorted(notes), strict=True)) or [(), (), ()]
    names = ("dataset", "role", "note")
    with zone.lent("fresh", pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)})):
        zone.run("CREATE OR REPLACE TABLE noted AS SELECT * FROM fresh")


def _add_standing(zone: Database) -> None:
    """Whether a profile carries a number, whether its name and birth stand on several records, and its generation."""
    zone.run("CREATE OR REPLACE TABLE carried AS SELECT profile, count(*) AS n FROM member GROUP BY 1")
    zone.run(
        "CREATE OR REPLACE TABLE alone AS SELECT dataset FROM (SELECT dataset, given_formal, family, dob, count(*) AS n"
        " FROM profile GROUP BY ALL) GROUP BY 1 HAVING coalesce(sum(n - 1) FILTER (given_formal IS NOT NULL"
        f" AND family IS NOT NULL AND dob IS NOT NULL), 0) < {SELDOM} * sum(n)"
    )
    zone.run(
        "CREATE OR REPLACE TABLE singly AS SELECT DISTINCT hash(dataset, given_formal, dob_canon, family) AS described"
        " FROM profile SEMI JOIN alone USING (dataset) WHERE given_formal IS NOT NULL AND dob_canon IS NOT NULL"
    )
    carried = "sum(n) OVER (PARTITION BY given_formal, dob_canon, {beside}) > 1 AND {beside} IS NOT NULL"
    either = " OR ".join(f"({carried.format(beside=beside)})" for beside in ("family", "postcode"))
    zone.run(
        "CREATE OR REPLACE TABLE profile AS SELECT p.*, nhs IS NOT NULL OR upn IS NOT NULL AS numbered,"
        " dataset IN (SELECT dataset FROM alone) AS single,"
        " (SELECT CASE WHEN count(*) = 1 THEN min(note) END FROM noted n WHERE n.dataset = p.dataset"
        " AND n.role = p.role"
        " AND note IN ('elder', 'young')) AS generation,"
        f" given_formal IS NOT NULL AND dob_canon IS NOT NULL AND ({either}) AS established"
        " FROM profile p JOIN carried USING (profile) ORDER BY profile"
    )


def filled_columns(zone: Database) -> set[str]:
    """The columns that hold at least one value."""
    counts = ", ".join(f"count({name})" for name in _COLUMNS)
    [row] = zone.rows(f"SELECT {counts} FROM profile")
    return {name for name, count in zip(_COLUMNS, row, strict=True) if count}


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


def keep(zone: Database, settings: Mapping[str, Any]) -> None:
    """Keep this run's pairs, members and model in the zone, to explain links by."""
    zone.run("CREATE OR REPLACE TABLE zone.pair AS SELECT * FROM pair")
    zone.run("CREATE OR REPLACE TABLE zone.member AS SELECT profile, role_id FROM member")
    zone.run("DELETE FROM zone.trained")
    zone.run("INSERT INTO zone.trained VALUES (?)", [json.dumps(settings)])


def explained(
    zone: Database, roles_a: Collection[str], roles_b: Collection[str]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The best kept pair between two sets of roles, by column, and the model that scored it."""
    sides = ["a"] * len(roles_a) + ["b"] * len(roles_b)
    asked = pa.table({"side": pa.array(sides, pa.string()), "role_id": pa.array([*roles_a, *roles_b], pa.string())})
    with zone.lent("asked", asked):
        best = zone.table(
            "WITH side AS (SELECT DISTINCT s.side, m.profile FROM asked s JOIN zone.member m USING (role_id))"
            " SELECT p.* FROM zone.pair p JOIN side x ON x.profile = p.a JOIN side y ON y.profile = p.b"
            " WHERE x.side <> y.side ORDER BY p.standing, p.match_weight DESC LIMIT 1"
        ).to_pylist()
    held = zone.rows("SELECT settings FROM zone.trained")
    return (best[0] if best else None), (json.loads(held[0][0]) if held else {})
