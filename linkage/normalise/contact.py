"""Telephone numbers and e-mail addresses.

Source: Ofcom's National Telephone Numbering Plan (0 and nine or ten digits); ITU E.164 for numbers from abroad.
"""

import re

from linkage.reasons import Reason

_PUNCTUATION = re.compile(r"[ ().\-/]")
_UK = re.compile(r"0[1-9][0-9]{8,9}")
_ABROAD = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


def telephone(text: str) -> str | Reason:
    """A UK number as `01632960001`, one from abroad as `+353…`."""
    if not text.isascii():
        return Reason.TELEPHONE_FORM
    tight = _PUNCTUATION.sub("", text.replace("(0)", ""))
    if tight.startswith("00"):
        tight = "+" + tight[2:]
    if tight.startswith("+44"):
        tight = "0" + tight[3:].lstrip("0")
    if _UK.fullmatch(tight):
        return Reason.REPEATED_DIGITS if len(set(tight[1:])) == 1 else tight
    return tight if _ABROAD.fullmatch(tight) else Reason.TELEPHONE_FORM


def email(text: str) -> str | Reason:
    """The address in small letters; its domain needs a dot."""
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        return Reason.EMAIL_FORM
    return text.lower()
