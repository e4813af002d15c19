"""What a linkage run reads from the record store and writes to it.

Invariants: what did not change is not written; merges redirect and splits are recorded with what moved; ties that are
no longer found are ended, never deleted; the caller commits.
"""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from linkage import persons, state, ties
from linkage.rows import Relation, Standing
from linkage.store import (
    link_model,
    link_run,
    person,
    person_history,
    possible_duplicate,
    record_role,
    source_record,
    tie,
    tie_claim,
)

BATCH = 5_000
FULL, INCREMENTAL = "full", "incremental"


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


def new_id() -> str:
    return secrets.token_hex(16)


def roles(session: Session) -> dict[str, Role]:
    held = record_role.c
    query = select(
        held.id, held.record_id, held.unborn, held.birth_month, held.sex, held.person_id, held.supersedes,
        source_record.c.row_number,
    ).join(source_record, source_record.c.id == held.record_id)  # fmt: skip
    return {row.id: Role(*row) for row in session.execute(query)}


def facts_of(group: Iterable[str], held: Mapping[str, Role]) -> dict[str, Any]:
    roles = [held[role] for role in group]
    months = Counter(role.birth_month for role in roles if role.birth_month and not role.unborn)
    sexes = Counter(role.sex for role in roles if role.sex)
    return {
        "unborn": all(role.unborn for role in roles),
        "birth_month": min(months, key=lambda month: (-months[month], month), default=None),
        "sex": min(sexes, key=lambda sex: (-sexes[sex], sex), default=None),
    }


def _batched(session: Session, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(statement, list(rows[start : start + BATCH]))


def write_persons(
    session: Session, run_id: str, groups: Sequence[Sequence[str]], made: persons.Assignment, held: Mapping[str, Role],
    now: datetime,
) -> None:  # fmt: skip
    standing = {row.id: row for row in session.execute(select(person))}
    facts = {who: facts_of(group, held) for who, group in zip(made.persons, groups, strict=True)}
    fresh = [
        {"id": who, "merged_into": None, "created_run": run_id, **fact}
        for who, fact in facts.items()
        if who not in standing
    ]
    _batched(session, insert(person), fresh)
    changed = [
        {"who": who, **fact}
        for who, fact in facts.items()
        if who in standing and (standing[who].merged_into, *_fact_columns(standing[who])) != (None, *fact.values())
    ]
    setting: dict[str, Any] = {name: bindparam(name) for name in ("unborn", "birth_month", "sex")}
    restated = update(person).where(person.c.id == bindparam("who")).values(merged_into=None, **setting)
    _batched(session, restated, changed)
    moved = [
        {"moved": role, "who": who}
        for who, group in zip(made.persons, groups, strict=True)
        for role in group
        if held[role].person_id != who
    ]
    _batched(
        session,
        update(record_role).where(record_role.c.id == bindparam("moved")).values(person_id=bindparam("who")),
        moved,
    )
    _write_history(session, run_id, made.changes, now)


def _fact_columns(row: Any) -> tuple[Any, ...]:
    return (row.unborn, row.birth_month, row.sex)


def _write_history(session: Session, run_id: str, changes: Sequence[persons.Change], now: datetime) -> None:
    _batched(session, insert(person_history), [
        {
            "id": new_id(), "run_id": run_id, "kind": change.kind.value, "person_id": change.person,
            "other_id": change.other, "role_ids": list(change.roles), "recorded_at": now,
        }
        for change in changes
    ])  # fmt: skip
    into: dict[str, tuple[int, str]] = {}
    for change in changes:
        if change.kind is persons.ChangeKind.MERGED and change.other is not None:
            into[change.person] = max(into.get(change.person, (0, "")), (len(change.roles), change.other))
    redirected = [{"who": gone, "into": kept} for gone, (_, kept) in into.items()]
    _batched(
        session, update(person).where(person.c.id == bindparam("who")).values(merged_into=bindparam("into")), redirected
    )
    chained = [{"gone": gone, "kept": kept} for gone, (_, kept) in into.items()]
    _batched(
        session,
        update(person).where(person.c.merged_into == bindparam("gone")).values(merged_into=bindparam("kept")),
        chained,
    )


def claims(session: Session) -> list[ties.Claim]:
    held = tie_claim.c
    query = select(
        held.id, held.from_role_id, held.relation, held.to_role_id, held.provider, source_record.c.dataset,
        held.standing, held.since, held.until,
    ).join(source_record, source_record.c.id == held.record_id).where(held.current)  # fmt: skip
    return [
        ties.Claim(i, a, Relation(relation), b, provider, name, Standing(standing), since, until)
        for i, a, relation, b, provider, name, standing, since, until in session.execute(query)
    ]


def write_ties(session: Session, run_id: str, found: Sequence[ties.Tie]) -> None:
    """Insert what is new or differs, end what is no longer found, leave the rest alone."""
    standing: dict[tuple[Any, ...], str] = {}
    for row in session.execute(select(tie).where(tie.c.ended_run.is_(None))):
        key = (row.person_a, row.relation, row.person_b, row.provider, row.dataset)
        standing[(*key, row.standing, row.since, row.until, tuple(row.evidence))] = row.id
    wanted = {(*t.key, t.standing.value, t.since, t.until, t.evidence): t for t in found}
    ended = [{"gone": held} for key, held in standing.items() if key not in wanted]
    _batched(session, update(tie).where(tie.c.id == bindparam("gone")).values(ended_run=run_id), ended)
    _batched(session, insert(tie), [
        {
            "id": new_id(), "person_a": t.a, "relation": t.relation.value, "person_b": t.b, "provider": t.provider,
            "dataset": t.dataset, "standing": t.standing.value, "since": t.since, "until": t.until,
            "evidence": list(t.evidence), "run_id": run_id, "ended_run": None,
        }
        for key, t in wanted.items() if key not in standing
    ])  # fmt: skip


def write_doubts(session: Session, run_id: str, made: persons.Assignment, grouping: persons.Grouping) -> int:
    wanted = {(made.persons[doubt.a], made.persons[doubt.b]): doubt for doubt in grouping.possible}
    held = {(row.person_a, row.person_b): row for row in session.execute(select(possible_duplicate))}
    gone = [{"gone": row.id} for key, row in held.items() if key not in wanted]
    _batched(session, delete(possible_duplicate).where(possible_duplicate.c.id == bindparam("gone")), gone)
    _batched(session, insert(possible_duplicate), [
        {
            "id": new_id(), "person_a": a, "person_b": b, "reason": doubt.reason.value,
            "match_weight": doubt.weight, "run_id": run_id,
        }
        for (a, b), doubt in wanted.items() if (a, b) not in held
    ])  # fmt: skip
    return len(wanted)


def model(session: Session) -> dict[str, Any] | None:
    """The settings of the newest model."""
    query = select(link_model.c.settings).order_by(link_model.c.version.desc()).limit(1)
    return session.execute(query).scalar()


def write_model(session: Session, settings: Mapping[str, Any], facts: Mapping[str, Any], now: datetime) -> int:
    """Keep a trained model under the next version, or find it under the one it already has."""
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
    query = select(link_run.c.id, link_run.c.mode).order_by(link_run.c.ordinal)
    return [state.KnownRun(i, mode == FULL) for i, mode in session.execute(query)]
