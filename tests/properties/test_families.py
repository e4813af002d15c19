"""Families on generated ties: reached outwards, and there it stops."""

from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from governance.terms import SubjectRole
from linkage.facts import PersonFact, TieFact
from linkage.kin.families import SUBJECTS, Family, family
from linkage.rows import PersonId, Relation, Standing

AT = date(2026, 11, 22)
NAMES = [PersonId(name) for name in "abcdefg"]
PARENTS = {Relation.BIRTH_MOTHER, Relation.PARENT, Relation.ADOPTIVE_PARENT}
RAISING = PARENTS | {Relation.CARER, Relation.PARENTAL_RESPONSIBILITY}

persons = st.fixed_dictionaries(
    {
        name: st.one_of(
            st.just(PersonFact(name, True, None, None)),
            st.builds(
                PersonFact,
                st.just(name),
                st.just(False),
                st.sampled_from(["2020-01", "2024-06", "1990-01", "1988-02", None]),
                st.sampled_from(["female", "male", None]),
            ),
        )
        for name in NAMES
    }
)
days = st.sampled_from([None, None, None, date(2025, 1, 1), AT, date(2027, 1, 1)])
ties = st.lists(
    st.builds(
        TieFact,
        st.sampled_from(NAMES),
        st.sampled_from(Relation),
        st.sampled_from(NAMES),
        st.just("ZMH"),
        st.just("births"),
        st.sampled_from([*Standing, Standing.CONFIRMED, Standing.CONFIRMED]),
        days,
        days,
    ),
    max_size=12,
)
People = dict[PersonId, PersonFact]


def open_ties(said: list[TieFact]) -> list[TieFact]:
    return [
        t
        for t in said
        if t.standing is not Standing.SEALED
        and (t.since is None or t.since <= AT)
        and (t.until is None or t.until > AT)
    ]


def as_child(people: People, index: PersonId) -> bool:
    born = people[index].birth_month
    assume(people[index].unborn or born is not None)
    return people[index].unborn or born in ("2020-01", "2024-06")


def expected(people: People, said: list[TieFact], index: PersonId) -> set[PersonId]:
    """The oracle: the sentence of the design, walked step by step over plain sets."""
    now = open_ties(said)
    ever_fostered = {
        (t.person_a, t.person_b)
        for t in said
        if t.relation is Relation.FOSTER_CARER and t.standing is not Standing.SEALED
    }
    reached = {index}
    if as_child(people, index):
        for t in now:
            adult = t.person_a
            if t.person_b == index and adult != index and not people[adult].unborn:
                if t.relation in RAISING or t.relation is Relation.FOSTER_CARER:
                    reached.add(adult)
                allowed = PARENTS if (adult, index) in ever_fostered else RAISING
                if t.relation in allowed:
                    for u in now:
                        pair = (u.person_a, u.person_b)
                        kinds = PARENTS if pair in ever_fostered else RAISING
                        if u.person_a == adult and u.relation in kinds and not people[u.person_b].unborn:
                            reached.add(u.person_b)
    for t in now:
        if t.person_a == index and t.relation is Relation.BIRTH_MOTHER and people[t.person_b].unborn:
            reached.add(t.person_b)
    return reached


def ids(of: Family) -> list[PersonId]:
    return [m.person_id for m in of.members]


@given(persons, ties, st.sampled_from(NAMES))
def test_the_family_is_exactly_who_the_words_of_the_design_reach(
    people: People, said: list[TieFact], index: PersonId
) -> None:
    got = family(index, people, said, AT)
    assert set(ids(got)) == expected(people, said, index)
    assert len(ids(got)) == len(set(ids(got)))


@given(persons, ties, st.sampled_from(NAMES), st.randoms(use_true_random=False))
def test_the_order_of_members_depends_on_the_facts_alone(
    people: People, said: list[TieFact], index: PersonId, order: object
) -> None:
    shuffled = list(said)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    got = family(index, people, said, AT)
    assert got == family(index, people, shuffled, AT)
    assert got.members[0].person_id == index


@given(persons, ties, st.sampled_from(NAMES))
def test_an_unborn_child_is_the_index_or_the_indexs_own(people: People, said: list[TieFact], index: PersonId) -> None:
    for member in family(index, people, said, AT).members:
        if member.unborn and member.person_id != index:
            own = [t for t in open_ties(said) if t.person_a == index and t.person_b == member.person_id]
            assert any(t.relation is Relation.BIRTH_MOTHER for t in own)


@given(persons, ties, st.sampled_from(NAMES))
def test_siblings_come_youngest_first_and_before_adults(people: People, said: list[TieFact], index: PersonId) -> None:
    rest = family(index, people, said, AT).members[1:]
    ranks = [SUBJECTS.index(m.subject) for m in rest]
    assert ranks == sorted(ranks)
    months = [m.birth_month for m in rest if m.subject == "sibling" and m.birth_month]
    assert months == sorted(months, reverse=True)


@given(persons, ties, st.sampled_from(NAMES))
def test_sealed_ties_leave_no_trace(people: People, said: list[TieFact], index: PersonId) -> None:
    without = [t for t in said if t.standing is not Standing.SEALED]
    assert family(index, people, said, AT) == family(index, people, without, AT)


def test_subjects_are_the_words_of_governance() -> None:
    assert sorted(SUBJECTS) == sorted(SubjectRole)
