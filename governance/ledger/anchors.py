"""The anchor folder: checkpoints kept outside the database, one file each, never changed.

Invariants: a checkpoint file is whole or absent and is never written over; one process signs at a time;
`frontier` is a cache that is believed only when it hashes to a signed root, and `latest` is a copy for
people and scripts. The folder is worth what separates it from the database's administrator: another host,
another owner, a write-once share.
Source: RFC 6962 section 3 (a log signs one history); C2SP tlog-checkpoint.
"""

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from governance.ledger.merkle import Frontier

_NAME: Final = re.compile(r"([0-9]{12})\.checkpoint")
VERIFIER_FILE: Final = "verifier.pub"
UNFINISHED: Final = ".unfinished-"


def sizes(folder: Path) -> list[int]:
    """Return the sizes of the anchored checkpoints, ascending."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(int(found[1]) for found in map(_NAME.fullmatch, (e.name for e in entries)) if found)


def note_at(folder: Path, size: int) -> str | None:
    """Return the anchored note of that size, undecodable bytes replaced, or None when there is none."""
    try:
        return _path(folder, size).read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def anchor(folder: Path, size: int, note: str) -> None:
    """Write one checkpoint for ever; raise FileExistsError when there is one of that size."""
    beside = _beside(folder, note.encode(), 0o444)
    try:
        os.link(beside, _path(folder, size))
    finally:
        beside.unlink()
    _replace(folder / "latest", note.encode())


def save_frontier(folder: Path, frontier: Frontier) -> None:
    held = {"size": frontier.size, "edge": [node.hex() for node in frontier.edge]}
    _replace(folder / "frontier", json.dumps(held).encode())


def saved_frontier(folder: Path, size: int, root: bytes) -> Frontier | None:
    """Return the saved right edge if it is that of the tree of this size and root."""
    try:
        held = json.loads((folder / "frontier").read_bytes())
        frontier = Frontier(int(held["size"]), [bytes.fromhex(node) for node in held["edge"]])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return frontier if (frontier.size, frontier.root()) == (size, root) else None


def publish_verifier(folder: Path, line: str) -> None:
    """Add a public key line to the file that outside verifiers copy once and keep."""
    held = verifier_lines(folder)
    if line not in held:
        _replace(folder / VERIFIER_FILE, "".join(f"{each}\n" for each in [*held, line]).encode())


def verifier_lines(folder: Path) -> list[str]:
    """Return the public key lines published in this folder."""
    path = folder / VERIFIER_FILE
    return path.read_text().splitlines() if path.exists() else []


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: one signer at a time, also between processes."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in folder.glob(f"{UNFINISHED}*"):
            left.unlink()
        yield
    finally:
        os.close(descriptor)


def _path(folder: Path, size: int) -> Path:
    return folder / f"{size:012d}.checkpoint"


def _replace(path: Path, content: bytes) -> None:
    _beside(path.parent, content, 0o644).rename(path)
    _sync(path.parent)


def _beside(folder: Path, content: bytes, mode: int) -> Path:
    beside = folder / f"{UNFINISHED}{secrets.token_hex(8)}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return beside


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
