"""Persons that came apart, and who had seen their records together: an incident for each.

Invariants: every split of a run, and every merge taken back, opens one incident in the same transaction; it lists the
entries of the log that showed, searched out or exported the person while it held what was not its own, and every
cohort run of that time, since the log does not say whom a count counted; it holds ids of entries and persons and no
record content; it is closed by name, once, and never deleted. Where it is not known since when a role stood where it
did, the day its load was completed is taken: too many uses rather than too few.
Source: UK GDPR Articles 5(1)(d) and 33 (a wrong link shown is a disclosure to be looked into)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from governance.keys.keys import KeyRing
from governance.ledger import ledger
from governance.ledger.ledger import AuditEvent, AuditFilter, Detail, stored_instant, subject_pseudonym
from governance.terms import EventKind, Outcome
from linkage.grouping.persons import ChangeKind
from linkage.persons.run_store import new_id
from linkage.store import link_incident, load, person_history, record_role, source_record

SEEN_BY: Final = frozenset({EventKind.READ_FAMILY, EventKind.SEARCH, EventKind.EXPORT, EventKind.REVIEW_READ})
NOT_SEEN: Final = frozenset({Outcome.DENY, Outcome.FAILED})
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Held:
    """A time in which a person held roles that were not its own."""

    person: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """One split or undone merge: `other` held what now is of `person`; `uses` are log entries (entry, kind, at)."""

    id: str
    run_id: str
    history_id: str
    person: str
    other: str | None
    opened_at: datetime
    uses: tuple[dict[str, str], ...]
    closed_by: str | None
    closed_at: datetime | None


class NoSuchIncident(LookupError):
    """No open incident has this id."""


def open_incidents(session: Session, ring: KeyRing, run_id: str, now: datetime) -> int:
    """Open an incident for every split of a run, in the caller's transaction; how many."""
    history = person_history.c
    splits = select(person_history).where(history.run_id == run_id, history.kind == ChangeKind.SPLIT.value)
    return open_for(session, ring, session.execute(splits.order_by(history.id)).all(), now)


def open_for_undo(session: Session, ring: KeyRing, history_id: str, now: datetime) -> int:
    """Open an incident for a merge taken back; `history_id` is that of the row that tells of it."""
    row = session.execute(select(person_history).where(person_history.c.id == history_id)).one()
    return open_for(session, ring, [row], now)


def open_for(session: Session, ring: KeyRing, changes: Sequence[Row[Any]], now: datetime) -> int:
    """Open an incident for each of these rows of the history (split or restored)."""
    times = [list(_held(session, row.other_id, frozenset(row.role_ids), now, {row.id})) for row in changes]
    cohorts = _cohorts(session, [held for found in times for held in found])
    rows = [
        {
            "id": new_id(), "run_id": row.run_id, "history_id": row.id, "person_id": row.person_id,
            "other_id": row.other_id, "opened_at": now, "uses": _uses(session, ring, found, cohorts),
        }
        for row, found in zip(changes, times, strict=True)
    ]  # fmt: skip
    if rows:
        session.execute(insert(link_incident), rows)
    return len(rows)


def _held(session: Session, who: str, roles: frozenset[str], until: datetime, seen: set[str]) -> Iterator[Held]:
    """When `who` held these roles, and before a merge the person that held them beside others of `who`."""
    waiting = set(roles)
    since = []
    for row in _arrivals(session, who, until, seen):
        if not (came := waiting.intersection(row.role_ids)):
            continue
        waiting -= came
        seen.add(row.id)
        at = stored_instant(row.recorded_at)
        since.append(at)
        if row.kind == ChangeKind.MERGED and set(row.role_ids) - roles:
            yield from _held(session, row.person_id, frozenset(came), at, seen)
    if waiting:
        since.append(_loaded(session, waiting) or until)
    yield Held(who, min(since), until)


