"""The attacks work where they can, and find nothing in what is stored."""

import os

import numpy as np
import pytest

from benchmarks import samples
from benchmarks.attack import ALTERNATIVES, KEYS, Town, attacked, attacked_file, f1, plain, stored, table, town
from benchmarks.attackers import Seen, grams, listed, pattern_mining, rank_alignment
from linkage.rows import Sex
from tests.unit.linkage.linkage_keys import role

GIVEN = ["ALYS", "OWEN", "MAIR", "RHYS", "SIOBHAN", "THEODORE", "PRIYA", "MOHAMMED", "GRACE", "JACK", "CARYS", "ZOFIA"]
FAMILY = ["JONES", "EVANS", "NOWAK", "PATEL", "SMITH", "OKAFOR", "WILLIAMS", "GRIFFITHS", "KHAN", "BROWN"]


@pytest.fixture(scope="module")
def small() -> Town:
    """Names of clearly different frequency: the commonest borne by most."""
    pairs = [(given, family) for at, given in enumerate(GIVEN) for family in FAMILY[: 10 - at % 10]]
    roles = tuple(
        role(at, given_name=given, family_name=family, sex=Sex.MALE if len(given) % 2 else Sex.FEMALE)
        for at, (given, family) in enumerate(pairs)
    )
    return Town(roles, roles, ())


def test_the_attacks_name_most_of_what_they_should(small: Town) -> None:
    found = attacked(small, plain, 1.0, KEYS)
    assert found.given > 0.5
    assert found.family > 0.5


def test_a_list_of_strangers_names_nobody(small: Town) -> None:
    strangers = tuple(role(at, given_name=f"Zq{'xyz'[at % 3]}", family_name="Vvv") for at in range(9))
    assert attacked(Town(small.records, strangers, strangers), plain, 1.0, KEYS).given == 0.0


@pytest.mark.parametrize("overlap", [0.0, 0.5, 1.0])
def test_sealed_rows_name_nobody(small: Town, overlap: float) -> None:
    body = stored(plain(small.records, KEYS), os.urandom(32))
    found = attacked_file(Town(small.records, small.inside, small.inside), overlap, KEYS, body)
    assert (found.given, found.family) == (0.0, 0.0)


def test_the_same_reader_finds_tokens_in_rows_that_are_not_sealed(small: Town) -> None:
    open_rows = plain(small.records, KEYS).select(["given"]).combine_chunks().column("given").chunk(0).buffers()[1]
    found = attacked_file(small, 1.0, KEYS, open_rows.to_pybytes())
    assert found.given > 0.0


def test_salting_by_year_hides_names_and_costs_matches() -> None:
    sample = samples.febrl_3(60)
    people = town(sample)
    salted = ALTERNATIVES["salted by year of birth"]
    assert attacked(people, salted, 0.5, KEYS).given <= attacked(people, plain, 0.5, KEYS).given + 0.02
    assert f1(sample, plain) > f1(sample, salted) > 0.5


def test_removing_tokens_removes_every_name_token() -> None:
    bare = ALTERNATIVES["no name tokens"]([role(1, given_name="Ann", family_name="Jones")], KEYS)
    assert all(bare.column(name).null_count == 1 for name in ("given", "family", "name_bag", "family_sound"))
    assert bare.column("given_f0").null_count == 0


def test_flipping_changes_about_as_many_bits_as_it_says() -> None:
    roles = [role(at, given_name="Ann") for at in range(400)]
    before, after = (encoded(roles, KEYS) for encoded in (plain, ALTERNATIVES["10 % of filter bits flipped"]))
    changed = sum(
        ((a ^ b) & (2**64 - 1)).bit_count()
        for half in "01"
        for a, b in zip(*(found.column(f"given_f{half}").to_pylist() for found in (before, after)), strict=True)
    )
    assert 0.08 < changed / (400 * 128) < 0.12


def test_rank_alignment_follows_frequency() -> None:
    known = listed([("ANN", 0)] * 3 + [("EVE", 0)] + [("BOB", 1)] * 2)
    assert known.names == ["ANN", "BOB", "EVE"]
    assert grams("ANN") == ["AN", "AN0", "NN", "NN1", "N_", "N_1", "_A", "_A0"]


def test_a_table_of_lines_is_markdown() -> None:
    assert table([], ["x"]).startswith("| what is read | list shares 0% |")


def test_without_filters_nothing_is_mined() -> None:
    known = listed([("ANN", 0)])

    bare = Seen(np.ones((1, 2)), np.zeros((1, 0)))
    assert pattern_mining(bare, known) == {}
    assert rank_alignment(bare, known) == {0: "ANN"}
