"""The only file that imports Splink: scores pairs of profiles over DuckDB on keyed encodings.

Invariants: Splink sees tokens and filters only; its intermediate tables live in the zone's encrypted memory and
spill; a level that the data cannot teach keeps its stated default; the same profiles give the same scores (seeded)."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals import charts

from linkage import model, profiles
from linkage.zone import Database, Zone, guarded

_SEED = 2026
_U_PAIRS = 1e6
_EM_PAIRS = 3e5
_LEAST_FOR_TEACHING = 400
KEPT_WEIGHT = -12.0
_LEFT, _RIGHT = f"p.{model.UNIQUE_ID}_l", f"p.{model.UNIQUE_ID}_r"


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scoring run did: profiles, the pairs kept, the finished model."""

    profiles: int
    pairs: int
    settings: dict[str, Any]


def _linker(zone: Database, settings: dict[str, Any]) -> Linker:
    logging.getLogger("splink").setLevel(logging.ERROR)
    backend = DuckDBAPI(connection=zone.connection)
    linker = Linker(backend.register("profile"), settings, log_level=None)
    for column, beside in model.frequencies(settings).items():
        frequency = backend.register(profiles.frequency(zone, column, beside))
        linker.table_management.register_term_frequency_lookup(frequency, column)
    return linker


def _taught(
    zone: Database, settings: dict[str, Any], count: int, filled: set[str], certain_pairs: float
) -> dict[str, Any]:
    """The settings with u taught by random pairs and m by expectation maximisation, given enough to learn from."""
    if count < _LEAST_FOR_TEACHING:
        return settings
    with guarded():
        linker = _linker(zone, settings)
        linker.training.estimate_u_using_random_sampling(max_pairs=_U_PAIRS, seed=_SEED, num_chunks=1)
        for rule in model.used_training(filled):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule), estimate_without_term_frequencies=True, max_pairs=_EM_PAIRS
            )
        learnt: dict[str, Any] = linker.misc.save_model_to_json()
    return model.merged(settings, learnt, count, certain_pairs)


def _drop_intermediates(zone: Database) -> None:
    names = zone.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '\\_\\_splink%' ESCAPE '\\'")
    for (name,) in names:
        zone.run(f'DROP TABLE IF EXISTS "{name}"')


def score(zone: Zone) -> Scored:
    """Fill `pair` (a, b, match_weight, standing and each field's weights) from `profile`."""
    profiles.prepare(zone)
    count = profiles.fold(zone)
    filled = profiles.filled_columns(zone)
    comparisons = [c.name for c in model.used_comparisons(filled)]
    if count < 2 or not comparisons:
        zone.run("CREATE OR REPLACE TABLE pair (a BIGINT, b BIGINT, match_weight DOUBLE, standing INTEGER)")
        return Scored(count, 0, {})
    blocks = profiles.add_blocks(zone, count, filled)
    certain = profiles.certain_pairs(zone, filled)
    settings = _taught(zone, model.settings(filled, blocks, model.prior(certain, count)), count, filled, certain)
    with guarded():
        scored = _linker(zone, settings).inference.predict(threshold_match_weight=KEPT_WEIGHT, warning_mode="never")
    zone.run(
        f"CREATE OR REPLACE TABLE pair AS SELECT least({_LEFT}, {_RIGHT}) AS a, greatest({_LEFT}, {_RIGHT}) AS b,"
        f" match_weight, {model.standing_sql(settings)} AS standing, COLUMNS('^mw_.*$') FROM {scored.physical_name} p"
        f" JOIN profile l ON l.profile = {_LEFT} JOIN profile r ON r.profile = {_RIGHT}"
    )
    _drop_intermediates(zone)
    [(pairs,)] = zone.rows("SELECT count(*) FROM pair")
    return Scored(count, int(pairs), settings)


class Chart(StrEnum):
    """Splink's own charts that this product saves."""

    MATCH_WEIGHTS = "match_weights"
    M_U = "m_u_parameters"
    WATERFALL = "waterfall"
    THRESHOLDS = "thresholds"
    UNLINKABLES = "unlinkables"
    COMPLETENESS = "completeness"
    HISTOGRAM = "weights_histogram"


_CHARTS = {
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
