"""One identity at a time, in plain Python: what `linkage.encoding.encode` must equal bit for bit."""

import hmac
import re
from collections.abc import Mapping
from datetime import date

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from linkage.encoding.encode import FILTERS, TOKENS, RoleIdentity
from linkage.encoding.features import birth_order
from linkage.normalise.names import fold, formal
from linkage.normalise.numbers import is_temporary_upn
from linkage.normalise.places import address_tokens
from linkage.rows import Identity, KeyedHash, Sex

_GROUPS = str.maketrans("BFPVCGJKQSXZDTLMNRAEIOUYHW", "11112222222233455600000099")
_RUNS = re.compile(r"(.)\1+")
_UK = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) ([0-9])[A-Z]{2}")
_NUMBER = re.compile(r"[0-9]+[A-Z]?")
_UNIT_WORDS = frozenset({"FLAT", "UNIT", "ROOM", "APARTMENT", "NO", "Y", "YR", "THE"})
_SEXES = {Sex.FEMALE: "F", Sex.MALE: "M"}


def sound(word: str) -> str:
    """A coarse phonetic form: consonant groups in order, runs and vowels dropped, a leading vowel marked."""
    if not word.isascii():
        return word
    coded = word.replace("PH", "F").translate(_GROUPS).replace("9", "")
    kept = _RUNS.sub(r"\1", coded)
    return (kept[:1] + kept[1:].replace("0", ""))[:6]


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


_STEM = re.compile(r"[-/_.][0-9]{1,2}$")
_DOMAIN = {
    "upn_temporary": "upn", "local_stem": "local", "middle": "given",
    "family_first": "family", "family_last": "family", "former": "family",
}  # fmt: skip
_LABEL = {"nhs": "nhs-number/1", "upn": "upn/1"}
_HASHES = {"given_f": 3, "family_f": 3, "name_f": 2, "address_f": 1, "postcode_f": 4}


def _texts(role: RoleIdentity) -> dict[str, str | None]:
    p = role.identity
    local = p.local_id and f"{role.provider}\x1f{p.local_id.upper()}"
    born: Mapping[str, str | None] = date_features(p.date_of_birth) if p.date_of_birth else {}
    bag = name_words(p.given_name, p.family_name) if p.given_name and p.family_name else None
    return {
        "nhs": p.nhs_number,
        "upn": p.upn if p.upn and not is_temporary_upn(p.upn) else None,
        "upn_temporary": p.upn if p.upn and is_temporary_upn(p.upn) else None,
        "local": local,
        "local_stem": local and _STEM.sub("", local),
        **given_features(p.given_name, p.middle_names),
        **family_features(p.family_name),
        "former": family_features(p.former_family_name)["family"],
        "name_bag": bag,
        **{name: born.get(name) for name in ("dob", "dob_canon", "dob_dm", "dob_my", "dob_dy", "dob_y")},
        "sex": sex_feature(p.sex),
        "postcode": p.postcode,
        "sector": p.postcode and sector(p.postcode),
        **address_features(p.address, p.postcode),
        "uprn": p.uprn,
        "telephone": p.telephone,
        "email": p.email,
    }


def _grams(p: Identity, texts: Mapping[str, str | None]) -> dict[str, frozenset[str]]:
    names = name_parts((p.given_name, p.middle_names, p.family_name, p.former_family_name))
    return {
        "given_f": placed_pairs(texts["given"]) if texts["given"] else frozenset(),
        "family_f": placed_pairs(texts["family"]) if texts["family"] else frozenset(),
        "name_f": pairs_of_letters(names),
        "address_f": pairs_of_letters(address_tokens(p.address)) if p.address else frozenset(),
        "postcode_f": placed_pairs(p.postcode) if p.postcode else frozenset(),
    }


def _signed(code: bytes) -> int:
    return int.from_bytes(code[:8], "big", signed=True)


def _token(keys: KeyedHash, column: str, text: str) -> int:
    domain = _DOMAIN.get(column, column)
    if domain in _LABEL:
        return _signed(hmac.digest(keys.subkey(_LABEL[domain], domain), text.encode(), "sha256"))
    return _signed(_cmac(keys.subkey("encoding/1", domain), text.encode()))


def _cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def _filter(keys: KeyedHash, column: str, grams: frozenset[str]) -> set[int]:
    """The places of the bits that are set."""
    key, found = keys.subkey("encoding/1", column), set()
    for gram in grams:
        digest = hmac.digest(key, gram.encode(), "sha256")
        found |= {int.from_bytes(digest[at : at + 2], "big") % 128 for at in range(0, 2 * _HASHES[column], 2)}
    return found


def encoded(role: RoleIdentity, keys: KeyedHash) -> dict[str, int | set[int] | None]:
    """Every token (None where missing) and every filter (the set of its bits)."""
    texts = _texts(role)
    found: dict[str, int | set[int] | None] = {
        name: None if texts[name] is None else _token(keys, name, str(texts[name])) for name in TOKENS
    }
    grams = _grams(role.identity, texts)
    return found | {name: _filter(keys, name, grams[name]) for name in FILTERS}


def _again(column: str, key: bytes, word: bytes) -> bytes:
    return hmac.digest(key, word, "sha256") if _DOMAIN.get(column, column) in _LABEL else _cmac(key, word)


def rekeyed(found: Mapping[str, int | set[int] | None], keys: KeyedHash) -> dict[str, int | set[int] | None]:
    """The same under the zone's keys."""
    made: dict[str, int | set[int] | None] = {}
    for name, value in found.items():
        key = keys.subkey("rekey/1", _DOMAIN.get(name, name))
        if isinstance(value, set):
            order = sorted(range(128), key=lambda bit: hmac.digest(key, bit.to_bytes(2, "big"), "sha256"))
            made[name] = {order.index(bit) for bit in value}
        else:
            made[name] = None if value is None else _signed(_again(name, key, value.to_bytes(8, "big", signed=True)))
    return made
