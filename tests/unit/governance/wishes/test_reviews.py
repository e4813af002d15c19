"""What is due to be asked or answered again."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from governance.terms import ResponsibilityKind, SignerBasis, WishAnswer, WishKind
from governance.wishes.responsibility import ResponsibilityFact
from governance.wishes.reviews import ASKED_AT, BIRTHDAYS, Review, ReviewWhy, reviews, standing
from governance.wishes.wishes import Wish

SAID = datetime(2022, 2, 1, 9, tzinfo=UTC)
PR = SignerBasis.PARENTAL_RESPONSIBILITY
ROW = Wish("child", WishKind.CONSENT, WishAnswer.GIVEN, ("school",), None, "mother", PR, SAID, None, SAID, 1)


def due(
    *rows: Wish, on: date, born: str | None = "2010-06", duties: tuple[ResponsibilityFact, ...] = ()
) -> list[tuple[date, ReviewWhy]]:
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    return [(review.due, review.why) for review in reviews(rows, "child", born, duties, at)]


def test_a_parents_consent_is_asked_again_at_13_16_and_18() -> None:
    assert due(ROW, on=date(2023, 1, 1)) == []
    assert due(ROW, on=date(2023, 4, 1)) == [(date(2023, 6, 1), ReviewWhy.AGE_13)]
    assert due(ROW, on=date(2026, 5, 1)) == [(date(2026, 6, 1), ReviewWhy.AGE_16)]
    assert due(ROW, on=date(2030, 1, 1)) == [(date(2028, 6, 1), ReviewWhy.AGE_18)]


def test_a_consent_given_again_since_the_birthday_is_not_asked_for_it() -> None:
    again = replace(
        ROW, valid_from=datetime(2023, 7, 1, tzinfo=UTC), recorded_at=datetime(2023, 7, 1, tzinfo=UTC), ordinal=2
    )
    assert due(ROW, again, on=date(2024, 1, 1)) == []
    part = replace(again, scope=("send",))
    assert due(ROW, part, on=date(2024, 1, 1)) == [(date(2023, 6, 1), ReviewWhy.AGE_13)]


def test_a_no_is_not_asked_again_and_what_was_withdrawn_is_not_either() -> None:
    gone = replace(ROW, answer=WishAnswer.WITHDRAWN, scope=("*",), ordinal=2)
    assert due(ROW, gone, on=date(2024, 1, 1)) == []
    assert due(replace(ROW, answer=WishAnswer.REFUSED), on=date(2024, 1, 1)) == []


def test_a_childs_own_word_is_asked_again_at_16_and_18_and_an_adults_never() -> None:
    own = replace(ROW, signer_basis=SignerBasis.COMPETENT_CHILD, signer_person_id="child")
    assert due(own, on=date(2024, 1, 1)) == []
    assert due(own, on=date(2026, 7, 1)) == [(date(2026, 6, 1), ReviewWhy.AGE_16)]
    assert due(replace(ROW, signer_basis=SignerBasis.ADULT_SELF), on=date(2040, 1, 1)) == []


def test_a_change_of_who_decides_asks_again_what_was_said_before_it() -> None:
    order = ResponsibilityFact("child", ResponsibilityKind.CARE_ORDER, None, date(2022, 5, 1), None, SAID)
    assert due(ROW, on=date(2022, 6, 1), duties=(order,)) == [(date(2022, 5, 1), ReviewWhy.RESPONSIBILITY_CHANGED)]
    later = replace(ROW, valid_from=datetime(2022, 5, 2, tzinfo=UTC))
    assert due(later, on=date(2022, 6, 1), duties=(order,)) == []
    stay = replace(order, kind=ResponsibilityKind.ACCOMMODATED)
    assert due(ROW, on=date(2022, 6, 1), duties=(stay,)) == []


def test_a_consent_is_asked_again_before_it_runs_out() -> None:
    row = replace(ROW, expires=date(2022, 9, 1))
    assert due(row, on=date(2022, 5, 1)) == []
    assert due(row, on=date(2022, 7, 1)) == [(date(2022, 9, 1), ReviewWhy.RUNS_OUT)]


def test_an_objection_is_due_an_answer_within_a_month_until_it_has_one() -> None:
    made = replace(ROW, kind=WishKind.OBJECTION, answer=WishAnswer.MADE, valid_from=datetime(2022, 1, 31, tzinfo=UTC))
    assert due(made, on=date(2022, 2, 3)) == [(date(2022, 2, 28), ReviewWhy.OBJECTION_TO_ANSWER)]
    upheld = replace(made, answer=WishAnswer.UPHELD, ordinal=2)
    assert due(made, upheld, on=date(2022, 2, 3)) == []


def test_a_proxys_opt_out_is_asked_again_when_the_child_may_set_their_own() -> None:
    row = replace(ROW, kind=WishKind.OPT_OUT_NATIONAL, answer=WishAnswer.MADE, scope=("*",))
    assert due(row, on=date(2023, 6, 2)) == [(date(2023, 6, 1), ReviewWhy.AGE_13)]


def test_without_a_month_of_birth_no_birthday_is_guessed() -> None:
    assert due(ROW, on=date(2040, 1, 1), born=None) == []


def test_another_persons_wishes_and_void_ones_are_not_due() -> None:
    assert due(replace(ROW, person_id="sibling"), on=date(2024, 1, 1)) == []
    assert due(replace(ROW, void_from=SAID), on=date(2024, 1, 1)) == []


def test_each_voice_stands_by_its_own_word() -> None:
    father = replace(ROW, signer_person_id="father", answer=WishAnswer.WITHDRAWN, ordinal=2)
    assert standing([ROW, father]) == ((ROW, ("school",)),)


@pytest.mark.parametrize("basis", SignerBasis)
def test_every_basis_has_its_birthdays(basis: SignerBasis) -> None:
    assert set(ASKED_AT[basis]) <= set(BIRTHDAYS)
    assert Review.__dataclass_fields__["why"].type is ReviewWhy or set(BIRTHDAYS.values()) <= set(ReviewWhy)
