"""The keys under which the index is asked: a keyed hash of a rule and the tokens it names.

Invariants: equal tokens under different rules give unrelated keys; a key tells nothing of its tokens without the key of
the ring; keys depend on tokens and rule names alone, not on a database's own hash, so that a part written long ago is
still found. The hash is CBC-MAC with AES-256 over one first block per rule and a fixed number of words, which is a
pseudo-random function since no message of one rule is the beginning of another's.
Source: Bellare, Kilian and Rogaway (2000); NIST SP 800-38B on fixed lengths."""

import hashlib
from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from linkage.rows import KeyedHash

Words = NDArray[np.uint64]
Rule = tuple[str, ...]

_GIVENS = ("given_formal", "given_sound", "middle")
_FAMILIES = ("family_first", "family_last", "family_sound", "former")
SEARCHED: tuple[Rule, ...] = (
    ("nhs",), ("upn",), ("upn_temporary",), ("name_bag",),
    *((given, family) for given in _GIVENS for family in _FAMILIES),
    *(("dob_canon", name) for name in (*_GIVENS, *_FAMILIES)),
    *((name, near) for name in ("given_formal", "family_sound") for near in ("dob_my", "dob_dy", "dob_dm")),
)  # fmt: skip
"""What a search looks under, beside what linkage compares under."""


class Mixer:
    """Mixes tokens into keys under one key of the ring."""

    def __init__(self, keys: KeyedHash) -> None:
        # Whole blocks of a pseudo-random function are wanted here, one by one: the chaining is done below.
        cipher = Cipher(algorithms.AES(keys.subkey("zone/1", "index-keys")), modes.ECB())  # noqa: S305
        self._encryptor = cipher.encryptor()
        self._starts: dict[str, Words] = {}

    def mixed(self, rule: str, words: Sequence[NDArray[np.int64]]) -> Words:
        """The key of each row: `words` holds one array per column of the rule."""
        state: Words = np.broadcast_to(self._start(rule), (len(words[0]), 2))
        for at in range(0, len(words), 2):
            block = np.array(state)
            for half, column in enumerate(words[at : at + 2]):
                block[:, half] ^= np.ascontiguousarray(column).view(np.uint64)
            state = self._encrypted(block)
        return np.ascontiguousarray(state[:, 0])

    def _start(self, rule: str) -> Words:
        if rule not in self._starts:
            digest = hashlib.sha256(rule.encode()).digest()[:16]
            self._starts[rule] = self._encrypted(np.frombuffer(digest, dtype="<u8").reshape(1, 2))[0]
        return self._starts[rule]

    def _encrypted(self, blocks: Words) -> Words:
        if not len(blocks):
            return np.zeros((0, 2), dtype=np.uint64)
        sealed = self._encryptor.update(np.ascontiguousarray(blocks).data.cast("B"))
        return np.frombuffer(sealed, dtype="<u8").reshape(-1, 2)


def rule_name(rule: Rule) -> str:
    return "+".join(rule)
