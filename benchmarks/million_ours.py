"""Our side at a million rows: from a file of readable rows to persons, stage by stage, in a process of its own.

Reading, encoding, sealing and linking are the product's own functions; the record store and the vault are left out and
measured elsewhere. `python -m benchmarks.million_ours ROWS.parquet [MEMORY]` prints JSON."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.agreement import Ints, agreement
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from linkage.encoding.encode import encoder_subkeys
from linkage.grouping import persons
from linkage.intake.extracts import open_extract
from linkage.intake.spec import load_spec
from linkage.intake.spec_model import DatasetSpec
from linkage.intake.validate import understood
from linkage.matching import blocking, blocking_choice, exclusions, frequencies, matching, profiles, splink_engine
from linkage.partner.encoding_run import Subkeys, encoded_batch
from linkage.rows import KeyedHash
from linkage.run import DEFAULT_JOIN
from linkage.zone.zone import Zone, open_zone

SPEC = """
dataset: people
provider: Somebody New
record_id: unique_id
identifiers:
  given_name: first_name
  family_name: surname
  date_of_birth: {column: dob, format: "%Y-%m-%d"}
  address: [birth_place]
  postcode: {column: postcode_fake, format: any}
"""
_STRETCH = 32_768
_PROCESSES = 2
_TOKEN = "own_id"
_STEPS: tuple[tuple[str, ModuleType, str], ...] = (
    ("open", profiles, "prepare"), ("fold", profiles, "fold"), ("block keys", blocking, "add_blocks"),
    ("train", splink_engine, "train"), ("frequencies", frequencies, "learn"), ("frequencies", frequencies, "attach"),
    ("choose rules", blocking_choice, "choose"), ("candidates", blocking, "candidates"),
    ("claims", exclusions, "state"), ("claims", exclusions, "read"), ("group", persons, "group"),
)  # fmt: skip


class Stages:
    """Seconds by stage. A stage that another contains is not counted twice."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner = 0.0

    def timed(self, stage: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            before, outside, self._inner = time.perf_counter(), self._inner, 0.0
            try:
                return act(*given, **named)
            finally:
                spent = time.perf_counter() - before
                self.seconds[stage] = self.seconds.get(stage, 0.0) + spent - self._inner
                self._inner = outside + spent

        return timed


Work = tuple[int, int, str, DatasetSpec, Subkeys]


def _encode_share(work: Work) -> Iterator[bytes]:
    """Every stretch whose number is `at` in turn, encoded, with each row's own id beside it."""
    at, of, path, spec, keys = work
    extract = open_extract(Path(path), spec)
    understand = understood(extract, spec, date(2026, 11, 22))
    records, number = iter(extract), 0
    while held := list(islice(records, _STRETCH)):
        if number % of == at:
            batch = understand(held)
            table = encoded_batch(batch, spec, keys)
            ids = batch.people["self"].where_held(batch.record_ids)
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema.append(pa.field(_TOKEN, pa.string()))) as writer:
                writer.write_table(table.append_column(_TOKEN, ids))
            yield sink.getvalue().to_pybytes()
        number += 1


def _encode_into(made: "Queue[bytes | None]", work: Work) -> None:
    try:
        for message in _encode_share(work):
            made.put(message)
    finally:
        made.put(None)


def _beside(work: Sequence[Work]) -> Iterator[bytes]:
    """What a process for each share makes, as it comes; they wait where it is not fetched."""
    context = get_context("spawn")
    made: Queue[bytes | None] = context.Queue(len(work))
    workers = [context.Process(target=_encode_into, args=(made, share)) for share in work]
    for worker in workers:
        worker.start()
    at_work = len(workers)
    while at_work:
        message = made.get()
        if message is None:
            at_work -= 1
        else:
            yield message
    for worker in workers:
        worker.join()
        if worker.exitcode != 0:
            raise RuntimeError("a process that encodes failed")


def encoded(path: Path, folder: Path, keys: KeyedHash, processes: int = _PROCESSES) -> Iterator[pa.Table]:
    """The file's rows as they go into the zone, each with its own id; read by so many processes, or by this one."""
    (folder / "people.yaml").write_text(SPEC, encoding="utf-8")
    spec, subkeys = load_spec(folder / "people.yaml"), Subkeys(encoder_subkeys(keys))
    work = [(at, processes, str(path), spec, subkeys) for at in range(processes)]
    for message in _encode_share(work[0]) if processes == 1 else _beside(work):
        yield pa.ipc.open_stream(message).read_all()


def load_rows(zone: Zone, tables: Iterable[pa.Table], load: str = "0" * 32, ordinal: int = 1) -> None:
    """Put encoded rows into the zone as one load."""
    zone.begin(load, ordinal, "people")
    for table in tables:
        records, tokens = (table.column(name).to_pylist() for name in ("record_id", _TOKEN))
        zone.add_records([(record, token, "") for record, token in zip(records, tokens, strict=True)])
        zone.add_encoded(table)
    zone.commit()


def _labels(zone: Zone, path: Path) -> tuple[Ints, Ints]:
    """For every row that was linked: the group it was found in, and whose it is."""
    truth = pq.read_table(path, columns=["unique_id", "person"])
    with zone.lent("truth", truth):
        found = zone.table(
            "SELECT g.grp, t.person FROM member m JOIN grouped g USING (profile) JOIN live l USING (role_id)"
            " JOIN truth t ON CAST(t.unique_id AS VARCHAR) = l.record_token"
        )
    return np.asarray(found.column("grp").to_numpy()), np.asarray(found.column("person").to_numpy())


def run(path: Path, memory: str = "2500MB") -> dict[str, Any]:
    """The whole way; seconds by stage, and how well persons agree with the truth at the default threshold."""
    keys, stages = SoftwareKeyRing(new_keys(FIRST_LABELS)), Stages()
    for stage, module, name in _STEPS:
        setattr(module, name, stages.timed(stage, getattr(module, name)))
    bounds = persons.Bounds(join=DEFAULT_JOIN, doubt=DEFAULT_JOIN - 3.0)
    with tempfile.TemporaryDirectory(prefix="family-record-") as folder, open_zone(
        Path(folder), keys, memory_limit=memory
    ) as zone:  # fmt: skip
        stages.timed("read, encode and seal", load_rows)(zone, encoded(path, Path(folder), keys))
        matching.lay_decisions(zone, [])
        found = stages.timed("score and the rest", matching.full)(zone, bounds)
        [(persons_found,)] = zone.rows("SELECT count(DISTINCT grp) FROM grouped")
        clock = time.perf_counter()
        best = agreement(*_labels(zone, path))
        unpaid = time.perf_counter() - clock
    return {
        "stages": stages.seconds, "profiles": found.profiles, "pairs": found.pairs, "persons": int(persons_found),
        "threshold": DEFAULT_JOIN, "f1": best.f1, "precision": best.precision, "recall": best.recall,
        "unpaid": unpaid,
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), *sys.argv[2:3])) + "\n")
