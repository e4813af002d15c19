"""The queue's order: contradictions first, then what an answer would tell most about."""

import pytest

from linkage.quality.compared import Pattern
from linkage.quality.doubts import Doubtful, ReviewReason, Told, closeness, ranked, worth

JOIN = -2.5
SAME: Pattern = (("given", "same"), ("dob", "same"))
OTHER: Pattern = (("given", "near"), ("dob", "same"))


def _one(a: int, weight: float = JOIN, reason: ReviewReason = ReviewReason.UNSURE, moved: int = 4) -> Doubtful:
    return Doubtful((a, a + 100), reason, weight, False, moved)


def _order(
    found: list[Doubtful], told: dict[Pattern, Told] | None = None, kinds: dict[int, Pattern] | None = None
) -> list[int]:
    patterns = {one.pair: (kinds or {}).get(one.pair[0], SAME) for one in found}
    return [one.pair[0] for one, _ in ranked(found, patterns, told or {}, JOIN, 10)]


def test_number_conflicts_come_before_anything_else() -> None:
    found = [_one(1), _one(2, 30.0, ReviewReason.TWO_NUMBERS), _one(3, 30.0, ReviewReason.OVERSIZED)]
    assert _order(found) == [2, 3, 1]


def test_the_nearer_to_the_threshold_and_the_more_it_moves_the_sooner() -> None:
    assert closeness(JOIN, JOIN) == 1.0
    assert closeness(JOIN + 3, JOIN) == pytest.approx(closeness(JOIN - 3, JOIN))
    assert closeness(JOIN + 3, JOIN) < 0.5
    kinds: dict[int, Pattern] = {at: (("given", str(at)),) for at in range(9)}
    assert _order([_one(1, JOIN + 4), _one(2), _one(3, moved=40)], kinds=kinds) == [3, 2, 1]


def test_a_pattern_seldom_answered_comes_before_one_often_answered() -> None:
    told = {SAME: Told(30, 0)}
    assert _order([_one(1), _one(2)], told, {1: SAME, 2: OTHER}) == [2, 1]


def test_answers_against_the_engine_raise_a_pattern() -> None:
    assert worth(_one(1), JOIN, Told(20, 15), 0) > worth(_one(1), JOIN, Told(20, 0), 0)


def test_one_more_of_a_pattern_is_worth_less_than_the_first_of_another() -> None:
    found = [_one(1), _one(2), _one(3, JOIN + 0.5)]
    assert _order(found, None, {1: SAME, 2: SAME, 3: OTHER}) == [1, 3, 2]


def test_no_more_are_asked_than_wanted() -> None:
    assert len(ranked([_one(at) for at in range(20)], {}, {}, JOIN, 7)) == 7
