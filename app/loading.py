"""Loading an extract, or what a partner encoded of one: read, pseudonymise, stage, complete.

Invariants:
* a bad file is refused whole before anything is staged; a bad row never stops a good one and is never lost
  (`physical = accepted + rejected + duplicates`, checked before a load completes);
* rows are staged in short transactions with `current` false, and become current in one transaction together with the
  ledger's entry; a load that was cut off is removed at the next one;
* the linkage zone commits first, the database second: the database says which loads exist, the zone forgets others;
* what no agreement in force covers is not stored, only counted by category;
* clear identifiers live in one batch at a time, and leave it as tokens, encodings and ciphertext.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.load_batches import Load, Tally
from app.load_rows import LoadScope, new_id
from app.receiving import PostcodeTokens, open_received, received
from app.stretches import HELD, DoorStretch, Stretch
from app.zones import deployment_zone
from governance import people
from governance.agreements import register
from governance.keys import quarantine, vault
from governance.ledger import ledger
from governance.ledger.entries import Detail
from governance.ledger.ledger import AuditEvent
from governance.terms import EventKind, Outcome
from linkage.encoding.encode import content_marks
from linkage.intake import loads, validate
from linkage.intake.extracts import Extract, open_extract
from linkage.intake.spec import DatasetSpec
from linkage.partner.transport import is_encoded
from linkage.rows import Rejection, SourceRow
from linkage.zone.zone import Zone

BATCH_ROWS = 4000
"""Bounds both the memory held in clear and the time one write keeps others waiting."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What the steward and the provider are told of a load; no values."""

    dataset: str
    load_id: str
    unchanged: bool
    physical: int
    accepted: int
    rejected: int
    duplicates: int
    ended: int
    ending_held_back: bool
    rejected_by_reason: Mapping[str, int]
    warnings_by_reason: Mapping[str, int]
    not_covered: Mapping[str, int]


class Unconserved(Exception):
    """The counts of a load do not add up; nothing of it was kept."""


def load_file(
    deployment: Deployment, spec: DatasetSpec, path: Path, *, kind: str | None = None, progress: Progress | None = None
) -> LoadReport:
    """Load one extract and return its report.

    Raises FileRefused (the file as a whole is bad), ProviderChanged, ZoneBusy; whatever it raises, nothing that was
    held before is changed.
    """
    source = _source(deployment, spec, path)
    now = datetime.now(UTC)
    kind = kind or spec.load
    with deployment.database.writing() as session:
        covered = _register(session, deployment, spec, now)
    scope_digest = _digest(spec.digest(), *sorted(covered))
    file_digest = deployment.ring.mac("content/1", source.mark).hex()
    with deployment.database.reading() as session:
        last = loads.latest(session, spec.dataset)
    if last is not None and (last.file_digest, last.scope_digest, last.kind) == (file_digest, scope_digest, kind):
        return _unchanged(spec, last.id, source)
    with deployment_zone(deployment) as zone:
        discard_unfinished(deployment, zone)
        scope = LoadScope(new_id(), spec.dataset, spec.provider.code, covered)
        load = Load(deployment, zone, spec, scope, scope_digest, now, Tally())
        return _run(load, source, kind=kind, file_digest=file_digest, progress=progress)


@dataclass(frozen=True)
class _Source:
    """A sound file: a mark of its content, how many records it holds, and its stretches for a load."""

    mark: bytes
    physical: int
    stretches: Callable[[Load], Iterator[Stretch]]


def _source(deployment: Deployment, spec: DatasetSpec, path: Path) -> _Source:
    """Open an extract, or what a partner encoded of one."""
    ring = deployment.ring
    if is_encoded(path):
        found = open_received(path, spec, ring)
        with deployment.database.reading() as session:
            postcodes = PostcodeTokens(session, ring)
        header = found.header
        return _Source(
            bytes.fromhex(header.source),
            header.physical,
            lambda load: received(found, spec, load.scope, postcodes, ring),
        )
    extract = open_extract(path, spec)
    [mark] = content_marks(ring, [HELD + bytes.fromhex(extract.digest)])
    return _Source(mark, extract.physical_records, partial(_at_the_door, extract))


def _at_the_door(extract: Extract, load: Load) -> Iterator[Stretch]:
    for batch in _batches(validate.rows(extract, load.spec)):
        yield DoorStretch(batch, load.spec, load.scope, load.deployment.ring)


def discard_unfinished(deployment: Deployment, zone: Zone) -> int:
    """Remove what a load that was cut off had staged, everywhere; return how many loads that were."""
    with deployment.database.reading() as session:
        unfinished, completed = loads.unfinished(session), loads.completed(session)
        roles = {load_id: loads.staged_roles(session, load_id) for load_id in unfinished}
    zone.reconcile(completed)
    for load_id in unfinished:
        with deployment.database.writing() as session:
            vault.discard(session, deployment.wrapped_keys, roles[load_id])
            quarantine.discard(session, deployment.wrapped_keys, load_id)
            loads.discard(session, load_id)
    return len(unfinished)


