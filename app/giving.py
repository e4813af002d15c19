"""Giving a family the privacy leaflet at first contact, and which ones they have had.

Invariants: only about the child of a family that the gate lets this worker open now; only of a version that is held
and in force; the giving is a ledger entry in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.identity import SignedIn
from app.language import Code
from app.subjects import Merges
from governance.agreements.flows import Agreement
from governance.agreements.standings import in_force
from governance.legal_time import legal_date
from governance.wishes.signing import give_leaflet, leaflets_given


@dataclass(frozen=True, slots=True)
class Given:
    code: str
    version: int
    language: str
    on: date


class NoSuchLeaflet(Exception):
    """The version named is not in force, so there is no leaflet of it to give."""


def offered(session: Session, at: datetime) -> list[Agreement]:
    """Return the versions in force, whose leaflets may be given."""
    return [standing.agreement for standing in in_force(session, at)]


def given(session: Session, person_id: str) -> Sequence[Given]:
    """Return the leaflets given about this person, under any id they have had."""
    return [Given(*row) for row in leaflets_given(session, Merges(session).former({person_id}))]


def give(
    deployment: Deployment, who: SignedIn, person_id: str, code: str, version: int, language: Code, at: datetime
) -> str:
    """Record that this worker gave the family this leaflet today; return the record's id. The gate has permitted."""
    with deployment.database.writing() as session:
        if (code, version) not in {(one.code, one.version) for one in offered(session, at)}:
            raise NoSuchLeaflet
        return give_leaflet(
            session, deployment.ring, at, who.actor.staff_id, person_id=person_id, agreement=code, version=version,
            language=str(language), on=legal_date(at),
        )  # fmt: skip
