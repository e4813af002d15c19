"""Grouping holds its constraints on any graph, agrees with independent oracles, and ids stay with their people."""

from collections.abc import Iterator, Mapping
from itertools import combinations, count

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.persons import Bounds, ChangeKind, Doubt, Grouping, Pairs, assign, group

Claims = Mapping[str, str]
BOUNDS = Bounds(join=0.0, doubt=-4.0, missing=-4.0)
Weights = dict[tuple[int, int], float]


def contradiction(one: Claims, other: Claims) -> str | None:
    """A kind that both claim with different values."""
    return next((kind for kind, value in sorted(one.items()) if other.get(kind, value) != value), None)


def _pairs(weights: Weights) -> Pairs:
    keys = sorted(weights)
    return Pairs(
        np.array([a for a, _ in keys], dtype=np.int64),
        np.array([b for _, b in keys], dtype=np.int64),
        np.array([weights[key] for key in keys], dtype=np.float64),
    )


def _group(size: int, weights: Weights, claims: dict[int, Claims] | None = None) -> Grouping:
    return group(size, _pairs(weights), claims or {}, BOUNDS)


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[int, Weights, dict[int, Claims]]:
    size = draw(st.integers(2, 9))
    chosen = draw(st.lists(st.sampled_from(list(combinations(range(size), 2))), unique=True))
    weights = {pair: draw(st.floats(-9, 30)) for pair in chosen}
    claims = {
        n: draw(st.dictionaries(st.sampled_from(["nhs", "upn", "sealed:1"]), st.sampled_from("xy")))
        for n in range(size)
    }
    return size, weights, dict(claims)


def _naive(size: int, weights: Weights, claims: dict[int, Claims]) -> set[frozenset[int]]:
    """Average linkage by trying every pair of groups each time."""
    groups = [frozenset({n}) for n in range(size)]

    def average(a: frozenset[int], b: frozenset[int]) -> float:
        each = [weights.get((min(x, y), max(x, y)), BOUNDS.missing) for x in a for y in b]
        return sum(min(max(w, BOUNDS.least), BOUNDS.most) for w in each) / len(each)

    def linked(a: frozenset[int], b: frozenset[int]) -> bool:
        return any((min(x, y), max(x, y)) in weights for x in a for y in b)

    def apart(a: frozenset[int], b: frozenset[int]) -> bool:
        return any(contradiction(claims.get(x, {}), claims.get(y, {})) is not None for x in a for y in b)

    while True:
        able = [
            (round(-average(a, b), 9), min(min(a), min(b)), max(min(a), min(b)), a, b)
            for a, b in combinations(groups, 2)
            if linked(a, b) and not apart(a, b) and average(a, b) >= BOUNDS.join
        ]
        if not able:
            return set(groups)
        *_, a, b = min(able, key=lambda found: found[:3])
        groups = [g for g in groups if g not in (a, b)] + [a | b]


@given(_graphs())
@settings(max_examples=300, deadline=None)
def test_grouping_agrees_with_naive_average_linkage(graph: tuple[int, Weights, dict[int, Claims]]) -> None:
    size, weights, claims = graph
    rounded = {pair: round(weight, 3) + 1e-4 * n for n, (pair, weight) in enumerate(sorted(weights.items()))}
    found = group(size, _pairs(rounded), claims, BOUNDS)
    assert {frozenset(g) for g in found.groups} == _naive(size, rounded, claims)


@given(_graphs())
@settings(deadline=None)
def test_groups_lie_inside_components_and_hold_no_contradiction(graph: tuple[int, Weights, dict[int, Claims]]) -> None:
    size, weights, claims = graph
    oracle = nx.Graph()
    oracle.add_nodes_from(range(size))
    oracle.add_edges_from(weights)
    component = {node: at for at, nodes in enumerate(nx.connected_components(oracle)) for node in nodes}
    found = _group(size, weights, claims)
    assert sorted(node for members in found.groups for node in members) == list(range(size))
    for members in found.groups:
        assert len({component[node] for node in members}) == 1
        assert all(contradiction(claims[a], claims[b]) is None for a, b in combinations(members, 2))


@given(_graphs())
@settings(deadline=None)
def test_the_order_of_pairs_does_not_matter(graph: tuple[int, Weights, dict[int, Claims]]) -> None:
    size, weights, claims = graph
    pairs = _pairs(weights)
    order = np.random.default_rng(len(weights)).permutation(len(weights))
    mixed = Pairs(pairs.a[order], pairs.b[order], pairs.weight[order])
    one, other = group(size, mixed, claims, BOUNDS), group(size, pairs, claims, BOUNDS)
    assert (one.groups, one.possible) == (other.groups, other.possible)


