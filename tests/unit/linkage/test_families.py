"""Who is family, in the cases that matter."""

from datetime import date

import pytest

from linkage.facts import PersonFact, TieFact
from linkage.kin.families import Family, Member, family
from linkage.rows import PersonId, Relation, Standing

AT = date(2026, 11, 22)


def person(name: str, born: str | None = "2022-03", sex: str | None = None, unborn: bool = False) -> PersonFact:
    return PersonFact(PersonId(name), unborn, None if unborn else born, sex)


def tie(
    a: str,
    relation: Relation,
    b: str,
    since: date | None = None,
    until: date | None = None,
    standing: Standing = Standing.CONFIRMED,
) -> TieFact:
    return TieFact(PersonId(a), relation, PersonId(b), "ZMH", "births", standing, since, until)


def read(index: str, persons: list[PersonFact], *ties: TieFact, at: date = AT) -> Family:
    return family(PersonId(index), {p.person_id: p for p in persons}, ties, at)


def subjects(of: Family) -> dict[str, str]:
    return {str(m.person_id): m.subject for m in of.members}


def get(of: Family, name: str) -> Member:
    found = of.member(PersonId(name))
    assert found is not None
    return found


MOTHER = person("mother", "1990-05", "female")
FATHER = person("father", "1989-05", "male")
CHILD = person("child")
BIRTH = tie("mother", Relation.BIRTH_MOTHER, "child")


def test_a_child_reaches_parents_and_their_children_youngest_first() -> None:
    older, younger = person("older", "2018-01"), person("younger", "2024-01")
    half = person("half", "2015-01")
    got = read(
        "child",
        [CHILD, MOTHER, FATHER, older, younger, half],
        BIRTH,
        tie("father", Relation.PARENT, "child"),
        tie("mother", Relation.BIRTH_MOTHER, "older"),
        tie("mother", Relation.BIRTH_MOTHER, "younger"),
        tie("father", Relation.PARENT, "half"),
    )
    assert subjects(got) == {
        "child": "child", "younger": "sibling", "older": "sibling", "half": "sibling",
        "mother": "mother", "father": "father",
    }  # fmt: skip
    assert [str(m.person_id) for m in got.members] == ["child", "younger", "older", "half", "mother", "father"]


def test_the_family_stops_at_the_siblings() -> None:
    half, other_parent = person("half", "2015-01"), person("other_parent", "1985-01")
    got = read(
        "child",
        [CHILD, MOTHER, half, other_parent],
        BIRTH,
        tie("mother", Relation.BIRTH_MOTHER, "half"),
        tie("other_parent", Relation.PARENT, "half"),
    )
    assert "other_parent" not in subjects(got)


@pytest.mark.parametrize("relation", [Relation.CONTACT, Relation.HOUSEHOLD, Relation.PARTNER, Relation.SIBLING])
def test_contacts_households_partners_and_sibling_claims_make_nobody_family(relation: Relation) -> None:
    other = person("other", "1990-01")
    got = read("child", [CHILD, MOTHER, other], BIRTH, tie("other", relation, "child"), tie("child", relation, "other"),
               tie("other", relation, "mother"))  # fmt: skip
    assert set(subjects(got)) == {"child", "mother"}


def test_a_fostered_child_sees_its_carers_and_nobody_elses_children() -> None:
    persons = [CHILD, person("carer", "1970-01"), person("own", "2014-01"), person("placed", "2020-01")]
    ties = [
        tie("carer", Relation.FOSTER_CARER, "child"),
        tie("carer", Relation.FOSTER_CARER, "placed"),
        tie("carer", Relation.PARENT, "own"),
    ]
    assert subjects(read("child", persons, *ties)) == {"child": "child", "carer": "carer"}
    assert subjects(read("own", persons, *ties)) == {"own": "child", "carer": "carer"}


def test_a_second_source_calling_a_foster_carer_a_carer_makes_no_siblings() -> None:
    persons = [CHILD, person("carer", "1970-01"), person("own", "2014-01")]
    ties = [
        tie("carer", Relation.FOSTER_CARER, "child"),
        tie("carer", Relation.CARER, "child"),
        tie("carer", Relation.PARENTAL_RESPONSIBILITY, "child"),
        tie("carer", Relation.PARENT, "own"),
    ]
    assert "own" not in subjects(read("child", persons, *ties))
    assert "child" not in subjects(read("own", persons, *ties))


