"""Stewards' decisions: two roles are the same person, or different persons. Binding in every run until withdrawn.

Invariants: a decision speaks of roles, never of persons, and follows them to the newest version of their record; one
that would contradict those that stand is refused with the reason, as is one on two roles of one record, or on two
versions of one role; the sealed identities of an adopted child are refused like roles that do not exist, so that
nothing tells of the seal; a decision is withdrawn, never deleted. What keeps two whole persons apart, as after an
undone merge, is one act: every role of one side against every role of the other, listed and withdrawn under one id.
Source: must-link and cannot-link constraints (Wagstaff and Cardie 2000)."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import cycle, islice

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from linkage.store import link_decision, record_role

_MANY = 500
_ACT = 24
"""The pairs of one act have ids that begin with the same digits."""
Sealed = Callable[[str, str], bool]


class DecisionKind(StrEnum):
    SAME = "same"
    DIFFERENT = "different"


class DecisionOrigin(StrEnum):
    REVIEW = "review"
    SAMPLE = "sample"
    UNDO = "undo"
    STEWARD = "steward"


class DecisionReason(StrEnum):
    """Why a steward says so: a code, never words, since words could name somebody."""

    REVIEWED = "reviewed"
    RECORDS_CHECKED = "records_checked"
    PROVIDER_CONFIRMED = "provider_confirmed"
    FAMILY_CONFIRMED = "family_confirmed"
    NUMBER_REPLACED = "number_replaced"
    NUMBER_MISTAKEN = "number_mistaken"
    TWINS = "twins"
    NAMESAKES = "namesakes"
    MERGE_UNDONE = "merge_undone"


class DecisionFault(StrEnum):
    UNKNOWN_ROLE = "one of them is not known"
    SAME_ROLE = "both are one role, or versions of one"
    SAME_RECORD = "both are roles of one record: they are two persons"
    SAID_SAME = "decisions that stand say that they are the same person"
    SAID_DIFFERENT = "decisions that stand say that they are different persons"
    UNKNOWN_DECISION = "no such decision is held"
    WITHDRAWN = "the decision was withdrawn before"


class DecisionRefused(ValueError):
    """A decision cannot be taken or withdrawn; `fault` says why, `standing` which decisions are in the way."""

    def __init__(self, fault: DecisionFault, standing: Sequence[str] = ()) -> None:
        named = f" ({', '.join(standing)})" if standing else ""
        super().__init__(f"{fault.value}{named}")
        self.fault = fault
        self.standing = tuple(standing)


@dataclass(frozen=True, slots=True)
class Decision:
    """One pair of roles, as of their newest versions. The pairs of one act have one id: all its `role_a` stand against
    all its `role_b`."""

    id: str
    kind: DecisionKind
    role_a: str
    role_b: str
    reason: str
    origin: DecisionOrigin
    match_weight: float | None
    decided_by: str
    decided_at: datetime


def decide(
    session: Session,
    kind: DecisionKind | str,
    role_a: str,
    role_b: str,
    reason: DecisionReason | str,
    origin: DecisionOrigin | str,
    decided_by: str,
    now: datetime,
    match_weight: float | None = None,
    *,
    sealed: Sealed | None = None,
) -> str:
    """Take a decision in the caller's transaction; its id, or that of the same decision where it stands already.

    `sealed` says whether two roles belong to sealed identities. Raise DecisionRefused.
    """
    said = DecisionKind(kind)
    newest = _checked(session, [role_a], [role_b], sealed)
    a, b = newest[role_a], newest[role_b]
    held = standing(session)
    for decision in held:
        if decision.kind is said and {decision.role_a, decision.role_b} == {a, b}:
            return decision.id
    _refuse_contradiction(held, said, [(a, b)])
    return _write(session, said, [(a, b)], reason, origin, decided_by, now, match_weight)


def keep_apart(
    session: Session,
    ones: Sequence[str],
    others: Sequence[str],
    reason: DecisionReason,
    origin: DecisionOrigin,
    decided_by: str,
    now: datetime,
) -> str:
    """Decide that every one of `ones` is another person than every one of `others`, as one act; its id."""
    many = max(len(ones), len(others))
    pairs = list(zip(islice(cycle(sorted(ones)), many), islice(cycle(sorted(others)), many), strict=True))
    _refuse_contradiction(standing(session), DecisionKind.DIFFERENT, pairs)
    return _write(session, DecisionKind.DIFFERENT, pairs, reason, origin, decided_by, now, None)


def withdraw(session: Session, decision_id: str, by: str, now: datetime) -> int:
    """Withdraw a decision, of an undone merge the whole act; how many pairs it held. Raise DecisionRefused."""
    held = link_decision.c
    row = session.execute(select(link_decision).where(held.id == decision_id).with_for_update()).one_or_none()
    if row is None:
        raise DecisionRefused(DecisionFault.UNKNOWN_DECISION)
    if row.withdrawn_at is not None:
        raise DecisionRefused(DecisionFault.WITHDRAWN)
    act = held.id.startswith(decision_id[:_ACT]), held.withdrawn_at.is_(None)
    done = session.execute(update(link_decision).where(*act).values(withdrawn_by=by, withdrawn_at=now))
    return int(done.rowcount)  # type: ignore[attr-defined]


def standing(session: Session) -> list[Decision]:
    """Every decision that binds, its roles followed to the newest version of their records."""
    held = link_decision.c
    query = select(link_decision).where(held.withdrawn_at.is_(None)).order_by(held.decided_at, held.id)
    rows = session.execute(query).all()
    newest = newest_versions(session, {role for row in rows for role in (row.role_a, row.role_b)})
    acts: dict[str, str] = {}
    return [
        Decision(
            acts.setdefault(row.id[:_ACT], row.id), DecisionKind(row.kind), newest[row.role_a], newest[row.role_b],
            row.reason, DecisionOrigin(row.origin), row.match_weight, row.decided_by, row.decided_at,
        )
        for row in rows
    ]  # fmt: skip


def newest_versions(session: Session, roles: Iterable[str]) -> dict[str, str]:
    """Of each role the role that superseded it last, itself where none did."""
    newest = {role: role for role in roles}
    frontier = dict(newest)
    while frontier:
        later = _successors(session, sorted(frontier))
        frontier = {new: origin for old, origin in frontier.items() if (new := later.get(old)) is not None}
        newest |= {origin: new for new, origin in frontier.items()}
    return newest


def _successors(session: Session, roles: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(roles), _MANY):
        asked = record_role.c.supersedes.in_(roles[start : start + _MANY])
        found |= {row.supersedes: row.id for row in session.execute(select(record_role).where(asked))}
    return found


def _checked(session: Session, ones: Sequence[str], others: Sequence[str], sealed: Sealed | None) -> dict[str, str]:
    """The newest versions of roles on which a decision may be taken."""
    newest = newest_versions(session, {*ones, *others})
    asked = record_role.c.id.in_(sorted(set(newest.values())))
    records = {row.id: row.record_id for row in session.execute(select(record_role).where(asked))}
    if set(newest.values()) - records.keys():
        raise DecisionRefused(DecisionFault.UNKNOWN_ROLE)
    for one in ones:
        for other in others:
            a, b = newest[one], newest[other]
            if a == b:
                raise DecisionRefused(DecisionFault.SAME_ROLE)
            if sealed is not None and sealed(a, b):
                raise DecisionRefused(DecisionFault.UNKNOWN_ROLE)
            if records[a] == records[b]:
                raise DecisionRefused(DecisionFault.SAME_RECORD)
    return newest


def _refuse_contradiction(held: Sequence[Decision], kind: DecisionKind, pairs: Sequence[tuple[str, str]]) -> None:
    """Refuse pairs that, with the decisions that stand, would make two roles the same and different persons."""
    same = [d for d in held if d.kind is DecisionKind.SAME]
    acts: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for decision in held:
        if decision.kind is DecisionKind.DIFFERENT:
            acts[decision.id][0].add(decision.role_a)
            acts[decision.id][1].add(decision.role_b)
    if kind is DecisionKind.SAME:
        whole = _persons([*((d.role_a, d.role_b) for d in same), *pairs])
        against = [act for act, sides in acts.items() if _meeting(whole, *sides)]
        if against:
            raise DecisionRefused(DecisionFault.SAID_DIFFERENT, sorted(against))
        return
    whole = _persons([(d.role_a, d.role_b) for d in same])
    joined = _meeting(whole, {a for a, _ in pairs}, {b for _, b in pairs})
    if joined:
        chain = {d.id for d in same if whole[d.role_a] in joined}
        raise DecisionRefused(DecisionFault.SAID_SAME, sorted(chain))


def _persons(same: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Roles that decisions make one person: role → the role its person is named by."""
    found: dict[str, set[str]] = {}
    for a, b in same:
        whole = found.get(a, {a}) | found.get(b, {b})
        found |= dict.fromkeys(whole, whole)
    return {role: min(whole) for role, whole in found.items()}


def _meeting(whole: Mapping[str, str], ones: Iterable[str], others: Iterable[str]) -> set[str]:
    """The persons that have roles on both sides."""
    return {whole.get(role, role) for role in ones} & {whole.get(role, role) for role in others}


def _write(
    session: Session,
    kind: DecisionKind,
    pairs: Sequence[tuple[str, str]],
    reason: DecisionReason | str,
    origin: DecisionOrigin | str,
    decided_by: str,
    now: datetime,
    match_weight: float | None,
) -> str:
    act = secrets.token_hex(_ACT // 2)
    rows = [
        {
            "id": f"{act}{at:0{32 - _ACT}x}", "kind": kind.value, "role_a": a, "role_b": b, "reason": str(reason),
            "origin": DecisionOrigin(origin).value, "match_weight": match_weight, "decided_by": decided_by,
            "decided_at": now,
        }
        for at, (a, b) in enumerate(pairs)
    ]  # fmt: skip
    session.execute(insert(link_decision), rows)
    return str(rows[0]["id"])
