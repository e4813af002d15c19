"""One new record placed among a million persons: the service's own code path against Splink on readable rows.

Both sides hold the same million rows, one to a person, and are asked for the same held-out records one by one; ours
encodes the record, looks it up in the sealed index and scores it as a run would; the peer is `predict_between` of its
published model. `python -m benchmarks.one_record [PERSONS [RECORDS]]` prints JSON."""

import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from splink import DuckDBAPI, Linker

from benchmarks.million_rows import drawn
from benchmarks.peers import splink_million
from benchmarks.section import Section
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from linkage.encoding.encode import ROLE_COLUMNS, RoleIdentity, by_column, encode_columns, rekey
from linkage.index import index
from linkage.index.placing import place
from linkage.matching import blocking, frequencies, profiles, splink_engine
from linkage.rows import Identity, KeyedHash
from linkage.zone import live
from linkage.zone.zone import Zone, open_zone

PERSONS, RECORDS, PEER_RECORDS = 1_000_000, 2_000, 25
_BATCH = 100_000
_FIELDS = {
    "given_name": "first_name", "family_name": "surname", "address": "birth_place", "postcode": "postcode_fake",
}  # fmt: skip
_CONCAT = "first_name_surname_concat"


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each record, and in how many the right person came first."""

    milliseconds: Sequence[float]
    processor: Sequence[float]
    right: int

    def at(self, percent: float) -> float:
        return float(np.percentile(self.milliseconds, percent))


def rows_and_records(persons: int, records: int) -> tuple[pa.Table, pa.Table]:
    """One clean row of each person, and damaged rows of some of them."""
    table = drawn(persons + records, people=persons).sort_by([("person", "ascending"), ("unique_id", "ascending")])
    person = table.column("person").to_numpy()
    first = np.r_[True, person[1:] != person[:-1]]
    return table.filter(pa.array(first)), table.filter(pa.array(~first))


def _role_id(person: int) -> str:
    return f"{person:032x}"


def _load(zone: Zone, rows: pa.Table, keys: KeyedHash) -> None:
    zone.begin("0" * 32, 1, "people")
    for start in range(0, len(rows), _BATCH):
        batch = rows.slice(start, _BATCH)
        ids = [_role_id(person) for person in batch.column("person").to_pylist()]
        zone.add_records([(name, name, "") for name in ids])
        zone.add_encoded(rekey(_encoded(batch, ids, keys), keys))
    zone.commit()


def _encoded(batch: pa.Table, ids: list[str], keys: KeyedHash) -> pa.Table:
    held: dict[str, Sequence[object]] = {ours: batch.column(theirs).to_pylist() for ours, theirs in _FIELDS.items()}
    born = pc.strptime(batch.column("dob"), "%Y-%m-%d", "s").cast(pa.date32())
    stated = {"role_id": ids, "record_id": ids, "dataset": "people", "provider": "P", "role": "self"}
    roles = {
        name: pa.array(stated.get(name, False) if name.endswith("id") else [stated.get(name, False)] * len(ids))
        for name in ROLE_COLUMNS
    }
    return encode_columns(roles, by_column(held | {"date_of_birth": born.to_pylist()}, len(ids)), keys)


def _index(zone: Zone, folder: Path, keys: KeyedHash) -> None:
    live.note_roles(zone, set())
    profiles.prepare(zone)
    count = profiles.fold(zone)
    filled = profiles.filled_columns(zone)
    blocking.add_blocks(zone, count, filled)
    settings = splink_engine.train(zone, count, filled, profiles.certain_pairs(zone, filled))
    frequencies.learn(zone, settings)
    frequencies.attach(zone, settings)
    zone.run(
        "CREATE OR REPLACE TABLE indexed AS SELECT p.*, m.role_id FROM profile p"
        " JOIN (SELECT profile, min(role_id) AS role_id FROM member GROUP BY 1) m USING (profile)"
    )
    index.write_part(zone, folder, "part", keys, "member")
    index.write_model(zone, folder, "model", keys, settings, 1)
    index.publish(folder, ["part"], "model")


def _asked(record: Mapping[str, Any]) -> RoleIdentity:
    born = None if record["dob"] is None else date.fromisoformat(record["dob"])
    identity = Identity(date_of_birth=born, **{ours: record[theirs] for ours, theirs in _FIELDS.items()})
    return RoleIdentity("", "", "asked", "P", "self", False, False, identity)


def _timed(records: pa.Table, place_one: Callable[[Mapping[str, Any]], int | None]) -> Times:
    milliseconds, processor, right = [], [], 0
    for record in records.to_pylist():
        before, worked = time.perf_counter(), time.process_time()
        found = place_one(record)
        processor.append(1_000 * (time.process_time() - worked))
        milliseconds.append(1_000 * (time.perf_counter() - before))
        right += found == record["person"]
    return Times(milliseconds, processor, right)


def ours(rows: pa.Table, records: pa.Table) -> tuple[Times, float, float]:
    """Times of every record; the index's size in MB, and how many seconds it took to write from readable rows."""
    keys = SoftwareKeyRing(new_keys(FIRST_LABELS))
    before = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="family-record-") as name:
        folder = Path(name)
        with open_zone(folder, keys, memory_limit="3GB") as zone:
            _load(zone, rows, keys)
            _index(zone, folder, keys)
        built = time.perf_counter() - before
        size = sum(path.stat().st_size for path in folder.glob("index-*")) / 1e6
        with index.open_index(folder, keys) as held:

            def place_one(record: Mapping[str, Any]) -> int | None:
                found = place(held, _asked(record), lambda roles: {role: role for role in roles})
                return int(found[0].person_id, 16) if found else None

            place_one(records.slice(0, 1).to_pylist()[0])
            return _timed(records, place_one), size, built


