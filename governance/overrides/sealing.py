"""Words that may hold anything about anyone, sealed under a data key of their own.

Invariants: what is sealed opens only for the row and column it was sealed for; it is in no ledger, log, error or repr;
destroying the owner's key leaves it unreadable for ever.
Source: AES-GCM-SIV (RFC 8452).
"""

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from governance.keys.keys import NONCE_BYTES, KeyRing
from governance.keys.vault import EnvelopeRefused
from governance.keys.vault_keys import WrappedKeys


@dataclass(frozen=True, slots=True)
class Sealed:
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealer:
    """The ring and the file of wrapped keys, together."""

    ring: KeyRing
    keys: WrappedKeys

    def seal(self, override_id: str, column: str, text: str) -> Sealed:
        owner = _owner(override_id)
        data_key = self.keys.data_keys(self.ring, [owner])[owner]
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(nonce, AESGCMSIV(data_key).encrypt(nonce, text.encode(), _bound_to(override_id, column)))

    def open(self, override_id: str, column: str, sealed: Sealed) -> str | None:
        """Return the words, or None where their key was destroyed; raise EnvelopeRefused for altered ciphertext."""
        owner = _owner(override_id)
        data_key = self.keys.held_keys(self.ring, [owner]).get(owner)
        if data_key is None:
            return None
        try:
            opened = AESGCMSIV(data_key).decrypt(sealed.nonce, sealed.ciphertext, _bound_to(override_id, column))
        except (InvalidTag, ValueError):
            raise EnvelopeRefused(f"override {override_id}: altered, or sealed for another row") from None
        return opened.decode()


def _owner(override_id: str) -> str:
    return f"override:{override_id}"


def _bound_to(override_id: str, column: str) -> bytes:
    return f"override|{override_id}|{column}".encode()
