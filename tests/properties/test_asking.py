"""Asking for an override, a claim or an act: no probe for data, refused wherever it could open nothing, never wider."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.policy.asking import for_act, for_claim, for_override
from governance.policy.checks import ROLES
from governance.policy.overrides import REASONS
from governance.policy.policy import decide
from governance.policy.request import Facts, Override, Request
from governance.terms import Action, Category, OverrideKind, OverrideReason, Reason
from tests.properties.worlds import world, worlds

World = tuple[Request, Facts]
EXAMPLES = settings(max_examples=200, deadline=None)
KINDS = st.sampled_from(OverrideKind)
NEVER = {
    Reason.LOG_UNAVAILABLE, Reason.NOT_AUTHENTICATED, Reason.ASSURANCE_TOO_LOW, Reason.ACCOUNT_SUSPENDED,
    Reason.NO_ROLE, Reason.ROLE_NOT_ALLOWED, Reason.TRAINING_LAPSED, Reason.PURPOSE_MISSING,
    Reason.PURPOSE_NOT_ALLOWED, Reason.SELF_OR_FAMILY, Reason.NOT_FOUND, Reason.OUT_OF_SCOPE, Reason.ERASED,
    Reason.HARD_BLOCK,
}  # fmt: skip
"""What stands in the way of a read as a whole and that nothing lifts."""


def read_only(made: World) -> World:
    request, facts = made
    return replace(request, action=Action.READ_FAMILY), facts


def overridden(made: World, kind: OverrideKind) -> World:
    """The same read with an override of this kind over everything, as it would be granted."""
    request, facts = made
    staff = facts.actor.staff_id if facts.actor else ""
    index = facts.members[0].person_id if facts.members else request.index
    reason = min(REASONS[kind])
    until = request.at + timedelta(hours=1)
    override = Override(
        "o" * 32, kind, index, staff, OverrideReason(reason), frozenset(Category), request.at, until, None, True
    )
    return request, replace(facts, overrides=(override,))


@EXAMPLES
@given(worlds(), KINDS)
def test_asking_never_depends_on_whether_data_exist(made: World, kind: OverrideKind) -> None:
    request, facts = read_only(made)
    bare = replace(facts, held=frozenset())
    assert for_override(request, facts, kind) == for_override(request, bare, kind)
    assert for_claim(request, facts) == for_claim(request, bare)


@EXAMPLES
@given(worlds(), KINDS)
def test_what_nothing_lifts_refuses_with_the_reason_of_a_read(made: World, kind: OverrideKind) -> None:
    request, facts = read_only(made)
    read, asked = decide(request, facts), for_override(request, facts, kind)
    standing = [reason for reason in read.failed if reason in NEVER]
    if standing and read.reason in NEVER:
        assert asked.reason in (read.reason, Reason.ROLE_NOT_ALLOWED, Reason.PURPOSE_NOT_ALLOWED)
    assert (asked.reason is Reason.PERMITTED) is (asked.failed == ())


@EXAMPLES
@given(worlds(), KINDS)
def test_whatever_an_override_opens_could_be_asked_for(made: World, kind: OverrideKind) -> None:
    request, facts = read_only(made)
    read = decide(*overridden((request, facts), kind))
    if any(segment.override for segment in read.permitted):
        assert for_override(request, facts, kind).reason is Reason.PERMITTED


@EXAMPLES
@given(worlds())
def test_a_claim_puts_aside_the_missing_relationship_and_nothing_else(made: World) -> None:
    request, facts = read_only(made)
    asked = for_claim(request, facts)
    left = set(for_act(request, facts).failed) - {Reason.NO_RELATIONSHIP, Reason.RELATIONSHIP_ENDED}
    barred = facts.actor is not None and facts.actor.role not in ROLES[Action.SEARCH]
    assert set(asked.failed) == left | ({Reason.ROLE_NOT_ALLOWED} if barred else set())


@EXAMPLES
@given(worlds(), KINDS)
def test_looking_at_too_much_stops_all_but_breaking_the_glass(made: World, kind: OverrideKind) -> None:
    request, facts = read_only(made)
    asked = for_override(request, replace(facts, over_limit=True, overrides=()), kind)
    spared = kind is OverrideKind.BREAK_GLASS
    assert (Reason.RATE_LIMITED in asked.failed) is not spared


@EXAMPLES
@given(worlds())
def test_being_over_the_limit_never_widens_a_read(made: World) -> None:
    request, facts = made
    before = {segment.segment for segment in decide(request, facts).permitted}
    after = decide(request, replace(facts, over_limit=True))
    assert {segment.segment for segment in after.permitted} <= before


def test_the_worlds_reach_grants_and_refusals_alike() -> None:
    seen = [for_override(*read_only(world(seed)), kind).reason for seed in range(400) for kind in OverrideKind]
    assert seen.count(Reason.PERMITTED) > 50
    assert {Reason.SELF_OR_FAMILY, Reason.NOT_FOUND, Reason.ERASED} <= set(seen)
