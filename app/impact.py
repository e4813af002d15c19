"""Who would gain and lose what if a version of an agreement were signed, counted over the real caseloads.

Invariants: what changes is the policy's own answer (see `governance.policy.reach`); the counts are set queries over
open relationships, never a decision for each child; only counts leave, for information governance officers, and the
act is in the log, committed before they do.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, distinct, false, func, literal, or_, select
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
    open_cases = _cases(at)
    found = shifts(held, proposed(held, version), _groups(session, open_cases), on)
    return Impact(
        code=version.code,
        before=before,
        after=version.version,
        on=on,
        totals=tuple(_counts(session, open_cases, on, found, by_group=False)),
        counts=tuple(_counts(session, open_cases, on, found, by_group=True)),
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


def _groups(session: Session, cases: Any) -> list[Workers]:
    query = select(cases.c.organisation, cases.c.role, cases.c.team).distinct()
    return [Workers(row.organisation, Role(row.role), row.team) for row in session.execute(query)]


def _counts(session: Session, cases: Any, on: date, found: Iterable[Shift], *, by_group: bool) -> Iterable[Count]:
    gathered: dict[tuple[Direction, Category, tuple[str, Role] | None], list[tuple[Window, frozenset[Reached]]]] = {}
    for shift in found:
        group = (shift.workers.organisation, shift.workers.role) if by_group else None
        for direction, held in ((Direction.GAIN, shift.gained), (Direction.LOSE, shift.lost)):
            if held:
                reached = frozenset[Reached]().union(*held.values())
                key = (direction, shift.category, group)
                gathered.setdefault(key, []).append(((shift.workers, frozenset(held)), reached))
    for (direction, category, group), held_of in gathered.items():
        workers, children = _tally(session, cases, on, [window for window, _ in held_of])
        reached = frozenset[Reached]().union(*(one for _, one in held_of))
        if workers:
            yield Count(
                direction, category, group, tuple(sorted({one.source for one in reached})),
                tuple(sorted({one.subject for one in reached})), workers, children,
            )  # fmt: skip


def _tally(session: Session, cases: Any, on: date, windows: Collection[Window]) -> tuple[int, int]:
    query = select(func.count(distinct(cases.c.staff_id)), func.count(distinct(cases.c.person_id)))
    row = session.execute(query.where(or_(false(), *(_within(cases, on, window) for window in windows)))).one()
    return int(row[0]), int(row[1])


def _within(cases: Any, on: date, window: Window) -> ColumnElement[bool]:
    workers, ages = window
    team = cases.c.team.is_(None) if workers.team is None else cases.c.team == workers.team
    named = and_(cases.c.organisation == workers.organisation, cases.c.role == str(workers.role), team)
    unborn = and_(cases.c.unborn, literal(0 in ages))
    ageless = and_(cases.c.unborn.is_(False), cases.c.birth_month.is_(None))
    return and_(named, or_(unborn, ageless, *(_aged(cases, on, span) for span in _spans(ages))))


def _spans(ages: Collection[int]) -> list[tuple[int, int]]:
    """Ages in years as unbroken stretches, first to last."""
    spans: list[tuple[int, int]] = []
    for age in sorted(ages):
        if spans and spans[-1][1] == age - 1:
            spans[-1] = (spans[-1][0], age)
        else:
            spans.append((age, age))
    return spans


def _aged(cases: Any, on: date, span: tuple[int, int]) -> ColumnElement[bool]:
    youngest, oldest = span
    born_by, born_after = _month(on, youngest), _month(on, oldest + 1)
    aged: ColumnElement[bool] = and_(cases.c.birth_month <= born_by, cases.c.birth_month > born_after)
    return aged


def _month(on: date, years: int) -> str:
    return f"{on.year - years:04d}-{on.month:02d}"


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
