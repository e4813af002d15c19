"""A sealed file of frames, written and read as a stream: what a partner sends.

Invariants: each frame is AES-256-GCM under a key made for this file, its number and whether it is the last bound in, so
that none can be altered, dropped, repeated, moved or cut off; the file names the key it is under by a mark, so that a
file under other keys is told apart from a damaged one; memory holds one frame.
Sources: NIST SP 800-38D (GCM), RFC 5869 (HKDF); the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015)."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from linkage.encoding.mac import Hmac
from linkage.intake.readers.outcome import FileRefused
from linkage.reasons import FileReason

MAGIC = b"family-record encoded 1\n"
_SALT, _MARK, _SIZE, _NUMBER = 32, 16, 4, 11
_TAG = 16
_LARGEST = 64 << 20
_MORE, _LAST = b"\x00", b"\x01"


def _opening(key: bytes, salt: bytes) -> tuple[bytes, AESGCM]:
    """The file's first bytes, and its own cipher."""
    head = MAGIC + Hmac(key).digest(b"which key")[:_MARK] + salt
    return head, AESGCM(HKDF(SHA256(), 32, salt=salt, info=b"family-record encoded file").derive(key))


class FrameWriter:
    """Writes frames beside the target and renames on success; leaves nothing behind on failure."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._beside = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
        self._head, self._cipher = _opening(key, os.urandom(_SALT))
        self._number = 0
        self._waiting: bytes | None = None

    def __enter__(self) -> Self:
        descriptor = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._stream: BinaryIO = os.fdopen(descriptor, "wb")
        self._stream.write(self._head)
        return self

    def add(self, frame: bytes) -> None:
        """Write the frame before this one; this one waits, since only the end knows which is the last."""
        if self._waiting is not None:
            self._write(self._waiting, _MORE)
        self._waiting = frame

    def _write(self, frame: bytes, last: bytes) -> None:
        nonce = self._number.to_bytes(_NUMBER, "big") + last
        body = self._cipher.encrypt(nonce, frame, self._head)
        self._stream.write(len(body).to_bytes(_SIZE, "big") + body)
        self._number += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._stream:
            if kind is None:
                self._write(self._waiting or b"", _LAST)
                self._stream.flush()
                os.fsync(self._stream.fileno())
        if kind is None:
            self._beside.rename(self._path)
        else:
            self._beside.unlink()


def is_encoded(path: Path) -> bool:
    """Whether a file says that it is a partner's encoded file."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def frames(path: Path, key: bytes) -> Iterator[bytes]:
    """Every frame, opened, in order. Raises `FileRefused`: foreign key, damaged, cut off or longer."""
    refusal: FileReason | None = None
    try:
        with path.open("rb") as stream:
            yield from _opened(stream, key)
    except (InvalidTag, EOFError):
        refusal = FileReason.ENCODED_DAMAGED
    except OSError:
        refusal = FileReason.FILE_UNREADABLE
    if refusal is not None:
        raise FileRefused(refusal)


def _opened(stream: BinaryIO, key: bytes) -> Iterator[bytes]:
    head = _exactly(stream, len(MAGIC) + _MARK + _SALT)
    expected, cipher = _opening(key, head[-_SALT:])
    if head != expected:
        raise FileRefused(FileReason.ENCODED_ELSEWHERE if head.startswith(MAGIC) else FileReason.ENCODED_DAMAGED)
    number, following = 0, stream.read(_SIZE)
    while following:
        size = int.from_bytes(following, "big")
        if len(following) < _SIZE or not _TAG <= size <= _LARGEST:
            raise EOFError
        body = _exactly(stream, size)
        following = stream.read(_SIZE)
        nonce = number.to_bytes(_NUMBER, "big") + (_MORE if following else _LAST)
        yield cipher.decrypt(nonce, body, head)
        number += 1
    if not number:
        raise EOFError


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise EOFError
    return found
