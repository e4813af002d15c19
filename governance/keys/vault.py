"""The identity vault: clear identities as ciphertext, each under its own source record role's data key.

Invariants: an envelope opens only for the role and key version it was sealed for, so ciphertext moved
between rows is refused; an erased role's envelopes are unreadable for ever; envelopes go to the main
database, wrapped keys to another file; plaintext is bytes made by the caller and appears in no error or
repr.
Source: AES-GCM-SIV (RFC 8452: a repeated nonce, as after restoring a backup, reveals only equality).
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import NONCE_BYTES, KeyRing
from governance.keys.vault_keys import VaultRefused, WrappedKeys
from governance.store import vault_envelope

KEY_VERSION: Final = 1
QUERY_BATCH: Final = 500


class EnvelopeRefused(VaultRefused):
    """The ciphertext was altered or belongs to another row; the message names the role's random id."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sealed identity, as the row of `vault_envelope` it becomes."""

    role_id: str
    key_version: int
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
    sealed_at: datetime


def seal(ring: KeyRing, keys: WrappedKeys, role_id: str, plaintext: bytes, at: datetime) -> Envelope:
    """Return `plaintext` sealed for one role; see `seal_many`."""
    return seal_many(ring, keys, [(role_id, plaintext)], at)[0]


def seal_many(ring: KeyRing, keys: WrappedKeys, items: Sequence[tuple[str, bytes]], at: datetime) -> list[Envelope]:
    """Return (role id, plaintext) pairs sealed, in order. Their keys are on disk before this returns.

    Raises Destroyed, sealing none, when any role was erased: ask `keys.destroyed` first where a load may hold one.
    """
    data_keys = keys.data_keys(ring, [role_id for role_id, _ in items])
    return [_sealed(data_keys[role_id], role_id, plaintext, at) for role_id, plaintext in items]


def open_envelope(ring: KeyRing, keys: WrappedKeys, envelope: Envelope) -> bytes | None:
    """Return the plaintext, or None when the role was erased; raise EnvelopeRefused for altered ciphertext."""
    data_key = keys.held_keys(ring, [envelope.role_id]).get(envelope.role_id)
    return None if data_key is None else _opened(data_key, envelope)


def store(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Write envelopes in the caller's transaction, each replacing the one its role had."""
    for start in range(0, len(envelopes), QUERY_BATCH):
        batch = {e.role_id: e for e in envelopes[start : start + QUERY_BATCH]}
        session.execute(delete(vault_envelope).where(vault_envelope.c.role_id.in_(batch)))
        session.execute(insert(vault_envelope), [_row(envelope) for envelope in batch.values()])


def read(session: Session, ring: KeyRing, keys: WrappedKeys, role_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the plaintext of each role that has one and is not erased."""
    wanted = list(dict.fromkeys(role_ids))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), QUERY_BATCH):
        batch = wanted[start : start + QUERY_BATCH]
        data_keys = keys.held_keys(ring, batch)
        for row in session.execute(select(vault_envelope).where(vault_envelope.c.role_id.in_(batch))):
            if row.role_id in data_keys:
                found[row.role_id] = _opened(data_keys[row.role_id], _envelope(row))
    return found


def destroy(session: Session, keys: WrappedKeys, role_ids: Iterable[str], at: datetime) -> int:
    """Erase roles: their keys at once and for ever, their envelopes in the caller's transaction.

    Returns how many keys were destroyed. Should the caller roll back, what stays is unreadable.
    """
    listed = list(dict.fromkeys(role_ids))
    count = keys.destroy(listed, at)
    for start in range(0, len(listed), QUERY_BATCH):
        batch = listed[start : start + QUERY_BATCH]
        session.execute(delete(vault_envelope).where(vault_envelope.c.role_id.in_(batch)))
    return count


def discard(session: Session, keys: WrappedKeys, role_ids: Iterable[str]) -> None:
    """Remove roles that never came to be, their keys too; no tombstones, since their random ids come never again."""
    listed = list(dict.fromkeys(role_ids))
    keys.forget(listed)
    for start in range(0, len(listed), QUERY_BATCH):
        batch = listed[start : start + QUERY_BATCH]
        session.execute(delete(vault_envelope).where(vault_envelope.c.role_id.in_(batch)))


def _sealed(data_key: bytes, role_id: str, plaintext: bytes, at: datetime) -> Envelope:
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCMSIV(data_key).encrypt(nonce, plaintext, _bound_to(role_id, KEY_VERSION))
    return Envelope(role_id, KEY_VERSION, nonce, ciphertext, at)


def _opened(data_key: bytes, envelope: Envelope) -> bytes:
    bound = _bound_to(envelope.role_id, envelope.key_version)
    try:
        return AESGCMSIV(data_key).decrypt(envelope.nonce, envelope.ciphertext, bound)
    except (InvalidTag, ValueError):
        raise EnvelopeRefused(f"{envelope.role_id}: altered, or sealed for another role") from None


def _bound_to(role_id: str, key_version: int) -> bytes:
    return f"vault_envelope|{role_id}|{key_version}".encode()


def _row(envelope: Envelope) -> dict[str, object]:
    return {
        "role_id": envelope.role_id,
        "key_version": envelope.key_version,
        "nonce": envelope.nonce,
        "ciphertext": envelope.ciphertext,
        "sealed_at": envelope.sealed_at,
    }


def _envelope(row: Row[tuple[object, ...]]) -> Envelope:
    return Envelope(row.role_id, row.key_version, row.nonce, row.ciphertext, row.sealed_at)
