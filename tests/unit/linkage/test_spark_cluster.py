"""A cluster is used only where it proves itself: refused before a JVM is started or a file written."""

from pathlib import Path

import pytest

from linkage.spark_cluster import _SECURITY, Cluster, _configuration
from linkage.spark_engine import fill_pairs
from linkage.spark_faults import SparkError, SparkFault
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


def test_no_tuning_turns_security_off(tmp_path: Path) -> None:
    off = dict.fromkeys(_SECURITY, "false") | {"spark.authenticate.secret": "theirs", "spark.executor.memory": "2g"}
    made = _configuration(Cluster("spark://host:7077", SECRET, off), tmp_path, 8)
    assert {name: made[name] for name in _SECURITY} == dict(_SECURITY)
    assert made["spark.authenticate.secret"] == SECRET
    assert made["spark.executor.memory"] == "2g"


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(Cluster("spark://host:7077", SECRET))
