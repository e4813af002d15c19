"""The header against the spec: every column that the spec names must be there, once.

Invariant: a name found only in the file is never repeated, since the first row of a headerless file holds values.
"""

import unicodedata
from collections.abc import Sequence

from linkage.intake.readers.outcome import FileRefused
from linkage.reasons import FileReason


def tidy_header(found: Sequence[str]) -> tuple[str, ...]:
    """Names trimmed, in NFC, without a byte order mark."""
    return tuple(unicodedata.normalize("NFC", name.lstrip("\ufeff").strip()) for name in found)


def matches(found: Sequence[str], needed: Sequence[str]) -> int:
    """How many of the needed columns are found."""
    names = set(tidy_header(found))
    return sum(column in names for column in needed)


def checked_header(found: Sequence[str], needed: Sequence[str], row_number: int | None) -> tuple[str, ...]:
    """The tidied header. Raises `FileRefused` for a header that is missing, incomplete or ambiguous."""
    header = tidy_header(found)
    missing = [column for column in needed if column not in header]
    if len(missing) == len(needed):
        raise FileRefused(FileReason.HEADER_MISSING, row_number, detail=_expected(header, needed))
    _refuse_duplicates(header, needed, row_number)
    if missing:
        present = [column for column in needed if column in header]
        others = len(header) - len(present)
        detail = (
            f"Missing: {', '.join(missing)}. Found: {', '.join(present)}, and {others} columns the spec does not name."
        )
        raise FileRefused(FileReason.COLUMN_MISSING, row_number, missing[0], detail + _near(header, missing))
    return header


def _expected(header: Sequence[str], needed: Sequence[str]) -> str:
    return f"The spec expects: {', '.join(needed)}. The row has {len(header)} fields.{_near(header, needed)}"


def _near(header: Sequence[str], missing: Sequence[str]) -> str:
    folded = {name.casefold() for name in header}
    near = [column for column in missing if column.casefold() in folded]
    return f" Differing only in capitals: {', '.join(near)}." if near else ""


def _refuse_duplicates(header: Sequence[str], needed: Sequence[str], row_number: int | None) -> None:
    seen: dict[str, int] = {}
    for place, name in enumerate(header, start=1):
        if name and name in seen:
            known = name if name in needed else None
            detail = f"Columns {seen[name]} and {place}{f' are both {name}' if known else ''}."
            raise FileRefused(FileReason.COLUMN_DUPLICATE, row_number, known, detail)
        seen[name] = place
