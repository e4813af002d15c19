"""From an extract straight to encodings, a stretch at a time, in one process or several.

Invariants: what is given out holds no clear identifier; several processes give the same encodings as one, in another
order; workers read the file themselves, so that no clear identifier passes between processes; their keys are derived
for the encoder and the re-keying alone and reach them through a pipe, never a file."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from queue import Empty

import pyarrow as pa

from linkage.encoding.encode import encode_columns, encoder_subkeys, rekey
from linkage.intake.batches import Batch
from linkage.intake.extracts import Extract
from linkage.intake.readers.outcome import FileRefused
from linkage.intake.spec_model import DatasetSpec
from linkage.intake.validate import batches, understood
from linkage.reasons import FileReason
from linkage.rows import KeyedHash

STRETCH = 32_768
_WAITING = 4
"""Stretches that may wait to be taken from each worker."""
_PATIENCE = 0.5


class WorkerLost(Exception):
    """An encoding process ended before its work was done."""


@dataclass(frozen=True, slots=True, repr=False)
class Subkeys:
    """The derived keys of the encoder and the re-keying, apart from the ring they came from."""

    held: Mapping[tuple[str, str], bytes] = field(repr=False)

    def subkey(self, label: str, info: str) -> bytes:
        return self.held[label, info]

    def mac(self, label: str, data: bytes) -> bytes:
        raise KeyError(label)


def _ids(count: int) -> pa.Array:
    drawn = os.urandom(16 * count).hex()
    return pa.array([drawn[at : at + 32] for at in range(0, 32 * count, 32)])


def encoded_batch(batch: Batch, spec: DatasetSpec, keys: KeyedHash) -> pa.Table:
    """The re-keyed encodings of every role in a batch, under fresh random ids."""
    records = _ids(len(batch)).to_pylist()
    tables = []
    for name, people in batch.people.items():
        rows = sum(people.held)
        constant: dict[str, str | bool] = {"dataset": spec.dataset, "provider": spec.provider.code, "role": name}
        constant |= {"unborn": name in batch.unborn, "one_row_per_person": spec.one_row_per_person}
        roles = {key: pa.repeat(pa.scalar(value), rows) for key, value in constant.items()}
        roles |= {"role_id": _ids(rows), "record_id": people.where_held(records)}
        tables.append(rekey(encode_columns(roles, people.by_column(), keys), keys))
    return pa.concat_tables(tables)


def encoded(
    extract: Extract, spec: DatasetSpec, keys: KeyedHash, *, processes: int = 1, stretch: int = STRETCH
) -> Iterator[pa.Table]:
    """The re-keyed encodings of a whole extract. Raises `FileRefused` if it changed, `WorkerLost`."""
    if processes == 1:
        for batch in batches(extract, spec, size=stretch):
            yield encoded_batch(batch, spec, keys)
        return
    subkeys = Subkeys(encoder_subkeys(keys))
    context = get_context("spawn")
    out: Queue[bytes | FileReason | None] = context.Queue(_WAITING * processes)
    work = (extract, spec, subkeys, date.today(), processes, stretch, out)
    workers = [context.Process(target=_share, args=(at, *work), daemon=True) for at in range(processes)]
    for worker in workers:
        worker.start()
    try:
        yield from _received(out, workers)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _received(out: "Queue[bytes | FileReason | None]", workers: list[SpawnProcess]) -> Iterator[pa.Table]:
    working = len(workers)
    while working:
        message = _next(out, workers)
        if message is None:
            working -= 1
        elif isinstance(message, FileReason):
            raise FileRefused(message)
        else:
            yield pa.ipc.open_stream(message).read_all()


def _next(out: "Queue[bytes | FileReason | None]", workers: list[SpawnProcess]) -> bytes | FileReason | None:
    while True:
        try:
            return out.get(timeout=_PATIENCE)
        except Empty:
            if any(worker.exitcode for worker in workers):
                raise WorkerLost("an encoding process ended early") from None


def _share(
    at: int,
    extract: Extract,
    spec: DatasetSpec,
    keys: Subkeys,
    today: date,
    processes: int,
    stretch: int,
    out: "Queue[bytes | FileReason | None]",
) -> None:
    """Encode every stretch whose number is `at` in turn."""
    understand = understood(extract, spec, today)
    try:
        records, number = iter(extract), 0
        while held := list(islice(records, stretch)):
            if number % processes == at:
                out.put(_packed(encoded_batch(understand(held), spec, keys)))
            number += 1
        out.put(None)
    except FileRefused as refusal:
        out.put(refusal.code)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed
