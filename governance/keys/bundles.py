"""The bundle of derived keys that a partner's own encoder needs, sealed under a passphrase.

Invariants: a bundle holds derived keys for encoding and sending and the service's public key, never a key of the ring,
nor one that re-keys, opens the zone or the vault, or signs; it is AES-256-GCM-SIV ciphertext with its own header as
associated data, in a private file that is never written over; errors carry no key material.
Sources: RFC 8452 (AES-GCM-SIV), RFC 9106 (Argon2id)."""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from governance.keys.keys import KEY_BYTES, NONCE_BYTES
from governance.keys.keystore import SALT_BYTES, KeystoreExists, Passphrase, SealBroken, read_private

MAGIC: Final = b"family-record encoding bundle 1\n"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one partner encodes with. `subkeys` by (label, purpose); `recipient` is an X25519 public key."""

    partner: str
    subkeys: Mapping[tuple[str, str], bytes] = field(repr=False)
    recipient: bytes


def write_bundle(path: Path, bundle: Bundle, seal: Passphrase) -> None:
    """Write a new private file; raise KeystoreExists if there is one, WeakKey for a short passphrase."""
    content = {
        "partner": bundle.partner,
        "recipient": _text(bundle.recipient),
        "subkeys": [[label, info, _text(key)] for (label, info), key in bundle.subkeys.items()],
    }
    header = seal.header() | {"salt": _text(os.urandom(SALT_BYTES)), "nonce": _text(os.urandom(NONCE_BYTES))}
    line = MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n"
    nonce = base64.b64decode(header["nonce"])
    body = AESGCMSIV(seal.seal_key(header)).encrypt(nonce, json.dumps(content).encode(), line)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeystoreExists(f"{path}: there is one already") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(line + body)


def open_bundle(path: Path, seal: Passphrase) -> Bundle:
    """Return the bundle; raise KeystoreMissing, UnsafeFile or SealBroken."""
    held = read_private(path)
    end = held.find(b"\n", len(MAGIC)) + 1
    if not held.startswith(MAGIC) or not end:
        raise SealBroken(f"{path}: is not an encoding bundle")
    try:
        header = json.loads(held[len(MAGIC) : end])
        nonce = base64.b64decode(header["nonce"])
        content = json.loads(AESGCMSIV(seal.seal_key(header)).decrypt(nonce, held[end:], held[:end]))
        return _bundle(content)
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise SealBroken(f"{path}: damaged, altered, or sealed by another passphrase") from None


def _bundle(content: Mapping[str, Any]) -> Bundle:
    subkeys = {(label, info): base64.b64decode(key) for label, info, key in content["subkeys"]}
    if any(len(key) != KEY_BYTES for key in subkeys.values()):
        raise ValueError("a key of the wrong length")
    return Bundle(content["partner"], subkeys, base64.b64decode(content["recipient"]))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
