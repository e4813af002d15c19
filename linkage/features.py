"""What is compared of an identity: the words that become tokens and the letter pairs that become filters.

Invariants: pure text to text, one identity at a time, nothing kept; a missing or placeholder value gives no feature,
never an empty one; a date's parts are kept apart so that one wrong part, a swap of day and month or a 1 January
default still leaves something to compare.
Sources: letter groups as in Soundex (Russell 1918), without its first-letter rule; initials are not names."""

import re
from datetime import date

from linkage.normalise.names import fold, formal, is_newborn_placeholder
from linkage.normalise.places import address_tokens
from linkage.rows import Sex

_GROUPS = str.maketrans("BFPVCGJKQSXZDTLMNRAEIOUYHW", "11112222222233455600000099")
_RUNS = re.compile(r"(.)\1+")
_UK = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) ([0-9])[A-Z]{2}")
_ORDER = re.compile(r"\b(?:([1-9])|(ONE|A|I)|(TWO|B|II)|(THREE|C|III))\b|[A-Z]([1-9])\b")
_NUMBER = re.compile(r"[0-9]+[A-Z]?")
_UNIT_WORDS = frozenset({"FLAT", "UNIT", "ROOM", "APARTMENT", "NO"})
_SEXES = {Sex.FEMALE: "F", Sex.MALE: "M"}


def sound(word: str) -> str:
    """A coarse phonetic form: consonant groups in order, runs and vowels dropped, a leading vowel marked."""
    if not word.isascii():
        return word
    coded = word.replace("PH", "F").translate(_GROUPS).replace("9", "")
    kept = _RUNS.sub(r"\1", coded)
    return (kept[:1] + kept[1:].replace("0", ""))[:6]


def birth_order(given_name: str) -> str | None:
    """The n of "Baby 2" or "Twin II", where the given name is such a placeholder."""
    if not is_newborn_placeholder(given_name):
        return None
    found = _ORDER.search(given_name.upper())
    if found is None:
        return None
    digit, one, two, three, joined = found.groups()
    return digit or joined or ("1" if one else "2" if two else "3" if three else None)


def given_features(given: str | None, middle: str | None) -> dict[str, str | None]:
    """First given name (never an initial), its full form and sound, the next name, and a newborn's birth order."""
    words = [word for word in fold(f"{given or ''}").split() if len(word) > 1]
    others = words[1:] + [word for word in fold(middle or "").split() if len(word) > 1]
    first = words[0] if words else None
    return {
        "given": first,
        "given_formal": first and formal(first),
        "given_sound": first and sound(first),
        "middle": others[0] if others else None,
        "birth_order": birth_order(given) if given and not first else None,
    }


def family_features(family: str | None) -> dict[str, str | None]:
    """The whole surname closed up, its first and last parts, and its sound."""
    words = fold(family or "").split()
    whole = "".join(words) or None
    return {
        "family": whole,
        "family_first": words[0] if len(words) > 1 else whole,
        "family_last": words[-1] if len(words) > 1 else whole,
        "family_sound": whole and sound(whole),
    }


def name_words(given_name: str, family_name: str) -> str | None:
    """First given name and surname parts in alphabetical order: equal when they were swapped."""
    given = [word for word in fold(given_name).split() if len(word) > 1][:1]
    family = fold(family_name).split()
    return " ".join(sorted(given + family)) if given and family else None


def date_features(born: date) -> dict[str, str]:
    """The whole date, the date with day and month in order of size, and each pair of parts."""
    low, high = sorted((born.day, born.month))
    return {
        "dob": born.isoformat(),
        "dob_canon": f"{born.year}-{low}-{high}",
        "dob_dm": f"{born.day}-{born.month}",
        "dob_my": f"{born.month}/{born.year}",
        "dob_dy": f"{born.day}|{born.year}",
        "dob_y": str(born.year),
    }


def sector(postcode: str) -> str:
    """`AB1 2` of a UK postcode; of any other code all but its last sign."""
    found = _UK.fullmatch(postcode)
    return f"{found[1]} {found[2]}" if found else postcode[:-1] or postcode


def address_features(address: str | None, postcode: str | None) -> dict[str, str | None]:
    """One dwelling (its numbers, first street word and postcode) and one street word with the postcode."""
    words = address_tokens(address) if address else ()
    numbers = [word for word in words if _NUMBER.fullmatch(word)]
    names = [word for word in words if not _NUMBER.fullmatch(word) and word not in _UNIT_WORDS]
    if not names:
        return {"address": None, "street": None}
    place = postcode or " ".join(names[1:3])
    dwelling = f"{' '.join(numbers)}|{names[0]}|{place}"
    return {
        "address": dwelling if numbers or postcode else None,
        "street": f"{' '.join(numbers)}|{' '.join(names[:2])}",
    }


def sex_feature(sex: Sex | None) -> str | None:
    return _SEXES.get(sex) if sex else None


def pairs_of_letters(words: tuple[str, ...]) -> frozenset[str]:
    """The padded letter pairs of each word."""
    found: set[str] = set()
    for word in words:
        padded = f"_{word}_"
        found.update(padded[at : at + 2] for at in range(len(padded) - 1))
    return frozenset(found)


def placed_pairs(word: str) -> frozenset[str]:
    """Letter pairs, each also with the half of the word in which it stands."""
    padded = f"_{word}_"
    half = max(2, len(padded) // 2)
    pairs = [padded[at : at + 2] for at in range(len(padded) - 1)]
    return frozenset(pairs).union(f"{pair}{at // half}" for at, pair in enumerate(pairs))


def name_parts(names: tuple[str | None, ...]) -> tuple[str, ...]:
    """Every word of every name."""
    return tuple(word for name in names if name for word in fold(name).split())
