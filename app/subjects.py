"""A family as the policy sees it, and as a permit leaves it.

Invariants: a member is shown only where a permitted family tie, from a provider that may share it, leads to them (the
index always is); a tie that may not be shared is not carried, nor what only such a tie says (responsibility, a shared
household); ids follow merges both ways.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from governance.policy import request
from governance.terms import Category, Decision, Segment, SubjectRole
from linkage.facts import Holding
from linkage.kin.families import RESPONSIBLE, Family, Member, months_between
from linkage.rows import PersonId, Relation
from linkage.store import person

TELLING_AGE: Final = frozenset({Category.IDENTITY, Category.BIRTH})


class Merges:
    """How person ids have merged, read from the record store: one statement each, however long the chain."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self, ids: Collection[str]) -> Mapping[str, str]:
        if not ids:
            return {}
        merged = person.alias()
        first = select(person.c.id.label("start"), person.c.merged_into.label("here"))
        walk = first.where(person.c.id.in_(sorted(ids)), person.c.merged_into.is_not(None)).cte(recursive=True)
        step = select(walk.c.start, merged.c.merged_into).join_from(walk, merged, merged.c.id == walk.c.here)
        walk = walk.union(step.where(merged.c.merged_into.is_not(None)))
        ends = select(walk, merged.c.merged_into).join_from(walk, merged, merged.c.id == walk.c.here, isouter=True)
        rows = self._session.execute(ends).all()
        last = {row.start: row.here for row in rows if row.merged_into is None}
        if last.keys() != {row.start for row in rows}:
            raise RuntimeError("the merges of persons go round in a circle")
        return {start: last.get(start, start) for start in ids}

    def former(self, ids: Collection[str]) -> frozenset[str]:
        if not ids:
            return frozenset()
        into = select(person.c.id).where(person.c.merged_into.in_(sorted(ids))).cte(recursive=True)
        before = person.alias()
        into = into.union(select(before.c.id).join_from(into, before, before.c.merged_into == into.c.id))
        return frozenset(ids) | frozenset(self._session.scalars(select(into.c.id)))


def policy_members(family: Family, at: date) -> tuple[request.Member, ...]:
    """Return the members as the policy needs them, index first."""
    mothers, held = _mothers(family), _held(family)
    return tuple(
        request.Member(
            person_id=member.person_id,
            subject=SubjectRole(member.subject),
            unborn=member.unborn,
            age=None if member.birth_month is None else months_between(member.birth_month, at) // 12,
            responsible=member.parental_responsibility,
            with_index=member.same_household,
            carried_by=mothers.get(member.person_id) if member.unborn else None,
            responsible_for=held.get(member.person_id, frozenset()),
        )
        for member in family.members
    )


def _mothers(family: Family) -> dict[str, str]:
    ties = (tie for member in family.members for tie in member.relations)
    return {tie.person_b: tie.person_a for tie in ties if tie.relation is Relation.BIRTH_MOTHER}


def _held(family: Family) -> dict[str, frozenset[str]]:
    """For whom each member holds parental responsibility, child by child."""
    ties = [tie for member in family.members for tie in member.relations if tie.relation in RESPONSIBLE]
    holders = {tie.person_a for tie in ties}
    return {holder: frozenset(tie.person_b for tie in ties if tie.person_a == holder) for holder in holders}


def held_segments(family: Family, holdings: Iterable[Holding]) -> frozenset[Segment]:
    """Return what exists about the members as segments."""
    subjects = {member.person_id: SubjectRole(member.subject) for member in family.members}
    return frozenset(Segment(h.person_id, subjects[h.person_id], Category(h.category), h.provider) for h in holdings)


def narrowed(family: Family, decision: Decision) -> Family:
    """Return the family with only the members and ties that the decision lets be known."""
    shared = {(d.segment.member, d.segment.source) for d in decision.permitted if d.segment.category is Category.FAMILY}
    told = {d.segment.member for d in decision.permitted if d.segment.category in TELLING_AGE} | {family.index}
    kept = (_narrowed(member, family.index, shared) for member in family.members)
    known = (m if m.person_id in told else replace(m, birth_month=None) for m in kept)
    return replace(family, members=tuple(m for m in known if m.person_id == family.index or m.relations))


def _narrowed(member: Member, index: PersonId, shared: Collection[tuple[str, str]]) -> Member:
    ties = tuple(tie for tie in member.relations if (member.person_id, tie.provider) in shared)
    to_index = [tie for tie in ties if {tie.person_a, tie.person_b} == {member.person_id, index}]
    return replace(
        member,
        relations=ties,
        parental_responsibility=any(t.relation in RESPONSIBLE and t.person_b == index for t in to_index),
        same_household=member.person_id == index or any(t.relation is Relation.HOUSEHOLD for t in to_index),
    )
