"""What no weight may overrule, by the query itself on one pair at a time."""

from collections.abc import Mapping
from typing import Any

import duckdb
import pytest

from linkage.matching import model
from linkage.matching.vetoes import FREE, THIN, VETOED, standing_sql

COLUMNS = ("nhs", "given", "family", "dob", "postcode", "telephone")
SETTINGS = model.settings(COLUMNS, [], 1e-4)
SIDE: Mapping[str, Any] = {
    "dataset": "d", "role": "self", "numbered": False, "established": False, "single": False, "generation": None,
    "given_formal": 1, "dob_canon": 2, "family": 3, "sex": None, "local": None, "address": None,
}  # fmt: skip
TYPES = {
    **dict.fromkeys(("dataset", "role", "generation"), "VARCHAR"),
    **dict.fromkeys(("given_formal", "dob_canon", "family", "sex", "local", "address"), "BIGINT"),
}


def _select(values: Mapping[str, Any], types: Mapping[str, str]) -> str:
    columns = (
        f"CAST({'NULL' if v is None else repr(v)} AS {types.get(name, 'BOOLEAN')}) AS {name}"
        for name, v in values.items()
    )
    return f"(SELECT {', '.join(columns)})"


def _standing(
    agreement: Mapping[str, str], left: Mapping[str, Any] | None = None, right: Mapping[str, Any] | None = None,
    *, settings: Mapping[str, Any] = SETTINGS, single: str | None = None,
) -> int:  # fmt: skip
    """The standing of a pair whose fields agree so; a field not named is missing."""
    weights = {name: dict(levels) for name, levels in model.level_weights(settings).items()}
    scored = {f"mw_{name}": weights[name][agreement[name]] if name in agreement else 0.0 for name in weights}
    sides = [_select({**SIDE, **(side or {})}, TYPES) for side in (left, right)]
    pair = _select(scored, dict.fromkeys(scored, "DOUBLE"))
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE singly (described UBIGINT)")
        if single:
            connection.execute(f"INSERT INTO singly SELECT hash({single})")
        query = f"SELECT {standing_sql(settings)} FROM {pair} p, {sides[0]} l, {sides[1]} r"
        return int(connection.execute(query).fetchall()[0][0])


TWINS = {"given": "different", "family": "same", "dob": "same", "place": "dwelling"}
PARENT_AND_CHILD = {"given": "same", "family": "same", "dob": "different", "place": "dwelling"}


def test_a_number_alone_never_links() -> None:
    assert _standing({"nhs": "same", "given": "different", "family": "same", "dob": "different"}) == VETOED
    assert _standing({"nhs": "same", "given": "same", "dob": "different"}) == FREE
    assert _standing({"nhs": "same", "given": "different", "dob": "same"}) == FREE


def test_twins_with_a_number_between_them_stay_two() -> None:
    assert _standing(TWINS, {"numbered": True}) == VETOED
    assert _standing({**TWINS, "nhs": "different"}, {"numbered": True}, {"numbered": True}) == VETOED


def test_twins_who_both_stand_on_several_records_stay_two() -> None:
    assert _standing(TWINS, {"established": True}, {"established": True}) == VETOED
    assert _standing(TWINS, {"established": True}) == FREE


def test_twins_of_one_data_set_that_holds_each_person_once_stay_two() -> None:
    assert _standing(TWINS, {"single": True}, {"single": True}) == VETOED


def test_a_rival_of_the_others_name_and_birth_keeps_twins_two() -> None:
    rival = "'d', CAST(9 AS BIGINT), CAST(2 AS BIGINT), CAST(3 AS BIGINT)"
    right = {"dataset": "e", "given_formal": 9}
    assert _standing(TWINS, {}, right, single=rival) == VETOED
    assert _standing(TWINS, {}, right) == FREE


