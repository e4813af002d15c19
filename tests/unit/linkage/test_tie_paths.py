"""What an explanation of ties tells, and what it never leads to."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.database import Database
from linkage import store
from linkage.kin.tie_paths import Explained, explain
from linkage.rows import Relation
from tests.stored import Stored

BORN = date(2022, 3, 1)


def _claim(stored: Stored, roles: dict[str, str], relation: str) -> str:
    session = stored.session
    [role] = session.execute(select(store.record_role).where(store.record_role.c.id == roles["mother"]))
    [record] = session.execute(select(store.source_record).where(store.source_record.c.id == role.record_id))
    claim = roles["mother"][::-1]
    session.execute(
        insert(store.tie_claim).values(
            id=claim, record_id=record.id, load_id=record.load_id, from_role_id=roles["mother"], relation=relation,
            to_role_id=roles["baby"], provider="ZMH", standing="confirmed", since=BORN, current=True,
        )
    )  # fmt: skip
    return claim


@pytest.fixture
def told(sqlite_database: Database) -> dict[str, list[Explained]]:
    """A mother of two, a foster carer of one of them, and an adopter whom seals part from the mother."""
    with sqlite_database.writing() as session:
        stored = Stored(session)
        for name in ("mother", "a", "b", "foster", "adopter", "sealed"):
            stored.person(name)
        for child in "ab":
            claim = _claim(stored, stored.record("births", "ZMH", mother="mother", baby=child), "birth_mother")
            stored.tie("mother", "birth_mother", child, evidence=[claim], since=BORN)
        stored.tie("a", "sibling", "b", "linkage", dataset="linkage")
        stored.tie("foster", "foster_carer", "a", "ZMC", dataset="social-care")
        stored.tie("adopter", "adoptive_parent", "b", "ZMC", dataset="social-care")
        stored.tie("adopter", "adoptive_parent", "sealed", "ZMC", dataset="social-care")
        stored.tie("b", "sibling", "sealed", "linkage", dataset="linkage")
        stored.tie("mother", "birth_mother", "sealed", standing="sealed")
        stored.tie("mother", "household", "foster", "linkage", dataset="linkage", ended_run="run")
    return _explained(sqlite_database, "a", "b", "mother", "foster", "sealed", "nobody", "foster a", "mother foster")


def _explained(database: Database, *asked: str) -> dict[str, list[Explained]]:
    with database.reading() as session:
        return {who: explain(session, *who.split()) for who in asked}


def _ends(ties: list[Explained]) -> list[Any]:
    return [(tie.person_a, str(tie.relation), tie.person_b) for tie in ties]


def test_a_tie_is_explained_by_the_rows_that_claim_it(told: dict[str, list[Explained]]) -> None:
    [birth] = [tie for tie in told["a"] if tie.relation is Relation.BIRTH_MOTHER]
    [source] = birth.sources
    assert (birth.provider, birth.since, source.dataset, source.role) == ("ZMH", BORN, "births", "mother")
    assert source.row_number > 0


def test_siblings_are_explained_through_the_parent_they_share(told: dict[str, list[Explained]]) -> None:
    [siblings] = [tie for tie in told["a"] if tie.relation is Relation.SIBLING]
    assert siblings.through == ("mother",)


def test_no_explanation_of_a_child_leads_to_a_placement_or_an_adoption(told: dict[str, list[Explained]]) -> None:
    everybody = {end for who in ("a", "b", "mother") for tie in told[who] for end in (tie.person_a, tie.person_b)}
    assert everybody == {"a", "b", "mother"}


def test_a_placement_is_told_to_whoever_names_both_its_ends(told: dict[str, list[Explained]]) -> None:
    assert _ends(told["foster a"]) == [("foster", "foster_carer", "a")]
    assert told["foster"] == told["mother foster"] == []


def test_sealed_ties_and_siblings_by_adoption_alone_are_never_told(told: dict[str, list[Explained]]) -> None:
    assert told["sealed"] == []
    assert "sealed" not in str(told["mother"])


def test_nobody_has_no_ties(told: dict[str, list[Explained]], sqlite_database: Database) -> None:
    assert told["nobody"] == []
    with sqlite_database.reading() as session:
        assert isinstance(session, Session)
        assert explain(session, "a", "nobody") == []
