"""How time and memory grow from a hundred thousand rows to three million, each size in a cold process of its own."""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.million_rows import drawn
from benchmarks.section import Section

SIZES = (100_000, 300_000, 1_000_000, 3_000_000)
MEMORY = "2500MB"
PLOT = Path(__file__).resolve().parent.parent / "docs" / "growth.svg"
_WIDTH, _HEIGHT, _EDGE = 640, 400, 60
_STYLE = 'font-family="sans-serif" font-size="13" fill="#222"'


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: wall time and peak memory of the whole process and its children, and how good the persons were."""

    rows: int
    seconds: float
    peak_mib: float
    f1: float


def _one(rows: int, memory: str) -> Measured:
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        path = Path(folder) / "rows.parquet"
        pq.write_table(drawn(rows), path)
        command = [sys.executable, "-m", "benchmarks.million_ours", str(path), memory]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            said: dict[str, Any] = json.loads(child.stdout.read())
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{rows} rows could not be linked")
        return Measured(rows, time.perf_counter() - began, usage.ru_maxrss / 1024, said["f1"])


def exponent(found: list[Measured]) -> float:
    """The slope of time over rows, both in logarithms."""
    slope, _ = np.polyfit([math.log(m.rows) for m in found], [math.log(m.seconds) for m in found], 1)
    return float(slope)


def measure(sizes: tuple[int, ...] = SIZES) -> Section:
    """Every size once, and a plot in docs/."""
    found = [_one(rows, MEMORY) for rows in sizes]
    PLOT.write_text(plot(found), encoding="utf-8")
    rows = [
        (f"{m.rows:,} rows: wall, peak, F1", f"{m.seconds:.1f} s, {m.peak_mib:,.0f} MiB, {m.f1:.4f}") for m in found
    ]
    rows += [("exponent of wall time over rows", f"{exponent(found):.3f}"), ("memory setting", MEMORY)]
    return Section("Growth of linking", tuple(rows), "![Wall time over rows](growth.svg)")


def plot(found: list[Measured]) -> str:
    """Time over rows on logarithmic axes, beside a straight line of exponent 1, as SVG."""
    across = [math.log10(m.rows) for m in found]
    up = [math.log10(m.seconds) for m in found]
    low_x, high_x = math.floor(min(across)), math.ceil(max(across))
    low_y, high_y = math.floor(min(up)), math.ceil(max(up))

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            _EDGE + (x - low_x) / (high_x - low_x) * (_WIDTH - 2 * _EDGE),
            _HEIGHT - _EDGE - (y - low_y) / (high_y - low_y) * (_HEIGHT - 2 * _EDGE),
        )

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        "<title>Wall time of linking over rows, logarithmic</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for tick in range(low_x, high_x + 1):
        left, _ = at(tick, low_y)
        lines.append(
            f'<text x="{left:.0f}" y="{_HEIGHT - _EDGE + 20}" text-anchor="middle" {_STYLE}>{10**tick:,}</text>'
        )
    for tick in range(low_y, high_y + 1):
        _, top = at(low_x, tick)
        lines.append(f'<text x="{_EDGE - 8}" y="{top + 4:.0f}" text-anchor="end" {_STYLE}>{10**tick:g} s</text>')
        lines.append(f'<path d="M{_EDGE} {top:.1f}H{_WIDTH - _EDGE}" stroke="#ddd"/>')
    even = [at(x, up[0] + x - across[0]) for x in (across[0], across[-1])]
    lines.append(_path(even, "#999", ' stroke-dasharray="5 4"'))
    lines.append(_path([at(x, y) for x, y in zip(across, up, strict=True)], "#1d4f5c", ""))
    for m, x, y in zip(found, across, up, strict=True):
        left, top = at(x, y)
        lines.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="4" fill="#1d4f5c"/>')
        lines.append(f'<text x="{left + 8:.0f}" y="{top + 16:.0f}" {_STYLE}>{m.seconds:.0f} s</text>')
    lines.append(
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}" text-anchor="middle" {_STYLE}>rows (dashed: exponent 1)</text>'
    )
    return "\n".join([*lines, "</svg>\n"])


def _path(points: list[tuple[float, float]], colour: str, more: str) -> str:
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{steps}" fill="none" stroke="{colour}" stroke-width="2"{more}/>'
