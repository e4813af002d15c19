"""Who belongs to the family of one index child. Pure rules.

Invariants: the family is reached outwards (child → carers and holders of parental responsibility → their children) and
stops there; a foster placement, a contact, a partner, a shared household or a bare sibling claim makes nobody family;
an unborn child is reached only as the index or from its own mother; sealed ties are never used; the order of members
depends on the facts alone. Sources: Children Act 1989 s.2 and s.3 (a mother has parental
responsibility), Adoption and Children Act 2002 s.46 (an adopter has it).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from linkage.facts import PersonFact, TieFact, in_force
from linkage.rows import PersonId, Relation, Standing

CHILD = "child"
SIBLING = "sibling"
MOTHER = "mother"
FATHER = "father"
CARER = "carer"
OTHER_ADULT = "other_adult"
SUBJECTS = (CHILD, SIBLING, MOTHER, FATHER, CARER, OTHER_ADULT)
"""What a member is to the index child; the order in which members are listed (but the index always comes first)."""

PARENT_BY_KIND = frozenset({Relation.BIRTH_MOTHER, Relation.PARENT, Relation.ADOPTIVE_PARENT})
UPBRINGING = PARENT_BY_KIND | {Relation.CARER, Relation.PARENTAL_RESPONSIBILITY}
REACHING = UPBRINGING | {Relation.FOSTER_CARER}
RESPONSIBLE = frozenset({Relation.BIRTH_MOTHER, Relation.ADOPTIVE_PARENT, Relation.PARENTAL_RESPONSIBILITY})
PARENT_BY_SEX = {"female": MOTHER, "male": FATHER}

ADULT_YEARS = 18


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `relations` are the ties that join them to the index or, for a sibling, to the adults between."""

    person_id: PersonId
    subject: str
    relations: tuple[TieFact, ...]
    unborn: bool
    birth_month: str | None
    sex: str | None
    parental_responsibility: bool
    same_household: bool


@dataclass(frozen=True, slots=True)
class Family:
    """Index first, then siblings youngest first, then adults."""

    index: PersonId
    members: tuple[Member, ...]

    @property
    def person_ids(self) -> frozenset[PersonId]:
        return frozenset(m.person_id for m in self.members)

    def member(self, person_id: PersonId) -> Member | None:
        return next((m for m in self.members if m.person_id == person_id), None)


def family(index: PersonId, persons: Mapping[PersonId, PersonFact], ties: Sequence[TieFact], at: date) -> Family:
    """Return the family of `index` on the day `at`. Raises KeyError where `persons` lacks the index.

    An adult's own read is the adult alone, with her unborn children where she is pregnant.
    """
    usable = [t for t in ties if t.standing is not Standing.SEALED and t.person_a in persons and t.person_b in persons]
    current = [t for t in usable if in_force(t.since, t.until, at)]
    subjects = {index: _index_subject(persons[index], current, at)}
    if subjects[index] == CHILD:
        adults = _adults(index, persons, current)
        subjects |= _children(index, adults, persons, usable, current, at) | adults
    subjects |= dict.fromkeys(_own_unborn(index, persons, current), CHILD)
    members = [_member(p, s, index, subjects, persons, current) for p, s in subjects.items()]
    return Family(index, tuple(sorted(members, key=lambda m: _place(m, index))))


def is_adult(person: PersonFact, ties: Sequence[TieFact], at: date) -> bool:
    """Tell whether a person is 18 or older; without a birth month, whether ties name them only as somebody's carer."""
    if person.unborn:
        return False
    if person.birth_month is not None:
        return months_between(person.birth_month, at) >= ADULT_YEARS * 12
    raises = any(t.person_a == person.person_id and t.relation in REACHING for t in ties)
    raised = any(t.person_b == person.person_id and t.relation in REACHING for t in ties)
    return raises and not raised


def months_between(month: str, day: date) -> int:
    """Return the whole months from a YYYY-MM to the month of `day`; negative when that lies before."""
    return _month_number(day) - (int(month[:4]) * 12 + int(month[5:7]) - 1)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _index_subject(person: PersonFact, ties: Sequence[TieFact], at: date) -> str:
    if not is_adult(person, ties, at):
        return CHILD
    return MOTHER if any(is_mother(t, person.person_id) for t in ties) else OTHER_ADULT


