"""The tree against an oracle written straight from RFC 6962 section 2.1, and against published vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    RootOver,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

DATA = [f"entry {n}".encode() for n in range(300)]
LEAVES = [leaf_hash(data) for data in DATA]


def over(leaves: list[bytes]) -> RootOver:
    return lambda start, end: root(leaves[start:end])


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(data: list[bytes]) -> bytes:
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = largest_power_below(len(data))
    return hashlib.sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path(m: int, data: list[bytes]) -> list[bytes]:
    if len(data) == 1:
        return []
    k = largest_power_below(len(data))
    if m < k:
        return [*path(m, data[:k]), mth(data[k:])]
    return [*path(m - k, data[k:]), mth(data[:k])]


def proof(m: int, data: list[bytes], known: bool = True) -> list[bytes]:
    if m == len(data):
        return [] if known else [mth(data)]
    k = largest_power_below(len(data))
    if m <= k:
        return [*proof(m, data[:k], known), mth(data[k:])]
    return [*proof(m - k, data[k:], False), mth(data[:k])]


ROOTS = [mth(DATA[:n]) for n in range(len(DATA) + 1)]

VECTOR_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
VECTOR_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The eight leaves and roots of the Certificate Transparency reference implementation's tests."""


def test_the_certificate_transparency_vectors_hold() -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTOR_LEAVES]
    assert [root(leaves[:n]).hex() for n in range(1, 9)] == VECTOR_ROOTS


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root([]) == EMPTY_ROOT == ROOTS[0]


def test_roots_equal_the_oracle_at_every_size() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES):
        assert frontier.root() == ROOTS[size]
        frontier.push(leaf)
    assert frontier.root() == ROOTS[300]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 64, 65, 127, 300])
def test_inclusion_paths_equal_the_oracle_and_verify(size: int) -> None:
    for index in range(size):
        made = inclusion_path(index, size, over(LEAVES))
        assert list(made) == path(index, DATA[:size])
        assert verify_inclusion(LEAVES[index], index, size, made, ROOTS[size])


@pytest.mark.parametrize("later", [1, 2, 3, 7, 8, 33, 64, 100, 300])
def test_consistency_paths_equal_the_oracle_and_verify(later: int) -> None:
    for earlier in range(1, later + 1):
        made = consistency_path(earlier, later, over(LEAVES))
        assert list(made) == proof(earlier, DATA[:later])
        assert verify_consistency(earlier, later, made, ROOTS[earlier], ROOTS[later])


@pytest.mark.slow
@pytest.mark.parametrize("size", [4095, 4096, 4097, 10_000])
def test_large_trees_verify_too(size: int) -> None:
    leaves = [leaf_hash(n.to_bytes(4, "big")) for n in range(size)]
    whole = root(leaves)
    for index in (0, 1, size // 2, 4094, size - 1):
        assert verify_inclusion(leaves[index], index, size, inclusion_path(index, size, over(leaves)), whole)
        made = consistency_path(index + 1, size, over(leaves))
        assert verify_consistency(index + 1, size, made, root(leaves[: index + 1]), whole)


sizes = st.integers(1, 300)


@given(st.data(), sizes)
def test_no_forged_inclusion_proof_is_accepted(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    made = list(inclusion_path(index, size, over(LEAVES)))
    other = data.draw(st.integers(0, 299).filter(lambda n: n != index))
    assert not verify_inclusion(LEAVES[other], index, size, made, ROOTS[size])
    assert not verify_inclusion(LEAVES[index], other, size, made, ROOTS[size])
    assert not verify_inclusion(LEAVES[index], index, size, made, ROOTS[data.draw(sizes.filter(lambda n: n != size))])
    assert not verify_inclusion(LEAVES[index], index, size, [*made, LEAVES[0]], ROOTS[size])
    if made:
        at = data.draw(st.integers(0, len(made) - 1))
        assert not verify_inclusion(LEAVES[index], index, size, made[:at] + made[at + 1 :], ROOTS[size])
        altered = [*made[:at], node_hash(made[at], made[at]), *made[at + 1 :]]
        assert not verify_inclusion(LEAVES[index], index, size, altered, ROOTS[size])


@given(st.data(), st.integers(2, 300))
def test_no_forged_consistency_proof_is_accepted(data: st.DataObject, later: int) -> None:
    earlier = data.draw(st.integers(1, later - 1))
    made = list(consistency_path(earlier, later, over(LEAVES)))
    wrong = data.draw(sizes.filter(lambda n: n not in (earlier, later)))
    assert not verify_consistency(earlier, later, made, ROOTS[wrong], ROOTS[later])
    assert not verify_consistency(earlier, later, made, ROOTS[earlier], ROOTS[wrong])
    assert not verify_consistency(earlier, later, [*made, LEAVES[0]], ROOTS[earlier], ROOTS[later])
    assert not verify_consistency(earlier, later, [], ROOTS[earlier], ROOTS[later])
    at = data.draw(st.integers(0, len(made) - 1))
    assert not verify_consistency(earlier, later, made[:at] + made[at + 1 :], ROOTS[earlier], ROOTS[later])
    altered = [*made[:at], node_hash(made[at], made[at]), *made[at + 1 :]]
    assert not verify_consistency(earlier, later, altered, ROOTS[earlier], ROOTS[later])


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=12), st.integers(-2, 400), st.integers(-2, 400))
def test_verifiers_are_total(hashes: list[bytes], one: int, other: int) -> None:
    assert verify_inclusion(LEAVES[0], one, other, hashes, bytes(32)) is False
    if (one, other) != (0, 0) and one != other:
        assert verify_consistency(one, other, hashes, bytes(32), bytes(31)) is False


def test_a_rewritten_entry_breaks_consistency_with_what_was_signed_before() -> None:
    changed = [*LEAVES[:10], leaf_hash(b"changed"), *LEAVES[11:40]]
    made = consistency_path(20, len(changed), over(changed))
    assert not verify_consistency(20, 40, made, ROOTS[20], root(changed))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_path_to_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError):
        inclusion_path(index, size, over(LEAVES))
    assert not verify_inclusion(LEAVES[0], index, size, [], ROOTS[size])


def test_an_edge_that_does_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError):
        Frontier(3, [LEAVES[0]])


@pytest.mark.parametrize(("earlier", "later"), [(0, 3), (4, 3), (-1, 3), (0, 0)])
def test_there_is_no_consistency_path_from_no_tree_or_a_larger_one(earlier: int, later: int) -> None:
    with pytest.raises(ValueError):
        consistency_path(earlier, later, over(LEAVES))
