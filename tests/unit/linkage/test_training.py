"""Training: bounded samples, the same model from the same profiles, and close to what all of them teach."""

from collections.abc import Iterator
from typing import Any

import pytest

from linkage.matching import model, profiles, splink_engine
from linkage.zone.encrypted import Database
from tests.integration.drawn_profiles import drawn

Levels = dict[tuple[str, str], tuple[float, float]]
ROWS = 3_000


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    zone, _settings, _rules = drawn(tmp_path_factory.mktemp("training"), ROWS, 520)
    yield zone
    zone.close()


def _train(zone: Database) -> dict[str, Any]:
    filled = profiles.filled_columns(zone)
    return splink_engine.train(zone, ROWS, filled, profiles.certain_pairs(zone, filled))


def _levels(settings: dict[str, Any]) -> Levels:
    return {
        (c["output_column_name"], level["label_for_charts"]): (level["m_probability"], level["u_probability"])
        for c in settings["comparisons"]
        for level in c["comparison_levels"]
        if not level.get("is_null_level")
    }


def test_the_same_profiles_teach_the_same_model_and_leave_nothing_behind(zone: Database) -> None:
    before = zone.rows("SELECT table_name FROM duckdb_tables() ORDER BY 1")
    assert _train(zone) == _train(zone)
    assert zone.rows("SELECT table_name FROM duckdb_tables() ORDER BY 1") == before


def test_a_sample_teaches_what_all_profiles_teach_within_noise(zone: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _levels(_train(zone))
    monkeypatch.setattr(splink_engine, "_EM_PAIRS", 2_500)
    monkeypatch.setattr(splink_engine, "_LOOKED_AT", ROWS // 2)
    sample = _levels(_train(zone))
    assert sample != whole
    assert max(abs(sample[level][0] - whole[level][0]) for level in whole) < 0.06


def test_what_is_drawn_wrong_one_time_in_twelve_is_learnt(zone: Database) -> None:
    m, u = _levels(_train(zone))[("dob", "same")]
    assert 0.75 < m < 0.95
    assert u < 0.005


def test_few_profiles_teach_nothing(zone: Database) -> None:
    filled = profiles.filled_columns(zone)
    settings = splink_engine.train(zone, 399, filled, 100.0)
    assert settings == model.settings(filled, model.used_blocking(filled), model.prior(100.0, 399))


def test_u_is_what_splink_counts_on_the_same_profiles(zone: Database) -> None:
    filled = profiles.filled_columns(zone)
    stated = splink_engine._plain(model.settings(filled, model.used_blocking(filled), 1e-3))
    ours = _levels(splink_engine._teach_u(zone, stated))
    linker = splink_engine._linker(zone, stated, "teaching")
    linker.training.estimate_u_using_random_sampling(max_pairs=1e12, seed=1, num_chunks=1)
    learnt = linker.misc.save_model_to_json()
    splink_engine._drop_intermediates(zone)
    theirs = {
        (c["output_column_name"], level["label_for_charts"]): level["u_probability"]
        for c in learnt["comparisons"]
        for level in c["comparison_levels"]
        if "u_probability" in level and not level["fix_u_probability"]
    }
    assert len(theirs) > 20
    assert all(ours[level][1] == pytest.approx(u, abs=1e-12) for level, u in theirs.items())
