"""Each kind of wish reaches what it can, and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product

import pytest

from governance.agreements import register
from governance.agreements.flows import Standing
from governance.policy.policy import decide
from governance.policy.request import Facts, Member, RelationshipFact, Request
from governance.terms import (
    Action,
    Actor,
    AgreementStatus,
    LegalBasis,
    Purpose,
    RelationshipKind,
    Role,
    SignerBasis,
    SubjectRole,
    WishAnswer,
    WishKind,
)
from governance.wishes.reach import OPT_OUTS, REACH, Use, answer_due, honoured, opt_out_fault
from governance.wishes.wishes import Wish

FLOW = register.shipped("isp-early-years").flows[0]
ALL = replace(
    FLOW, objection_honoured=True, national_opt_out_applies=True, type_1_applies=True, basis=LegalBasis.CONSENT
)
NONE = replace(FLOW, objection_honoured=False, national_opt_out_applies=False, type_1_applies=False)
REACHED = {
    "consent": "care",
    "objection": "care planning research",
    "restriction": "care planning research",
    "opt_out_national": "planning research",
    "opt_out_type_1": "planning research ingest",
}


def test_the_table_is_this() -> None:
    assert set(REACH) == set(WishKind)
    found = {str(kind): {str(use).removeprefix("direct_") for use in uses} for kind, uses in REACH.items()}
    assert found == {kind: set(uses.split()) for kind, uses in REACHED.items()}


@pytest.mark.parametrize(("kind", "use"), list(product(WishKind, Use)))
def test_a_flow_honours_a_wish_only_within_its_reach(kind: WishKind, use: Use) -> None:
    assert honoured(kind, ALL, use, "england") is (use in REACH[kind])
    unheard = kind is not WishKind.RESTRICTION
    assert honoured(kind, NONE, use, "england") is (use in REACH[kind] and not unheard)


@pytest.mark.parametrize("kind", sorted(OPT_OUTS))
def test_an_opt_out_reaches_nothing_of_a_welsh_source_and_everything_of_one_not_known(kind: WishKind) -> None:
    assert not honoured(kind, ALL, Use.PLANNING, "wales")
    assert honoured(kind, ALL, Use.PLANNING, None)
    assert honoured(kind, ALL, Use.PLANNING, "both")
    assert honoured(WishKind.OBJECTION, ALL, Use.PLANNING, "wales")


def test_from_13_a_child_sets_their_own_opt_out_and_below_it_a_parent_does() -> None:
    parent, child = SignerBasis.PARENTAL_RESPONSIBILITY, SignerBasis.COMPETENT_CHILD
    assert opt_out_fault(parent, 12) is None
    assert opt_out_fault(parent, 13)
    assert opt_out_fault(child, 13) is None
    assert opt_out_fault(child, 12)
    assert opt_out_fault(SignerBasis.ADULT_SELF, 30) is None
    assert all(opt_out_fault(basis, None) for basis in (parent, child))
    assert opt_out_fault(None, 30)


def test_an_objection_is_answered_within_one_month_of_any_length() -> None:
    assert answer_due(date(2026, 1, 31)) == date(2026, 2, 28)
    assert answer_due(date(2026, 12, 15)) == date(2027, 1, 15)


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def shown(kind: WishKind | None, purpose: Purpose = Purpose.DIRECT_CARE) -> set[tuple[str, str, str]]:
    """What a health visitor sees of a child under everything shipped, with one wish of this kind about everything."""
    agreements = [register.shipped(code) for code in register.SHIPPED]
    standings = tuple(
        Standing(a, AgreementStatus.IN_FORCE, frozenset(party.organisation for party in a.parties)) for a in agreements
    )
    answer = WishAnswer.REFUSED if kind is WishKind.CONSENT else WishAnswer.MADE
    basis = SignerBasis.PARENTAL_RESPONSIBILITY
    given = Wish("ada", WishKind.CONSENT, WishAnswer.GIVEN, ("*",), None, "mair", basis, NOW, None, NOW, 1)
    said = () if kind is None else (replace(given, kind=kind, answer=answer, ordinal=2),)
    facts = Facts(
        actor=Actor("w", "ZCH", Role.HEALTH_VISITOR, None, True, True, date(2027, 1, 1), assured=True),
        members=(
            Member("ada", SubjectRole.CHILD, False, 3, False, True),
            Member("mair", SubjectRole.MOTHER, False, 30, True, True),
        ),
        relationships=(RelationshipFact("ada", RelationshipKind.CASELOAD, date(2026, 1, 1), None, NOW, None),),
        wishes=(given, *said),
        standings=standings,
    )
    decision = decide(Request(Action.READ_FAMILY, "ada", purpose, NOW), facts)
    return {
        (s.segment.source, str(s.segment.category), str(s.basis))
        for s in decision.permitted
        if s.segment.member == "ada"
    }


@pytest.mark.parametrize("kind", WishKind)
def test_the_decision_about_direct_care_obeys_the_table(kind: WishKind) -> None:
    assert (shown(kind) < shown(None)) is (Use.DIRECT_CARE in REACH[kind])


def test_a_refusal_of_consent_removes_only_what_rests_on_consent() -> None:
    gone = shown(None, Purpose.EARLY_HELP) - shown(WishKind.CONSENT, Purpose.EARLY_HELP)
    assert gone
    assert {basis for _, _, basis in gone} == {"consent"}


def test_an_objection_removes_only_what_a_flow_that_hears_it_carries() -> None:
    unheard = {
        (flow.source, str(category))
        for code in register.SHIPPED
        for flow in register.shipped(code).flows
        if not flow.objection_honoured and flow.receives("ZCH", Role.HEALTH_VISITOR, None)
        if Purpose.DIRECT_CARE in flow.purposes and SubjectRole.CHILD in flow.subjects
        for category in flow.categories
    }
    gone = {(source, category) for source, category, _ in shown(None) - shown(WishKind.OBJECTION)}
    assert gone
    assert gone.isdisjoint(unheard)


def test_a_restriction_stops_everything_but_safeguarding() -> None:
    assert shown(WishKind.RESTRICTION) == set()
    assert shown(WishKind.RESTRICTION, Purpose.SAFEGUARDING) == shown(None, Purpose.SAFEGUARDING) != set()