def peer(rows: pa.Table, records: pa.Table) -> Times:
    """The peer's times, after its term frequencies are worked out and one record warmed it up."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    backend = DuckDBAPI(connection=duckdb.connect(config={"threads": 2}))

    def read(table: pa.Table) -> Any:
        held = backend.duckdb_con.from_arrow(table.drop_columns(["person"]))
        return backend.register(held.project(f"*, first_name || ' ' || surname AS {_CONCAT}"))

    standing = read(rows)
    linker = Linker(standing, splink_million._settings())
    for column in (_CONCAT, "first_name", "surname", "birth_place", "occupation"):
        linker.table_management.compute_tf_table(column)
    whose = dict(zip(rows.column("unique_id").to_pylist(), rows.column("person").to_pylist(), strict=True))

    def place_one(record: Mapping[str, Any]) -> int | None:
        found = linker.inference.predict_between(
            standing, read(pa.Table.from_pylist([record], schema=records.schema)), warning_mode="never"
        )
        best = backend.duckdb_con.execute(
            f"SELECT unique_id_l, unique_id_r FROM {found.physical_name} ORDER BY match_weight DESC LIMIT 1"
        ).fetchall()
        return next((whose[who] for pair in best for who in pair if who in whose), None)

    place_one(records.slice(0, 1).to_pylist()[0])
    return _timed(records, place_one)


def run(persons: int = PERSONS, asked: int = RECORDS) -> dict[str, Any]:
    """Both sides on the same rows, one after the other."""
    rows, records = rows_and_records(persons, asked)
    mine, size, built = ours(rows, records)
    theirs = peer(rows, records.slice(0, PEER_RECORDS))
    return {
        "persons": persons, "records": asked, "p50_ms": mine.at(50), "p99_ms": mine.at(99),
        "p50_processor_ms": float(np.median(mine.processor)), "right": mine.right / asked,
        "index_mb": size, "built_s": built, "peer_records": len(theirs.milliseconds), "peer_p50_ms": theirs.at(50),
        "peer_p50_processor_ms": float(np.median(theirs.processor)),
        "peer_right": theirs.right / len(theirs.milliseconds), "share_of_peer": mine.at(99) / theirs.at(50),
    }  # fmt: skip


def measure() -> Section:
    """The section of docs/measured.md."""
    found = run()
    return Section(
        "One record among a million persons",
        (
            ("our time, median / p99", f"{found['p50_ms']:.1f} / {found['p99_ms']:.1f} ms"),
            ("Splink's predict_between, median", f"{found['peer_p50_ms']:.0f} ms"),
            ("our p99 as a share of it", f"{found['share_of_peer']:.3f}"),
            ("right person first, ours / Splink", f"{found['right']:.3f} / {found['peer_right']:.3f}"),
            ("sealed index", f"{found['index_mb']:.0f} MB"),
        ),
        f"{found['records']} held-out records for us, {found['peer_records']} for Splink, one at a time.",
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(*map(int, sys.argv[1:3])), indent=1) + "\n")
