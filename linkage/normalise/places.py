"""Postcodes and addresses.

Sources: Royal Mail postcode grammar as in BS 7666 and the NHS Data Dictionary (POSTCODE; ZZ99 codes stand for no fixed
abode or not known and are no place). Street words are folded to one spelling for matching only.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from linkage.normalise.text import ascii_fold, tidy
from linkage.reasons import Reason

LONGEST = 500
_POSTCODE = re.compile(
    r"(GIR0AA|(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9](?:[0-9]|[ABEHMNPRV-Y])?|[0-9][A-HJKPSTUW]))"
    r"[0-9][ABD-HJLNP-UW-Z]{2})"
)
_WORD = re.compile(r"[A-Z0-9]+")
_DIGIT = re.compile(r"[0-9]")
"""What holds a digit stands for something: no filler has one."""
_NO_ADDRESS = "UNKNOWN|NOT KNOWN|NK|NFA|NO FIXED ABODE|NO FIXED ADDRESS|NOT RECORDED|NOT STATED|NONE|NULL|N A|NA|TBC"
_FILLERS = frozenset(_NO_ADDRESS.split("|"))
_LONGEST_FILLER = 24

STREET_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "RD": "ROAD", "ST": "STREET", "STR": "STREET", "AVE": "AVENUE", "AV": "AVENUE", "CL": "CLOSE", "CLS": "CLOSE",
        "DR": "DRIVE", "DRV": "DRIVE", "LN": "LANE", "CT": "COURT", "CRT": "COURT", "CRES": "CRESCENT",
        "CR": "CRESCENT",
        "PL": "PLACE", "SQ": "SQUARE", "TER": "TERRACE", "TERR": "TERRACE", "TCE": "TERRACE", "GDNS": "GARDENS",
        "GDN": "GARDEN", "GRN": "GREEN", "GR": "GROVE", "GRV": "GROVE", "PK": "PARK", "HSE": "HOUSE", "HO": "HOUSE",
        "BLDG": "BUILDING", "BLDGS": "BUILDINGS", "APT": "FLAT", "APARTMENT": "FLAT", "FLT": "FLAT", "HTS": "HEIGHTS",
        "WLK": "WALK", "WY": "WAY", "YD": "YARD", "NTH": "NORTH", "STH": "SOUTH", "MT": "MOUNT", "VW": "VIEW",
        "CTTG": "COTTAGE", "COTT": "COTTAGE", "HL": "HILL", "PDE": "PARADE", "BVD": "BOULEVARD", "BLVD": "BOULEVARD",
        "CIR": "CIRCUIT", "CCT": "CIRCUIT", "HWY": "HIGHWAY", "ESP": "ESPLANADE",
    }
)  # fmt: skip
"""Abbreviation -> word. ST also means SAINT; both sides fold alike, which is what matching needs."""


def postcode(text: str) -> str | Reason:
    """A UK postcode as `AB1 2CD`."""
    tight = "".join(text.split()).upper() if text.isascii() else text
    if tight.startswith("ZZ99"):
        return Reason.POSTCODE_PSEUDO
    if not _POSTCODE.fullmatch(tight):
        return Reason.POSTCODE_FORM
    return f"{tight[:-3]} {tight[-3:]}"


def postcode_any(text: str) -> str | Reason:
    """A postal code of any country: capitals, single spaces, at most 16 characters."""
    kept = tidy(text, 16)
    if isinstance(kept, Reason):
        return kept
    return kept.upper() if any(sign.isalnum() for sign in kept) else Reason.POSTCODE_FORM


def address(text: str) -> str | Reason:
    """The address as sent, on one line."""
    kept = tidy(text, LONGEST)
    if isinstance(kept, Reason):
        return kept
    if _DIGIT.search(kept):
        return kept
    if not any(map(str.isalnum, kept)):
        return Reason.ADDRESS_FORM
    if len(kept) > _LONGEST_FILLER:
        return kept
    return Reason.PLACEHOLDER if " ".join(_WORD.findall(ascii_fold(kept))) in _FILLERS else kept


def address_tokens(text: str) -> tuple[str, ...]:
    """The address's words and numbers for matching, in order, abbreviations spelt out."""
    return tuple(STREET_WORDS.get(word, word) for word in _WORD.findall(ascii_fold(text).replace("'", "")))
