"""The zone's encoding of one identity with every key at hand: what `rekey(encode(…))` gives, in about a millisecond.

Invariants: bit for bit the columns' encoding (a test draws identities and compares); keys and nothing else are kept
between calls; what comes in is forgotten when the call returns."""

import hashlib
import hmac
from typing import Any

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from linkage.encoding import features_one
from linkage.encoding.encode import (
    _DOMAIN,
    _ENCODING,
    _HASHES,
    _LABEL,
    _REKEY,
    FILTER_BITS,
    FILTERS,
    TOKENS,
    RoleIdentity,
    _permutation,
    _subkey,
)
from linkage.encoding.filters import mask
from linkage.rows import KeyedHash

_WORD = 64
_LOW = (1 << _WORD) - 1


class OneEncoder:
    """Encodes one role at a time under the zone's own keys."""

    def __init__(self, keys: KeyedHash) -> None:
        self._printed = {name: _subkey(keys, name) for name in TOKENS if _DOMAIN.get(name, name) in _LABEL}
        self._words = {name: CMAC(AES(_subkey(keys, name))) for name in TOKENS if name not in self._printed}
        again = {name: keys.subkey(_REKEY, _DOMAIN.get(name, name)) for name in TOKENS}
        self._printed_again = {name: again[name] for name in self._printed}
        self._again = {name: CMAC(AES(again[name])) for name in self._words}
        self._letters = {name: hmac.new(keys.subkey(_ENCODING, name), digestmod=hashlib.sha256) for name in FILTERS}
        self._target = {name: _targets(keys, name) for name in FILTERS}

    def encode(self, role: RoleIdentity) -> dict[str, Any]:
        """One row of the zone: column → number, None where missing."""
        who = role.identity
        texts = features_one.texts(who, role.provider)
        born = who.date_of_birth
        row: dict[str, Any] = {
            "role_id": role.role_id, "record_id": role.record_id, "dataset": role.dataset, "provider": role.provider,
            "role": role.role, "unborn": role.unborn, "one_row_per_person": role.one_row_per_person,
            "dob_default": born is not None and (born.day, born.month) == (1, 1),
        }  # fmt: skip
        row |= {name: self._token(name, texts.get(name)) for name in TOKENS}
        for name, pairs in features_one.letter_pairs(who, texts).items():
            row[f"{name}0"], row[f"{name}1"] = self._filter(name, pairs)
        return row

    def _token(self, name: str, text: str | None) -> int | None:
        if text is None:
            return None
        if name in self._printed:
            code = hmac.digest(self._printed[name], text.encode(), "sha256")[:8]
            code = hmac.digest(self._printed_again[name], code, "sha256")
        else:
            code = _code(self._again[name], _code(self._words[name], text.encode())[:8])
        return int.from_bytes(code[:8], "big", signed=True)

    def _filter(self, name: str, pairs: set[str]) -> tuple[int | None, int | None]:
        found, moved, target = 0, 0, self._target[name]
        for pair in pairs:
            letters = self._letters[name].copy()
            letters.update(pair.encode())
            found |= mask(letters.digest(), _HASHES[name])
        if not found:
            return None, None
        while found:
            bit = found & -found
            moved |= target[bit.bit_length() - 1]
            found ^= bit
        return _signed(moved & _LOW), _signed(moved >> _WORD)


def _code(mac: CMAC, message: bytes) -> bytes:
    fresh = mac.copy()
    fresh.update(message)
    return fresh.finalize()


def _targets(keys: KeyedHash, name: str) -> list[int]:
    """Where each bit of a filter goes, as a number with that one bit set."""
    found = [0] * FILTER_BITS
    for place, bit in enumerate(_permutation(keys, name).tolist()):
        found[bit] = 1 << place
    return found


def _signed(word: int) -> int:
    return word - (1 << _WORD) if word >> (_WORD - 1) else word
