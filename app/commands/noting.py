"""What a command reads of the log or of a person is an entry, committed before anything is printed or written; what it
writes of a person's wishes names the command as who recorded it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from app.commands.output import Exit, Refused
from app.deployment import Deployment, open_deployment
from app.settings import Settings
from governance.ledger import ledger
from governance.ledger.entries import AuditEvent, Detail
from governance.terms import EventKind, Outcome
from governance.wishes.store import WishRefused
from linkage.kin import records

BY = "command-line"
Person = Annotated[str, typer.Argument(help="The person's random id, as pages and search results name it.")]


def note(deployment: Deployment, kind: EventKind, operation: str, subjects: Sequence[str] = ()) -> None:
    """Commit the entry of one reading, or raise: then nothing may be shown."""
    detail: dict[Detail, str | int] = {Detail.OPERATION: operation}
    event = AuditEvent(kind, Outcome.DONE, subjects=tuple(subjects), detail=detail)
    with deployment.database.writing() as session:
        ledger.record(session, deployment.ring, event, datetime.now(UTC))


@contextmanager
def writing() -> Iterator[tuple[Deployment, Session, datetime]]:
    """Write to the deployment; what the rules of wishes refuse leaves with exit 4."""
    try:
        with open_deployment(Settings()) as deployment, deployment.database.writing() as session:
            yield deployment, session, datetime.now(UTC)
    except WishRefused as refusal:
        raise Refused(str(refusal), Exit.POLICY) from None


@contextmanager
def reading(operation: str, person: str) -> Iterator[tuple[Deployment, Session, str, datetime]]:
    """Read of one person, once the entry of doing so is committed."""
    with open_deployment(Settings()) as deployment, deployment.database.reading() as session:
        known = known_person(session, person)
        note(deployment, EventKind.EXPORT, operation, [known])
        yield deployment, session, known, datetime.now(UTC)


def known_person(session: Session, person: str) -> str:
    found = records.resolve(session, person)
    if found is None:
        raise Refused("no such person", Exit.NO)
    return found


def utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
