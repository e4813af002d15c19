"""One file of sealed segments: written once, renamed into place whole, read a segment at a time.

Invariants: every segment is AES-256-GCM under a key that this file alone has (a keyed hash of its random salt and its
name), so a segment's number is a nonce that never comes twice; what is sealed is bound to the file's name, its number
and its place, so that neither files nor segments can be exchanged; segments of one run are of equal size (the last is
padded), so that sizes tell nothing but how much there is; a file under its final name is complete and on disk.
Source: NIST SP 800-38D (GCM; 96-bit nonces, here counted under a key per file)."""

import hmac
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from linkage.rows import KeyedHash
from linkage.zone.encrypted import ZoneError, ZoneFault
from linkage.zone.sealed import sync_folder

SUFFIX = ".part"
TAG = 16
_MAGIC = b"LFRINDX1"
_SALT = 32
_HEAD = len(_MAGIC) + _SALT
_TAIL = 16
_DIRECTORY = (1 << 96) - 1
Bytes = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Run:
    """Equal segments one after another: where they begin, how many bytes each holds in clear, and how many they are."""

    offset: int
    first: int
    size: int
    count: int


def _cipher(keys: KeyedHash, salt: bytes, name: str) -> AESGCM:
    return AESGCM(hmac.digest(keys.subkey("zone/1", "index"), salt + name.encode(), "sha256"))


def path_of(folder: Path, name: str) -> Path:
    return folder / f"index-{name}{SUFFIX}"


class SealedWriter:
    """Appends runs of segments, then the directory. Use through `written`."""

    def __init__(self, path: Path, keys: KeyedHash, name: str) -> None:
        self._file = path.open("wb")
        os.chmod(path, 0o600)
        salt = os.urandom(_SALT)
        self._cipher, self._name = _cipher(keys, salt, name), name.encode()
        self._file.write(_MAGIC + salt)
        self._offset, self._number, self._size = _HEAD, 0, 0

    def begin(self, size: int) -> Run:
        """Begin a run of segments of this size; `finish` says how many they became."""
        self._size = size
        return Run(self._offset, self._number, size, 0)

    def finish(self, run: Run) -> Run:
        return Run(run.offset, run.first, run.size, self._number - run.first)

    def add(self, data: Bytes) -> None:
        """Seal the next segment of the run, padded to its size."""
        if len(data) > self._size:
            raise ValueError("a segment is longer than its run allows")
        body = data if len(data) == self._size else bytes(data) + bytes(self._size - len(data))
        self._put(self._number, body)
        self._number += 1

    def add_all(self, data: Bytes) -> Run:
        """One run of one segment."""
        run = self.begin(len(data))
        self.add(data)
        return self.finish(run)

    def close(self, directory: Mapping[str, Any]) -> None:
        offset = self._offset
        self._put(_DIRECTORY, json.dumps(directory).encode())
        self._file.write(offset.to_bytes(8, "little") + _MAGIC)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        self._file.close()

    def _put(self, number: int, body: Bytes) -> None:
        sealed = self._cipher.encrypt(number.to_bytes(12, "big"), body, self._name)
        self._file.write(sealed)
        self._offset += len(sealed)


@contextmanager
def written(folder: Path, name: str, keys: KeyedHash) -> Iterator[tuple[SealedWriter, dict[str, Any]]]:
    """Write a file whole or not at all: a writer, and the directory to fill."""
    path = path_of(folder, name)
    staged = path.with_suffix(".new")
    writer = SealedWriter(staged, keys, name)
    directory: dict[str, Any] = {}
    try:
        yield writer, directory
        writer.close(directory)
        os.replace(staged, path)
        sync_folder(folder)
    finally:
        writer.abandon()
        with suppress(FileNotFoundError):
            staged.unlink()


class SealedFile:
    """A written file, mapped into memory; raise ZoneError where it is not what was sealed."""

    def __init__(self, folder: Path, name: str, keys: KeyedHash) -> None:
        try:
            with path_of(folder, name).open("rb") as held:
                self._map = mmap.mmap(held.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            raise ZoneError(ZoneFault.UNREADABLE) from None
        self._name = name.encode()
        self._view = memoryview(self._map)
        self._cipher = _cipher(keys, bytes(self._view[len(_MAGIC) : _HEAD]), name)
        tail = bytes(self._view[-_TAIL:])
        if len(self._view) < _HEAD + _TAIL or tail[8:] != _MAGIC or bytes(self._view[: len(_MAGIC)]) != _MAGIC:
            self.close()
            raise ZoneError(ZoneFault.UNREADABLE)
        offset = int.from_bytes(tail[:8], "little")
        self.directory: dict[str, Any] = json.loads(self._open(_DIRECTORY, offset, len(self._view) - _TAIL))

    def segment(self, run: Run, at: int) -> bytes:
        """Segment number `at` of a run, in clear."""
        start = run.offset + at * (run.size + TAG)
        return self._open(run.first + at, start, start + run.size + TAG)

    def words(self, run: Run, at: int) -> NDArray[np.uint64]:
        return np.frombuffer(self.segment(run, at), dtype="<u8")

    def close(self) -> None:
        self._view.release()
        self._map.close()

    def _open(self, number: int, start: int, end: int) -> bytes:
        try:
            return self._cipher.decrypt(number.to_bytes(12, "big"), self._view[start:end], self._name)
        except (InvalidTag, ValueError):
            raise ZoneError(ZoneFault.UNREADABLE) from None
