"""The rows that speed is measured on are the same everywhere, and agreement with the truth is counted rightly."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.agreement import agreement, best_cut
from benchmarks.million import exponent
from benchmarks.million_rows import drawn

ROWS = 4_000


def test_one_seed_gives_one_table_and_another_another() -> None:
    assert drawn(ROWS) == drawn(ROWS)
    assert drawn(ROWS) != drawn(ROWS, seed=1)


def test_rows_are_of_about_ten_a_person_and_damaged_as_stated() -> None:
    table = drawn(ROWS).to_pylist()
    assert 9 < ROWS / len({row["person"] for row in table}) < 11
    assert sorted(row["unique_id"] for row in table) == list(range(ROWS))
    missing = sum(row["dob"] is None for row in table) / ROWS
    assert 0.16 < missing < 0.24
    assert sum(row["first_name"] is None for row in table) / ROWS < 0.05


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30))
def test_agreement_is_that_of_all_pairs(rows: list[tuple[int, int]]) -> None:
    pairs = [(a[0] == b[0], a[1] == b[1]) for a, b in combinations(rows, 2)]
    both = sum(found and true for found, true in pairs)
    found, true = (sum(pair[side] for pair in pairs) for side in (0, 1))
    got = agreement(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))
    assert got.precision == pytest.approx(both / found if found else 1.0)
    assert got.recall == pytest.approx(both / true if true else 1.0)


def test_the_best_cut_leaves_out_the_wrong_pair() -> None:
    a, b, weight = np.array([0, 2, 1]), np.array([1, 3, 2]), np.array([12.0, 10.0, 3.0])
    cut, best = best_cut(a, b, weight, np.array([0, 0, 1, 1]))
    assert best.f1 == 1.0
    assert 3.0 < cut <= 10.0


def test_time_that_grows_with_the_square_has_exponent_two() -> None:
    assert exponent([1, 10, 100], [3.0, 300.0, 30_000.0]) == pytest.approx(2.0)
