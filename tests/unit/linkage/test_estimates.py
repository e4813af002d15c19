"""Estimates from a sample agree with what is true of the whole, within their intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from linkage.quality.estimates import UNKNOWN, Answered, blocking, quality, wilson

STRATA = {
    "linked:from +12": (True, 4000, 0.999),
    "linked:+3 to +6": (True, 900, 0.97),
    "linked:+0 to +1": (True, 150, 0.7),
    "apart:-1 to +0": (False, 200, 0.4),
    "apart:-3 to -1": (False, 2500, 0.02),
}


def _population(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {name: rng.random(pairs) < share for name, (_, pairs, share) in STRATA.items()}


def _sample(population: dict[str, np.ndarray], size: int, rng: np.random.Generator) -> list[Answered]:
    found = []
    for name, same in population.items():
        taken = rng.choice(same, size=min(size, len(same)), replace=False)
        found += [Answered(name, STRATA[name][0], len(taken) / len(same), bool(one)) for one in taken]
    return found


def _truth(population: dict[str, np.ndarray]) -> tuple[float, float]:
    linked = [same for name, same in population.items() if STRATA[name][0]]
    right, every = sum(map(np.sum, linked)), sum(map(np.sum, population.values()))
    return right / sum(map(len, linked)), right / every


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(3)
    population = _population(rng)
    precision, recall = _truth(population)
    covered = []
    for _ in range(200):
        found = quality(_sample(population, 60, rng), rng)
        assert found.precision.low is not None
        assert found.precision.high is not None
        assert found.recall.low is not None
        assert found.recall.high is not None
        covered.append(
            (found.precision.low <= precision <= found.precision.high, found.recall.low <= recall <= found.recall.high)
        )
    assert np.mean(covered, axis=0).min() >= 0.92


def test_a_whole_population_answered_leaves_nothing_to_guess() -> None:
    rng = np.random.default_rng(4)
    population = _population(rng)
    found = quality(_sample(population, 10_000, rng), rng)
    precision, recall = _truth(population)
    assert found.precision.value == pytest.approx(precision)
    assert (found.precision.low, found.precision.high) == pytest.approx((precision, precision))
    assert (found.recall.low, found.recall.high) == pytest.approx((recall, recall))


def test_answers_all_alike_reach_the_edge_and_leave_room_below() -> None:
    sample = [Answered("linked:from +12", True, 0.01, True) for _ in range(50)]
    found = quality(sample, np.random.default_rng(1)).precision
    assert found.value == found.high == 1.0
    assert found.low is not None
    assert 0.9 < found.low < 0.99


def test_a_stratum_without_answers_is_named_and_left_out() -> None:
    sample = [Answered("linked:a", True, 1.0, True), Answered("apart:b", False, 0.1, None)]
    found = quality(sample, np.random.default_rng(1))
    assert found.silent == ("apart:b",)
    assert (found.answered, found.asked) == (1, 2)


def test_nothing_answered_is_nothing_known() -> None:
    assert quality([], np.random.default_rng(1)).precision == UNKNOWN


@given(st.integers(0, 200), st.integers(0, 200))
@settings(deadline=None)
def test_wilson_is_what_scipy_says(hits: int, misses: int) -> None:
    found = wilson(hits, hits + misses)
    if hits + misses == 0:
        assert found == UNKNOWN
        return
    held = binomtest(hits, hits + misses).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((held.low, held.high), abs=1e-12)


def test_pairs_that_no_list_caught_are_guessed_from_those_caught_once_and_twice() -> None:
    rng = np.random.default_rng(5)
    exists, shares = 20_000, (0.5, 0.6, 0.4)
    lists = rng.random((exists, 3)) < shares
    compared = lists.any(axis=1) | (rng.random(exists) < 0.5)
    times = np.bincount(lists[compared].sum(axis=1), minlength=4)
    found = blocking({k: int(n) for k, n in enumerate(times)}, 3)
    true = compared.mean()
    assert found.completeness.low is not None
    assert found.completeness.high is not None
    assert found.completeness.value == pytest.approx(true, abs=0.03)
    assert found.completeness.low - 0.02 <= true <= found.completeness.high + 0.02


def test_one_list_tells_nothing_of_what_blocking_lost() -> None:
    assert blocking({1: 100}, 1).completeness == UNKNOWN
