"""What has become of each agreement: its newest status, and the parties whose signatures verify.

Invariants: an agreement is read from the very text that is stored and known by that text's own hash, so an edited row
is another, unsigned agreement; a signature counts only when it verifies over that hash under a key that was that
organisation's when it signed; a status never recorded is a draft.
Sources: RFC 8032 (Ed25519), RFC 8785 (canonical JSON).
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from governance.agreements.documents import agreement_from
from governance.agreements.flows import Agreement, Flow, Standing, flow_lapse, lapse
from governance.legal_time import legal_date
from governance.store import agreement, agreement_signature, agreement_status, signing_key
from governance.terms import AgreementStatus, Category

CONTEXT: Final = b"linked-family-record agreement signature 1\n"


def signed_bytes(document_hash: str, organisation: str) -> bytes:
    """Return what a designated person signs: this version, for this party."""
    return CONTEXT + document_hash.encode() + b"\n" + organisation.encode()


@lru_cache(maxsize=4096)
def verify_signature(public_key: bytes, signature: bytes, document_hash: str, organisation: str) -> bool:
    """Tell whether a signature is this party's, over this very version."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed_bytes(document_hash, organisation))
    except (InvalidSignature, ValueError):
        return False
    return True


def standings(session: Session, at: datetime) -> tuple[Standing, ...]:
    """Return every version of every agreement as it stood at that instant."""
    rows = session.execute(
        select(agreement.c.id, cast(agreement.c.document, Text).label("text"))
        .where(agreement.c.imported_at <= at)
        .order_by(agreement.c.code, agreement.c.version)
    ).all()
    statuses, signatures = _statuses(session, at), _signatures(session, at)
    return tuple(_standing(_parsed(row.text), statuses.get(row.id), signatures.get(row.id, [])) for row in rows)


def in_force(session: Session, at: datetime) -> tuple[Standing, ...]:
    """Return the versions under which flows may be live at that instant."""
    today = legal_date(at)
    return tuple(standing for standing in standings(session, at) if lapse(standing, today) is None)


def agreements_with(session: Session, hashes: Collection[str]) -> dict[str, Agreement]:
    """Return the agreements whose stored text has one of these hashes, by hash."""
    column = agreement.c.document_hash
    texts = session.scalars(select(cast(agreement.c.document, Text)).where(column.in_(sorted(hashes))))
    return {parsed.hash: parsed for parsed in map(_parsed, texts) if parsed.hash in hashes}


def covered(session: Session, provider: str, at: datetime) -> frozenset[Category]:
    """Return the categories that some live flow takes from this provider: what no flow takes is not stored."""
    today = legal_date(at)
    flows = (
        flow
        for standing in standings(session, at)
        for flow in standing.agreement.flows
        if flow.source == provider and _live_somewhere(standing, flow, today)
    )
    return frozenset[Category]().union(*(flow.categories for flow in flows))


def _live_somewhere(standing: Standing, flow: Flow, today: Any) -> bool:
    return any(flow_lapse(standing, flow, to.organisation, today) is None for to in flow.to)


@lru_cache(maxsize=512)
def _parsed(text: str) -> Agreement:
    return agreement_from(json.loads(text))


def _statuses(session: Session, at: datetime) -> dict[str, AgreementStatus]:
    newest = (
        select(agreement_status.c.agreement_id, func.max(agreement_status.c.ordinal).label("ordinal"))
        .where(agreement_status.c.recorded_at <= at)
        .group_by(agreement_status.c.agreement_id)
        .subquery()
    )
    query = select(agreement_status.c.agreement_id, agreement_status.c.status).join(
        newest,
        (agreement_status.c.agreement_id == newest.c.agreement_id) & (agreement_status.c.ordinal == newest.c.ordinal),
    )
    return {row.agreement_id: AgreementStatus(row.status) for row in session.execute(query)}


def _signatures(session: Session, at: datetime) -> dict[str, list[Any]]:
    """Return the signatures that a key in use made, by agreement."""
    signed, key = agreement_signature.c, signing_key.c
    by_key = (key.organisation == signed.organisation) & (key.public_key == signed.public_key)
    query = (
        select(signed.agreement_id, signed.organisation, signed.public_key, signed.signature)
        .join(signing_key, by_key)
        .where(signed.signed_at <= at, key.registered_at <= signed.signed_at)
        .where(key.revoked_at.is_(None) | (key.revoked_at > signed.signed_at))
    )
    held: dict[str, list[Any]] = {}
    for row in session.execute(query):
        held.setdefault(row.agreement_id, []).append(row)
    return held


def _standing(parsed: Agreement, status: AgreementStatus | None, rows: Iterable[Any]) -> Standing:
    verified = (
        row.organisation
        for row in rows
        if verify_signature(row.public_key, row.signature, parsed.hash, row.organisation)
    )
    return Standing(parsed, status or AgreementStatus.DRAFT, frozenset(verified))
