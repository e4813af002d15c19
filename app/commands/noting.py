"""What a command reads of the log or of a person is an entry, committed before anything is printed or written."""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.deployment import Deployment
from governance.ledger import ledger
from governance.ledger.entries import AuditEvent, Detail
from governance.terms import EventKind, Outcome


def note(deployment: Deployment, kind: EventKind, operation: str, subjects: Sequence[str] = ()) -> None:
    """Commit the entry of one reading, or raise: then nothing may be shown."""
    detail: dict[Detail, str | int] = {Detail.OPERATION: operation}
    event = AuditEvent(kind, Outcome.DONE, subjects=tuple(subjects), detail=detail)
    with deployment.database.writing() as session:
        ledger.record(session, deployment.ring, event, datetime.now(UTC))
