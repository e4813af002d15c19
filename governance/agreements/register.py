"""Agreements from file to force: read, checked, imported, signed, and moved through their life.

Invariants: a version is immutable once imported (the same code and version with other content is refused); only the
moves in `NEXT` are made; a signature is taken only from a party and only when it verifies; every change is recorded
in the ledger in the same transaction; when a version comes into force its predecessors are superseded.
Sources: the WASPI life cycle (draft, consultation, assured, signed); RFC 8032 (Ed25519).
"""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from governance.agreements.documents import SHIPPED, AgreementRefused, load_agreement, read_agreement, shipped
from governance.agreements.findings import Finding, Severity, errors
from governance.agreements.flows import Agreement, Standing
from governance.agreements.lint import check
from governance.agreements.standings import covered, in_force, signed_bytes, standings, verify_signature
from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record
from governance.store import agreement, agreement_signature, agreement_status
from governance.terms import AgreementStatus, EventKind

S = AgreementStatus

NEXT: Final[Mapping[AgreementStatus, frozenset[AgreementStatus]]] = MappingProxyType(
    {
        S.DRAFT: frozenset({S.CONSULTATION, S.ASSURED, S.WITHDRAWN}),
        S.CONSULTATION: frozenset({S.DRAFT, S.ASSURED, S.WITHDRAWN}),
        S.ASSURED: frozenset({S.SIGNED, S.WITHDRAWN}),
        S.SIGNED: frozenset({S.IN_FORCE, S.WITHDRAWN}),
        S.IN_FORCE: frozenset({S.SUSPENDED, S.EXPIRED, S.SUPERSEDED, S.WITHDRAWN}),
        S.SUSPENDED: frozenset({S.IN_FORCE, S.EXPIRED, S.SUPERSEDED, S.WITHDRAWN}),
        S.EXPIRED: frozenset(),
        S.SUPERSEDED: frozenset(),
        S.WITHDRAWN: frozenset(),
    }
)
"""The life of an agreement: status → what may follow."""

__all__ = [
    "NEXT",
    "SHIPPED",
    "AgreementRefused",
    "Finding",
    "Severity",
    "check",
    "covered",
    "import_agreement",
    "in_force",
    "load_agreement",
    "read_agreement",
    "set_status",
    "shipped",
    "sign",
    "standing_of",
    "standings",
    "status_of",
    "verify_signature",
]


def import_agreement(session: Session, ring: KeyRing, document: Agreement, at: datetime, by: str) -> str:
    """Store a checked version as a draft and return its id; the same version again returns the same id."""
    findings = errors(check(document))
    if findings:
        raise AgreementRefused("the agreement has errors", findings)
    held = session.execute(
        select(agreement.c.id, agreement.c.document_hash).where(
            agreement.c.code == document.code, agreement.c.version == document.version
        )
    ).one_or_none()
    if held is not None:
        if held.document_hash != document.hash:
            raise AgreementRefused("this version is already held with other content: give it a new version number")
        return str(held.id)
    agreement_id = token_hex(16)
    session.execute(insert(agreement), _row(agreement_id, document, at))
    _note(session, agreement_id, S.DRAFT, None, at, by)
    _audit(session, ring, document.code, document.version, S.DRAFT, at, by)
    return agreement_id


def set_status(
    session: Session,
    ring: KeyRing,
    agreement_id: str,
    status: AgreementStatus,
    at: datetime,
    by: str,
    reason: str | None = None,
) -> None:
    """Move an agreement on; raise AgreementRefused for a move its life does not allow."""
    row = _held(session, agreement_id)
    now = status_of(session, agreement_id)
    if status not in NEXT[now]:
        raise AgreementRefused(f"an agreement cannot go from {now} to {status}")
    if status is S.IN_FORCE:
        _supersede(session, ring, row, at, by)
    _note(session, agreement_id, status, reason, at, by)
    _audit(session, ring, row.code, row.version, status, at, by)


def sign(
    session: Session,
    ring: KeyRing,
    agreement_id: str,
    organisation: str,
    key: Ed25519PrivateKey,
    at: datetime,
    by: str,
) -> None:
    """Sign this version for a party with its designated person's key, and store the signature."""
    signature = key.sign(signed_bytes(_held(session, agreement_id).document_hash, organisation))
    public = key.public_key().public_bytes_raw()
    add_signature(session, ring, agreement_id, organisation, public, signature, at, by)


