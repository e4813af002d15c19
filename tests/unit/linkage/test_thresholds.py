"""Costs decide the threshold, and nothing else does."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.grouping.terms import Bounds
from linkage.matching.model import THIN_WEIGHT
from linkage.matching.thresholds import CALIBRATION, Costs, join

COST = st.floats(min_value=0.01, max_value=1000.0)


@given(COST, COST, COST)
def test_a_dearer_wrong_link_asks_for_more_evidence(wrong: float, dearer: float, missed: float) -> None:
    low, high = sorted((wrong, dearer))
    assert join(Costs(low, missed)) <= join(Costs(high, missed))


@given(COST, COST)
def test_only_the_ratio_counts(wrong: float, missed: float) -> None:
    assert math.isclose(join(Costs(wrong, missed)), join(Costs(10 * wrong, 10 * missed)), abs_tol=1e-9)


def test_equal_costs_join_where_both_are_as_likely() -> None:
    assert join(Costs(1.0, 1.0)) == CALIBRATION


def test_by_default_neither_a_thin_nor_an_uncompared_pair_joins() -> None:
    assert join() > THIN_WEIGHT > Bounds().missing


@pytest.mark.parametrize(("wrong", "missed"), [(0.0, 1.0), (1.0, -1.0), (math.inf, 1.0), (math.nan, 1.0)])
def test_a_cost_that_is_none_is_refused(wrong: float, missed: float) -> None:
    with pytest.raises(ValueError, match="costs"):
        Costs(wrong, missed)
