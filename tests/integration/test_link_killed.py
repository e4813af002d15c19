"""A link that is killed leaves nothing half-done: the next one finds what an undisturbed one finds."""

import pytest

from benchmarks.killed import killed


@pytest.mark.slow
def test_a_killed_link_and_a_killed_incremental_link_converge_to_the_same_persons() -> None:
    for found in killed(120, 3):
        assert found.cut_off > 0
        assert (found.other_persons, found.changed_ids) == (0, 0)
