"""Clerical review from the command line: what waits, one pair's agreement, an answer.

Invariant: the same gate and the same log as the pages: a steward is named, and holds the role.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from secrets import token_hex
from typing import Annotated

import typer

from app import reviewing
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import Deployment, open_deployment
from app.settings import Settings
from governance import people
from governance.terms import Actor, Decision, Reason, Role
from linkage.persons.decisions import DecisionRefused
from linkage.quality.answers import AlreadyAnswered, Answer, NotInQueue

DEMO_STEWARD = "steward.price"
Steward = Annotated[str | None, typer.Option(help="Who reviews: a data steward's username. It is logged as theirs.")]


class Said(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class _Desk:
    """The steward at work."""

    deployment: Deployment
    actor: Actor
    at: datetime
    request_id: str


def waiting(steward: Steward = None, limit: Annotated[int, typer.Option(min=1)] = 25, as_json: AsJson = False) -> None:
    """List the pairs that wait for an answer, the most telling first."""
    with _desk(steward) as desk:
        held = reviewing.queue(desk.deployment, desk.actor, desk.at, desk.request_id, limit)
    _require(held.decision)
    if as_json:
        show({"counts": dict(held.counts), "pairs": [asdict(line) for line in held.lines]}, as_json=True)
        return
    lines = {line.id: f"{line.reason}, {'linked' if line.linked else 'apart'}" for line in held.lines}
    show({"counts": dict(held.counts), **lines}, as_json=False, title="Waiting for an answer")


def pair(pair_id: str, steward: Steward = None, as_json: AsJson = False) -> None:
    """Show how far the fields of one pair agree. No value is printed here, whatever agreements allow."""
    with _desk(steward) as desk:
        opened = reviewing.open_case(desk.deployment, desk.actor, pair_id, desk.at, desk.request_id)
    _require(opened.decision)
    if opened.case is None:
        raise Refused("no such pair is in the queue", Exit.NO)
    case = opened.case
    told = {
        "id": case.id, "reason": case.reason.value, "match_weight": case.match_weight, "linked": case.linked,
        "answer": case.answer, "records": [f"{side.dataset} {side.role}" for side in case.sides],
        "fields": [asdict(one) for one in case.fields],
    }  # fmt: skip
    show(told, as_json=as_json, title="A pair under review")


def answer(pair_id: str, said: Said, steward: Steward = None, as_json: AsJson = False) -> None:
    """Answer one pair: one person, two different people, or unsure. An answer binds until it is withdrawn."""
    with _desk(steward) as desk:
        try:
            decision = reviewing.answer(
                desk.deployment, desk.actor, pair_id, Answer(said.value), desk.at, desk.request_id
            )
        except NotInQueue:
            raise Refused("no such pair is in the queue", Exit.NO) from None
        except AlreadyAnswered:
            raise Refused("the pair was answered before; withdraw that decision first", Exit.NO) from None
        except DecisionRefused as refused:
            raise Refused(str(refused), Exit.POLICY) from None
    _require(decision)
    show({"id": pair_id, "answer": said.value}, as_json=as_json, title="Answered")


@contextmanager
def _desk(username: str | None) -> Iterator[_Desk]:
    with open_deployment(Settings()) as deployment:
        name = username or (DEMO_STEWARD if deployment.settings.demo else None)
        if name is None:
            raise Refused("name the steward who reviews: --steward USERNAME")
        at = datetime.now(UTC)
        with deployment.database.reading() as session:
            staff_id = people.staff_named(session, name)
            actor = None if staff_id is None else people.actor_for(session, staff_id, Role.DATA_STEWARD, at.date())
        if actor is None:
            raise Refused("no data steward has that username", Exit.POLICY)
        yield _Desk(deployment, actor, at, token_hex(8))


def _require(decision: Decision) -> None:
    if decision.reason is not Reason.PERMITTED:
        raise Refused(f"refused: {decision.reason}", Exit.POLICY)
