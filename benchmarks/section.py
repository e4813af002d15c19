"""What a measurement reports, and the small tools that all of them use."""

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Section:
    """One part of docs/measured.md: a table of what was measured, and what limits it."""

    title: str
    rows: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class Ran:
    """One finished command."""

    seconds: float
    peak_mib: float
    result: dict[str, Any]


def family_record(home: Path, *arguments: str) -> Ran:
    """Run the command line in a process of its own; return wall time, peak memory and its JSON."""
    environment = {**os.environ, "FAMILY_RECORD_HOME": str(home), "FAMILY_RECORD_MODE": "demo"}
    binary = Path(sys.executable).with_name("family-record")
    before = time.perf_counter()
    with subprocess.Popen(
        [str(binary), *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as child:
        assert child.stdout is not None
        text = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - before
    if child.returncode != 0:
        raise RuntimeError(f"family-record {arguments[0]} ended with {child.returncode}")
    return Ran(seconds, usage.ru_maxrss / 1024, json.loads(text))


def own_peak_mib() -> float:
    """Return this process's peak memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
