"""An override lifts what its kind lifts, for its worker, child, categories and while; anything else lifts nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from governance.agreements.flows import Standing
from governance.agreements.register import SHIPPED, shipped
from governance.policy.canonical import facts_digest
from governance.policy.overrides import ADULTS_OWN, LIFTS, LONGEST, MAY, REASONS
from governance.policy.policy import PURPOSES, ROLES, decide, told
from governance.policy.request import Block, Facts, Member, Override, RelationshipFact, Request
from governance.terms import (
    Action,
    Actor,
    AgreementStatus,
    BlockKind,
    Category,
    Outcome,
    OverrideKind,
    OverrideReason,
    Purpose,
    Reason,
    RelationshipKind,
    Role,
    Segment,
    SegmentDecision,
    SubjectRole,
    WishAnswer,
    WishKind,
)
from governance.wishes.wishes import Wish

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACTOR = Actor("sw", "ZMC", Role.SOCIAL_WORKER, None, True, True, date(2027, 1, 1), True)
ADA = Member("ada", SubjectRole.CHILD, False, 3, False, True)
MAIR = Member("mair", SubjectRole.MOTHER, False, 32, True, True)
STANDINGS = tuple(
    Standing(agreement, AgreementStatus.IN_FORCE, agreement.organisations) for agreement in map(shipped, SHIPPED)
)
ASKED = frozenset(Category) - {Category.ADULT_HEALTH}
GLASS = Override(
    "o1", OverrideKind.BREAK_GLASS, "ada", "sw", OverrideReason.IMMEDIATE_DANGER, ASKED, NOW - HOUR, NOW + HOUR,
    None, False,
)  # fmt: skip
ORDER = replace(
    GLASS, kind=OverrideKind.COURT_ORDER, reason=OverrideReason.ORDER_OF_COURT, document=True,
    expires_at=NOW + timedelta(days=90),
)  # fmt: skip
READ = Request(Action.READ_FAMILY, "ada", Purpose.SAFEGUARDING, NOW)
BIRTH = Segment("ada", SubjectRole.CHILD, Category.BIRTH, "ZMH")
GP = Segment("ada", SubjectRole.CHILD, Category.PRIMARY_CARE, "ZNF")
HER_GP = Segment("mair", SubjectRole.MOTHER, Category.PRIMARY_CARE, "ZNF")
STRANGER = Facts(ACTOR, (ADA, MAIR), held=frozenset({BIRTH, GP, HER_GP}), standings=STANDINGS)


def under(*overrides: Override, **other: object) -> Facts:
    return replace(STRANGER, overrides=overrides, **other)  # type: ignore[arg-type]


def segment(facts: Facts, wanted: Segment = GP, request: Request = READ) -> SegmentDecision:
    return next(s for s in decide(request, facts).segments if s.segment == wanted)


def test_without_an_override_a_stranger_sees_nothing() -> None:
    assert decide(READ, STRANGER).reason is Reason.NO_RELATIONSHIP


@pytest.mark.parametrize("override", [GLASS, ORDER, replace(GLASS, kind=OverrideKind.SAFEGUARDING)])
def test_an_override_opens_what_is_held_though_no_flow_covers_it(override: Override) -> None:
    decision, found = decide(READ, under(override)), segment(under(override))
    assert decision.reason is Reason.PERMITTED
    assert (decision.failed, decision.override) == ((), "o1")
    assert (found.permitted, found.reason, found.failed) == (True, Reason.PERMITTED, ())
    assert found.lifted == (Reason.NO_RELATIONSHIP, Reason.NO_AGREEMENT)
    assert (found.override, found.flow, found.basis) == ("o1", None, None)
    assert found in told(decision, ACTOR.role).segments


def test_where_only_the_relationship_was_missing_the_flow_is_still_named() -> None:
    lifted = [s for s in decide(READ, under(GLASS)).permitted if s.lifted == (Reason.NO_RELATIONSHIP,)]
    assert lifted
    assert all(s.flow is not None and s.basis is not None for s in lifted)


@pytest.mark.parametrize(
    "override",
    [
        replace(GLASS, staff_id="somebody"),
        replace(GLASS, person_id="mair"),
        replace(GLASS, ended_at=NOW),
        replace(GLASS, granted_at=NOW + timedelta(seconds=1), expires_at=NOW + HOUR),
        replace(GLASS, expires_at=NOW),
        replace(GLASS, granted_at=NOW - HOUR, expires_at=NOW + 3 * HOUR + timedelta(seconds=1)),
        replace(GLASS, kind=OverrideKind.SAFEGUARDING, expires_at=NOW + 24 * HOUR),
        replace(GLASS, reason=OverrideReason.ORDER_OF_COURT),
        replace(ORDER, document=False),
        replace(GLASS, categories=frozenset()),
    ],
)
def test_one_that_is_not_its_own_or_not_now_or_too_long_lifts_nothing(override: Override) -> None:
    assert decide(READ, under(override)) == decide(READ, STRANGER)


@pytest.mark.parametrize("ended", [None, NOW + timedelta(seconds=1)])
def test_one_lasts_to_its_very_end(ended: datetime | None) -> None:
    longest = replace(GLASS, granted_at=NOW - 4 * HOUR + timedelta(seconds=1), expires_at=NOW + timedelta(seconds=1))
    assert segment(under(replace(longest, ended_at=ended))).permitted


def test_only_the_categories_asked_for_are_opened() -> None:
    decision = decide(READ, under(replace(GLASS, categories=frozenset({Category.BIRTH}))))
    assert {s.segment.category for s in decision.permitted} == {Category.BIRTH}
    others = [s for s in decision.segments if not s.permitted]
    assert all(Reason.NO_RELATIONSHIP in s.failed and not s.lifted and s.override is None for s in others)


def test_a_parents_own_health_is_opened_only_when_it_is_named_itself() -> None:
    assert segment(under(GLASS), GP).permitted
    assert not segment(under(GLASS), HER_GP).permitted
    assert segment(under(replace(GLASS, categories=frozenset(Category))), HER_GP).permitted
    assert not ADULTS_OWN & {Category.ADULT_HEALTH}


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"log_available": False}, Reason.LOG_UNAVAILABLE),
        ({"actor": replace(ACTOR, active=False)}, Reason.ACCOUNT_SUSPENDED),
        ({"actor": replace(ACTOR, role_held=False)}, Reason.NO_ROLE),
        ({"actor": replace(ACTOR, training_until=None)}, Reason.TRAINING_LAPSED),
        ({"declared": frozenset({"mair"})}, Reason.SELF_OR_FAMILY),
        ({"members": ()}, Reason.NOT_FOUND),
        ({"members": (replace(ADA, age=18),)}, Reason.OUT_OF_SCOPE),
        ({"erased": frozenset({"ada"})}, Reason.ERASED),
        ({"blocks": (Block("mair", BlockKind.ADOPTION, "ada", date(2026, 1, 1), None),)}, Reason.NO_RELATIONSHIP),
    ],
)
def test_what_protects_most_is_never_lifted(other: dict[str, object], reason: Reason) -> None:
    decision = decide(READ, under(GLASS, **other))
    if "blocks" not in other:
        assert (decision.outcome, decision.permitted) == (Outcome.DENY, ())
    assert decision.reason is reason or not [s for s in decision.permitted if s.segment.member == "mair"]


def test_a_firewall_keeps_what_it_hides_from_an_override() -> None:
    block = Block("mair", BlockKind.REFUGE, "ada", date(2026, 1, 1), None)
    decision = decide(READ, under(replace(GLASS, categories=frozenset(Category)), blocks=(block,)))
    assert not [s for s in decision.permitted if s.segment.member == "mair"]


def test_an_unsigned_provider_is_not_opened() -> None:
    unknown = replace(GP, source="somebody")
    decided = segment(under(GLASS, held=frozenset({unknown})), unknown)
    assert decided.failed == (Reason.NO_RELATIONSHIP, Reason.PROVIDER_UNSIGNED)


@pytest.mark.parametrize(
    ("kind", "role", "purpose", "reason", "opens"),
    [
        (OverrideKind.BREAK_GLASS, Role.HEALTH_VISITOR, Purpose.DIRECT_CARE, OverrideReason.MEDICAL_EMERGENCY, True),
        (OverrideKind.SAFEGUARDING, Role.HEALTH_VISITOR, Purpose.DIRECT_CARE, OverrideReason.MISSING_CHILD, False),
        (OverrideKind.BREAK_GLASS, Role.SOCIAL_WORKER, Purpose.EARLY_HELP, OverrideReason.IMMEDIATE_DANGER, False),
        (OverrideKind.BREAK_GLASS, Role.SCHOOL_LEAD, Purpose.SAFEGUARDING, OverrideReason.IMMEDIATE_DANGER, False),
        (OverrideKind.SAFEGUARDING, Role.SCHOOL_LEAD, Purpose.SAFEGUARDING, OverrideReason.IMMEDIATE_DANGER, True),
        (OverrideKind.SAFEGUARDING, Role.ADULT_WORKER, Purpose.SAFEGUARDING, OverrideReason.IMMEDIATE_DANGER, False),
        (OverrideKind.BREAK_GLASS, Role.CHARITY_WORKER, Purpose.SAFEGUARDING, OverrideReason.IMMEDIATE_DANGER, False),
    ],
)
def test_who_may_override_for_what_is_a_table(
    kind: OverrideKind, role: Role, purpose: Purpose, reason: OverrideReason, opens: bool
) -> None:
    asked = replace(GLASS, kind=kind, reason=reason)
    facts = under(asked, actor=replace(ACTOR, role=role))
    assert (decide(replace(READ, purpose=purpose), facts).reason is Reason.PERMITTED) is opens


def test_rights_and_consent_give_way_and_are_named() -> None:
    caseload = RelationshipFact("ada", RelationshipKind.CASELOAD, date(2026, 1, 1), None, NOW - 99 * HOUR, None)
    restricted = Wish(
        "ada", WishKind.OBJECTION, WishAnswer.MADE, ("*",), "mother", None, None, NOW - HOUR, None, NOW - HOUR, 1
    )
    facts = replace(STRANGER, relationships=(caseload,), wishes=(restricted,), held=frozenset())
    refused = {s.segment for s in decide(READ, facts).segments if s.failed == (Reason.OBJECTION,)}
    assert refused
    opened = decide(READ, replace(facts, overrides=(replace(GLASS, categories=frozenset(Category)),)))
    lifted = {s.segment for s in opened.permitted if s.lifted == (Reason.OBJECTION,)}
    assert lifted == refused
    assert opened.relationship is RelationshipKind.CASELOAD


def test_the_first_that_lifts_everything_is_used() -> None:
    narrow = replace(GLASS, id="o0", categories=frozenset({Category.BIRTH}))
    decision = decide(READ, under(GLASS, narrow))
    used = {s.override: {t.segment.category for t in decision.permitted if t.override == s.override}
            for s in decision.permitted}  # fmt: skip
    assert used["o0"] == {Category.BIRTH}
    assert Category.PRIMARY_CARE in used["o1"]
    assert decision.override == "o0"


def test_the_tables_name_every_kind_and_only_roles_and_purposes_that_read() -> None:
    assert set(LIFTS) == set(MAY) == set(REASONS) == set(LONGEST) == set(OverrideKind)
    assert frozenset().union(*REASONS.values()) == set(OverrideReason)
    for allowed in MAY.values():
        assert set(allowed) <= ROLES[Action.SEARCH]
        assert all(purposes <= PURPOSES[role] for role, purposes in allowed.items())


NEVER = (
    *list(Reason)[: list(Reason).index(Reason.NO_RELATIONSHIP)],
    Reason.PROVIDER_UNSIGNED, Reason.NO_GATEWAY, Reason.HARD_BLOCK, Reason.UNBORN, Reason.MINIMISED,
    Reason.RATE_LIMITED,
)  # fmt: skip


def test_every_reason_is_either_lifted_or_never() -> None:
    for lifted in LIFTS.values():
        assert set(Reason) - lifted == set(NEVER)


def test_the_digest_of_the_facts_covers_overrides() -> None:
    assert facts_digest(READ, under(GLASS)) != facts_digest(READ, under(replace(GLASS, ended_at=NOW)))
