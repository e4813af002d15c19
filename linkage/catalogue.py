"""The closed vocabulary of linkage: event types, services, categories and shipped code lists (catalogue.yaml).

Invariants: every event type names a category and a service of this catalogue; nothing outside it may be named by a
dataset spec. Categories are the words that sharing agreements speak of; tests hold them equal to governance's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class EventType:
    """One thing that can happen: its default category and service, its shape (moment or episode) and its titles."""

    type: str
    category: str
    service: str
    shape: str
    title_en: str
    title_cy: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    categories: tuple[str, ...]
    services: tuple[str, ...]
    event_types: Mapping[str, EventType]
    code_lists: Mapping[str, Mapping[str, str]]


def _event_type(name: str, entry: Mapping[str, Any]) -> EventType:
    title = entry["title"]
    return EventType(name, entry["category"], entry["service"], entry["shape"], title["en"], title["cy"])


@cache
def catalogue() -> Catalogue:
    """The shipped catalogue; it holds no data about anyone, so it may be kept."""
    text = resources.files("linkage").joinpath("catalogue.yaml").read_text("utf-8")
    raw: Mapping[str, Any] = yaml.safe_load(text)
    types = {name: _event_type(name, entry) for name, entry in raw["event_types"].items()}
    lists = {name: MappingProxyType(dict(codes)) for name, codes in raw["code_lists"].items()}
    return Catalogue(tuple(raw["categories"]), tuple(raw["services"]), MappingProxyType(types), MappingProxyType(lists))
