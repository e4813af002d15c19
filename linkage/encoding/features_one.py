"""What is compared of one identity, one at a time: the texts and letter pairs that `features` works out by column.

Invariants: for every identity the same texts as `features` gives, bit for bit (a test draws identities and compares);
pure text to text, nothing kept; a missing or placeholder value gives no feature, never an empty one."""

import re
from datetime import date

from linkage.encoding.features import birth_order
from linkage.normalise.names import fold, formal
from linkage.normalise.numbers import is_temporary_upn
from linkage.normalise.places import address_tokens
from linkage.rows import Identity, Sex

Feature = str | None
_GROUPS = str.maketrans("BFPVCGJKQSXZDTLMNRAEIOUYHW", "11112222222233455600000099")
_RUNS = re.compile(r"(.)\1+")
_UK = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) ([0-9])[A-Z]{2}")
_NUMBER = re.compile(r"[0-9]+[A-Z]?")
_STEM = re.compile(r"[-/_.][0-9]{1,2}$")
_UNIT_WORDS = frozenset({"FLAT", "UNIT", "ROOM", "APARTMENT", "NO", "Y", "YR", "THE"})
_SEXES = {Sex.FEMALE: "F", Sex.MALE: "M"}


def sound(word: str) -> str:
    """A coarse phonetic form: consonant groups in order, runs and vowels dropped, a leading vowel marked."""
    if not word.isascii():
        return word
    kept = _RUNS.sub(r"\1", word.translate(_GROUPS).replace("9", ""))
    return (kept[:1] + kept[1:].replace("0", ""))[:6]


def _names(who: Identity) -> dict[str, Feature]:
    given = [word for word in fold(who.given_name or "").split() if len(word) > 1]
    others = given[1:] + [word for word in fold(who.middle_names or "").split() if len(word) > 1]
    family = fold(who.family_name or "").split()
    first, whole = given[0] if given else None, "".join(family) or None
    return {
        "given": first,
        "given_formal": first and formal(first),
        "given_sound": first and sound(first),
        "middle": others[0] if others else None,
        "birth_order": birth_order(who.given_name) if who.given_name and not first else None,
        "family": whole,
        "family_first": family[0] if family else None,
        "family_last": family[-1] if family else None,
        "family_sound": whole and sound(whole),
        "former": "".join(fold(who.former_family_name or "").split()) or None,
        "name_bag": " ".join(sorted([first, *family])) if first and family else None,
    }


def _birth(born: date | None) -> dict[str, Feature]:
    if born is None:
        return {}
    low, high = sorted((born.day, born.month))
    return {
        "dob": born.isoformat(),
        "dob_canon": f"{born.year}-{low}-{high}",
        "dob_dm": f"{born.day}-{born.month}",
        "dob_my": f"{born.month}/{born.year}",
        "dob_dy": f"{born.day}|{born.year}",
        "dob_y": str(born.year),
    }


def _sector(postcode: str) -> str:
    found = _UK.fullmatch(postcode)
    return f"{found[1]} {found[2]}" if found else postcode[:-1] or postcode


def _home(who: Identity) -> dict[str, Feature]:
    words = address_tokens(who.address) if who.address else ()
    numbers = [word for word in words if _NUMBER.fullmatch(word)]
    names = [word for word in words if not _NUMBER.fullmatch(word) and word not in _UNIT_WORDS]
    postcode = who.postcode
    found = {"postcode": postcode, "sector": postcode and _sector(postcode), "address": None, "street": None}
    if names:
        found["street"] = f"{' '.join(numbers)}|{' '.join(names[:2])}"
    if names and (numbers or postcode):
        found["address"] = f"{' '.join(numbers)}|{names[0]}|{postcode or ' '.join(names[1:3])}"
    return found


def texts(who: Identity, provider: str) -> dict[str, Feature]:
    """The text of every token; what is missing may be left out."""
    local = who.local_id and f"{provider}\x1f{who.local_id.upper()}"
    temporary = bool(who.upn and is_temporary_upn(who.upn))
    return {
        "nhs": who.nhs_number,
        "upn": None if temporary else who.upn,
        "upn_temporary": who.upn if temporary else None,
        "local": local,
        "local_stem": local and _STEM.sub("", local),
        **_names(who),
        **_birth(who.date_of_birth),
        "sex": _SEXES.get(who.sex) if who.sex else None,
        **_home(who),
        "uprn": who.uprn,
        "telephone": who.telephone,
        "email": who.email,
    }


def _pairs(words: tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for word in words:
        padded = f"_{word}_"
        found.update(padded[at : at + 2] for at in range(len(padded) - 1))
    return found


def _placed(word: Feature) -> set[str]:
    """Letter pairs, each also with the half of the word in which it stands."""
    if not word:
        return set()
    padded = f"_{word}_"
    half = max(2, len(padded) // 2)
    pairs = [padded[at : at + 2] for at in range(len(padded) - 1)]
    return {*pairs, *(f"{pair}{at // half}" for at, pair in enumerate(pairs))}


def letter_pairs(who: Identity, texts: dict[str, Feature]) -> dict[str, set[str]]:
    """The letter pairs of every filter."""
    names = (who.given_name, who.middle_names, who.family_name, who.former_family_name)
    return {
        "given_f": _placed(texts["given"]),
        "family_f": _placed(texts["family"]),
        "name_f": _pairs(tuple(word for name in names if name for word in fold(name).split())),
        "address_f": _pairs(address_tokens(who.address)) if who.address else set(),
        "postcode_f": _placed(who.postcode),
    }
