"""The decision: each check fails for its own reason, and the first is the reason told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from governance.agreements.flows import Standing
from governance.agreements.register import SHIPPED, shipped
from governance.policy.canonical import facts_digest
from governance.policy.checks import CHECKS, ORDER, PURPOSES, ROLES
from governance.policy.firewall import (
    ALL,
    FROM_OTHER_SIDE,
    PLACE_REVEALING,
    TO_OWN_SIDE,
    TO_WORKER_OF_OTHER,
    blocked,
    protected,
)
from governance.policy.policy import decide, listable, outward, silent, told, withheld
from governance.policy.request import Block, Facts, Member, RelationshipFact, Request
from governance.terms import (
    Action,
    Actor,
    AgreementStatus,
    BlockKind,
    Category,
    Outcome,
    Purpose,
    Reason,
    RelationshipKind,
    Role,
    Segment,
    SignerBasis,
    SubjectRole,
    WishAnswer,
    WishKind,
    Withholding,
)
from governance.wishes.wishes import Wish

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
ACTOR = Actor("hv", "ZCH", Role.HEALTH_VISITOR, "Team A", True, True, date(2027, 1, 1), True)
ADA = Member("ada", SubjectRole.CHILD, False, 3, False, True)
BEN = Member("ben", SubjectRole.SIBLING, False, 6, False, True)
MAIR = Member("mair", SubjectRole.MOTHER, False, 32, True, True)
TOM = Member("tom", SubjectRole.FATHER, False, 34, True, False)
CASELOAD = RelationshipFact("ada", RelationshipKind.CASELOAD, date(2026, 1, 1), None, NOW - timedelta(days=99), None)
STANDINGS = tuple(
    Standing(agreement, AgreementStatus.IN_FORCE, agreement.organisations) for agreement in map(shipped, SHIPPED)
)
READ = Request(Action.READ_FAMILY, "ada", Purpose.DIRECT_CARE, NOW)
FACTS = Facts(ACTOR, (ADA, BEN, MAIR, TOM), relationships=(CASELOAD,), standings=STANDINGS)
REFUGE = Block("ada", BlockKind.REFUGE, "tom", TODAY, None)


def reason(facts: Facts, request: Request = READ) -> Reason:
    return decide(request, facts).reason


def as_actor(**other: object) -> Facts:
    return replace(FACTS, actor=replace(ACTOR, **other))  # type: ignore[arg-type]


def related(**other: object) -> Facts:
    return replace(FACTS, relationships=(replace(CASELOAD, **other),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (FACTS, Reason.PERMITTED),
        (replace(FACTS, log_available=False), Reason.LOG_UNAVAILABLE),
        (replace(FACTS, actor=None), Reason.NOT_AUTHENTICATED),
        (as_actor(active=False), Reason.ACCOUNT_SUSPENDED),
        (as_actor(assured=False), Reason.ASSURANCE_TOO_LOW),
        (as_actor(role_held=False), Reason.NO_ROLE),
        (as_actor(role=Role.ANALYST), Reason.ROLE_NOT_ALLOWED),
        (as_actor(training_until=None), Reason.TRAINING_LAPSED),
        (as_actor(training_until=TODAY - timedelta(days=1)), Reason.TRAINING_LAPSED),
        (as_actor(training_until=TODAY), Reason.PERMITTED),
        (as_actor(role=Role.FAMILY_SUPPORT_WORKER), Reason.PURPOSE_NOT_ALLOWED),
        (replace(FACTS, declared=frozenset({"ben"})), Reason.SELF_OR_FAMILY),
        (replace(FACTS, declared=frozenset({"stranger"})), Reason.PERMITTED),
        (replace(FACTS, members=()), Reason.NOT_FOUND),
        (replace(FACTS, members=(replace(ADA, age=18),)), Reason.OUT_OF_SCOPE),
        (replace(FACTS, members=(replace(MAIR, subject=SubjectRole.MOTHER),)), Reason.OUT_OF_SCOPE),
        (replace(FACTS, erased=frozenset({"ada"})), Reason.ERASED),
        (replace(FACTS, relationships=()), Reason.NO_RELATIONSHIP),
        (related(person_id="tom"), Reason.NO_RELATIONSHIP),
        (related(person_id="ben"), Reason.NO_RELATIONSHIP),
        (related(until=TODAY), Reason.RELATIONSHIP_ENDED),
        (related(until=TODAY + timedelta(days=1)), Reason.PERMITTED),
        (related(ended_at=NOW), Reason.RELATIONSHIP_ENDED),
        (related(since=TODAY + timedelta(days=1)), Reason.NO_RELATIONSHIP),
        (related(kind=RelationshipKind.SELF_CLAIMED), Reason.PERMITTED),
        (replace(FACTS, standings=()), Reason.NO_AGREEMENT),
    ],
)
def test_each_check_fails_for_its_own_reason(facts: Facts, expected: Reason) -> None:
    assert reason(facts) is expected


def test_the_first_failing_check_is_the_reason_and_all_are_named() -> None:
    facts = replace(as_actor(active=False, training_until=None), relationships=(), declared=frozenset({"ada"}))
    decision = decide(replace(READ, purpose=None), facts)
    assert decision.failed == (
        Reason.ACCOUNT_SUSPENDED,
        Reason.TRAINING_LAPSED,
        Reason.PURPOSE_MISSING,
        Reason.SELF_OR_FAMILY,
        Reason.NO_RELATIONSHIP,
    )
    assert decision.outcome is Outcome.DENY
    assert not decision.permitted


def test_the_tables_name_every_action_and_role() -> None:
    assert set(CHECKS) == set(ROLES) == set(Action)
    assert set(PURPOSES) == set(Role)
    assert set(ORDER) == set(Reason)
    assert set(FROM_OTHER_SIDE) == set(TO_WORKER_OF_OTHER) == set(TO_OWN_SIDE) == set(BlockKind)


def test_a_self_claim_is_let_through_and_named() -> None:
    assert decide(READ, related(kind=RelationshipKind.SELF_CLAIMED)).relationship is RelationshipKind.SELF_CLAIMED


def test_the_strongest_open_relationship_is_named() -> None:
    claim = replace(CASELOAD, kind=RelationshipKind.SELF_CLAIMED)
    assert decide(READ, replace(FACTS, relationships=(claim, CASELOAD))).relationship is RelationshipKind.CASELOAD


def test_adults_are_shown_only_through_flows_that_name_them() -> None:
    for segment in decide(READ, FACTS).permitted:
        flows = {(s.agreement.code, f.no): f for s in STANDINGS for f in s.agreement.flows}
        assert segment.flow is not None
        flow = flows[segment.flow.agreement, segment.flow.flow]
        assert segment.segment.subject in flow.subjects
        assert segment.segment.category in flow.categories


def test_an_unknown_provider_is_unsigned_and_leaves_no_trace() -> None:
    held = Segment("ada", SubjectRole.CHILD, Category.HEALTH_VISITING, "somebody")
    decision = decide(READ, replace(FACTS, held=frozenset({held})))
    (found,) = [s for s in decision.segments if s.segment == held]
    assert (found.permitted, found.reason, found.withholding) == (
        False,
        Reason.PROVIDER_UNSIGNED,
        Withholding.SILENT,
    )
    assert told(decision, ACTOR.role) == told(decide(READ, FACTS), ACTOR.role)


def test_what_no_flow_offers_is_told_neither_by_sign_nor_by_count() -> None:
    held = Segment("ada", SubjectRole.CHILD, Category.ADULT_HEALTH, "ZMC")
    with_data = told(decide(READ, replace(FACTS, held=frozenset({held}))), ACTOR.role)
    assert with_data == told(decide(READ, FACTS), ACTOR.role)


def test_whoever_is_close_to_the_other_side_is_not_told_whose_child_it_is() -> None:
    near = replace(FACTS, declared=frozenset({"tom"}))
    assert reason(near) is Reason.SELF_OR_FAMILY
    for facts in (replace(near, blocks=(REFUGE,)), replace(near, blocks=(REFUGE,), members=(ADA, MAIR))):
        decision = decide(READ, facts)
        assert decision.reason is Reason.HARD_BLOCK
        assert told(decision, Role.HEALTH_VISITOR).reason is Reason.NOT_FOUND
        assert not listable(Request(Action.SEARCH, "ada", None, NOW), facts)
    unrelated = replace(near, blocks=(REFUGE,), relationships=())
    assert told(decide(READ, unrelated), Role.HEALTH_VISITOR).failed == (Reason.NO_RELATIONSHIP,)


def test_an_unborn_child_is_reached_only_as_index_or_through_its_mother() -> None:
    unborn = Member("bump", SubjectRole.CHILD, True, None, False, False, carried_by="mair")
    mother = replace(MAIR, with_index=True)
    direct = replace(FACTS, members=(unborn, mother), relationships=(replace(CASELOAD, person_id="bump"),))
    through = replace(FACTS, members=(mother, unborn), relationships=(replace(CASELOAD, person_id="mair"),))
    aside = replace(FACTS, members=(ADA, unborn, mother))
    assert "bump" in {s.segment.member for s in decide(READ, direct).permitted}
    assert "bump" in {s.segment.member for s in decide(READ, through).permitted}
    from_sibling = decide(READ, aside)
    assert {s.reason for s in from_sibling.segments if s.segment.member == "bump"} == {Reason.UNBORN}
    assert "bump" not in {s.segment.member for s in told(from_sibling, ACTOR.role).segments}


def test_the_mothers_worker_reaches_her_unborn_child() -> None:
    unborn = Member("bump", SubjectRole.CHILD, True, None, False, False, carried_by="mair")
    facts = replace(FACTS, members=(unborn, MAIR), relationships=(replace(CASELOAD, person_id="mair"),))
    assert reason(facts) is Reason.PERMITTED


def both_sides() -> Facts:
    other = replace(CASELOAD, person_id="tom")
    return replace(FACTS, relationships=(CASELOAD, other), blocks=(REFUGE,))


def test_a_refuge_closes_every_place_to_a_worker_of_the_other_side() -> None:
    closed = blocked(both_sides(), TODAY, NOW)
    assert closed == {"ada": PLACE_REVEALING, "ben": PLACE_REVEALING, "mair": PLACE_REVEALING, "tom": ALL}
    shown = {(s.segment.category, s.segment.source) for s in decide(READ, both_sides()).permitted}
    assert shown == {(c, "ZCH") for c in (Category.IDENTITY, Category.FAMILY, Category.BIRTH)}
    assert Reason.HARD_BLOCK not in {w.reason for w in withheld(decide(READ, both_sides()))}


def test_a_refuge_leaves_the_childs_own_worker_everything_but_the_other_person() -> None:
    facts = replace(FACTS, blocks=(REFUGE,))
    lost = {s.segment for s in decide(READ, FACTS).permitted} - {s.segment for s in decide(READ, facts).permitted}
    assert {segment.member for segment in lost} == {"tom"}


def test_from_the_other_side_protected_people_are_not_family() -> None:
    half = Member("half", SubjectRole.CHILD, False, 4, False, True)
    tom, ada = replace(TOM, with_index=True), replace(ADA, subject=SubjectRole.SIBLING, with_index=False)
    members = (half, ada, replace(MAIR, with_index=False), tom)
    facts = replace(FACTS, members=members, blocks=(REFUGE,), relationships=(replace(CASELOAD, person_id="half"),))
    assert {s.segment.member for s in decide(READ, facts).permitted} == {"half", "tom"}


def test_a_stale_household_does_not_put_the_other_side_inside() -> None:
    half = Member("half", SubjectRole.CHILD, False, 4, False, True)
    tom, ada = replace(TOM, with_index=True), replace(ADA, subject=SubjectRole.SIBLING)
    facts = replace(FACTS, members=(half, ada, tom), blocks=(REFUGE,))
    assert "half" not in protected(REFUGE, facts, TODAY)
    assert blocked(facts, TODAY, NOW)["ada"] == ALL


def test_who_fled_with_the_child_is_on_its_side_without_a_household_tie() -> None:
    mother = replace(MAIR, with_index=False)
    hers = replace(REFUGE, person_id="mair")
    alone = replace(FACTS, members=(ADA, mother, TOM), blocks=(hers,))
    together = replace(alone, blocks=(REFUGE, hers))
    assert "mair" not in {s.segment.member for s in decide(READ, alone).permitted}
    assert "mair" in {s.segment.member for s in decide(READ, together).permitted}


def test_an_adoption_closes_the_whole_read_to_a_worker_of_the_other_side() -> None:
    adoption = replace(REFUGE, kind=BlockKind.ADOPTION)
    decision = decide(READ, replace(both_sides(), blocks=(adoption,)))
    assert (decision.reason, decision.permitted) == (Reason.HARD_BLOCK, ())
    assert told(decision, ACTOR.role).reason is Reason.NOT_FOUND


def test_a_placed_childs_own_worker_still_sees_the_parent() -> None:
    placement = replace(REFUGE, kind=BlockKind.PLACEMENT)
    assert decide(READ, replace(FACTS, blocks=(placement,))).permitted == decide(READ, FACTS).permitted


def consented(*rows: tuple[str, WishAnswer]) -> set[Category]:
    charity = replace(ACTOR, organisation="ZFS", role=Role.CHARITY_WORKER)
    said = tuple(
        Wish(
            "ada", WishKind.CONSENT, answer, (scope,), "mother", "mair", SignerBasis.PARENTAL_RESPONSIBILITY,
            NOW - timedelta(days=9), None, NOW - timedelta(days=9), ordinal,
        )
        for ordinal, (scope, answer) in enumerate(rows)
    )  # fmt: skip
    facts = replace(FACTS, actor=charity, wishes=said)
    shown = decide(replace(READ, purpose=Purpose.EARLY_HELP), facts).permitted
    assert {s.segment.member for s in shown} <= {"ada"}
    return {s.segment.category for s in shown}


def test_who_it_is_about_goes_with_what_was_agreed_to_and_no_further() -> None:
    who = {Category.IDENTITY, Category.FAMILY}
    assert consented(("early_help", WishAnswer.GIVEN)) == {Category.EARLY_HELP} | who
    assert consented(("early_help", WishAnswer.GIVEN), ("identity", WishAnswer.REFUSED)) == {
        Category.EARLY_HELP,
        Category.FAMILY,
    }
    assert consented(("early_help", WishAnswer.GIVEN), ("early_help", WishAnswer.WITHDRAWN)) == set()
    assert consented(("attainment", WishAnswer.GIVEN)) == set()


def test_a_block_that_is_over_closes_nothing() -> None:
    over = replace(REFUGE, since=TODAY - timedelta(days=9), until=TODAY)
    assert decide(READ, replace(both_sides(), blocks=(over,))).permitted == decide(READ, FACTS).permitted


@pytest.mark.parametrize(
    ("inward", "role", "outside"),
    [
        (Reason.NOT_FOUND, Role.HEALTH_VISITOR, Reason.NOT_FOUND),
        (Reason.OUT_OF_SCOPE, Role.HEALTH_VISITOR, Reason.NOT_FOUND),
        (Reason.ERASED, Role.HEALTH_VISITOR, Reason.NOT_FOUND),
        (Reason.HARD_BLOCK, Role.HEALTH_VISITOR, Reason.NOT_FOUND),
        (Reason.NO_RELATIONSHIP, Role.HEALTH_VISITOR, Reason.NO_RELATIONSHIP),
        (Reason.NO_RELATIONSHIP, Role.ADULT_WORKER, Reason.NOT_FOUND),
        (Reason.RELATIONSHIP_ENDED, None, Reason.NOT_FOUND),
        (Reason.TRAINING_LAPSED, Role.ADULT_WORKER, Reason.TRAINING_LAPSED),
    ],
)
def test_what_would_reveal_a_record_reads_as_not_found(inward: Reason, role: Role | None, outside: Reason) -> None:
    assert outward(inward, role) is outside


def test_refusals_that_look_alike_are_equal_in_every_field() -> None:
    hidden = [
        replace(FACTS, members=()),
        replace(FACTS, members=(replace(ADA, age=30),)),
        replace(FACTS, erased=frozenset({"ada"})),
    ]
    assert len({told(decide(READ, facts), ACTOR.role) for facts in hidden}) == 1


def test_every_category_of_a_member_is_shown_signalled_or_silent() -> None:
    decision = told(decide(READ, FACTS), ACTOR.role)
    open_ones = {s.segment.category for s in decision.segments if s.segment.member == "ada"}
    assert set(silent(decision, "ada")) == set(Category) - open_ones
    assert Category.LOOKED_AFTER not in silent(decision, "ada")


def test_a_restricted_child_is_withheld_with_a_sign_except_in_silent_categories() -> None:
    suspended = tuple(replace(s, status=AgreementStatus.SUSPENDED) for s in STANDINGS[:1])
    decision = decide(READ, replace(FACTS, standings=(*suspended, *STANDINGS[1:])))
    signs = {w.category for w in withheld(decision) if w.member == "ada"}
    assert Category.CHILD_PROTECTION in signs
    assert not signs & {Category.DOMESTIC_ABUSE, Category.ADULT_HEALTH}


def test_search_lists_the_protected_only_to_those_who_have_to_do_with_them() -> None:
    search = replace(READ, action=Action.SEARCH, purpose=None)
    assert listable(search, replace(FACTS, relationships=()))
    assert not listable(search, replace(FACTS, relationships=(), blocks=(REFUGE,)))
    assert listable(search, replace(FACTS, blocks=(REFUGE,)))
    assert not listable(search, both_sides())
    assert not listable(search, replace(FACTS, declared=frozenset({"mair"})))


def test_the_same_facts_have_one_digest_and_any_change_another() -> None:
    assert facts_digest(READ, FACTS) == facts_digest(READ, replace(FACTS))
    assert facts_digest(READ, FACTS) != facts_digest(READ, replace(FACTS, declared=frozenset({"x"})))
    assert facts_digest(READ, FACTS) != facts_digest(replace(READ, purpose=None), FACTS)


def test_the_policy_hash_changes_with_the_agreements_in_force() -> None:
    fewer = decide(READ, replace(FACTS, standings=STANDINGS[:2]))
    assert fewer.policy_hash != decide(READ, FACTS).policy_hash
    lapsed = replace(STANDINGS[2], status=AgreementStatus.EXPIRED)
    assert decide(READ, replace(FACTS, standings=(*STANDINGS[:2], lapsed))).policy_hash == fewer.policy_hash
