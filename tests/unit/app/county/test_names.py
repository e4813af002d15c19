"""Names are many, skewed and true to the customs of those who bear them."""

from collections import Counter
from random import Random

import pytest

from app.county.names.draw import Names, draw_group, feminine, marry, name_child, naming, surname
from app.county.names.groups import GROUPS, Custom, NameGroup
from app.county.people import Person

BY_CODE = {group.code: group for group in GROUPS}


def test_a_county_has_many_surnames_and_few_are_frequent(drawn: dict[str, Person]) -> None:
    surnames = Counter(person.family for person in drawn.values())
    forenames = Counter(person.given for person in drawn.values())
    people = surnames.total()
    assert len(surnames) > 1500
    assert len(forenames) > 800
    assert 0.005 < surnames.most_common(1)[0][1] / people < 0.06
    assert 0.004 < forenames.most_common(1)[0][1] / people < 0.03


def test_every_group_lives_in_both_nations(drawn: dict[str, Person]) -> None:
    assert {person.group for person in drawn.values()} == set(BY_CODE)
    rng = Random(1)
    assert Counter(draw_group(rng, True).code for _ in range(500)).most_common(1)[0][0] == "welsh"


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.code)
def test_banks_hold_clean_distinct_names(group: NameGroup) -> None:
    for bank in (group.women, group.men, group.girls, group.boys, group.surnames):
        assert len(bank.names) == len(set(bank.names)) == len(bank.weights) >= 8
        assert all(name == name.strip() and "_" not in name for name in bank.names)


def test_polish_women_bear_the_feminine_form() -> None:
    assert (feminine("Kowalski"), feminine("Wiśnicki"), feminine("Nowak")) == ("Kowalska", "Wiśnicka", "Nowak")
    rng, polish = Random(2), BY_CODE["polish"]
    assert not any(naming(rng, polish, female=True, child=False).family.endswith("ski") for _ in range(300))


def test_a_somali_childs_second_and_third_names_are_the_fathers() -> None:
    father = Names("Abdi", "Farah", "Warsame", "")
    child = name_child(Random(3), BY_CODE["somali"], True, "Farah", Names("Hodan", "Jama", "Ali", ""), father)
    assert (child.middle, child.family) == ("Abdi", "Farah")


def test_sikh_names_say_kaur_and_singh() -> None:
    rng, sikh = Random(4), BY_CODE["sikh"]
    assert naming(rng, sikh, female=True, child=True).middle == "Kaur"
    assert naming(rng, sikh, female=False, child=True).middle == "Singh"


def test_portuguese_surnames_are_double_and_welsh_patronymics_occur() -> None:
    rng = Random(5)
    assert len(surname(rng, BY_CODE["portuguese"]).split()) == 2
    welsh = [naming(rng, BY_CODE["welsh"], female=False, child=False).family for _ in range(400)]
    assert any(name.startswith("ap ") for name in welsh)


def test_marriage_leaves_the_former_name_behind() -> None:
    rng, changed = Random(6), 0
    for _ in range(300):
        mother = Names("Emma", "", "Denby", "")
        marry(rng, mother, Names("Tom", "", "Farrant", ""), Custom.BRITISH)
        assert (mother.family == "Denby") == (mother.former == "")
        changed += mother.former == "Denby"
    assert 150 < changed < 270


def test_twins_share_birth_and_home_but_no_forename(drawn: dict[str, Person]) -> None:
    births: dict[tuple[str, object], list[Person]] = {}
    for person in drawn.values():
        if "-child" in person.key:
            births.setdefault((person.key.split("-")[0], person.born), []).append(person)
    twins = [pair for pair in births.values() if len(pair) == 2]
    assert 0.008 < len(twins) / len(births) < 0.025
    for one, other in twins:
        assert one.given != other.given
        assert one.homes == other.homes
