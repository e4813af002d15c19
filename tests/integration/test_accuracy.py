"""Persons found on small seeded data, beside Splink on the readable rows and against stated floors.

The peer's threshold is the best that the truth allows; ours is the default, which no label has touched."""

from pathlib import Path

import pytest

from benchmarks import accuracy, samples
from benchmarks.peers import splink_cleartext as peer

pytestmark = pytest.mark.slow
FAMILIES = 150


def test_febrl_3_is_no_worse_than_readable_names_allow() -> None:
    sample = samples.febrl_3(most=700)
    ours, theirs = accuracy.linked(sample), peer.best(peer.febrl_3()[:1], sample.rows, sample.truth)
    assert ours.default.f1 >= theirs.f1 - 0.002
    assert ours.default.f1 >= ours.best.f1 - 0.005


@pytest.mark.parametrize("one", [True, False])
def test_febrl_4_is_no_worse_than_readable_names_allow(*, one: bool) -> None:
    sample = samples.febrl_4(most=1500, one=one)
    ours, theirs = accuracy.linked(sample), peer.best(peer.febrl_4()[:1], sample.rows, sample.truth)
    assert ours.default.f1 >= theirs.f1 - 0.002
    assert ours.default.f1 >= ours.best.f1 - 0.005


@pytest.mark.parametrize("errors", ["low", "medium", "high"])
def test_a_county_is_linked_better_than_by_readable_names(tmp_path: Path, errors: str) -> None:
    sample = accuracy.county_sample(tmp_path, errors, FAMILIES)
    ours, theirs = accuracy.compared(sample)
    left = (2 / 3 if errors == "high" else 1.0) * (1 - theirs.f1)
    assert 1 - ours.default.f1 < left
    assert ours.default.f1 >= ours.best.f1 - 0.005
    assert ours.default.precision >= 0.995


def test_the_peers_measure_of_agreement_counts_pairs() -> None:
    f1, precision, recall = peer.agreement("aabb", "xxxy")
    assert (3 * precision, recall) == (1.0, 0.5)
    assert f1 == pytest.approx(0.4)
