"""More twins and damaged addresses on request, and nothing else changed by them."""

import csv
from pathlib import Path
from random import Random

from app.county import write_county
from app.county.errors import damaged, slip
from app.county.lives import TWIN_SHARE
from app.county.places import ENGLAND, HOUSES, PLOTS, WALES, Gazetteer

FAMILIES = 150


def _table(county: Path, name: str) -> list[dict[str, str]]:
    with (county / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_twins_are_as_frequent_as_asked_for(tmp_path: Path) -> None:
    write_county(FAMILIES, 3, "low", tmp_path, twins=1 / TWIN_SHARE)
    twins = _table(tmp_path, "truth_twins.csv")
    assert len(twins) >= FAMILIES
    born = {row["person"] for row in _table(tmp_path, "truth_persons.csv")}
    assert {who for row in twins for who in row.values()} <= born


def test_damage_is_of_single_signs_in_some_rows_of_every_field(tmp_path: Path) -> None:
    for folder, rate in (("whole", 0.0), ("damaged", 0.05)):
        write_county(FAMILIES, 3, "low", tmp_path / folder, address_damage=rate)
    whole, hurt = (_table(tmp_path / folder, "housing.csv") for folder in ("whole", "damaged"))
    assert len(whole) == len(hurt)
    for field in whole[0]:
        share = sum(row[field] != other[field] for row, other in zip(whole, hurt, strict=True)) / len(hurt)
        assert 0.01 < share < 0.2 if field in ("Address", "Postcode", "UPRN") else share == 0, field


def test_a_slip_changes_one_sign_for_another_of_its_kind_or_loses_it() -> None:
    rng = Random(1)
    for _ in range(500):
        text = slip(rng, "Flat 2, 9 Mill Lane")
        assert text != "Flat 2, 9 Mill Lane"
        assert len(text) in (18, 19)
        assert sum(sign.isdigit() for sign in text) == 2


def test_the_same_damage_comes_of_the_same_chance() -> None:
    home = Gazetteer(10).at(3, WALES, 5)
    first, again = (damaged(Random(7), home, home.postcode, 0.9) for _ in range(2))
    assert first == again
    assert first[0] != home
    assert damaged(Random(7), home, home.postcode, 0.0) == (home, home.postcode)


def test_no_two_families_are_given_one_dwelling() -> None:
    families = 400
    gazetteer, rng = Gazetteer(families), Random(1)
    gazetteer.keep(*gazetteer._place(ENGLAND, 5)[:1], ENGLAND, gazetteer._place(ENGLAND, 5)[1])
    plots = range(PLOTS * families)
    for nation in (ENGLAND, WALES):
        houses = [gazetteer.dwelling(rng, nation, plot).uprn[:-2] for plot in plots]
        assert len(set(houses)) == len(houses) <= gazetteer.sizes[nation] * HOUSES
