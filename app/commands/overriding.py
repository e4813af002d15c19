"""Overrides from the command line: what waits for review, one override, its review; the alarms.

Invariant: the same gate and the same log as the pages: an officer is named, and holds the role.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Annotated, Any

import typer

from app import overriding
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import Deployment, open_deployment
from app.settings import Settings
from governance import people
from governance.legal_time import legal_date
from governance.overrides.alarms import NoSuchAlarm
from governance.overrides.reviews import NoSuchReview, OwnOverride, Review
from governance.terms import Actor, Decision, Reason, ReviewOutcome, Role

DEMO_OFFICER = "ig.patel"
Officer = Annotated[str | None, typer.Option(help="Who reviews: an information governance officer's username.")]
OverrideId = Annotated[str, typer.Argument(help="The override's id, as `overrides list` gives it.")]


@dataclass(frozen=True, slots=True)
class _Desk:
    """The officer at work."""

    deployment: Deployment
    actor: Actor
    at: datetime
    request_id: str


def waiting(officer: Officer = None, as_json: AsJson = False) -> None:
    """List the overrides that wait for review, the most overdue first, and the alarms nobody has taken note of."""
    with _desk(officer) as desk:
        queue = overriding.queue(desk.deployment, desk.actor, desk.at, desk.request_id)
    _require(queue.decision)
    reviews = [_line(review) for review in queue.reviews]
    alarms = [
        {"id": a.id, "kind": str(a.kind), "organisation": a.organisation, "raised_at": a.raised_at.isoformat()}
        for a in queue.alarms
    ]
    if as_json:
        show({"reviews": reviews, "alarms": alarms}, as_json=True)
        return
    lines = {r["id"]: f"{r['kind']}, due {r['due_at']}{', overdue' if r['overdue'] else ''}" for r in reviews}
    noted = {a["id"]: f"alarm: {a['kind']}, {a['raised_at']}" for a in alarms}
    show({**lines, **noted} or {"waiting": 0}, as_json=False, title="Waiting for review")


def one(override_id: OverrideId, officer: Officer = None, as_json: AsJson = False) -> None:
    """Show one override, with the words that justify it."""
    with _desk(officer) as desk:
        opened = overriding.open_case(desk.deployment, desk.actor, override_id, desk.at, desk.request_id)
    _require(opened.decision)
    if opened.case is None:
        raise Refused("no such override", Exit.NO)
    case = opened.case
    told = _line(case.review) | {
        "reason": str(case.review.override.reason), "categories": sorted(case.review.override.categories),
        "family_told": str(case.review.told), "worker": opened.worker, "justification": case.justification,
        "outcome": case.outcome, "note": case.note,
    }  # fmt: skip
    show(told, as_json=as_json, title="Override")


def review(
    override_id: OverrideId,
    outcome: ReviewOutcome,
    note: Annotated[str, typer.Option(help="A note, kept encrypted with the override.")] = "",
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Settle the review of somebody else's override: justified, not_justified or referred."""
    with _desk(officer) as desk:
        try:
            decision = overriding.judge(
                desk.deployment, desk.actor, override_id, outcome, note, desk.at, desk.request_id
            )
        except NoSuchReview:
            raise Refused("no such review waits", Exit.NO) from None
        except OwnOverride:
            raise Refused("who used an override may not review it", Exit.POLICY) from None
    _require(decision)
    show({"id": override_id, "outcome": str(outcome)}, as_json=as_json, title="Reviewed")


def seen(alarm_id: str, officer: Officer = None, as_json: AsJson = False) -> None:
    """Take note of an alarm."""
    with _desk(officer) as desk:
        try:
            decision = overriding.take_note(desk.deployment, desk.actor, alarm_id, desk.at, desk.request_id)
        except NoSuchAlarm:
            raise Refused("no such alarm waits", Exit.NO) from None
    _require(decision)
    show({"id": alarm_id, "seen": True}, as_json=as_json)


def _line(review: Review) -> dict[str, Any]:
    held = review.override
    return {
        "id": held.id, "kind": str(held.kind), "organisation": review.organisation, "role": review.role,
        "granted_at": held.granted_at.isoformat(), "due_at": review.due_at.isoformat(), "overdue": review.overdue,
    }  # fmt: skip


@contextmanager
def _desk(username: str | None) -> Iterator[_Desk]:
    with open_deployment(Settings()) as deployment:
        name = username or (DEMO_OFFICER if deployment.settings.demo else None)
        if name is None:
            raise Refused("name the officer who reviews: --officer USERNAME")
        at = datetime.now(UTC)
        with deployment.database.reading() as session:
            staff_id = people.staff_named(session, name)
            actor = None if staff_id is None else people.actor_for(session, staff_id, Role.IG_OFFICER, legal_date(at))
        if actor is None:
            raise Refused("no officer has that username", Exit.POLICY)
        yield _Desk(deployment, actor, at, token_hex(8))


def _require(decision: Decision) -> None:
    if decision.reason is not Reason.PERMITTED:
        raise Refused(f"refused: {decision.reason}", Exit.POLICY)
