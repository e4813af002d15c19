"""What agreements let each kind of worker reach, and how another version would change it: before anyone signs.

Invariants: reach is what the policy's own offers say, for live flows alone; no record and no caseload is read here; a
proposed version is taken as signed by every party and as the only one of its code in force.
Sources: the same as the policy's; WASPI guidance on consulting those whom a protocol affects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from governance.agreements.flows import Agreement, Standing, flow_lapse
from governance.policy.checks import CHILDHOOD_YEARS, PURPOSES, ROLES
from governance.policy.offers import offers_for
from governance.policy.request import Facts, Member, Request
from governance.terms import Action, Actor, AgreementStatus, Category, Role, SubjectRole

AGES: Final = range(CHILDHOOD_YEARS)


@dataclass(frozen=True, slots=True, order=True)
class Workers:
    """Workers whom agreements cannot tell apart."""

    organisation: str
    role: Role
    team: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Reached:
    """One class of data of one member of a child's family, from one source."""

    category: Category
    source: str
    subject: SubjectRole


@dataclass(frozen=True, slots=True)
class Shift:
    """What these workers would gain and lose of one category, on children of these ages."""

    workers: Workers
    category: Category
    gained: Mapping[int, frozenset[Reached]]
    lost: Mapping[int, frozenset[Reached]]


def proposed(standings: Sequence[Standing], version: Agreement) -> tuple[Standing, ...]:
    """Return the register as it would be with this version signed by all and in force."""
    others = tuple(standing for standing in standings if standing.agreement.code != version.code)
    return (*others, Standing(version, AgreementStatus.IN_FORCE, version.organisations))


def reach(standings: Sequence[Standing], workers: Workers, age: int, today: date) -> frozenset[Reached]:
    """Return what these workers may reach of the family of a child of this age, for any purpose of theirs."""
    if workers.role not in ROLES[Action.READ_FAMILY]:
        return frozenset()
    actor = Actor("", workers.organisation, workers.role, workers.team, True, True, None, assured=True)
    child = Member("", SubjectRole.CHILD, False, age, False, True)
    facts, at = Facts(actor, (child,), standings=tuple(standings)), datetime.combine(today, time(12), UTC)
    found = set()
    for purpose in PURPOSES[workers.role]:
        offers = offers_for(Request(Action.READ_FAMILY, "", purpose, at), facts)
        for (source, category, subject), held in offers.items():
            if any(flow_lapse(o.standing, o.flow, workers.organisation, today) is None for o in held):
                found.add(Reached(category, source, subject))
    return frozenset(found)


def shifts(
    before: Sequence[Standing], after: Sequence[Standing], groups: Iterable[Workers], today: date
) -> tuple[Shift, ...]:
    """Return what changes for each group of workers, by category."""
    return tuple(shift for group in sorted(groups, key=_order) for shift in _shifted(before, after, group, today))


def _order(workers: Workers) -> tuple[str, str, str]:
    return workers.organisation, workers.role, workers.team or ""


def _shifted(before: Sequence[Standing], after: Sequence[Standing], group: Workers, today: date) -> list[Shift]:
    bounds = _bounds((*before, *after))
    was = {age: reach(before, group, age, today) for age in bounds}
    now = {age: reach(after, group, age, today) for age in bounds}
    gained = {age: now[_at(bounds, age)] - was[_at(bounds, age)] for age in AGES}
    lost = {age: was[_at(bounds, age)] - now[_at(bounds, age)] for age in AGES}
    touched = {one.category for held in (*gained.values(), *lost.values()) for one in held}
    return [Shift(group, c, _only(gained, c), _only(lost, c)) for c in sorted(touched)]


def _bounds(standings: Iterable[Standing]) -> tuple[int, ...]:
    """The ages at which what an agreement covers may change."""
    edges = {0} | {edge for s in standings for edge in (s.agreement.ages[0], s.agreement.ages[1] + 1)}
    return tuple(sorted(edge for edge in edges if edge in AGES))


def _at(bounds: Sequence[int], age: int) -> int:
    return max(bound for bound in bounds if bound <= age)


def _only(held: Mapping[int, frozenset[Reached]], category: Category) -> dict[int, frozenset[Reached]]:
    kept = {age: frozenset(one for one in found if one.category is category) for age, found in held.items()}
    return {age: found for age, found in kept.items() if found}


def as_of(version: Agreement, today: date) -> date:
    """Return the day to compare on: today, or the first day of a version that is still to come."""
    return max(today, version.effective_from)
