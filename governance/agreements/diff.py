"""What changed between two versions of an agreement: by flow, field by field.

Invariants: two documents with the same hash differ in nothing, and two that differ differ in something told here; a
flow is known by its number; lists are told by what came and what went, texts by language.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from governance.agreements.flows import Agreement

NAMED: Final = {"code", "version"}
"""How a version is called is no change of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. `flow` is None for the agreement itself; a whole flow that came or went has no field."""

    flow: str | None
    field: str | None
    gone: tuple[str, ...]
    come: tuple[str, ...]

    def __str__(self) -> str:
        where = "the agreement" if self.flow is None else f"flow {self.flow}"
        if self.field is None:
            return f"{where} is new" if self.come else f"{where} is no longer there"
        parts = [f"adds {', '.join(self.come)}"] if self.come else []
        parts += [f"no longer {', '.join(self.gone)}"] if self.gone else []
        if len(self.gone) == len(self.come) == 1:
            parts = [f"{self.gone[0]} becomes {self.come[0]}"]
        return f"{where}: {self.field.replace('_', ' ')}: {'; '.join(parts)}"


def diff(old: Agreement, new: Agreement) -> tuple[Change, ...]:
    """Return what differs, the agreement itself first, then by flow."""
    before, after = dict(old.document), dict(new.document)
    was, now = ({flow["no"]: flow for flow in held.pop("flows")} for held in (before, after))
    changes = list(_fields(None, before, after))
    for no in sorted(was.keys() | now.keys()):
        if no not in was or no not in now:
            held = was.get(no) or now[no]
            called = (", ".join(sorted(held["categories"])),)
            changes.append(Change(no, None, called if no in was else (), called if no in now else ()))
        else:
            changes += _fields(no, was[no], now[no])
    return tuple(changes)


def _fields(flow: str | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted((before.keys() | after.keys()) - NAMED):
        if before.get(name) != after.get(name):
            was, now = _words(before.get(name)), _words(after.get(name))
            gone = tuple(word for word in was if word not in now)
            come = tuple(word for word in now if word not in was)
            yield Change(flow, name, gone or (was if not come else ()), come or (now if not gone else ()))


def _words(value: Any) -> tuple[str, ...]:
    """Return a value as the phrases that it is made of."""
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return tuple(f"{name.replace('_', ' ')} {word}" for name in value for word in _words(value[name]))
    if isinstance(value, list):
        return tuple(phrase for item in value for phrase in _item(item))
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    return (str(value),)


def _item(item: Any) -> tuple[str, ...]:
    """An entry of a list in words: a recipient once for each role, a party with all that is said of it."""
    if not isinstance(item, Mapping):
        return _words(item)
    name = str(item.get("organisation", item.get("flow", "")))
    rest = {key: value for key, value in item.items() if key not in ("organisation", "flow")}
    if "roles" in rest:
        teams = ", ".join(sorted(rest.get("teams", ())))
        return tuple(f"{name} {role}" + (f" ({teams})" if teams else "") for role in rest["roles"])
    return tuple(f"{name}: {word}" for word in _words(rest))
