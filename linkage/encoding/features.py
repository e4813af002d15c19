"""What is compared of an identity: the words that become tokens and the letter pairs that become filters.

Invariants: whole columns of text to whole columns of text, nothing kept; a missing or placeholder value gives no
feature, never an empty one; a date's parts are kept apart so that one wrong part, a swap of day and month or a
1 January default still leaves something to compare.
Sources: letter groups as in Soundex (Russell 1918), without its first-letter rule; initials are not names."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.encoding.flat import Numbers, Texts, flat
from linkage.encoding.words import Words, words
from linkage.normalise.names import NICKNAMES, PLACEHOLDERS, fold, is_newborn_placeholder
from linkage.normalise.places import STREET_WORDS
from linkage.normalise.text import ascii_fold

_GROUPS = np.arange(256, dtype=np.uint8)
_GROUPS[np.frombuffer(b"BFPVCGJKQSXZDTLMNRAEIOUYHW", dtype=np.uint8)] = np.frombuffer(
    b"11112222222233455600000099", dtype=np.uint8
)
_NO_SOUND, _VOWEL = ord("9"), ord("0")
_SOUND_LENGTH = 6
_UK_SECTOR = r"^([A-Z]{1,2}[0-9][0-9A-Z]? [0-9])[A-Z]{2}$"
_ORDER = re.compile(r"\b(?:([1-9])|(ONE|A|I)|(TWO|B|II)|(THREE|C|III))\b|[A-Z]([1-9])\b")
_UNIT_WORDS = pa.array(["FLAT", "UNIT", "ROOM", "APARTMENT", "NO", "Y", "YR", "THE"])
_MARKS = "BABY|INFANT|NEWBORN|UNBORN|TWIN|TRIPLET|BABE"


def birth_order(given_name: str) -> str | None:
    """The n of "Baby 2" or "Twin II", where the given name is such a placeholder."""
    if not is_newborn_placeholder(given_name):
        return None
    found = _ORDER.search(given_name.upper())
    if found is None:
        return None
    digit, one, two, three, joined = found.groups()
    return digit or joined or ("1" if one else "2" if two else "3" if three else None)


def _plain(column: pa.Array) -> pa.Array:
    """Capitals without accents."""
    upper = pc.ascii_upper(column)
    accented = np.flatnonzero(np.asarray(pc.invert(pc.string_is_ascii(column)).fill_null(False)))
    return _mended(upper, accented, lambda row: ascii_fold(column[row].as_py()))


def _mended(column: pa.Array, rows: Numbers, of: Callable[[int], str | None]) -> pa.Array:
    """A column with some rows worked out one by one."""
    if not len(rows):
        return column
    chosen = np.zeros(len(column), dtype=bool)
    chosen[rows] = True
    return pc.replace_with_mask(column, pa.array(chosen), pa.array([of(int(row)) for row in rows], pa.string()))


def _filled(column: pa.Array) -> pa.Array:
    """Nothing instead of an empty text."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def folded(names: pa.Array) -> pa.Array:
    """Names as `fold` folds each; null where a name says nothing."""
    words = pc.replace_substring_regex(_plain(names), r"['.]+", "")
    words = pc.ascii_trim(pc.replace_substring_regex(words, r"[^A-Z0-9]+", " "), " ")
    odd = pc.or_(pc.equal(words, ""), pc.match_substring_regex(words, _MARKS))
    words = _mended(words, np.flatnonzero(np.asarray(odd.fill_null(False))), lambda row: fold(names[row].as_py()))
    known = pc.invert(pc.is_in(words, value_set=pa.array(sorted(PLACEHOLDERS))))
    return _filled(pc.if_else(known, words, ""))


def sounds(column: pa.Array) -> pa.Array:
    """A coarse phonetic form: consonant groups in order, runs and vowels dropped, a leading vowel marked."""
    texts = flat(column)
    groups = _GROUPS[texts.data]
    coded = Texts(groups, texts.offsets).keep(groups != _NO_SOUND)
    coded = coded.keep(coded.starts() | (coded.data != np.append(np.uint8(0), coded.data[:-1])))
    coded = coded.keep(coded.starts() | (coded.data != _VOWEL))
    coded = coded.keep(coded.places() < _SOUND_LENGTH)
    return pc.if_else(pc.string_is_ascii(column), coded.arrow(np.asarray(column.is_valid())), column)


def formal(column: pa.Array) -> pa.Array:
    """The full form of each folded short name, or the word itself."""
    short = pa.array(list(NICKNAMES))
    full = pa.array(list(NICKNAMES.values())).take(pc.index_in(column, value_set=short))
    return pc.coalesce(full, column)


def given_words(names: pa.Array) -> Words:
    """The words of folded given names that are more than an initial."""
    found = words(names)
    return found.kept(pc.greater(pc.utf8_length(found.flat), 1))


