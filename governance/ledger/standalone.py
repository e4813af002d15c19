"""The stand-alone verifier: this one file checks the ledger's proofs on any machine, with no network and no database.

    python standalone.py checkpoint  --key verifier.pub CHECKPOINT
    python standalone.py inclusion   --key verifier.pub PROOF [--entry FILE]
    python standalone.py consistency --key verifier.pub --old CHECKPOINT PROOF
    python standalone.py log         --key verifier.pub --checkpoint CHECKPOINT EXPORT

Invariants: nothing but the standard library and `cryptography` is imported, so a copy of the file is enough; nothing
is believed that is not under the signature of a key the reader already holds; sizes and roots come from signed
checkpoints only; anything else, whatever its bytes, is refused with a reason and exit 1. It shares no code with the
log that it checks.
Sources: C2SP signed-note, tlog-checkpoint and tlog-proof@v1; RFC 6962 section 2.1; RFC 9162 sections 2.1.3.2 and
2.1.4.2.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

INCLUSION: Final = "c2sp.org/tlog-proof@v1"
CONSISTENCY: Final = "linked-family-record/consistency-proof@v1"
LARGEST_PROOF: Final = 4 * 1024 * 1024
LARGEST_NOTE: Final = 65536
MOST_HASHES: Final = 128
EMPTY_ROOT: Final = hashlib.sha256().digest()
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")


class Refused(ValueError):
    """What was given proves nothing, or not what it should."""


@dataclass(frozen=True, slots=True)
class Key:
    """An Ed25519 public key and the name that signs under it."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says: of which log, how many entries, the root over them."""

    origin: str
    size: int
    root: bytes


def read_keys(text: str) -> list[Key]:
    """Return the keys of a file of C2SP verifier key lines."""
    keys = [_key(line) for line in text.splitlines() if line.strip()]
    if not keys:
        raise Refused("the key file holds no key")
    return keys


def _key(line: str) -> Key:
    name, _, rest = line.strip().partition("+")
    said, _, encoded = rest.partition("+")
    blob = _decoded(encoded, "a key")
    key = Key(name, blob[1:])
    if not name or blob[:1] != b"\x01" or len(blob) != 33 or said != key.id.hex():
        raise Refused("a line of the key file is no Ed25519 verifier key")
    return key


def check_note(note: str, keys: Iterable[Key]) -> Head:
    """Return what a checkpoint says once a known key's signature on it verifies, and none of a known key fails."""
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or len(note) > LARGEST_NOTE:
        raise Refused("not a signed checkpoint")
    signed = (text + "\n").encode("utf-8", "surrogatepass")
    known = {(key.name, key.id): key for key in keys}
    checked = [_signed_by(line, signed, known) for line in lines[:-1].split("\n")]
    if not any(checked):
        raise Refused("the checkpoint is not signed by a known key")
    return _head(text)


def _signed_by(line: str, signed: bytes, known: Mapping[tuple[str, bytes], Key]) -> bool:
    dash, name, encoded = (*line.split(" "), "", "", "")[:3]
    blob = _decoded(encoded, "a signature")
    key = known.get((name, blob[:4])) if dash == "\N{EM DASH}" else None
    if key is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(blob[4:], signed)
    except (InvalidSignature, ValueError):
        raise Refused("the checkpoint's signature does not verify") from None
    return True


def _head(text: str) -> Head:
    lines = text.split("\n")
    if len(lines) < 3 or not lines[0] or not _NUMBER.fullmatch(lines[1]):
        raise Refused("what was signed is no checkpoint")
    return Head(lines[0], int(lines[1]), _hash(lines[2]))


def check_inclusion(proof: str, entry: bytes | None, keys: Iterable[Key]) -> tuple[int, Head, bytes]:
    """Return the index of the entry, the tree it is in, and its bytes: those given, else those that the proof carries.

    What a proof carries beside itself is believed only because its hash is in the signed tree.
    """
    first, rest = _opened(proof, INCLUSION)
    carried = None
    if first.startswith("extra "):
        carried = _decoded(first.removeprefix("extra "), "what the proof carries")
        first, _, rest = rest.partition("\n")
    name, _, index = first.partition(" ")
    if name != "index" or not _NUMBER.fullmatch(index):
        raise Refused("the proof names no index")
    held = carried if entry is None else entry
    if held is None:
        raise Refused("the proof carries no entry, and none was given")
    path, note = _path_and_note(rest)
    head = check_note(note, keys)
    if root_from_path(leaf(held), int(index), head.size, path) != head.root:
        raise Refused("the entry is not in the tree that was signed")
    return int(index), head, held


def check_consistency(proof: str, old: str, keys: Iterable[Key]) -> tuple[Head, Head]:
    """Return both trees once the older checkpoint's is proved to have only grown into the proof's."""
    known = list(keys)
    path, note = _path_and_note("\n".join(_opened(proof, CONSISTENCY)))
    before, after = check_note(old, known), check_note(note, known)
    if before.origin != after.origin:
        raise Refused("the two checkpoints are of different logs")
    if not grew(before, after, path):
        raise Refused("the later log does not continue the earlier one")
    return before, after


