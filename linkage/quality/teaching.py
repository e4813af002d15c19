"""What stewards' answers teach the model: m, level by level, blended with what it already believes. Pure.

Invariants: only pairs of a probability sample teach, each by its chance, since pairs chosen for their doubt are not
like matches at large; a level moves only when enough answered pairs stand on it, and then as far as they outweigh what
is believed; a comparison's m still sums to what it summed to; levels with a fixed m never move.
Source: m is the share of a level among true matches (Fellegi and Sunter 1969); blending with a Dirichlet prior."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_PER_LEVEL = 20
BELIEVED = 100.0
"""How many answered pairs the present m counts for."""
_LEAST_M = 1e-4


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sampled pair that a steward called the same person: field → level that held; missing fields are left out."""

    levels: Mapping[str, str]
    chance: float


def blended(settings: Mapping[str, Any], matches: Sequence[Labelled]) -> dict[str, Any]:
    """The settings with m moved towards the answered matches."""
    comparisons = [_taught(comparison, matches) for comparison in settings["comparisons"]]
    return {**settings, "comparisons": comparisons}


def _free(level: Mapping[str, Any]) -> bool:
    return not level.get("is_null_level") and not level.get("fix_m_probability")


def _taught(comparison: Mapping[str, Any], matches: Sequence[Labelled]) -> dict[str, Any]:
    name, levels = comparison["output_column_name"], comparison["comparison_levels"]
    seen: Counter[str] = Counter()
    weight: dict[str, float] = {}
    for match in matches:
        if (level := match.levels.get(name)) is not None:
            seen[level] += 1
            weight[level] = weight.get(level, 0.0) + 1 / match.chance
    free = [level for level in levels if _free(level)]
    moving = [level for level in free if seen[level["label_for_charts"]] >= LEAST_PER_LEVEL]
    if not moving:
        return dict(comparison)
    total, answers = sum(weight.values()), float(sum(seen.values()))
    trust = answers / (answers + BELIEVED)
    wanted = {
        level["label_for_charts"]: max(
            _LEAST_M,
            (1 - trust) * level["m_probability"] + trust * weight[level["label_for_charts"]] / total,
        )
        for level in moving
    }
    return {**comparison, "comparison_levels": _summing(levels, free, wanted)}


def _summing(
    levels: Sequence[Mapping[str, Any]], free: Sequence[Mapping[str, Any]], wanted: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The levels with their new m; the others share what is left in their old proportions."""
    whole = sum(level["m_probability"] for level in free)
    others = sum(level["m_probability"] for level in free if level["label_for_charts"] not in wanted)
    scale = (whole - sum(wanted.values())) / others if others else 0.0
    share = 1.0
    if scale <= 0:
        scale, share = 1.0, max(whole - others, _LEAST_M) / sum(wanted.values())
    return [_moved(level, wanted, scale, share) for level in levels]


def _moved(level: Mapping[str, Any], wanted: Mapping[str, float], scale: float, share: float) -> dict[str, Any]:
    if not _free(level):
        return dict(level)
    label = level["label_for_charts"]
    m = wanted[label] * share if label in wanted else level["m_probability"] * scale
    return {**level, "m_probability": m}
