"""The match model as plain values: settings, priors, training and which pairs are compared.

Invariants: a comparison whose columns are empty leaves the model; a level that the data cannot teach keeps its stated
default, and what they teach counts in proportion to how much they hold; the same profiles give the same settings.
Source: Fellegi and Sunter (1969); Splink's settings format; the weighing of defaults against what was learnt as in a
Dirichlet prior."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from linkage.matching.model_levels import BY_NAME, COMPARISONS, ELSE, Comparison, Level, level_weights, weight
from linkage.matching.vetoes import FREE, THIN, THIN_WEIGHT, VETO_WEIGHT, VETOED, standing_sql

__all__ = [
    "BLOCKING", "BROAD", "BY_NAME", "CERTAIN", "COMPARISONS", "ELSE", "FREE", "THIN", "THIN_WEIGHT", "TRAINING",
    "UNIQUE_ID", "VETOED", "VETO_WEIGHT", "Comparison", "Level", "block_column", "frequencies", "level_weights",
    "merged", "prior", "settings", "standing_sql", "trust", "used_blocking", "used_comparisons", "used_training",
    "weight",
]  # fmt: skip

UNIQUE_ID = "profile"

BLOCKING: tuple[tuple[str, ...], ...] = (
    ("nhs",), ("upn",), ("local",), ("upn_temporary",),
    ("dob_canon", "given_formal"), ("dob_canon", "family"), ("dob_canon", "given_sound"), ("dob_canon", "family_sound"),
    ("dob_canon", "postcode"), ("dob_canon", "street"), ("dob_canon", "middle"), ("dob_canon", "sector"),
    ("given_formal", "family"), ("name_bag",),
    ("given_sound", "family_sound", "dob_y"), ("given_sound", "family_sound", "sector"),
    ("given_formal", "postcode"), ("given_formal", "street"), ("given_sound", "address"), ("family_sound", "address"),
    ("given_formal", "dob_my"), ("given_formal", "dob_dm"), ("given_formal", "dob_dy"),
    ("family_sound", "dob_my"), ("family_sound", "dob_dm"), ("family_sound", "dob_dy"),
    ("family", "postcode", "dob_y"), ("address", "dob_y"), ("uprn", "dob_y"), ("uprn", "given_sound"),
    ("address",), ("street",), ("given_sound", "postcode"), ("family_sound", "postcode"),
    ("telephone", "given_sound"), ("telephone", "dob_y"), ("email", "given_sound"), ("email", "dob_y"),
    ("dob_canon",), ("postcode",), ("family",),
)  # fmt: skip
"""Each rule compares the pairs that agree in all its columns; blocks too large to afford are left to others."""
BROAD = frozenset({("dob_canon",), ("postcode",), ("family",)})
"""Rules that bring together whom damage in several fields hides from all others; they may propose few pairs each."""

TRAINING: tuple[tuple[str, ...], ...] = (("dob",), ("given_formal", "family"), ("given_formal", "family", "postcode"))
"""Loose on purpose: pairs that agree in much teach that people's records agree in everything."""
CERTAIN = ("given_formal", "family", "dob")
"""Records that agree in all of these are taken as one person's when guessing how many pairs match at all."""
CERTAIN_RECALL = 0.7
_STATED_COUNTS = 100.0
"""The stated m weigh as much as this many pairs that certainly match; without matches nothing is learnt, since then
expectation maximisation learns from people who merely resemble."""
_CERTAIN_LEVELS = {"given": ("same", "short form"), "family": ("same",), "dob": ("same",)}
"""The levels of the learnt model in which certain pairs agree."""
_LEAST_RECALL = 0.1


def block_column(at: int) -> str:
    return f"block_{at:02d}"


def used_comparisons(filled: Collection[str]) -> list[Comparison]:
    """The comparisons for which at least one column holds anything."""
    return [c for c in COMPARISONS if not set(c.needs).isdisjoint(filled)]


def used_training(filled: Collection[str]) -> list[tuple[str, ...]]:
    return [rule for rule in TRAINING if set(rule) <= set(filled)]


def used_blocking(filled: Collection[str]) -> list[int]:
    return [at for at, rule in enumerate(BLOCKING) if set(rule) <= set(filled)]


def _level(level: Level) -> dict[str, Any]:
    made: dict[str, Any] = {
        "sql_condition": level.sql, "label_for_charts": level.label,
        "m_probability": level.m, "u_probability": level.u,
        "fix_m_probability": level.fixed, "fix_u_probability": level.fixed,
    }  # fmt: skip
    if level.frequency:
        made |= {"tf_adjustment_column": level.frequency, "tf_adjustment_weight": 1.0, "tf_minimum_u_value": 1e-5}
    return made


