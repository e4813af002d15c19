"""Small worlds for tests, made by walking the real path.

Invariant: nothing here says yes on its own: staff, caseloads, agreements and wishes are written as the service itself
writes them, on a database that the migrations made.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.database import Database
from app.deployment import Deployment
from app.envelopes import pack
from app.settings import Mode, Settings
from governance import people
from governance.agreements import register
from governance.agreements.ceremony import bring_into_force, new_signing_keys
from governance.keys import vault
from governance.keys.keystore import create_key_file, create_keystore
from governance.keys.vault_keys import WrappedKeys
from governance.terms import RelationshipKind, Role
from linkage import store
from linkage.catalogue import catalogue
from linkage.facts import Value
from linkage.rows import Identity, Relation

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LOADED = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
BY = "factory"
RUN = "0" * 32

ORGANISATIONS = (
    ("ZMH", "Marlshire Maternity Hospitals NHS Trust", None, "nhs", "england", "01632 960100"),
    ("ZCH", "Marlshire Community Health NHS Trust", None, "nhs", "england", "01632 960200"),
    ("ZWB", "Glanwern University Health Board", "Bwrdd Iechyd Prifysgol Glanwern", "nhs", "wales", "01632 960300"),
    ("ZMC", "Marlshire County Council", None, "council", "england", "01632 960400"),
    ("ZGC", "Glanwern Council", "Cyngor Glanwern", "council", "wales", "01632 960500"),
    ("ZNF", "Little Acorns Nursery Federation", None, "childcare", "england", "01632 960600"),
    ("ZFS", "Hafan Family Support", None, "charity", "both", "01632 960700"),
)


@contextmanager
def deployed(home: Path, template: Path, mode: Mode = Mode.DEMO, **more: Any) -> Iterator[Deployment]:
    """A deployment of the test's own: keys, vault keys and a copy of a migrated database."""
    settings = Settings(mode=mode, home=home, **more)
    for folder in (settings.home, settings.zone, settings.anchors):
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
    ring = create_keystore(settings.keystore, create_key_file(settings.key_path))
    shutil.copy(template, settings.home / "family-record.db")
    database = Database(settings.url)
    try:
        with WrappedKeys(settings.wrapped_keys) as wrapped_keys:
            yield Deployment(settings, database, ring, wrapped_keys)
    finally:
        database.close()


def add_organisations(deployment: Deployment) -> None:
    with deployment.database.writing() as session:
        for code, name_en, name_cy, kind, nation, telephone in ORGANISATIONS:
            people.add_organisation(
                session, deployment.ring, EARLIER, BY, code=code, name_en=name_en, kind=kind, name_cy=name_cy,
                nation=nation, duty_desk=f"{name_en} duty desk", telephone=telephone,
            )  # fmt: skip


def add_staff(
    deployment: Deployment, username: str, name: str, employer: str, role: Role, team: str | None = None
) -> str:
    """Add a trained, active member of staff and return their id."""
    with deployment.database.writing() as session:
        staff_id = people.add_staff(
            session,
            deployment.ring,
            EARLIER,
            BY,
            username=username,
            name=name,
            organisation_code=employer,
            telephone="01632 960999",
        )
        people.give_role(
            session,
            deployment.ring,
            EARLIER,
            BY,
            staff_id=staff_id,
            role=role,
            team=team,
            since=date(2024, 1, 1),
            training_until=date(2027, 12, 31),
        )
    return staff_id  # fmt: skip


def add_to_caseload(deployment: Deployment, staff_id: str, person_id: str) -> str:
    with deployment.database.writing() as session:
        return people.open_relationship(
            session, deployment.ring, EARLIER, BY, staff_id=staff_id, person_id=person_id,
            kind=RelationshipKind.CASELOAD, since=date(2026, 1, 5),
        )  # fmt: skip


def agree(deployment: Deployment, codes: Sequence[str] = register.SHIPPED) -> None:
    """Bring the shipped agreements into force, signed by every party."""
    for code in codes:
        document = register.shipped(code)
        with deployment.database.writing() as session:
            bring_into_force(session, deployment.ring, document, new_signing_keys(document), EARLIER, BY)


