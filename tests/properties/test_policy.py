"""What must hold of every decision, and that a page of plain conditions agrees with each."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.policy.policy import decide, silent, told
from governance.policy.request import Facts, Override, Request
from governance.terms import (
    Category,
    OverrideKind,
    OverrideReason,
    Reason,
    Segment,
    WishAnswer,
    WishKind,
    Withholding,
)
from tests.properties import agreement, naive_policy
from tests.properties.worlds import CATEGORIES, NOW, SHARED, shipped_world, wish_from, world, worlds

World = tuple[Request, Facts]
TIGHTENING = {
    WishKind.CONSENT: (WishAnswer.WITHDRAWN, WishAnswer.REFUSED),
    WishKind.OBJECTION: (WishAnswer.MADE, WishAnswer.UPHELD),
    WishKind.RESTRICTION: (WishAnswer.MADE,),
}
SPREAD = [SHARED * partnership + number for partnership in range(20) for number in range(10)]
EXAMPLES = settings(max_examples=200, deadline=None)


def permitted(world: World) -> frozenset[Segment]:
    return frozenset(s.segment for s in decide(*world).permitted)


@settings(max_examples=400, deadline=None)
@given(worlds())
def test_plain_conditions_agree_with_every_decision_and_every_reason(world: World) -> None:
    assert agreement.ours(*world) == naive_policy.judged(*world)
    assert agreement.refused(*world) == naive_policy.refusals(*world)


def test_three_evaluators_agree_on_every_decision_and_every_reason() -> None:
    found = agreement.compared(SPREAD)
    assert found.mismatched == ()
    assert found.segments > 1500
    assert {"permitted", "lifted", "no_agreement", "consent_unknown", "hard_block"} <= found.met.keys()


def test_they_agree_under_the_documents_that_ship() -> None:
    found = agreement.compared(range(15), made=shipped_world)
    assert found.mismatched == ()
    assert found.opened > 0


def test_an_evaluator_that_errs_is_noticed() -> None:
    _, facts = next(made for made in map(world, range(50)) if decide(*made).permitted)
    unsigned = tuple(replace(standing, signed_by=frozenset[str]()) for standing in facts.standings)
    assert agreement.compared(range(50), [unsigned]).mismatched


@EXAMPLES
@given(worlds())
def test_no_permit_without_a_live_flow_signed_by_both_ends_or_a_valid_override(world: World) -> None:
    request, facts = world
    by_code = {(s.agreement.code, s.agreement.version): s for s in facts.standings}
    for segment in decide(request, facts).permitted:
        if segment.override is not None:
            assert segment.override in {o.id for o in facts.overrides if naive_policy.stands(o, request, facts)}
            assert segment.lifted
            continue
        assert segment.flow is not None
        assert facts.actor is not None
        standing = by_code[segment.flow.agreement, segment.flow.version]
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
        certain = replace(facts, declared=frozenset({own}), overrides=(*facts.overrides, _valid(request, facts)))
        assert permitted((request, certain)) == frozenset()


def _valid(request: Request, facts: Facts) -> Override:
    """The widest override there is for this worker and child."""
    return Override(
        id="widest",
        kind=OverrideKind.BREAK_GLASS,
        person_id=facts.members[0].person_id,
        staff_id=facts.actor.staff_id if facts.actor else "",
        reason=OverrideReason.IMMEDIATE_DANGER,
        categories=frozenset(Category),
        granted_at=request.at,
        expires_at=request.at + timedelta(hours=4),
        ended_at=None,
        document=True,
    )


@EXAMPLES
@given(worlds())
def test_an_override_only_widens_and_never_what_protects_most(world: World) -> None:
    request, facts = world
    if facts.members:
        decision = decide(request, replace(facts, overrides=(_valid(request, facts),)))
        assert permitted((request, replace(facts, overrides=()))) <= {s.segment for s in decision.permitted}
        assert all(set(map(str, s.lifted)) <= naive_policy.LIFTABLE for s in decision.permitted)


@EXAMPLES
@given(worlds(), st.data())
def test_taking_an_override_away_never_widens(world: World, data: st.DataObject) -> None:
    request, facts = world
    if facts.overrides:
        gone = data.draw(st.sampled_from(facts.overrides))
        left = tuple(o for o in facts.overrides if o != gone)
        assert permitted((request, replace(facts, overrides=left))) <= permitted(world)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_what_is_told_never_depends_on_whether_data_exist(world: World, data: st.DataObject) -> None:
    request, facts = world
    facts = replace(facts, overrides=())
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
    decisions = [decide(*world(seed)) for seed in range(0, 20_000, 13)]
    met = Counter(reason for d in decisions for s in d.segments for reason in s.failed or [s.reason])
    lifted = Counter(reason for d in decisions for s in d.permitted for reason in s.lifted)
    whole = {reason for d in decisions for reason in d.failed}
    assert set(Reason) - met.keys() - whole == {Reason.MINIMISED}
    assert len(naive_policy.LIFTABLE - set(map(str, lifted))) <= 2
    assert sum(len(d.permitted) for d in decisions) > 0.1 * sum(len(d.segments) for d in decisions)


@EXAMPLES
@given(worlds())
def test_a_decision_is_repeatable(world: World) -> None:
    assert decide(*world) == decide(*world)
