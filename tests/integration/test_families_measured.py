"""A small county with many twins and damaged addresses: the measures that the full size must reach too."""

import pytest

from benchmarks.families import DAMAGE, Found, found


@pytest.fixture(scope="module")
def county() -> Found:
    return found(420, seed=7, twins=6.0, damage=DAMAGE)


def test_family_ties_are_right_and_nearly_all_found(county: Found) -> None:
    assert county.family["precision"] >= 0.998
    assert county.family["recall"] >= 0.98


def test_households_are_found_through_damaged_addresses(county: Found) -> None:
    assert county.households["f1"] >= 0.97


def test_twins_are_never_merged(county: Found) -> None:
    assert county.twin_pairs >= 20
    assert county.twins_merged == 0
    assert county.twin_rows_astray <= 2


def test_the_named_families_are_exactly_right(county: Found) -> None:
    assert county.named_wrong == ()


def test_persons_are_linked_across_data_sets(county: Found) -> None:
    assert county.f1_between >= 0.98
