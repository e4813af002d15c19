"""Counting on both databases: scope, opt-outs, families, release."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.cohorts.count import run_cohort
from app.cohorts.population import CohortRefused
from app.cohorts.question import Criterion, Geography, Question
from app.cohorts.scope import Counted, Scope, scope_of
from app.database import Database
from governance import store as governance_store
from governance.agreements.register import shipped
from governance.disclosure import CellStatus
from governance.terms import (
    Category,
    Decision,
    FlowRef,
    Outcome,
    Purpose,
    Reason,
    Segment,
    SegmentDecision,
    SubjectRole,
    Withholding,
)
from linkage import store
from linkage.rows import EventStatus
from tests.integration.partnership import build
from tests.stored import Stored

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADDRESS = Counted(Category.ADDRESS, "ZCH", "isp", True, False)
VISITS = Counted(Category.HEALTH_VISITING, "ZCH", "isp", True, False)
SCOPE = Scope(frozenset({ADDRESS, VISITS}))
REVIEW = Criterion("two_year_review", (EventStatus.HAPPENED,), 22, 30)
QUESTION = Question("p", "t", "2023-01", "2023-06", (REVIEW,), (), Geography.WARD, Geography.WARD, "nhs-subnational")


def county(session: Session) -> Stored:
    """Twenty children in W1, two to a mother; three in W2; nobody in W3."""
    stored = Stored(session)
    stored.run()
    for ward in ("W1", "W2", "W3"):
        session.execute(
            insert(store.postcode_area).values(postcode=f"MR1 1{ward}", ward=ward, nation="england", version="1")
        )
        session.execute(insert(store.area).values(code=ward, kind="ward", name_en=f"Ward {ward}", version="1"))
    for n in range(23):
        child, mother = stored.person(f"c{n:02}", "2023-03"), f"m{n // 2:02}"
        if n % 2 == 0:
            stored.person(mother, "1990-01")
        stored.tie(mother, "birth_mother", child, provider="ZCH")
        ward = "W1" if n < 20 else "W2"
        stored.record("homes", "ZCH", self={"person_id": child, "ward": ward, "nation": "england"})
        stored.event(child, "two_year_review", date(2025, 4, 1))
    return stored


def opt_out(session: Session, person: str, kind: str = "opt_out_national", answer: str = "made") -> None:
    said = AT - timedelta(days=1)
    session.execute(
        insert(governance_store.wish).values(
            id=person + kind + answer, person_id=person, kind=kind, answer=answer, scope=["*"], valid_from=said,
            recorded_at=said, recorded_by="t", ordinal=1,
        )
    )  # fmt: skip


def test_children_and_families_are_counted_and_released(database: Database) -> None:
    with database.writing() as session:
        county(session)
        answer = run_cohort(session, QUESTION, SCOPE, AT)
    got = {row.area: (row.children, row.families, row.status) for row in answer.rows}
    assert got == {
        "W1": (20, 10, CellStatus.OK),
        "W2": (None, None, CellStatus.SUPPRESSED),
        "W3": (0, 0, CellStatus.ZERO),
    }
    assert (answer.total.children, answer.total.families) == (25, 10)
    assert answer.rows[0].name_en == "Ward W1"
    assert answer.question_hash == QUESTION.hash
    assert answer.snapshot.startswith("run")


def test_who_opted_out_is_not_counted_from_the_next_question_on(database: Database) -> None:
    with database.writing() as session:
        county(session)
        before = run_cohort(session, QUESTION, SCOPE, AT).rows[0].children
        for n in range(5):
            opt_out(session, f"c{n:02}")
        after = run_cohort(session, QUESTION, SCOPE, AT).rows[0].children
    assert (before, after) == (20, 15)


def test_an_opt_out_stops_only_where_a_used_flow_honours_it(database: Database) -> None:
    without = Scope(frozenset(replace(c, national_opt_out=False) for c in SCOPE.counted))
    with database.writing() as session:
        county(session)
        for n in range(5):
            opt_out(session, f"c{n:02}")
            opt_out(session, f"c{n:02}", "opt_out_type_1")
        assert run_cohort(session, QUESTION, without, AT).rows[0].children == 20
        type_1 = Scope(frozenset(replace(c, type_1=True) for c in without.counted))
        assert run_cohort(session, QUESTION, type_1, AT).rows[0].children == 15


@pytest.mark.parametrize(("kind", "left_out"), [("objection", False), ("restriction", True)])
def test_where_no_used_flow_hears_an_objection_only_a_restriction_leaves_out(
    kind: str, left_out: bool, sqlite_database: Database
) -> None:
    unheard = Scope(frozenset(replace(c, objection=False) for c in SCOPE.counted))
    with sqlite_database.writing() as session:
        county(session)
        for n in range(5):
            opt_out(session, f"c{n:02}", kind)
        assert run_cohort(session, QUESTION, SCOPE, AT).rows[0].children == 15
        assert run_cohort(session, QUESTION, unheard, AT).rows[0].children == (15 if left_out else 20)


def test_the_scope_says_what_each_planning_flow_hears_in_its_sources_nation(sqlite_database: Database) -> None:
    held = build(sqlite_database)
    with sqlite_database.reading() as session:
        told = [Segment("*", SubjectRole.CHILD, Category.ADDRESS, source) for source in ("ZCH", "ZWB", "ZMC")]
        agreement = shipped("isp-school-readiness")
        flows = {flow.source: flow for flow in agreement.flows if Purpose.PLANNING in flow.purposes}
        segments = tuple(
            SegmentDecision(
                segment, True, Reason.PERMITTED, (), FlowRef(agreement.code, 1, flows[segment.source].no),
                Withholding.SIGNALLED,
            )
            for segment in told
        )  # fmt: skip
        decision = Decision(Outcome.PERMIT, Reason.PERMITTED, (), segments, None, "", AT)
        counted = {c.provider: c for c in scope_of(session, decision, AT).counted}
    assert {source: (c.national_opt_out, c.objection) for source, c in counted.items()} == {
        source: (source == "ZCH", True) for source in ("ZCH", "ZWB", "ZMC")
    }
    assert held.agreements


def test_a_question_beyond_the_agreements_is_refused_not_counted_as_zero(sqlite_database: Database) -> None:
    asq = replace(QUESTION, has=(Criterion("asq3", (EventStatus.HAPPENED,), 0, 60),))
    with sqlite_database.writing() as session:
        county(session)
        with pytest.raises(CohortRefused, match="development"):
            run_cohort(session, asq, SCOPE, AT)
        with pytest.raises(CohortRefused, match="address"):
            run_cohort(session, QUESTION, Scope(frozenset({VISITS})), AT)


def test_nothing_is_counted_before_a_link_run(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session, pytest.raises(CohortRefused):
        run_cohort(session, QUESTION, SCOPE, AT)


def test_children_of_providers_without_a_planning_flow_are_not_there(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        county(session)
        elsewhere = Scope(frozenset(replace(c, provider="ZWB") for c in SCOPE.counted))
        answer = run_cohort(session, QUESTION, elsewhere, AT)
    assert {row.status for row in answer.rows} == {CellStatus.ZERO}


def test_the_newest_home_decides_and_grouping_needs_a_known_area(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        stored = county(session)
        for n in range(20):
            home = {"person_id": f"c{n:02}", "ward": "W3", "nation": "england"}
            stored.record("moves", "ZCH", self=home)
        got = {r.area: r.children for r in run_cohort(session, QUESTION, SCOPE, AT).rows}
        by_locality = replace(QUESTION, group_by=Geography.LOCALITY)
        nobody = run_cohort(session, by_locality, SCOPE, AT)
    assert (got["W1"], got["W3"]) == (0, 20)
    assert nobody.rows == ()
    assert nobody.total.status is CellStatus.ZERO


def test_a_refused_run_has_no_scope(sqlite_database: Database) -> None:
    refused = Decision(Outcome.DENY, Reason.NOT_FOUND, (Reason.NOT_FOUND,), (), None, "0", AT)
    with sqlite_database.reading() as session:
        assert scope_of(session, refused, AT) == Scope(frozenset())
