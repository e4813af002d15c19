"""The canonical form of a decision's inputs, there and back.

Invariants: equal facts have equal text; what is read back decides as what was written; persons stand under whatever
names the caller gives them (the policy compares ids, it never looks into them); agreements stand by their hash, and
are read back from the very document with that hash; a form this engine does not know is refused, never guessed at.
Source: RFC 8785 (canonical JSON).
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from hashlib import sha256
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from governance.agreements.flows import Agreement, Standing
from governance.ledger.entries import canonical
from governance.policy.request import Facts, Request
from governance.terms import AgreementStatus

Naming = Callable[[str], str]


class FactsUnreadable(Exception):
    """Kept facts that cannot be read back. The message names the place, never a value."""


PERSONS: Final = frozenset(
    {
        *("person_id", "carried_by", "responsible_for", "member", "declared", "erased", "against"),
        *("signer", "signer_person_id", "holder"),
    }
)
"""The fields that hold persons."""

NAMELESS: Final = frozenset(
    {"staff_id", "organisation", "team", "source", "scope", "id", "code", "agreement", "hash", "signed_by"}
)
"""The fields of text that hold none; a test holds every field of the facts to be in one of the two."""


def facts_document(facts: Facts, name: Naming = str) -> dict[str, Any]:
    """Return the JSON-able form of a decision's facts, persons under the names that `name` gives them."""
    whole: dict[str, Any] = _plain(facts, name)
    return whole


def facts_digest(request: Request, facts: Facts) -> str:
    """Return the SHA-256 (hex) of the canonical inputs of a decision."""
    return sha256(canonical({"request": _plain(request, str), "facts": facts_document(facts)})).hexdigest()


def facts_from(document: Mapping[str, Any], agreements: Mapping[str, Agreement]) -> Facts:
    """Return the facts a document holds, with the agreements it names by hash. Raises FactsUnreadable."""
    held = {name: value for name, value in document.items() if name != "standings"}
    standings = tuple(_standing_from(entry, agreements) for entry in document.get("standings", ()))
    facts: Facts = _read(Facts, held, "facts")
    return replace(facts, standings=standings)


def _plain(value: Any, name: Naming) -> Any:
    if isinstance(value, Standing):
        return _standing(value)
    if is_dataclass(value):
        return {field.name: _field(field.name, getattr(value, field.name), name) for field in fields(value)}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted((_plain(item, name) for item in value), key=canonical)
    return [_plain(item, name) for item in value] if isinstance(value, tuple) else value


def _field(field: str, value: Any, name: Naming) -> Any:
    if field not in PERSONS or value is None:
        return _plain(value, name)
    return sorted(map(name, value)) if isinstance(value, frozenset) else name(value)


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "hash": standing.agreement.hash,
        "status": str(standing.status),
        "signed_by": sorted(standing.signed_by),
    }


def _standing_from(entry: Mapping[str, Any], agreements: Mapping[str, Agreement]) -> Standing:
    agreement = agreements.get(entry["hash"])
    if agreement is None:
        raise FactsUnreadable("an agreement the decision stood on is no longer held")
    return Standing(agreement, AgreementStatus(entry["status"]), frozenset(entry["signed_by"]))


def _read(kind: Any, held: Any, place: str) -> Any:
    """Return a plain value as the type a field asks for."""
    origin, inner = get_origin(kind), get_args(kind)
    try:
        if origin in (Union, UnionType):
            kept = next(option for option in inner if option is not NoneType)
            return None if held is None else _read(kept, held, place)
        if origin in (tuple, frozenset):
            return origin(_read(inner[0], item, place) for item in held)
        if is_dataclass(kind):
            return _read_record(kind, held, place)
        if isinstance(kind, type) and issubclass(kind, date):
            return kind.fromisoformat(held)
        return kind(held) if isinstance(kind, type) and issubclass(kind, Enum) else _same(kind, held)
    except (TypeError, ValueError, KeyError, AttributeError):
        raise FactsUnreadable(f"{place}: not of the form this engine knows") from None


def _read_record(kind: Any, held: Mapping[str, Any], place: str) -> Any:
    hints = get_type_hints(kind)
    return kind(**{name: _read(hints[name], value, f"{place}.{name}") for name, value in held.items()})


def _same(kind: Any, held: Any) -> Any:
    if not isinstance(held, kind):
        raise TypeError
    return held