def add_signature(
    session: Session,
    ring: KeyRing,
    agreement_id: str,
    organisation: str,
    public_key: bytes,
    signature: bytes,
    at: datetime,
    by: str,
) -> None:
    """Store a party's signature made elsewhere; raise AgreementRefused unless it is a party's and verifies."""
    row = _held(session, agreement_id)
    if status_of(session, agreement_id) is not S.ASSURED:
        raise AgreementRefused("an agreement is signed once it is assured, and before it comes into force")
    parties = {entry["organisation"]: entry["designated_person"] for entry in row.document["parties"]}
    if organisation not in parties:
        raise AgreementRefused("only a party can sign an agreement")
    if not verify_signature(public_key, signature, row.document_hash, organisation):
        raise AgreementRefused("the signature does not verify over this version")
    session.execute(
        insert(agreement_signature).values(
            id=token_hex(16),
            agreement_id=agreement_id,
            organisation=organisation,
            signatory=parties[organisation]["name"],
            job_title=parties[organisation]["job_title"],
            public_key=public_key,
            signature=signature,
            signed_at=at,
        )
    )
    detail = {Detail.AGREEMENT: row.code, Detail.VERSION: row.version, Detail.ORGANISATION: organisation}
    record(session, ring, act(EventKind.AGREEMENT_SIGNED, by, detail), at)


def standing_of(session: Session, code: str, at: datetime) -> tuple[Standing, ...]:
    """Return every version of one agreement as it stands, oldest first."""
    return tuple(standing for standing in standings(session, at) if standing.agreement.code == code)


def _row(agreement_id: str, document: Agreement, at: datetime) -> dict[str, Any]:
    return {
        "id": agreement_id,
        "code": document.code,
        "version": document.version,
        "kind": document.kind,
        "title_en": document.title.en,
        "document": document.document,
        "document_hash": document.hash,
        "effective_from": document.effective_from,
        "review_due": document.review_due,
        "expires": document.expires,
        "imported_at": at,
    }


def _held(session: Session, agreement_id: str) -> Any:
    row = session.execute(select(agreement).where(agreement.c.id == agreement_id)).one_or_none()
    if row is None:
        raise AgreementRefused("no such agreement is held")
    return row


def status_of(session: Session, agreement_id: str) -> AgreementStatus:
    """Return where an agreement stands now."""
    query = (
        select(agreement_status.c.status)
        .where(agreement_status.c.agreement_id == agreement_id)
        .order_by(agreement_status.c.ordinal.desc())
        .limit(1)
    )
    return AgreementStatus(session.execute(query).scalar_one())


def _supersede(session: Session, ring: KeyRing, row: Any, at: datetime, by: str) -> None:
    others = select(agreement.c.id).where(agreement.c.code == row.code, agreement.c.id != row.id)
    for other in session.scalars(others).all():
        if S.SUPERSEDED in NEXT[status_of(session, other)]:
            set_status(session, ring, other, S.SUPERSEDED, at, by)


def _note(
    session: Session, agreement_id: str, status: AgreementStatus, reason: str | None, at: datetime, by: str
) -> None:
    last = select(func.max(agreement_status.c.ordinal)).where(agreement_status.c.agreement_id == agreement_id)
    ordinal = (session.execute(last).scalar_one() or 0) + 1
    session.execute(
        insert(agreement_status).values(
            id=token_hex(16),
            agreement_id=agreement_id,
            status=str(status),
            reason=reason,
            recorded_at=at,
            recorded_by=by,
            ordinal=ordinal,
        )
    )


def _audit(
    session: Session, ring: KeyRing, code: str, version: int, status: AgreementStatus, at: datetime, by: str
) -> None:
    detail: dict[Detail, str | int] = {
        Detail.AGREEMENT: code,
        Detail.VERSION: version,
        Detail.STATUS: str(status),
    }
    record(session, ring, act(EventKind.AGREEMENT_CHANGED, by, detail), at)