def _run(load: Load, source: _Source, *, kind: str, file_digest: str, progress: Progress | None) -> LoadReport:
    scope = load.scope
    with load.deployment.database.writing() as session:
        ordinal = loads.begin(
            session,
            {
                "id": scope.load_id,
                "dataset": scope.dataset,
                "kind": kind,
                "file_digest": file_digest,
                "scope_digest": load.scope_digest,
                "started_at": load.started_at,
            },
        )
    try:
        load.zone.begin(scope.load_id, ordinal, scope.dataset)
        for stretch in source.stretches(load):
            load.take(stretch)
            if progress is not None:
                progress(len(stretch.rows) + len(stretch.rejections))
        ended = load.end_opted_out() + (load.end_unseen() if kind == "snapshot" else [])
        return _complete(load, source, ended, held_back=kind == "snapshot" and load.tally.unnamed > 0)
    except BaseException:
        load.zone.rollback()
        discard_unfinished(load.deployment, load.zone)
        raise


def _complete(load: Load, source: _Source, ended: list[str], *, held_back: bool) -> LoadReport:
    tally, scope = load.tally, load.scope
    counts = loads.Counts(
        physical=source.physical,
        accepted=tally.accepted,
        rejected=tally.rejected.total(),
        duplicates=tally.duplicates,
        ended=len(ended),
        not_covered=dict(tally.not_covered),
    )
    if counts.physical != counts.accepted + counts.rejected + counts.duplicates:
        raise Unconserved(f"load of {scope.dataset}: rows read, accepted, rejected and repeated do not add up")
    load.zone.commit()
    with load.deployment.database.writing() as session:
        loads.renew_dataset(session, _dataset_row(load.spec, load.started_at))
        loads.add_coverage(session, _coverage(load))
        loads.complete(session, scope.load_id, ended, counts, datetime.now(UTC))
        ledger.record(session, load.deployment.ring, _entry(load, counts), datetime.now(UTC))
    return _reported(load, counts, held_back)


def _reported(load: Load, counts: loads.Counts, held_back: bool) -> LoadReport:
    return LoadReport(
        dataset=load.scope.dataset,
        load_id=load.scope.load_id,
        unchanged=False,
        physical=counts.physical,
        accepted=counts.accepted,
        rejected=counts.rejected,
        duplicates=counts.duplicates,
        ended=counts.ended,
        ending_held_back=held_back,
        rejected_by_reason=dict(load.tally.rejected),
        warnings_by_reason=dict(load.tally.warnings),
        not_covered=counts.not_covered,
    )


def _entry(load: Load, counts: loads.Counts) -> AuditEvent:
    detail: dict[Detail, str | int] = {
        Detail.DATASET: load.scope.dataset,
        Detail.LOAD: load.scope.load_id,
        Detail.ROWS: counts.physical,
        Detail.ACCEPTED: counts.accepted,
        Detail.REJECTED: counts.rejected,
        Detail.DUPLICATE: counts.duplicates,
    }
    return AuditEvent(EventKind.LOAD, Outcome.DONE, organisation=load.scope.provider, detail=detail)


def _unchanged(spec: DatasetSpec, load_id: str, source: _Source) -> LoadReport:
    count = source.physical
    return LoadReport(spec.dataset, load_id, True, count, 0, 0, count, 0, False, {}, {}, {})


def _register(session: Session, deployment: Deployment, spec: DatasetSpec, now: datetime) -> frozenset[str]:
    """Register provider (unsigned if new) and data set; return the categories that agreements in force cover."""
    provider = spec.provider
    people.register_provider(session, deployment.ring, provider, now)
    loads.register_dataset(session, _dataset_row(spec, now))
    return frozenset(str(category) for category in register.covered(session, provider.code, now))


def _dataset_row(spec: DatasetSpec, now: datetime) -> dict[str, Any]:
    return {
        "name": spec.dataset,
        "provider": spec.provider.code,
        "spec_hash": spec.digest(),
        "spec": spec.canonical(),
        "one_row_per_person": spec.one_row_per_person,
        "registered_at": now,
    }


def _coverage(load: Load) -> list[dict[str, Any]]:
    stated = load.spec.coverage
    if stated is None:
        return []
    services = stated.services or sorted({event.service for event in load.spec.involvements})
    return [
        {
            "load_id": load.scope.load_id,
            "service": str(service),
            "dataset": load.scope.dataset,
            "provider": load.scope.provider,
            "covers_from": stated.from_,
            "covers_to": stated.to,
            "areas": list(stated.areas),
            "population": stated.population,
        }
        for service in services
    ]


def _batches(rows: Iterator[SourceRow | Rejection]) -> Iterator[list[SourceRow | Rejection]]:
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
