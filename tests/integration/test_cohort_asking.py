"""A cohort question from the analyst's hand to the released count, under the agreements that ship."""

import json
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.cohorts.asking import CohortDenied, ask
from app.cohorts.count import CohortAnswer
from app.cohorts.population import CohortRefused
from app.cohorts.question import Criterion, Geography, Question
from app.database import Database
from governance import people
from governance.agreements import register
from governance.store import audit_entry
from governance.terms import AgreementStatus, EventKind, Reason, Role, WishAnswer, WishKind
from governance.wishes.store import record_wish
from linkage.rows import EventStatus
from tests.integration.partnership import LATER, NOW, Partnership, build
from tests.stored import Stored

REVIEW = Criterion("two_year_review", (EventStatus.HAPPENED,), 22, 30)
QUESTION = Question(
    "readiness", "t", "2023-01", "2023-12", (REVIEW,), (), Geography.WARD, Geography.WARD, "nhs-subnational"
)


@pytest.fixture
def partnership(database: Database) -> Partnership:
    made = build(database)
    with database.writing() as session:
        people.create_project(
            session, made.ring, NOW, "test", code="readiness", title="Readiness", starts=date(2026, 1, 1),
            agreement_code="isp-school-readiness", ends=date(2027, 1, 1), analysts=[made.staff["analyst"]],
        )  # fmt: skip
        stored = Stored(session)
        stored.run()
        for n in range(20):
            stored.person(f"c{n:02}", "2023-03")
            home = {"person_id": f"c{n:02}", "ward": "W1", "nation": "england"}
            role = stored.record("visits", "ZCH", self=home)["self"]
            stored.event(f"c{n:02}", "two_year_review", date(2025, 4, 1), "visits", "ZCH", role=role)
    return made


def answer(
    partnership: Partnership, question: Question = QUESTION, who: str = "analyst", at: datetime = LATER
) -> CohortAnswer:
    role = Role.ANALYST if who == "analyst" else Role.HEALTH_VISITOR
    with partnership.database.reading() as session:
        actor = people.actor_for(session, partnership.staff[who], role, at.date())
    return ask(partnership.gate, partnership.database, actor, question, at, "request")


def test_an_analyst_gets_released_counts_and_the_log_has_the_question(partnership: Partnership) -> None:
    got = answer(partnership)
    assert [(r.area, r.children, r.families) for r in got.rows] == [("W1", 20, 20)]
    with partnership.database.reading() as session:
        bodies = session.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == str(EventKind.COHORT)))
        assert QUESTION.hash in json.dumps([json.loads(body) for body in bodies])


def test_a_national_opt_out_counts_from_the_next_question_and_its_lifting_too(partnership: Partnership) -> None:
    seen = [answer(partnership).rows[0].children]
    for said in (WishAnswer.MADE, WishAnswer.LIFTED):
        with partnership.database.writing() as session:
            for n in range(5):
                record_wish(
                    session, partnership.ring, NOW, "test", person_id=f"c{n:02}", kind=WishKind.OPT_OUT_NATIONAL,
                    answer=said,
                )  # fmt: skip
        seen.append(answer(partnership).rows[0].children)
    assert seen == [20, 15, 20]


def test_an_objection_to_this_agreement_is_honoured(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        for n in range(5):
            record_wish(
                session, partnership.ring, NOW, "test", person_id=f"c{n:02}", kind=WishKind.OBJECTION,
                answer=WishAnswer.MADE, scope=["isp-school-readiness"],
            )  # fmt: skip
    assert answer(partnership).rows[0].children == 15


def test_another_role_and_another_project_are_refused(partnership: Partnership) -> None:
    with pytest.raises(CohortDenied) as role:
        answer(partnership, who="hv")
    assert role.value.decision.reason is Reason.ROLE_NOT_ALLOWED
    with pytest.raises(CohortDenied):
        answer(partnership, replace(QUESTION, project="other"))


def test_a_suspended_agreement_counts_nothing(partnership: Partnership) -> None:
    with partnership.database.writing() as session:
        held = partnership.agreements["isp-school-readiness"]
        register.set_status(session, partnership.ring, held, AgreementStatus.SUSPENDED, NOW, "test", "Found wanting.")
    with pytest.raises(CohortDenied):
        answer(partnership)


def test_what_no_planning_flow_carries_cannot_be_asked(partnership: Partnership) -> None:
    secret = Criterion("domestic_abuse_notification", (EventStatus.HAPPENED,), 0, 60)
    with pytest.raises(CohortRefused, match="domestic_abuse"):
        answer(partnership, replace(QUESTION, has=(secret,)))
