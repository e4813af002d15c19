"""Asking who looked: what stops an answer, what needs two officers, and by when it is due."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.policy.request import Block, Facts, Member
from governance.reports.asking import (
    CHECKS,
    NEXT,
    WEIGHTS,
    Asked,
    Evidence,
    Finding,
    Right,
    Step,
    Taken,
    due,
    findings,
    needs_two,
    stopped,
)
from governance.terms import BlockKind, Category, ResponsibilityKind, Segment, SubjectRole
from governance.wishes.responsibility import ResponsibilityFact

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CHILD, MOTHER, FATHER = "c" * 32, "a" * 32, "f" * 32
EVERY = frozenset(Evidence)
FACTS = Facts(
    actor=None,
    members=(
        Member(CHILD, SubjectRole.CHILD, False, 8, False, True),
        Member(MOTHER, SubjectRole.MOTHER, False, 30, True, True),
        Member(FATHER, SubjectRole.FATHER, False, 33, True, False),
    ),
)
BY_MOTHER = Asked(CHILD, MOTHER, Right.PARENTAL_RESPONSIBILITY, EVERY)


def aged(age: int | None) -> Facts:
    index, *others = FACTS.members
    return replace(FACTS, members=(replace(index, age=age), *others))


def held(category: Category) -> Facts:
    return replace(FACTS, held=frozenset({Segment(CHILD, SubjectRole.CHILD, category, "ZMC")}))


def recorded(kind: ResponsibilityKind, holder: str | None = None, until: date | None = None) -> Facts:
    row = ResponsibilityFact(CHILD, kind, holder, date(2026, 1, 1), until, AT - timedelta(days=90))
    return replace(FACTS, responsibilities=(row,))


BLOCKED = replace(FACTS, blocks=(Block(CHILD, BlockKind.REFUGE, FATHER, date(2026, 8, 15), None),))
OVER = replace(FACTS, blocks=(Block(CHILD, BlockKind.REFUGE, FATHER, date(2026, 1, 15), date(2026, 6, 1)),))
BY_FATHER = replace(BY_MOTHER, asker_person_id=FATHER)
BY_CHILD = Asked(CHILD, CHILD, Right.COMPETENT_CHILD, EVERY)
GROWN = Asked(CHILD, CHILD, Right.ADULT_SELF, EVERY)
CASES = [
    (BY_MOTHER, FACTS, ()),
    (BY_CHILD, aged(14), ()),
    (GROWN, aged(19), ()),
    (BY_MOTHER, Facts(None), (Finding.NO_SUCH_PERSON, Finding.AGE_UNKNOWN, Finding.NOT_RESPONSIBLE)),
    (BY_MOTHER, replace(FACTS, erased=frozenset({CHILD})), (Finding.ERASED,)),
    (replace(BY_MOTHER, evidence=EVERY - {Evidence.IDENTITY_SEEN}), FACTS, (Finding.IDENTITY_NOT_SEEN,)),
    (replace(BY_MOTHER, evidence=EVERY - {Evidence.RESPONSIBILITY_SEEN}), FACTS, (Finding.RESPONSIBILITY_NOT_SEEN,)),
    (replace(BY_MOTHER, asker_person_id="9" * 32), FACTS, (Finding.NOT_RESPONSIBLE,)),
    (replace(BY_CHILD, asker_person_id=MOTHER), aged(14), (Finding.NOT_THEMSELVES,)),
    (replace(BY_MOTHER, asker_person_id=CHILD), FACTS, (Finding.NOT_THEMSELVES, Finding.NOT_RESPONSIBLE)),
    (replace(BY_CHILD, evidence=EVERY - {Evidence.COMPETENCE_ASSESSED}), aged(14), (Finding.COMPETENCE_NOT_ASSESSED,)),
    (GROWN, aged(17), (Finding.NOT_AN_ADULT,)),
    (BY_MOTHER, aged(18), (Finding.NOT_A_CHILD,)),
    (BY_CHILD, aged(18), (Finding.NOT_A_CHILD,)),
    (BY_MOTHER, aged(None), (Finding.AGE_UNKNOWN,)),
    (BY_FATHER, BLOCKED, (Finding.AGAINST_ASKER, Finding.PROTECTED)),
    (BY_FATHER, OVER, (Finding.AGAINST_ASKER,)),
    (BY_MOTHER, BLOCKED, (Finding.PROTECTED,)),
    (BY_MOTHER, held(Category.DOMESTIC_ABUSE), (Finding.DOMESTIC_ABUSE,)),
    (BY_MOTHER, held(Category.CHILD_PROTECTION), (Finding.PROTECTION_WORK,)),
    (BY_MOTHER, held(Category.LOOKED_AFTER), (Finding.PROTECTION_WORK,)),
    (BY_MOTHER, recorded(ResponsibilityKind.CARE_ORDER), (Finding.IN_CARE,)),
    (BY_MOTHER, recorded(ResponsibilityKind.COURT), (Finding.BEFORE_COURT,)),
    (BY_MOTHER, recorded(ResponsibilityKind.SPECIAL_GUARDIAN, FATHER), (Finding.NOT_RESPONSIBLE,)),
    (
        BY_MOTHER,
        recorded(ResponsibilityKind.PARENTAL_RESPONSIBILITY, MOTHER, date(2026, 11, 1)),
        (Finding.NOT_RESPONSIBLE,),
    ),
    (replace(BY_MOTHER, evidence=EVERY - {Evidence.CHILD_HEARD}), aged(12), (Finding.CHILD_NOT_HEARD,)),
    (replace(BY_MOTHER, evidence=EVERY - {Evidence.CHILD_HEARD}), aged(11), ()),
]


@pytest.mark.parametrize(("asked", "facts", "expected"), CASES)
def test_each_check_finds_what_it_is_for(asked: Asked, facts: Facts, expected: tuple[Finding, ...]) -> None:
    assert findings(asked, facts, AT) == expected


def test_an_unborn_child_is_asked_about_by_nobody() -> None:
    unborn = replace(FACTS.members[0], unborn=True, age=None, carried_by=MOTHER)
    found = findings(BY_MOTHER, replace(FACTS, members=(unborn, *FACTS.members[1:])), AT)
    assert Finding.UNBORN in found
    assert stopped(found)


def test_every_finding_has_a_check_a_weight_and_a_case() -> None:
    assert set(CHECKS) == set(WEIGHTS) == set(Finding)
    assert {finding for _, _, expected in CASES for finding in expected} | {Finding.UNBORN} == set(Finding)


def test_nothing_seen_is_never_enough() -> None:
    for right in Right:
        found = findings(replace(BY_MOTHER, right=right, evidence=frozenset()), FACTS, AT)
        assert stopped(found)


def test_danger_needs_two_and_does_not_stop() -> None:
    found = findings(BY_FATHER, BLOCKED, AT)
    assert needs_two(found)
    assert not stopped(found)
    assert not needs_two(findings(BY_MOTHER, FACTS, AT))


def test_what_is_closed_stays_closed() -> None:
    assert set(NEXT) == set(Step)
    assert {step for step, after in NEXT.items() if not after} == {Step.RELEASED, Step.REFUSED, Step.WITHDRAWN}
    assert all(Step.RECEIVED not in after for after in NEXT.values())


def taken(step: Step, day: date) -> Taken:
    return Taken(step, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "s")


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 9, 3), date(2026, 10, 3)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2026, 11, 30), date(2026, 12, 30)),
    ],
)
def test_an_answer_is_due_one_month_from_receipt(received: date, last: date) -> None:
    assert due(received, [taken(Step.RECEIVED, received)], received) == last


def test_the_clock_stands_while_the_asker_is_awaited() -> None:
    steps = [
        taken(Step.RECEIVED, date(2026, 9, 3)),
        taken(Step.CLOCK_STOPPED, date(2026, 9, 10)),
        taken(Step.CLOCK_RESUMED, date(2026, 9, 20)),
    ]
    assert due(date(2026, 9, 3), steps, date(2026, 9, 25)) == date(2026, 10, 13)
    assert due(date(2026, 9, 3), steps[:2], date(2026, 9, 25)) == date(2026, 10, 18)
    assert due(date(2026, 9, 3), [*steps, taken(Step.EXTENDED, date(2026, 9, 21))], AT.date()) == date(2026, 12, 13)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_a_month_is_never_more_than_thirty_one_days_nor_less_than_twenty_eight(received: date) -> None:
    assert 28 <= (due(received, [], received) - received).days <= 31
