"""The named families of the county: the persons that truth says, and nothing that joins what must stay apart."""

from datetime import date

import pytest
from sqlalchemy import or_, select

from linkage.kin import records
from linkage.rows import PersonId
from linkage.store import possible_duplicate, tie
from tests.county import County

AT = date(2026, 11, 22)
HOSTEL = [f"F08-{number:02d}-{who}" for number in range(1, 41) for who in ("mother", "child")]
ALONE = (
    *("F02-birth-mother", "F02-old", "F02-new", "F02-adopter"),
    *("F04-mother", "F04-twin-1", "F04-twin-2"),
    *("F05-mother", "F05-sibling", "F05-unborn"),
    *("F07-carer-1", "F07-own", "F07-placed-1", "F07-placed-2", "F07-mother-1", "F07-mother-2"),
    *("F10-mother", "F10-child"),
    *("F11-cousin-1", "F11-cousin-2"),
)


def _members(county: County, index: str) -> set[str]:
    """The truth names of an index person's family, as far as they are named; any other member by id."""
    names = {person: name for name, person in county.people.items()}
    with county.deployment.database.reading() as session:
        family = records.load_family(session, PersonId(county.people[index]), AT)
    assert family is not None
    return {names.get(member.person_id, member.person_id) for member in family.members}


@pytest.mark.parametrize("name", ALONE)
def test_a_named_person_is_one_person(county: County, name: str) -> None:
    assert len(county.records_of(name)) == 1


def test_no_two_named_people_are_one_person(county: County) -> None:
    seen: dict[str, str] = {}
    for name, person in county.people.items():
        assert person not in seen, f"{name} and {seen[person]} are one person"
        seen[person] = name


def test_the_adopted_child_s_two_identities_are_joined_by_nothing(county: County) -> None:
    old, new = county.people["F02-old"], county.people["F02-new"]
    with county.deployment.database.reading() as session:
        pairs = session.execute(
            select(possible_duplicate.c.person_a, possible_duplicate.c.person_b).where(
                or_(possible_duplicate.c.person_a.in_((old, new)), possible_duplicate.c.person_b.in_((old, new)))
            )
        ).all()
        ties = session.execute(select(tie.c.person_a, tie.c.person_b).where(tie.c.ended_run.is_(None))).all()
    assert not any({a, b} == {old, new} for a, b in pairs)
    assert not any({a, b} == {old, new} for a, b in ties)
    assert _members(county, "F02-old").isdisjoint({"F02-new", "F02-adopter"})
    assert _members(county, "F02-new").isdisjoint({"F02-old", "F02-birth-mother", "F02-foster"})


def test_the_twins_are_two_children_of_one_mother(county: County) -> None:
    assert {"F04-mother", "F04-twin-1", "F04-twin-2"} <= _members(county, "F04-twin-1")


def test_a_lost_pregnancy_is_reached_from_the_mother_only(county: County) -> None:
    assert _members(county, "F05-sibling") == {"F05-sibling", "F05-mother"}


def test_the_foster_home_makes_no_siblings(county: County) -> None:
    first = _members(county, "F07-placed-1")
    assert first.isdisjoint({"F07-placed-2", "F07-mother-2", "F07-own"})
    own = _members(county, "F07-own")
    assert own.isdisjoint({"F07-placed-1", "F07-placed-2", "F07-mother-1", "F07-mother-2"})


def test_the_hostel_makes_nobody_family(county: County) -> None:
    for number in range(1, 41):
        members = _members(county, f"F08-{number:02d}-child")
        assert members <= {f"F08-{number:02d}-child", f"F08-{number:02d}-mother"}
        assert all(len(county.records_of(name)) == 1 for name in members)


def test_the_superseded_number_leads_to_the_protection_plan(county: County) -> None:
    child = county.people["F10-child"]
    with county.deployment.database.reading() as session:
        held = {(h.category) for h in records.holdings(session, [PersonId(child)])}
    assert "child_protection" in held


def test_the_cousins_stay_two(county: County) -> None:
    assert county.people["F11-cousin-1"] != county.people["F11-cousin-2"]


def test_the_whole_is_linked_well(county: County) -> None:
    assert county.summary["f1_between"] >= 0.98
    assert county.summary["precision"] >= 0.99
