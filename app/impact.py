"""Who would gain and lose what if a version of an agreement were signed, counted over the real caseloads.

Invariants: what changes is the policy's own answer (see `governance.policy.reach`); the cases are read once, in one
query, and counted by group of workers, never by a decision for each child; only counts leave, for information
governance officers, and the act is in the log, committed before they do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deployment import Deployment
from governance.agreements.flows import Agreement
from governance.agreements.standings import standings
from governance.ledger import ledger
from governance.ledger.entries import AuditEvent, Detail
from governance.legal_time import legal_date
from governance.policy.reach import Reached, Shift, Workers, as_of, proposed, shifts
from governance.store import relationship, staff, staff_role
from governance.terms import AgreementStatus, Category, EventKind, Role, SubjectRole
from linkage.kin.families import months_between
from linkage.store import person


class Direction(StrEnum):
    GAIN = "gain"
    LOSE = "lose"


@dataclass(frozen=True, slots=True)
class Count:
    """How many workers gain or lose a category, and on how many children. No `workers_of`: all of them together."""

    direction: Direction
    category: Category
    workers_of: tuple[str, Role] | None
    sources: tuple[str, ...]
    subjects: tuple[SubjectRole, ...]
    workers: int
    children: int


@dataclass(frozen=True, slots=True)
class Impact:
    """`before` is the version in force today, if any; `on` the day that is compared."""

    code: str
    before: int | None
    after: int
    on: date
    totals: tuple[Count, ...]
    counts: tuple[Count, ...]

    @property
    def sentences(self) -> list[str]:
        """Each total in words, as for a board."""
        step = f"v{self.before}→v{self.after}" if self.before else f"new v{self.after}"
        said = {Direction.GAIN: "gain", Direction.LOSE: "lose"}
        return [
            f"{step}: {one.workers:,} workers {said[one.direction]} {str(one.category).replace('_', ' ')} "
            f"on {one.children:,} children"
            for one in self.totals
        ]


Window = tuple[Workers, frozenset[int]]
Case = tuple[str, str, int | None]
Cases = Mapping[Workers, Sequence[Case]]


def impact(deployment: Deployment, version: Agreement, at: datetime, by: AuditEvent) -> Impact:
    """Count what this version would change; `by` says who asks, and its entry is committed before the answer."""
    with deployment.database.reading() as session:
        found = count(session, version, at)
    detail: dict[Detail, str | int] = {
        Detail.AGREEMENT: version.code, Detail.VERSION: version.version, Detail.SPEC_HASH: version.hash,
        **({Detail.OPERATION: by.detail[Detail.OPERATION]} if Detail.OPERATION in by.detail else {}),
    }  # fmt: skip
    with deployment.database.writing() as session:
        ledger.record(session, deployment.ring, replace(by, kind=EventKind.IMPACT_COUNTED, detail=detail), at)
    return found


def count(session: Session, version: Agreement, at: datetime) -> Impact:
    """Compare the register with and without this version, and count over open relationships."""
    held, on = standings(session, at), as_of(version, legal_date(at))
    before = next(
        (s.agreement.version for s in held if s.agreement.code == version.code and s.status in _CURRENT), None
    )
    cases = _by_workers(session, at, on)
    found = shifts(held, proposed(held, version), cases, on)
    return Impact(
        code=version.code,
        before=before,
        after=version.version,
        on=on,
        totals=tuple(_counts(cases, found, by_group=False)),
        counts=tuple(_counts(cases, found, by_group=True)),
    )


_CURRENT: Final = frozenset({AgreementStatus.IN_FORCE, AgreementStatus.SUSPENDED})


def _cases(at: datetime) -> Any:
    """Open relationships of active staff: who, in which organisation, role and team, with whom (as persons merged)."""
    today, row, grant = legal_date(at), relationship.c, staff_role.c
    opened = (
        select(row.staff_id, row.person_id)
        .where(row.since <= today, row.recorded_at <= at, row.until.is_(None) | (row.until > today))
        .where(row.ended_at.is_(None) | (row.ended_at > at))
        .cte("opened")
    )
    now = select(opened.c.person_id.label("start"), opened.c.person_id.label("person_id")).distinct().cte(
        "merged", recursive=True
    )  # fmt: skip
    step = select(now.c.start, person.c.merged_into).join(now, person.c.id == now.c.person_id)
    now = now.union(step.where(person.c.merged_into.is_not(None)))
    return (
        select(
            staff.c.id.label("staff_id"), staff.c.organisation, grant.role, grant.team,
            person.c.id.label("person_id"), person.c.birth_month, person.c.unborn,
        )
        .join(opened, opened.c.staff_id == staff.c.id)
        .join(staff_role, grant.staff_id == staff.c.id)
        .join(now, now.c.start == opened.c.person_id)
        .join(person, (person.c.id == now.c.person_id) & person.c.merged_into.is_(None))
        .where(staff.c.active, grant.since <= today, grant.until.is_(None) | (grant.until > today))
        .where(grant.training_until >= today)
        .subquery("cases")
    )  # fmt: skip


def _by_workers(session: Session, at: datetime, on: date) -> Cases:
    """Return the open cases of each group of workers, read once: (staff, person, age in years or None)."""
    held: dict[Workers, list[Case]] = {}
    for row in session.execute(select(_cases(at))):
        workers = Workers(row.organisation, Role(row.role), row.team)
        held.setdefault(workers, []).append((row.staff_id, row.person_id, _age(row.unborn, row.birth_month, on)))
    return held


def _age(unborn: bool, birth_month: str | None, on: date) -> int | None:
    """The age that the policy takes a child to have: none where the month of birth is not known, 0 before birth."""
    if unborn:
        return 0
    return None if birth_month is None else months_between(birth_month, on) // 12


def _counts(cases: Cases, found: Iterable[Shift], *, by_group: bool) -> Iterable[Count]:
    gathered: dict[tuple[Direction, Category, tuple[str, Role] | None], list[tuple[Window, frozenset[Reached]]]] = {}
    for shift in found:
        group = (shift.workers.organisation, shift.workers.role) if by_group else None
        for direction, held in ((Direction.GAIN, shift.gained), (Direction.LOSE, shift.lost)):
            if held:
                reached = frozenset[Reached]().union(*held.values())
                key = (direction, shift.category, group)
                gathered.setdefault(key, []).append(((shift.workers, frozenset(held)), reached))
    for (direction, category, group), held_of in gathered.items():
        workers, children = _tally(cases, [window for window, _ in held_of])
        reached = frozenset[Reached]().union(*(one for _, one in held_of))
        if workers:
            yield Count(
                direction, category, group, tuple(sorted({one.source for one in reached})),
                tuple(sorted({one.subject for one in reached})), workers, children,
            )  # fmt: skip


def _tally(cases: Cases, windows: Iterable[Window]) -> tuple[int, int]:
    """Return how many workers, and how many children, some window takes in."""
    staff_ids: set[str] = set()
    persons: set[str] = set()
    for workers, ages in windows:
        for staff_id, person_id, age in cases.get(workers, ()):
            if age is None or age in ages:
                staff_ids.add(staff_id)
                persons.add(person_id)
    return len(staff_ids), len(persons)


def as_json(found: Impact) -> Mapping[str, Any]:
    """Return the counts as plain values."""
    return {
        "agreement": found.code,
        "before": found.before,
        "after": found.after,
        "compared_on": found.on.isoformat(),
        "said": found.sentences,
        "totals": [_plain(one) for one in found.totals],
        "counts": [_plain(one) for one in found.counts],
    }


def _plain(one: Count) -> dict[str, Any]:
    organisation, role = one.workers_of or (None, None)
    return {
        "direction": str(one.direction), "category": str(one.category), "organisation": organisation,
        "role": str(role) if role else None, "sources": list(one.sources),
        "subjects": [str(subject) for subject in one.subjects], "workers": one.workers, "children": one.children,
    }  # fmt: skip
