"""The same model on a real standalone cluster of one master and two workers: equal weights and persons, and no leak."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from pyspark.sql import SparkSession
from sqlalchemy.orm import Session

from app.engines import Where, chosen_engine
from app.settings import Settings
from benchmarks.standalone_spark import LIGHT, SECRET, Standalone, standalone
from linkage import store
from linkage.grouping import persons
from linkage.matching import blocking, scoring
from linkage.rows import Identity
from linkage.run import link
from linkage.spark import engine
from linkage.spark.cluster import _SECURITY
from linkage.spark.faults import SparkError, SparkFault
from linkage.zone.encrypted import Database
from tests.integration.drawn_profiles import drawn
from tests.integration.linking import KEYS, Partnership

pytestmark = pytest.mark.slow
ROWS, PEOPLE = 3_000, 1_300
_DEFAULTS = {
    "spark.driver.memory": "700m", "spark.driver.extraJavaOptions": LIGHT,
    "spark.executor.memory": "700m", "spark.executor.extraJavaOptions": LIGHT,
    "spark.io.encryption.enabled": "false", "spark.network.crypto.enabled": "false", "spark.ui.enabled": "true",
}  # fmt: skip
"""A configuration that asks for little, and for less security than a run insists on."""
_TOKENS = ("given", "family", "dob", "postcode", "given_f0", "name_f1")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    conf = tmp_path_factory.mktemp("conf")
    (conf / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in _DEFAULTS.items()))
    with pytest.MonkeyPatch.context() as patch, standalone(tmp_path_factory.mktemp("spark")) as running:
        patch.setenv("SPARK_CONF_DIR", str(conf))
        yield running


def _groups(zone: Database) -> list[list[int]]:
    """The grouping of `pair`, as a run makes it."""
    ids = zone.table("SELECT profile FROM profile ORDER BY profile").column("profile").to_numpy()
    weight = "CASE standing WHEN 0 THEN match_weight WHEN 1 THEN least(match_weight, -3.0) ELSE -10.0 END"
    held = zone.table(f"SELECT a, b, {weight} AS weight FROM pair ORDER BY a, b")
    pairs = persons.Pairs(*(held.column(name).to_numpy() for name in ("a", "b", "weight")))
    empty = np.zeros(0, np.int64)
    claims = persons.Claims(empty, np.zeros(0, np.int16), empty, ())
    found = persons.group(ids, pairs, claims, persons.Bounds(join=-2.5, doubt=-5.5))
    return [list(map(int, row)) for row in zip(ids, found.group_of, strict=True)]


def _process_lines() -> bytes:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:
            continue
    return b"\n".join(lines)


class _Watched:
    """Looks at what lies in the work folder and on command lines when the cluster is done, before all is wiped."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: dict[str, bytes] = {}
        self.lines = b""
        self.configured: dict[str, str] = {}
        predict = engine._predict

        def watch(spark: SparkSession, settings: Mapping[str, Any], folder: Path) -> int:
            kept = predict(spark, settings, folder)
            self.configured = dict(spark.sparkContext.getConf().getAll())
            self.files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
            self.lines = _process_lines()
            return kept

        monkeypatch.setattr(engine, "_predict", watch)


