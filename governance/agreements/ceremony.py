"""A whole signing in one act: every party's designated person signs a version, and it comes into force.

Invariants: nothing is skipped (each status is passed through and logged, each signature verified as it is stored);
an agreement already in force is left as it is. Where partners sign at home, `signing.add_signature` takes what they
send instead.
"""

from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from governance.agreements.flows import Agreement
from governance.agreements.lifecycle import Assurance
from governance.agreements.register import import_agreement, set_status, status_of
from governance.agreements.signing import register_key, sign
from governance.keys.keys import KeyRing
from governance.legal_time import legal_date
from governance.terms import AgreementStatus


def bring_into_force(
    session: Session,
    ring: KeyRing,
    agreement: Agreement,
    keys: Mapping[str, Ed25519PrivateKey],
    at: datetime,
    by: str,
) -> str:
    """Import, assure, sign with each party's key and put in force; return the agreement's id."""
    agreement_id = import_agreement(session, ring, agreement, at, by)
    if status_of(session, agreement_id) is not AgreementStatus.DRAFT:
        return agreement_id
    assurance = Assurance("Quality assurance group of the partnership", legal_date(at))
    set_status(session, ring, agreement_id, AgreementStatus.ASSURED, at, f"{by}-assurance", assurance=assurance)
    for party in agreement.parties:
        key = keys[party.organisation]
        public = key.public_key().public_bytes_raw()
        register_key(session, ring, party.organisation, party.designated_person, public, at, by)
        sign(session, ring, agreement_id, party.organisation, key, at, party.organisation)
    set_status(session, ring, agreement_id, AgreementStatus.SIGNED, at, by)
    set_status(session, ring, agreement_id, AgreementStatus.IN_FORCE, at, by)
    return agreement_id


def new_signing_keys(agreement: Agreement) -> dict[str, Ed25519PrivateKey]:
    """Return a fresh key for each party. For demonstrations and tests: real keys never leave their owners."""
    return {party.organisation: Ed25519PrivateKey.generate() for party in agreement.parties}
