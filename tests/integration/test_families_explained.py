"""The twelve named families: exactly the ties of the truth, and what an explanation of them tells."""

import csv

import pytest
from sqlalchemy import select

from app.tie_explaining import explain_ties
from linkage.kin.tie_quality import normal, standing_ties
from linkage.rows import Relation, Standing
from linkage.store import tie
from tests.county import County

FAMILIES = [f"F{number:02d}" for number in range(1, 13)]


def _true(county: County, family: str) -> set[tuple[str, str, str]]:
    with (county.extracts / "truth_ties.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["person_a"].startswith(f"{family}-")]
    return {normal(row["person_a"], row["relation"], row["person_b"]) for row in rows}


def _found(county: County, family: str) -> set[tuple[str, str, str]]:
    """The ties of a named family's people; who is not named stands by id."""
    names = {person: name for name, person in county.people.items()}
    own = {person for name, person in county.people.items() if name.startswith(f"{family}-")}
    with county.deployment.database.reading() as session:
        held = standing_ties(session)
    return {normal(names.get(a, a), relation, names.get(b, b)) for a, relation, b in held if {a, b} & own}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_named_family_has_exactly_its_true_ties(county: County, family: str) -> None:
    assert _found(county, family) == _true(county, family)


def test_every_tie_is_explained_by_a_row_or_through_somebody(county: County) -> None:
    for name in ("F01-mother", "F04-twin-1", "F06-child", "F10-child"):
        told = explain_ties(county.deployment, county.people[name])
        assert told
        assert all(tie["sources"] for tie in told)
        assert all(tie["through"] for tie in told if tie["relation"] == Relation.SIBLING)


def test_a_father_kept_from_a_refuge_is_told_no_tie_across_it(county: County) -> None:
    people = county.people
    told = explain_ties(county.deployment, people["F01-father"])
    ends = {end for tie in told for end in (tie["person_a"], tie["person_b"])}
    assert people["F01-mother"] not in ends


def test_no_explanation_joins_an_adopted_child_to_the_birth_family(county: County) -> None:
    people = county.people
    for name in ("F02-new", "F02-adopter"):
        told = str(explain_ties(county.deployment, people[name]))
        assert not any(people[other] in told for other in ("F02-old", "F02-birth-mother", "F02-foster"))
    for a, b in (("F02-new", "F02-birth-mother"), ("F02-old", "F02-adopter"), ("F02-old", "F02-new")):
        assert explain_ties(county.deployment, people[a], people[b]) == []


def test_a_household_is_never_more_than_asserted(county: County) -> None:
    with county.deployment.database.reading() as session:
        standings = set(session.execute(select(tie.c.standing).where(tie.c.relation == Relation.HOUSEHOLD)).scalars())
    assert standings == {Standing.ASSERTED}