def _comparison(comparison: Comparison) -> dict[str, Any]:
    null = {"sql_condition": comparison.null_sql, "label_for_charts": "missing", "is_null_level": True}
    return {
        "output_column_name": comparison.name,
        "comparison_description": comparison.name,
        "comparison_levels": [null, *(_level(level) for level in comparison.levels)],
    }


def settings(filled: Collection[str], blocks: Sequence[int], prior: float) -> dict[str, Any]:
    """Splink settings for the columns that hold anything, with every default in place."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": UNIQUE_ID,
        "probability_two_random_records_match": prior,
        "comparisons": [_comparison(c) for c in used_comparisons(filled)],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": f'l."{block_column(at)}" = r."{block_column(at)}"'} for at in blocks
        ],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "max_iterations": 12,
    }


def prior(certain_pairs: float, profiles: int) -> float:
    """The chance that two random profiles match, from pairs that agree in name and birth, kept within reason."""
    pairs = max(1.0, profiles * (profiles - 1) / 2)
    return _bounded(certain_pairs / CERTAIN_RECALL / pairs, profiles)


def _bounded(chance: float, profiles: int) -> float:
    return min(max(chance, 0.2 / max(profiles, 2)), 50.0 / max(profiles, 100), 0.2)


_COMPANY = {"given": ("family_sound", "dob_y"), "family": ("given_sound", "dob_y"), "dob": ("given_sound",)}


def frequencies(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The columns adjusted for term frequency, and what stands beside each when people are counted."""
    levels = (level for c in settings["comparisons"] for level in c["comparison_levels"])
    columns = {level["tf_adjustment_column"] for level in levels if level.get("tf_adjustment_column")}
    return {column: _COMPANY[column] for column in sorted(columns)}


def trust(certain_pairs: float) -> float:
    """How far learnt m is believed over the stated, where so many pairs certainly match."""
    return certain_pairs / (certain_pairs + _STATED_COUNTS)


def merged(stated: Mapping[str, Any], learnt: Mapping[str, Any], profiles: int, certain_pairs: float) -> dict[str, Any]:
    """The stated settings with what was learnt: u of every level not fixed, floored at what the sample could show, and
    the prior by how many of all matches the certain pairs turn out to be."""
    believed = trust(certain_pairs)
    floor = max(1e-6, 0.1 / max(profiles, 1))
    found = {c["output_column_name"]: c["comparison_levels"] for c in learnt["comparisons"]}
    guess = float(stated["probability_two_random_records_match"])
    comparisons = [
        {
            **comparison,
            "comparison_levels": [
                _with_learnt(level, taught, floor, believed, guess)
                for level, taught in zip(
                    comparison["comparison_levels"], found[comparison["output_column_name"]], strict=True
                )
            ],
        }
        for comparison in stated["comparisons"]
    ]
    again = _bounded(guess * CERTAIN_RECALL / _certain_recall(comparisons), profiles)
    return {**stated, "comparisons": comparisons, "probability_two_random_records_match": again}


def _certain_recall(comparisons: Sequence[Mapping[str, Any]]) -> float:
    """The share of complete matching pairs that agree in all of `CERTAIN`, by the learnt m."""
    levels = {c["output_column_name"]: c["comparison_levels"] for c in comparisons}
    if not set(_CERTAIN_LEVELS) <= set(levels):
        return CERTAIN_RECALL
    share = 1.0
    for name, labels in _CERTAIN_LEVELS.items():
        share *= sum(float(v["m_probability"]) for v in levels[name] if v["label_for_charts"] in labels)
    return min(max(share, _LEAST_RECALL), 1.0)


def _with_learnt(
    level: Mapping[str, Any], taught: Mapping[str, Any], floor: float, believed: float, prior: float
) -> dict[str, Any]:
    """A level with its m moved towards what was learnt, and its u less what random matching pairs put there."""
    if level.get("is_null_level") or level["fix_u_probability"]:
        return dict(level)
    u, m = taught.get("u_probability"), taught.get("m_probability")
    learnt_m = level["m_probability"] if m is None else believed * float(m) + (1 - believed) * level["m_probability"]
    learnt_u = level["u_probability"] if u is None else float(u) - prior * learnt_m
    return {**level, "u_probability": min(max(learnt_u, floor), 1.0), "m_probability": learnt_m}