def check_log(lines: Iterable[str], note: str, keys: Iterable[Key]) -> Head:
    """Return the signed tree once the first entries of an export are exactly those under its root."""
    head, edge, size = check_note(note, keys), list[bytes](), 0
    for line in lines:
        if size == head.size:
            break
        carried = leaf(_exported(line, size))
        place, size = size, size + 1
        while place & 1:
            carried, place = node(edge.pop(), carried), place >> 1
        edge.append(carried)
    if size < head.size:
        raise Refused(f"the export ends at entry {size} of {head.size}")
    total = edge.pop() if edge else EMPTY_ROOT
    while edge:
        total = node(edge.pop(), total)
    if total != head.root:
        raise Refused("the entries of the export are not those that were signed")
    return head


def _exported(line: str, index: int) -> bytes:
    try:
        held: Any = json.loads(line)
        if held["index"] != index or not isinstance(held["body"], str):
            raise Refused(f"line {index + 1} of the export is not entry {index}")
        return held["body"].encode()
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        if isinstance(fault, Refused):
            raise
        raise Refused(f"line {index + 1} of the export cannot be read") from None


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_path(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that this path leads to, or None where it is too short or too long (RFC 9162, 2.1.3.2)."""
    if index >= size:
        return None
    position, last, total = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            total = node(sibling, total)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            total = node(total, sibling)
        position, last = position >> 1, last >> 1
    return total if last == 0 else None


def grew(before: Head, after: Head, path: Sequence[bytes]) -> bool:
    """Tell whether the path shows that the later tree begins with the earlier one (RFC 9162, 2.1.4.2)."""
    if before.size == after.size:
        return not path and before.root == after.root
    if before.size > after.size or before.size == 0 or not path:
        return before.size == 0 and not path and before.root == EMPTY_ROOT
    steps = [before.root, *path] if before.size & (before.size - 1) == 0 else list(path)
    position, last = before.size - 1, after.size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node(step, old), node(step, new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = node(new, step)
        position, last = position >> 1, last >> 1
    return last == 0 and (old, new) == (before.root, after.root)


def _opened(proof: str, kind: str) -> tuple[str, str]:
    head, _, tail = proof.partition("\n")
    if head != kind or len(proof) > LARGEST_PROOF:
        raise Refused("not a proof of this kind")
    first, _, rest = tail.partition("\n")
    return first, rest


def _path_and_note(text: str) -> tuple[list[bytes], str]:
    hashes, _, note = text.partition("\n") if text.startswith("\n") else text.partition("\n\n")
    lines = [line for line in hashes.split("\n") if line]
    if len(lines) > MOST_HASHES:
        raise Refused("the proof is longer than any log's")
    return [_hash(line) for line in lines], note


def _hash(line: str) -> bytes:
    decoded = _decoded(line, "a hash")
    if len(decoded) != 32:
        raise Refused("a hash has the wrong length")
    return decoded


def _decoded(encoded: str, what: str) -> bytes:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise Refused(f"{what} is not base64") from None
    if base64.b64encode(decoded).decode() != encoded:
        raise Refused(f"{what} is not written as base64 is")
    return decoded


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def _checkpoint(asked: argparse.Namespace, keys: list[Key]) -> str:
    head = check_note(_text(asked.file), keys)
    return f"signed: {head.origin}, {head.size} entries, root {head.root.hex()}"


def _inclusion(asked: argparse.Namespace, keys: list[Key]) -> str:
    entry = None if asked.entry is None else asked.entry.read_bytes()
    index, head, held = check_inclusion(_text(asked.file), entry, keys)
    return f"included: entry {index} of {head.size}, root {head.root.hex()}\n{held.decode('utf-8', 'replace')}"


def _consistency(asked: argparse.Namespace, keys: list[Key]) -> str:
    before, after = check_consistency(_text(asked.file), _text(asked.old), keys)
    return f"consistent: {before.size} entries only grew to {after.size}, root {after.root.hex()}"


def _log(asked: argparse.Namespace, keys: list[Key]) -> str:
    with asked.file.open(encoding="utf-8") as lines:
        head = check_log(lines, _text(asked.checkpoint), keys)
    return f"complete: {head.size} entries, root {head.root.hex()}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Check proofs of the audit log offline.")
    kinds = parser.add_subparsers(required=True, metavar="WHAT")
    checks: tuple[tuple[str, Callable[[argparse.Namespace, list[Key]], str], str | None, bool], ...] = (
        ("checkpoint", _checkpoint, None, False),
        ("inclusion", _inclusion, "--entry", False),
        ("consistency", _consistency, "--old", True),
        ("log", _log, "--checkpoint", True),
    )
    for name, check, option, required in checks:
        kind = kinds.add_parser(name)
        kind.set_defaults(check=check)
        kind.add_argument("--key", type=Path, required=True, help="file of verifier key lines")
        if option:
            kind.add_argument(option, type=Path, required=required)
        kind.add_argument("file", type=Path)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; return 0 where it holds, 1 where it is refused."""
    asked = _parser().parse_args(arguments)
    try:
        said = asked.check(asked, read_keys(_text(asked.key)))
    except Refused as refused:
        sys.stderr.write(f"refused: {refused}\n")
    except UnicodeDecodeError:
        sys.stderr.write("refused: a file is not text\n")
    except OSError as fault:
        sys.stderr.write(f"refused: a file cannot be read ({fault.strerror})\n")
    else:
        sys.stdout.write(said + "\n")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
