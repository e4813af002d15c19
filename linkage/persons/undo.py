"""Taking back a merge of two persons, so that everything is as it was and stays so in every later run.

Invariants: what moved moves back, with the versions that came since; redirects that went through the merged person go
to it again; the merge stays in the history, with a row beside it that takes it back; a merge is taken back once;
stewards' decisions keep the two sides apart from then on. Ties follow in the next run. The caller holds the zone, so
that no run is under way, and commits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from linkage.grouping.persons import ChangeKind
from linkage.persons import decisions
from linkage.persons.decisions import DecisionOrigin, DecisionReason
from linkage.persons.run_store import new_id
from linkage.store import person, person_history, record_role, source_record

RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Role:
    """What the record store holds of one role."""

    id: str
    record_id: str
    unborn: bool
    birth_month: str | None
    sex: str | None
    person_id: str | None
    supersedes: str | None
    row_number: int


class UndoFault(StrEnum):
    UNKNOWN_CHANGE = "no such change is held"
    NOT_A_MERGE = "only a merge can be undone"
    UNDONE = "it was undone before"
    NOTHING_LEFT = "nothing of what was merged is still there"


class UndoRefused(ValueError):
    """A merge cannot be taken back; `fault` says why."""

    def __init__(self, fault: UndoFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did: whom it restored, out of whom, how many roles moved, and the decision that keeps them apart."""

    history_id: str
    person: str
    other: str
    roles: int
    decision_id: str | None


def undo_merge(session: Session, history_id: str, by: str, now: datetime) -> Undone:
    """Take back the merge that this row of the history tells of. Raise UndoRefused, or DecisionRefused where decisions
    that stand say that both sides are one person."""
    merge = _merge(session, history_id)
    restored, holder = merge.person_id, _holder(session, merge.other_id)
    held = _roles_of(session, (restored, holder))
    moving = _moving(merge.role_ids, {role for role, row in held.items() if row.person_id == holder}, held)
    if not moving:
        raise UndoRefused(UndoFault.NOTHING_LEFT)
    staying = [role for role, row in held.items() if row.person_id == holder and role not in moving]
    act = _keep_apart(session, _newest(moving, held), _newest(staying, held), by, now)
    session.execute(update(record_role).where(record_role.c.id.in_(moving)).values(person_id=restored))
    back = [*moving, *(role for role, row in held.items() if row.person_id == restored)]
    _restate(session, restored, back, held)
    if staying:
        _restate(session, holder, staying, held)
    _point_back(session, restored, holder)
    session.execute(
        insert(person_history).values(
            id=(made := new_id()), run_id=merge.run_id, kind=RESTORED, person_id=restored, other_id=holder,
            role_ids=moving, recorded_at=now, undoes=merge.id,
        )
    )  # fmt: skip
    return Undone(made, restored, holder, len(moving), act)


def _keep_apart(session: Session, ones: list[str], others: list[str], by: str, now: datetime) -> str | None:
    if not ones or not others:
        return None
    reason, origin = DecisionReason.MERGE_UNDONE, DecisionOrigin.UNDO
    return decisions.keep_apart(session, ones, others, reason, origin, by, now)


def _merge(session: Session, history_id: str) -> Row[Any]:
    history = person_history.c
    row = session.execute(select(person_history).where(history.id == history_id).with_for_update()).one_or_none()
    if row is None:
        raise UndoRefused(UndoFault.UNKNOWN_CHANGE)
    if row.kind != ChangeKind.MERGED:
        raise UndoRefused(UndoFault.NOT_A_MERGE)
    if session.execute(select(history.id).where(history.undoes == history_id)).first() is not None:
        raise UndoRefused(UndoFault.UNDONE)
    return row


def _holder(session: Session, person_id: str) -> str:
    """The person that holds now what this one held."""
    while (into := session.execute(select(person.c.merged_into).where(person.c.id == person_id)).scalar()) is not None:
        person_id = into
    return person_id


def _roles_of(session: Session, people: Sequence[str]) -> dict[str, Role]:
    held = record_role.c
    query = (
        select(
            held.id, held.record_id, held.unborn, held.birth_month, held.sex, held.person_id, held.supersedes,
            source_record.c.row_number,
        )
        .join(source_record, source_record.c.id == held.record_id)
        .where(held.person_id.in_(people))
        .order_by(held.id)
    )  # fmt: skip
    return {row.id: Role(*row) for row in session.execute(query)}


def _moving(merged: Iterable[str], there: set[str], held: dict[str, Role]) -> list[str]:
    """The merged roles that are still there, and the versions that superseded them since."""
    moving = there.intersection(merged)
    later = {row.supersedes: role for role, row in held.items() if row.supersedes is not None and role in there}
    waiting = list(moving)
    while waiting:
        if (newer := later.get(waiting.pop())) is not None and newer not in moving:
            moving.add(newer)
            waiting.append(newer)
    return sorted(moving)


def _newest(roles: Iterable[str], held: dict[str, Role]) -> list[str]:
    superseded = {row.supersedes for row in held.values()}
    return [role for role in roles if role not in superseded]


def _facts_of(group: Iterable[str], held: Mapping[str, Role]) -> dict[str, Any]:
    """What most of these roles say, as a run tells it (`placement.facts`)."""
    roles = [held[role] for role in group]
    months = Counter(role.birth_month for role in roles if role.birth_month and not role.unborn)
    sexes = Counter(role.sex for role in roles if role.sex)
    return {
        "unborn": all(role.unborn for role in roles),
        "birth_month": min(months, key=lambda month: (-months[month], month), default=None),
        "sex": min(sexes, key=lambda sex: (-sexes[sex], sex), default=None),
    }


def _restate(session: Session, who: str, roles: Iterable[str], held: dict[str, Role]) -> None:
    facts = _facts_of(roles, held)
    session.execute(update(person).where(person.c.id == who).values(merged_into=None, **facts))


def _point_back(session: Session, restored: str, holder: str) -> None:
    """Let who was merged into the restored person before lead to it again."""
    history, frontier, seen = person_history.c, [restored], {restored}
    undone = select(history.undoes).where(history.undoes.is_not(None))
    while frontier:
        merged = select(person_history).where(
            history.kind == ChangeKind.MERGED.value, history.other_id.in_(frontier), history.id.not_in(undone)
        )
        found = [row for row in session.execute(merged).all() if row.person_id not in seen]
        frontier = [row.person_id for row in found if _decisive(session, row)]
        seen |= set(frontier)
        led = person.c.id.in_(frontier), person.c.merged_into == holder
        session.execute(update(person).where(*led).values(merged_into=restored))


def _decisive(session: Session, merge: Row[Any]) -> bool:
    """Whether this row, of those that tell of one person's merge in one run, said where the person leads to."""
    history = person_history.c
    same = select(person_history).where(
        history.run_id == merge.run_id, history.person_id == merge.person_id, history.kind == merge.kind
    )
    rows = session.execute(same).all()
    return bool(max(rows, key=lambda row: (len(row.role_ids), row.other_id)).id == merge.id)
