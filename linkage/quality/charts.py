"""Splink's own charts of a run, as files: Vega-Lite beside a page that holds all it needs.

Invariants: a chart holds weights, shares and counts by field, level, data set or threshold, and no token, role, person
or value; nothing is fetched from anywhere to read one; what cannot be drawn from what is known is not drawn."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.matching import splink_engine
from linkage.matching.splink_engine import Chart

Records = Sequence[Any]
_MENU = "{}).catch("
_QUIET_MENU = '{"actions": {"export": true, "source": false, "compiled": false, "editor": false}}).catch('
"""Vega's menu would offer to send the chart to an editor elsewhere; saving it as a picture stays."""


def probability(weight: float) -> float:
    """The match probability of a weight (log2 odds)."""
    return float(1.0 / (1.0 + 2.0 ** min(max(-weight, -1000.0), 1000.0)))


def weight_records(settings: Mapping[str, Any]) -> Records:
    return splink_engine.parameters(settings)


def completeness_records(held: Sequence[Mapping[str, Any]]) -> Records:
    """From `measures.completeness`; fields that no data set holds are left out."""
    used = {row["field"] for row in held if row["filled"]}
    return [
        {
            "source_dataset": row["dataset"], "column_name": row["field"],
            "total_null_rows": row["records"] - row["filled"], "total_rows_inc_nulls": row["records"],
            "completeness": row["filled"] / row["records"],
        }
        for row in held if row["field"] in used
    ]  # fmt: skip


def unlinkable_records(curve: Sequence[Mapping[str, float]]) -> Records:
    """From `measures.unlinkables`: the share that would not reach each weight even beside themselves."""
    before = 0.0
    found = []
    for point in curve:
        weight, share = point["match_weight"], point["share"]
        found.append({
            "match_weight": weight, "match_probability": probability(weight), "prop": share - before, "cum_prop": share,
        })  # fmt: skip
        before = share
    return found


def histogram_records(weights: Sequence[Mapping[str, Any]]) -> Records:
    """From `measures.weights`: compared pairs by whole weight."""
    return [
        {
            "splink_score_bin_low": one["low"], "splink_score_bin_high": one["low"] + 1.0, "binwidth": 1.0,
            "count_rows": one["pairs"],
        }
        for one in weights
    ]  # fmt: skip


def threshold_records(weighed: Sequence[tuple[float, bool, float]]) -> Records:
    """From answered pairs (weight, same person, how many pairs it stands for): what each threshold would give."""
    pairs = sorted(weighed)
    same = sum(n for _, is_same, n in pairs if is_same)
    different = sum(n for _, is_same, n in pairs if not is_same)
    found, tp, fp = [], same, different
    at = 0
    for threshold in sorted({weight for weight, *_ in pairs}):
        while at < len(pairs) and pairs[at][0] < threshold:
            _, is_same, n = pairs[at]
            tp, fp, at = tp - n * is_same, fp - n * (not is_same), at + 1
        found.append(_confusion(threshold, tp, fp, same - tp, different - fp))
    return found


def _confusion(threshold: float, tp: float, fp: float, fn: float, tn: float) -> dict[str, float]:
    precision, recall = tp / (tp + fp) if tp + fp else 1.0, tp / (tp + fn) if tp + fn else 1.0
    f1 = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0
    row = {"truth_threshold": threshold, "match_probability": probability(threshold)}
    rates = {"precision": precision, "recall": recall, "f1": f1, "fp_rate": fp / (fp + tn) if fp + tn else 0.0}
    return row | {"tp": round(tp), "fp": round(fp), "fn": round(fn), "tn": round(tn)} | rates


def waterfall_records(explained: Mapping[str, Any]) -> Records:
    """From `quality.explain`: how each field moves one pair's weight. Weights only: no value is known here."""
    bars = [("Prior match weight", "what two random records start from", explained["prior"])]
    for field in explained["fields"]:
        bars.append((field["field"], field["agreement"], field["weight"]))
        if field.get("rarity"):
            bars.append((f"{field['field']}: how common", "term frequency", field["rarity"]))
    bars.append(("Final score", "match weight", explained["match_weight"]))
    return [
        {
            "column_name": name, "label_for_charts": label, "log2_bayes_factor": weight, "bayes_factor": 2.0**weight,
            "bar_sort_order": at, "record_number": 0, "value_l": "", "value_r": "", "sql_condition": None,
            "comparison_vector_value": None, "bayes_factor_description": None,
        }
        for at, (name, label, weight) in enumerate(bars)
    ]  # fmt: skip


def of_run(
    settings: Mapping[str, Any], facts: Mapping[str, Any], weighed: Sequence[tuple[float, bool, float]],
    explained: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Chart, Records]]:  # fmt: skip
    """The charts that can be drawn, with their records."""
    if settings.get("comparisons"):
        yield Chart.MATCH_WEIGHTS, weight_records(settings)
        yield Chart.M_U, weight_records(settings)
    wanted = (
        (Chart.COMPLETENESS, completeness_records(facts.get("completeness") or ())),
        (Chart.UNLINKABLES, unlinkable_records(facts.get("unlinkables") or ())),
        (Chart.HISTOGRAM, histogram_records(facts.get("weights") or ())),
        (
            Chart.THRESHOLDS,
            [one for one in threshold_records(weighed) if one["precision"] > 0.5 and one["recall"] > 0.5],
        ),
        (Chart.WATERFALL, waterfall_records(explained) if explained and explained["compared"] else ()),
    )
    yield from ((kind, records) for kind, records in wanted if records)


def save(folder: Path, drawn: Iterator[tuple[Chart, Records]]) -> list[Path]:
    """Write each chart as `<chart>.html` and `<chart>.json`; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, records in drawn:
        spec, page = splink_engine.chart(kind, records)
        for path, text in (
            (folder / f"{kind}.json", json.dumps(spec, indent=1, ensure_ascii=False, sort_keys=True) + "\n"),
            (folder / f"{kind}.html", page.replace(_MENU, _QUIET_MENU)),
        ):
            path.write_text(text, "utf-8")
            written.append(path)
    return written
