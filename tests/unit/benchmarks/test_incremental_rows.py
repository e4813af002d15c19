"""The measurement of new rows against a million, in small: it runs, and persons are those of a full run."""

import pytest

from benchmarks.incremental import run


@pytest.mark.slow
def test_new_rows_find_the_persons_of_a_full_run() -> None:
    found = run(6_000, 60, "1GB")
    assert found["pairs"] > 0
    assert found["differing"] <= 0.002
