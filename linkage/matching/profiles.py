"""Profiles: what is compared. Roles of one data set that say exactly the same of one well-identified person are one.

Invariants: never an unborn child; roles are folded together only where a number, or a name with a date of birth and a
surname or postcode, identifies them and their data set may hold a person twice; a full run numbers profiles in the
order of their first role id, so that the same records give the same profiles, and later runs go on from there."""

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.encoding.encode import FILTERS
from linkage.matching import model
from linkage.zone import live
from linkage.zone.live import COLUMNS
from linkage.zone.zone import Database, Zone

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
CARRIED: Mapping[str, str] = {
    "profile": "BIGINT", "dataset": "VARCHAR", "provider": "VARCHAR", "role": "VARCHAR",
    "one_row_per_person": "BOOLEAN",
    **dict.fromkeys(COLUMNS, "BIGINT"), "dob_default": "BOOLEAN",
    **dict.fromkeys((f"{name}n" for name in FILTERS), "INTEGER"),
    "content": "UBIGINT", "carried": "BIGINT",
}  # fmt: skip
"""The columns of `profile`, with their types, before its standing, blocks and frequencies are added."""
STANDING: Mapping[str, str] = {
    "numbered": "BOOLEAN", "single": "BOOLEAN", "generation": "VARCHAR", "established": "BOOLEAN",
}  # fmt: skip


def prepare(zone: Zone) -> None:
    """Open everything that is compared."""
    live.open_rows(zone)
    live.doubt_numbers(zone)


def fold(zone: Database) -> int:
    """Make `profile` and `member` of everything live, with their standing; how many profiles."""
    count = number(zone, first=0)
    stand(zone)
    return count


def number(zone: Database, *, first: int) -> int:
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
    [(profiles,)] = zone.rows("SELECT count(*) FROM profile")
    return int(profiles)


_ALONE = f"""
CREATE OR REPLACE TABLE alone AS SELECT dataset FROM (SELECT dataset, given_formal, family, dob, count(*) AS n
FROM profile GROUP BY ALL) GROUP BY 1 HAVING coalesce(sum(n - 1) FILTER (given_formal IS NOT NULL
AND family IS NOT NULL AND dob IS NOT NULL), 0) < {SELDOM} * sum(n)
"""
_SINGLY = """
CREATE OR REPLACE TABLE singly AS SELECT DISTINCT hash(dataset, given_formal, dob_canon, family) AS described
FROM {source} SEMI JOIN alone USING (dataset) WHERE given_formal IS NOT NULL AND dob_canon IS NOT NULL
"""


DESCRIBED: Mapping[str, str] = {"described": "UBIGINT"}
"""The column of `singly`."""


def _established(source: str) -> str:
    """Whose name and birth stand on several records, with the same surname or postcode: profile numbers."""
    return " UNION ALL ".join(
        f"SELECT profile FROM {source} JOIN (SELECT given_formal, dob_canon, {beside} FROM {source} WHERE given_formal"
        f" IS NOT NULL AND dob_canon IS NOT NULL AND {beside} IS NOT NULL GROUP BY ALL HAVING sum(carried) > 1)"
        f" USING (given_formal, dob_canon, {beside})"
        for beside in ("family", "postcode")
    )


def stand(zone: Database, *, alone: bool = True, source: str = "profile", more: tuple[str, str] = ("", "")) -> None:
    """Make `profile` of a source with whether each carries a number, whether its name and birth stand on several
    records, and its generation; `singly` of whom the data sets in `alone`, that hold each person once, describe.

    `alone` works out afresh which data sets these are; else the table is used. `more` are columns and the joins (of the
    source as `p`) that they need.
    """
    if alone:
        zone.run(_ALONE)
    zone.run(_SINGLY.format(source=source))
    listed, joins = more
    zone.run(
        "CREATE OR REPLACE TABLE profile AS SELECT p.*, nhs IS NOT NULL OR upn IS NOT NULL AS numbered,"
        " dataset IN (SELECT dataset FROM alone) AS single, g.generation,"
        f" p.profile IN ({_established(source)}) AS established{listed}"
        f" FROM {source} p LEFT JOIN (SELECT dataset, role, CASE WHEN count(*) = 1 THEN min(note) END AS generation"
        f" FROM noted WHERE note IN ('elder', 'young') GROUP BY ALL) g USING (dataset, role) {joins}"
    )


def filled_columns(zone: Database) -> set[str]:
    """The columns that hold at least one value."""
    counts = ", ".join(f"count({name})" for name in COLUMNS)
    [row] = zone.rows(f"SELECT {counts} FROM profile")
    return {name for name, count in zip(COLUMNS, row, strict=True) if count}


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


WEIGHT = (
    f"CASE standing WHEN {model.VETOED} THEN {model.VETO_WEIGHT}"
    f" WHEN {model.THIN} THEN least(match_weight, {model.THIN_WEIGHT}) ELSE match_weight END"
)
"""What a scored pair counts for: one that nothing may overrule weighs `model.VETO_WEIGHT`."""


def weights(pairs: pa.Table) -> NDArray[np.float64]:
    """`WEIGHT` of pairs (match_weight, standing) in memory."""
    weight, standing = (np.asarray(pairs.column(name).to_numpy()) for name in ("match_weight", "standing"))
    held = np.where(standing == model.THIN, np.minimum(weight, model.THIN_WEIGHT), weight)
    return np.where(standing == model.VETOED, model.VETO_WEIGHT, held)
