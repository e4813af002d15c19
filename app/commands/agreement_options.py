"""What the commands about agreements share: how a version is named, and who acts.

Invariant: an act is in the name of a member of staff who is an information governance officer today, or of the command
line itself; the two are never taken for each other, so that four eyes need two names.
"""

from datetime import datetime
from typing import Annotated, Any, Final

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commands.output import Exit, Refused
from governance.legal_time import legal_date
from governance.people import actor_for, staff_named
from governance.store import agreement
from governance.terms import Role

COMMAND_LINE: Final = "command-line"
Code = Annotated[str, typer.Argument(help="The agreement's code, with its version: isp-early-years/1.")]
ByOfficer = Annotated[
    str | None, typer.Option("--by", help="The information governance officer who acts: their username.")
]


def officer(session: Session, username: str | None, at: datetime) -> str:
    """Return who acts: an officer's staff id, or the command line."""
    if username is None:
        return COMMAND_LINE
    staff_id = staff_named(session, username)
    actor = actor_for(session, staff_id, Role.IG_OFFICER, legal_date(at)) if staff_id else None
    if actor is None or not (actor.active and actor.role_held):
        raise Refused("--by names no information governance officer", Exit.POLICY)
    return actor.staff_id


def held_version(session: Session, code: str) -> Any:
    """Return the id and document of CODE/VERSION, or refuse."""
    name, _, version = code.partition("/")
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise Refused("name the version too: CODE/VERSION")
    query = select(agreement.c.id, agreement.c.code, agreement.c.version, agreement.c.document)
    row = session.execute(query.where(agreement.c.code == name, agreement.c.version == int(version))).one_or_none()
    if row is None:
        raise Refused("no such agreement is held", Exit.NO)
    return row
