"""Rejected rows, kept as ciphertext for thirty days so that the provider's report can be answered.

Invariants: all rows of one load share one data key, which is destroyed with the last of them; a row opens
only under its own load and number; a row past its date is unreadable after `expire`, in this database and
in its copies.
Source: UK GDPR Article 5(1)(e), storage limitation; the retention is the accord's.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from governance.keys.keys import NONCE_BYTES, KeyRing
from governance.keys.vault import KEY_VERSION, EnvelopeRefused
from governance.keys.vault_keys import WrappedKeys
from governance.store import quarantine

KEPT_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One rejected row, as the row of `quarantine` it becomes."""

    load_id: str
    row_number: int
    key_version: int
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
    expires_at: datetime


def seal_quarantine(
    ring: KeyRing, keys: WrappedKeys, load_id: str, rows: Iterable[tuple[int, bytes]], at: datetime
) -> list[QuarantinedRow]:
    """Return (row number, content) pairs sealed. `at` is the start of the load, the same for all its batches."""
    listed = list(rows)
    if not listed:
        return []
    data_key = keys.data_keys(ring, [_owner(load_id)])[_owner(load_id)]
    return [_sealed(data_key, load_id, number, content, at + KEPT_FOR) for number, content in listed]


def store_quarantine(session: Session, rows: Sequence[QuarantinedRow]) -> None:
    """Insert sealed rows in the caller's transaction."""
    if rows:
        session.execute(insert(quarantine), [_row(row) for row in rows])


def open_quarantine(session: Session, ring: KeyRing, keys: WrappedKeys, load_id: str) -> dict[int, bytes]:
    """Return the content of the rows of one load still held, by row number."""
    data_key = keys.held_keys(ring, [_owner(load_id)]).get(_owner(load_id))
    if data_key is None:
        return {}
    held = session.execute(select(quarantine).where(quarantine.c.load_id == load_id))
    return {row.row_number: _opened(data_key, QuarantinedRow(*row)) for row in held}


def expire(session: Session, keys: WrappedKeys, at: datetime) -> int:
    """Destroy the keys of loads whose rows are all past their date, and delete rows past theirs; return how many."""
    past = quarantine.c.expires_at <= at
    over = set(session.scalars(select(quarantine.c.load_id).where(past).distinct()))
    over -= set(session.scalars(select(quarantine.c.load_id).where(~past).distinct()))
    if over:
        keys.destroy([_owner(load_id) for load_id in over], at)
    return int(session.execute(delete(quarantine).where(past)).rowcount)  # type: ignore[attr-defined]


def discard(session: Session, keys: WrappedKeys, load_id: str) -> int:
    """Destroy the quarantine of one load at once, as when the load was cut off; return how many rows it had."""
    keys.forget([_owner(load_id)])
    gone = session.execute(delete(quarantine).where(quarantine.c.load_id == load_id))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _sealed(data_key: bytes, load_id: str, number: int, content: bytes, until: datetime) -> QuarantinedRow:
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCMSIV(data_key).encrypt(nonce, content, _bound_to(load_id, number, KEY_VERSION))
    return QuarantinedRow(load_id, number, KEY_VERSION, nonce, ciphertext, until)


def _opened(data_key: bytes, row: QuarantinedRow) -> bytes:
    bound = _bound_to(row.load_id, row.row_number, row.key_version)
    try:
        return AESGCMSIV(data_key).decrypt(row.nonce, row.ciphertext, bound)
    except (InvalidTag, ValueError):
        raise EnvelopeRefused(f"load {row.load_id} row {row.row_number}: altered or moved") from None


def _bound_to(load_id: str, row_number: int, key_version: int) -> bytes:
    return f"quarantine|{load_id}|{row_number}|{key_version}".encode()


def _owner(load_id: str) -> str:
    return f"quarantine:{load_id}"


def _row(row: QuarantinedRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in QuarantinedRow.__slots__}
