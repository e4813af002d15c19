"""Cohort questions from the command line."""

from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from app.cohorts.asking import CohortDenied, ask
from app.cohorts.count import CohortAnswer, CohortRow
from app.cohorts.population import CohortRefused
from app.cohorts.spec import read_question
from app.commands.options import AsJson
from app.commands.output import Exit, Refused, show
from app.deployment import open_deployment
from app.doors import gate_of
from app.settings import Settings
from governance import people
from governance.terms import Role

DEMO_ANALYST = "analyst.reid"


def run(
    question_file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    analyst: Annotated[str | None, typer.Option(help="Whose question it is: the answer is logged as theirs.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a cohort question: counts by area, small numbers suppressed, opt-outs honoured."""
    try:
        text = question_file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused("the question is not UTF-8 text", Exit.FILE_REFUSED) from None
    question, now = read_question(text), datetime.now(UTC)
    with open_deployment(Settings()) as deployment:
        username = analyst or (DEMO_ANALYST if deployment.settings.demo else None)
        if username is None:
            raise Refused("name the analyst who asks: --analyst USERNAME")
        with deployment.database.reading() as session:
            staff_id = people.staff_named(session, username)
            actor = None if staff_id is None else people.actor_for(session, staff_id, Role.ANALYST, now.date())
        try:
            gate = gate_of(deployment)
            answer = ask(gate, deployment.database, actor, question, now, token_hex(8))
        except (CohortDenied, CohortRefused) as refusal:
            raise Refused(str(refusal), Exit.POLICY) from None
    show(_shown(answer, as_json), as_json=as_json, title="Answer")


def _shown(answer: CohortAnswer, as_json: bool) -> dict[str, Any]:
    if as_json:
        return {
            "title": answer.title,
            "project": answer.project,
            "question_hash": answer.question_hash,
            "snapshot": answer.snapshot,
            "profile": answer.profile,
            "rows": [_row(row) for row in (*answer.rows, answer.total)],
        }
    return {row.name_en or row.area or "total": _words(row) for row in (*answer.rows, answer.total)}


def _row(row: CohortRow) -> dict[str, Any]:
    return {
        "area": row.area,
        "name": row.name_en,
        "children": row.children,
        "families": row.families,
        "status": str(row.status),
    }


def _words(row: CohortRow) -> str:
    return f"{row.children:,}" if row.children is not None else f"withheld ({row.status})"