@dataclass
class Records:
    """Rows of the record store, as a finished load and a link run leave them."""

    deployment: Deployment
    session: Session
    load: str = field(default_factory=lambda: secrets.token_hex(16))

    def begin(self, dataset: str, provider: str, services: Sequence[str]) -> None:
        """Start a load of one dataset that speaks for these services everywhere."""
        ordinal = self.session.execute(select(func.count()).select_from(store.load)).scalar_one() + 1
        self.load = secrets.token_hex(16)
        self.dataset, self.provider = dataset, provider
        self.session.execute(
            insert(store.dataset).values(
                name=dataset, provider=provider, spec_hash="0" * 64, spec={}, one_row_per_person=False,
                registered_at=EARLIER,
            )
        )  # fmt: skip
        self.session.execute(
            insert(store.load).values(
                id=self.load, dataset=dataset, kind="delta", file_digest=self.load * 2, scope_digest="0" * 64,
                physical=9, accepted=9, rejected=0, duplicates=0, ended=0, not_covered={}, started_at=EARLIER,
                completed_at=LOADED, ordinal=ordinal,
            )
        )  # fmt: skip
        for service in services:
            self.session.execute(
                insert(store.coverage).values(
                    load_id=self.load, service=service, dataset=dataset, provider=provider,
                    covers_from=date(2018, 4, 1), covers_to=date(2026, 10, 31), areas=[], population=None,
                )
            )  # fmt: skip

    def person(self, birth_month: str | None, sex: str | None, unborn: bool = False) -> str:
        person_id = secrets.token_hex(16)
        self.session.execute(
            insert(store.person).values(id=person_id, unborn=unborn, birth_month=birth_month, sex=sex, created_run=RUN)
        )
        return person_id

    def role(self, person_id: str, identity: Identity, name: str = "self", locality: str = "L01") -> str:
        """One record about a person, its identity sealed in the vault."""
        record_id, role_id = secrets.token_hex(16), secrets.token_hex(16)
        self.session.execute(
            insert(store.source_record).values(id=record_id, dataset=self.dataset, load_id=self.load, row_number=7)
        )
        self.session.execute(
            insert(store.record_role).values(
                id=role_id,
                record_id=record_id,
                role=name,
                provider=self.provider,
                unborn=False,
                ward="W01",
                locality=locality,
                nation="england",
                current=True,
                person_id=person_id,
            )
        )
        deployment = self.deployment
        envelope = vault.seal(deployment.ring, deployment.wrapped_keys, role_id, pack(identity), LOADED)
        vault.store(self.session, [envelope])
        return role_id  # fmt: skip

    def event(
        self, role_id: str, kind: str, day: date, status: str = "happened", until: date | None = None, **values: Value
    ) -> None:
        known = catalogue().event_types[kind]
        self.session.execute(
            insert(store.event).values(
                id=secrets.token_hex(16), role_id=role_id, load_id=self.load, category=known.category, type=kind,
                service=known.service, organisation=self.provider, provider=self.provider, occurred_on=day,
                precision="month" if kind == "birth" else "day", until=until, status=status, values=values,
                current=True,
            )
        )  # fmt: skip

    def involvement(
        self, role_id: str, service: str, professional: str, role: str, team: str, telephone: str | None,
        since: date, until: date | None = None,
    ) -> None:  # fmt: skip
        self.session.execute(
            insert(store.involvement).values(
                id=secrets.token_hex(16), role_id=role_id, load_id=self.load, category=service, service=service,
                organisation=self.provider, provider=self.provider, team=team, professional=professional,
                professional_role=role, telephone=telephone, since=since, until=until, current=True,
            )
        )  # fmt: skip

    def tie(self, person_a: str, relation: Relation, person_b: str, standing: str = "confirmed") -> None:
        self.session.execute(
            insert(store.tie).values(
                id=secrets.token_hex(16), person_a=person_a, relation=str(relation), person_b=person_b,
                provider=self.provider, dataset=self.dataset, standing=standing, since=None, until=None, evidence={},
                run_id=RUN,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class World:
    """One family of four and the people who work with it; the canary identifiers are of the child and its mother."""

    deployment: Deployment
    child: str
    sibling: str
    mother: str
    father: str
    stranger: str
    health_visitor: str


CHILD = Identity(
    nhs_number="9991234535", given_name="Gwenllian", family_name="Okonkwo-Pryce", date_of_birth=date(2024, 3, 9),
    address="14 Heol y Ffynnon", postcode="ZZ9 4QX",
)  # fmt: skip
MOTHER = Identity(
    nhs_number="9997654323", given_name="Rhiannon", family_name="Okonkwo-Pryce", date_of_birth=date(1994, 6, 2),
    address="14 Heol y Ffynnon", postcode="ZZ9 4QX", telephone="07700900123",
)  # fmt: skip
SIBLING = Identity(given_name="Idris", family_name="Okonkwo-Pryce", date_of_birth=date(2020, 8, 17))
FATHER = Identity(given_name="Chidi", family_name="Okonkwo", date_of_birth=date(1992, 1, 30))
CANARIES = (
    "9991234535", "999 123 4535", "Gwenllian", "Okonkwo", "2024-03-09", "Heol y Ffynnon", "ZZ9 4QX", "9997654323",
    "07700900123",
)  # fmt: skip


def populate(deployment: Deployment) -> World:
    """Fill a deployment with the world."""
    add_organisations(deployment)
    worker = add_staff(deployment, "hv.vale", "Hannah Vale", "ZCH", Role.HEALTH_VISITOR, "Marl Vale 0-19")
    add_staff(deployment, "ig.gray", "Iona Gray", "ZMC", Role.IG_OFFICER)
    add_staff(deployment, "an.lowe", "Anna Lowe", "ZMC", Role.ANALYST)
    agree(deployment)
    with deployment.database.writing() as session:
        ids = _records(Records(deployment, session))
    add_to_caseload(deployment, worker, ids["child"])
    return World(deployment, health_visitor=worker, **ids)


def _records(held: Records) -> dict[str, str]:
    ids = {
        "child": held.person("2024-03", "female"),
        "sibling": held.person("2020-08", "male"),
        "mother": held.person("1994-06", "female"),
        "father": held.person("1992-01", "male"),
        "stranger": held.person("2023-05", "male"),
    }
    held.session.execute(
        insert(store.area).values(code="L01", kind="locality", name_en="Marl Vale", name_cy="Dyffryn Marl", version="1")
    )
    _schedule(held.session)
    _community(held, ids)
    _maternity(held, ids)
    _education(held, ids)
    _early_help(held, ids)
    return ids


def _schedule(session: Session) -> None:
    steps = (
        ("new_birth", "New birth visit", 10, 14, "new_birth_visit"),
        ("six_week", "Six to eight week review", 42, 56, "six_week_review"),
        ("twelve_month", "Twelve month review", 270, 365, "twelve_month_review"),
        ("two_year", "Two to two and a half year review", 730, 913, "two_year_review"),
        ("school", "Start of school", 1461, 1826, "school_enrolment"),
    )
    for code, title, first, last, kind in steps:
        session.execute(
            insert(store.milestone).values(
                schedule="hcp", version="2026", code=code, nation="england", title_en=title, title_cy=None,
                from_days=first, to_days=last, event_types=[kind],
                service="school" if code == "school" else "health_visiting",
            )
        )  # fmt: skip


def _community(held: Records, ids: Mapping[str, str]) -> None:
    held.begin("community-contacts", "ZCH", ["health_visiting"])
    child = held.role(ids["child"], CHILD)
    held.event(child, "new_birth_visit", date(2024, 3, 20))
    held.event(child, "six_week_review", date(2024, 4, 30), "declined")
    held.event(child, "feeding_status", date(2024, 4, 30), breastfeeding="total")
    held.event(child, "twelve_month_review", date(2025, 3, 3))
    held.event(child, "asq3", date(2025, 3, 3), communication=45, gross_motor=50, interval_months=12)
    held.involvement(
        child, "health_visiting", "Hannah Vale", "Health visitor", "Marl Vale 0-19", "01632 960222", date(2024, 3, 15)
    )
    sibling = held.role(ids["sibling"], SIBLING)
    held.event(sibling, "two_year_review", date(2022, 9, 1))
    held.role(ids["stranger"], Identity(given_name="Tomos", family_name="Arall", date_of_birth=date(2023, 5, 1)))


def _maternity(held: Records, ids: Mapping[str, str]) -> None:
    held.begin("maternity-births", "ZMH", ["maternity"])
    baby, mother = held.role(ids["child"], CHILD, "baby"), held.role(ids["mother"], MOTHER, "mother")
    held.event(baby, "birth", date(2024, 3, 1), gestation_days=281, birth_weight_grams=3410)
    held.event(mother, "pregnancy_booking", date(2023, 8, 14))
    held.tie(ids["mother"], Relation.BIRTH_MOTHER, ids["child"])
    held.tie(ids["mother"], Relation.BIRTH_MOTHER, ids["sibling"])


def _education(held: Records, ids: Mapping[str, str]) -> None:
    held.begin("school-census", "ZMC", ["school"])
    sibling = held.role(ids["sibling"], SIBLING)
    held.event(sibling, "school_enrolment", date(2025, 9, 1))


def _early_help(held: Records, ids: Mapping[str, str]) -> None:
    held.begin("early-help", "ZMC", ["early_help"])
    child, father = held.role(ids["child"], CHILD), held.role(ids["father"], FATHER, "parent")
    held.event(child, "early_help_plan", date(2026, 2, 3), until=date(2027, 1, 31))
    held.event(father, "early_help_assessment", date(2026, 1, 12))
    held.involvement(
        child, "early_help", "Sam Evans", "Family support worker", "North hub", "01632 960444", date(2026, 1, 10)
    )
    held.tie(ids["father"], Relation.PARENTAL_RESPONSIBILITY, ids["child"], "asserted")