def test_twins_whom_one_data_set_lists_by_two_numbers_of_its_own_stay_two() -> None:
    assert _standing(TWINS, {"local": 1}, {"local": 2}) == VETOED
    assert _standing(TWINS, {"local": 1}, {"local": 1}) == FREE
    assert _standing(TWINS, {"local": 1}, {"local": 2, "dataset": "e"}) == FREE
    assert _standing(TWINS, {"local": 1}, {"local": 2}, settings=_with_m(SETTINGS, "given", 0.1)) == VETOED


def test_twins_whom_one_data_set_lists_at_one_address_stay_two_where_records_are_steady() -> None:
    steady = _with_m(SETTINGS, "given", 0.02)
    assert _standing(TWINS, {"address": 7}, {"address": 7}, settings=steady) == VETOED
    assert _standing(TWINS, {"address": 7}, {"address": 8}, settings=steady) == FREE
    assert _standing(TWINS, {"address": 7}, {"address": 7}, settings=_with_m(SETTINGS, "given", 0.1)) == FREE


def test_a_twins_number_on_the_other_sexs_row_does_not_join_them_by_itself() -> None:
    one_number = {**TWINS, "nhs": "same"}
    assert _standing(one_number, {"sex": 1}, {"sex": 2}) == THIN
    assert _standing(one_number, {"sex": 1}, {"sex": 1}) == FREE
    assert _standing({**one_number, "given": "same"}, {"sex": 1}, {"sex": 2}) == FREE


def test_a_parent_and_child_of_one_name_stay_two() -> None:
    assert _standing(PARENT_AND_CHILD, {"role": "mother"}, {"role": "baby"}) == VETOED
    assert _standing(PARENT_AND_CHILD, {"established": True}, {"established": True}) == VETOED


def test_where_records_are_unsteady_a_repeated_description_proves_nothing_without_ties() -> None:
    both = {"established": True}
    unsteady = _with_m(SETTINGS, "given", 0.1)
    assert _standing(TWINS, both, both, settings=unsteady) == FREE
    assert _standing(TWINS, {**both, "generation": "young"}, both, settings=unsteady) == VETOED
    assert _standing(TWINS, {**both, "numbered": True}, both, settings=unsteady) == VETOED


def _with_m(settings: Mapping[str, Any], name: str, m: float) -> dict[str, Any]:
    comparisons = []
    for comparison in settings["comparisons"]:
        levels = [dict(level) for level in comparison["comparison_levels"]]
        if comparison["output_column_name"] == name:
            levels[-1]["m_probability"] = m
        comparisons.append({**comparison, "comparison_levels": levels})
    return {**settings, "comparisons": comparisons}


def test_who_stands_above_a_child_is_not_the_child_without_an_agreeing_birth() -> None:
    named = {"given": "same", "family": "same", "place": "dwelling"}
    elder, young = {"generation": "elder"}, {"generation": "young"}
    assert _standing(named, elder, young) == VETOED
    assert _standing({**named, "dob": "same"}, elder, young) == FREE


@pytest.mark.parametrize("numbered", [True, False])
def test_names_alone_are_thin(*, numbered: bool) -> None:
    assert _standing({"given": "same", "family": "same", "place": "different"}, {"numbered": numbered}) == (
        THIN if numbered else FREE
    )


def test_a_place_without_both_names_is_thin_where_people_are_known() -> None:
    placed = {"given": "same", "family": "different", "place": "dwelling"}
    assert _standing(placed, {"numbered": True}) == THIN
    assert _standing(placed) == FREE


def test_a_couples_like_sounding_names_are_thin() -> None:
    couple = {"family": "same", "place": "dwelling"}
    weights = dict(model.level_weights(SETTINGS)["given"])
    assert weights["near"] < 0 < weights["close"]
    assert _standing({**couple, "given": "near"}, {"numbered": True}) == THIN
    assert _standing({**couple, "given": "close"}, {"numbered": True}) == FREE


def test_nothing_but_a_family_name_is_thin_everywhere() -> None:
    assert _standing({"family": "same"}) == THIN
