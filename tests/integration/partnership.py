"""A partnership small enough to hold in the head: one family, a few workers, the shipped agreements in force.

Ada (born 2023-06) lives with her mother Mair and brother Ben (2020-01); her father Tom lives elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from app.database import Database
from app.gate import FamilyRead, Gate
from governance import people
from governance.agreements.ceremony import bring_into_force, new_signing_keys
from governance.agreements.register import SHIPPED, shipped
from governance.keys.keys import FIRST_LABELS, KeyRing, SoftwareKeyRing, new_keys
from governance.terms import Actor, Category, Purpose, RelationshipKind, Role
from tests.stored import Stored

START = datetime(2026, 2, 2, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)

WORKERS = {
    "hv": ("ZCH", Role.HEALTH_VISITOR),
    "fsw": ("ZMC", Role.FAMILY_SUPPORT_WORKER),
    "sw": ("ZMC", Role.SOCIAL_WORKER),
    "nursery": ("ZNF", Role.NURSERY_PRACTITIONER),
    "charity": ("ZFS", Role.CHARITY_WORKER),
    "adult": ("ZMC", Role.ADULT_WORKER),
    "ig": ("ZMC", Role.IG_OFFICER),
    "analyst": ("ZMC", Role.ANALYST),
}


@dataclass
class Partnership:
    """The database with its workers' ids and agreements' ids by name."""

    database: Database
    ring: KeyRing
    staff: dict[str, str]
    agreements: dict[str, str]
    relationships: dict[tuple[str, str], str]

    @property
    def gate(self) -> Gate:
        return Gate(self.database, self.ring)

    def read(
        self, who: str, index: str = "ada", purpose: Purpose | None = Purpose.EARLY_HELP, at: datetime = LATER
    ) -> FamilyRead:
        with self.database.reading() as session:
            actor = self.actor(session, who, at)
        return self.gate.read_family(actor, index, purpose, at, "request")

    def actor(self, session: Session, who: str, at: datetime = LATER) -> Actor:
        actor = people.actor_for(session, self.staff[who], WORKERS[who][1], at.date())
        assert actor is not None
        return actor

    def relate(self, who: str, person: str) -> str:
        with self.database.writing() as session:
            made = people.open_relationship(
                session,
                self.ring,
                START,
                "test",
                staff_id=self.staff[who],
                person_id=person,
                kind=RelationshipKind.CASELOAD,
                since=START.date(),
            )
        self.relationships[who, person] = made
        return made


def shown(read: FamilyRead) -> set[tuple[str, Category, str]]:
    """What may be shown, as (member, category, source)."""
    return {(d.segment.member, d.segment.category, d.segment.source) for d in read.decision.permitted}


def build(database: Database, related: Sequence[str] = ("hv", "fsw", "sw", "nursery", "charity")) -> Partnership:
    ring = SoftwareKeyRing(new_keys(FIRST_LABELS))
    with database.writing() as session:
        _organisations(session, ring)
        staff = {name: _worker(session, ring, name) for name in WORKERS}
        agreements = {code: _in_force(session, ring, code) for code in SHIPPED}
        _family(session)
    made = Partnership(database, ring, staff, agreements, {})
    for who in related:
        made.relate(who, "ada")
    return made


def _organisations(session: Session, ring: KeyRing) -> None:
    for code in ("ZMH", "ZCH", "ZWB", "ZMC", "ZGC", "ZNF", "ZFS"):
        people.add_organisation(session, ring, START, "test", code=code, name_en=code, kind="nhs")


def _worker(session: Session, ring: KeyRing, name: str) -> str:
    organisation, role = WORKERS[name]
    staff_id = people.add_staff(session, ring, START, "test", username=name, name=name, organisation_code=organisation)
    grant = {"staff_id": staff_id, "role": role, "since": START.date(), "training_until": date(2027, 6, 1)}
    people.give_role(session, ring, START, "test", **grant)  # type: ignore[arg-type]
    return staff_id


def _in_force(session: Session, ring: KeyRing, code: str) -> str:
    agreement = shipped(code)
    return bring_into_force(session, ring, agreement, new_signing_keys(agreement), START, "test")


def _family(session: Session) -> None:
    stored = Stored(session)
    stored.person("ada", "2023-06", "female")
    stored.person("ben", "2020-01", "male")
    stored.person("mair", "1994-05", "female")
    stored.person("tom", "1992-03", "male")
    for child in ("ada", "ben"):
        stored.tie("mair", "birth_mother", child)
        stored.tie("mair", "parent", child, "ZMC", dataset="early-help")
    stored.tie("tom", "parent", "ada", "ZMC", dataset="early-help")
    stored.tie("mair", "household", "ada", "ZMC", dataset="early-help")
    stored.tie("ben", "household", "ada", "ZMC", dataset="early-help")
    stored.event("ada", "birth", date(2023, 6, 1), "births", "ZMH", category="birth", service="maternity")
    stored.event("ada", "two_year_review", date(2025, 7, 1))
    stored.event("ada", "early_help_plan", date(2026, 3, 1), "help", "ZMC", category="early_help", service="early_help")
    stored.event(
        "ada", "funded_place", date(2025, 9, 1), "ey", "ZMC", category="early_education", service="early_education"
    )
