"""What counts as a tie found, missed, or beyond what rows could tell."""

from typing import Any

from linkage.kin.tie_quality import measure, stated
from linkage.quality.evaluation import scores

TRUE = [
    {"person_a": "M", "relation": "birth_mother", "person_b": "x", "evidence": "row"},
    {"person_a": "y", "relation": "sibling", "person_b": "x", "evidence": "shared_parent"},
    {"person_a": "x", "relation": "sibling", "person_b": "z", "evidence": "none"},
    {"person_a": "M", "relation": "household", "person_b": "x", "evidence": "address"},
    {"person_a": "F", "relation": "former_household", "person_b": "x", "evidence": "none"},
]
NAMES = {1: "M", 2: "x", 3: "y", 4: "z", 5: "F", 6: "M"}


def _found(*ties: tuple[int, str, int]) -> dict[str, Any]:
    return measure(stated(TRUE), ties, NAMES, scores)  # type: ignore[arg-type]


def test_what_no_row_tells_is_neither_missed_nor_found() -> None:
    nothing, all_ = _found(), _found((2, "sibling", 4), (5, "household", 2))
    for found in (nothing, all_):
        assert found["family"]["pairs_true"] == 2
        assert (found["family"]["pairs_found"], found["household"]["pairs_found"]) == (0, 0)
    assert all_["unevidenced"] == {"household": {"true": 1, "found": 1}, "sibling": {"true": 1, "found": 1}}


def test_a_sibling_is_the_same_from_both_ends_and_a_mother_is_not() -> None:
    found = _found((2, "sibling", 3), (2, "birth_mother", 1))
    assert (found["family"]["pairs_right"], found["family"]["pairs_found"]) == (1, 2)


def test_two_ends_of_one_true_person_are_no_tie() -> None:
    assert _found((1, "household", 6))["household"]["pairs_found"] == 0


def test_a_file_without_evidence_counts_whole() -> None:
    bare = [{name: value for name, value in row.items() if name != "evidence"} for row in TRUE[:4]]
    assert measure(stated(bare), [], NAMES, scores)["family"]["pairs_true"] == 3
