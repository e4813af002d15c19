"""Encoding at a partner: an extract becomes one sealed file of marks, encodings and coded claims.

Invariants: the encoder's keys are all it needs, so that it runs behind a partner's own walls, without database or ring;
clear identifiers live in one stretch at a time and leave it only sealed for the service, when asked for; the file is
whole or not there at all.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from app.deployment import Deployment
from app.envelopes import pack
from app.stretches import HELD, NOT_HELD, marked, sex_and_month
from governance.keys.bundles import Bundle, write_bundle
from governance.keys.keystore import Passphrase
from governance.ledger import ledger
from governance.ledger.entries import Detail
from governance.ledger.ledger import AuditEvent
from governance.terms import EventKind, Outcome
from linkage.encoding.encode import (
    ROLE_COLUMNS,
    content_marks,
    encode_columns,
    partner_subkeys,
    record_marks,
    transport,
)
from linkage.intake.batches import Batch
from linkage.intake.extracts import open_extract
from linkage.intake.spec import DatasetSpec
from linkage.intake.validate import batches
from linkage.partner.encoded_file import ENCODED, PEOPLE, EncodedWriter, Header, row_plain
from linkage.partner.encoding_run import Subkeys
from linkage.partner.sealed_identities import Sender, recipient_key
from linkage.rows import Identity, KeyedHash, SourceRow

Progress = Callable[[int], None]


class OtherPartner(Exception):
    """The bundle was made for another partner than the spec's provider."""


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """What the partner is told; no values."""

    dataset: str
    physical: int
    encoded: int
    rejected: int
    with_identities: bool
    rejected_by_reason: Mapping[str, int]
    warnings_by_reason: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """What an encoder holds."""

    partner: str
    keys: KeyedHash
    recipient: bytes


def partner_keys(bundle: Bundle) -> PartnerKeys:
    return PartnerKeys(bundle.partner, Subkeys(bundle.subkeys), bundle.recipient)


def make_bundle(deployment: Deployment, partner: str, path: Path, seal: Passphrase, at: datetime) -> None:
    """Write a partner's bundle, with an entry in the log first: what is in nobody's log is in nobody's hands."""
    detail: dict[Detail, str | int] = {Detail.OPERATION: "encoding_bundle", Detail.ORGANISATION: partner}
    with deployment.database.writing() as session:
        ledger.record(session, deployment.ring, AuditEvent(EventKind.KEY_CEREMONY, Outcome.DONE, detail=detail), at)
    ring = deployment.ring
    write_bundle(path, Bundle(partner, partner_subkeys(ring, partner), recipient_key(ring)), seal)


def encode_file(
    held: PartnerKeys,
    spec: DatasetSpec,
    path: Path,
    out: Path,
    *,
    envelope: bool = False,
    progress: Progress | None = None,
) -> EncodeReport:
    """Encode one extract into one sealed file. Raises FileRefused, OtherPartner."""
    if held.partner != spec.provider.code:
        raise OtherPartner("this bundle was made for another partner than the spec's provider")
    extract = open_extract(path, spec)
    sender = Sender(held.recipient) if envelope else None
    whose = (HELD if envelope else NOT_HELD) + bytes.fromhex(extract.digest)
    header = Header(
        dataset=spec.dataset,
        provider=spec.provider.code,
        spec=spec.digest(),
        source=content_marks(held.keys, [whose])[0].hex(),
        physical=extract.physical_records,
        sender=None if sender is None else sender.public.hex(),
    )
    rejected: Counter[str] = Counter()
    warned: Counter[str] = Counter()
    with EncodedWriter(out, held.keys.subkey(*transport(held.partner)), header) as writer:
        for batch in batches(extract, spec, datetime.now(UTC).date()):
            _write(writer, batch, spec, held.keys, sender)
            rejected.update(rejection.problem.code for rejection in batch.rejections)
            warned.update(problem.code for problems in batch.warnings.values() for problem in problems)
            if progress is not None:
                progress(len(batch) + len(batch.rejections))
    encoded = extract.physical_records - rejected.total()
    return EncodeReport(
        spec.dataset, extract.physical_records, encoded, rejected.total(), envelope, dict(rejected), dict(warned)
    )


def _write(writer: EncodedWriter, batch: Batch, spec: DatasetSpec, keys: KeyedHash, sender: Sender | None) -> None:
    rows = list(batch.rows())
    marks = record_marks(keys, spec.dataset, batch.record_ids)
    contents = content_marks(keys, (marked(row, held=sender is not None) for row in rows))
    claims = [row_plain(row, mark, content) for row, mark, content in zip(rows, marks, contents, strict=True)]
    named = record_marks(keys, spec.dataset, (held.record_id or "" for held in batch.rejections))
    refused = [
        (held.problem, None if held.record_id is None else mark)
        for held, mark in zip(batch.rejections, named, strict=True)
    ]
    tables = [_people(batch, role, rows, marks, spec, keys, sender) for role in batch.people]
    writer.add(claims, pa.concat_tables(tables) if tables else PEOPLE.empty_table(), refused)


def _people(
    batch: Batch,
    role: str,
    rows: list[SourceRow],
    marks: list[bytes],
    spec: DatasetSpec,
    keys: KeyedHash,
    sender: Sender | None,
) -> pa.Table:
    """One role's lines: what the record store keeps, the sealed identity, the encodings."""
    held = batch.people[role]
    places = [at for at, present in enumerate(held.held) if present]
    told = [sex_and_month(rows[at].people[role]) for at in places]
    constant = {"provider": spec.provider.code, "unborn": role in batch.unborn}
    constant |= {"one_row_per_person": spec.one_row_per_person}
    roles = {name: pa.repeat(pa.scalar(constant.get(name, "")), len(places)) for name in ROLE_COLUMNS}
    encoded = encode_columns(roles, held.by_column(), keys)
    columns = {
        "row": pa.array(places, pa.int32()),
        "role": pa.array([role] * len(places), pa.string()),
        "birth_month": pa.array([month for _, month in told], pa.string()),
        "stated_sex": pa.array([sex for sex, _ in told], pa.string()),
        "envelope": pa.array(_sealed(sender, ((rows[at].people[role], marks[at]) for at in places), role), pa.binary()),
    }
    columns |= {name: encoded.column(name) for name in ENCODED}
    return pa.table(columns, schema=PEOPLE)


def _sealed(sender: Sender | None, people: Iterator[tuple[Identity, bytes]], role: str) -> list[bytes | None]:
    return [None if sender is None else sender.seal(pack(identity), mark, role) for identity, mark in people]
