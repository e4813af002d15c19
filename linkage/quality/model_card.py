"""The model card: what the model is, what it was trained on, what it weighs, how well it does, and what it cannot do.

Invariants: made from the record store alone; probabilities, weights, counts and shares only; a figure that nobody has
measured is said to be unmeasured; per-group error is given only where a truth file named the groups.
Source: Mitchell et al. 2019, Model Cards for Model Reporting."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from linkage.matching import model, thresholds
from linkage.quality import quality_report
from linkage.quality.estimates import Estimate, Quality
from linkage.quality.groups import GroupError
from linkage.quality.quality_report import ModelRow

LIMITS = (
    "It compares keyed tokens and encodings, so it sees only what normalisation and the encodings keep: a name spelt in"
    " a way that no table of nicknames, transliterations or sounds foresees counts as another name.",
    "Weights are learnt without labels, by expectation maximisation over pairs that already agree in part; where data"
    " are few, stated defaults stand instead, and fields are taken as independent given the match, which households"
    " break.",
    "Pairs that no blocking rule proposes are never compared. What that loses is estimated from rules that share no"
    " column, and only as a lower bound.",
    "Estimates from reviewed pairs are as good as the reviewers, who see how far fields agree and, unless an agreement"
    " allows it, not the values.",
    "A sample answers for the links as they were when it was drawn; what answers themselves mend is not counted as the"
    " engine's merit.",
    "A link says that records are likely one person's. It is no evidence of identity for a legal decision.",
)


def card(session: Session, *, truth: Mapping[str, Any] | None = None, groups: Sequence[GroupError] = ()) -> str:
    """The card as Markdown. `truth` is what `evaluate` found; `groups` per-group error against the same truth."""
    run, trained = quality_report.newest_run(session), quality_report.newest_model(session)
    facts = quality_report.facts(session)
    parts = [
        _about(run, trained),
        _weights(trained.settings if trained else {}),
        _thresholds(run),
        _estimates(quality_report.estimated(session), quality_report.blocked(facts).completeness),
        _against(truth),
        _groups(groups, truth),
        ["## Known limits", "", *(f"* {limit}" for limit in LIMITS)],
    ]
    return "\n".join(line for part in parts for line in (*part, "")).rstrip() + "\n"


def _about(run: Any, trained: ModelRow | None) -> list[str]:
    counts = run.counts
    lines = [
        "# Model card: who is one person",
        "",
        "Links records of people across partners into persons, on keyed encodings, by the Fellegi–Sunter model as"
        " Splink trains it, and groups them by constrained average linkage.",
        "",
        "| | |",
        "|---|---|",
        f"| Model version | {'none saved' if trained is None else trained.version} |",
    ]
    if trained is not None:
        lines += [
            f"| Trained | {trained.trained_at:%Y-%m-%d %H:%M} UTC |",
            f"| Digest of its settings | `{trained.digest[:16]}` |",
            *(f"| Trained on: {name.replace('_', ' ')} | {_number(value)} |" for name, value in _plain(trained.facts)),
        ]
    lines += [
        f"| Newest run | {run.mode}, {run.completed_at:%Y-%m-%d %H:%M} UTC |",
        f"| Records, persons | {_number(counts.get('records'))}, {_number(counts.get('persons'))} |",
        f"| Pairs compared and kept | {_number(counts.get('pairs'))} |",
    ]
    return lines


def _plain(facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}, {inner}", held) for inner, held in _plain(value))
        elif isinstance(value, int | float | str):
            yield name, value


def _weights(settings: Mapping[str, Any]) -> list[str]:
    if not settings.get("comparisons"):
        return ["## Match weights", "", "No model has been trained yet."]
    lines = [
        "## Match weights",
        "",
        "In log2 odds: +1 doubles the odds that two records are one person's. Two random records start from"
        f" {model_prior(settings):+.1f}. A missing value weighs nothing.",
        "",
        "| field | agreement | m: of one person | u: of two | weight | by rarity |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [row for comparison in settings["comparisons"] for row in _levels(comparison)]


def model_prior(settings: Mapping[str, Any]) -> float:
    """The weight two random records start from."""
    odds = float(settings["probability_two_random_records_match"])
    return model.weight({"m_probability": odds, "u_probability": 1 - odds})


def _levels(comparison: Mapping[str, Any]) -> Iterator[str]:
    for level in comparison["comparison_levels"]:
        if not level.get("is_null_level"):
            rarity = "yes" if level.get("tf_adjustment_column") else ""
            yield (
                f"| {comparison['output_column_name']} | {level['label_for_charts']} | {level['m_probability']:.4f} |"
                f" {level['u_probability']:.2g} | {model.weight(level):+.1f} | {rarity} |"
            )


def _thresholds(run: Any) -> list[str]:
    costs, default = thresholds.DEFAULT, thresholds.join()
    lines = [
        "## Thresholds",
        "",
        f"Groups of records join at an average weight of {run.threshold:+.2f} or above; 3 below that they are possible"
        " duplicates, put to a steward.",
    ]
    if abs(run.threshold - default) > 1e-9:
        return [*lines, f"This was asked for; the default is {default:+.2f}."]
    odds = math.log2(costs.wrong / costs.missed)
    return [
        *lines,
        f"That is the default. It follows from costs, not from labels: a wrong link is taken to cost {costs.wrong:g}, a"
        f" missed one {costs.missed:g}, so groups join where the odds of one person exceed that ratio (log2:"
        f" {odds:+.2f}), on a scale where even odds lie at {thresholds.CALIBRATION:+.2f}, since an average counts pairs"
        " that no rule compared as differing.",
    ]


def _estimates(found: Quality, completeness: Estimate) -> list[str]:
    lines = ["## Estimated without a truth", ""]
    if not found.answered:
        return [*lines, "Not measured: no pair of the probability sample has been answered yet."]
    return [
        *lines,
        f"From {found.answered} answered of {found.asked} sampled pairs, weighted by the chance each was drawn with;"
        " 95 % intervals.",
        "",
        "| | estimate | interval |",
        "|---|---|---|",
        _row("Precision of linked pairs", found.precision),
        _row("Recall among compared pairs", found.recall),
        _row("Share of linkable pairs that blocking compared, at most", completeness),
        _row("Recall, blocking included", quality_report.whole_recall(found.recall, completeness)),
    ]


def _row(name: str, held: Estimate) -> str:
    if held.value is None or held.low is None or held.high is None:
        return f"| {name} | not measured | |"
    return f"| {name} | {_share(held.value)} | {_share(held.low)} to {_share(held.high)} |"


def _against(truth: Mapping[str, Any] | None) -> list[str]:
    if truth is None:
        return ["## Against a truth", "", "Not measured: no truth file was given."]
    return [
        "## Against a truth",
        "",
        f"Over {_number(truth['records'])} records: precision {_share(truth['precision'])}, recall"
        f" {_share(truth['recall'])}, F1 {truth['f1']:.4f}; between data sets F1 {truth['f1_between']:.4f}.",
    ]


def _groups(groups: Sequence[GroupError], truth: Mapping[str, Any] | None) -> list[str]:
    if not groups:
        return ["## Error by group", "", "Not measured: the truth names no groups."]
    whole = float(truth["recall"]) if truth else None
    lines = [
        "## Error by group",
        "",
        "Recall of each group's pairs with 95 % intervals. No group should lie more than one point behind the whole.",
        "",
        "| group | records | recall | interval | precision | against the whole |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [_group(one, whole) for one in groups]


def _group(one: GroupError, whole: float | None) -> str:
    gap = "" if whole is None else f"{100 * (one.recall - whole):+.1f} points"
    precision = "" if one.precision is None else _share(one.precision)
    return (
        f"| {one.group} | {_number(one.records)} | {_share(one.recall)} | {_share(one.low)} to {_share(one.high)} |"
        f" {precision} | {gap} |"
    )


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "unknown" if value is None else str(value)
