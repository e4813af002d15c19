"""Keys are used by label, never handed out.

Invariants: a label names one key of one version (`nhs-number/1`, `project/<id>/1`) and allows only the
operations its family lists in `USES`; `repr`, `str`, pickles and errors show labels, never key material; a
wrapped data key opens only under the context it was made for; macs of different labels share nothing, so
two domains cannot be joined.
Sources: HMAC (RFC 2104) and HKDF (RFC 5869) with SHA-256, AES-GCM-SIV (RFC 8452), Ed25519 (RFC 8032). One
core can hash every NHS number in half an hour, so a leaked mac key is full re-identification.
"""

import hmac
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NoReturn, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
WRAP_FORMAT: Final = 1
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class Use(StrEnum):
    MAC = "mac"
    DERIVE = "derive"
    WRAP = "wrap"
    SIGN = "sign"


USES: Final[Mapping[str, frozenset[Use]]] = MappingProxyType(
    {
        "nhs-number": frozenset({Use.MAC, Use.DERIVE}),
        "upn": frozenset({Use.MAC, Use.DERIVE}),
        "encoding": frozenset({Use.MAC, Use.DERIVE}),
        "rekey": frozenset({Use.MAC, Use.DERIVE}),
        "record-id": frozenset({Use.MAC}),
        "content": frozenset({Use.MAC}),
        "vault": frozenset({Use.WRAP}),
        "audit": frozenset({Use.MAC}),
        "checkpoint": frozenset({Use.SIGN}),
        "zone": frozenset({Use.DERIVE}),
        "session": frozenset({Use.MAC}),
        "project": frozenset({Use.MAC, Use.DERIVE}),
    }
)
"""What each family of labels may do. `project` labels carry the project's id between family and version."""

FIRST_LABELS: Final = tuple(f"{family}/1" for family in USES if family != "project")
_LABEL: Final = re.compile(r"(?:(?!project/)([a-z][a-z-]*)|(project)/[A-Za-z0-9_-]{1,64})/([1-9][0-9]{0,3})")


class KeyRefused(Exception):
    """A key operation that cannot be done. The message names a label and a reason, never key material."""


class UnknownLabel(KeyRefused):
    """No such key in this ring, or not a label at all."""


class WrongUse(KeyRefused):
    """The label's family does not allow this operation."""


class UnwrapFailed(KeyRefused):
    """A wrapped data key was altered, moved to another context, or wrapped by another ring."""


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A label taken apart: `name` is everything before the version."""

    name: str
    version: int
    family: str

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


def parse_label(text: str) -> Label:
    """Return the parts of `text`; raise UnknownLabel for anything that is not a label of a known family."""
    found = _LABEL.fullmatch(text)
    family = str(found[1] or found[2]) if found else ""
    if family not in USES:
        raise UnknownLabel("not a label of a known family")
    name, _, version = text.rpartition("/")
    return Label(name, int(version), family)


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """One key as `keys status` shows it; `current` is the newest version of its name."""

    label: str
    uses: tuple[str, ...]
    current: bool


class KeyRing(Protocol):
    """The operations a key provider offers. A provider in hardware offers the same."""

    def mac(self, label: str, data: bytes) -> bytes:
        """Return the 32-byte HMAC-SHA-256 of `data`."""

    def mac_many(self, label: str, items: Iterable[bytes]) -> list[bytes]:
        """Return `mac(label, item)` for each item, in order."""

    def subkey(self, label: str, info: str) -> bytes:
        """Return a 32-byte key derived for `info`: for the encoder's fields and the zone's own file only."""

    def new_data_key(self, context: bytes) -> tuple[bytes, bytes]:
        """Return a fresh 32-byte data key and the same wrapped under the current vault key and `context`."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the data key; raise UnwrapFailed unless it was wrapped here under this very context."""

    def rewrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the same data key wrapped under the current vault key."""

    def sign(self, label: str, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `data`."""

    def public_key(self, label: str) -> bytes:
        """Return the 32-byte Ed25519 public key."""

    def current(self, name: str) -> str:
        """Return the label of the newest version of `name` (`vault` gives `vault/2` after a rotation)."""

    def status(self) -> tuple[KeyStatus, ...]:
        """Return every key by label, without material."""


