"""What must hold of every decision, and that a page of plain conditions agrees with each."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.policy.policy import decide, silent, told
from governance.policy.request import Facts, Request
from governance.terms import Category, Outcome, Reason, Segment, WishAnswer, WishKind, Withholding
from tests.properties import naive_policy
from tests.properties.worlds import CATEGORIES, NOW, wish_from, world, worlds

World = tuple[Request, Facts]
TIGHTENING = {
    WishKind.CONSENT: (WishAnswer.WITHDRAWN, WishAnswer.REFUSED),
    WishKind.OBJECTION: (WishAnswer.MADE, WishAnswer.UPHELD),
    WishKind.RESTRICTION: (WishAnswer.MADE,),
}
EXAMPLES = settings(max_examples=300, deadline=None)


def permitted(world: World) -> frozenset[Segment]:
    return frozenset(s.segment for s in decide(*world).permitted)


@settings(max_examples=2000, deadline=None)
@given(worlds())
def test_a_page_of_plain_conditions_agrees_with_every_decision(world: World) -> None:
    decision = decide(*world)
    for segment in decision.segments:
        assert segment.permitted is naive_policy.permitted(*world, segment.segment)
    if not naive_policy.read_allowed(*world):
        assert decision.outcome is Outcome.DENY


@EXAMPLES
@given(worlds())
def test_no_permit_without_a_live_flow_signed_by_both_ends(world: World) -> None:
    request, facts = world
    by_code = {s.agreement.code: s for s in facts.standings}
    for segment in decide(request, facts).permitted:
        assert segment.flow is not None
        assert facts.actor is not None
        standing = by_code[segment.flow.agreement]
        assert {segment.segment.source, facts.actor.organisation} <= standing.signed_by
        assert standing.status == "in_force"
        assert standing.agreement.effective_from <= NOW.date() < standing.agreement.expires


@EXAMPLES
@given(worlds(), st.data())
def test_a_withdrawal_objection_or_restriction_never_widens(world: World, data: st.DataObject) -> None:
    request, facts = world
    kind = data.draw(st.sampled_from(sorted(TIGHTENING)))
    drawn = wish_from(data.draw(st.integers(0, 2**48)), 99)
    added = replace(drawn, kind=kind, answer=data.draw(st.sampled_from(TIGHTENING[kind])), recorded_at=NOW)
    after = permitted((request, replace(facts, wishes=(*facts.wishes, added))))
    assert after <= permitted(world)


@EXAMPLES
@given(worlds(), st.data())
def test_self_and_family_are_never_permitted(world: World, data: st.DataObject) -> None:
    request, facts = world
    if facts.members:
        own = data.draw(st.sampled_from(facts.members)).person_id
        assert permitted((request, replace(facts, declared=frozenset({own})))) == frozenset()


@EXAMPLES
@given(worlds(), st.data())
def test_what_is_told_never_depends_on_whether_data_exist(world: World, data: st.DataObject) -> None:
    request, facts = world
    role = facts.actor.role if facts.actor else None
    without = told(decide(request, replace(facts, held=frozenset())), role)
    everything = frozenset(
        Segment(m.person_id, m.subject, category, source)
        for m in facts.members
        for category in CATEGORIES
        for source in data.draw(st.frozensets(st.sampled_from(("A", "B", "Z"))))
    )
    with_data = told(decide(request, replace(facts, held=everything)), role)
    assert with_data.segments == without.segments
    assert replace(with_data, segments=()) == replace(without, segments=())
    for member in facts.members:
        assert silent(with_data, member.person_id) == silent(without, member.person_id)


@EXAMPLES
@given(worlds())
def test_silent_categories_are_never_signalled(world: World) -> None:
    for segment in decide(*world).segments:
        if not segment.permitted and segment.segment.category is Category.DOMESTIC_ABUSE:
            assert segment.withholding is Withholding.SILENT


@EXAMPLES
@given(worlds())
def test_the_reason_is_the_first_that_fails(world: World) -> None:
    decision, order = decide(*world), list(Reason)
    for segment in decision.segments:
        assert list(segment.failed) == sorted(segment.failed, key=order.index)
        assert segment.reason is (segment.failed[0] if segment.failed else Reason.PERMITTED)
    assert list(decision.failed) == sorted(decision.failed, key=order.index)


def test_the_worlds_reach_every_reason_a_segment_can_fail_for_and_many_permits() -> None:
    met = Counter(s.reason for seed in range(1500) for s in decide(*world(seed)).segments)
    unreached = {
        Reason.ROLE_NOT_ALLOWED,
        Reason.MINIMISED,
        Reason.RATE_LIMITED,
        Reason.NOT_FOUND,
    }
    assert set(Reason) - met.keys() == unreached
    assert met[Reason.PERMITTED] > 0.1 * met.total()


@EXAMPLES
@given(worlds())
def test_a_decision_is_repeatable(world: World) -> None:
    assert decide(*world) == decide(*world)
