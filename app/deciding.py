"""Stewards' decisions on persons, merges taken back, and incidents closed: each with its entry in the log.

Invariants: the decision, what it changes, the incident it opens and the entry are committed together; an undo holds the
zone, so that no run is under way; sealed identities are refused exactly like what does not exist; what is printed holds
ids and codes only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import incidents
from app.deployment import Deployment
from app.incidents import Incident
from app.zones import deployment_zone
from governance.ledger import ledger
from governance.ledger.entries import AuditEvent, Detail
from governance.terms import EventKind, Outcome
from linkage.persons import decisions, run_store, seals
from linkage.persons.decisions import DecisionFault, DecisionKind, DecisionOrigin, DecisionReason, DecisionRefused
from linkage.persons.undo import UndoFault, Undone, UndoRefused, undo_merge
from linkage.store import person, person_history, record_role
from linkage.zone import state
from linkage.zone.zone import Zone


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a decision: the role it speaks of, that role's person, and the newest roles of that person."""

    role: str
    person: str | None
    roles: tuple[str, ...]


def decide(
    deployment: Deployment, kind: DecisionKind, a: str, b: str, reason: DecisionReason, by: str, now: datetime
) -> str:
    """Decide that two persons (or roles) are the same, or different; the decision's id. Raise DecisionRefused.

    Of two persons held to be different, every role of the one is kept from every role of the other.
    """
    with deployment_zone(deployment) as zone, deployment.database.writing() as session:
        one, other = _side(session, a), _side(session, b)
        if _sealed(session, zone, {"one": one.roles, "other": other.roles})("one", "other"):
            raise DecisionRefused(DecisionFault.UNKNOWN_ROLE)
        whole = a == one.person and b == other.person and one.person != other.person
        if kind is DecisionKind.DIFFERENT and whole:
            made = decisions.keep_apart(session, one.roles, other.roles, reason, DecisionOrigin.STEWARD, by, now)
        else:
            made = decisions.decide(session, kind, one.role, other.role, reason, DecisionOrigin.STEWARD, by, now)
        _record(deployment, session, f"decided-{kind}", made, (one.person, other.person), now)
    return made


def _sealed(
    session: Session, zone: Zone, people: Mapping[str, Collection[str]]
) -> Callable[[str | None, str | None], bool]:
    """Whether two of these people are sealed from each other."""
    found = seals.seals_of(zone, state.standing(run_store.known_runs(session)), people)
    nothing: seals.Seals = frozenset()
    return lambda a, b: seals.apart(found.get(a or "", nothing), found.get(b or "", nothing))


def _side(session: Session, named: str) -> _Side:
    """What an id names: a person (or one merged into it), or a role."""
    role = session.execute(select(record_role).where(record_role.c.id == named)).one_or_none()
    who = role.person_id if role is not None else _person(session, named)
    held = _newest(session, who) if who is not None else [named]
    if role is None and not held:
        raise DecisionRefused(DecisionFault.UNKNOWN_ROLE)
    return _Side(named if role is not None else held[0], who, tuple(held))


def _person(session: Session, named: str) -> str:
    """The person that this id leads to; raise DecisionRefused where none is known."""
    while True:
        row = session.execute(select(person).where(person.c.id == named)).one_or_none()
        if row is None:
            raise DecisionRefused(DecisionFault.UNKNOWN_ROLE)
        if row.merged_into is None:
            return str(row.id)
        named = row.merged_into


def _newest(session: Session, who: str) -> list[str]:
    """The newest versions of a person's roles, born before unborn."""
    rows = session.execute(select(record_role).where(record_role.c.person_id == who)).all()
    superseded = {row.supersedes for row in rows}
    kept = [row for row in rows if row.id not in superseded]
    return [row.id for row in sorted(kept, key=lambda row: (row.unborn, not row.current, row.id))]


def withdraw(deployment: Deployment, decision_id: str, by: str, now: datetime) -> int:
    """Withdraw a decision; how many pairs of roles it spoke of. Raise DecisionRefused."""
    with deployment.database.writing() as session:
        many = decisions.withdraw(session, decision_id, by, now)
        _record(deployment, session, "decision-withdrawn", decision_id, (), now)
    return many


