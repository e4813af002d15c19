"""What the sign-in pages offer: identity providers, what one person may be, and the accounts of the demo.

Invariant: accounts are listed for the demo only, where every name is invented; elsewhere a person sees their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.identity import Account, accounts
from app.language import N_, Language
from app.oidc.client import ProviderClient
from governance.store import relationship
from governance.terms import Role

SHOWN_OF_EACH: Final = 3
"""A county has hundreds of workers; a few of each role are enough to choose from."""

JOBS: Final[tuple[tuple[str, str, frozenset[Role]], ...]] = (
    (
        N_("Key workers"),
        N_("Find a child, say why, and read the family’s timeline."),
        frozenset(Role) - {Role.IG_OFFICER, Role.ANALYST, Role.DATA_STEWARD},
    ),
    (
        N_("Information governance"),
        N_("See who looked at whom and why, check the log, read the agreements. Opens no family’s record."),
        frozenset({Role.IG_OFFICER}),
    ),
    (
        N_("Analysts"),
        N_("Count families by area with small numbers hidden. Sees nobody’s record."),
        frozenset({Role.ANALYST}),
    ),
    (N_("Data stewards"), N_("Look after the data’s quality."), frozenset({Role.DATA_STEWARD})),
)


@dataclass(frozen=True, slots=True)
class Job:
    title: str
    what: str
    accounts: tuple[tuple[Account, int], ...]


def accounts_by_job(session: Session, at: datetime) -> list[Job]:
    """Return the demo accounts by job, each with its caseload's size, the largest first."""
    counted = (
        select(relationship.c.staff_id, func.count())
        .where(relationship.c.ended_at.is_(None))
        .group_by(relationship.c.staff_id)
    )
    sizes = {row[0]: row[1] for row in session.execute(counted)}
    held = accounts(session, at)
    jobs = [Job(title, what, _busiest(held, roles, sizes)) for title, what, roles in JOBS]
    return [job for job in jobs if job.accounts]


@dataclass(frozen=True, slots=True)
class Door:
    """One provider to sign in with."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Place:
    """One organisation that somebody works for, with what they may be there."""

    name: str
    choices: tuple[tuple[str, Role, str | None], ...]


def doors(words: Language, providers: Mapping[str, ProviderClient]) -> list[Door]:
    """Return the providers to choose from, in the order of the file."""
    held = [client.provider for client in providers.values()]
    return [Door(provider.name, words.pick(provider.title, provider.title_cy)) for provider in held]


def choices_view(words: Language, held: Sequence[Account]) -> list[Place]:
    """Return what one person may sign in as, by organisation."""
    places: dict[str, list[tuple[str, Role, str | None]]] = {}
    for one in held:
        name = words.pick(one.organisation.name_en, one.organisation.name_cy)
        places.setdefault(name, []).append((f"{one.staff_id}|{one.role}", one.role, one.team))
    return [Place(name, tuple(choices)) for name, choices in places.items()]


def _busiest(held: list[Account], roles: frozenset[Role], sizes: Mapping[str, int]) -> tuple[tuple[Account, int], ...]:
    """Some of each role, so that every role can be tried: numbered accounts last, then the busiest first."""
    found: list[tuple[Account, int]] = []
    for role in (role for role in Role if role in roles):
        inside = [(account, sizes.get(account.staff_id, 0)) for account in held if account.role is role]
        found += sorted(inside, key=lambda pair: (pair[0].username[-1:].isdigit(), -pair[1]))[:SHOWN_OF_EACH]
    return tuple(found)
