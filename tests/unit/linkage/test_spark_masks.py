"""What a cluster gets: other values, same equalities; other bits, same overlap; nothing that was not asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.matching import blocking
from linkage.matching.scoring import columns
from linkage.spark.masks import Masks, UnknownColumn, block_keys, frequencies, kinds, leaving
from tests.integration.drawn_profiles import drawn

KEY = bytes(range(32))
INT64 = st.integers(-(2**63), 2**63 - 1)


def _words(filters: list[tuple[int, int]]) -> list[pa.Array]:
    return [pa.array([pair[half] for pair in filters], pa.int64()) for half in (0, 1)]


def _shared(one: tuple[int, int], other: tuple[int, int]) -> int:
    return sum(((a & b) % 2**64).bit_count() for a, b in zip(one, other, strict=True))


@given(st.lists(st.one_of(st.none(), INT64), min_size=1))
def test_masked_tokens_are_equal_exactly_where_the_tokens_were(values: list[int | None]) -> None:
    masked = Masks(KEY).tokens(pa.array(values, pa.int64())).to_pylist()
    assert [one is None for one in masked] == [one is None for one in values]
    for i, a in enumerate(values):
        assert [masked[i] == other for other in masked] == [a == other for other in values]


@given(st.lists(st.tuples(INT64, INT64), min_size=2, max_size=12))
def test_filters_share_as_many_bits_as_before(filters: list[tuple[int, int]]) -> None:
    mixed = list(zip(*(half.to_pylist() for half in Masks(KEY).filter("given_f", *_words(filters))), strict=True))
    for i, one in enumerate(filters):
        for j, other in enumerate(filters):
            assert _shared(mixed[i], mixed[j]) == _shared(one, other)


def test_two_runs_send_nothing_in_common() -> None:
    tokens = pa.array(np.arange(1, 2_000, dtype=np.int64))
    one, other = (set(Masks(bytes([at]) * 32).tokens(tokens).to_pylist()) for at in (1, 2))
    assert not one & other
    assert not one & set(tokens.to_pylist())


def test_the_key_is_not_shown() -> None:
    assert repr(Masks(KEY)) == "Masks()"


def test_only_what_the_model_compares_leaves(tmp_path: Path) -> None:
    zone, settings, _ = drawn(tmp_path, 60, 30)
    with zone:
        [sent] = leaving(zone, columns(settings), Masks(KEY))
        held = zone.table("SELECT * FROM profile ORDER BY rowid")
    assert set(sent.column_names) == {"profile", *columns(settings)}
    assert not {"role_id", "provider", "tf_given"} & set(sent.column_names)
    for name in ("given", "dob", "postcode", "given_f0", "address_f1"):
        plain = {value for value in held.column(name).to_pylist() if value is not None}
        assert plain
        assert not plain & set(sent.column(name).to_pylist())
    assert sent.column("dataset").type == pa.int64()


def test_a_column_of_an_unknown_kind_stays_here(tmp_path: Path) -> None:
    zone, _, _ = drawn(tmp_path, 20, 10)
    with zone:
        zone.run("ALTER TABLE profile ADD COLUMN weight DOUBLE")
        with pytest.raises(UnknownColumn, match="weight"):
            kinds(zone, ["weight"])
        with pytest.raises(UnknownColumn, match="absent"):
            kinds(zone, ["absent"])


def test_blocks_pair_the_same_profiles_and_singletons_stay_here(tmp_path: Path) -> None:
    zone, _, blocks = drawn(tmp_path, 200, 90)
    with zone:
        for at in blocks:
            column = blocking.column(at)
            plain = zone.rows(f"SELECT list(profile ORDER BY profile) FROM profile WHERE {column} IS NOT NULL"
                              f" GROUP BY {column} HAVING count(*) > 1")  # fmt: skip
            assert _groups(block_keys(zone, column, Masks(KEY))) == {tuple(group) for (group,) in plain}


def test_rules_share_no_key(tmp_path: Path) -> None:
    zone, _, _ = drawn(tmp_path, 200, 90)
    with zone:
        zone.run("UPDATE profile SET block_05 = block_06")
        sent = [
            {key for part in block_keys(zone, blocking.column(at), Masks(KEY)) for key in part["key"].to_pylist()}
            for at in (5, 6)
        ]
    assert sent[0]
    assert not sent[0] & sent[1]


def _groups(parts: Any) -> set[tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for part in parts:
        for key, profile in zip(part["key"].to_pylist(), part["profile"].to_pylist(), strict=True):
            found.setdefault(key, []).append(profile)
    return {tuple(sorted(group)) for group in found.values()}


def test_frequencies_meet_the_values_they_are_of(tmp_path: Path) -> None:
    zone, settings, _ = drawn(tmp_path, 120, 60)
    with zone:
        [sent] = leaving(zone, columns(settings), Masks(KEY))
        held = frequencies(zone, "given", Masks(KEY))
        expected = dict(zone.rows("SELECT profile, tf_given FROM profile WHERE given IS NOT NULL"))
    by_value = dict(zip(held["given"].to_pylist(), held["tf_given"].to_pylist(), strict=True))
    rows = zip(sent["profile"].to_pylist(), sent["given"].to_pylist(), strict=True)
    assert {profile: by_value[value] for profile, value in rows if value is not None} == expected
