"""Hard blocks: who must not find whom, and which categories would give the place away.

Invariants: nothing lifts a block; a firewall stands both ways, so neither the protected person is reached from the
other side nor the other person from the protected side; whoever lives with a protected person is protected with them;
where a household is in doubt (it still names the person the block is against) nobody else is taken to be inside it.
Sources: Adoption and Children Act 2002 ss.56-65; Family Law Act 1996 Part IV; Domestic Abuse Act 2021 s.3; the safe
address practice of women's refuges (a school, a practice or a health visitor's team names a town).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from governance.policy.request import Block, Facts
from governance.terms import BlockKind, Category

ALL: Final = frozenset(Category)
PLACELESS: Final = frozenset({Category.IDENTITY, Category.FAMILY, Category.BIRTH})
PLACE_REVEALING: Final = ALL - PLACELESS
"""Where a service, team or provider is told, the town is told: only who somebody is and was born as is placeless."""

FROM_OTHER_SIDE: Final[Mapping[BlockKind, frozenset[Category]]] = {
    BlockKind.REFUGE: ALL,
    BlockKind.PLACEMENT: PLACE_REVEALING,
    BlockKind.ADOPTION: ALL,
    BlockKind.COURT_ORDER: ALL,
}
"""What is closed about protected people in a read that does not start among them."""

TO_WORKER_OF_OTHER: Final[Mapping[BlockKind, frozenset[Category]]] = {
    BlockKind.REFUGE: PLACE_REVEALING,
    BlockKind.PLACEMENT: PLACE_REVEALING,
    BlockKind.ADOPTION: ALL,
    BlockKind.COURT_ORDER: ALL,
}
"""What is closed about protected people to a worker who also has to do with the person the block is against."""

TO_OWN_SIDE: Final[Mapping[BlockKind, frozenset[Category]]] = {
    BlockKind.REFUGE: ALL,
    BlockKind.PLACEMENT: frozenset(),
    BlockKind.ADOPTION: ALL,
    BlockKind.COURT_ORDER: ALL,
}
"""What is closed about the person a block is against, in a read that starts among the protected. A placed child's own
workers go on working with the parents."""

MOVES_HOUSEHOLD: Final = frozenset({BlockKind.REFUGE})
"""Kinds under which adults flee with the child."""


def blocked(facts: Facts, today: date, at: datetime) -> dict[str, frozenset[Category]]:
    """Return, for each member of the family read, the categories that are closed to this worker."""
    closed: dict[str, frozenset[Category]] = {}
    for block in facts.blocks:
        if block.open(today):
            guarded = protected(block, facts, today)
            _close(closed, block, facts, guarded, works_with(facts, block.against, today, at))
    return closed


def works_with(facts: Facts, person_id: str | None, today: date, at: datetime) -> bool:
    """Tell whether this worker has an open relationship to that person."""
    return any(row.person_id == person_id and row.open(today, at) for row in facts.relationships)


def protected(block: Block, facts: Facts, today: date) -> frozenset[str]:
    """Return the members a block protects: its person, those who live with them, and those walled off with them.

    Firewalls against the same person stand together: who fled with the index is on its side, though no household
    tie says so yet.
    """
    index = facts.members[0].person_id
    allies = {b.person_id for b in facts.blocks if b.open(today) and b.against and b.against == block.against}
    allies |= {block.person_id}
    inside = {member.person_id for member in facts.members if member.with_index} - {block.against}
    here = not allies.isdisjoint(inside) and not _lives_with_index(block.against, facts)
    if index in allies or here:
        return frozenset(inside | allies)
    carried = {member.person_id for member in facts.members if member.carried_by in allies} - {block.against}
    outside = {member.person_id for member in facts.members} - inside - {block.against}
    return frozenset(allies | carried | (outside if block.kind in MOVES_HOUSEHOLD else set()))


def _lives_with_index(person_id: str | None, facts: Facts) -> bool:
    return any(member.person_id == person_id and member.with_index for member in facts.members)


def _close(
    closed: dict[str, frozenset[Category]], block: Block, facts: Facts, guarded: frozenset[str], works_with_other: bool
) -> None:
    ids = [member.person_id for member in facts.members]
    if facts.members[0].person_id not in guarded:
        _add(closed, guarded & set(ids), FROM_OTHER_SIDE[block.kind])
        return
    if works_with_other:
        _add(closed, guarded & set(ids), TO_WORKER_OF_OTHER[block.kind])
    _add(closed, {block.against} & set(ids), TO_OWN_SIDE[block.kind])


def _add(
    closed: dict[str, frozenset[Category]], persons: Iterable[str | None], categories: frozenset[Category]
) -> None:
    for person in persons:
        if person is not None and categories:
            closed[person] = closed.get(person, frozenset()) | categories
