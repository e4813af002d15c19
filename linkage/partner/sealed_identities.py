"""Identities sealed by a partner for the service alone: what `--envelope` adds to an encoded file.

Invariants: only the service's private key opens them, not the partner's bundle; each is bound to its record's mark and
role, so that none can stand on another row; a key pair is made for one file and its private half is forgotten.
Sources: X25519 (RFC 7748), HKDF-SHA-256 (RFC 5869), AES-256-GCM (NIST SP 800-38D)."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage.intake.readers.outcome import FileRefused
from linkage.reasons import FileReason
from linkage.rows import KeyedHash

_NONCE = 12
_INFO = b"family-record sealed identities"


def _cipher(shared: bytes, sender: bytes, recipient: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=sender + recipient, info=_INFO).derive(shared))


def _bound(mark: bytes, role: str) -> bytes:
    return mark + role.encode()


def _private(keys: KeyedHash) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(keys.subkey("zone/1", "envelope"))


def recipient_key(keys: KeyedHash) -> bytes:
    """The service's public key, for a partner's bundle."""
    return _private(keys).public_key().public_bytes_raw()


class Sender:
    """Seals identities of one file."""

    __slots__ = ("_aead", "public")

    def __init__(self, recipient: bytes) -> None:
        own = X25519PrivateKey.generate()
        self.public = own.public_key().public_bytes_raw()
        self._aead = _cipher(own.exchange(X25519PublicKey.from_public_bytes(recipient)), self.public, recipient)

    def seal(self, identity: bytes, mark: bytes, role: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, identity, _bound(mark, role))


class Recipient:
    """Opens identities of one file."""

    __slots__ = ("_aead",)

    def __init__(self, keys: KeyedHash, sender: bytes) -> None:
        own = _private(keys)
        try:
            shared = own.exchange(X25519PublicKey.from_public_bytes(sender))
        except ValueError:
            raise FileRefused(FileReason.ENCODED_DAMAGED) from None
        self._aead = _cipher(shared, sender, own.public_key().public_bytes_raw())

    def open(self, sealed: bytes, mark: bytes, role: str) -> bytes:
        """The identity; raise `FileRefused` where it was altered or stood on another row."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(mark, role))
        except (InvalidTag, ValueError):
            raise FileRefused(FileReason.ENCODED_DAMAGED) from None
