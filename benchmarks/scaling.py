"""Scoring on DuckDB and on a standalone Spark cluster of two one-core workers, over the same rows, blocks and model."""

import argparse
import gc
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.million_rows import drawn
from benchmarks.section import Section
from benchmarks.standalone_spark import SECRET, standalone
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from linkage.encoding.encode import by_column, encode_columns, rekey
from linkage.matching import blocking, frequencies, model, profiles, scoring
from linkage.spark import engine
from linkage.zone import live
from linkage.zone.zone import Zone, open_zone

SIZES = (2_000, 100_000, 300_000)
"""The first shows what starting costs."""
_BATCH = 100_000
_DEFAULTS = "spark.driver.memory 1g\nspark.executor.memory 2g\n"


def _roles(first: int, rows: int) -> dict[str, pa.Array]:
    ids = [f"{at:032x}" for at in range(first, first + rows)]
    same = {"dataset": "people", "provider": "P", "role": "self"}
    return {
        "role_id": pa.array(ids), "record_id": pa.array(ids),
        **{name: pa.array([value] * rows) for name, value in same.items()},
        "unborn": pa.array([False] * rows), "one_row_per_person": pa.array([False] * rows),
    }  # fmt: skip


def _encoded(table: pa.Table, first: int, ring: SoftwareKeyRing) -> pa.Table:
    held = {name: table.column(name).to_pylist() for name in ("first_name", "surname", "postcode_fake", "birth_place")}
    born = table.column("dob").cast(pa.date32()).to_pylist()
    people = by_column(
        {
            "given_name": held["first_name"], "family_name": held["surname"], "date_of_birth": born,
            "postcode": held["postcode_fake"], "address": held["birth_place"],
        },
        len(table),
    )  # fmt: skip
    return rekey(encode_columns(_roles(first, len(table)), people, ring), ring)


def _load(zone: Zone, ring: SoftwareKeyRing, rows: int) -> None:
    """Load rows as one load of one data set."""
    table = drawn(rows)
    zone.begin("0" * 32, 1, "people")
    for first in range(0, rows, _BATCH):
        ids = [f"{at:032x}" for at in range(first, min(first + _BATCH, rows))]
        zone.add_records([(one, one, "") for one in ids])
        zone.add_encoded(_encoded(table.slice(first, _BATCH), first, ring))
    zone.commit()


def _prepared(zone: Zone) -> tuple[int, dict[str, Any], list[int]]:
    """Make `profile` with blocks and frequencies; how many profiles, the stated model, the rules."""
    live.note_roles(zone, ())
    profiles.prepare(zone)
    count = profiles.fold(zone)
    filled = profiles.filled_columns(zone)
    rules = blocking.add_blocks(zone, count, filled)
    settings = model.settings(filled, rules, model.prior(profiles.certain_pairs(zone, filled), count))
    frequencies.learn(zone, settings)
    frequencies.attach(zone, settings)
    return count, settings, rules


@dataclass(frozen=True)
class Took:
    """Wall seconds, and processor seconds of this process and every child that has ended."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s ({self.processor:.1f} s of processor)"


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@contextmanager
def _timed(steps: dict[str, Took], name: str) -> Iterator[None]:
    begun, before = time.perf_counter(), _processor()
    yield
    steps[name] = Took(time.perf_counter() - begun, _processor() - before)


def _here(zone: Zone, settings: dict[str, Any], rules: Sequence[int]) -> tuple[int, int]:
    """Score in DuckDB: candidates, pairs kept."""
    blocking.candidates(zone, rules)
    zone.run(f"CREATE OR REPLACE TABLE here AS {scoring.pairs_sql(settings)}")
    [(candidates,)] = zone.rows("SELECT count(*) FROM candidate")
    [(kept,)] = zone.rows("SELECT count(*) FROM here")
    zone.run("DROP TABLE candidate")
    return candidates, kept


def _apart(zone: Zone) -> tuple[int, float]:
    """Pairs that only one side kept, and the largest difference of a weight."""
    [(alone, most)] = zone.rows(
        "SELECT count(*) FILTER (h.a IS NULL OR p.a IS NULL), max(abs(h.match_weight - p.match_weight))"
        " FROM here h FULL JOIN pair p USING (a, b)"
    )
    return int(alone), float(most)


def compare(rows: int, workers: int = 2) -> dict[str, Any]:
    """Score `rows` rows on both; what each took and whether they agree."""
    steps: dict[str, Took] = {}
    ring = SoftwareKeyRing(new_keys(FIRST_LABELS))
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder:
        place = Path(folder)
        (place / "spark-defaults.conf").write_text(_DEFAULTS, encoding="utf-8")
        os.environ["SPARK_CONF_DIR"] = folder
        with open_zone(place / "zone", ring) as zone:
            _load(zone, ring, rows)
            gc.collect()
            with _timed(steps, "prepare"):
                count, settings, rules = _prepared(zone)
            with _timed(steps, "duckdb"):
                candidates, kept = _here(zone, settings, rules)
            with _timed(steps, "spark"), standalone(place / "cluster", workers=workers, memory="2500m") as cluster:
                engine.fill_pairs(zone, settings, rules, cluster.master, cluster.shared, secret=SECRET)
            alone, most = _apart(zone)
    return {
        "rows": rows, "profiles": count, "candidates": candidates, "kept": kept, "kept by one only": alone,
        "largest difference": most, **steps,
    }  # fmt: skip


def measure(sizes: Sequence[int] = SIZES) -> Section:
    """Measure each size on both sides."""
    found = [compare(rows) for rows in sizes]
    return Section(
        "Scoring on DuckDB and on a standalone Spark cluster (two workers of one core)",
        tuple((f"{one['rows']:,} rows", _said(one)) for one in found),
        f"On {os.cpu_count()} cores; starting and ending the cluster (five JVMs) is part of Spark's time.",
    )


def _said(one: dict[str, Any]) -> str:
    return (
        f"{one['profiles']:,} profiles, {one['candidates']:,} pairs compared, {one['kept']:,} kept:"
        f" profiles and blocks {one['prepare']}, scored by DuckDB {one['duckdb']}, by Spark {one['spark']};"
        f" largest difference of a weight {one['largest difference']:.1e},"
        f" pairs kept by one only {one['kept by one only']:,}"
    )


def main() -> None:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    for name, value in measure(parser.parse_args().sizes).rows:
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
