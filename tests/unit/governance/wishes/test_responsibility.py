"""Whose word counts for a child, as responsibility changes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from governance.terms import Category, ResponsibilityKind, SignerBasis, WishAnswer, WishKind
from governance.wishes.responsibility import DECIDING, ResponsibilityFact, changes, subject_at
from governance.wishes.wishes import Consent, Wish, consent

DAY = datetime(2026, 5, 4, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TIES = frozenset({"mother", "father"})
PR, CARE, COURT = SignerBasis.PARENTAL_RESPONSIBILITY, SignerBasis.CARE_ORDER, SignerBasis.COURT
GIVEN, REFUSED = WishAnswer.GIVEN, WishAnswer.REFUSED
ORDER = ResponsibilityFact("child", ResponsibilityKind.CARE_ORDER, None, date(2026, 5, 10), None, DAY)


def held(kind: ResponsibilityKind, holder: str | None = None, **other: object) -> ResponsibilityFact:
    return replace(ORDER, kind=kind, holder=holder, **other)  # type: ignore[arg-type]


def said(answer: WishAnswer, by: str | None = "mother", basis: SignerBasis = PR) -> Wish:
    return Wish("child", WishKind.CONSENT, answer, ("*",), None, by, basis, DAY, None, DAY, 1)


def state(*rows: Wish, duties: tuple[ResponsibilityFact, ...] = (), adult: bool = False, at: datetime = NOW) -> Consent:
    return consent(rows, subject_at("child", adult, TIES, duties, at), Category.SCHOOL, "isp", at)


def test_under_a_care_order_the_authority_speaks_and_holders_give_way() -> None:
    authority = said(GIVEN, None, CARE)
    assert state(said(GIVEN), duties=(ORDER,)) is Consent.NOT_ENTITLED
    assert state(said(REFUSED), authority, duties=(ORDER,)) is Consent.GIVEN
    assert state(said(GIVEN), said(REFUSED, None, CARE), duties=(ORDER,)) is Consent.REFUSED


def test_without_a_care_order_that_stands_the_authority_does_not_speak() -> None:
    authority = said(GIVEN, None, CARE)
    assert state(authority) is Consent.NOT_ENTITLED
    assert state(authority, said(REFUSED)) is Consent.REFUSED
    for ended in (
        held(ORDER.kind, until=NOW.date()),
        held(ORDER.kind, ended_on=NOW.date(), ended_at=NOW),
        held(ORDER.kind, since=NOW.date() + timedelta(days=1)),
        held(ORDER.kind, recorded_at=NOW + timedelta(seconds=1)),
    ):
        assert state(authority, duties=(ended,)) is Consent.NOT_ENTITLED
        assert state(said(GIVEN), duties=(ended,)) is Consent.GIVEN


def test_an_end_counts_from_the_instant_it_is_recorded() -> None:
    ended = held(ORDER.kind, ended_on=date(2026, 5, 20), ended_at=NOW)
    assert state(said(GIVEN), duties=(ended,), at=NOW - timedelta(seconds=1)) is Consent.NOT_ENTITLED
    assert state(said(GIVEN), duties=(ended,)) is Consent.GIVEN


def test_accommodation_by_agreement_changes_nothing() -> None:
    stay = held(ResponsibilityKind.ACCOMMODATED)
    assert state(said(GIVEN), duties=(stay,)) is Consent.GIVEN
    assert state(said(GIVEN, None, CARE), duties=(stay,)) is Consent.NOT_ENTITLED
    assert changes([stay], "child", NOW) == ()


def test_a_special_guardian_decides_to_the_exclusion_of_parents() -> None:
    guardian = held(ResponsibilityKind.SPECIAL_GUARDIAN, "gran")
    assert state(said(GIVEN), duties=(guardian,)) is Consent.NOT_ENTITLED
    assert state(said(GIVEN, None), duties=(guardian,)) is Consent.NOT_ENTITLED
    assert state(said(REFUSED), said(GIVEN, "gran"), duties=(guardian,)) is Consent.GIVEN
    assert state(said(GIVEN, "gran"), duties=(guardian, ORDER)) is Consent.NOT_ENTITLED


def test_where_a_court_has_the_child_only_its_word_counts() -> None:
    ward = held(ResponsibilityKind.COURT)
    assert state(said(GIVEN), duties=(ward,)) is Consent.NOT_ENTITLED
    assert state(said(GIVEN, "child", SignerBasis.COMPETENT_CHILD), duties=(ward,)) is Consent.NOT_ENTITLED
    assert state(said(GIVEN, None, COURT), said(REFUSED), duties=(ward,)) is Consent.GIVEN


def test_what_is_recorded_of_a_holder_goes_before_what_ties_say_of_them() -> None:
    stepfather = held(ResponsibilityKind.PARENTAL_RESPONSIBILITY, "stepfather")
    assert state(said(GIVEN, "stepfather")) is Consent.NOT_ENTITLED
    assert state(said(GIVEN, "stepfather"), duties=(stepfather,)) is Consent.GIVEN
    lost = held(ResponsibilityKind.PARENTAL_RESPONSIBILITY, "father", until=date(2026, 5, 20))
    assert state(said(GIVEN, "father"), duties=(lost,)) is Consent.NOT_ENTITLED
    again = held(ResponsibilityKind.PARENTAL_RESPONSIBILITY, "father", since=date(2026, 5, 25))
    assert state(said(GIVEN, "father"), duties=(lost, again)) is Consent.GIVEN


def test_two_holders_who_disagree_leave_no_consent_however_they_came_to_hold() -> None:
    stepfather = held(ResponsibilityKind.PARENTAL_RESPONSIBILITY, "stepfather")
    assert state(said(GIVEN), said(REFUSED, "stepfather"), duties=(stepfather,)) is Consent.CONFLICT


def test_a_responsibility_for_one_child_says_nothing_about_another() -> None:
    other = replace(ORDER, person_id="sibling")
    assert state(said(GIVEN), duties=(other,)) is Consent.GIVEN


@pytest.mark.parametrize("kind", ResponsibilityKind)
def test_nobody_decides_for_an_adult(kind: ResponsibilityKind) -> None:
    duty = held(kind, "mother")
    adult = said(GIVEN, "child", SignerBasis.ADULT_SELF)
    assert state(said(REFUSED), adult, duties=(duty,), adult=True) is Consent.GIVEN
    assert state(said(GIVEN), duties=(duty,), adult=True) is Consent.NOT_ENTITLED
    assert state(said(GIVEN, None, CARE), duties=(duty,), adult=True) is Consent.NOT_ENTITLED


def test_the_days_on_which_it_changed_are_told_up_to_that_instant() -> None:
    ended = held(ORDER.kind, ended_on=date(2026, 5, 20), ended_at=DAY + timedelta(days=17))
    assert changes([ended], "child", NOW) == (date(2026, 5, 10), date(2026, 5, 20))
    assert changes([ended], "child", DAY + timedelta(days=10)) == (date(2026, 5, 10),)
    assert changes([ended], "sibling", NOW) == ()
    assert set(ResponsibilityKind) - DECIDING == {ResponsibilityKind.ACCOMMODATED}
