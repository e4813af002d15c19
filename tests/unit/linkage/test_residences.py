"""Where people lived and when, and whom that makes a household."""

from datetime import date

import pytest

from linkage.kin.residences import CROWDED, Kin, Residence, Sighting, crowded, stays, together

MARCH, APRIL, MAY, JUNE, JULY = (date(2024, month, 1) for month in range(3, 8))


def _seen(person: str, *sightings: tuple[int, date]) -> list[Sighting]:
    return [Sighting(person, home, day, f"{person}{at}") for at, (home, day) in enumerate(sightings)]


def _homes(*sightings: tuple[int, date]) -> dict[int, tuple[date, date | None]]:
    return {stay.home: (stay.since, stay.until) for stay in stays(_seen("a", *sightings))}


def _kin(*raised: tuple[str, str], placed: tuple[tuple[str, str], ...] = ()) -> Kin:
    return Kin(
        frozenset((min(pair), max(pair)) for pair in raised),
        {child: frozenset({adult}) for adult, child in raised},
        {child: frozenset({carer}) for carer, child in placed},
    )


def _pairs(*people: list[Sighting], kin: Kin | None = None) -> list[tuple[str, str, date, date | None]]:
    known = kin or _kin()
    found = together(stays([s for own in people for s in own], known), known)
    return [(t.a, t.b, t.since, t.until) for t in found]


def test_a_stay_ends_when_somebody_is_seen_elsewhere() -> None:
    assert _homes((1, MARCH), (1, APRIL), (2, MAY)) == {1: (MARCH, MAY), 2: (MAY, None)}


def test_a_child_seen_now_here_now_there_has_two_homes() -> None:
    assert _homes((1, MARCH), (2, APRIL), (1, MAY), (2, JUNE), (1, JULY)) == {1: (MARCH, None), 2: (APRIL, None)}


def test_one_stray_sighting_is_no_move() -> None:
    assert _homes((1, MARCH), (2, APRIL), (1, MAY)) == {1: (MARCH, None)}


def test_one_late_return_is_an_address_not_brought_up_to_date() -> None:
    assert _homes((1, MARCH), (2, APRIL), (2, MAY), (1, JUNE)) == {1: (MARCH, APRIL), 2: (APRIL, None)}


def test_kin_seen_there_too_make_one_sighting_a_move_and_the_return_stale() -> None:
    child = _seen("child", (1, MARCH), (2, MAY), (1, JULY))
    mother = _seen("mother", (1, MARCH), (2, APRIL), (2, JUNE))
    assert _pairs(child, mother, kin=_kin(("mother", "child"))) == [("child", "mother", MARCH, None)]
    assert _pairs(child, mother) == [("child", "mother", MARCH, APRIL)]


def test_a_return_to_kin_who_are_still_seen_there_is_a_return() -> None:
    child = _seen("child", (1, MARCH), (2, APRIL), (2, MAY), (1, JUNE))
    mother = _seen("mother", (1, MARCH), (1, JULY))
    assert _pairs(child, mother, kin=_kin(("mother", "child"))) == [("child", "mother", MARCH, None)]


def test_a_last_sighting_at_a_home_that_kin_had_left_is_stale() -> None:
    child = _seen("child", (2, MAY), (2, JUNE), (1, JULY))
    mother = _seen("mother", (1, MARCH), (2, APRIL), (2, JUNE))
    assert _pairs(child, mother, kin=_kin(("mother", "child"))) == [("child", "mother", MAY, None)]


def test_the_order_in_which_sightings_come_does_not_matter() -> None:
    seen = _seen("a", (1, MARCH), (2, APRIL), (2, MAY), (1, JUNE))
    assert stays(seen) == stays(seen[::-1])


def test_a_household_lasts_while_two_stays_overlap() -> None:
    pairs = _pairs(_seen("a", (1, MARCH), (2, JUNE)), _seen("b", (1, APRIL), (1, JULY)))
    assert pairs == [("a", "b", APRIL, JUNE)]


def test_successive_tenants_are_no_household() -> None:
    assert _pairs(_seen("a", (1, MARCH), (2, APRIL)), _seen("b", (3, MARCH), (1, APRIL))) == []


def test_an_unseen_child_goes_with_its_parent_and_an_unseen_adult_with_nobody() -> None:
    people = (_seen("child", (1, MARCH)), _seen("mother", (1, MARCH), (2, JUNE)), _seen("other", (1, MARCH)))
    ends = {(a, b): until for a, b, _, until in _pairs(*people, kin=_kin(("mother", "child")))}
    assert ends == {("child", "mother"): None, ("child", "other"): None, ("mother", "other"): JUNE}


def test_a_child_still_seen_at_the_old_home_has_not_gone_along() -> None:
    people = (_seen("child", (1, MARCH), (1, JULY)), _seen("mother", (1, MARCH), (2, JUNE)))
    assert _pairs(*people, kin=_kin(("mother", "child"))) == [("child", "mother", MARCH, JUNE)]


def test_separated_parents_are_two_households_with_one_child() -> None:
    child = _seen("child", (1, MARCH), (2, APRIL), (1, MAY), (2, JUNE), (1, JULY))
    pairs = _pairs(child, _seen("mother", (1, MARCH), (1, JULY)), _seen("father", (2, MARCH), (2, JULY)))
    assert [(a, b) for a, b, _, _ in pairs] == [("child", "father"), ("child", "mother")]


def test_times_together_that_touch_are_one_and_others_are_two() -> None:
    moved = [_seen(who, (1, MARCH), (2, APRIL)) for who in "ab"]
    assert _pairs(*moved) == [("a", "b", MARCH, None)]
    apart = _pairs(_seen("a", (1, MARCH), (2, APRIL), (3, JUNE)), _seen("b", (1, MARCH), (4, APRIL), (3, JUNE)))
    assert apart == [("a", "b", MARCH, APRIL), ("a", "b", JUNE, None)]


def test_a_foster_placement_makes_no_household_with_anybody_there() -> None:
    people = [_seen(who, (1, MARCH)) for who in ("carer", "own", "placed")]
    kin = _kin(("carer", "own"), placed=(("carer", "placed"),))
    assert [(a, b) for a, b, _, _ in _pairs(*people, kin=kin)] == [("carer", "own")]


def test_a_listed_communal_home_makes_nobody_a_household() -> None:
    residences = stays(_seen("a", (1, MARCH)) + _seen("b", (1, MARCH)))
    assert together(residences, communal={1}) == []


@pytest.mark.parametrize(("people", "found"), [(CROWDED, False), (CROWDED + 1, True)])
def test_more_than_ten_at_once_are_a_crowd(people: int, found: bool) -> None:
    residents = [Residence(f"p{n}", "r", 1, MARCH, MARCH, None) for n in range(people)]
    assert crowded(residents) is found
    later = [
        Residence(f"p{n}", "r", 1, date(1990 + 3 * n, 1, 1), date(1990 + 3 * n, 1, 1), None) for n in range(people)
    ]
    assert crowded(later) is False


def test_four_families_at_once_are_a_crowd_and_one_large_family_is_none() -> None:
    people = [f"{who}{n}" for n in range(4) for who in ("child", "mother")]
    residents = [Residence(who, "r", 1, MARCH, MARCH, None) for who in people]
    families = Kin(frozenset((f"child{n}", f"mother{n}") for n in range(4)), {}, {})
    assert crowded(residents, families)
    assert not crowded(residents, Kin(frozenset((f"child{n}", "mother0") for n in range(4)), {}, {}))