def test_a_cluster_gives_the_same_weights_and_persons_and_leaves_nothing_readable(
    cluster: Standalone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = _Watched(monkeypatch)
    zone, settings, blocks = drawn(tmp_path / "zone", ROWS, PEOPLE)
    with zone:
        blocking.candidates(zone, blocks)
        zone.run(f"CREATE TABLE pair AS {scoring.pairs_sql(settings)}")
        here = _groups(zone)
        zone.run("ALTER TABLE pair RENAME TO scored_here")
        engine.fill_pairs(zone, settings, blocks, cluster.master, cluster.shared, secret=SECRET)
        [(pairs, apart, unlike)] = zone.rows(
            "SELECT count(*), count(*) FILTER (NOT coalesce(abs(p.match_weight - s.match_weight) <= 1e-9, FALSE)),"
            " count(*) FILTER (p.standing IS DISTINCT FROM s.standing)"
            " FROM pair p FULL JOIN scored_here s USING (a, b)"
        )
        assert pairs > PEOPLE
        assert (apart, unlike) == (0, 0)
        assert _groups(zone) == here
        assert len({group for _, group in here}) < 0.8 * ROWS
        plain = {v for name in _TOKENS for (v,) in zone.rows(f"SELECT {name} FROM profile WHERE {name} IS NOT NULL")}
    _nothing_readable(watched, plain)
    assert list(cluster.shared.iterdir()) == []


def _nothing_readable(watched: _Watched, tokens: set[int]) -> None:
    parquet = {name: held for name, held in watched.files.items() if name.endswith(".parquet")}
    assert {name.split("/")[0] for name in parquet} >= {"profile", "block", "pair", "tf_given"}
    assert all(held[:4] == held[-4:] == b"PARE" for held in parquet.values())
    everything = b"\n".join(watched.files.values())
    assert not [token for token in tokens if token.to_bytes(8, "little", signed=True) in everything]
    assert SECRET.encode() not in watched.lines
    assert b"org.apache.spark" in watched.lines
    assert {name: watched.configured[name] for name in _SECURITY} == dict(_SECURITY)
    assert watched.configured["spark.executor.memory"] == _DEFAULTS["spark.executor.memory"]


def _refused(master: str, shared: Path, secret: str, folder: Path) -> SparkFault:
    zone, settings, blocks = drawn(folder, 60, 25)
    with zone, pytest.raises(SparkError) as refused:
        engine.fill_pairs(zone, settings, blocks, master, shared, secret=secret)
    assert list(shared.iterdir()) == []
    return refused.value.fault


def test_a_cluster_does_not_serve_whoever_has_another_secret(cluster: Standalone, tmp_path: Path) -> None:
    assert _refused(cluster.master, cluster.shared, SECRET[::-1], tmp_path / "zone") is SparkFault.UNREACHABLE


def test_a_cluster_without_authentication_gets_nothing(cluster: Standalone, tmp_path: Path) -> None:
    with standalone(tmp_path / "open", workers=0, secured=False) as open_to_all:
        assert _refused(open_to_all.master, cluster.shared, SECRET, tmp_path / "zone") is SparkFault.UNREACHABLE


_NAMES = ("Ffion", "Aled", "Zofia", "Amina", "Callum", "Niamh", "Rhys", "Priya")
_FAMILIES = ("Jones", "Nowak", "Hussain", "Campbell", "Owen", "Patel", "Murphy", "Williams", "Okafor")


def _loaded(folder: Path) -> Partnership:
    """Two data sets about the same children, the second with slips, and siblings among them."""
    made = Partnership(folder)
    children = [
        Identity(
            given_name=given, family_name=family, date_of_birth=date(2018 + at % 5, 1 + at % 12, 1 + (7 * at) % 28),
            postcode=f"CF{10 + at % 20} 1AA", address=f"{at} High Street",
        )
        for at, (given, family) in enumerate(product(_NAMES, _FAMILIES))
    ]  # fmt: skip
    slips = [
        replace(child, family_name=f"{child.family_name}s" if at % 3 else child.family_name, address=None)
        for at, child in enumerate(children)
    ]
    made.load("health", {f"h{at}": {"self": child} for at, child in enumerate(children)})
    made.load("school", {f"s{at}": {"self": child} for at, child in enumerate(slips)}, one_row_per_person=True)
    return made


def _together(partnership: Partnership) -> set[frozenset[tuple[str, str]]]:
    """Which roles are one person, whatever the person's id."""
    found: dict[str, set[tuple[str, str]]] = {}
    for role, person in partnership.persons().items():
        found.setdefault(person, set()).add(role)
    return {frozenset(roles) for roles in found.values()}


def test_a_whole_run_on_a_cluster_makes_the_persons_that_it_makes_here(cluster: Standalone, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    settings = Settings(home=tmp_path / "home", spark_secret_file=secret, spark_work_dir=cluster.shared)
    engine = chosen_engine(Where.SPARK, settings, cluster.master)
    assert SECRET not in repr(engine)
    here, there = _loaded(tmp_path / "here"), _loaded(tmp_path / "there")
    try:
        first = here.link()
        with Session(there.engine) as session, session.begin(), there.zone() as zone:
            second = link(session, zone, KEYS, engine=engine)
        assert _together(here) == _together(there)
        assert (first.pairs, first.persons, first.created) == (second.pairs, second.persons, second.created)
        assert len(_NAMES) * len(_FAMILIES) <= second.persons < 1.2 * len(_NAMES) * len(_FAMILIES)
        with there.engine.connect() as read:
            assert read.execute(sa.select(store.link_run.c.engine)).scalar() == "spark"
    finally:
        here.engine.dispose()
        there.engine.dispose()
