"""Error by group against every pair counted one by one, and intervals against scipy's."""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from linkage.quality.groups import by_group, effective, every_group, read, wilson


@dataclass(frozen=True, eq=False)
class Row:
    truth: str
    found: str
    group: str | None


ROWS = st.lists(
    st.builds(Row, st.sampled_from("abcd"), st.sampled_from("wxyz"), st.sampled_from(["g", "h", None])), max_size=14
)


@given(ROWS)
def test_pairs_that_touch_a_group_are_counted_as_one_by_one(rows: list[Row]) -> None:
    for error in by_group(rows, lambda row: row.group):  # type: ignore[attr-defined]
        pairs = [pair for pair in combinations(rows, 2) if error.group in (pair[0].group, pair[1].group)]
        true = {pair for pair in pairs if pair[0].truth == pair[1].truth}
        found = {pair for pair in pairs if pair[0].found == pair[1].found}
        assert error.records == sum(row.group == error.group for row in rows)
        assert error.recall == (len(true & found) / len(true) if true else 1.0)
        assert error.precision == (len(true & found) / len(found) if found else 1.0)
        assert error.low <= error.recall <= error.high


@given(st.integers(0, 400), st.integers(1, 400))
def test_the_interval_is_wilsons(right: int, trials: int) -> None:
    right = min(right, trials)
    stated = binomtest(right, trials).proportion_ci(method="wilson")
    assert wilson(right / trials, trials) == pytest.approx((stated.low, stated.high), abs=1e-6)


def test_one_person_with_many_pairs_is_one_witness() -> None:
    assert effective([1000]) == 1.0
    assert effective([3, 3, 3, 3]) == 4.0
    assert effective([]) == 0.0
    assert wilson(0.5, 0.0) == (0.0, 1.0)


def test_people_of_whom_nothing_is_said_belong_to_no_group() -> None:
    assert by_group([Row("a", "w", None)], lambda row: None) == []


def test_a_truth_names_several_ways_of_grouping(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    path.write_text("person,sex,names\na,female,welsh\nb,male,welsh\n", encoding="utf-8")
    rows = [Row("a", "1", None), Row("a", "1", None), Row("b", "2", None), Row("b", "3", None)]
    found = {error.group: error.recall for error in every_group(rows, read(path))}
    assert found == {"sex: female": 1.0, "sex: male": 0.0, "names: welsh": 0.5}
