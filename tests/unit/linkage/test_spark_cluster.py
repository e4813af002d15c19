"""A cluster is used only where it proves itself: refused before a JVM is started or a file written."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from py4j.protocol import Py4JError

from linkage.matching import model
from linkage.spark.cluster import _SECURITY, Cluster, _configuration, spark_guarded
from linkage.spark.engine import _receive, fill_pairs
from linkage.spark.faults import SparkError, SparkFault
from tests.integration.drawn_profiles import drawn

SECRET = "s" * 40


@pytest.mark.parametrize("master", ["local[*]", "local", "yarn", "", "spark://host", "spark://a:1 spark://b:2"])
def test_only_a_standalone_master_is_a_cluster(master: str) -> None:
    with pytest.raises(SparkError) as refused:
        Cluster(master, SECRET).checked()
    assert refused.value.fault is SparkFault.NO_MASTER


@pytest.mark.parametrize("secret", ["", "short"])
def test_no_cluster_without_a_secret(secret: str) -> None:
    with pytest.raises(SparkError) as refused:
        Cluster("spark://host:7077", secret).checked()
    assert refused.value.fault is SparkFault.NO_SECRET


def test_nothing_is_written_where_the_cluster_may_not_be_used(tmp_path: Path) -> None:
    zone, settings, blocks = drawn(tmp_path / "zone", 20, 10)
    with zone, pytest.raises(SparkError):
        fill_pairs(zone, settings, blocks, "spark://host:7077", tmp_path / "work", secret="")
    assert not (tmp_path / "work").exists()


def test_security_is_set_above_whatever_else_is_configured(tmp_path: Path) -> None:
    made = _configuration(Cluster("spark://host:7077", SECRET), tmp_path, 8)
    assert {name: made[name] for name in _SECURITY} == dict(_SECURITY)
    assert made["spark.authenticate.secret"] == SECRET


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Cluster("spark://host:7077", SECRET))


def test_a_fault_of_sparks_is_told_without_its_words() -> None:
    with pytest.raises(SparkError) as refused, spark_guarded():
        raise Py4JError("MARJORIE")
    assert refused.value.fault is SparkFault.FAILED
    assert "MARJORIE" not in str(refused.value)
    assert refused.value.__suppress_context__


def _returned(*pairs: tuple[int, int]) -> Iterator[pa.Table]:
    for left, right in pairs:
        weights = {f"mw_{name}": [0.0] for name in ("given", "family", "dob")}
        yield pa.table({"profile_l": [left], "profile_r": [right], "match_weight": [3.0], **weights})


@pytest.mark.parametrize("sent", [0, 1, 3])
def test_pairs_that_go_missing_or_come_twice_are_noticed(tmp_path: Path, sent: int) -> None:
    zone, _, _ = drawn(tmp_path / "zone", 20, 10)
    settings = model.settings(("given", "family", "dob"), [], 1e-3)
    with zone:
        [(a,), (b,), (c,)] = zone.rows("SELECT profile FROM profile ORDER BY 1 LIMIT 3")
        with pytest.raises(SparkError) as refused:
            _receive(zone, settings, _returned(*[(a, b), (a, c), (b, c)][:sent]), 2)
        assert refused.value.fault is SparkFault.INCOMPLETE
        assert zone.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'pair'") == []
        _receive(zone, settings, _returned((b, a), (a, c)), 2)
        assert zone.rows("SELECT a, b FROM pair ORDER BY 1, 2") == [(a, b), (a, c)]
