"""Which pregnancy an event belongs to: the late loss, the twins, the next baby."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from linkage.facts import EventRow, InvolvementRow, PersonFact, TieFact
from linkage.kin.families import Family, family
from linkage.kin.pregnancies import keep_events, keep_involvements, pregnancy_of
from linkage.rows import EventStatus, PersonId, Precision, Relation, Standing

CHILD = PersonFact(PersonId("child"), False, "2024-06", None)
MOTHER = PersonFact(PersonId("mother"), False, "1990-05", "female")
TWIN = PersonFact(PersonId("twin"), False, "2024-06", None)
OLDER = PersonFact(PersonId("older"), False, "2021-02", None)
UNBORN = PersonFact(PersonId("unborn"), True, None, None)
AT = date(2026, 11, 22)


def event(type_: str, on: date, about: str | None = None, who: str = "mother", category: str = "maternity") -> EventRow:
    return EventRow(
        f"{type_} {on} {about}", PersonId(who), None if about is None else PersonId(about), about == "unborn", category,
        type_, "maternity", "ZMH", "ZMH", on, Precision.DAY, None, EventStatus.HAPPENED, {}, "births", "load", 1,
        datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip


def of(index: str = "child") -> Family:
    persons = {p.person_id: p for p in (CHILD, MOTHER, TWIN, OLDER, UNBORN)}
    ties = [
        TieFact(MOTHER.person_id, Relation.BIRTH_MOTHER, p, "ZMH", "births", Standing.CONFIRMED, None, None)
        for p in persons
        if p != MOTHER.person_id
    ]
    return family(PersonId(index), persons, ties, AT)


OWN = event("pregnancy_booking", date(2023, 12, 1), "child")
LOSS = event("pregnancy_loss", date(2026, 5, 1), "unborn")
NEXT = event("pregnancy_booking", date(2026, 2, 1), "unborn")


def test_a_late_loss_and_its_booking_are_never_returned_on_a_sibling() -> None:
    rows = [OWN, NEXT, LOSS, replace(LOSS, id="x", about_person_id=None), replace(NEXT, id="y", about_person_id=None)]
    assert keep_events(rows, of("child"), [LOSS]) == [OWN]
    assert keep_events(rows, of("older"), [LOSS]) == []


def test_the_mothers_own_read_and_the_lost_childs_hold_them() -> None:
    assert keep_events([NEXT, LOSS], of("mother"), [LOSS]) == [NEXT, LOSS]
    assert keep_events([NEXT, LOSS], of("unborn"), [LOSS]) == [NEXT, LOSS]


def test_a_loss_just_before_conception_does_not_stand_in_the_childs_family() -> None:
    early = event("pregnancy_booking", date(2023, 8, 20))
    loss = event("pregnancy_loss", date(2023, 9, 1))
    assert keep_events([early, loss, OWN], of(), [loss]) == [OWN]
    assert keep_events([early, OWN], of(), []) == [early, OWN]


def test_a_loss_years_later_hides_nothing_of_the_childs_own_pregnancy() -> None:
    unnamed = replace(OWN, about_person_id=None)
    assert keep_events([unnamed], of(), [LOSS]) == [unnamed]


@pytest.mark.parametrize(
    ("on", "inside"),
    [
        (date(2023, 7, 31), False),
        (date(2023, 8, 1), True),
        (date(2024, 6, 30), True),
        (date(2024, 7, 1), False),
    ],
)
def test_a_booking_that_names_nobody_falls_within_ten_months_before_the_birth(on: date, inside: bool) -> None:
    assert pregnancy_of(event("pregnancy_booking", on), CHILD) is inside


@pytest.mark.parametrize(("on", "inside"), [(date(2024, 8, 31), True), (date(2024, 9, 1), False)])
def test_maternity_care_ends_two_months_after_the_birth(on: date, inside: bool) -> None:
    assert pregnancy_of(event("maternity_discharge", on), CHILD) is inside


def test_an_event_about_a_sibling_is_of_its_own_pregnancy_and_about_a_twin_of_the_same() -> None:
    about_older = event("maternity_discharge", date(2024, 6, 5), "older")
    about_twin = event("pregnancy_booking", date(2023, 12, 1), "twin")
    assert keep_events([about_older, about_twin], of(), []) == [about_twin]


def test_another_womans_pregnancy_is_not_the_childs() -> None:
    aunt = event("pregnancy_booking", date(2023, 12, 1), who="twin")
    assert keep_events([aunt], of(), []) == []


def test_a_midwife_of_the_next_pregnancy_is_not_shown_to_the_siblings_worker() -> None:
    own = InvolvementRow(
        "own", MOTHER.person_id, "maternity", "maternity", "ZMH", "ZMH", None, None, None, None, None,
        date(2023, 12, 1), None, "births", "load", 1, datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    later = replace(own, id="later", since=date(2026, 2, 1))
    undated = replace(own, id="undated", since=None)
    assert keep_involvements([own, later, undated], of(), [LOSS]) == [own]
    assert keep_involvements([own, later, undated], of("mother"), [LOSS]) == [own, later, undated]


def test_a_mothers_health_visitor_of_another_pregnancy_is_not_shown_on_a_child() -> None:
    own = InvolvementRow(
        "own", MOTHER.person_id, "health_visiting", "health_visiting", "ZCH", "ZCH", None, None, None, None, None,
        date(2024, 7, 1), None, "contacts", "load", 1, datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    later, childs = replace(own, since=date(2026, 3, 1)), replace(own, person_id=CHILD.person_id, since=None)
    assert keep_involvements([own, later, replace(own, since=None), childs], of(), []) == [own, childs]
    assert keep_involvements([later], of("mother"), []) == [later]


def test_a_loss_that_names_nobody_is_never_a_born_childs() -> None:
    assert not pregnancy_of(event("pregnancy_loss", date(2023, 9, 1)), CHILD)
