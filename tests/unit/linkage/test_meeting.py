"""What is new meets exactly those that stand and share a key with it."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage.matching.meeting import Sieve

KEYS = st.lists(st.none() | st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1), max_size=60)


@given(KEYS, KEYS)
def test_every_equal_key_is_found_and_nothing_else(standing: list[int | None], new: list[int | None]) -> None:
    owners = [(at + 1000, key) for at, key in enumerate(new) if key is not None]
    sieve = Sieve.of(*(np.array([row[at] for row in owners], np.int64) for at in (0, 1)))
    a, b = sieve.met(np.arange(len(standing)), pa.array(standing, pa.int64()))
    wanted = [(at, who) for at, key in enumerate(standing) for who, other in owners if key == other and key is not None]
    assert sorted(zip(a.tolist(), b.tolist(), strict=True)) == sorted(wanted)


def test_words_beyond_the_sign_are_compared_bit_by_bit() -> None:
    keys = pa.chunked_array([pa.array([2**64 - 1, None], pa.uint64()), pa.array([7], pa.uint64())])
    sieve = Sieve.of(np.array([1, 2]), np.array([-1, 7]))
    a, b = sieve.met(np.array([10, 11, 12]), keys)
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(10, 1), (12, 2)]
