"""Ten thousand new rows against a million that stand, with the saved model, beside a full run of readable Splink.

Timed is what a run does with the new rows: read, encode, open what stands, compare, group, and seal what is kept; the
record store is left out, as it is for the million rows. Afterwards everything is compared afresh with the same model,
and the persons of both are held against each other. `python -m benchmarks.incremental ROWS NEW` prints JSON."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.million_ours import Stages, encoded, load_rows
from benchmarks.million_rows import drawn
from benchmarks.section import Section
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from linkage.grouping import persons
from linkage.matching import exclusions, incremental, matching, maternity
from linkage.run import DEFAULT_JOIN
from linkage.zone import live
from linkage.zone.zone import Zone, open_zone

ROWS, NEW = 1_000_000, 10_000
BASE, ADDED = "1" * 32, "2" * 32
_AFTER = 1 << 41
_STEPS: tuple[tuple[str, Any, str], ...] = (
    ("open new rows", live, "open_rows"), ("meet what stands", incremental, "meet"),
    ("recall rows", incremental, "recall"), ("score", incremental, "compare"),
    ("surround", incremental, "surround"), ("group", exclusions, "read"), ("group", persons, "group"),
)  # fmt: skip


def _split(folder: Path, rows: int, new: int) -> tuple[Path, Path]:
    """Two files: what stands, and rows drawn from among it that come later."""
    table = drawn(rows + new)
    later = np.zeros(len(table), dtype=bool)
    later[np.random.default_rng(1).choice(len(table), new, replace=False)] = True
    paths = folder / "base.parquet", folder / "new.parquet"
    for path, chosen in zip(paths, (~later, later), strict=True):
        pq.write_table(table.filter(chosen), path)
    return paths


def _grouped(zone: Zone, name: str, shift: int = 0) -> None:
    zone.run(
        f"CREATE OR REPLACE TABLE {name} AS SELECT m.role_id, g.grp + {shift} AS grp FROM member m JOIN grouped g"
        " USING (profile)"
    )


def _increment(zone: Zone, since: incremental.Since, bounds: persons.Bounds, alone: list[str]) -> matching.Found:
    replaced = incremental.arrived(zone, since)
    if replaced:
        raise RuntimeError("a new row replaced one that stands")
    for name in ("left_role", "asked_role"):
        matching.lay_roles(zone, name, ())
    maternity.lay(zone, (), since.runs)
    found = matching.increment(zone, bounds, since, alone)
    if found is None:
        raise RuntimeError("so much was new that all would have been compared")
    return found


def _differing(zone: Zone) -> float:
    """The share of rows whose person does not hold the same rows in `whole` as in `stepwise`."""
    [(rows, same)] = zone.rows(
        "WITH sizes AS (SELECT s.grp AS a, w.grp AS b, count(*) AS shared FROM stepwise s JOIN whole w USING (role_id)"
        " GROUP BY ALL), one AS (SELECT a, sum(shared) AS n FROM sizes GROUP BY 1),"
        " other AS (SELECT b, sum(shared) AS n FROM sizes GROUP BY 1)"
        " SELECT sum(shared), coalesce(sum(shared) FILTER (shared = one.n AND shared = other.n), 0)"
        " FROM sizes JOIN one USING (a) JOIN other USING (b)"
    )
    return 1.0 - float(same) / float(rows)


def run(rows: int = ROWS, new: int = NEW, memory: str = "2500MB") -> dict[str, Any]:
    """Load and link `rows`, then `new` more incrementally, then all afresh."""
    keys, stages = SoftwareKeyRing(new_keys(FIRST_LABELS)), Stages()
    bounds = persons.Bounds(join=DEFAULT_JOIN, doubt=DEFAULT_JOIN - 3.0)
    with tempfile.TemporaryDirectory(prefix="family-record-") as held:
        folder = Path(held)
        base, added = _split(folder, rows, new)
        with open_zone(folder, keys, memory_limit=memory) as zone:
            load_rows(zone, encoded(base, folder, keys), BASE, 1)
            matching.lay_decisions(zone, [])
            live.note_roles(zone, set())
            full = matching.full(zone, bounds)
            maternity.lay(zone, ())
            matching.keep(zone, BASE, full, bounds.reach)
            _grouped(zone, "stepwise")
            before = zone.table("FROM stepwise")
        for stage, module, name in _STEPS:
            setattr(module, name, stages.timed(stage, getattr(module, name)))
        # A run begins with nothing in memory: what the full run held there has gone with its connection.
        with open_zone(folder, keys, memory_limit=memory) as zone:
            matching.lay_decisions(zone, [])
            live.note_roles(zone, set())
            began = time.perf_counter()
            tables = stages.timed("read and encode", lambda: list(encoded(added, folder, keys, processes=1)))()
            stages.timed("seal rows", load_rows)(zone, tables, ADDED, 2)
            since = incremental.Since(
                [BASE],
                1,
                full.next["next_profile"],
                full.settings,
                full.next["rules"],
                [ADDED],
                bounds.reach,
                bounds.doubt,
            )
            found = stages.timed("the rest", _increment)(zone, since, bounds, full.next["alone"])
            stages.timed("seal what is kept", matching.keep)(zone, ADDED, found, bounds.reach)
            took = time.perf_counter() - began
            _grouped(zone, "changed", _AFTER)
            changed = zone.table("FROM changed")
        with open_zone(folder, keys, memory_limit=memory) as zone:
            matching.lay_decisions(zone, [])
            live.note_roles(zone, set())
            matching.full(zone, bounds, full.settings, runs=[BASE])
            _grouped(zone, "whole")
            with zone.lent("before", before), zone.lent("later", changed):
                zone.run(
                    "CREATE OR REPLACE TABLE stepwise AS FROM later UNION ALL"
                    " FROM before ANTI JOIN later USING (role_id)"
                )
            differing = _differing(zone)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": took, "stages": stages.seconds, "pairs": found.pairs, "differing": differing, "peak_mib": peak}


def _apart(*command: str) -> dict[str, Any]:
    said = subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(said.stdout)
    return result


def measure(rows: int = ROWS, new: int = NEW) -> Section:
    """Both sides in the same run, each in a process of its own."""
    ours = _apart("benchmarks.incremental", str(rows), str(new))
    with tempfile.TemporaryDirectory(prefix="family-record-") as held:
        path = Path(held) / "rows.parquet"
        pq.write_table(drawn(rows), path)
        began = time.perf_counter()
        _apart("benchmarks.peers.splink_million", str(path))
        peer = time.perf_counter() - began
    told = [
        ("our incremental run", f"{ours['seconds']:.2f} s"),
        ("Splink on readable rows, everything afresh", f"{peer:.1f} s"),
        ("ours / Splink", f"{ours['seconds'] / peer:.3f}"),
        ("rows whose person differs from a full run's", f"{ours['differing']:.4%}"),
    ]
    told += [(f"stage: {name}", f"{seconds:.2f} s") for name, seconds in ours["stages"].items()]
    return Section(f"{new:,} new rows against {rows:,}", tuple(told))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
