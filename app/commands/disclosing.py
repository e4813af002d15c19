"""Requests to know who looked, from the command line.

Invariant: the same gate, checks and log as the pages: an officer is named, and holds the role; people are named by the
record's random ids, never by a number on a command line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from app import disclosing
from app.commands.noting import note
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import Deployment, open_deployment
from app.disclosing import Opened
from app.disclosure_bundle import bundle
from app.doors import gate_of
from app.reading import organisations
from app.settings import Settings
from governance import people
from governance.legal_time import legal_date
from governance.reports.asking import NEXT, Asked, Evidence, Right, Step
from governance.terms import Actor, EventKind, Reason, Role

DEMO_OFFICER = "ig.patel"
Officer = Annotated[str | None, typer.Option(help="Who acts: an information governance officer's username.")]


@dataclass(frozen=True, slots=True)
class _Desk:
    """The officer at work."""

    deployment: Deployment
    actor: Actor
    at: datetime

    def enter(self, *about: str) -> None:
        """Ask the gate, as the pages do; raise where it refuses."""
        gate = gate_of(self.deployment)
        decision = gate.read_audit(self.actor, self.at, token_hex(8), {}, sorted(set(about)))
        if decision.reason is not Reason.PERMITTED:
            raise Refused(f"refused: {decision.reason}", Exit.POLICY)

    def opened(self, request_id: str) -> Opened:
        self.enter()
        found = disclosing.opened(self.deployment, request_id, self.at)
        if found is None:
            raise Refused("there is no such request", Exit.NO)
        self.enter(found.held.asked.person_id, found.held.asked.asker_person_id)
        return found


def list_(officer: Officer = None, as_json: AsJson = False) -> None:
    """List requests, the most urgent first."""
    with _desk(officer) as desk:
        desk.enter()
        held = disclosing.every(desk.deployment, desk.at)
    lines = [
        {"id": one.id, "right": one.asked.right, "received": one.received_on, "due": due, "state": one.last.step,
         "overdue": disclosing.waits(one) and due < legal_date(desk.at)}
        for one, due in held
    ]  # fmt: skip
    show({"requests": lines}, as_json=as_json, title="Requests to know who looked")


def receive(
    person: Annotated[str, typer.Option(help="The person's random id.")],
    right: Annotated[Right, typer.Option()],
    asker: Annotated[str | None, typer.Option(help="The asker's random id, if another.")] = None,
    seen: Annotated[list[Evidence] | None, typer.Option(help="What was seen; may be given several times.")] = None,
    received: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Record a request."""
    with _desk(officer) as desk:
        asked = Asked(person, asker or person, right, frozenset(seen or ()))
        desk.enter(asked.person_id, asked.asker_person_id)
        day: date = received.date() if received else legal_date(desk.at)
        made = disclosing.receive(desk.deployment, desk.actor, asked, day, desk.at)
        told = _told(desk.opened(made))
    show(told, as_json=as_json, title="Received")


def show_(request_id: str, officer: Officer = None, as_json: AsJson = False) -> None:
    """Show what the checks find now, by when an answer is due, and what may follow."""
    with _desk(officer) as desk:
        told = _told(desk.opened(request_id))
    show(told, as_json=as_json, title="Request")


def step(request_id: str, step: Step, officer: Officer = None, as_json: AsJson = False) -> None:
    """Stop or restart the clock, extend, send a proposal back, refuse or withdraw."""
    with _desk(officer) as desk:
        desk.opened(request_id)
        disclosing.step(desk.deployment, desk.actor, request_id, step, desk.at)
        told = _told(desk.opened(request_id))
    show(told, as_json=as_json, title="Request")


def release(
    request_id: str,
    in_interest: Annotated[bool, typer.Option("--in-interest", help="It is in the child's interest.")] = False,
    leave_out: Annotated[list[str] | None, typer.Option(help="An organisation's code to leave out.")] = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Release a report, or propose to where two officers must agree."""
    with _desk(officer) as desk:
        desk.opened(request_id)
        done = disclosing.release(desk.deployment, desk.actor, request_id, leave_out or (), in_interest, desk.at)
    show({"id": request_id, "step": done}, as_json=as_json, title="Request")


def save(
    request_id: str,
    out: Annotated[Path, typer.Option("-o", "--out", dir_okay=False)],
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Write a released report with its proofs as one ZIP file."""
    with _desk(officer) as desk:
        made = disclosing.report(desk.deployment, desk.opened(request_id).held)
        note(desk.deployment, EventKind.EXPORT, "access-report-bundle")
        with desk.deployment.database.reading() as session:
            known = organisations(session)
        out.write_bytes(bundle(desk.deployment, made, known))
    told = {"id": request_id, "looks": len(made.entries), "content_hash": made.content_hash, "out": str(out)}
    show(told, as_json=as_json, title="Saved")


def _told(opened: Opened) -> dict[str, Any]:
    held = opened.held
    return {
        "id": held.id,
        "right": held.asked.right,
        "received": held.received_on,
        "due": opened.due,
        "state": held.last.step,
        "findings": list(opened.found),
        "next": sorted(NEXT[held.last.step]),
    }


@contextmanager
def _desk(username: str | None) -> Iterator[_Desk]:
    with open_deployment(Settings()) as deployment:
        name = username or (DEMO_OFFICER if deployment.settings.demo else None)
        if name is None:
            raise Refused("name the officer who acts: --officer USERNAME")
        at = datetime.now(UTC)
        with deployment.database.reading() as session:
            staff_id = people.staff_named(session, name)
            actor = None if staff_id is None else people.actor_for(session, staff_id, Role.IG_OFFICER, at.date())
        if actor is None:
            raise Refused("no information governance officer has that username", Exit.POLICY)
        yield _Desk(deployment, actor, at)
