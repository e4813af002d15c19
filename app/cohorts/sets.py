"""A large set of ids as one parameter of a query, on both databases: neither takes a hundred thousand parameters."""

import json
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, String, cast, func, literal, select
from sqlalchemy.orm import Session


def _sqlite(text: str) -> Select[Any]:
    return select(func.json_each(literal(text, String)).table_valued("value").c.value)


def _postgresql(text: str) -> Select[Any]:
    return select(func.json_array_elements_text(cast(literal(text, String), JSON)).column_valued("value"))


_UNPACKED: Mapping[str, Callable[[str], Select[Any]]] = MappingProxyType({"sqlite": _sqlite, "postgresql": _postgresql})


def among(session: Session, column: ColumnElement[Any], ids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of these ids."""
    return column.in_(_UNPACKED[session.get_bind().dialect.name](json.dumps(sorted(ids))))
