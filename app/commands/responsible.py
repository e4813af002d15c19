"""Who decides for a child, and leaflets given, from the command line.

Invariants: a person is named by random id; what is read of a person is an entry before it is printed; what the rules
refuse leaves with exit 4 and changes nothing.
"""

from datetime import datetime
from typing import Annotated

import typer

from app import wishing
from app.commands.noting import BY, Person, known_person, reading, writing
from app.commands.options import AsJson
from app.commands.output import show
from governance.legal_time import legal_date
from governance.terms import ResponsibilityEvidence, ResponsibilityKind
from governance.wishes.responsibilities import end_responsibility, record_responsibility
from governance.wishes.signing import give_leaflet

Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


def record(
    person: Person,
    kind: Annotated[ResponsibilityKind, typer.Option()],
    since: Day,
    evidence: Annotated[ResponsibilityEvidence, typer.Option()],
    holder: Annotated[str | None, typer.Option(help="The random id of the person who holds it.")] = None,
    authority: Annotated[str | None, typer.Option(help="The organisation that holds it.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    as_json: AsJson = False,
) -> None:
    """Record who may decide for a child; it acts on the next look, and consents are to be asked for again."""
    with writing() as (deployment, session, now):
        row_id = record_responsibility(
            session, deployment.ring, now, BY, person_id=known_person(session, person), kind=kind, since=since.date(),
            evidence=evidence, holder_person_id=known_person(session, holder) if holder else None,
            holder_organisation=authority, until=until.date() if until else None,
        )  # fmt: skip
    show({"responsibility": row_id, "kind": str(kind)}, as_json=as_json, title="Recorded")


def end(responsibility_id: str, on: Day, as_json: AsJson = False) -> None:
    """End a responsibility: this is the first day without it."""
    with writing() as (deployment, session, now):
        end_responsibility(session, deployment.ring, now, BY, responsibility_id=responsibility_id, on=on.date())
    show({"ended": responsibility_id}, as_json=as_json)


def list_(person: Person, as_json: AsJson = False) -> None:
    """List what is recorded of who decides for a child."""
    with reading("responsibilities-list", person) as (_, session, known, now):
        rows = [
            {
                "kind": str(row.kind), "holder": row.holder, "since": row.since.isoformat(),
                "until": row.until and row.until.isoformat(), "ended_on": row.ended_on and row.ended_on.isoformat(),
                "stands": row.stands(now),
            }
            for row in wishing.held(session, [known]).responsibilities
        ]  # fmt: skip
    show({"responsibilities": rows} if as_json else {str(n): row for n, row in enumerate(rows, 1)}, as_json=as_json)


def leaflet(
    person: Person,
    agreement: Annotated[str, typer.Option(help="The agreement's code.")],
    version: Annotated[int, typer.Option(help="The version whose leaflet it was.")],
    language: Annotated[str, typer.Option(help="en or cy")] = "en",
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record that a family was given the privacy leaflet of an agreement."""
    with writing() as (deployment, session, now):
        row_id = give_leaflet(
            session, deployment.ring, now, BY, person_id=known_person(session, person), agreement=agreement,
            version=version, language=language, on=on.date() if on else legal_date(now),
        )  # fmt: skip
    show({"leaflet": row_id, "agreement": agreement, "version": version}, as_json=as_json, title="Recorded")
