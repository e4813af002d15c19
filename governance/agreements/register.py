"""Agreements from file to force: read, checked, imported, and moved through their life (see `lifecycle`, `signing`).

Invariants: a version is immutable once imported (the same code and version with other content is refused); only the
moves of the life cycle's table are made; every change is recorded in the ledger in the same transaction; when a
version comes into force its predecessors are superseded.
Sources: the WASPI life cycle (draft, consultation, assured, signed).
"""

from dataclasses import replace
from datetime import date, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from governance.agreements.documents import SHIPPED, AgreementRefused, load_agreement, read_agreement, shipped
from governance.agreements.findings import Finding, Severity, errors
from governance.agreements.flows import Agreement, Standing
from governance.agreements.lifecycle import MOVES, NEXT, Assurance, Proposal, refusal
from governance.agreements.lint import NOTHING_KNOWN, Known, check
from governance.agreements.rows import held_version, recorders, status_of
from governance.agreements.standings import covered, in_force, standings
from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record
from governance.legal_time import legal_date
from governance.store import agreement, agreement_status
from governance.terms import AgreementStatus, EventKind

S = AgreementStatus

__all__ = [
    "NEXT",
    "SHIPPED",
    "AgreementRefused",
    "Finding",
    "Severity",
    "check",
    "covered",
    "expire",
    "import_agreement",
    "in_force",
    "load_agreement",
    "read_agreement",
    "set_status",
    "shipped",
    "standing_of",
    "standings",
    "status_of",
]


def import_agreement(
    session: Session, ring: KeyRing, document: Agreement, at: datetime, by: str, known: Known = NOTHING_KNOWN
) -> str:
    """Store a checked version as a draft and return its id; the same version again returns the same id."""
    findings = errors(check(document, known))
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
    assurance: Assurance | None = None,
) -> None:
    """Move an agreement on; raise AgreementRefused for a move its life does not allow."""
    row = held_version(session, agreement_id)
    _move(session, ring, row, Proposal(*_asked(session, row, status, at, by), False, reason, assurance), at)
    if status is S.IN_FORCE:
        _supersede(session, ring, row, at, by)


def expire(session: Session, ring: KeyRing, at: datetime, by: str) -> int:
    """Record of every version past its last day that it has run out, and return how many. Access ended by itself."""
    gone = 0
    for row in session.execute(select(agreement).where(agreement.c.expires <= legal_date(at))).all():
        if (status_of(session, row.id), S.EXPIRED) in MOVES:
            _move(session, ring, row, Proposal(*_asked(session, row, S.EXPIRED, at, by), True), at)
            gone += 1
    return gone


def _supersede(session: Session, ring: KeyRing, row: Any, at: datetime, by: str) -> None:
    others = select(agreement).where(agreement.c.code == row.code, agreement.c.id != row.id)
    for other in session.execute(others).all():
        if (status_of(session, other.id), S.SUPERSEDED) in MOVES:
            _move(session, ring, other, Proposal(*_asked(session, other, S.SUPERSEDED, at, by), True), at)


def _asked(
    session: Session, row: Any, status: AgreementStatus, at: datetime, by: str
) -> tuple[Standing, AgreementStatus, date, str, str]:
    standing = next(s for s in standing_of(session, row.code, at) if s.agreement.version == row.version)
    standing = replace(standing, status=status_of(session, row.id))
    return standing, status, legal_date(at), by, recorders(session, row.id).get(S.DRAFT, "")


def _move(session: Session, ring: KeyRing, row: Any, wanted: Proposal, at: datetime) -> None:
    if (why := refusal(wanted)) is not None:
        raise AgreementRefused(why)
    _note(session, row.id, wanted.to, wanted.reason, at, wanted.by, wanted.assurance)
    _audit(session, ring, row.code, row.version, wanted.to, at, wanted.by)


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


def _note(
    session: Session,
    agreement_id: str,
    status: AgreementStatus,
    reason: str | None,
    at: datetime,
    by: str,
    assurance: Assurance | None = None,
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
            qa_group=assurance.group if assurance else None,
            qa_date=assurance.on if assurance else None,
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
