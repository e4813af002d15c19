"""How far each field of two profiles agrees, by the levels of the model; never what the fields hold.

Invariants: an agreement is a field's name, a level's label and a weight (log2 odds): nothing of a value or token
leaves; the first level that holds counts, as in the model's own comparison; what term frequency adds is told as one
sum, since a weight of its own beside one field would tell how rare that very name is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from linkage.matching import model
from linkage.zone.zone import Database

MISSING = "missing"
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One field of one pair: the level that holds, and its weight before term frequency (0 where missing)."""

    field: str
    agreement: str
    weight: float


Pattern = tuple[tuple[str, str], ...]
"""Field and level of every comparison that was not missing: what kind of pair this is."""


def pattern(fields: Sequence[Agreement]) -> Pattern:
    return tuple((held.field, held.agreement) for held in fields if held.agreement != MISSING)


def level_sql(comparison: Mapping[str, Any]) -> str:
    """SQL over `"x_l"` and `"x_r"`: the place of the first level that holds."""
    levels = [level["sql_condition"] for level in comparison["comparison_levels"]]
    whens = " ".join(f"WHEN {sql} THEN {at}" for at, sql in enumerate(levels) if sql != model.ELSE)
    return f"CASE {whens} ELSE {len(levels) - 1} END"


def sides(zone: Database, table: str = "profile") -> str:
    """Both sides' columns of `asked` (a, b) under the names the levels use."""
    columns = [name for (name,) in zone.rows("SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [table])]
    named = ", ".join(f'{side}."{c}" AS "{c}_{side}"' for side in ("l", "r") for c in columns)
    return f"SELECT k.a, k.b, {named} FROM asked k JOIN {table} l ON l.profile = k.a JOIN {table} r ON r.profile = k.b"


def lent_pairs(pairs: Sequence[Pair]) -> pa.Table:
    return pa.table(
        {"a": pa.array([a for a, _ in pairs], pa.int64()), "b": pa.array([b for _, b in pairs], pa.int64())}
    )


def agreements(
    zone: Database, settings: Mapping[str, Any], pairs: Sequence[Pair], table: str = "profile"
) -> dict[Pair, tuple[Agreement, ...]]:
    """How far the fields of each of these pairs of profiles agree; unknown profiles are left out."""
    comparisons = settings.get("comparisons", ())
    if not pairs or not comparisons:
        return {}
    levels = ", ".join(level_sql(comparison) for comparison in comparisons)
    with zone.lent("asked", lent_pairs(pairs)):
        found = zone.rows(f"SELECT a, b, {levels} FROM ({sides(zone, table)})")
    return {(a, b): tuple(_agreement(c, at) for c, at in zip(comparisons, row, strict=True)) for a, b, *row in found}


def _agreement(comparison: Mapping[str, Any], at: int) -> Agreement:
    level = comparison["comparison_levels"][at]
    if level.get("is_null_level"):
        return Agreement(comparison["output_column_name"], MISSING, 0.0)
    return Agreement(comparison["output_column_name"], level["label_for_charts"], model.weight(level))
