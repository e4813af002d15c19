"""Who a question is about: one query, in which everybody who is not to be counted is left out.

Invariants: `population` is the only way to a cohort; a person is in it for what is known (born in the window, now
living in a known area, told by a provider whose planning flow carries addresses), never for want of anything; only
events of permitted categories and providers are looked at, with or without.
Source: ehrQL (opt-outs are part of the population).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Subquery, cast, exists, extract, func, not_, select, tuple_
from sqlalchemy.orm import Session

from app.cohorts.question import Criterion, Geography, Question
from app.cohorts.scope import Counted, Scope, left_out
from app.cohorts.sets import among
from governance.legal_time import legal_date
from governance.terms import Category
from linkage.catalogue import catalogue
from linkage.rows import Precision
from linkage.store import event, load, person, record_role, source_record


class CohortRefused(Exception):
    """A question that this project may not have answered; the message names categories, never people."""


def used(question: Question, scope: Scope) -> frozenset[Counted]:
    """Return the part of the scope that a question needs. Raises CohortRefused where it needs what is not in it."""
    needed = {str(Category.ADDRESS)} | {catalogue().event_types[c.event].category for c in question.criteria}
    missing = needed - {str(c.category) for c in scope.counted}
    if missing:
        raise CohortRefused(f"no agreement in force lets this project count from: {', '.join(sorted(missing))}")
    return frozenset(c for c in scope.counted if c.category in needed)


def population(session: Session, question: Question, scope: Scope, at: datetime) -> dict[str, str]:
    """Return the area of every child the question is about, by person id."""
    needed = used(question, scope)
    homes = _homes(question, scope.providers(Category.ADDRESS))
    query: Select[Any] = (
        select(person.c.id, homes.c.area)
        .join(homes, homes.c.person_id == person.c.id)
        .where(
            homes.c.newest == 1,
            person.c.merged_into.is_(None),
            not_(person.c.unborn),
            person.c.birth_month.between(question.born_from, question.born_to),
            not_(among(session, person.c.id, left_out(session, needed, at))),
            *(_has(c, needed, at) for c in question.has),
            *(not_(_has(c, needed, at)) for c in question.has_not),
        )
    )
    return {row.id: row.area for row in session.execute(query)}


def _homes(question: Question, providers: Iterable[str]) -> Subquery:
    """Each person's current homes, newest load first, as far as they are known by the areas the question needs."""
    role = record_role
    area, resident = _area(question.group_by), _area(question.resident)
    newest = (
        func.row_number()
        .over(partition_by=role.c.person_id, order_by=(load.c.ordinal.desc(), source_record.c.row_number, role.c.id))
        .label("newest")
    )
    return (
        select(role.c.person_id, area.label("area"), newest)
        .join(source_record, source_record.c.id == role.c.record_id)
        .join(load, load.c.id == source_record.c.load_id)
        .join(person, person.c.id == role.c.person_id)
        .where(person.c.birth_month.between(question.born_from, question.born_to))
        .where(role.c.current, role.c.provider.in_(sorted(providers)), area.is_not(None), resident.is_not(None))
        .subquery()
    )


def _area(geography: Geography) -> ColumnElement[Any]:
    return record_role.c[str(geography)]


def _has(criterion: Criterion, needed: Iterable[Counted], at: datetime) -> ColumnElement[bool]:
    segments = sorted({(str(c.category), c.provider) for c in needed})
    age = _months(event.c.occurred_on) - _months_of_birth()
    return exists(
        select(event.c.id)
        .join(record_role, record_role.c.id == event.c.role_id)
        .where(
            record_role.c.person_id == person.c.id,
            record_role.c.current,
            event.c.current,
            event.c.type == criterion.event,
            event.c.status.in_([str(status) for status in criterion.statuses]),
            event.c.precision != str(Precision.YEAR),
            event.c.occurred_on <= legal_date(at),
            age.between(criterion.from_months, criterion.to_months),
            tuple_(event.c.category, event.c.provider).in_(segments),
        )
        .correlate(person)
    )


def _months(day: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(extract("year", day), Integer) * 12 + cast(extract("month", day), Integer)


def _months_of_birth() -> ColumnElement[int]:
    born = person.c.birth_month
    return cast(func.substr(born, 1, 4), Integer) * 12 + cast(func.substr(born, 6, 2), Integer)
