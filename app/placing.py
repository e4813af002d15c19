"""Placing one record that a partner's system holds: which person it would be joined to, before it is loaded.

Invariants: what is sent lives for one request, in a value that shows nothing of itself; identifiers are cleaned as an
extract's are, and one that cannot be read refuses the whole request; the answer holds random ids, weights and names of
fields, never a value; whom the steward may be told of the gate decides and logs, also when nothing is found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from linkage.index.placing import Placement
from linkage.matching import model
from linkage.normalise import contact, names, numbers, places
from linkage.reasons import Reason
from linkage.rows import Identity

LEAST_WEIGHT: Final = 0.0
"""Whom a record fits worse than not is nobody's business."""


def _postcode(text: str) -> str | Reason:
    found = places.postcode(text)
    return places.postcode_any(text) if isinstance(found, Reason) else found


_CLEANED: Final[Mapping[str, Callable[[str], str | Reason]]] = {
    "nhs_number": numbers.nhs_number, "upn": numbers.upn, "given_name": names.clean, "middle_names": names.clean,
    "family_name": names.clean, "former_family_name": names.clean, "address": places.address,
    "postcode": _postcode, "uprn": numbers.uprn, "telephone": contact.telephone, "email": contact.email,
}  # fmt: skip


class Fit(StrEnum):
    """How a record fits a person: a run would count it, would want more, or would never join it on this alone."""

    JOINS = "joins"
    NEEDS_MORE = "needs_more"
    CONTRADICTED = "contradicted"


FITS: Final[Mapping[int, Fit]] = {
    model.FREE: Fit.JOINS,
    model.THIN: Fit.NEEDS_MORE,
    model.VETOED: Fit.CONTRADICTED,
}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Which fields could not be read."""

    fields: tuple[str, ...]


def read(texts: Mapping[str, str], born: date | None) -> Identity | Unreadable:
    """The identity that these texts state, cleaned as an extract's."""
    found = {name: _CLEANED[name](text) for name, text in texts.items() if text.strip()}
    unread = tuple(name for name, value in found.items() if isinstance(value, Reason))
    if unread or not (found or born):
        return Unreadable(unread)
    held = {name: str(value) for name, value in found.items()}
    return Identity(**held, date_of_birth=born)  # type: ignore[arg-type]  # every other field is text


def likely(placed: list[Placement]) -> list[Placement]:
    """Those whom the record fits better than not."""
    return [one for one in placed if one.match_weight >= LEAST_WEIGHT]