@given(_graphs())
@settings(deadline=None)
def test_sealed_groups_are_never_named_together(graph: tuple[int, Weights, dict[int, Claims]]) -> None:
    size, weights, claims = graph
    found = _group(size, weights, claims)
    for possible in found.possible:
        one, other = found.groups[possible.a], found.groups[possible.b]
        sealed = [(claims[a].get("sealed:1"), claims[b].get("sealed:1")) for a in one for b in other]
        assert all(x is None or y is None or x == y for x, y in sealed)


def test_a_chain_of_weak_links_joins_no_two_children() -> None:
    found = _group(4, {(0, 1): 20.0, (2, 3): 20.0, (1, 2): 3.0, (0, 2): -8.0, (0, 3): -8.0, (1, 3): -8.0})
    assert found.groups == ((0, 1), (2, 3))


def test_two_valid_numbers_stay_apart_as_a_possible_duplicate() -> None:
    found = _group(2, {(0, 1): 30.0}, {0: {"nhs": "1"}, 1: {"nhs": "2"}})
    assert found.groups == ((0,), (1,))
    assert [(p.a, p.b, p.reason) for p in found.possible] == [(0, 1, Doubt.TWO_NUMBERS)]


def test_two_roles_of_one_record_are_neither_one_person_nor_in_doubt() -> None:
    found = _group(2, {(0, 1): 30.0}, {0: {"record:1": "mother"}, 1: {"record:1": "baby"}})
    assert found.groups == ((0,), (1,))
    assert found.possible == ()


def test_a_doubtful_pair_is_named() -> None:
    assert [p.reason for p in _group(2, {(0, 1): -1.0}).possible] == [Doubt.UNSURE]


def test_large_components_are_grouped_in_time() -> None:
    people, records = 1500, 4
    weights = {
        (p * records + a, p * records + b): 15.0 for p in range(people) for a, b in combinations(range(records), 2)
    }
    weights |= {(p * records, (p + 1) * records): 1.0 for p in range(people - 1)}
    found = _group(people * records, weights)
    assert len(found.groups) == people


def _ids(start: int = 0) -> Iterator[str]:
    return (f"new{n}" for n in count(start))


def test_first_run_creates_everybody() -> None:
    ids = _ids()
    made = assign({}, [["r1", "r2"], ["r3"]], lambda: next(ids))
    assert made.persons == ("new0", "new1")
    assert {change.kind for change in made.changes} == {ChangeKind.CREATED}


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 3), min_size=1))
@settings(deadline=None)
def test_the_same_groups_keep_their_ids_and_change_nothing(placed: dict[str, int]) -> None:
    groups = [sorted(r for r, g in placed.items() if g == at) for at in sorted(set(placed.values()))]
    ids = _ids()
    first = assign({}, groups, lambda: next(ids))
    before = {role: who for who, roles in zip(first.persons, groups, strict=True) for role in roles}
    again = assign(before, groups, lambda: next(ids))
    assert again.persons == first.persons
    assert again.changes == ()


def test_a_merge_keeps_the_larger_and_says_what_moved() -> None:
    made = assign({"a": "P", "b": "P", "c": "Q"}, [["a", "b", "c"]], lambda: pytest.fail("no new person is needed"))
    assert made.persons == ("P",)
    [change] = made.changes
    assert (change.kind, change.person, change.other, change.roles) == (ChangeKind.MERGED, "Q", "P", ("c",))


def test_a_split_says_from_whom_and_what_moved() -> None:
    ids = _ids()
    made = assign({"a": "P", "b": "P", "c": "P"}, [["a", "b"], ["c"]], lambda: next(ids))
    assert made.persons == ("P", "new0")
    assert [(c.kind, c.person, c.other, c.roles) for c in made.changes] == [
        (ChangeKind.CREATED, "new0", None, ("c",)),
        (ChangeKind.SPLIT, "new0", "P", ("c",)),
    ]


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("PQR")),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), min_size=1),
)
@settings(deadline=None)
def test_no_two_groups_share_a_person_and_every_move_is_told(before: dict[str, str], after: dict[str, int]) -> None:
    groups = [sorted(r for r, g in after.items() if g == at) for at in sorted(set(after.values()))]
    ids = _ids()
    made = assign(before, groups, lambda: next(ids))
    assert len(set(made.persons)) == len(groups)
    told = {role for c in made.changes if c.kind is not ChangeKind.CREATED for role in c.roles}
    now = {role: who for who, roles in zip(made.persons, groups, strict=True) for role in roles}
    assert told == {role for role in now if role in before and before[role] != now[role]}
