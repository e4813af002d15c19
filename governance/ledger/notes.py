"""Checkpoints as signed notes: a tree size and root that anyone with the public key can check offline.

Invariants: a note counts only when a known key's signature on it verifies, and not at all when a known
key's signature fails; sizes are plain decimals; nothing is read from an unverified note.
Sources: C2SP signed-note (Ed25519, type 0x01) and C2SP tlog-checkpoint.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance.keys.keys import KeyRing

ORIGIN: Final = "linked-family-record/audit"
ED25519: Final = b"\x01"
LARGEST_NOTE: Final = 65536
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")


class NoteRefused(ValueError):
    """The note is malformed or not signed by a known key."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and the Ed25519 public key that signs under it."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    def __str__(self) -> str:
        """Return the key as a C2SP verifier key line."""
        encoded = base64.b64encode(ED25519 + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Return the key of a verifier key line; raise NoteRefused."""
        name, _, encoded = line.strip().partition("+")
        kind_and_key = _decoded(encoded.partition("+")[2])
        verifier = cls(name, kind_and_key[1:])
        if kind_and_key[:1] != ED25519 or len(kind_and_key) != 33 or str(verifier) != line.strip():
            raise NoteRefused("not an Ed25519 verifier key line")
        return verifier


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint says: of which log, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def signed(head: TreeHead, ring: KeyRing, label: str) -> str:
    """Return the signed note of `head` under the ring's signing key `label`."""
    verifier = Verifier(head.origin, ring.public_key(label))
    signature = base64.b64encode(verifier.key_id + ring.sign(label, head.text().encode())).decode()
    return f"{head.text()}\n\N{EM DASH} {verifier.name} {signature}\n"


def read_note(note: str, verifiers: Iterable[Verifier]) -> TreeHead:
    """Return what a checkpoint says, once a known key's signature on it verifies; raise NoteRefused."""
    body, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or len(note) > LARGEST_NOTE:
        raise NoteRefused("not a signed note")
    content = body + "\n"
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    checked = [_verified(line, content, known) for line in lines[:-1].split("\n")]
    if not any(checked):
        raise NoteRefused("not signed by a known key")
    return _head(content)


def _verified(line: str, content: str, known: dict[tuple[str, bytes], Verifier]) -> bool:
    """Return whether a known key made this line; raise NoteRefused when one should have but did not."""
    dash, name, encoded = (*line.split(" "), "", "", "")[:3]
    signature = _decoded(encoded)
    verifier = known.get((name, signature[:4])) if dash == "\N{EM DASH}" else None
    if verifier is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(signature[4:], content.encode())
    except InvalidSignature:
        raise NoteRefused("the signature does not verify") from None
    return True


def _head(content: str) -> TreeHead:
    lines = content.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteRefused("not a checkpoint")
    root = _decoded(lines[2])
    if len(root) != 32:
        raise NoteRefused("the root is not a SHA-256 hash")
    return TreeHead(lines[0], int(lines[1]), root)


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        raise NoteRefused("not base64") from None
