"""Two people are never shown under one label."""

from app.identities import Known
from app.language import Code, language
from app.views.people import labelled
from linkage.kin.families import Member
from linkage.rows import PersonId


def _member(person_id: str) -> Member:
    return Member(
        person_id=PersonId(person_id),
        subject="sibling",
        relations=(),
        unborn=False,
        birth_month="2024-06",
        sex=None,
        parental_responsibility=False,
        same_household=True,
    )


def _known(given: str, family: str) -> Known:
    return Known(name=f"{given} {family}", given_name=given)


def test_twins_who_are_both_baby_are_told_apart() -> None:
    known = {"a": _known("Baby 1", "Jones"), "b": _known("Baby 2", "Jones"), "c": _known("Bethan", "Jones")}
    found = labelled(language(Code.EN), [_member(name) for name in "abc"], known)
    assert [found[name].short for name in "abc"] == ["Baby 1 Jones", "Baby 2 Jones", "Bethan"]


def test_namesakes_and_the_unnamed_are_numbered() -> None:
    known = {"a": _known("Mohamed", "Ali"), "b": _known("Mohamed", "Ali")}
    found = labelled(language(Code.EN), [_member(name) for name in "abcd"], known)
    assert len({found[name].name for name in "abcd"}) == 4
    assert len({found[name].short for name in "abcd"}) == 4
