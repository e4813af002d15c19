"""A million raw rows to persons, ours beside the peer: same rows, same machine, alternating, each in its own process.

`python -m benchmarks.million` runs the full sizes; `measure` gives the section of docs/measured.md. Growth is the
exponent of a straight line through log of wall time over log of rows."""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.growth import PLOT, plot
from benchmarks.million_rows import drawn
from benchmarks.section import Section

ROWS, REPEATS = 1_000_000, 3
SIZES = (100_000, 300_000, 1_000_000, 3_000_000)
OURS, PEER = "benchmarks.million_ours", "benchmarks.peers.splink_million"


@dataclass(frozen=True)
class Run:
    """One process with its children: wall and CPU seconds, peak memory of the largest, and what it printed."""

    wall: float
    cpu: float
    peak_mib: float
    result: dict[str, Any]


def rows_file(folder: Path, rows: int, seed: int = 2026) -> Path:
    """Write the rows; kept once written."""
    path = folder / f"rows-{rows}-{seed}.parquet"
    if not path.exists():
        pq.write_table(drawn(rows, seed), path)
    return path


def run(module: str, path: Path) -> Run:
    """Run one side as a cold process."""
    before = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", module, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        text = child.stdout.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{module} ended with {child.returncode}")
    wall = time.perf_counter() - before
    result = json.loads(text.strip().splitlines()[-1])
    # The search for the peer's best threshold, and the comparison with the truth on either side, is not its work.
    return Run(wall - result["unpaid"], usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, result)


def exponent(sizes: Sequence[int], walls: Sequence[float]) -> float:
    """The slope of log wall over log rows, by least squares."""
    x, y = [math.log(size) for size in sizes], [math.log(wall) for wall in walls]
    mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
    spread = sum((one - mean_x) ** 2 for one in x)
    return sum((one - mean_x) * (other - mean_y) for one, other in zip(x, y, strict=True)) / spread


def side_by_side(folder: Path, rows: int, repeats: int) -> dict[str, list[Run]]:
    """Both sides in turn, so many times."""
    path = rows_file(folder, rows)
    held: dict[str, list[Run]] = {PEER: [], OURS: []}
    for _ in range(repeats):
        for module, runs in held.items():
            runs.append(run(module, path))
    return held


def _stages(runs: Sequence[Run]) -> str:
    names = runs[0].result["stages"]
    return ", ".join(f"{name} {statistics.median(r.result['stages'][name] for r in runs):.1f}" for name in names)


def _line(runs: Sequence[Run]) -> str:
    wall, cpu, peak = (statistics.median(getattr(r, name) for r in runs) for name in ("wall", "cpu", "peak_mib"))
    return f"{wall:.1f} s wall, {cpu:.0f} s CPU, peak {peak:.0f} MiB, F1 {runs[0].result['f1']:.4f}"


def measure(rows: int = ROWS, repeats: int = REPEATS, sizes: Sequence[int] = SIZES) -> Section:
    """Both sides at one size, and our growth over several."""
    with tempfile.TemporaryDirectory(prefix="family-record-") as place:
        folder = Path(place)
        held = side_by_side(folder, rows, repeats)
        grown = [run(OURS, rows_file(folder, size)) for size in sizes]
    if tuple(sizes) == SIZES:
        PLOT.write_text(plot([(size, one.wall) for size, one in zip(sizes, grown, strict=True)]), encoding="utf-8")
    ours, peer = held[OURS], held[PEER]
    share = statistics.median(r.wall for r in ours) / statistics.median(r.wall for r in peer)
    found = ours[0].result
    table = [
        ("Splink on readable data, its published model at its best threshold", _line(peer)),
        ("its stages, seconds", _stages(peer)),
        ("ours, from readable rows to persons, default threshold", _line(ours)),
        ("our stages, seconds", _stages(ours)),
        ("ours of the peer's wall time", f"{share:.2f}"),
        ("profiles, pairs kept, persons", f"{found['profiles']:,}, {found['pairs']:,}, {found['persons']:,}"),
        *((f"{size:,} rows", _line([one])) for size, one in zip(sizes, grown, strict=True)),
        ("growth exponent of wall time", f"{exponent(sizes, [one.wall for one in grown]):.2f}"),
    ]
    note = "![Wall time over rows](growth.svg)" if tuple(sizes) == SIZES else ""
    return Section(f"{rows:,} noisy rows to persons", tuple(table), note)


if __name__ == "__main__":
    for name, value in measure().rows:
        sys.stdout.write(f"{name}: {value}\n")