def birth_orders(names: pa.Array, first: pa.Array) -> pa.Array:
    """A newborn's order of birth, where the given name is only a placeholder."""
    marked = pc.and_(first.is_null(), pc.match_substring_regex(_plain(names), _MARKS).fill_null(False))
    none = pa.nulls(len(names), pa.string())
    return _mended(none, np.flatnonzero(np.asarray(marked)), lambda row: birth_order(names[row].as_py()))


def family_features(parts: Words) -> dict[str, pa.Array]:
    """The whole surname closed up, its first and last parts, and its sound."""
    whole = _filled(parts.joined(""))
    return {
        "family": whole,
        "family_first": parts.nth(0),
        "family_last": parts.nth(-1),
        "family_sound": sounds(whole),
    }


def name_bags(first: pa.Array, family: Words) -> pa.Array:
    """First given name and surname parts in alphabetical order: equal when they were swapped."""
    one = family.nth(0)
    pair = [pc.min_element_wise(first, one, skip_nulls=False), pc.max_element_wise(first, one, skip_nulls=False)]
    bags = pc.binary_join_element_wise(*pair, " ")
    several = np.flatnonzero((family.counts > 1) & np.asarray(first.is_valid()))

    def sorted_words(row: int) -> str:
        parts = family.flat[int(family.begins[row]) : int(family.begins[row + 1])].to_pylist()
        return " ".join(sorted([first[row].as_py(), *parts]))

    return _mended(bags, several, sorted_words)


def date_features(born: pa.Array) -> dict[str, pa.Array]:
    """The whole date, the date with day and month in order of size, and each pair of parts."""
    year, month, day = (part(born) for part in (pc.year, pc.month, pc.day))
    low, high = pc.min_element_wise(day, month), pc.max_element_wise(day, month)
    year, month, day, low, high = (part.cast(pa.string()) for part in (year, month, day, low, high))
    return {
        "dob": born.cast(pa.string()),
        "dob_canon": pc.binary_join_element_wise(year, low, high, "-"),
        "dob_dm": pc.binary_join_element_wise(day, month, "-"),
        "dob_my": pc.binary_join_element_wise(month, year, "/"),
        "dob_dy": pc.binary_join_element_wise(day, year, "|"),
        "dob_y": year,
    }


def sectors(postcodes: pa.Array) -> pa.Array:
    """`AB1 2` of a UK postcode; of any other code all but its last sign."""
    shorter = pc.utf8_slice_codeunits(postcodes, 0, -1)
    other = pc.if_else(pc.equal(shorter, ""), postcodes, shorter)
    uk = pc.match_substring_regex(postcodes, _UK_SECTOR)
    return pc.if_else(uk, pc.replace_substring_regex(postcodes, _UK_SECTOR, r"\1"), other)


@dataclass(frozen=True, slots=True, repr=False)
class Places:
    """What addresses say: every word, and the numbers and names among them."""

    words: Words
    numbers: Words
    names: Words


def places_of(addresses: pa.Array) -> Places:
    """The words of each address with abbreviations spelt out; flat, unit and articles are neither number nor name."""
    plain = pc.replace_substring(_plain(addresses), "'", "")
    found = words(pc.replace_substring_regex(plain, r"[^A-Z0-9]+", " "))
    codes = found.flat.dictionary_encode()
    spelt = pa.array([STREET_WORDS.get(word, word) for word in codes.dictionary.to_pylist()], pa.string())
    number = pc.match_substring_regex(spelt, r"^[0-9]+[A-Z]?$")
    name = pc.invert(pc.or_(number, pc.is_in(spelt, value_set=_UNIT_WORDS)))
    whole = Words(spelt.take(codes.indices), found.begins)
    return Places(whole, whole.kept(number.take(codes.indices)), whole.kept(name.take(codes.indices)))


def streets(places: Places) -> pa.Array:
    """One street word with the numbers; null where an address names no street."""
    second = places.names.nth(1)
    names = pc.binary_join_element_wise(places.names.nth(0), second, " ", null_handling="emit_null")
    numbers = places.numbers.joined(" ")
    return pc.binary_join_element_wise(numbers, pc.coalesce(names, places.names.nth(0)), "|")


def dwellings(places: Places, at: pa.Array, postcodes: pa.Array) -> pa.Array:
    """One dwelling: its numbers, first street word, and the postcode or else the next words.

    `at` says which address stands on each row, `postcodes` what stands beside it.
    """
    numbers, first = places.numbers.joined(" "), places.names.nth(0)
    second, third = places.names.nth(1), places.names.nth(2)
    beyond = pc.coalesce(pc.binary_join_element_wise(second, third, " "), second, pa.scalar(""))
    known = pc.if_else(pc.greater(pc.binary_length(numbers), 0), beyond, pa.scalar(None, pa.string()))
    start = pc.binary_join_element_wise(numbers, first, "|")
    return pc.binary_join_element_wise(start.take(at), pc.coalesce(postcodes, known.take(at)), "|")
