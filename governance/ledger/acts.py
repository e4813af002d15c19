"""The ledger event of a change to a governance fact: what was changed, by whom, about whom."""

import re
from collections.abc import Mapping
from typing import Final

from governance.ledger.ledger import AuditEvent, Detail
from governance.terms import EventKind, Outcome

_STAFF_ID: Final = re.compile(r"[0-9a-f]{32}")


def act(kind: EventKind, by: str, detail: Mapping[Detail, str | int], subjects: tuple[str, ...] = ()) -> AuditEvent:
    """Return the event. `by` is a staff id, or the name of the command or import that acted."""
    if _STAFF_ID.fullmatch(by):
        return AuditEvent(kind, Outcome.DONE, staff_id=by, subjects=subjects, detail=detail)
    return AuditEvent(kind, Outcome.DONE, subjects=subjects, detail={**detail, Detail.OPERATION: by})