class SoftwareKeyRing:
    """A ring whose keys are in this process's memory, opened from a sealed keystore."""

    __slots__ = ("_keys", "_newest", "_signers", "_wrappers")

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise KeyRefused("a key in this ring has the wrong length")
        parsed = {text: parse_label(text) for text in keys}
        self._keys = MappingProxyType(dict(keys))
        self._newest = {label.name: label.version for label in sorted(parsed.values())}
        self._wrappers = {
            label.version: AESGCMSIV(keys[text]) for text, label in parsed.items() if label.family == "vault"
        }
        self._signers = {
            text: Ed25519PrivateKey.from_private_bytes(keys[text])
            for text, label in parsed.items()
            if Use.SIGN in USES[label.family]
        }

    def __repr__(self) -> str:
        return f"SoftwareKeyRing({', '.join(sorted(self._keys))})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise KeyRefused("a key ring is not copied or serialised")

    def mac(self, label: str, data: bytes) -> bytes:
        return hmac.digest(self._key(label, Use.MAC), data, "sha256")

    def mac_many(self, label: str, items: Iterable[bytes]) -> list[bytes]:
        # RFC 2104 with both padded keys hashed once: for short items twice as fast as one call of `hmac` for each.
        key = self._key(label, Use.MAC).ljust(sha256().block_size, b"\0")
        inner, outer = (sha256(key.translate(pad)) for pad in (_INNER, _OUTER))
        macs = []
        for item in items:
            within, around = inner.copy(), outer.copy()
            within.update(item)
            around.update(within.digest())
            macs.append(around.digest())
        return macs

    def subkey(self, label: str, info: str) -> bytes:
        key = self._key(label, Use.DERIVE)
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"{label}|{info}".encode()).derive(key)

    def new_data_key(self, context: bytes) -> tuple[bytes, bytes]:
        data_key = os.urandom(KEY_BYTES)
        return data_key, self._wrap(data_key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        header, nonce, body = wrapped[:3], wrapped[3 : 3 + NONCE_BYTES], wrapped[3 + NONCE_BYTES :]
        wrapper = self._wrappers.get(wrapped_version(wrapped))
        if wrapper is None:
            raise UnwrapFailed("the data key was wrapped by a key this ring does not hold")
        try:
            return wrapper.decrypt(nonce, body, header + context)
        except (InvalidTag, ValueError):
            raise UnwrapFailed("the wrapped data key was altered or belongs elsewhere") from None

    def rewrap(self, wrapped: bytes, context: bytes) -> bytes:
        return self._wrap(self.unwrap(wrapped, context), context)

    def sign(self, label: str, data: bytes) -> bytes:
        self._key(label, Use.SIGN)
        return self._signers[label].sign(data)

    def public_key(self, label: str) -> bytes:
        self._key(label, Use.SIGN)
        return self._signers[label].public_key().public_bytes_raw()

    def current(self, name: str) -> str:
        return f"{name}/{self._version(name)}"

    def status(self) -> tuple[KeyStatus, ...]:
        labels = sorted(map(parse_label, self._keys))
        return tuple(KeyStatus(str(label), _uses(label), str(label) == self.current(label.name)) for label in labels)

    def _wrap(self, data_key: bytes, context: bytes) -> bytes:
        version = self._version("vault")
        header = bytes([WRAP_FORMAT]) + version.to_bytes(2, "big")
        nonce = os.urandom(NONCE_BYTES)
        return header + nonce + self._wrappers[version].encrypt(nonce, data_key, header + context)

    def _version(self, name: str) -> int:
        newest = self._newest.get(name)
        if newest is None:
            raise UnknownLabel("this ring holds no key of that name")
        return newest

    def _key(self, label: str, use: Use) -> bytes:
        key = self._keys.get(label)
        if key is None:
            raise UnknownLabel("this ring holds no key of that label")
        if use not in USES[parse_label(label).family]:
            raise WrongUse(f"{label} is not a key to {use}")
        return key


def wrapped_version(wrapped: bytes) -> int:
    """Return the version of the vault key that a data key was wrapped under."""
    if len(wrapped) < 3 + NONCE_BYTES or wrapped[0] != WRAP_FORMAT:
        raise UnwrapFailed("not a wrapped data key")
    return int.from_bytes(wrapped[1:3], "big")


def new_keys(labels: Sequence[str]) -> dict[str, bytes]:
    """Return fresh random keys for these labels."""
    return {str(parse_label(label)): os.urandom(KEY_BYTES) for label in labels}


def _uses(label: Label) -> tuple[str, ...]:
    return tuple(sorted(USES[label.family]))
