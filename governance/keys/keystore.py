"""The sealed keystore: one file that holds every key, opened by a key file or a passphrase.

Invariants: the file is AES-256-GCM-SIV ciphertext with its own header as associated data, so no field of it
can be altered; it is replaced whole (written beside, synced, renamed) or not at all; a key file or keystore
that is missing, shared with other users, owned by another, a link, or trivially guessable is refused;
errors carry no key material.
Sources: RFC 8452 (AES-GCM-SIV), RFC 9106 (Argon2id, the 64 MiB recommendation), RFC 5869 (HKDF).
"""

import base64
import binascii
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.keys.keys import FIRST_LABELS, KEY_BYTES, NONCE_BYTES, SoftwareKeyRing, new_keys, parse_label

MAGIC: Final = b"family-record keystore 1\n"
CIPHER: Final = "AES-256-GCM-SIV"
SALT_BYTES: Final = 16
ARGON2: Final = {"iterations": 3, "lanes": 4, "memory_kib": 65536}
MAX_BYTES: Final = 16 * 1024 * 1024
FEWEST_DISTINCT_BYTES: Final = 12
"""32 random bytes have fewer distinct values less than once in 10^24 draws."""
SHORTEST_PASSPHRASE: Final = 12


class KeystoreRefused(Exception):
    """The keystore or what opens it cannot be used. Messages name a path and a reason, never key material."""


class KeystoreMissing(KeystoreRefused):
    pass


class KeystoreExists(KeystoreRefused):
    pass


class UnsafeFile(KeystoreRefused):
    """Readable or writable by others, owned by another user, a link, or in the wrong place."""


class WeakKey(KeystoreRefused):
    pass


class SealBroken(KeystoreRefused):
    """Altered, damaged, or not sealed by this key file or passphrase."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Opens a keystore with the 32 random bytes in a private file."""

    path: Path

    def seal_key(self, header: dict[str, Any]) -> bytes:
        secret = read_private(self.path)
        refuse_weak(self.path, secret)
        info = b"family-record keystore key-file"
        return HKDF(SHA256(), KEY_BYTES, salt=_bytes(header, "salt"), info=info).derive(secret)

    def header(self) -> dict[str, Any]:
        return {"seal": "key-file"}


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Opens a keystore with a passphrase, stretched by Argon2id."""

    text: str = field(repr=False)

    def seal_key(self, header: dict[str, Any]) -> bytes:
        if header.get("argon2") != ARGON2:
            raise SealBroken("the keystore asks for other stretching than this version uses")
        stretch = Argon2id(
            salt=_bytes(header, "salt"),
            length=KEY_BYTES,
            iterations=ARGON2["iterations"],
            lanes=ARGON2["lanes"],
            memory_cost=ARGON2["memory_kib"],
        )
        return stretch.derive(self.text.encode())

    def header(self) -> dict[str, Any]:
        if len(self.text) < SHORTEST_PASSPHRASE:
            raise WeakKey(f"the passphrase is shorter than {SHORTEST_PASSPHRASE} characters")
        return {"seal": "passphrase", "argon2": ARGON2}


Seal = KeyFile | Passphrase


def create_key_file(path: Path) -> KeyFile:
    """Write 32 random bytes to a new private file; raise KeystoreExists if there is one."""
    _write_new(path, os.urandom(KEY_BYTES))
    return KeyFile(path)


def create_keystore(path: Path, seal: Seal, labels: Sequence[str] = FIRST_LABELS) -> SoftwareKeyRing:
    """Make fresh keys for `labels`, seal them in a new file, and return the open ring."""
    keys = new_keys(labels)
    _write_new(path, _sealed(keys, seal))
    return SoftwareKeyRing(keys)


def open_keystore(path: Path, seal: Seal) -> SoftwareKeyRing:
    """Return the ring; raise KeystoreMissing, UnsafeFile, WeakKey or SealBroken."""
    return SoftwareKeyRing(_opened(path, seal))


def add_keys(path: Path, seal: Seal, labels: Sequence[str]) -> SoftwareKeyRing:
    """Add fresh keys for labels not there yet (a new version, a new project) and return the ring."""
    keys = _opened(path, seal)
    missing = [label for label in labels if label not in keys]
    keys.update(new_keys(missing))
    _replace(path, _sealed(keys, seal))
    return SoftwareKeyRing(keys)


def remove_keys(path: Path, seal: Seal, labels: Sequence[str]) -> SoftwareKeyRing:
    """Retire keys for ever: whatever only they can open or repeat is gone."""
    keys = {label: key for label, key in _opened(path, seal).items() if label not in set(labels)}
    _replace(path, _sealed(keys, seal))
    return SoftwareKeyRing(keys)


def reseal(path: Path, old: Seal, new: Seal) -> None:
    """Seal the same keys with another key file or passphrase."""
    _replace(path, _sealed(_opened(path, old), new))


def read_private(path: Path) -> bytes:
    """Return the bytes of a regular file that its owner, and only its owner, may read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeystoreMissing(f"{path}: there is no such file") from None
    except OSError:
        raise UnsafeFile(f"{path}: cannot be opened as a private file") from None
    try:
        _refuse_shared(path, os.fstat(descriptor))
        with os.fdopen(os.dup(descriptor), "rb") as file:
            return file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def refuse_weak(path: Path, secret: bytes) -> None:
    """Raise WeakKey for a key of the wrong length or clearly not random (zeros, a pattern, text)."""
    if len(secret) != KEY_BYTES:
        raise WeakKey(f"{path}: the key file must hold exactly {KEY_BYTES} random bytes")
    if len(set(secret)) < FEWEST_DISTINCT_BYTES or secret in (bytes(range(KEY_BYTES)), bytes(range(1, 33))):
        raise WeakKey(f"{path}: the key file is not random")
    if secret.isascii() and secret.decode("ascii").isprintable():
        raise WeakKey(f"{path}: the key file holds text, not random bytes")


