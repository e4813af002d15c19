"""What a report tells of each look: about one person, without places, and alike whether or not anything is left out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.ledger.ledger import EntryView
from governance.policy.request import Block, Facts, Member
from governance.reports.asking import Asked, Evidence, Right
from governance.reports.looks import Hidden, Look, content_hash, document, look, protections, told
from governance.terms import BlockKind, Category, EventKind, Outcome, Purpose, Role, SubjectRole

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CHILD, MOTHER, FATHER, SISTER = "c" * 32, "a" * 32, "f" * 32, "5" * 32
ASKED = Asked(CHILD, FATHER, Right.PARENTAL_RESPONSIBILITY, frozenset(Evidence))
ABOUT: dict[str, str | int | None] = {"request": "0" * 32}


def segment(member: str, category: Category, source: str, permitted: bool = True) -> dict[str, Any]:
    return {"member": member, "category": str(category), "source": source, "permitted": permitted, "subject": "child"}


def entry(index: int | None = 3, kind: EventKind = EventKind.READ_FAMILY, **body: Any) -> EntryView:
    held = {
        "subjects": ["kid", "mum"], "role": "health_visitor", "override": None,
        "segments": [
            segment("kid", Category.HEALTH_VISITING, "ZREFUGE"), segment("kid", Category.SCHOOL, "ZMC", False),
            segment("mum", Category.ADULT_HEALTH, "ZMH"), segment("kid", Category.DOMESTIC_ABUSE, "ZMC"),
        ], **body,
    }  # fmt: skip
    return EntryView("e" * 32, index, AT, kind, Outcome.PARTIAL, "w" * 32, "ZCH", Purpose.DIRECT_CARE, held)


def a_look(**change: Any) -> Look:
    seen = look(entry(), ["kid"], 10)
    assert seen is not None
    return replace(seen, **change)


def test_a_line_tells_only_of_the_person_asked_for_and_never_of_sources() -> None:
    seen = a_look()
    assert seen.categories == (Category.HEALTH_VISITING, Category.DOMESTIC_ABUSE)
    [line] = document(ABOUT, ASKED, [seen], {})["looks"]
    assert "ZREFUGE" not in str(line)
    assert "mum" not in str(line)
    assert line["organisation"] == "ZCH"
    assert line["worker"] is None


def test_a_parent_is_not_told_of_what_would_tell_on_the_other() -> None:
    [by_parent] = document(ABOUT, ASKED, [a_look()], {})["looks"]
    [by_self] = document(ABOUT, replace(ASKED, right=Right.ADULT_SELF), [a_look()], {})["looks"]
    assert by_parent["categories"] == ["health_visiting"]
    assert by_self["categories"] == ["health_visiting", "domestic_abuse"]


@pytest.mark.parametrize(
    "held",
    [
        entry(None), entry(10), entry(subjects=["mum"]),
        *[entry(kind=kind) for kind in (EventKind.ACCESS_REQUEST, EventKind.AUDIT_READ, EventKind.WISH_RECORDED)],
    ],
)  # fmt: skip
def test_what_is_no_look_at_this_person_in_the_signed_log_is_no_line(held: EntryView) -> None:
    assert look(held, ["kid"], 10) is None


def test_a_worker_is_named_only_where_names_are_told() -> None:
    [line] = document(ABOUT, ASKED, [a_look()], {"w" * 32: "Hannah Vale"})["looks"]
    assert line["worker"] == "Hannah Vale"


def facts(*blocks: Block) -> Facts:
    return Facts(
        actor=None,
        members=(
            Member(CHILD, SubjectRole.CHILD, False, 8, False, True),
            Member(SISTER, SubjectRole.SIBLING, False, 5, False, False),
            Member(MOTHER, SubjectRole.MOTHER, False, 30, True, True),
            Member(FATHER, SubjectRole.FATHER, False, 33, True, False),
        ),
        blocks=blocks,
    )


FLED = Block(CHILD, BlockKind.REFUGE, FATHER, date(2026, 8, 15), None)


def test_a_firewall_hides_looks_from_the_other_side_and_from_before_the_move() -> None:
    [hidden] = protections(ASKED, facts(FLED), AT)
    assert hidden.persons is not None
    assert CHILD in hidden.persons
    assert hidden.since == datetime(2026, 7, 18, tzinfo=UTC)
    assert hidden.until is None


def test_those_whom_a_firewall_protects_are_told() -> None:
    by_mother = replace(ASKED, asker_person_id=MOTHER)
    by_child = Asked(CHILD, CHILD, Right.COMPETENT_CHILD, ASKED.evidence)
    assert protections(by_mother, facts(FLED), AT) == ()
    assert protections(by_child, facts(FLED), AT) == ()


def test_a_parent_of_a_placed_sister_learns_nothing_through_the_child_at_home() -> None:
    placed = Block(SISTER, BlockKind.PLACEMENT, MOTHER, date(2026, 1, 10), None)
    [hidden] = protections(replace(ASKED, asker_person_id=MOTHER), facts(placed), AT)
    assert hidden.persons == frozenset({SISTER})
    windows = [Hidden(frozenset({"sis"}), hidden.since, hidden.until)]
    mine = a_look(index=1)
    both = a_look(index=2, subjects=frozenset({"kid", "sis"}))
    assert told([mine, both], ASKED, windows, ()) == [mine]


def test_an_adoption_hides_everything_since_from_those_it_is_against() -> None:
    adopted = Block("9" * 32, BlockKind.ADOPTION, MOTHER, date(2026, 3, 1), None)
    [hidden] = protections(replace(ASKED, asker_person_id=MOTHER), facts(adopted), AT)
    assert hidden.persons is None


def test_a_lifted_firewall_still_hides_the_time_it_stood() -> None:
    [hidden] = protections(ASKED, facts(replace(FLED, until=date(2026, 10, 1))), AT)
    assert hidden.until is not None
    window = Hidden(frozenset({"kid"}), hidden.since, hidden.until)
    assert window.hides(a_look(at=datetime(2026, 9, 1, tzinfo=UTC)))
    assert not window.hides(a_look(at=AT))


def test_an_organisation_left_out_is_left_out_whole() -> None:
    kept, gone = a_look(index=1, organisation="ZMC"), a_look(index=2)
    assert told([gone, kept], ASKED, [], {"ZCH"}) == [kept]


@given(st.lists(st.integers(0, 400), max_size=8))
def test_a_report_is_alike_whether_or_not_looks_were_left_out(days: list[int]) -> None:
    seen = [a_look(index=n, at=AT - timedelta(days=day)) for n, day in enumerate(days)]
    window = Hidden(frozenset({"kid"}), AT - timedelta(days=100), None)
    redacted = document(ABOUT, ASKED, told(seen, ASKED, [window], ()), {})
    never_there = document(ABOUT, ASKED, told([s for s in seen if s.at < window.since], ASKED, [], ()), {})
    assert redacted == never_there
    assert redacted["some_not_shown_by_law"] is True


def test_the_hash_binds_every_line() -> None:
    first = document(ABOUT, ASKED, [a_look()], {})
    assert content_hash(first) == content_hash(document(ABOUT, ASKED, [a_look()], {}))
    assert content_hash(first) != content_hash(document(ABOUT, ASKED, [a_look(role=Role.MIDWIFE)], {}))
    assert content_hash(first) != content_hash(document(ABOUT, ASKED, [], {}))
