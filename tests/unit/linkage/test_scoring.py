"""Our scores are Splink's scores: the same pairs, the same weights to 1e-9, whatever the model and the table."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.matching import blocking, frequencies, scoring, splink_engine
from linkage.zone.encrypted import Database
from tests.integration.drawn_profiles import drawn

Drawn = tuple[Database, dict[str, Any], list[int]]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    zone, model, rules = drawn(tmp_path_factory.mktemp("scoring"), 900, 220)
    blocking.candidates(zone, rules)
    yield zone, model, rules
    zone.close()


def _shaken(model: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same comparisons with any probabilities, prior and strength of term-frequency adjustment."""
    rng = random.Random(seed)
    shaken = copy.deepcopy(model)
    shaken["probability_two_random_records_match"] = rng.uniform(1e-8, 0.4)
    for comparison in shaken["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                level |= {"m_probability": rng.uniform(1e-6, 1), "u_probability": rng.uniform(1e-6, 1)}
            if level.get("tf_adjustment_column"):
                level |= {"tf_adjustment_weight": rng.choice((1.0, 0.5)), "tf_minimum_u_value": rng.choice((0.0, 0.01))}
    return shaken


def _differences(zone: Database, model: dict[str, Any], least: float) -> list[Any]:
    zone.run(f"CREATE OR REPLACE TABLE pair AS {scoring.pairs_sql(model, fields=True, least=least)}")
    splink_engine.predict(zone, model, least)
    names = ["match_weight", *(name for name, *_ in zone.rows("DESCRIBE splink_pair") if name.startswith("mw_"))]
    worst = ", ".join(f"max(abs(p.{name} - s.{name}))" for name in names)
    [found] = zone.rows(
        f"SELECT count(*), count(p.a), count(s.a), {worst} FROM pair p FULL JOIN splink_pair s USING (a, b)"
    )
    return list(found)


def test_every_pair_and_every_weight_is_splinks(table: Drawn) -> None:
    zone, model, _rules = table
    both, ours, theirs, *worst = _differences(zone, model, -40.0)
    assert both == ours == theirs > 1_000
    assert max(worst) <= 1e-9


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_so_it_is_under_any_model(table: Drawn, seed: int) -> None:
    zone, model, _rules = table
    both, ours, theirs, *worst = _differences(zone, _shaken(model, seed), -1000.0)
    assert both == ours == theirs
    assert max(worst) <= 1e-9


def test_only_pairs_that_weigh_enough_are_kept(table: Drawn) -> None:
    zone, model, _rules = table
    everything = zone.rows(f"SELECT a, b, match_weight FROM ({scoring.pairs_sql(model, least=-1000.0)})")
    kept = zone.rows(f"SELECT a, b, match_weight FROM ({scoring.pairs_sql(model, least=3.0)})")
    assert 0 < len(kept) < len(everything)
    assert sorted(kept) == sorted(pair for pair in everything if pair[2] >= 3.0)


def test_two_tables_score_as_one(table: Drawn) -> None:
    zone, model, _rules = table
    zone.run("CREATE OR REPLACE TABLE evens AS SELECT * FROM profile WHERE profile % 2 = 0")
    zone.run("CREATE OR REPLACE TABLE odds AS SELECT * FROM profile WHERE profile % 2 = 1")
    zone.run("CREATE OR REPLACE TABLE across AS SELECT * FROM candidate WHERE a % 2 = 0 AND b % 2 = 1")
    apart = zone.rows(scoring.pairs_sql(model, left="evens", right="odds", candidate="across"))
    whole = {(a, b): (weight, standing) for a, b, weight, standing in zone.rows(scoring.pairs_sql(model))}
    assert apart
    assert all(whole[(a, b)] == (weight, standing) for a, b, weight, standing in apart)


def test_an_unseen_value_counts_as_the_rarest_and_a_missing_one_as_none(tmp_path: Path) -> None:
    zone, model, _rules = drawn(tmp_path / "zone", 60, 20)
    with zone:
        zone.run("CREATE TABLE fresh AS SELECT * FROM profile LIMIT 3")
        zone.run("UPDATE fresh SET given = -1, family = NULL")
        frequencies.attach(zone, model, "fresh")
        [(rarest,)] = zone.rows("SELECT min(tf) FROM frequency_given")
        assert zone.rows("SELECT DISTINCT tf_given, tf_family FROM fresh") == [(rarest, None)]
        assert zone.rows("SELECT sum(tf) FROM frequency_family")[0][0] == pytest.approx(1.0)
