"""The Merkle tree of the ledger: roots, proofs and their verifiers, with no store and no clock.

Invariants: leaves and nodes are hashed under different prefixes; a proof is accepted only for the index and
sizes the caller names (from a signed checkpoint, never from the proof); every function is total over the
sizes it accepts and refuses the others by ValueError or False; a `Frontier` grows by one leaf in amortised
constant time.
Source: RFC 6962 section 2.1 (hash, paths, consistency) and RFC 9162 sections 2.1.3.2 and 2.1.4.2
(verification).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

EMPTY_ROOT: Final = sha256().digest()
RootOver = Callable[[int, int], bytes]
"""Gives the root over the leaves [start, end) of a tree."""


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, largest first."""

    size: int = 0
    edge: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.edge) != self.size.bit_count():
            raise ValueError("the edge does not fit the size")

    def push(self, leaf: bytes) -> None:
        """Add the next leaf, given by its hash."""
        self.push_perfect(leaf, 0)

    def push_perfect(self, subtree: bytes, height: int) -> None:
        """Add the next 2^height leaves, given by their root; the size so far must be a multiple of that."""
        if self.size & ((1 << height) - 1):
            raise ValueError("a subtree of this height does not fit here")
        carried, above = subtree, self.size >> height
        while above & 1:
            carried, above = node_hash(self.edge.pop(), carried), above >> 1
        self.edge.append(carried)
        self.size += 1 << height

    def root(self) -> bytes:
        """Return the root of all leaves pushed so far."""
        return fold(self.edge)


@dataclass(slots=True)
class BlockTree:
    """A growing tree that also keeps the root of each full block of leaves; `width` is a power of two."""

    width: int
    frontier: Frontier = field(default_factory=Frontier)
    blocks: list[bytes] = field(default_factory=list)
    part: list[bytes] = field(default_factory=list)

    def push(self, leaf: bytes) -> None:
        self.frontier.push(leaf)
        self.part.append(leaf)
        if len(self.part) == self.width:
            self.blocks.append(root(self.part))
            self.part.clear()

    def push_block(self, block: bytes) -> None:
        """Add the next full block by its root."""
        self.frontier.push_perfect(block, self.width.bit_length() - 1)
        self.blocks.append(block)


def fold(subtrees: Sequence[bytes]) -> bytes:
    """Return the root over perfect subtrees given largest first."""
    if not subtrees:
        return EMPTY_ROOT
    total = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        total = node_hash(left, total)
    return total


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else EMPTY_ROOT


def levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Return the leaves, then the roots of each pair of them, and so on while there is a pair; odd ones stay behind."""
    made = [leaves]
    while len(made[-1]) > 1:
        pairs = iter(made[-1])
        made.append([sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)])
    return made


def prefix_edge(made: Sequence[Sequence[bytes]], count: int) -> list[bytes]:
    """Return the roots of the perfect subtrees of the first `count` leaves of `levels`, largest first."""
    return [made[height][first >> height] for first, height in perfect(0, count)]


def inclusion_path(index: int, size: int, over: RootOver) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in the tree of this size, from its sibling up to the root's child."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in this tree")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(over(middle, end))
            end = middle
        else:
            path.append(over(start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_path(earlier: int, size: int, over: RootOver) -> tuple[bytes, ...]:
    """Return the proof that the tree over the first `earlier` leaves is a prefix of the one of this size."""
    if not 0 < earlier <= size:
        raise ValueError("the earlier tree must have at least one leaf and no more than the later")
    path: list[bytes] = []
    start, end, known = 0, size, True
    while earlier != end:
        middle = start + _split(end - start)
        if earlier <= middle:
            path.append(over(middle, end))
            end = middle
        else:
            path.append(over(start, middle))
            start, known = middle, False
    if not known:
        path.append(over(start, end))
    return tuple(reversed(path))


def perfect(start: int, end: int) -> list[tuple[int, int]]:
    """Return the perfect subtrees (first leaf, height) of a tree's range [start, end), largest first."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((start, height))
        start += 1 << height
    return found


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected_root: bytes) -> bool:
    """Return whether `path` proves that `leaf` (a hash) is number `index` in the tree of this root."""
    if not 0 <= index < size:
        return False
    position, last, total = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            total = node_hash(sibling, total)
            position, last = _climb(position, last)
        else:
            total = node_hash(total, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and total == expected_root


def verify_consistency(earlier: int, later: int, path: Sequence[bytes], earlier_root: bytes, later_root: bytes) -> bool:
    """Return whether `path` proves that the earlier tree is a prefix of the later one.

    Nothing is proved from the empty tree except by an empty path and the empty root.
    """
    if not 0 <= earlier <= later:
        return False
    if earlier == 0:
        return not path and earlier_root == EMPTY_ROOT
    if earlier == later:
        return not path and earlier_root == later_root
    return _walk(earlier, later, path, earlier_root) == (earlier_root, later_root)


def _walk(earlier: int, later: int, path: Sequence[bytes], earlier_root: bytes) -> tuple[bytes, bytes] | None:
    steps = [earlier_root, *path] if earlier & (earlier - 1) == 0 else list(path)
    if not steps:
        return None
    position, last = earlier - 1, later - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            old, new = node_hash(step, old), node_hash(step, new)
            position, last = _climb(position, last)
        else:
            new = node_hash(new, step)
        position, last = position >> 1, last >> 1
    return (old, new) if last == 0 else None


def _parents(level: Sequence[bytes]) -> list[bytes]:
    """Return the next level up; a last node without a sibling rises as it is."""
    paired = [node_hash(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
    return [*paired, level[-1]] if len(level) & 1 else paired


def _climb(position: int, last: int) -> tuple[int, int]:
    """Skip the levels at which a right-edge node has no sibling."""
    while position and not position & 1:
        position, last = position >> 1, last >> 1
    return position, last


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
