"""What answers teach: only where there are enough, only towards what was answered, and m stays a distribution."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.matching import model
from linkage.quality.teaching import LEAST_PER_LEVEL, Labelled, blended

SETTINGS = model.settings({"nhs", "given", "family", "dob", "sex"}, [], 0.001)
LABELS = [level.label for level in model.BY_NAME["given"].levels]


def _m(settings: dict[str, Any], name: str) -> dict[str, float]:
    [comparison] = [c for c in settings["comparisons"] if c["output_column_name"] == name]
    return {
        level["label_for_charts"]: level["m_probability"]
        for level in comparison["comparison_levels"]
        if not level.get("is_null_level")
    }


def _labelled(levels: dict[str, int], chance: float = 0.1) -> list[Labelled]:
    return [Labelled({"given": level}, chance) for level, count in levels.items() for _ in range(count)]


def test_few_answers_teach_nothing() -> None:
    assert blended(SETTINGS, _labelled({LABELS[0]: LEAST_PER_LEVEL - 1})) == SETTINGS


def test_many_answers_pull_m_towards_what_they_show() -> None:
    before = _m(SETTINGS, "given")
    after = _m(blended(SETTINGS, _labelled({LABELS[0]: 600, LABELS[-1]: 400})), "given")
    assert before[LABELS[-1]] < 0.05 < after[LABELS[-1]] < 0.4
    assert 0.6 < after[LABELS[0]] < before[LABELS[0]]


def test_an_answer_counts_by_its_chance() -> None:
    rare = _labelled({LABELS[0]: 100}, chance=0.01) + _labelled({LABELS[-1]: 100}, chance=1.0)
    after = _m(blended(SETTINGS, rare), "given")
    assert after[LABELS[0]] > 0.85


def test_fixed_levels_never_move() -> None:
    labelled = [Labelled({"nhs": "different"}, 0.1) for _ in range(500)]
    assert _m(blended(SETTINGS, labelled), "nhs") == _m(SETTINGS, "nhs")


@given(st.dictionaries(st.sampled_from(LABELS), st.integers(0, 120), max_size=6))
@settings(deadline=None)
def test_m_still_sums_to_what_it_summed_to(counts: dict[str, int]) -> None:
    after = _m(blended(SETTINGS, _labelled(counts)), "given")
    assert sum(after.values()) == pytest.approx(sum(_m(SETTINGS, "given").values()))
    assert min(after.values()) > 0
