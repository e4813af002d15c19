"""How fast the synthetic county is written, and that its memory does not grow with it."""

import tempfile
from pathlib import Path

from benchmarks.section import Section, family_record

SIZES = (4_000, 40_000)


def measure() -> Section:
    """Write a small and a large county and compare time and memory."""
    rows = []
    for families in SIZES:
        with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
            ran = family_record(
                Path(folder) / "home", "synth", "--families", str(families), "--out", str(Path(folder) / "county")
            )
        rows.append((f"{ran.result['people']:,} people", f"{ran.seconds:.1f} s, peak {ran.peak_mib:.0f} MiB"))
    return Section("Synthetic county", tuple(rows))