def test_a_foster_carer_is_family_only_while_the_placement_lasts() -> None:
    persons = [CHILD, person("carer", "1970-01")]
    placement = tie("carer", Relation.FOSTER_CARER, "child", date(2025, 1, 1), date(2025, 6, 1))
    on = {day: "carer" in subjects(read("child", persons, placement, at=day))
          for day in (date(2024, 12, 31), date(2025, 1, 1), date(2025, 5, 31), date(2025, 6, 1))}  # fmt: skip
    assert list(on.values()) == [False, True, True, False]


def test_siblings_placed_together_stay_siblings_through_their_mother() -> None:
    persons = [CHILD, MOTHER, person("carer", "1970-01"), person("sister", "2020-01")]
    ties = [BIRTH, tie("mother", Relation.BIRTH_MOTHER, "sister")]
    ties += [tie("carer", Relation.FOSTER_CARER, c) for c in ("child", "sister")]
    assert subjects(read("child", persons, *ties))["sister"] == "sibling"


def test_a_sealed_tie_is_never_used() -> None:
    sealed = tie("mother", Relation.BIRTH_MOTHER, "child", standing=Standing.SEALED)
    assert set(subjects(read("child", [CHILD, MOTHER], sealed))) == {"child"}


def test_an_unborn_child_is_reached_from_its_mother_or_as_the_index_only() -> None:
    unborn = person("unborn", unborn=True)
    persons = [CHILD, MOTHER, FATHER, unborn]
    ties = [
        BIRTH,
        tie("father", Relation.PARENT, "child"),
        tie("mother", Relation.BIRTH_MOTHER, "unborn"),
        tie("father", Relation.PARENT, "unborn"),
        tie("mother", Relation.PARTNER, "father"),
    ]
    assert "unborn" not in subjects(read("child", persons, *ties))
    assert subjects(read("father", persons, *ties)) == {"father": "other_adult"}
    assert subjects(read("mother", persons, *ties)) == {"mother": "mother", "unborn": "child"}
    assert subjects(read("unborn", persons, *ties))["mother"] == "mother"


def test_an_adult_reads_alone() -> None:
    assert subjects(read("father", [CHILD, FATHER], tie("father", Relation.PARENT, "child"))) == {
        "father": "other_adult"
    }


def test_a_grown_up_child_of_a_parent_is_another_adult() -> None:
    grown = person("grown", "2005-01")
    got = read("child", [CHILD, MOTHER, grown], BIRTH, tie("mother", Relation.BIRTH_MOTHER, "grown"))
    assert subjects(got)["grown"] == "other_adult"


def test_a_parent_of_unknown_sex_is_a_carer_and_two_mothers_are_mothers() -> None:
    unknown, second = person("unknown", "1990-01"), person("second", "1990-01", "female")
    got = read(
        "child",
        [CHILD, MOTHER, unknown, second],
        BIRTH,
        tie("unknown", Relation.PARENT, "child"),
        tie("second", Relation.PARENT, "child"),
    )
    assert subjects(got) | {} == {"child": "child", "mother": "mother", "second": "mother", "unknown": "carer"}


def test_parental_responsibility_is_the_mothers_by_law_and_a_fathers_by_record() -> None:
    parent = tie("father", Relation.PARENT, "child")
    without = read("child", [CHILD, MOTHER, FATHER], BIRTH, parent)
    holds = tie("father", Relation.PARENTAL_RESPONSIBILITY, "child")
    recorded = read("child", [CHILD, MOTHER, FATHER], BIRTH, parent, holds)
    assert get(without, "mother").parental_responsibility
    assert not get(without, "father").parental_responsibility
    assert get(recorded, "father").parental_responsibility


def test_each_member_says_by_which_ties_they_are_family() -> None:
    older = person("older", "2018-01")
    down = tie("mother", Relation.BIRTH_MOTHER, "older")
    home = tie("mother", Relation.HOUSEHOLD, "child")
    got = read("child", [CHILD, MOTHER, older], BIRTH, down, home)
    assert get(got, "older").relations == (down,)
    assert set(get(got, "mother").relations) == {BIRTH, home}
    assert get(got, "child").relations == ()
    assert get(got, "mother").same_household
    assert not get(got, "older").same_household
