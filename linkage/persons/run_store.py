"""What a linkage run reads from the record store and writes to it.

Invariants: what did not change is not written; merges redirect and splits are recorded with what moved; rows are read
and written a bounded number at a time; the caller commits.
"""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from linkage.grouping import persons
from linkage.persons import placement
from linkage.store import link_model, link_run, load, person, person_history, possible_duplicate, record_role
from linkage.zone import state
from linkage.zone.zone import Zone

BATCH = 5_000
CHUNK = 500
FULL, INCREMENTAL = "full", "incremental"


def new_id() -> str:
    return secrets.token_hex(16)


def batched(session: Session, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement for many rows, a bounded number at a time."""
    for start in range(0, len(rows), BATCH):
        session.execute(statement, list(rows[start : start + BATCH]))


def _each(session: Session, zone: Zone, query: str, statement: Any, **more: Any) -> None:
    """Execute a statement for every row of a query on the zone."""
    for table in zone.tables(query, BATCH):
        session.execute(statement, [{**row, **more} for row in table.to_pylist()])


def write_persons(
    session: Session, zone: Zone, run_id: str, changes: Sequence[persons.Change], now: datetime
) -> Counter[persons.ChangeKind]:
    """Write the persons in `made`, who moved where, and what changed; how many changes of each kind."""
    placement.facts(zone)
    placement.standing(session, zone)
    _each(session, zone, placement.FRESH, insert(person), merged_into=None, created_run=run_id)
    setting: dict[str, Any] = {name: bindparam(name) for name in ("unborn", "birth_month", "sex")}
    restated = update(person).where(person.c.id == bindparam("who")).values(merged_into=None, **setting)
    _each(session, zone, placement.CHANGED, restated)
    moved = update(record_role).where(record_role.c.id == bindparam("moved")).values(person_id=bindparam("who"))
    _each(session, zone, placement.MOVED, moved)
    kinds = Counter(change.kind for change in changes)
    _write_history(session, run_id, changes, now)
    for fresh in placement.created(zone):
        _write_history(session, run_id, fresh, now)
        kinds[persons.ChangeKind.CREATED] += len(fresh)
    _redirect(session, changes)
    return kinds


def _write_history(session: Session, run_id: str, changes: Sequence[persons.Change], now: datetime) -> None:
    batched(session, insert(person_history), [
        {
            "id": new_id(), "run_id": run_id, "kind": change.kind.value, "person_id": change.person,
            "other_id": change.other, "role_ids": list(change.roles), "recorded_at": now,
        }
        for change in changes
    ])  # fmt: skip


def _redirect(session: Session, changes: Sequence[persons.Change]) -> None:
    """Point those who merged, and those who had merged into them, at the person who took most of their roles."""
    into: dict[str, tuple[int, str]] = {}
    for change in changes:
        if change.kind is persons.ChangeKind.MERGED and change.other is not None:
            into[change.person] = max(into.get(change.person, (0, "")), (len(change.roles), change.other))
    redirected = [{"gone": gone, "kept": kept} for gone, (_, kept) in into.items()]
    to_kept: dict[str, Any] = {"merged_into": bindparam("kept")}
    batched(session, update(person).where(person.c.id == bindparam("gone")).values(**to_kept), redirected)
    batched(session, update(person).where(person.c.merged_into == bindparam("gone")).values(**to_kept), redirected)


def write_doubts(
    session: Session, zone: Zone, run_id: str, possible: Sequence[persons.Possible], *, whole: bool
) -> int:
    """Keep the possible duplicates of this run in place of those that stood between the persons looked at."""
    who = placement.persons_of(zone, {end for doubt in possible for end in (doubt.a, doubt.b)})
    wanted = {(who[doubt.a], who[doubt.b]): doubt for doubt in possible if doubt.a in who and doubt.b in who}
    held = {(row.person_a, row.person_b): row for row in _doubts(session, zone, whole=whole)}
    gone = [{"gone": row.id} for key, row in held.items() if key not in wanted]
    batched(session, delete(possible_duplicate).where(possible_duplicate.c.id == bindparam("gone")), gone)
    batched(session, insert(possible_duplicate), [
        {
            "id": new_id(), "person_a": a, "person_b": b, "reason": doubt.reason.value,
            "match_weight": doubt.weight, "run_id": run_id,
        }
        for (a, b), doubt in wanted.items() if (a, b) not in held
    ])  # fmt: skip
    return int(session.execute(select(func.count()).select_from(possible_duplicate)).scalar_one())


_LOOKED_AT = """
SELECT person_id FROM made WHERE grp NOT IN (SELECT grp FROM beside)
UNION SELECT h.person_id FROM held h LEFT JOIN placed p USING (role_id)
WHERE h.person_id IS NOT NULL AND (p.grp IS NULL OR p.grp NOT IN (SELECT grp FROM beside))
"""
"""Persons whose doubts an incremental run works out afresh: not those who merely stand beside them."""


def _doubts(session: Session, zone: Zone, *, whole: bool) -> list[Any]:
    """The possible duplicates that this run speaks to: all, or those of persons that it looked at."""
    if whole:
        return list(session.execute(select(possible_duplicate)))
    looked = touched(zone, _LOOKED_AT)
    found: dict[str, Any] = {}
    ends = (possible_duplicate.c.person_a, possible_duplicate.c.person_b)
    for start in range(0, len(looked), CHUNK):
        chunk = looked[start : start + CHUNK]
        query = select(possible_duplicate).where(or_(*(end.in_(chunk) for end in ends)))
        found |= {row.id: row for row in session.execute(query)}
    return list(found.values())


def touched(zone: Zone, query: str) -> list[str]:
    """The ids of a query on the zone, in order."""
    return sorted(who for (who,) in zone.rows(query))


def count_persons(session: Session) -> int:
    """How many persons stand today and hold a role."""
    query = select(func.count()).select_from(person).where(person.c.merged_into.is_(None))
    return int(session.execute(query).scalar_one())


def model(session: Session) -> dict[str, Any] | None:
    """The settings of the newest model."""
    query = select(link_model.c.settings).order_by(link_model.c.version.desc()).limit(1)
    return session.execute(query).scalar()


def write_model(session: Session, settings: Mapping[str, Any], facts: Mapping[str, Any], now: datetime) -> int | None:
    """Keep a trained model under the next version, or find it under the one it has; None where there is none."""
    if not settings:
        return None
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    newest = session.execute(select(link_model).order_by(link_model.c.version.desc()).limit(1)).first()
    if newest is not None and newest.digest == digest:
        return int(newest.version)
    version = 1 if newest is None else int(newest.version) + 1
    values = {"version": version, "trained_at": now, "digest": digest, "settings": dict(settings), "facts": dict(facts)}
    session.execute(insert(link_model).values(**values))
    return version


def known_runs(session: Session) -> list[state.KnownRun]:
    """Every finished run, oldest first."""
    merges = link_run.c.counts["next"]["merges"].as_boolean()
    query = select(link_run.c.id, link_run.c.mode, merges).order_by(link_run.c.ordinal)
    return [state.KnownRun(i, mode == FULL, bool(merged)) for i, mode, merged in session.execute(query)]


def last(session: Session) -> dict[str, Any] | None:
    """What the newest run left for the next."""
    query = select(link_run.c.counts).order_by(link_run.c.ordinal.desc()).limit(1)
    counts = session.execute(query).scalar()
    return None if counts is None else counts.get("next")


def loads_after(session: Session, ordinal: int) -> list[str]:
    """The completed loads since one."""
    query = select(load.c.id).where(load.c.ordinal > ordinal, load.c.completed_at.is_not(None))
    return list(session.execute(query.order_by(load.c.ordinal)).scalars())


_COUNTED = (
    "records", "profiles", "pairs", "persons", "families", "created", "merged", "split", "ties", "possible_duplicates",
)  # fmt: skip


def write_run(
    session: Session, report: Mapping[str, Any], engine: str, started: datetime, following: Mapping[str, Any]
) -> None:
    """Make the run known: from here on what it kept in the zone counts."""
    ordinal = session.execute(select(func.max(link_run.c.ordinal))).scalar() or 0
    counts = {name: report[name] for name in _COUNTED} | {"next": dict(following)}
    session.execute(
        insert(link_run).values(
            id=report["run_id"], engine=engine, started_at=started, completed_at=datetime.now(UTC),
            threshold=report["threshold"], counts=counts, ordinal=ordinal + 1, mode=report["mode"],
            model_version=report["model_version"],
        )
    )  # fmt: skip
