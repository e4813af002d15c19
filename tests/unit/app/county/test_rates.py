"""Medium means what it says: measured on rows read back through the specs, against the people as drawn."""

from collections.abc import Callable
from datetime import date
from random import Random
from statistics import fmean

import pytest

from app.county.county import AS_OF
from app.county.errors import FACTORS, Clerk, Level, rates_for, typo, wrong_forename, wrong_surname
from app.county.people import Person
from app.county.places import Gazetteer
from linkage.rows import Identity
from tests.unit.app.county.conftest import Sighting

HEALTH = {"maternity-bookings", "maternity-births", "community-contacts", "community-contacts-wales"}
CARE = {"social-care", "early-help"}

SAYS: dict[str, tuple[Callable[[Identity], object], Callable[[Person], object], float, float]] = {
    "surname": (lambda i: i.family_name and i.family_name.lower(), lambda p: p.family.lower(), 0.08, 0.008),
    "forename": (lambda i: i.given_name and i.given_name.lower(), lambda p: p.given.lower(), 0.06, 0.007),
    "date of birth": (lambda i: i.date_of_birth, lambda p: p.born, 0.005, 0.0015),
    "postcode": (lambda i: i.postcode, lambda p: p.home(AS_OF).postcode, 0.25, 0.03),
}


@pytest.mark.parametrize("field", SAYS)
def test_a_field_differs_from_the_truth_as_often_as_stated(
    field: str, sightings: list[Sighting], drawn: dict[str, Person]
) -> None:
    said, true, rate, tolerance = SAYS[field]
    told = [(said(seen), true(drawn[person])) for _, person, seen in sightings if said(seen)]
    assert len(told) > 20_000
    assert fmean(one != other for one, other in told) == pytest.approx(rate, abs=tolerance)


def _has_number(seen: Identity) -> bool:
    return seen.nhs_number is not None


def test_health_rows_lack_the_number_in_two_percent(sightings: list[Sighting]) -> None:
    born = [seen for dataset, _, seen in sightings if dataset in HEALTH and seen.family_name]
    assert 1 - fmean(map(_has_number, born)) == pytest.approx(0.02, abs=0.004)


def test_care_rows_lack_the_number_in_half(sightings: list[Sighting]) -> None:
    rows = [seen for dataset, _, seen in sightings if dataset in CARE]
    assert 1 - fmean(map(_has_number, rows)) == pytest.approx(0.5, abs=0.06)


def test_schools_and_childcare_hold_no_nhs_number(sightings: list[Sighting]) -> None:
    rows = [s for dataset, _, s in sightings if dataset in {"school-census", "eyfsp", "early-years-census"}]
    assert rows
    assert not any(map(_has_number, rows))


def test_numbers_are_wrong_or_a_relatives_as_often_as_stated(
    sightings: list[Sighting], drawn: dict[str, Person]
) -> None:
    known = [(seen.nhs_number, drawn[person]) for _, person, seen in sightings if seen.nhs_number and drawn[person].nhs]
    wrong = [(number, person) for number, person in known if number != person.nhs]
    relatives = [number for number, person in wrong if number in person.kin_numbers]
    assert (len(wrong) - len(relatives)) / len(known) == pytest.approx(0.005, abs=0.0015)
    assert len(relatives) / len(known) == pytest.approx(0.002, abs=0.001)


def test_levels_halve_and_double() -> None:
    low, medium, high = (rates_for(level) for level in Level)
    assert set(FACTORS) == set(Level)
    for field in ("surname", "forename", "birth", "postcode", "absent_health", "absent_care", "wrong", "kin"):
        assert getattr(low, field) == pytest.approx(getattr(medium, field) / 2)
        assert getattr(high, field) == pytest.approx(min(1, getattr(medium, field) * 2))
    assert low.moves < medium.moves < high.moves


def test_a_wrong_name_is_never_the_right_one() -> None:
    rng = Random(3)
    for given, family in (("Llŷr", "ap Gwilym"), ("Jo", "Ng"), ("Muhammad", "al-Hassan"), ("Ivy", "Kowalska-Whitlock")):
        person = Person("x", True, date(2020, 1, 1), given, "", family)
        for _ in range(200):
            assert wrong_forename(rng, person) != given
            assert wrong_surname(rng, person) != family
            assert typo(rng, given) != given


def test_an_error_of_registration_stays_in_the_dataset() -> None:
    home = Gazetteer(0).at(1, "England", 4)
    clerk, rng = Clerk(rates_for(Level.HIGH)), Random(5)
    person = Person(
        "x", True, date(2020, 3, 9), "Ivy", "Rose", "Farrant", nhs="9990000018", homes=[(date(2000, 1, 1), home)]
    )
    person.habits["d"] = clerk._register(rng, person, care=False)
    shown = {clerk.see(rng, person, "d", AS_OF).phone for _ in range(50)}
    assert shown == {person.habits["d"].phone}
