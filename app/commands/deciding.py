"""The data steward's and the officer's commands on links: history, undo, decisions, incidents.

Every one leaves an entry in the log: readings before anything is printed, acts with what they change.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app import deciding, incidents
from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, plain, show
from app.deployment import open_deployment
from app.settings import Settings
from governance.terms import EventKind
from linkage.persons.decisions import DecisionKind, DecisionReason

BY = "command-line"
Id = Annotated[str, typer.Argument(help="A person's id, or a role's.")]
Why = Annotated[DecisionReason, typer.Option("--reason", help="Why: a code, never words about a person.")]


def history(person: str, as_json: AsJson = False) -> None:
    """What happened to a person: created, merged, split, restored, with the id that `links undo` takes."""
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.EXPORT, "links-history", [person])
        changes = deciding.history(deployment, person)
    if not changes:
        raise Refused("no such person is known", Exit.NO)
    _list("changes", changes, ("id", "at", "kind", "person", "other", "roles", "undoes"), as_json)


def undo(history_id: str, as_json: AsJson = False) -> None:
    """Take back a merge: both persons are as they were, and stay apart in every later run."""
    with open_deployment(Settings()) as deployment:
        done = deciding.undo(deployment, history_id, BY, datetime.now(UTC))
    result = {
        "history": done.history_id, "person": done.person, "out_of": done.other, "roles": done.roles,
        "decision": done.decision_id,
    }  # fmt: skip
    show(result, as_json=as_json, title="Undone; ties follow in the next run")


def decide(kind: DecisionKind, a: Id, b: Id, reason: Why, as_json: AsJson = False) -> None:
    """Decide that two persons, or two roles, are the same person or different ones. Binds from the next run on."""
    with open_deployment(Settings()) as deployment:
        made = deciding.decide(deployment, kind, a, b, reason, BY, datetime.now(UTC))
    show({"decision": made, "kind": str(kind), "reason": str(reason)}, as_json=as_json, title="Decided")


def decisions(as_json: AsJson = False) -> None:
    """List the decisions that bind."""
    with open_deployment(Settings()) as deployment:
        note(deployment, EventKind.EXPORT, "links-decisions")
        held = deciding.standing(deployment)
    _list("decisions", held, ("id", "kind", "reason", "origin", "pairs", "decided_by", "decided_at"), as_json)


def withdraw(decision_id: str, as_json: AsJson = False) -> None:
    """Withdraw a decision, so that it binds no more from the next run on."""
    with open_deployment(Settings()) as deployment:
        many = deciding.withdraw(deployment, decision_id, BY, datetime.now(UTC))
    show({"withdrawn": decision_id, "pairs": many}, as_json=as_json, title="Withdrawn")


def list_incidents(
    close: Annotated[str | None, typer.Option(help="Close the incident with this id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List persons that came apart, and the log entries that saw them together; or close one such incident."""
    with open_deployment(Settings()) as deployment:
        if close is not None:
            deciding.close_incident(deployment, close, BY, datetime.now(UTC))
            show({"closed": close}, as_json=as_json, title="Closed")
            return
        note(deployment, EventKind.AUDIT_READ, "incidents")
        found = [_incident(held, as_json) for held in deciding.open_or_closed(deployment, closed=every)]
    _list("incidents", found, ("id", "opened_at", "person", "other", "uses", "closed_at"), as_json)


def _incident(held: incidents.Incident, as_json: bool) -> dict[str, Any]:
    return {
        "id": held.id, "run": held.run_id, "history": held.history_id, "person": held.person, "other": held.other,
        "opened_at": held.opened_at.isoformat(), "uses": list(held.uses) if as_json else len(held.uses),
        "closed_by": held.closed_by, "closed_at": held.closed_at.isoformat() if held.closed_at else None,
    }  # fmt: skip


def _list(name: str, rows: list[dict[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        show({name: rows}, as_json=True)
        return
    table = Table(*(column.replace("_", " ") for column in columns))
    for row in rows:
        table.add_row(*(plain("" if row[column] is None else row[column]) for column in columns))
    Console(highlight=False).print(table)
