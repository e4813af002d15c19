"""The only file that imports Splink: it trains the model, draws its charts, and proves our scores.

Invariants: Splink sees tokens and filters only, and samples bounded in size; its intermediate tables live in the zone's
encrypted memory and spill; a level that the data cannot teach keeps its stated default; the same profiles give the
same model (drawn by seeded hashes)."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals import charts

from linkage.matching import frequencies, model, scoring
from linkage.matching.scoring import KEPT_WEIGHT
from linkage.zone.zone import Database, guarded

_LEFT, _RIGHT = f"p.{model.UNIQUE_ID}_l", f"p.{model.UNIQUE_ID}_r"
_SEED = 2026
_RANDOM_PROFILES = 1_415
"""Their million pairs teach u."""
_EM_PAIRS = 100_000
"""So many pairs per rule teach m: the standard error of an m is then below .002."""
_LOOKED_AT = 400_000
"""Profiles among which a rule's blocks are sought for teaching."""
_LEAST_FOR_TEACHING = 400


def _linker(zone: Database, settings: Mapping[str, Any], table: str) -> Linker:
    logging.getLogger("splink").setLevel(logging.ERROR)
    return Linker(
        DuckDBAPI(connection=zone.connection).register(table), dict(settings), log_level=None, validate_settings=False
    )


_FREQUENCY = ("tf_adjustment_column", "tf_adjustment_weight", "tf_minimum_u_value")


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without term frequencies, which training leaves aside."""
    return {
        **settings,
        "comparisons": [
            {
                **comparison,
                "comparison_levels": [
                    {name: value for name, value in level.items() if name not in _FREQUENCY}
                    for level in comparison["comparison_levels"]
                ],
            }
            for comparison in settings["comparisons"]
        ],
    }


def _teach_u(zone: Database, settings: Mapping[str, Any]) -> dict[str, Any]:
    """u of every level, counted over all pairs of a few profiles drawn by a hash of their number.

    A level that no pair reaches keeps its stated u. Counted as Splink's `estimate_u_using_random_sampling` counts.
    """
    zone.run(
        "CREATE OR REPLACE TABLE teaching AS SELECT * FROM profile WHERE profile IN (SELECT profile FROM profile"
        f" ORDER BY hash(profile, {_SEED}), profile LIMIT {_RANDOM_PROFILES})"
    )
    drawn = zone.table("SELECT profile FROM teaching ORDER BY profile").column("profile").to_numpy()
    first, second = np.triu_indices(len(drawn), 1)
    names = [f"g_{at}" for at in range(len(settings["comparisons"]))]
    levels = ", ".join(
        f"{scoring.gamma_sql(comparison)} AS {name}"
        for name, comparison in zip(names, settings["comparisons"], strict=True)
    )
    with zone.lent("fresh", pa.table({"a": drawn[first], "b": drawn[second]})):
        zone.run("CREATE OR REPLACE TABLE random_pair AS FROM fresh")
    patterns = zone.rows(
        f"SELECT {', '.join(names)}, count(*) FROM (SELECT {levels} FROM random_pair p"
        " JOIN teaching l ON l.profile = p.a JOIN teaching r ON r.profile = p.b) GROUP BY ALL"
    )
    zone.run("DROP TABLE random_pair")
    counts = [Counter[int]() for _ in names]
    for *places, pairs in patterns:
        for counted, place in zip(counts, places, strict=True):
            counted[place] += pairs
    taught = [_with_u(c, counted) for c, counted in zip(settings["comparisons"], counts, strict=True)]
    return {**settings, "comparisons": taught}


def _with_u(comparison: Mapping[str, Any], counted: Mapping[int, int]) -> dict[str, Any]:
    levels = comparison["comparison_levels"]
    missing = {at for at, level in enumerate(levels) if level.get("is_null_level")}
    known = sum(pairs for at, pairs in counted.items() if at not in missing)
    seen = {at: pairs / known for at, pairs in counted.items() if at not in missing}
    taught = [
        level if at not in seen or level["fix_u_probability"] else {**level, "u_probability": seen[at]}
        for at, level in enumerate(levels)
    ]
    return {**comparison, "comparison_levels": taught}


def _sample(zone: Database, rules: Sequence[tuple[str, ...]], count: int) -> list[str]:
    """Make `teaching` of whole blocks of each rule, drawn by a hash of their key; the column that tells each draw."""
    names = [f"taught_{at}" for at in range(len(rules))]
    share = min(1.0, _LOOKED_AT / count)
    for name, rule in zip(names, rules, strict=True):
        key = f"hash({', '.join(rule)}, {_SEED})"
        present = " AND ".join(f"{part} IS NOT NULL" for part in rule)
        zone.run(
            f"CREATE OR REPLACE TABLE {name} AS WITH keyed AS (SELECT profile, {key} AS key FROM profile"
            f" WHERE {present} AND {key} % 65536 < {round(65536 * share)}),"
            " spent AS (SELECT key, sum(n * (n - 1) / 2) OVER (ORDER BY key ROWS UNBOUNDED PRECEDING) AS pairs"
            " FROM (SELECT key, count(*) AS n FROM keyed GROUP BY 1 HAVING count(*) > 1))"
            f" SELECT profile, TRUE AS {name} FROM keyed SEMI JOIN"
            f" (SELECT key FROM spent WHERE pairs <= {_EM_PAIRS}) USING (key)"
        )
    joins = " ".join(f"LEFT JOIN {name} USING (profile)" for name in names)
    chosen = " UNION ".join(f"SELECT profile FROM {name}" for name in names)
    zone.run(
        f"CREATE OR REPLACE TABLE teaching AS SELECT p.*, {', '.join(names)} FROM (SELECT * FROM profile"
        f" WHERE profile IN ({chosen})) p {joins}"
    )
    for name in names:
        zone.run(f"DROP TABLE {name}")
    return names


def _teach_m(
    zone: Database, settings: Mapping[str, Any], rules: Sequence[tuple[str, ...]], count: int
) -> dict[str, Any]:
    names = _sample(zone, rules, count)
    linker = _linker(zone, settings, "teaching")
    for name, rule in zip(names, rules, strict=True):
        [(held,)] = zone.rows(f"SELECT count({name}) FROM teaching")
        if held:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule, name), estimate_without_term_frequencies=True
            )
    taught: dict[str, Any] = linker.misc.save_model_to_json()
    return taught


def train(zone: Database, count: int, filled: Collection[str], certain_pairs: float) -> dict[str, Any]:
    """The model of what is in `profile`: u taught by random pairs, m by expectation maximisation on whole blocks.

    What Splink is shown is bounded in size whatever `count` is. With too little to learn from, the stated defaults.
    """
    settings = model.settings(filled, model.used_blocking(filled), model.prior(certain_pairs, count))
    if count < _LEAST_FOR_TEACHING:
        return settings
    with guarded():
        plain = _teach_u(zone, _plain(settings))
        rules = model.used_training(filled)
        learnt = _teach_m(zone, plain, rules, count) if rules else plain
    zone.run("DROP TABLE IF EXISTS teaching")
    _drop_intermediates(zone)
    return _settled(model.merged(settings, learnt, count, certain_pairs))


def _settled(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Probabilities to ten digits: the last ones depend on the order in which threads add up."""
    return {
        **settings,
        "probability_two_random_records_match": _ten(settings["probability_two_random_records_match"]),
        "comparisons": [
            {**comparison, "comparison_levels": [_settled_level(level) for level in comparison["comparison_levels"]]}
            for comparison in settings["comparisons"]
        ],
    }