def undo(deployment: Deployment, history_id: str, by: str, now: datetime) -> Undone:
    """Take back a merge, and open an incident for it. Raise UndoRefused, DecisionRefused or ZoneBusy."""
    with deployment_zone(deployment) as zone, deployment.database.writing() as session:
        _refuse_sealed(session, zone, history_id)
        done = undo_merge(session, history_id, by, now)
        incidents.open_for_undo(session, deployment.ring, done.history_id, now)
        _record(deployment, session, "merge-undone", done.history_id, (done.person, done.other), now)
    return done


def _refuse_sealed(session: Session, zone: Zone, history_id: str) -> None:
    """What joined two identities that were sealed from each other since comes apart in the next run, unnamed."""
    row = session.execute(select(person_history).where(person_history.c.id == history_id)).one_or_none()
    if row is not None:
        staying = set(_newest(session, _person(session, row.other_id or row.person_id))) - set(row.role_ids)
        if _sealed(session, zone, {"moved": row.role_ids, "staying": staying})("moved", "staying"):
            raise UndoRefused(UndoFault.UNKNOWN_CHANGE)


def history(deployment: Deployment, named: str) -> list[dict[str, Any]]:
    """What happened to a person, oldest first; nothing that would lead from one sealed identity to the other."""
    held = person_history.c
    query = select(person_history).where(or_(held.person_id == named, held.other_id == named))
    with deployment_zone(deployment) as zone, deployment.database.reading() as session:
        rows = session.execute(query.order_by(held.recorded_at, held.id)).all()
        sealed = sealed_people(session, zone, [(row.person_id, row.other_id) for row in rows])
        rows = [row for row in rows if not sealed(row.person_id, row.other_id)]
    return [
        {
            "id": row.id, "at": ledger.instant(ledger.stored_instant(row.recorded_at)), "kind": row.kind,
            "person": row.person_id, "other": row.other_id, "roles": len(row.role_ids), "run": row.run_id,
            "undoes": row.undoes,
        }
        for row in rows
    ]  # fmt: skip


def sealed_people(
    session: Session, zone: Zone, pairs: Sequence[tuple[str, str | None]]
) -> Callable[[str | None, str | None], bool]:
    """Whether two of the persons named in these pairs are sealed from each other, by all that they hold now."""
    people = {who for pair in pairs for who in pair if who is not None}
    return _sealed(session, zone, {who: _newest(session, who) for who in people})


def standing(deployment: Deployment) -> list[dict[str, Any]]:
    """Every decision that binds, each act once."""
    with deployment.database.reading() as session:
        held = decisions.standing(session)
    acts: dict[str, dict[str, Any]] = {}
    for one in held:
        line = acts.setdefault(
            one.id,
            {
                "id": one.id, "kind": str(one.kind), "reason": one.reason, "origin": str(one.origin), "pairs": 0,
                "roles": [one.role_a, one.role_b], "decided_by": one.decided_by,
                "decided_at": ledger.instant(ledger.stored_instant(one.decided_at)),
            },
        )  # fmt: skip
        line["pairs"] += 1
    return list(acts.values())


def open_or_closed(deployment: Deployment, *, closed: bool) -> list[Incident]:
    """Incidents, with `closed` all of them; of two sealed identities only the one that came out is named."""
    with deployment_zone(deployment) as zone, deployment.database.reading() as session:
        found = incidents.listed(session, closed=closed)
        sealed = sealed_people(session, zone, [(held.person, held.other) for held in found])
    return [replace(held, other=None) if sealed(held.person, held.other) else held for held in found]


def close_incident(deployment: Deployment, incident_id: str, by: str, now: datetime) -> None:
    """Close an incident; raise NoSuchIncident."""
    with deployment.database.writing() as session:
        incidents.close(session, deployment.ring, incident_id, by, now)


def _record(
    deployment: Deployment, session: Session, operation: str, record: str, people: Sequence[str | None], now: datetime
) -> None:
    detail: dict[Detail, str | int] = {Detail.OPERATION: operation, Detail.RECORD: record}
    subjects = tuple(dict.fromkeys(who for who in people if who is not None))
    event = AuditEvent(EventKind.STEWARD_DECISION, Outcome.DONE, subjects=subjects, detail=detail)
    ledger.record(session, deployment.ring, event, now)
