"""Text as it may be kept: NFC, trimmed, single spaces, nothing that cannot be seen.

Invariant: no control, direction-changing, zero-width, unassigned or private-use character passes (Unicode general
category C; Trojan Source, CVE-2021-42574), nor a cell that a spreadsheet would run as a formula.
"""

import re
import unicodedata

from linkage.reasons import Reason

_FORMULA_STARTS = ("=", "@", "+", "-")
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:(?:[,.'/&()-]{1,2} ?| )[A-Za-z0-9]+)*")
"""What most texts are: nothing in it needs a second look."""
_LETTERS = str.maketrans(
    {
        "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "ẞ": "SS", "ß": "SS", "Ħ": "H",
        "Ŧ": "T", "Ŋ": "NG", "İ": "I", "ı": "I", "Ə": "E", "ʻ": "'", "ʼ": "'", "’": "'", "‘": "'", "`": "'", "´": "'",
        "‐": "-", "‑": "-", "–": "-", "—": "-",
    }
)  # fmt: skip


def has_hidden(text: str) -> bool:
    """Whether any character is invisible or changes direction; of spaces only the common one is not."""
    return not text.isprintable()


def tidy(text: str, longest: int) -> str | Reason:
    """The text in NFC with single spaces, or why it may not be kept. Tabs and line ends inside a field are spaces."""
    if _PLAIN.fullmatch(text) and len(text) <= longest:
        return text
    spaced = " ".join(text.split())
    if len(spaced) > longest:
        return Reason.TOO_LONG
    if has_hidden(spaced):
        return Reason.HIDDEN_CHARACTERS
    if spaced.startswith(_FORMULA_STARTS):
        return Reason.PLACEHOLDER if not spaced.strip("-+=@ ") else Reason.FORMULA
    return spaced if spaced.isascii() else unicodedata.normalize("NFC", spaced)


def ascii_fold(text: str) -> str:
    """Capitals without accents; letters that Unicode does not decompose (Ł, Ø, ß …) by the usual spelling."""
    upper = text.upper()
    if upper.isascii():
        return upper
    plain = unicodedata.normalize("NFKD", upper.translate(_LETTERS))
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
