"""NHS number, UPN, UPRN.

Sources: NHS Data Dictionary (NHS NUMBER, modulus 11); DfE "Unique pupil numbers" guidance (check letter modulus 23 over
A–Z without I, O and S; a temporary UPN ends in a letter); GeoPlace (UPRN, at most twelve digits).
Only ASCII digits count: other scripts' digits would give one number two tokens.
"""

import re
from operator import mul

from linkage.reasons import Reason

_NHS_WEIGHTS = range(10, 1, -1)
_NHS_OFFSET = 48 * sum(_NHS_WEIGHTS)
_TEN = re.compile(r"[0-9]{10}|[0-9]{3}([ -])[0-9]{3}\1[0-9]{4}")
_UPN = re.compile(r"[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]")
_UPRN = re.compile(r"[0-9]{1,12}")
_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_UPN_VALUES = {letter: value for value, letter in enumerate(_UPN_LETTERS)} | {str(n): n for n in range(10)}


def nhs_number(text: str) -> str | Reason:
    """Ten digits, check digit right; spaces or hyphens only as 3-3-4."""
    if not _TEN.fullmatch(text):
        return Reason.NHS_NUMBER_FORM if text.isascii() else Reason.NOT_ASCII_DIGITS
    digits = text if len(text) == 10 else text[:3] + text[4:7] + text[8:]
    if digits == digits[0] * 10:
        return Reason.REPEATED_DIGITS
    signs = digits.encode()
    weighted = sum(map(mul, signs, _NHS_WEIGHTS)) - _NHS_OFFSET
    return digits if -weighted % 11 == signs[9] - 48 else Reason.CHECK_FAILED


def upn(text: str) -> str | Reason:
    """Thirteen characters in capitals, check letter first and right. The authority's number is not looked up."""
    candidate = text.upper() if text.isascii() else text
    if not _UPN.fullmatch(candidate):
        return Reason.UPN_FORM if text.isascii() else Reason.NOT_ASCII_DIGITS
    weighted = sum(_UPN_VALUES[sign] * place for place, sign in enumerate(candidate[1:], start=2))
    return candidate if candidate[0] == _UPN_LETTERS[weighted % 23] else Reason.CHECK_FAILED


def is_temporary_upn(canonical: str) -> bool:
    """True when the UPN ends in a letter: it will be replaced, so it links only weakly."""
    return canonical[-1].isalpha()


def uprn(text: str) -> str | Reason:
    """Up to twelve digits, without leading zeros."""
    if not _UPRN.fullmatch(text):
        return Reason.UPRN_FORM if text.isascii() else Reason.NOT_ASCII_DIGITS
    return text.lstrip("0") or Reason.UPRN_FORM
