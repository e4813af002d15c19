"""Keyed letter-pair filters of whole columns: 128 bits in which alike words share most of their bits.

Invariants: a filter is the union of its letter pairs' masks, and a mask is bits named by independent slices of
HMAC-SHA-256 of the pair under the column's key (random hashing, never double hashing); a whole column costs one HMAC
per distinct pair in it; a secret order of the bits is applied on receipt. A null or pairless text has no filter.
Sources: Schnell, Bachteler and Reiher 2009; Kroll and Steinmetzer 2014."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.encoding.flat import Flags, Numbers, Texts, flat
from linkage.encoding.mac import Hmac
from linkage.encoding.words import Words

BITS = 128
Filter = npt.NDArray[np.uint64]
"""Shape (rows, 2): the low and high word of each row's filter; all zero where there is none."""

_SIGNS = "_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -"
_WIDTH = len(_SIGNS)
_PAIRS = _WIDTH * _WIDTH
_EDGE = ord("_")
_CODES = np.full(256, -1, dtype=np.int64)
_CODES[np.frombuffer(_SIGNS.encode(), dtype=np.uint8)] = np.arange(_WIDTH)
_PLACES = ("", "0", "1")


def mask(digest: bytes, hashes: int) -> int:
    """A filter with one bit set for each of the first independent 16-bit slices of a digest."""
    found = 0
    for at in range(0, 2 * hashes, 2):
        found |= 1 << (int.from_bytes(digest[at : at + 2], "big") % BITS)
    return found


def _gram(code: int) -> str:
    place, pair = divmod(code, _PAIRS)
    first, second = divmod(pair, _WIDTH)
    return _SIGNS[first] + _SIGNS[second] + _PLACES[place]


def _words_of(found: Sequence[int]) -> Filter:
    packed = b"".join(value.to_bytes(BITS // 8, "little") for value in found)
    return np.frombuffer(packed, dtype="<u8").reshape(-1, 2).astype(np.uint64)


class Pairs:
    """The masks of letter pairs under one column's key."""

    __slots__ = ("_hashes", "_mac")

    def __init__(self, key: bytes, hashes: int) -> None:
        self._mac, self._hashes = Hmac(key), hashes

    def mask(self, gram: str) -> int:
        return mask(self._mac.digest(gram.encode()), self._hashes)

    def of_words(self, words: pa.Array, *, placed: bool) -> Filter:
        """The filter of each word; `placed` adds each pair with the half of the word in which it stands."""
        texts = _padded(flat(words))
        codes = _CODES[texts.data]
        found = self._filled(texts, codes, placed=placed)
        odd = np.unique(np.searchsorted(texts.offsets, np.flatnonzero(codes < 0), side="right") - 1)
        for row in odd:
            found[row] = self._plainly(words[int(row)].as_py(), placed=placed)
        found[np.asarray(words.is_null())] = 0
        return found

    def of_rows(self, words: Words) -> Filter:
        """The filter of each row's words together."""
        codes = words.flat.dictionary_encode()
        filters = self.of_words(codes.dictionary, placed=False)[np.asarray(codes.indices)]
        found = np.zeros((len(words), 2), dtype=np.uint64)
        held = np.flatnonzero(words.counts)
        if len(held):
            found[held] = np.bitwise_or.reduceat(filters, words.begins[held], axis=0)
        return found

    def _filled(self, texts: Texts, codes: Numbers, *, placed: bool) -> Filter:
        if not len(texts):
            return np.zeros((0, 2), dtype=np.uint64)
        pairs, begins = _pairs(texts, codes)
        masks = self._masks(pairs)[pairs]
        if placed:
            halves = _halves(texts) + pairs
            masks |= self._masks(halves)[halves]
        found: Filter = np.bitwise_or.reduceat(masks, begins, axis=0)
        return found

    def _masks(self, codes: Numbers) -> Filter:
        table = np.zeros((_PAIRS * len(_PLACES), 2), dtype=np.uint64)
        present = np.flatnonzero(np.bincount(codes, minlength=1))
        table[present] = _words_of([self.mask(_gram(code)) for code in present.tolist()])
        return table

    def _plainly(self, word: str, *, placed: bool) -> Filter:
        """One word with letters outside the table."""
        padded = f"_{word}_"
        half = max(2, len(padded) // 2)
        pairs = [padded[at : at + 2] for at in range(len(padded) - 1)]
        grams = pairs + [f"{pair}{at // half}" for at, pair in enumerate(pairs)] if placed else pairs
        whole = 0
        for gram in grams:
            whole |= self.mask(gram)
        found: Filter = _words_of([whole])[0]
        return found


def _padded(texts: Texts) -> Texts:
    """Each text between two edge signs."""
    rows = np.arange(len(texts))
    data = np.full(len(texts.data) + 2 * len(texts), _EDGE, dtype=np.uint8)
    inner = np.arange(len(texts.data)) + 2 * np.repeat(rows, texts.lengths) + 1
    data[inner] = texts.data
    return Texts(data, texts.offsets + 2 * np.arange(len(texts) + 1))


def _pairs(texts: Texts, codes: Numbers) -> tuple[Numbers, Numbers]:
    """The code of the pair that begins at each byte but a text's last, and where each text's pairs begin."""
    known = np.maximum(codes, 0)
    both = known[:-1] * _WIDTH + known[1:]
    return both[_leading(texts)[:-1]], texts.offsets[:-1] - np.arange(len(texts))


def _leading(texts: Texts) -> Flags:
    flags = np.ones(len(texts.data), dtype=bool)
    flags[texts.offsets[1:] - 1] = False
    return flags


def _halves(texts: Texts) -> Numbers:
    """What a pair's place adds to its code."""
    half = np.maximum(2, texts.lengths // 2)
    places = texts.places() // np.repeat(half, texts.lengths)
    codes: Numbers = (places[_leading(texts)] + 1) * _PAIRS
    return codes


def columns(filters: Filter) -> list[pa.Array]:
    """The two halves as columns, null where there is no filter."""
    missing = ~filters.any(axis=1)
    words = filters.view(np.int64)
    return [pa.array(np.ascontiguousarray(words[:, half]), pa.int64(), mask=missing) for half in (0, 1)]


def permuted(low: pa.Array, high: pa.Array, order: npt.NDArray[np.int64]) -> list[pa.Array]:
    """The filters with bit `order[i]` moved to place i."""
    if low.null_count == len(low):
        return [low, high]
    missing = np.asarray(low.is_null())
    words = np.stack([np.asarray(half.fill_null(0)) for half in (low, high)], axis=1).astype("<i8")
    table = _moved(order)
    moved = np.zeros((len(words), 2), dtype=np.uint64)
    for at, byte in enumerate(np.ascontiguousarray(words).view(np.uint8).reshape(-1, 16).T):
        moved |= table[at, byte]
    halves = moved.view(np.int64)
    return [pa.array(np.ascontiguousarray(halves[:, half]), pa.int64(), mask=missing) for half in (0, 1)]


def _moved(order: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """For each of a filter's 16 bytes, where each of its 256 values sends its bits."""
    target = np.empty(BITS, dtype=np.int64)
    target[order] = np.arange(BITS)
    values = np.arange(256, dtype=np.uint64)
    table = np.zeros((BITS // 8, 256, 2), dtype=np.uint64)
    for bit in range(BITS):
        set_ = (values >> np.uint64(bit % 8)) & np.uint64(1)
        table[bit // 8, :, target[bit] // 64] |= set_ << np.uint64(target[bit] % 64)
    return table
