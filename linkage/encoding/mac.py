"""Keyed tokens of whole columns: 64 bits each, HMAC-SHA-256 for numbers that are printed on cards, AES-CMAC elsewhere.

Invariants: a token is the first 64 bits of the code, as a signed number; equal text under one key is an equal token,
whatever the batch; a null stays null. AES-CMAC is a pseudo-random function, as HMAC is; a column of short texts costs
a hundredth of it, since one call enciphers all blocks.
Sources: HMAC (RFC 2104), AES-CMAC (NIST SP 800-38B, RFC 4493) with 256-bit keys."""

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from linkage.encoding.flat import Numbers, Texts, flat

_SHA_BLOCK = 64
_IPAD = bytes(x ^ 0x36 for x in range(256))
_OPAD = bytes(x ^ 0x5C for x in range(256))
_BLOCK = 16
_TOKEN = 8
_Matrix = npt.NDArray[np.uint8]


class Hmac:
    """HMAC-SHA-256 with the padded key hashed once."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = key.ljust(_SHA_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_IPAD))
        self._outer = hashlib.sha256(padded.translate(_OPAD))

    def digest(self, data: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()

    def tokens(self, column: pa.Array) -> pa.Array:
        """The token of each text."""
        codes = column.dictionary_encode()
        return self._taken(codes, [text.encode() for text in codes.dictionary.to_pylist()])

    def again(self, tokens: pa.Array) -> pa.Array:
        """The token of each token, read as eight bytes, most significant first."""
        codes = tokens.dictionary_encode()
        return self._taken(codes, [word.to_bytes(_TOKEN, "big", signed=True) for word in codes.dictionary.to_pylist()])

    def _taken(self, codes: pa.DictionaryArray, messages: list[bytes]) -> pa.Array:
        digests = b"".join(self.digest(message)[:_TOKEN] for message in messages)
        return pa.array(np.frombuffer(digests, dtype=">i8").astype(np.int64)).take(codes.indices)


class Cmac:
    """AES-CMAC of many messages in one pass."""

    __slots__ = ("_cipher", "_k1", "_k2")

    def __init__(self, key: bytes) -> None:
        # One-block ECB is the raw permutation that CMAC is made of; no message is ever enciphered with it.
        self._cipher = Cipher(AES(key), ECB())  # noqa: S305
        zero = self._enciphered(np.zeros((1, _BLOCK), dtype=np.uint8))
        self._k1 = _doubled(zero.tobytes())
        self._k2 = _doubled(self._k1.tobytes())

    def _enciphered(self, blocks: _Matrix) -> _Matrix:
        out = self._cipher.encryptor().update(blocks.tobytes())
        return np.frombuffer(out, dtype=np.uint8).reshape(-1, _BLOCK)

    def tokens(self, column: pa.Array) -> pa.Array:
        """The token of each text."""
        values = self._codes(flat(column))
        return pa.array(values, mask=_missing(column))

    def _codes(self, texts: Texts) -> Numbers:
        blocks = np.maximum(1, -(-texts.lengths // _BLOCK))
        codes = np.empty(len(texts), dtype=np.int64)
        for count in np.unique(blocks):
            rows = np.flatnonzero(blocks == count)
            codes[rows] = self._of_equal_blocks(texts, rows, int(count))
        return codes

    def _of_equal_blocks(self, texts: Texts, rows: Numbers, count: int) -> Numbers:
        width = count * _BLOCK
        padded = np.concatenate((texts.data, np.zeros(width, dtype=np.uint8)))
        message = np.lib.stride_tricks.sliding_window_view(padded, width)[texts.offsets[rows]]
        held, ending = self._endings(width)
        lengths = texts.lengths[rows]
        message = (message & held[lengths]) ^ ending[lengths]
        state = self._enciphered(message[:, :_BLOCK])
        for at in range(_BLOCK, width, _BLOCK):
            state = self._enciphered(state ^ message[:, at : at + _BLOCK])
        return _first_word(state)

    def _endings(self, width: int) -> tuple[_Matrix, _Matrix]:
        """For each length up to the width, which bytes are the text's own, and what padding and subkey add."""
        places, lengths = np.arange(width), np.arange(width + 1)[:, None]
        held = (places < lengths) * np.uint8(255)
        ending = (places == lengths) * np.uint8(128)
        ending[:, -_BLOCK:] ^= np.where(lengths == width, self._k1, self._k2)
        return held, ending

    def again(self, tokens: pa.Array) -> pa.Array:
        """The token of each token, read as eight bytes, most significant first."""
        if tokens.null_count == len(tokens):
            return tokens
        message = np.zeros((len(tokens), _BLOCK), dtype=np.uint8)
        message[:, :_TOKEN] = np.asarray(tokens.fill_null(0)).astype(">i8").view(np.uint8).reshape(-1, _TOKEN)
        message[:, _TOKEN] = 0x80
        return pa.array(_first_word(self._enciphered(message ^ self._k2)), mask=_missing(tokens))


def _doubled(block: bytes) -> npt.NDArray[np.uint8]:
    """Twice a block in GF(2^128)."""
    number = int.from_bytes(block, "big") << 1
    reduced = (number ^ 0x87 if number >> 128 else number) & (2**128 - 1)
    return np.frombuffer(reduced.to_bytes(_BLOCK, "big"), dtype=np.uint8)


def _first_word(codes: _Matrix) -> Numbers:
    return np.ascontiguousarray(codes[:, :_TOKEN]).view(">i8").ravel().astype(np.int64)


def _missing(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(column.is_null())
