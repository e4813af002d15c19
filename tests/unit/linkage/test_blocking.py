"""Blocking against an oracle that looks at every pair, and what it costs."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.matching import blocking, blocking_choice
from linkage.matching.blocking_choice import Bought
from linkage.zone.encrypted import Database
from tests.integration.drawn_profiles import drawn

Pair = tuple[int, int]
Table = tuple[Database, list[int], dict[str, Any]]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    zone, model, rules = drawn(tmp_path_factory.mktemp("blocking"), 260, 60)
    yield zone, rules, model
    zone.close()


def _oracle(zone: Database, rules: list[int]) -> dict[Pair, int]:
    """Every pair of profiles that agree in all columns of a rule, and the place of the first such rule."""
    found: dict[Pair, int] = {}
    for rank, at in enumerate(rules):
        columns = ", ".join(blocking.BLOCKING[at])
        rows = zone.rows(f"SELECT profile, [{columns}] FROM profile ORDER BY profile")
        for (a, one), (b, other) in combinations(rows, 2):
            if one == other and None not in one:
                found.setdefault((a, b), rank)
    return found


def _candidates(zone: Database) -> dict[Pair, int]:
    rows = zone.rows("SELECT a, b, rank FROM candidate")
    assert len({(a, b) for a, b, _ in rows}) == len(rows)
    return {(a, b): rank for a, b, rank in rows}


def test_every_pair_of_every_rule_is_proposed_once(table: Table) -> None:
    zone, rules, _model = table
    costs = blocking.candidates(zone, rules)
    wanted = _oracle(zone, rules)
    assert _candidates(zone) == wanted
    assert costs.pairs == len(wanted)
    assert {cost.rule: cost.new for cost in costs.rules if cost.new} == Counter(rules[rank] for rank in wanted.values())


@pytest.mark.parametrize("at_once", [400, 3_000])
def test_several_passes_propose_the_same(table: Table, at_once: int) -> None:
    zone, rules, _model = table
    whole = blocking.candidates(zone, rules)
    pairs = _candidates(zone)
    assert blocking.candidates(zone, rules, at_once=at_once) == whole
    assert _candidates(zone) == pairs


def test_fresh_profiles_meet_everyone_and_nobody_else_is_asked(table: Table) -> None:
    zone, rules, _model = table
    zone.run("CREATE OR REPLACE TABLE fresh AS SELECT profile FROM profile WHERE profile % 5 = 0")
    blocking.candidates(zone, rules)
    wanted = {pair: rank for pair, rank in _candidates(zone).items() if pair[0] % 5 == 0 or pair[1] % 5 == 0}
    costs = blocking.candidates(zone, rules, fresh="fresh")
    assert _candidates(zone) == wanted
    assert costs.pairs == len(wanted) > 0


def test_keys_alone_propose_what_full_blocks_propose(table: Table) -> None:
    zone, rules, _model = table
    keys = ", ".join(map(blocking.column, rules))
    zone.run(f"CREATE OR REPLACE TABLE unkeyed AS SELECT * EXCLUDE ({keys}) FROM profile")
    blocking.key(zone, rules, "unkeyed")
    blocking.key(zone, rules, "unkeyed")
    name = blocking.column(rules[0])
    differing = f"FROM unkeyed u JOIN profile p USING (profile) WHERE u.{name} IS DISTINCT FROM p.{name}"
    assert zone.rows(f"SELECT count(*) {differing}") == [(0,)]


def test_blocks_too_large_to_afford_are_left_to_other_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "_FLOOR", 0)
    monkeypatch.setattr(blocking, "PAIR_BUDGET_PER_RULE", 1)
    zone, _model, rules = drawn(tmp_path / "zone", 300, 40)
    with zone:
        names = {at: blocking.column(at) for at in rules}
        sizes = {
            at: zone.rows(f"SELECT count(*) FROM profile WHERE {name} IS NOT NULL GROUP BY {name}")
            for at, name in names.items()
        }
        costs = blocking.candidates(zone, rules)
    assert all(cost.proposed <= 300 for cost in costs.rules)
    assert all(sum(n * (n - 1) // 2 for (n,) in held) <= 300 for held in sizes.values())


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(0, 2_000))
def test_the_largest_size_afforded_is_the_largest(sizes: list[int], most: int) -> None:
    def spent(size: int) -> int:
        return sum(n * (n - 1) // 2 for n in sizes if n <= size)

    found = blocking.largest_afforded(np.array(sizes), most)
    assert found == 1 or spent(found) <= most
    assert found >= max(sizes) or spent(found + 1) > most


def test_a_sample_says_what_each_rule_costs_and_buys(table: Table) -> None:
    zone, rules, model = table
    sampled, costs = blocking_choice.measure(zone, model, rules)
    assert sampled == 260
    blocking.candidates(zone, [cost.rule for cost in costs])
    assert Counter(_candidates(zone).values()) == {at: cost.new for at, cost in enumerate(costs) if cost.new}
    assert [cost.proposed for cost in costs] == sorted(cost.proposed for cost in costs)
    assert all(sum(new for new, _ in cost.between.values()) == cost.new for cost in costs)
    assert 0 < sum(cost.likely for cost in costs) <= sum(cost.new for cost in costs)


def test_a_dear_rule_that_is_hardly_ever_right_is_left_out_unless_some_data_sets_need_it() -> None:
    likely = {("a", "a"): 5_000, ("a", "b"): 300}
    dear = Bought(0, 10_000, 10_000, 10, {("a", "a"): (10_000, 10)})
    needed = Bought(0, 10_000, 10_000, 12, {("a", "a"): (9_900, 8), ("a", "b"): (100, 4)})
    cheap = Bought(0, 100, 100, 0, {("a", "a"): (100, 0)})
    right = Bought(0, 10_000, 10_000, 100, {("a", "a"): (10_000, 100)})
    assert [blocking_choice.earns(cost, 1_000, likely) for cost in (dear, needed, cheap, right)] == [
        False, True, True, True,
    ]  # fmt: skip


def test_with_few_profiles_every_rule_is_asked(table: Table) -> None:
    zone, rules, model = table
    assert blocking_choice.choose(zone, model, rules).rules == tuple(rules)


def test_with_many_the_choice_is_made_and_is_the_same_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    zone, rules, model = table
    monkeypatch.setattr(blocking_choice, "_WORTH_ASKING", 0)
    monkeypatch.setattr(blocking_choice, "_DEAR", 0.1)
    monkeypatch.setattr(blocking_choice, "_RIGHT", 0.2)
    monkeypatch.setattr(blocking_choice, "_ACCOUNT", 1.1)
    choice = blocking_choice.choose(zone, model, rules)
    assert set(choice.rules) < set(rules)
    assert blocking_choice.choose(zone, model, rules) == choice


def _blocks(sizes: dict[int, int]) -> np.ndarray:
    return np.repeat(np.array(list(sizes), np.int64), list(sizes.values()))


def test_a_block_changes_sides_only_when_its_size_clearly_has() -> None:
    held, most = _blocks({1: 10, 2: 11, 3: 13, 4: 9, 5: 8, 6: 7}), 45 + 36 + 28 + 21
    assert blocking.left_out(held, most, None).tolist() == [2, 3]
    assert blocking.left_out(held, most, np.zeros(0, np.int64)).tolist() == [3]
    assert blocking.left_out(held, most, np.array([4, 6, 99])).tolist() == [3, 4]


def test_where_nothing_is_held_nothing_is_left_out() -> None:
    none = np.zeros(0, np.int64)
    assert len(blocking.left_out(none, 100, np.array([4]))) == 0
