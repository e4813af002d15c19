"""Proof files that an outsider checks offline: this entry is in the log; this log only ever grew.

Invariants: a proof is believed only against a checkpoint whose signature verifies under a key the reader already
has; index and sizes come from there and from the reader, never from an unsigned part alone; reading is total: any
other text is refused.
Sources: C2SP tlog-proof@v1; RFC 6962 section 2.1. The consistency file follows the same shape under a name of our
own.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from governance.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from governance.ledger.notes import NoteRefused, TreeHead, Verifier, read_note

INCLUSION: Final = "c2sp.org/tlog-proof@v1"
CONSISTENCY: Final = "linked-family-record/consistency-proof@v1"
LARGEST_PROOF: Final = 256 * 1024
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,15})")


class ProofRefused(ValueError):
    """The text is not a proof, or does not prove what it should."""


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Proof that one entry is in the tree that `note` signs. `str()` is a C2SP tlog-proof file."""

    entry_id: str
    body: str
    index: int
    size: int
    path: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        return f"{INCLUSION}\nindex {self.index}\n{_lines(self.path)}\n{self.note}"


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Proof that the tree of the earlier note is a prefix of the later one's. `str()` is a file."""

    earlier: str
    later: str
    path: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{CONSISTENCY}\n{_lines(self.path)}\n{self.later}"


def check_inclusion(proof: str, body: bytes, verifiers: Iterable[Verifier]) -> tuple[int, TreeHead]:
    """Return the index of the entry with this exact body and the tree it is in; raise ProofRefused."""
    first, rest = _opened(proof, INCLUSION)
    found = _INDEX.fullmatch(first)
    if found is None:
        raise ProofRefused("not an inclusion proof")
    path, note = _path_and_note(rest)
    head = _head(note, verifiers)
    if not verify_inclusion(leaf_hash(body), int(found[1]), head.size, path, head.root):
        raise ProofRefused("the entry is not in the tree that was signed")
    return int(found[1]), head


def check_consistency(proof: str, earlier: str, verifiers: Iterable[Verifier]) -> tuple[TreeHead, TreeHead]:
    """Return both trees when the one of the checkpoint `earlier` only grew into the proof's; raise ProofRefused."""
    known = list(verifiers)
    path, note = _path_and_note("\n".join(_opened(proof, CONSISTENCY)))
    before, after = _head(earlier, known), _head(note, known)
    fits = before.origin == after.origin and verify_consistency(before.size, after.size, path, before.root, after.root)
    if not fits:
        raise ProofRefused("the later log does not continue the earlier one")
    return before, after


def _opened(proof: str, kind: str) -> tuple[str, str]:
    """Return the line after the kind, and all the rest."""
    head, _, tail = proof.partition("\n")
    if head != kind or len(proof) > LARGEST_PROOF:
        raise ProofRefused("not a proof of this kind")
    first, _, rest = tail.partition("\n")
    if first.startswith("extra "):
        first, _, rest = rest.partition("\n")
    return first, rest


def _path_and_note(text: str) -> tuple[list[bytes], str]:
    """Split at the first empty line; the hashes come before it, the checkpoint after."""
    hashes, _, note = text.partition("\n") if text.startswith("\n") else text.partition("\n\n")
    return [_hash(line) for line in hashes.split("\n") if line], note


def _hash(line: str) -> bytes:
    try:
        decoded = base64.b64decode(line, validate=True)
    except ValueError:
        raise ProofRefused("a hash is not base64") from None
    if len(decoded) != 32:
        raise ProofRefused("a hash has the wrong length")
    return decoded


def _head(note: str, verifiers: Iterable[Verifier]) -> TreeHead:
    try:
        return read_note(note, verifiers)
    except NoteRefused as refused:
        raise ProofRefused(f"the checkpoint is refused: {refused}") from None


def _lines(path: tuple[bytes, ...]) -> str:
    return "".join(f"{base64.b64encode(node).decode()}\n" for node in path)
