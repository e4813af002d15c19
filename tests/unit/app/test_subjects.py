"""A family as a permit leaves it: nothing that only a tie of another provider says."""

from datetime import UTC, date, datetime

from app.subjects import narrowed, policy_members
from governance.policy.request import Facts
from governance.terms import (
    Category,
    Decision,
    Outcome,
    Reason,
    Segment,
    SegmentDecision,
    SubjectRole,
    Withholding,
)
from linkage.facts import PersonFact, TieFact
from linkage.kin.families import Family, family
from linkage.rows import PersonId, Relation, Standing

CHILD, FATHER, BROTHER = PersonId("child"), PersonId("father"), PersonId("brother")
PERSONS = {
    CHILD: PersonFact(CHILD, False, "2024-06", None),
    FATHER: PersonFact(FATHER, False, "1990-05", "male"),
    BROTHER: PersonFact(BROTHER, False, "2020-01", "male"),
}


def tie(a: PersonId, relation: Relation, b: PersonId, provider: str) -> TieFact:
    return TieFact(a, relation, b, provider, "any", Standing.CONFIRMED, None, None)


TIES = [
    tie(FATHER, Relation.PARENT, CHILD, "ZMH"),
    tie(FATHER, Relation.PARENT, BROTHER, "ZMH"),
    tie(FATHER, Relation.PARENTAL_RESPONSIBILITY, CHILD, "ZMC"),
    tie(FATHER, Relation.HOUSEHOLD, CHILD, "ZMC"),
]


def shown(*permitted: tuple[PersonId, SubjectRole, Category, str]) -> Family:
    segments = tuple(
        SegmentDecision(Segment(*segment), True, Reason.PERMITTED, (), None, Withholding.SIGNALLED)
        for segment in permitted
    )
    at = datetime(2026, 11, 22, tzinfo=UTC)
    decision = Decision(Outcome.PARTIAL, Reason.PERMITTED, (), segments, None, "0", at)
    return narrowed(family(CHILD, PERSONS, TIES, date(2026, 11, 22)), decision)


def test_a_shared_household_and_responsibility_are_told_only_by_who_says_so() -> None:
    for source, told in (("ZMH", False), ("ZMC", True)):
        father = shown((FATHER, SubjectRole.FATHER, Category.FAMILY, source)).member(FATHER)
        assert father is not None
        assert (father.same_household, father.parental_responsibility) == (told, told)


def test_a_tie_tells_no_month_of_birth() -> None:
    tied = (BROTHER, SubjectRole.SIBLING, Category.FAMILY, "ZMH")
    named = (BROTHER, SubjectRole.SIBLING, Category.IDENTITY, "ZMH")
    unknown, known = shown(tied).member(BROTHER), shown(tied, named).member(BROTHER)
    assert unknown is not None
    assert known is not None
    assert (unknown.birth_month, known.birth_month) == (None, "2020-01")


def test_responsibility_for_one_child_is_none_for_another() -> None:
    ties = [*TIES, tie(FATHER, Relation.PARENTAL_RESPONSIBILITY, BROTHER, "ZMC")]
    for held, holders in ((TIES, frozenset()), (ties, frozenset({"father"}))):
        members = policy_members(family(CHILD, PERSONS, held, date(2026, 11, 22)), date(2026, 11, 22))
        facts = Facts(actor=None, members=members)
        found = {member.person_id: facts.holders(member) for member in members}
        assert found == {"child": frozenset({"father"}), "brother": holders, "father": frozenset()}
