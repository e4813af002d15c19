"""The million-row measurement at a small size: both sides run as they do at full size, and ours loses to nobody."""

from pathlib import Path

import pytest

from benchmarks.million import OURS, PEER, side_by_side

ROWS = 3_000


@pytest.mark.slow
def test_ours_finds_persons_at_least_as_well_as_the_peer_at_its_best(tmp_path: Path) -> None:
    held = side_by_side(tmp_path, ROWS, 1)
    [ours], [peer] = held[OURS], held[PEER]
    assert ours.result["f1"] >= peer.result["f1"] > 0.9
    assert ours.wall > 0 < peer.wall
    assert {"read, encode and seal", "train", "candidates", "group"} <= set(ours.result["stages"])