def _refuse_shared(path: Path, held: os.stat_result) -> None:
    if not stat.S_ISREG(held.st_mode):
        raise UnsafeFile(f"{path}: is not a regular file")
    if held.st_uid != os.geteuid():
        raise UnsafeFile(f"{path}: belongs to another user")
    if held.st_mode & 0o077:
        raise UnsafeFile(f"{path}: other users may read or change it; allow only its owner (chmod 600)")
    if held.st_size > MAX_BYTES:
        raise UnsafeFile(f"{path}: is too large to be a key or keystore")


def _sealed(keys: dict[str, bytes], seal: Seal) -> bytes:
    header = seal.header() | {
        "cipher": CIPHER,
        "salt": base64.b64encode(os.urandom(SALT_BYTES)).decode(),
        "nonce": base64.b64encode(os.urandom(NONCE_BYTES)).decode(),
    }
    line = json.dumps(header, sort_keys=True).encode() + b"\n"
    content = json.dumps({label: base64.b64encode(key).decode() for label, key in keys.items()}).encode()
    body = AESGCMSIV(seal.seal_key(header)).encrypt(_bytes(header, "nonce"), content, MAGIC + line)
    return MAGIC + line + body


def _opened(path: Path, seal: Seal) -> dict[str, bytes]:
    magic, line, body = _parts(path, read_private(path))
    try:
        header = json.loads(line)
        content = AESGCMSIV(seal.seal_key(header)).decrypt(_bytes(header, "nonce"), body, magic + line)
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError):
        raise SealBroken(f"{path}: damaged, altered, or sealed by another key") from None
    return {str(parse_label(label)): base64.b64decode(key) for label, key in json.loads(content).items()}


def _parts(path: Path, held: bytes) -> tuple[bytes, bytes, bytes]:
    line_end = held.find(b"\n", len(MAGIC))
    if not held.startswith(MAGIC) or line_end < 0:
        raise SealBroken(f"{path}: is not a keystore")
    return MAGIC, held[len(MAGIC) : line_end + 1], held[line_end + 1 :]


def _bytes(header: dict[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(header[name], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise SealBroken("the keystore's header is damaged") from None


def _write_new(path: Path, content: bytes) -> None:
    """Create with all its content or not at all; never over an existing file."""
    beside = _write_beside(path, content)
    try:
        os.link(beside, path)
    except FileExistsError:
        raise KeystoreExists(f"{path}: there is one already") from None
    finally:
        beside.unlink()
    _sync_folder(path.parent)


def _replace(path: Path, content: bytes) -> None:
    _write_beside(path, content).rename(path)
    _sync_folder(path.parent)


def _write_beside(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return beside


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
