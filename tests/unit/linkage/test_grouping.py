"""Grouping holds its constraints on any graph and agrees with independent oracles; stewards' decisions bind."""

from collections.abc import Mapping
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.grouping.agglomeration import Stack, join_dense, join_sparse, join_stacked
from linkage.grouping.connectivity import UnknownProfile
from linkage.grouping.grouping import group
from linkage.grouping.terms import Bounds, Claims, Doubt, Grouping, Pairs

BOUNDS = Bounds(join=0.0, doubt=-4.0, missing=-4.0)
Weights = dict[tuple[int, int], float]
Said = dict[int, dict[str, str]]
KINDS = ["nhs", "upn", "record:1", "sealed:1"]


def _pairs(weights: Weights) -> Pairs:
    keys = np.array(list(weights), np.int64).reshape(-1, 2)
    return Pairs(keys[:, 0], keys[:, 1], np.array(list(weights.values()), np.float64))


def _group(
    size: int,
    weights: Weights,
    said: Said | None = None,
    together: list[tuple[int, int]] | None = None,
    bounds: Bounds = BOUNDS,
) -> Grouping:
    return group(np.arange(size), _pairs(weights), Claims.of(said or {}), bounds, together or [])


def _contradict(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(other.get(kind, value) != value for kind, value in one.items())


@st.composite
def _graphs(draw: st.DrawFn, most: int = 9, steps: int = 1) -> tuple[int, Weights, Said]:
    """Weights in quarters, so that many averages are equal."""
    size = draw(st.integers(2, most))
    chosen = draw(st.lists(st.sampled_from(list(combinations(range(size), 2))), unique=True))
    weights = {pair: draw(st.integers(-36, 120)) / 4 // steps * steps for pair in chosen}
    said = {n: draw(st.dictionaries(st.sampled_from(KINDS), st.sampled_from("xy"))) for n in range(size)}
    return size, weights, said


def _naive(size: int, weights: Weights, said: Said, bounds: Bounds = BOUNDS) -> list[frozenset[int]]:
    """Average linkage by trying every pair of groups each time."""
    groups = [frozenset({n}) for n in range(size)]

    def average(a: frozenset[int], b: frozenset[int]) -> float:
        each = [weights.get((min(x, y), max(x, y)), bounds.missing) for x in a for y in b]
        return sum(min(max(w, bounds.least), bounds.most) for w in each) / len(each)

    def linked(a: frozenset[int], b: frozenset[int]) -> bool:
        return any((min(x, y), max(x, y)) in weights for x in a for y in b)

    def apart(a: frozenset[int], b: frozenset[int]) -> bool:
        return any(_contradict(said.get(x, {}), said.get(y, {})) for x in a for y in b)

    while True:
        able = [
            (-average(a, b), min(min(a), min(b)), max(min(a), min(b)), a, b)
            for a, b in combinations(groups, 2)
            if linked(a, b) and not apart(a, b) and average(a, b) >= bounds.join
        ]
        if not able:
            return sorted(groups, key=min)
        *_, a, b = min(able, key=lambda found: found[:3])
        groups = [g for g in groups if g not in (a, b)] + [a | b]


def _sets(found: Grouping) -> list[frozenset[int]]:
    return sorted(map(frozenset, found.groups), key=min)


@given(_graphs())
@settings(max_examples=400, deadline=None)
def test_grouping_agrees_with_naive_average_linkage(graph: tuple[int, Weights, Said]) -> None:
    size, weights, said = graph
    assert _sets(_group(size, weights, said)) == _naive(size, weights, said)


@given(_graphs(most=14, steps=5))
@settings(max_examples=200, deadline=None)
def test_the_three_ways_give_the_same_groups(graph: tuple[int, Weights, Said]) -> None:
    size, weights, said = graph
    total, compared = np.zeros((size, size)), np.zeros((size, size))
    for (a, b), weight in weights.items():
        total[a, b] = total[b, a] = weight
        compared[a, b] = compared[b, a] = 1.0
    barred = np.array([[_contradict(said[a], said[b]) for b in range(size)] for a in range(size)])
    keyed = {n: {KINDS.index(kind): ord(value) for kind, value in held.items()} for n, held in said.items()}
    wider = np.zeros((2, size + 2, size + 2))
    stack = Stack(wider.copy(), wider.copy(), np.zeros((2, size + 2)), np.zeros((2, size + 2, size + 2), np.bool_))
    stack.total[1, :size, :size], stack.compared[1, :size, :size] = total, compared
    stack.barred[1, :size, :size], stack.size[1, :size] = barred, 1.0
    stacked = join_stacked(stack, BOUNDS)[1, :size]
    sparse = join_sparse(size, [(a, b, w) for (a, b), w in weights.items()], keyed, BOUNDS)
    dense = join_dense(total, compared, np.ones(size), barred, BOUNDS)
    assert dense.tolist() == sparse.tolist() == stacked.tolist()


@given(_graphs())
@settings(deadline=None)
def test_groups_lie_inside_components_and_hold_no_contradiction(graph: tuple[int, Weights, Said]) -> None:
    size, weights, said = graph
    oracle = nx.Graph()
    oracle.add_nodes_from(range(size))
    oracle.add_edges_from(weights)
    component = {node: at for at, nodes in enumerate(nx.connected_components(oracle)) for node in nodes}
    found = _group(size, weights, said)
    assert sorted(node for members in found.groups for node in members) == list(range(size))
    for members in found.groups:
        assert len({component[node] for node in members}) == 1
        assert not any(_contradict(said[a], said[b]) for a, b in combinations(members, 2))


@given(_graphs(), st.randoms(use_true_random=False), st.booleans())
@settings(deadline=None)
def test_neither_order_nor_numbering_matters(graph: tuple[int, Weights, Said], random, spread: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    size, weights, said = graph
    together = [(0, size - 1)] if size > 2 else []
    plain = _group(size, weights, said, together)
    numbers = np.array([n * 10**9 if spread else n + 5 for n in range(size)])
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    mixed = {(b, a) if random.random() < 0.5 else (a, b): weight for (a, b), weight in shuffled}
    pairs = _pairs(mixed)
    moved = Pairs(numbers[pairs.a], numbers[pairs.b], pairs.weight)
    claims = Claims.of({int(numbers[n]): held for n, held in said.items()})
    other = group(numbers, moved, claims, BOUNDS, [(int(numbers[a]), int(numbers[b])) for a, b in together])
    assert other.group_of.tolist() == numbers[plain.group_of].tolist()
    assert [(p.reason, p.weight) for p in other.possible] == [(p.reason, p.weight) for p in plain.possible]


@given(_graphs())
@settings(max_examples=300, deadline=None)
def test_what_is_in_doubt_is_named_and_nothing_else(graph: tuple[int, Weights, Said]) -> None:
    size, weights, said = graph
    found = _group(size, weights, said)
    expected = set()
    for one, other in combinations(found.groups, 2):
        between = [weights.get((min(a, b), max(a, b))) for a in one for b in other]
        average = sum(BOUNDS.missing if w is None else w for w in between) / len(between)
        told = {k for a in one for b in other for k, v in said[a].items() if said[b].get(k, v) != v}
        if max((w for w in between if w is not None), default=-99.0) < BOUNDS.doubt or average < BOUNDS.doubt:
            continue
        if not told:
            expected.add((one[0], other[0], Doubt.UNSURE))
        elif told <= {"nhs", "upn"} and average >= BOUNDS.join:
            expected.add((one[0], other[0], Doubt.TWO_NUMBERS))
    assert {(p.a, p.b, p.reason) for p in found.possible} == expected


@given(_graphs(), st.data())
@settings(max_examples=300, deadline=None)
def test_stewards_join_groups_as_they_stand_and_forgive_only_numbers(
    graph: tuple[int, Weights, Said], data: st.DataObject
) -> None:
    size, weights, said = graph
    asked = data.draw(st.lists(st.sampled_from(list(combinations(range(size), 2))), unique=True, max_size=4))
    groups, refused = _naive(size, weights, said), []
    for a, b in sorted(asked):
        one, other = (next(g for g in groups if n in g) for n in (a, b))
        rest = [{k: v for n in g for k, v in said[n].items() if k not in ("nhs", "upn")} for g in (one, other)]
        if _contradict(*rest):
            refused.append((a, b))
        elif one != other:
            groups = [g for g in groups if g not in (one, other)] + [one | other]
    found = _group(size, weights, said, asked)
    assert _sets(found) == sorted(groups, key=min)
    assert list(found.refused) == refused


def test_a_chain_of_weak_links_joins_no_two_children() -> None:
    found = _group(4, {(0, 1): 20.0, (2, 3): 20.0, (1, 2): 3.0, (0, 2): -8.0, (0, 3): -8.0, (1, 3): -8.0})
    assert found.groups == ((0, 1), (2, 3))


def test_two_valid_numbers_stay_apart_as_a_possible_duplicate() -> None:
    found = _group(2, {(0, 1): 30.0}, {0: {"nhs": "1"}, 1: {"nhs": "2"}})
    assert found.groups == ((0,), (1,))
    assert [(p.a, p.b, p.reason) for p in found.possible] == [(0, 1, Doubt.TWO_NUMBERS)]


def test_a_steward_may_give_two_numbers_to_one_person_and_all_that_hang_with_them() -> None:
    said = {0: {"nhs": "1"}, 1: {"nhs": "1"}, 2: {"nhs": "2"}, 3: {"nhs": "2"}, 4: {"nhs": "3"}}
    weights = {(0, 1): 20.0, (2, 3): 20.0, (0, 4): 9.0, (1, 4): 9.0, (2, 4): 9.0, (3, 4): 9.0}
    found = _group(5, weights, said, [(1, 2)])
    assert found.groups == ((0, 1, 2, 3), (4,))
    assert [(p.a, p.b, p.reason) for p in found.possible] == [(0, 4, Doubt.TWO_NUMBERS)]


def test_two_roles_of_one_record_are_neither_one_person_nor_in_doubt() -> None:
    found = _group(2, {(0, 1): 30.0}, {0: {"record:1": "mother"}, 1: {"record:1": "baby"}})
    assert found.groups == ((0,), (1,))
    assert found.possible == ()


def test_two_roles_of_one_record_are_not_in_doubt_for_their_numbers_either() -> None:
    found = _group(2, {(0, 1): 30.0}, {0: {"record:1": "m", "nhs": "1"}, 1: {"record:1": "b", "nhs": "2"}})
    assert found.possible == ()


def test_a_sealed_pair_is_never_named_whatever_a_steward_says() -> None:
    said = {0: {"sealed:1": "old"}, 1: {"sealed:1": "new"}}
    found = _group(2, {(0, 1): 30.0}, said, [(0, 1)])
    assert (found.groups, found.possible, found.refused) == (((0,), (1,)), (), ((0, 1),))


def test_scopes_tell_sets_of_one_kind_apart() -> None:
    claims = Claims(
        np.array([0, 1, 1, 2]), np.zeros(4, np.int16), np.array([5, 6, 7, 8]), ("record",), np.array([1, 1, 2, 2])
    )
    found = group(np.arange(3), _pairs({(0, 1): 9.0, (0, 2): 9.0, (1, 2): 9.0}), claims, BOUNDS)
    assert found.groups == ((0, 2), (1,))


def test_a_doubtful_pair_is_named() -> None:
    assert [p.reason for p in _group(2, {(0, 1): -1.0}).possible] == [Doubt.UNSURE]


def test_groups_that_only_weak_pairs_connect_are_not_in_doubt() -> None:
    weights = {(0, 1): 20.0, (2, 3): 20.0, (0, 2): -9.0}
    assert _group(4, weights, bounds=Bounds(join=0.0, doubt=-6.0, missing=-4.0)).possible == ()


def test_an_over_large_group_is_cut_where_it_hangs_together_least() -> None:
    weights = {(a, b): 20.0 if a // 5 == b // 5 else 2.0 for a, b in combinations(range(10), 2)}
    assert len(_group(10, weights).groups) == 1
    found = _group(10, weights, bounds=Bounds(most_profiles=5))
    assert found.groups == (tuple(range(5)), tuple(range(5, 10)))
    assert found.oversized == ()
    assert [(p.a, p.b) for p in found.possible] == [(0, 5)]


def test_what_cannot_be_cut_is_taken_apart_and_reported() -> None:
    weights = dict.fromkeys(combinations(range(10), 2), 38.0) | {(10, 11): 30.0}
    found = _group(12, weights, bounds=Bounds(most_profiles=5))
    assert found.groups == (*((n,) for n in range(10)), (10, 11))
    assert [o.profiles for o in found.oversized] == [tuple(range(10))]
    assert {p.reason for p in found.possible} == {Doubt.OVERSIZED}
    assert {n for p in found.possible for n in (p.a, p.b)} == set(range(10))
    assert len(found.possible) < 10


def test_a_profile_that_is_not_there_is_refused() -> None:
    for numbers in (np.array([1, 3, 5]), np.array([1, 10**6, 10**12])):
        with pytest.raises(UnknownProfile):
            group(numbers, Pairs(np.array([1]), np.array([4]), np.array([1.0])), Claims.none(), BOUNDS)


def test_nothing_at_all_is_grouped_as_nothing() -> None:
    found = group(np.empty(0, np.int64), _pairs({}), Claims.none(), BOUNDS)
    assert (found.groups, found.possible) == ((), ())


@pytest.mark.parametrize("size", [70, 2_600])
def test_parts_of_every_size_are_grouped(size: int) -> None:
    """Chains of cliques of ten, each joined to the next by a weak pair: as a matrix, and by edges."""
    weights = {(a, b): 15.0 for c in range(0, size, 10) for a, b in combinations(range(c, c + 10), 2)}
    weights |= {(c, c + 10): 1.0 for c in range(0, size - 10, 10)}
    assert _sets(_group(size, weights)) == [frozenset(range(c, c + 10)) for c in range(0, size, 10)]


def test_large_components_are_grouped_in_time() -> None:
    people, records = 1500, 4
    weights = {
        (p * records + a, p * records + b): 15.0 for p in range(people) for a, b in combinations(range(records), 2)
    }
    weights |= {(p * records, (p + 1) * records): 1.0 for p in range(people - 1)}
    assert len(_group(people * records, weights).groups) == people
