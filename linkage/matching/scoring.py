"""Scoring as one query: the match weight of every candidate pair, worked out as Splink's predict works it out.

Invariants: settings in, SQL out; a pair's weight is the prior plus each comparison's weight plus its term-frequency
adjustment, equal to Splink's to 1e-9; the same SQL scores a full run, an increment and a single record; only columns
that a comparison names are read; the standing is worked out only for pairs that are kept.
Source: Fellegi and Sunter (1969); Splink 5 (`predict`, `comparison_level`): first level that holds, log2 of m over u,
the larger term frequency of the two sides."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from linkage.matching import model

KEPT_WEIGHT = -12.0
_SIDE = re.compile(r'"(\w+)_([lr])"')
_LEAST_PROBABILITY = 1e-300
Level = Mapping[str, Any]


def columns(settings: Mapping[str, Any]) -> list[str]:
    """The profile columns that the comparisons name."""
    found = (name for c in settings["comparisons"] for v in c["comparison_levels"] for name in _named(v))
    return sorted(set(found))


def _named(level: Level) -> Iterator[str]:
    for name, _side in _SIDE.findall(level["sql_condition"]):
        yield name


def frequency_columns(settings: Mapping[str, Any]) -> list[str]:
    """The columns adjusted for term frequency."""
    levels = (level for c in settings["comparisons"] for level in c["comparison_levels"])
    return sorted({level["tf_adjustment_column"] for level in levels if level.get("tf_adjustment_column")})


def prior_weight(settings: Mapping[str, Any]) -> float:
    """The match weight of two random profiles before anything is compared."""
    prior = float(settings["probability_two_random_records_match"])
    return math.log2(prior / (1 - prior))


def level_weight(level: Level) -> float:
    """Splink's weight of a level: nothing for a missing value, else log2 of m over u."""
    if level.get("is_null_level"):
        return 0.0
    m, u = (max(float(level[f"{name}_probability"]), _LEAST_PROBABILITY) for name in "mu")
    return math.log2(m / u)


def _with_sides(sql: str) -> str:
    """A level's condition over the two joined profiles rather than over `"x_l"` and `"x_r"`."""
    return _SIDE.sub(lambda found: f'{found[2]}."{found[1]}"', sql)


def gamma_sql(comparison: Mapping[str, Any]) -> str:
    """SQL over profiles `l` and `r`: the place of the first level that holds."""
    levels = comparison["comparison_levels"]
    whens = [
        f"WHEN {_with_sides(level['sql_condition'])} THEN {at}"
        for at, level in enumerate(levels)
        if level["sql_condition"].strip().upper() != model.ELSE
    ]
    return f"CAST(CASE {' '.join(whens)} ELSE {len(levels) - 1} END AS UTINYINT)"


def _weight_sql(name: str, comparison: Mapping[str, Any]) -> str:
    whens = [f"WHEN {at} THEN {level_weight(level)!r}" for at, level in enumerate(comparison["comparison_levels"])]
    return f"CAST(CASE g_{name} {' '.join(whens)} END AS DOUBLE)"


def _exact_u(comparison: Mapping[str, Any], column: str) -> float:
    """u of the level that asks for equality in the adjusted column alone."""
    wanted = re.compile(rf'\(*"{column}_l" = "{column}_r"\)*')
    for level in comparison["comparison_levels"]:
        if wanted.fullmatch(level["sql_condition"].strip()):
            return float(level["u_probability"])
    raise ValueError("a level is adjusted for term frequency without a level for equality")


def _adjusted(level: Level) -> bool:
    return bool(level.get("tf_adjustment_column")) and level.get("tf_adjustment_weight", 1.0) != 0


def _adjustment_sql(name: str, comparison: Mapping[str, Any]) -> str:
    """log2 of the level's u over the larger frequency of the two sides, where either is known."""
    whens = []
    for at, level in enumerate(comparison["comparison_levels"]):
        if _adjusted(level):
            column, least = level["tf_adjustment_column"], float(level.get("tf_minimum_u_value", 0.0))
            u, scale = math.log2(_exact_u(comparison, column)), float(level.get("tf_adjustment_weight", 1.0))
            larger = f"greatest(tf_{column}_l, tf_{column}_r)"
            whens.append(
                f"WHEN g_{name} = {at} AND {larger} IS NOT NULL"
                f" THEN {scale!r} * ({u!r} - log2(greatest({larger}, {least!r})))"
            )
    return f"CAST(CASE {' '.join(whens)} ELSE 0 END AS DOUBLE)"


def _terms(settings: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The weight columns of every comparison as SQL over its place, and their names in the order of summing."""
    selected, names = [], []
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        selected.append(f"{_weight_sql(name, comparison)} AS mw_{name}")
        names.append(f"mw_{name}")
        if any(map(_adjusted, comparison["comparison_levels"])):
            selected.append(f"{_adjustment_sql(name, comparison)} AS mw_tf_adj_{name}")
            names.append(f"mw_tf_adj_{name}")
    return selected, names


def pairs_sql(
    settings: Mapping[str, Any], *, left: str = "profile", right: str = "profile", candidate: str = "candidate",
    fields: bool = False, least: float = KEPT_WEIGHT,
) -> str:  # fmt: skip
    """SELECT a, b, match_weight, standing [, every comparison's weights] of the candidate pairs that weigh enough."""
    gammas = [f"{gamma_sql(c)} AS g_{c['output_column_name']}" for c in settings["comparisons"]]
    sides = [f"{side}.tf_{c} AS tf_{c}_{side}" for c in frequency_columns(settings) for side in "lr"]
    selected, names = _terms(settings)
    shown = "".join(f", p.{name}" for name in names) if fields else ""
    return (
        f"WITH compared AS (SELECT c.a, c.b, {', '.join(gammas + sides)} FROM {candidate} c"
        f" JOIN {left} l ON l.profile = c.a JOIN {right} r ON r.profile = c.b),"
        f" weighed AS (SELECT a, b, {', '.join(selected)} FROM compared),"
        f" kept AS (SELECT *, CAST({prior_weight(settings)!r} AS DOUBLE) + {' + '.join(names)} AS match_weight"
        " FROM weighed"
        f" WHERE match_weight >= {least!r})"
        f" SELECT p.a, p.b, p.match_weight, CAST({model.standing_sql(settings)} AS INTEGER) AS standing{shown}"
        f" FROM kept p JOIN {left} l ON l.profile = p.a JOIN {right} r ON r.profile = p.b"
    )
