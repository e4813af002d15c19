"""Decisions to share or not under a duty, from the command line.

Invariant: the same gate and the same log as the pages: a worker is named, holds the role, and may open the record.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated

import typer

from app import sharing
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import Deployment, open_deployment
from app.settings import Settings
from governance import people
from governance.legal_time import legal_date
from governance.overrides.sharing import ShareRefused
from governance.terms import (
    Actor,
    Category,
    Decision,
    Purpose,
    Reason,
    Role,
    ShareAnswer,
    ShareDuty,
    ShareReason,
)

Person = Annotated[str, typer.Argument(help="The child's random id, as pages and search results name it.")]
Worker = Annotated[str, typer.Option(help="Who decides: a worker's username. It is logged as theirs.")]
AsRole = Annotated[Role, typer.Option(help="The role in which they decide.")]


def record(
    person: Person,
    duty: Annotated[ShareDuty, typer.Option()],
    answer: Annotated[ShareAnswer, typer.Option()],
    reason: Annotated[ShareReason, typer.Option()],
    to: Annotated[list[str], typer.Option(help="An organisation's code; repeat for several.")],
    about: Annotated[list[Category], typer.Option(help="A category; repeat for several.")],
    worker: Worker,
    role: AsRole,
    purpose: Annotated[Purpose, typer.Option()] = Purpose.SAFEGUARDING,
    as_json: AsJson = False,
) -> None:
    """Record a decision to share or not to share; nothing of what was shared is asked for."""
    what = sharing.Considered(person, duty, answer, reason, frozenset(to), frozenset(about))
    with _at_work(worker, role) as (deployment, actor, at):
        try:
            made = sharing.decide(deployment, actor, purpose, what, at, token_hex(8))
        except ShareRefused as refused:
            raise Refused(str(refused), Exit.USAGE) from None
    _require(made.decision)
    told = {"decision": made.decision_id, "answer": str(answer), "duty_in_force": made.binding}
    show(told, as_json=as_json, title="Recorded")


def held(
    person: Person,
    worker: Worker,
    role: AsRole,
    purpose: Annotated[Purpose, typer.Option()] = Purpose.SAFEGUARDING,
    as_json: AsJson = False,
) -> None:
    """List the decisions about a child."""
    with _at_work(worker, role) as (deployment, actor, at):
        decision, found = sharing.decided(deployment, actor, person, purpose, at, token_hex(8))
    _require(decision)
    rows = [
        {
            "id": one.id, "organisation": one.organisation, "duty": str(one.duty), "duty_in_force": one.in_force,
            "answer": str(one.answer), "reason": str(one.reason), "recipients": list(one.recipients),
            "categories": [str(category) for category in one.categories], "decided_at": one.decided_at.isoformat(),
        }
        for one in found
    ]  # fmt: skip
    show({"decisions": rows} if as_json else {str(row.pop("id")): row for row in rows}, as_json=as_json)


@contextmanager
def _at_work(username: str, role: Role) -> Iterator[tuple[Deployment, Actor, datetime]]:
    with open_deployment(Settings()) as deployment:
        at = datetime.now(UTC)
        with deployment.database.reading() as session:
            staff_id = people.staff_named(session, username)
            actor = None if staff_id is None else people.actor_for(session, staff_id, role, legal_date(at))
        if actor is None or not actor.role_held:
            raise Refused("nobody of that username holds that role", Exit.POLICY)
        yield deployment, actor, at


def _require(decision: Decision) -> None:
    if decision.reason is not Reason.PERMITTED:
        raise Refused(f"refused: {decision.reason}", Exit.POLICY)
