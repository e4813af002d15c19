"""Where pairs are scored: in this process, or on a cluster, which is an extra that need not be installed.

Invariants: DuckDB unless a cluster is asked for; a cluster is used only with its address, a secret that lies in a
private file, and a work folder outside the data folder; the secret is read when it is needed and kept nowhere.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from importlib import import_module
from pathlib import Path

from app.settings import Settings
from governance.keys.keystore import read_private
from linkage.run import HERE, Engine

_EXTRA = {"pyspark", "py4j"}


class Where(StrEnum):
    DUCKDB = "duckdb"
    SPARK = "spark"


class EngineRefused(Exception):
    """An engine that cannot be used as asked."""


def chosen_engine(where: Where, settings: Settings, master: str | None) -> Engine:
    """Return what scores pairs; raise EngineRefused where it cannot be used as asked."""
    if where is Where.DUCKDB:
        if master is not None:
            raise EngineRefused("--master goes with --engine spark")
        return HERE
    if master is None:
        raise EngineRefused("--engine spark needs --master spark://HOST:PORT")
    if settings.spark_secret_file is None or settings.spark_work_dir is None:
        raise EngineRefused("set FAMILY_RECORD_SPARK_SECRET_FILE and FAMILY_RECORD_SPARK_WORK_DIR")
    secret = _secret(settings.spark_secret_file)
    fill = partial(_fill_pairs(), master=master, workdir=settings.spark_work_dir, secret=secret)
    return Engine(where.value, fill)


def _secret(path: Path) -> str:
    try:
        return read_private(path).decode("ascii").strip()
    except UnicodeDecodeError:
        pass
    raise EngineRefused("the cluster's secret must be plain ASCII text")


def _fill_pairs() -> Callable[..., None]:
    """The cluster's side of linkage, or EngineRefused where Spark is not installed."""
    try:
        return import_module("linkage.spark.engine").fill_pairs  # type: ignore[no-any-return]
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.split(".")[0] not in _EXTRA:
            raise
    raise EngineRefused("Spark is not installed: install the extra, linked-family-record[spark]")
