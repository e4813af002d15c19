"""Signing: whose key an organisation signs with, and the signatures it has given.

Invariants: a key belongs to one organisation and one named holder; only a key that is registered and not revoked
signs, only for its own organisation, and only when its holder is the designated person that the document names; the
holder is neither the author nor the assurer; a signature is stored only when it verifies over that very version;
every registration, revocation and signature is a ledger entry in the same transaction. Private keys never come here.
Sources: RFC 8032 (Ed25519); the WASPI accord (the designated person signs for the organisation).
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from governance.agreements.documents import AgreementRefused
from governance.agreements.lifecycle import one_and_the_same
from governance.agreements.rows import held_version, recorders, status_of
from governance.agreements.standings import signed_bytes, verify_signature
from governance.keys.keys import KeyRing
from governance.ledger.acts import act
from governance.ledger.ledger import Detail, record, stored_instant
from governance.store import agreement, agreement_signature, organisation, signing_key, staff
from governance.terms import AgreementStatus, EventKind

SIGNABLE: Final = frozenset({AgreementStatus.ASSURED, AgreementStatus.SIGNED, AgreementStatus.IN_FORCE})
"""A party may sign from the assurance on; one that signs late makes its own flows live, nobody else's."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    id: str
    organisation: str
    holder: str
    public_key: bytes
    registered_at: datetime
    revoked_at: datetime | None

    @property
    def fingerprint(self) -> str:
        return sha256(self.public_key).hexdigest()


@dataclass(frozen=True, slots=True)
class Signed:
    """When a party's designated person signed, and the fingerprint of the key."""

    signatory: str
    at: datetime
    fingerprint: str


def signed_when(session: Session, code: str, version: int) -> dict[str, Signed]:
    """Return who signed a version and when, by organisation. Whether it verifies is told by its standing."""
    mark = agreement_signature.c
    query = select(mark.organisation, mark.signatory, mark.signed_at, mark.public_key).join(
        agreement, agreement.c.id == mark.agreement_id
    )
    rows = session.execute(query.where(agreement.c.code == code, agreement.c.version == version))
    return {r[0]: Signed(r[1], stored_instant(r[2]), sha256(r[3]).hexdigest()) for r in rows}


def register_key(
    session: Session, ring: KeyRing, organisation_code: str, holder: str, public_key: bytes, at: datetime, by: str
) -> str:
    """Record whose key an organisation signs with and return its id; the same key and holder again change nothing."""
    _must_be_a_key(public_key)
    known = select(organisation.c.code).where(organisation.c.code == organisation_code)
    if session.execute(known).first() is None:
        raise AgreementRefused("no such organisation is known")
    for held in keys_of(session):
        if held.public_key == public_key:
            same = (held.organisation, held.holder, held.revoked_at) == (organisation_code, holder, None)
            if same:
                return held.id
            raise AgreementRefused("this key is registered already, to somebody else or revoked: make another")
    key_id = token_hex(16)
    values = {"organisation": organisation_code, "holder": holder, "public_key": public_key}
    session.execute(insert(signing_key).values(id=key_id, **values, registered_at=at, registered_by=by))
    _note(session, ring, "signing-key-registered", organisation_code, public_key, at, by)
    return key_id


def revoke_key(session: Session, ring: KeyRing, key_id: str, at: datetime, by: str) -> None:
    """End a key at this instant: what it signed before still counts, it signs nothing more."""
    held = next((key for key in keys_of(session) if key.id == key_id and key.revoked_at is None), None)
    if held is None:
        raise AgreementRefused("no such key is in use")
    session.execute(update(signing_key).where(signing_key.c.id == key_id).values(revoked_at=at, revoked_by=by))
    _note(session, ring, "signing-key-revoked", held.organisation, held.public_key, at, by)


def keys_of(session: Session) -> list[SigningKey]:
    """Return every key ever registered, by organisation."""
    columns = signing_key.c
    query = select(
        columns.id, columns.organisation, columns.holder, columns.public_key, columns.registered_at, columns.revoked_at
    )
    ordered = query.order_by(columns.organisation, columns.registered_at, columns.id)
    return [SigningKey(*row) for row in session.execute(ordered)]