def _settled_level(level: Mapping[str, Any]) -> dict[str, Any]:
    names = {"m_probability", "u_probability"} & set(level)
    return {**level, **{name: _ten(level[name]) for name in names}}


def _ten(value: float) -> float:
    return float(f"{value:.10g}")


def _drop_intermediates(zone: Database) -> None:
    names = zone.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '\\_\\_splink%' ESCAPE '\\'")
    for (name,) in names:
        zone.run(f'DROP TABLE IF EXISTS "{name}"')


def predict(zone: Database, settings: Mapping[str, Any], least: float = KEPT_WEIGHT) -> None:
    """Make `splink_pair` (a, b, match_weight, every comparison's weights): `candidate` scored by Splink itself."""
    zone.run(
        "CREATE OR REPLACE TABLE blocked AS SELECT '0' AS match_key, a AS join_key_l, b AS join_key_r FROM candidate"
    )
    unscored = scoring.frequency_columns(settings)
    zone.run(
        f"CREATE OR REPLACE TABLE compared AS SELECT * EXCLUDE ({', '.join(f'tf_{c}' for c in unscored)}) FROM profile"
        if unscored
        else "CREATE OR REPLACE TABLE compared AS FROM profile"
    )
    with guarded():
        linker = _linker(zone, settings, "compared")
        backend = linker._db_api
        for column in unscored:
            zone.run(f"CREATE OR REPLACE TABLE tf_of_{column} AS SELECT value AS {column}, tf AS tf_{column}"
                     f" FROM {frequencies.table(column)}")  # fmt: skip
            linker.table_management.register_term_frequency_lookup(backend.register(f"tf_of_{column}"), column)
        linker.table_management.register_blocked_pairs_for_predict(backend.register("blocked"))
        scored = linker.inference.predict(threshold_match_weight=least, warning_mode="never")
    zone.run(
        f"CREATE OR REPLACE TABLE splink_pair AS SELECT least({_LEFT}, {_RIGHT}) AS a,"
        f" greatest({_LEFT}, {_RIGHT}) AS b, match_weight, COLUMNS('^mw_.*$') FROM {scored.physical_name} p"
    )
    _drop_intermediates(zone)


class Chart(StrEnum):
    """Splink's own charts that this product saves."""

    MATCH_WEIGHTS = "match_weights"
    M_U = "m_u_parameters"
    WATERFALL = "waterfall"
    THRESHOLDS = "thresholds"
    UNLINKABLES = "unlinkables"
    COMPLETENESS = "completeness"
    HISTOGRAM = "weights_histogram"


_CHARTS: Mapping[Chart, Any] = {
    Chart.MATCH_WEIGHTS: charts.MatchWeightsChart, Chart.M_U: charts.MUParametersChart,
    Chart.WATERFALL: charts.WaterfallChart, Chart.THRESHOLDS: charts.ThresholdSelectionToolChart,
    Chart.UNLINKABLES: charts.UnlinkablesChart, Chart.COMPLETENESS: charts.CompletenessChart,
    Chart.HISTOGRAM: charts.MatchWeightsHistogramChart,
}  # fmt: skip


def parameters(settings: Mapping[str, Any]) -> list[Any]:
    """Splink's own records of a model's m and u, for its charts."""
    made = SettingsCreator.from_path_or_dict(dict(settings)).get_settings("duckdb")
    return list(made._parameters_as_detailed_records)


def chart(kind: Chart, records: Sequence[Any]) -> tuple[dict[str, Any], str]:
    """A chart as Vega-Lite and as one HTML page with everything inside: nothing is fetched to read it."""
    made = _CHARTS[kind](records)
    return dict(made.chart_dict), str(made.to_html(inline=True))
