"""A real standalone Spark cluster on this machine: one master and two workers, each a process of its own.

It runs from the `pyspark` package alone, with authentication and encryption on; the secret is given to the processes
in their environment, as `spark-env.sh` would give it.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

SECRET = "a secret for tests only, long enough"
_HOME = Path(str(pyspark.__file__)).parent
LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For processes that live a minute: less compiling, one collecting thread."""
_OPTIONS = " ".join(
    f"-D{name}={value}"
    for name, value in {
        "spark.authenticate": "true", "spark.network.crypto.enabled": "true",
        "spark.network.crypto.cipher": "AES/GCM/NoPadding", "spark.network.crypto.authEngineVersion": "2",
        "spark.io.encryption.enabled": "true",
    }.items()
)  # fmt: skip
_PACKAGE = "org.apache.spark.deploy"


@dataclass(frozen=True)
class Standalone:
    """A running cluster: its address, the folder its workers see, and where its processes write their logs."""

    master: str
    shared: Path
    logs: Path


@contextmanager
def _running(log: Path, *arguments: str, secured: bool = True) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(log.parent), "SPARK_HOME": str(_HOME), "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": f"{LIGHT} {_OPTIONS if secured else ''}",
        "_SPARK_AUTH_SECRET": SECRET, "SPARK_LOCAL_DIRS": str(log.parent / "local"), "SPARK_NO_DAEMONIZE": "1",
    }  # fmt: skip
    if "JAVA_HOME" in os.environ:
        environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
    with log.open("wb") as out:
        command = [str(_HOME / "bin" / "spark-class"), *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)


def _await(log: Path, pattern: str, seconds: float = 90.0) -> str:
    """Wait until a log says something; the first group of what it says."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = re.search(pattern, log.read_text("utf-8", "replace"))
        if found:
            return found[1]
        time.sleep(0.2)
    raise TimeoutError(f"{log.name} never said {pattern}:\n{log.read_text('utf-8', 'replace')[-2000:]}")


@contextmanager
def standalone(folder: Path, *, workers: int = 2, memory: str = "768m", secured: bool = True) -> Iterator[Standalone]:
    """Start the cluster under a folder (not `secured`: as Spark comes); everything is stopped at the end."""
    logs, shared = folder / "logs", folder / "shared"
    logs.mkdir(parents=True)
    shared.mkdir(mode=0o700)
    with ExitStack() as stack:
        log = logs / "master"
        host = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        stack.enter_context(_running(log, f"{_PACKAGE}.master.Master", *host, secured=secured))
        master = _await(log, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        for at in range(workers):
            log = logs / f"worker-{at}"
            place = ("--host", "127.0.0.1", "--webui-port", "0", "--work-dir", str(folder / f"work-{at}"))
            size = ("--cores", "1", "--memory", memory)
            stack.enter_context(_running(log, f"{_PACKAGE}.worker.Worker", *place, *size, master, secured=secured))
        for at in range(workers):
            _await(logs / f"worker-{at}", r"(Successfully registered with master)")
        yield Standalone(master, shared, logs)