def holders(session: Session) -> dict[str, frozenset[str]]:
    """Return who holds an unrevoked key, by organisation."""
    found: dict[str, set[str]] = {}
    for key in keys_of(session):
        if key.revoked_at is None:
            found.setdefault(key.organisation, set()).add(key.holder)
    return {code: frozenset(names) for code, names in found.items()}


def sign(
    session: Session,
    ring: KeyRing,
    agreement_id: str,
    organisation_code: str,
    key: Ed25519PrivateKey,
    at: datetime,
    by: str,
) -> None:
    """Sign this version for a party with its designated person's key, and store the signature."""
    signature = key.sign(signed_bytes(held_version(session, agreement_id).document_hash, organisation_code))
    public = key.public_key().public_bytes_raw()
    add_signature(session, ring, agreement_id, organisation_code, public, signature, at, by)


def add_signature(
    session: Session,
    ring: KeyRing,
    agreement_id: str,
    organisation_code: str,
    public_key: bytes,
    signature: bytes,
    at: datetime,
    by: str,
) -> None:
    """Store a party's signature made elsewhere; raise AgreementRefused unless it is its designated person's."""
    row = held_version(session, agreement_id)
    if status_of(session, agreement_id) not in SIGNABLE:
        raise AgreementRefused("an agreement is signed once it is assured, and while it has not ended")
    parties = {entry["organisation"]: entry["designated_person"] for entry in row.document["parties"]}
    if organisation_code not in parties:
        raise AgreementRefused("only a party can sign an agreement")
    person = parties[organisation_code]
    _must_be_held_by(session, organisation_code, person["name"], public_key)
    _must_be_another(session, agreement_id, person["name"])
    if not verify_signature(public_key, signature, row.document_hash, organisation_code):
        raise AgreementRefused("the signature does not verify over this version")
    _store(session, row, organisation_code, person, public_key, signature, at)
    detail = {Detail.AGREEMENT: row.code, Detail.VERSION: row.version, Detail.ORGANISATION: organisation_code}
    record(session, ring, act(EventKind.AGREEMENT_SIGNED, by, detail), at)


def _store(
    session: Session, row: Any, organisation_code: str, person: Any, public_key: bytes, signature: bytes, at: datetime
) -> None:
    signed = agreement_signature.c
    earlier = select(signed.id).where(signed.agreement_id == row.id, signed.organisation == organisation_code)
    if session.execute(earlier).first() is not None:
        raise AgreementRefused("this party has signed this version already")
    session.execute(
        insert(agreement_signature).values(
            id=token_hex(16),
            agreement_id=row.id,
            organisation=organisation_code,
            signatory=person["name"],
            job_title=person["job_title"],
            public_key=public_key,
            signature=signature,
            signed_at=at,
        )
    )


def _must_be_a_key(public_key: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key)
    except (ValueError, UnsupportedAlgorithm):
        raise AgreementRefused("that is no Ed25519 public key") from None


def _must_be_held_by(session: Session, organisation_code: str, name: str, public_key: bytes) -> None:
    usable = [key for key in keys_of(session) if key.organisation == organisation_code and key.revoked_at is None]
    mine = [key for key in usable if key.public_key == public_key]
    if not mine:
        raise AgreementRefused("this key is not registered for that organisation: register its public half first")
    if not one_and_the_same([name], [mine[0].holder]):
        raise AgreementRefused("the holder of this key is not the designated person the agreement names")


def _must_be_another(session: Session, agreement_id: str, name: str) -> None:
    """The author and the assurer of a version do not sign it."""
    by = set(recorders(session, agreement_id).values())
    names = set(session.scalars(select(staff.c.name).where(staff.c.id.in_(by) | staff.c.username.in_(by))))
    if one_and_the_same([name], names | by):
        raise AgreementRefused("who wrote or assured an agreement cannot sign it: another person must")


def _note(session: Session, ring: KeyRing, said: str, code: str, public_key: bytes, at: datetime, by: str) -> None:
    detail = {Detail.ACT: said, Detail.ORGANISATION: code, Detail.KEY_LABEL: sha256(public_key).hexdigest()}
    record(session, ring, act(EventKind.KEY_CEREMONY, by, detail), at)
