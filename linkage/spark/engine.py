"""Scoring beyond one machine: the same trained model through Splink's Spark backend, over encrypted Parquet.

Invariants: the pairs and weights are those of DuckDB (to 1e-9), since blocks, frequencies and levels are the same and
masks keep every comparison; who is one person is then decided by the same grouping on the driver; only masked columns
and profile numbers leave, in files that only this run can read, and the work folder is wiped whatever happens.
Source: Splink 5 (SparkAPI); `spark_masks`, `spark_files` and `spark_cluster` say how what leaves is protected."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlglot
from pyspark.sql import DataFrame, SparkSession
from splink import Linker
from splink.backends.spark import SparkAPI
from splink.internals.exceptions import SplinkException

from linkage.matching import blocking, model
from linkage.matching.scoring import KEPT_WEIGHT, columns, frequency_columns
from linkage.spark.cluster import Cluster, session, spark_guarded
from linkage.spark.faults import SparkError, SparkFault
from linkage.spark.files import RunFiles
from linkage.spark.masks import NO_KEYS, Masks, block_keys, frequencies, leaving
from linkage.zone.encrypted import Database

_ROWS_PER_PARTITION = 50_000
_LEAST_PARTITIONS, _MOST_PARTITIONS = 4, 4_000
_CANDIDATES = f"""
SELECT DISTINCT '0' AS match_key, l.{model.UNIQUE_ID} AS join_key_l, r.{model.UNIQUE_ID} AS join_key_r
FROM block l JOIN block r ON l.key = r.key AND l.{model.UNIQUE_ID} < r.{model.UNIQUE_ID}
"""
"""Every pair that shares a block, once: one join for all rules, so that a plan does not grow with them."""
_LEFT, _RIGHT = f"{model.UNIQUE_ID}_l", f"{model.UNIQUE_ID}_r"


@contextmanager
def _work_folder(workdir: Path) -> Iterator[Path]:
    """A folder of this run alone under one that every worker sees at the same path."""
    workdir.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="link-", dir=workdir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _for_spark(sql: str) -> str:
    return sqlglot.transpile(sql, read="duckdb", write="spark")[0]


def _with_spark_sql(level: Mapping[str, Any]) -> dict[str, Any]:
    stated = level["sql_condition"]
    return {**level, "sql_condition": stated if stated == model.ELSE else _for_spark(stated)}


def spark_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same model in Spark's dialect; the pairs to compare are registered, not made by rules."""
    comparisons = [
        {**c, "comparison_levels": [_with_spark_sql(level) for level in c["comparison_levels"]]}
        for c in settings["comparisons"]
    ]
    return {
        **{name: value for name, value in settings.items() if name != "sql_dialect"},
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
    }


def _partitions(profiles: int) -> int:
    return min(max(profiles // _ROWS_PER_PARTITION, _LEAST_PARTITIONS), _MOST_PARTITIONS)


def _send(
    zone: Database, settings: Mapping[str, Any], blocks: Sequence[int], files: RunFiles, masks: Masks, folder: Path
) -> int:
    """Write masked profiles, blocks and frequencies; how many profiles."""
    sent = files.write(folder / "profile", leaving(zone, columns(settings), masks))
    keys = chain.from_iterable(block_keys(zone, blocking.column(at), masks) for at in blocks)
    files.write(folder / "block", chain([NO_KEYS], keys))
    for column in frequency_columns(settings):
        files.write(folder / f"tf_{column}", [frequencies(zone, column, masks)])
    return sent


def _linker(backend: SparkAPI, spark: SparkSession, settings: Mapping[str, Any], folder: Path) -> Linker:
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker = Linker(backend.register(_read(spark, folder, "profile")), spark_settings(settings), log_level=None)
    for column in frequency_columns(settings):
        held = backend.register(_read(spark, folder, f"tf_{column}"))
        linker.table_management.register_term_frequency_lookup(held, column)
    _read(spark, folder, "block").createOrReplaceTempView("block")
    linker.table_management.register_blocked_pairs_for_predict(backend.register(spark.sql(_CANDIDATES)))
    return linker


def _read(spark: SparkSession, folder: Path, name: str) -> DataFrame:
    return spark.read.parquet(str(folder / name))


def _predict(spark: SparkSession, settings: Mapping[str, Any], folder: Path) -> int:
    """Score on the cluster; leave the kept pairs with each field's weights in the work folder; how many."""
    with spark_guarded(SparkFault.FAILED, SplinkException):
        backend = SparkAPI(  # type: ignore[no-untyped-call]
            spark_session=spark, break_lineage_method="persist", register_udfs_automatically=False
        )
        linker = _linker(backend, spark, settings, folder)
        scored = linker.inference.predict(threshold_match_weight=KEPT_WEIGHT, warning_mode="never")
        pairs = scored.as_spark_dataframe()
        weights = [name for name in pairs.columns if name.startswith("mw_")]
        pairs.select(_LEFT, _RIGHT, "match_weight", *weights).write.parquet(str(folder / "pair"))
        return int(pairs.count())


def _receive(zone: Database, settings: Mapping[str, Any], parts: Iterator[pa.Table], count: int) -> None:
    """Make `pair` of what came back, with each pair's standing worked out here; raise SparkError if any is missing."""
    first = next(parts, None)
    if first is None:
        raise SparkError(SparkFault.INCOMPLETE)
    with zone.lent("fresh", first.slice(0, 0)):
        zone.run("CREATE OR REPLACE TABLE returned AS FROM fresh")
    for part in chain([first], parts):
        with zone.lent("fresh", part):
            zone.run("INSERT INTO returned FROM fresh")
    if zone.rows("SELECT count(*) FROM returned") != [(count,)]:
        raise SparkError(SparkFault.INCOMPLETE)
    standing = model.standing_sql(settings)
    zone.run(
        f"CREATE OR REPLACE TABLE pair AS SELECT least(p.{_LEFT}, p.{_RIGHT}) AS a,"
        f" greatest(p.{_LEFT}, p.{_RIGHT}) AS b, p.match_weight, CAST({standing} AS INTEGER) AS standing"
        f" FROM returned p JOIN profile l ON l.profile = p.{_LEFT} JOIN profile r ON r.profile = p.{_RIGHT}"
    )
    zone.run("DROP TABLE returned")


def fill_pairs(
    zone: Database, settings: Mapping[str, Any], blocks: Sequence[int], master: str, workdir: Path, *,
    secret: str, random: Callable[[int], bytes] = os.urandom,
) -> None:  # fmt: skip
    """Create `pair` from `profile` (with its block and tf columns), scored on a cluster.

    `workdir` is a folder that every worker sees at the same path. Raise SparkError, and leave no `pair`, when the
    cluster may not be used or does not do its part.
    """
    cluster = Cluster(master, secret).checked()
    files, masks = RunFiles(random(32)), Masks(random(32))
    zone.run("DROP TABLE IF EXISTS pair")
    with _work_folder(workdir) as folder:
        count = _send(zone, settings, blocks, files, masks, folder)
        with session(cluster, folder, files, _partitions(count)) as spark:
            kept = _predict(spark, settings, folder)
        _receive(zone, settings, files.read(folder / "pair"), kept)
