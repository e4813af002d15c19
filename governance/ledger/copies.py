"""Further anchor folders: the same checkpoints on other hosts or under other owners, so that no one of them is enough.

Invariants: a copy never holds what the first folder does not; a copy that is ahead of it, or says otherwise at a size,
stops the signing (the first folder, or the log, was rolled back); a copy that cannot be reached stops nothing and
catches up later.
Source: C2SP tlog-checkpoint (a log signs one history).
"""

from collections.abc import Sequence
from pathlib import Path

from governance.ledger import anchors


class AnchorsDisagree(Exception):
    """Two anchor folders tell two histories. The message names folders by number and a size."""


def refuse_fork(first: Path, copies: Sequence[Path]) -> None:
    """Raise AnchorsDisagree where a copy is ahead of the first folder: what it holds was signed and is gone here."""
    newest = max(anchors.sizes(first), default=-1)
    for number, copy in enumerate(copies, 2):
        ahead = max(anchors.sizes(copy), default=-1)
        if ahead > newest:
            raise AnchorsDisagree(f"anchor folder {number} holds a checkpoint of {ahead} entries, the first does not")


def mirror(first: Path, copy: Path) -> int:
    """Write to `copy` every checkpoint that it lacks and return how many; raise AnchorsDisagree, or OSError."""
    with anchors.locked(copy):
        for line in anchors.verifier_lines(first):
            anchors.publish_verifier(copy, line)
        held, made = anchors.sizes(copy), 0
        if held and anchors.note_at(copy, held[-1]) != anchors.note_at(first, held[-1]):
            raise AnchorsDisagree(f"two checkpoints of {held[-1]} entries differ")
        for size in sorted({*anchors.sizes(first)} - {*held}):
            anchors.anchor(copy, size, anchors.note_at(first, size) or "")
            made += 1
    return made
