"""A session on a standalone Spark cluster that proves itself and encrypts: the only file that starts a JVM.

Invariants: no session without a `spark://` master and a secret of some length, which cluster and driver must share;
what they say to each other, what they spill and what they cache is encrypted; the secret and the run's key go to the
JVM over its own authenticated socket, never on a command line, in a file or in an environment that children inherit;
no text of Spark's own errors leaves this file, since it may hold values; a cluster that offers no executor is a
fault, not a wait without end.
Source: Apache Spark, Security (authentication, AES-GCM for RPC, local storage encryption); Spark Standalone."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from linkage.spark.faults import SparkError, SparkFault
from linkage.spark.files import RunFiles, compiled_client

LEAST_SECRET = 32
_MASTER = re.compile(r"spark://[^,/\s]+:\d+(,[^,/\s]+:\d+)*")
_LOOPBACK = re.compile(r"spark://(127\.0\.0\.1|localhost):\d+")
_EXECUTOR_WAIT = 90.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to compute and how to prove oneself there. Memory and cores are set as ever in `spark-defaults.conf`."""

    master: str
    secret: str = field(repr=False)

    def checked(self) -> "Cluster":
        """This cluster, or SparkError where it may not be used."""
        if not _MASTER.fullmatch(self.master):
            raise SparkError(SparkFault.NO_MASTER)
        if len(self.secret) < LEAST_SECRET:
            raise SparkError(SparkFault.NO_SECRET)
        return self


_SECURITY: Mapping[str, str] = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    "spark.network.crypto.authEngineVersion": "2",
    "spark.network.crypto.saslFallback": "false",
    "spark.io.encryption.enabled": "true",
    "spark.io.encryption.keySizeBits": "256",
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "false",
    "spark.log.level": "OFF",
}
_PLAIN: Mapping[str, str] = {
    "spark.app.name": "family-record",
    "spark.submit.deployMode": "client",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.parquet.compression.codec": "snappy",
}


@contextmanager
def spark_guarded(fault: SparkFault = SparkFault.FAILED, *wrapping: type[Exception]) -> Iterator[None]:
    """Turn any error of Spark's, or one that wraps such an error, into one that holds no value."""
    failed = False
    try:
        yield
    except (Py4JError, PySparkException, *wrapping):
        failed = True
    if failed:
        raise SparkError(fault) from None


@contextmanager
def _machine(cluster: Cluster, workdir: Path) -> Iterator[JavaGateway]:
    """A JVM for this run alone, started with nothing secret on its command line, and gone with the run."""
    start = SparkConf(loadDefaults=False).set("spark.master", cluster.master)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": str(workdir)}
    with spark_guarded(SparkFault.NO_START, OSError):
        gateway = launch_gateway(start, popen_kwargs=quiet)  # type: ignore[no-untyped-call]
    try:
        yield gateway
    finally:
        SparkContext._gateway = SparkContext._jvm = None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


def _configuration(cluster: Cluster, workdir: Path, partitions: int) -> dict[str, str]:
    """What is set beside, and above, the configuration that Spark finds for itself."""
    local = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return {
        **_PLAIN,
        **(local if _LOOPBACK.fullmatch(cluster.master) else {}),
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.local.dir": str(workdir / "driver"),
        "spark.sql.warehouse.dir": str(workdir / "warehouse"),
        **_SECURITY,
        "spark.master": cluster.master,
        "spark.authenticate.secret": cluster.secret,
    }


def _await_executor(context: SparkContext) -> None:
    """Wait until at least one executor stands beside the driver."""
    until = time.monotonic() + _EXECUTOR_WAIT
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:
        if time.monotonic() > until:
            raise SparkError(SparkFault.NO_EXECUTOR)
        time.sleep(0.1)


@contextmanager
def _context(cluster: Cluster, workdir: Path, partitions: int) -> Iterator[SparkContext]:
    with _machine(cluster, workdir) as gateway:
        configuration = SparkConf(loadDefaults=True, _jvm=gateway.jvm)
        configuration.setAll(list(_configuration(cluster, workdir, partitions).items()))
        with spark_guarded(SparkFault.UNREACHABLE):
            context = SparkContext(conf=configuration, gateway=gateway)
        try:
            yield context
        finally:
            with spark_guarded():
                context.stop()


@contextmanager
def session(cluster: Cluster, workdir: Path, files: RunFiles, partitions: int) -> Iterator[SparkSession]:
    """A session that reads and writes the run's encrypted files; stopped whatever happens."""
    with _context(cluster.checked(), workdir, partitions) as context:
        with spark_guarded(SparkFault.UNREACHABLE):
            _await_executor(context)
        with spark_guarded():
            jar = workdir / "run-key.jar"
            compiled_client(context._gateway, jar)
            for name, value in files.settings().items():
                context._jsc.hadoopConfiguration().set(name, value)
            made = SparkSession(context)
            made.sql(f"ADD JAR '{jar}'").collect()
        yield made
