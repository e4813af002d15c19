"""The service in production mode with a certified identity provider, over one small world."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.logs import make_log
from app.main import create_app
from app.oidc.client import open_clients
from app.settings import Mode
from governance import people
from governance.identity_links import link
from governance.ledger import ledger
from governance.ledger.ledger import AuditFilter, EntryView
from governance.store import audit_entry
from governance.store import session as session_table
from governance.terms import EventKind, Role
from tests import factories
from tests.factories import World
from tests.oidc.running import IdentityProvider, identity_provider
from tests.oidc.tampering import Between
from tests.oidc.visiting import Person

PUBLIC = "http://127.0.0.1:8000"
LINKED = {
    "s-hannah": ("hv.vale",),
    "s-two-jobs": ("two.vale", "two.county"),
    "s-suspended": ("sus",),
    "s-no-role": ("nor",),
}


class Clock:
    """The real clock, which the provider goes by too, and how far a test has put it forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Service:
    """The running app, what stands between it and the provider, and what it wrote."""

    world: World
    app: FastAPI
    between: Between
    clock: Clock
    logs: StringIO
    provider: IdentityProvider
    before: frozenset[str]
    people: list[Person] = field(default_factory=list)

    def person(self) -> Person:
        made = Person(TestClient(self.app, base_url=PUBLIC, client=("127.0.0.1", 50000)))
        self.people.append(made)
        return made

    def close(self) -> None:
        self.between.real.close()
        for person in self.people:
            person.idp.close()

    def entries(self, kind: EventKind = EventKind.SIGN_IN) -> list[EntryView]:
        """The entries of this test, the newest first."""
        with self.world.deployment.database.reading() as session:
            found = ledger.find(session, AuditFilter(kind=kind))
        return [entry for entry in found if entry.id not in self.before]

    def sessions(self) -> list[object]:
        with self.world.deployment.database.reading() as session:
            return list(session.execute(select(session_table).where(session_table.c.ended_at.is_(None))))


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with identity_provider(tmp_path_factory.mktemp("provider"), PUBLIC) as running:
        yield running


def staffed(world: World, issuer: str) -> None:
    """Add the people whom the provider knows: with two places of work, by e-mail, suspended, without a role."""
    held = world.deployment
    ids = {"hv.vale": world.health_visitor}
    ids["two.vale"] = factories.add_staff(held, "two.vale", "Twm Jobs", "ZCH", Role.HEALTH_VISITOR, "Marl Vale 0-19")
    ids["two.county"] = factories.add_staff(held, "two.county", "Twm Jobs", "ZMC", Role.SOCIAL_WORKER)
    ids["sus"] = factories.add_staff(held, "sus", "Sue Spended", "ZMC", Role.SOCIAL_WORKER)
    factories.add_staff(held, "mali.rhys@example.org", "Mali Rhys", "ZMC", Role.FAMILY_SUPPORT_WORKER)
    factories.add_staff(held, "555021935107", "Carda Clever", "ZCH", Role.HEALTH_VISITOR)
    factories.add_staff(held, "lead@example.org", "Lea Der", "ZNF", Role.NURSERY_PRACTITIONER)
    tenant = factories.add_staff(held, "tena.nt", "Tena Nt", "ZMC", Role.SOCIAL_WORKER)
    now = factories.EARLIER
    with held.database.writing() as session:
        ring = held.ring
        people.set_active(session, ring, ids["sus"], False, now, "test")
        ids["nor"] = people.add_staff(
            session, ring, now, "test", username="nor", name="Nora Role", organisation_code="ZMC"
        )
        people.give_role(
            session, ring, now, "test", staff_id=ids["nor"], role=Role.SOCIAL_WORKER, since=date(2024, 1, 1),
            until=date(2025, 1, 1),
        )  # fmt: skip
        link(session, ring, now, "test", staff_id=tenant, issuer=issuer, subject="2f9a-oid")
        for subject, usernames in LINKED.items():
            for username in usernames:
                link(session, ring, now, "test", staff_id=ids[username], issuer=issuer, subject=subject)


@pytest.fixture(scope="session")
def peopled(
    tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path, provider: IdentityProvider
) -> Iterator[World]:
    """One world for all these tests: signing in changes nothing of it but sessions, links and entries."""
    home = tmp_path_factory.mktemp("signing-in") / "var"
    with factories.deployed(
        home, migrated_sqlite, Mode.PRODUCTION, public_url=PUBLIC, sign_in_file=provider.file
    ) as deployment:
        world = factories.populate(deployment)
        staffed(world, provider.issuer)
        yield world


@pytest.fixture(scope="session")
def served(peopled: World) -> tuple[FastAPI, Clock, StringIO]:
    clock, logs = Clock(), StringIO()
    return create_app(peopled.deployment, clock, make_log(logs)), clock, logs


@pytest.fixture
def service(peopled: World, provider: IdentityProvider, served: tuple[FastAPI, Clock, StringIO]) -> Iterator[Service]:
    """The service as just started, nobody signed in."""
    app, clock, logs = served
    clock.ahead, between = timedelta(0), Between()
    logs.truncate(0)
    app.state.providers = open_clients(peopled.deployment.settings, between)
    with peopled.deployment.database.writing() as session:
        session.execute(update(session_table).values(ended_at=clock()))
        before = frozenset(session.scalars(select(audit_entry.c.id)))
    made = Service(peopled, app, between, clock, logs, provider, before)
    yield made
    made.close()
