"""Asking a cohort question: through the gate, which logs it, then counted within what the decision permits.

Invariant: this is the one way from an analyst to a count; a refused run reads nothing.
"""

from datetime import datetime

from app.cohorts.count import CohortAnswer, run_cohort
from app.cohorts.question import Question
from app.cohorts.scope import scope_of
from app.database import Database
from app.gate import Gate
from governance.terms import Actor, Decision, Reason


class CohortDenied(Exception):
    """The gate refused the run; `decision` says why."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        super().__init__(f"not permitted: {decision.reason}")


def ask(
    gate: Gate, database: Database, actor: Actor | None, question: Question, at: datetime, request_id: str
) -> CohortAnswer:
    """Answer an analyst's question. Raises CohortDenied (policy), CohortRefused (scope), LogUnavailable (the gate)."""
    decision = gate.run_cohort(actor, question.project, at, request_id, question.hash)
    if decision.reason is not Reason.PERMITTED:
        raise CohortDenied(decision)
    with database.reading() as session:
        return run_cohort(session, question, scope_of(session, decision, at), at)
