"""Counting a cohort's children and families by area, and releasing what may be released.

Invariants: every count leaves through disclosure control; a known area with nobody in it is a true zero; answers name
the question (hash) and the link run it was counted on; ties are used to tell families apart, never shown. For counting,
a family is the component of confirmed parent and sibling ties.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.cohorts.population import CohortRefused, population
from app.cohorts.question import Geography, Question
from app.cohorts.scope import Scope
from app.cohorts.sets import among
from governance.disclosure import PROFILES, Cell, CellStatus, Margin, Measure, release
from linkage.intake import reference
from linkage.rows import Relation, Standing
from linkage.store import link_run, postcode_area, tie

KIN = (Relation.BIRTH_MOTHER, Relation.PARENT, Relation.ADOPTIVE_PARENT, Relation.SIBLING)
TOTAL = "*"
CHILDREN, FAMILIES = "children", "families"


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One area's released counts; None is withheld. A total has no area."""

    area: str | None
    name_en: str | None
    name_cy: str | None
    children: int | None
    families: int | None
    status: CellStatus


@dataclass(frozen=True, slots=True)
class CohortAnswer:
    """What an analyst gets. `snapshot` is the link run that was counted."""

    question_hash: str
    title: str
    project: str
    group_by: Geography
    profile: str
    snapshot: str
    counted_at: datetime
    rows: tuple[CohortRow, ...]
    total: CohortRow


def run_cohort(session: Session, question: Question, scope: Scope, at: datetime) -> CohortAnswer:
    """Answer a question within a scope. Raises CohortRefused where the project may not have it answered."""
    snapshot = session.execute(select(link_run.c.id).order_by(link_run.c.ordinal.desc()).limit(1)).scalar()
    if snapshot is None:
        raise CohortRefused("nothing has been linked yet")
    children = population(session, question, scope, at)
    families = families_of(session, children, {c.provider for c in scope.counted})
    areas = known_areas(session, question.group_by) | set(children.values())
    released = _released(children, families, areas, question.profile)
    names = reference.area_names(session, areas)
    return CohortAnswer(
        question_hash=question.hash,
        title=question.title,
        project=question.project,
        group_by=question.group_by,
        profile=question.profile,
        snapshot=snapshot,
        counted_at=at,
        rows=tuple(_row(area, released[area], names) for area in sorted(areas)),
        total=_row(None, released[TOTAL], names),
    )


def known_areas(session: Session, geography: Geography) -> set[str]:
    """Return every area of this kind that reference data know."""
    column = postcode_area.c[str(geography)]
    return set(session.execute(select(column).where(column.is_not(None)).distinct()).scalars())


def families_of(session: Session, children: Collection[str], providers: Collection[str]) -> dict[str, str]:
    """Return which family each child is of, named by one of its persons; reads outwards from the children only."""
    leader = {child: child for child in children}
    new = set(children)
    while new:
        ends = (among(session, tie.c.person_a, new), among(session, tie.c.person_b, new))
        query = select(tie.c.person_a, tie.c.person_b).where(
            or_(*ends),
            tie.c.relation.in_([str(relation) for relation in KIN]),
            tie.c.standing == str(Standing.CONFIRMED),
            tie.c.ended_run.is_(None),
            tie.c.provider.in_(sorted(providers)),
        )
        new = _join(leader, ((row.person_a, row.person_b) for row in session.execute(query)))
    return {child: _lead(leader, child) for child in children}


def _join(leader: dict[str, str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Join the families of each pair; return the persons met for the first time."""
    met = set()
    for pair in pairs:
        for one in pair:
            if one not in leader:
                leader[one] = one
                met.add(one)
        first, second = (_lead(leader, one) for one in pair)
        leader[max(first, second)] = min(first, second)
    return met


def _lead(leader: dict[str, str], one: str) -> str:
    while leader[one] != one:
        leader[one] = leader[leader[one]]
        one = leader[one]
    return one


def _released(
    children: Mapping[str, str], families: Mapping[str, str], areas: Collection[str], profile: str
) -> dict[str, Cell]:
    counted = Counter(children.values())
    distinct = Counter(area for _, area in {(families[child], area) for child, area in children.items()})
    everybody, all_families = len(children), len(set(families.values()))
    measures = [
        Measure(CHILDREN, {area: counted[area] for area in areas} | {TOTAL: everybody}),
        Measure(FAMILIES, {area: distinct[area] for area in areas} | {TOTAL: all_families}, additive=False),
    ]
    margins = [Margin(TOTAL, tuple(sorted(areas)))] if areas else []
    return release(measures, margins, PROFILES[profile])


def _row(area: str | None, cell: Cell, names: Mapping[str, tuple[str, str | None]]) -> CohortRow:
    name_en, name_cy = names.get(area or "", (area, None))
    return CohortRow(area, name_en, name_cy, cell.values[CHILDREN], cell.values[FAMILIES], cell.status)
