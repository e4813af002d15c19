"""Names and dates of birth, opened from the vault for what a permit allows and nothing else.

Invariants: only roles of providers whose identity (or address) segment of that very person is permitted are opened;
what is opened is held for one response and kept nowhere; no name appears in a `repr`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.envelopes import unpack
from governance.keys import vault
from governance.terms import Category, SegmentDecision
from linkage.kin import records
from linkage.rows import Identity


@dataclass(frozen=True, slots=True)
class Known:
    """What may be shown of one person's identity; None where it is not held or not permitted."""

    name: str | None = field(default=None, repr=False)
    given_name: str | None = field(default=None, repr=False)
    date_of_birth: date | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    postcode: str | None = field(default=None, repr=False)
    telephone: str | None = field(default=None, repr=False)
    name_source: str | None = None
    address_source: str | None = None


T = TypeVar("T")
NOTHING = Known()
ROLES_OPENED = 12
Opened = list[tuple[str, Identity]]
"""Identities of one person with the provider of each, newest first."""


def names(deployment: Deployment, session: Session, permitted: Iterable[SegmentDecision]) -> dict[str, Known]:
    """Return what the permitted identity and address segments let be shown, by person."""
    wanted: dict[Category, dict[str, set[str]]] = {Category.IDENTITY: {}, Category.ADDRESS: {}}
    for decision in permitted:
        if decision.permitted and decision.segment.category in wanted:
            sharing = wanted[decision.segment.category]
            sharing.setdefault(decision.segment.member, set()).add(decision.segment.source)
    identities = _opened(deployment, session, wanted[Category.IDENTITY])
    addresses = _opened(deployment, session, wanted[Category.ADDRESS])
    people = identities.keys() | addresses.keys()
    return {person: _known(identities.get(person, []), addresses.get(person, [])) for person in people}


def _opened(deployment: Deployment, session: Session, wanted: Mapping[str, Collection[str]]) -> dict[str, Opened]:
    roles = {person: _newest(session, person, sources) for person, sources in wanted.items()}
    every = [role for held in roles.values() for _, role in held]
    found = vault.read(session, deployment.ring, deployment.wrapped_keys, every)
    return {
        person: [(source, unpack(found[role])) for source, role in held if role in found]
        for person, held in roles.items()
    }


def _newest(session: Session, person: str, sources: Collection[str]) -> list[tuple[str, str]]:
    """The person's newest roles, each with its provider."""
    provider = {role: source for source in sources for role in records.role_ids(session, person, [source])}
    return [(provider[role], role) for role in records.role_ids(session, person, sources)[:ROLES_OPENED]]


def _known(identities: Opened, addresses: Opened) -> Known:
    named = next(((s, i) for s, i in identities if i.given_name or i.family_name), None)
    placed = next(((s, i) for s, i in addresses if i.address or i.postcode), None)
    return Known(
        name=_full_name(named[1]) if named else None,
        given_name=named[1].given_name if named else None,
        date_of_birth=_first(i.date_of_birth for _, i in identities),
        address=placed[1].address if placed else None,
        postcode=placed[1].postcode if placed else None,
        telephone=_first(i.telephone for _, i in addresses),
        name_source=named[0] if named else None,
        address_source=placed[0] if placed else None,
    )


def _full_name(identity: Identity) -> str:
    parts = (identity.given_name, identity.middle_names, identity.family_name)
    return " ".join(_cased(part) for part in parts if part)


def _cased(name: str) -> str:
    """Names sent in capitals are shown as names; what has its own capitals stays."""
    return name.title() if name.isupper() or name.islower() else name


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)