def _arrivals(session: Session, who: str, until: datetime, seen: set[str]) -> list[Row[Any]]:
    """The changes that brought roles to a person, newest first."""
    history = person_history.c
    here = (history.person_id == who) & (history.kind != ChangeKind.MERGED.value)
    into = (history.other_id == who) & (history.kind == ChangeKind.MERGED.value)
    query = select(person_history).where(here | into).order_by(history.recorded_at.desc(), history.id)
    rows = session.execute(query).all()
    return [row for row in rows if row.id not in seen and stored_instant(row.recorded_at) <= until]


def _loaded(session: Session, roles: Iterable[str]) -> datetime | None:
    """When the first of these roles was loaded."""
    query = (
        select(load.c.completed_at)
        .join(source_record, source_record.c.load_id == load.c.id)
        .join(record_role, record_role.c.record_id == source_record.c.id)
        .where(record_role.c.id.in_(sorted(roles)), load.c.completed_at.is_not(None))
    )
    found = [stored_instant(at) for at in session.execute(query).scalars() if at is not None]
    return min(found, default=None)


def _entries(session: Session, asked: AuditFilter) -> Iterator[ledger.EntryView]:
    cursor = None
    while page := ledger.find(session, asked, _PAGE, cursor):
        yield from page
        cursor = page[-1].cursor


def _cohorts(session: Session, times: Sequence[Held]) -> list[ledger.EntryView]:
    """Every cohort run from the first of these times on."""
    if not times:
        return []
    asked = AuditFilter(kind=EventKind.COHORT, since=min(held.since for held in times))
    return [entry for entry in _entries(session, asked) if entry.outcome not in NOT_SEEN]


def _uses(
    session: Session, ring: KeyRing, times: Sequence[Held], cohorts: Sequence[ledger.EntryView]
) -> list[dict[str, str]]:
    found: dict[str, ledger.EntryView] = {}
    for held in times:
        asked = AuditFilter(subjects=(subject_pseudonym(ring, held.person),), since=held.since, until=held.until)
        found |= {e.id: e for e in _entries(session, asked) if e.kind in SEEN_BY and e.outcome not in NOT_SEEN}
        found |= {e.id: e for e in cohorts if held.since <= e.recorded_at < held.until}
    ordered = sorted(found.values(), key=lambda entry: (entry.recorded_at, entry.id))
    return [{"entry": e.id, "kind": e.kind.value, "at": ledger.instant(e.recorded_at)} for e in ordered]


def listed(session: Session, *, closed: bool = False) -> list[Incident]:
    """Open incidents (with `closed` all), those that most saw first."""
    query = select(link_incident)
    if not closed:
        query = query.where(link_incident.c.closed_at.is_(None))
    found = [_incident(row) for row in session.execute(query)]
    return sorted(found, key=lambda incident: (-len(incident.uses), incident.opened_at, incident.id))


def close(session: Session, ring: KeyRing, incident_id: str, by: str, now: datetime) -> None:
    """Close an incident and record it, in the caller's transaction; raise NoSuchIncident."""
    held = link_incident.c
    query = select(link_incident).where(held.id == incident_id, held.closed_at.is_(None)).with_for_update()
    row = session.execute(query).one_or_none()
    if row is None:
        raise NoSuchIncident("no open incident has this id")
    session.execute(update(link_incident).where(held.id == incident_id).values(closed_by=by, closed_at=now))
    detail: dict[Detail, str | int] = {
        Detail.OPERATION: "incident-closed", Detail.RECORD: incident_id, Detail.RUN: row.run_id,
    }  # fmt: skip
    subjects = (row.person_id, row.other_id)
    event = AuditEvent(EventKind.STEWARD_DECISION, Outcome.DONE, subjects=subjects, detail=detail)
    ledger.record(session, ring, event, now)


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        row.id, row.run_id, row.history_id, row.person_id, row.other_id, stored_instant(row.opened_at),
        tuple(row.uses), row.closed_by, None if row.closed_at is None else stored_instant(row.closed_at),
    )  # fmt: skip