def is_mother(tie: TieFact, person_id: PersonId) -> bool:
    """Tell whether a tie says that this person gave birth to its other end (or carries it)."""
    return tie.person_a == person_id and tie.relation is Relation.BIRTH_MOTHER


def _own_unborn(
    index: PersonId, persons: Mapping[PersonId, PersonFact], ties: Iterable[TieFact]
) -> frozenset[PersonId]:
    return frozenset(t.person_b for t in ties if is_mother(t, index) and persons[t.person_b].unborn)


def _adults(index: PersonId, persons: Mapping[PersonId, PersonFact], ties: Iterable[TieFact]) -> dict[PersonId, str]:
    relations: dict[PersonId, set[Relation]] = {}
    for tie in ties:
        reaches = tie.person_b == index and tie.person_a != index and tie.relation in REACHING
        if reaches and not persons[tie.person_a].unborn:
            relations.setdefault(tie.person_a, set()).add(tie.relation)
    return {adult: _adult_subject(persons[adult], kinds) for adult, kinds in relations.items()}


def _adult_subject(person: PersonFact, kinds: Collection[Relation]) -> str:
    if Relation.BIRTH_MOTHER in kinds:
        return MOTHER
    if PARENT_BY_KIND.isdisjoint(kinds):
        return CARER
    return PARENT_BY_SEX.get(person.sex or "", CARER)


def _children(
    index: PersonId,
    adults: Collection[PersonId],
    persons: Mapping[PersonId, PersonFact],
    usable: Sequence[TieFact],
    current: Sequence[TieFact],
    at: date,
) -> dict[PersonId, str]:
    """Return the adults' other children. Who was ever fostered by an adult is theirs only as a parent's own child."""
    fostered = {(t.person_a, t.person_b) for t in usable if t.relation is Relation.FOSTER_CARER}
    own = {(t.person_a, t.person_b) for t in current if _brings_up(t, fostered)}
    between = {adult for adult in adults if (adult, index) in own}
    reached = {child for adult, child in own if adult in between and child != index}
    return {c: OTHER_ADULT if is_adult(persons[c], current, at) else SIBLING for c in reached if not persons[c].unborn}


def _brings_up(tie: TieFact, fostered: Collection[tuple[PersonId, PersonId]]) -> bool:
    if (tie.person_a, tie.person_b) in fostered:
        return tie.relation in PARENT_BY_KIND
    return tie.relation in UPBRINGING


def _member(
    person_id: PersonId,
    subject: str,
    index: PersonId,
    subjects: Mapping[PersonId, str],
    persons: Mapping[PersonId, PersonFact],
    ties: Sequence[TieFact],
) -> Member:
    person = persons[person_id]
    relations = tuple(sorted((t for t in ties if _joins(t, person_id, index, subjects)), key=_tie_key))
    to_index = [t for t in relations if {t.person_a, t.person_b} == {person_id, index}]
    return Member(
        person_id,
        subject,
        relations,
        person.unborn,
        person.birth_month,
        person.sex,
        any(t.person_a == person_id and t.relation in RESPONSIBLE for t in to_index),
        person_id == index or any(t.relation is Relation.HOUSEHOLD for t in to_index),
    )


def _joins(tie: TieFact, person_id: PersonId, index: PersonId, subjects: Mapping[PersonId, str]) -> bool:
    """A member's ties: to the index, and down from the adults between; the index's own are shown with the others."""
    if person_id == index or person_id not in (tie.person_a, tie.person_b):
        return False
    other = tie.person_b if tie.person_a == person_id else tie.person_a
    return other == index or (tie.person_b == person_id and other in subjects and tie.relation in UPBRINGING)


def _tie_key(tie: TieFact) -> tuple[str, ...]:
    ends = (tie.person_a, tie.person_b, tie.provider, tie.dataset)
    return (tie.relation, *ends, str(tie.since), str(tie.until), tie.standing)


def _place(member: Member, index: PersonId) -> tuple[bool, int, int, PersonId]:
    youth = 0 if member.birth_month is None else -int(member.birth_month.replace("-", ""))
    return (member.person_id != index, SUBJECTS.index(member.subject), youth, member.person_id)
