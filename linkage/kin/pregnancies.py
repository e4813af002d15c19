"""Which pregnancy a maternity event or involvement belongs to, and so in which family it may stand. Pure rules.

Invariants: an event of another pregnancy never stands in a child's family; a loss stands only in the read of the child
who was lost or of the mother; a recorded loss can hide rows and never show one. The unborn child is the
mother's data, never reachable through a partner, sibling or household.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from linkage.facts import EventRow, InvolvementRow, PersonFact
from linkage.kin.families import CHILD, FATHER, MOTHER, SIBLING, Family, Member, is_mother, months_between
from linkage.rows import PersonId, Relation

PREGNANCY_MONTHS = 10
AFTER_BIRTH_MONTHS = 2
BEFORE_BIRTH_TYPES = frozenset({"pregnancy_booking", "antenatal_contact", "antenatal_visit"})
LOSS = "pregnancy_loss"
PREGNANCY_CATEGORIES = frozenset({"maternity", "birth"})
HEALTH_VISITING = "health_visiting"


def pregnancy_of(event: EventRow, index: PersonFact, twins: Collection[PersonId] = ()) -> bool:
    """Tell whether a maternity event belongs to the pregnancy that `index` was born of (or, unborn, is).

    `twins` are the persons born of that same pregnancy. A loss is nobody else's, so it must name the index; anything
    else that names nobody, or an unborn child never joined to a birth, must fall inside the pregnancy by its date.
    """
    if event.about_person_id == index.person_id or event.person_id == index.person_id:
        return True
    if event.type == LOSS:
        return False
    if event.about_person_id in twins and event.about_person_id is not None:
        return event.category == "maternity"
    if event.about_person_id is not None and not event.about_unborn:
        return False
    return _inside_pregnancy(event.occurred_on, event.type in BEFORE_BIRTH_TYPES, index)


def _inside_pregnancy(day: date, before_birth: bool, index: PersonFact) -> bool:
    if index.birth_month is None:
        return False
    after = months_between(index.birth_month, day)
    return -PREGNANCY_MONTHS <= after <= (0 if before_birth else AFTER_BIRTH_MONTHS)


def keep_events(rows: Iterable[EventRow], of: Family, losses: Sequence[EventRow]) -> list[EventRow]:
    """Keep what may stand in this family: nothing of another pregnancy, nothing of one that was lost.

    `losses` are all losses recorded for the members, also those that may not be shown: they are used only to hide.
    """
    return [row for row in rows if _event_stands(row, of, losses)]


def _event_stands(row: EventRow, of: Family, losses: Sequence[EventRow]) -> bool:
    member = of.member(row.person_id)
    if member is None:
        return False
    if row.person_id == of.index or member.subject == CHILD or not _of_a_pregnancy(row, member):
        return True
    if row.about_person_id == of.index:
        return True
    index = _index_fact(of)
    return _bore(member, of.index) and pregnancy_of(row, index, _twins(of)) and not _of_a_loss(row, index, losses)


def _of_a_pregnancy(row: EventRow, member: Member) -> bool:
    if row.type == LOSS or row.about_unborn or row.type in BEFORE_BIRTH_TYPES:
        return True
    return row.category in PREGNANCY_CATEGORIES and member.subject != SIBLING


def _bore(member: Member, index: PersonId) -> bool:
    return any(is_mother(t, member.person_id) and t.person_b == index for t in member.relations)


def _of_a_loss(row: EventRow, index: PersonFact, losses: Sequence[EventRow]) -> bool:
    if row.about_person_id is not None and any(x.about_person_id == row.about_person_id for x in losses):
        return True
    return _before_a_loss(row.person_id, row.occurred_on, index, losses)


def _before_a_loss(mother: PersonId, day: date, index: PersonFact, losses: Sequence[EventRow]) -> bool:
    """A loss shortly before the index was conceived falls into the same months; what came before is not its."""
    near = (x for x in losses if x.person_id == mother and x.about_person_id != index.person_id)
    return any(day <= x.occurred_on and _inside_pregnancy(x.occurred_on, False, index) for x in near)


def keep_involvements(rows: Iterable[InvolvementRow], of: Family, losses: Sequence[EventRow]) -> list[InvolvementRow]:
    """Keep what may stand here: an adult's maternity care and health visiting only where they began with the index."""
    return [row for row in rows if _involvement_stands(row, of, losses)]


def _involvement_stands(row: InvolvementRow, of: Family, losses: Sequence[EventRow]) -> bool:
    member = of.member(row.person_id)
    if member is None:
        return False
    if row.person_id == of.index or not _care_of_a_pregnancy(row, member):
        return True
    index, before_birth = _index_fact(of), row.category in PREGNANCY_CATEGORIES
    if row.since is None or not _bore(member, of.index) or not _inside_pregnancy(row.since, before_birth, index):
        return False
    return not _before_a_loss(row.person_id, row.since, index, losses)


def _care_of_a_pregnancy(row: InvolvementRow, member: Member) -> bool:
    """A woman's own health visitor comes with a pregnancy too, first of all in an antenatal contact."""
    if member.subject in (CHILD, SIBLING):
        return False
    return row.category in PREGNANCY_CATEGORIES or (row.category == HEALTH_VISITING and member.subject != FATHER)


def _index_fact(of: Family) -> PersonFact:
    index = of.members[0]
    return PersonFact(index.person_id, index.unborn, index.birth_month, index.sex)


def _twins(of: Family) -> frozenset[PersonId]:
    index = of.members[0]
    mothers = {m.person_id for m in of.members if m.subject == MOTHER}
    return frozenset(
        m.person_id
        for m in of.members[1:]
        if m.birth_month is not None
        and m.birth_month == index.birth_month
        and any(t.relation is Relation.BIRTH_MOTHER and t.person_a in mothers for t in m.relations)
    )
