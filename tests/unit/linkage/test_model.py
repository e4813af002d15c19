"""Settings, priors and what learning may change."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from linkage.encoding.encode import FILTERS, TOKENS
from linkage.matching import model

FILLED = frozenset(TOKENS)
SETTINGS = model.settings(FILLED, [], 1e-4)
PROFILE = {
    *TOKENS, *(f"{name}{part}" for name in FILTERS for part in ("0", "1", "n")), "dataset", "role", "dob_default",
    "single",
}  # fmt: skip
SHARE = st.floats(min_value=1e-4, max_value=0.9)


def _levels(settings: dict[str, Any], name: str) -> list[dict[str, Any]]:
    [found] = [c for c in settings["comparisons"] if c["output_column_name"] == name]
    levels: list[dict[str, Any]] = found["comparison_levels"]
    return levels


def _learnt(m: float, u: float) -> dict[str, Any]:
    comparisons = [
        {
            **comparison,
            "comparison_levels": [
                {**level, "m_probability": m, "u_probability": u} for level in comparison["comparison_levels"]
            ],
        }
        for comparison in SETTINGS["comparisons"]
    ]
    return {**SETTINGS, "comparisons": comparisons}


def test_levels_name_only_columns_that_profiles_have() -> None:
    sql = " ".join(level["sql_condition"] for c in SETTINGS["comparisons"] for level in c["comparison_levels"])
    assert set(re.findall(r'"(\w+)_[lr]"', sql)) <= PROFILE
    assert not re.findall(r'(?<!")\b\w+_[lr]\b', sql)


def test_every_comparison_ends_in_else_and_its_chances_add_up() -> None:
    for comparison in model.COMPARISONS:
        assert comparison.levels[-1].sql == model.ELSE
        assert 0.9 < sum(level.m for level in comparison.levels) < 1.1
        assert comparison.gamma(comparison.levels[0].label) == len(comparison.levels) - 1


def test_a_rule_asks_only_for_columns_that_hold_something() -> None:
    used = model.used_blocking({"dob_canon", "family"})
    assert {model.BLOCKING[at] for at in used} == {("dob_canon", "family"), ("dob_canon",), ("family",)}
    assert set(model.BLOCKING) >= model.BROAD
    assert model.used_training({"dob"}) == [("dob",)]


def test_without_matches_nothing_is_learnt() -> None:
    merged = model.merged(SETTINGS, _learnt(0.5, 0.01), 10_000, 0.0)
    for comparison in SETTINGS["comparisons"]:
        before, after = (_levels(held, comparison["output_column_name"]) for held in (SETTINGS, merged))
        assert [level.get("m_probability") for level in before] == [level.get("m_probability") for level in after]


@given(SHARE, st.floats(min_value=0.0, max_value=1e7))
def test_what_is_learnt_counts_more_the_more_matches_there_are(m: float, certain: float) -> None:
    stated = _levels(SETTINGS, "sex")[1]["m_probability"]
    held = _levels(model.merged(SETTINGS, _learnt(m, 0.01), 10_000, certain), "sex")[1]["m_probability"]
    assert min(m, stated) - 1e-9 <= held <= max(m, stated) + 1e-9
    more = _levels(model.merged(SETTINGS, _learnt(m, 0.01), 10_000, 2 * certain), "sex")[1]["m_probability"]
    assert abs(more - m) <= abs(held - m) + 1e-9


@given(SHARE, SHARE)
def test_a_fixed_level_is_never_taught(m: float, u: float) -> None:
    merged = model.merged(SETTINGS, _learnt(m, u), 10_000, 1e6)
    assert _levels(merged, "nhs") == _levels(SETTINGS, "nhs")
    assert _levels(merged, "company") == _levels(SETTINGS, "company")


@given(SHARE, st.integers(1, 10**7))
def test_a_u_is_never_below_what_the_sample_could_show(u: float, profiles: int) -> None:
    merged = model.merged(SETTINGS, _learnt(0.5, u), profiles, 1e6)
    floor = max(1e-6, 0.1 / profiles)
    levels = [
        level for c in merged["comparisons"] for level in c["comparison_levels"] if not level.get("is_null_level")
    ]
    assert all(floor <= level["u_probability"] <= 1.0 for level in levels if not level["fix_u_probability"])


@given(st.floats(0, 1e12), st.integers(1, 10**8))
def test_the_prior_stays_within_reason(certain: float, profiles: int) -> None:
    assert 0 < model.prior(certain, profiles) <= 0.2


def test_where_records_of_one_person_differ_much_more_pairs_match_than_are_certain() -> None:
    steady = model.merged(SETTINGS, _learnt(0.9, 0.01), 10_000, 1e5)["probability_two_random_records_match"]
    damaged = model.merged(SETTINGS, _learnt(0.5, 0.01), 10_000, 1e5)["probability_two_random_records_match"]
    assert damaged > steady
