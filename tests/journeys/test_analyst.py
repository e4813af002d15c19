"""An analyst's work: one count by area, small numbers hidden, nobody's record."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import insert

from governance import people
from linkage import store
from tests.factories import BY, CANARIES, EARLIER, LOADED, RUN, World
from tests.journeys.visitor import Visitor, text_of

QUESTION = {"born_from": "2020-01", "born_to": "2024-12", "area": "locality", "project": "readiness"}


@pytest.fixture
def analyst(visit: Callable[[], Visitor]) -> Visitor:
    return visit().signed_in("an.lowe|analyst")


@pytest.fixture
def project(world: World) -> None:
    deployment = world.deployment
    with deployment.database.writing() as session:
        analyst = people.staff_named(session, "an.lowe")
        assert analyst is not None
        people.create_project(
            session,
            deployment.ring,
            EARLIER,
            BY,
            code="readiness",
            title="Ready for school",
            agreement_code="isp-school-readiness",
            starts=date(2026, 1, 1),
            ends=date(2027, 1, 1),
            analysts=[analyst],
        )
        session.execute(
            insert(store.link_run).values(
                id=RUN, engine="duckdb", started_at=LOADED, completed_at=LOADED, threshold=0.5, counts={}, ordinal=1
            )
        )  # fmt: skip


@pytest.mark.usefixtures("project")
def test_a_small_count_is_hidden_in_words(analyst: Visitor) -> None:
    answer = analyst.post("/cohorts", **QUESTION)
    page = text_of(answer)
    assert answer.status_code == 200
    assert "Children born from January 2020 to December 2024, by locality." in page
    assert "hidden" in page
    assert not any(canary in page for canary in CANARIES)


@pytest.mark.usefixtures("project")
def test_a_question_that_cannot_be_read_says_what_is_wrong(analyst: Visitor) -> None:
    answer = analyst.post("/cohorts", **{**QUESTION, "born_to": "2019-01"})
    assert answer.status_code == 422
    assert "The last month comes before the first" in text_of(answer)


def test_without_a_project_nothing_can_be_asked(analyst: Visitor) -> None:
    assert "You are named on no open project" in text_of(analyst.get("/cohorts"))
    assert analyst.post("/cohorts", **QUESTION).status_code == 422


def test_an_analyst_opens_no_record_and_finds_nobody(analyst: Visitor, world: World) -> None:
    assert analyst.open_family(world.child, "planning").status_code in (403, 404)
    assert analyst.post("/search", number="9991234535").status_code == 403


def test_a_key_worker_counts_nothing(worker: Visitor) -> None:
    assert worker.post("/cohorts", **QUESTION).status_code == 422
