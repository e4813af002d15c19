"""What no data means: each service and person in exactly one state, and what each source speaks for.

Invariants: a cell's state never depends on data the permit withholds; only sources that may share with this worker
count as speaking; a service withheld in silence always reads "ring the duty desk".
"""

from dataclasses import dataclass
from datetime import date

from app import labels
from app.language import Language
from app.reading import FamilyData
from app.views.meanings import NOT_AVAILABLE, SAID
from app.views.services import CATEGORIES_OF
from governance.terms import SegmentDecision, Withholding
from linkage.facts import CoverageRow
from linkage.kin.families import Member
from linkage.kin.timeline import CellState, cell
from linkage.rows import PersonId


@dataclass(frozen=True, slots=True)
class Cell:
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class Source:
    """What one provider's data speaks for, in one service."""

    service: str
    organisation: str
    covers_from: date | None
    covers_to: date
    loaded: date


def cells(words: Language, data: FamilyData, at: date) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """Return each service with a cell for each member, in the family's order."""
    return tuple(
        (service, tuple(_cell(words, data, service, member, at) for member in data.family.members))
        for service, categories in CATEGORIES_OF.items()
        if categories
    )


def _cell(words: Language, data: FamilyData, service: str, member: Member, at: date) -> Cell:
    state = _state(data, service, member.person_id, at)
    return Cell(state, words.gettext(SAID[state]))


def _state(data: FamilyData, service: str, person: PersonId, at: date) -> str:
    told = _told(data, service, person)
    shown = any(d.permitted for d in told)
    if not shown and not _rows(data, service, person):
        signalled = any(d.withholding is Withholding.SIGNALLED for d in told)
        return CellState.WITHHELD if signalled else NOT_AVAILABLE
    return cell(
        service, person, data.events, data.involvements, speaking(data, person), at, False,
        data.homes[person].areas,
    )  # fmt: skip


def _rows(data: FamilyData, service: str, person: str) -> bool:
    met = any(row.person_id == person and row.service == service for row in data.events)
    return met or any(row.person_id == person and row.service == service for row in data.involvements)


def _told(data: FamilyData, service: str, person: str) -> list[SegmentDecision]:
    return [
        d
        for d in data.read.decision.segments
        if d.segment.member == person and d.segment.category in CATEGORIES_OF[service]
    ]


def withheld_services(data: FamilyData, person: str) -> frozenset[str]:
    """The services of which nothing is permitted for this person."""
    return frozenset(s for s in CATEGORIES_OF if not any(d.permitted for d in _told(data, s, person)))


def speaking(data: FamilyData, person: str) -> list[CoverageRow]:
    """The coverage of sources that may share with this worker about this person."""
    return [row for row in data.coverage if row.provider in _sharing(data, row.service, person)]


def _sharing(data: FamilyData, service: str, person: str) -> set[str]:
    if service not in CATEGORIES_OF:
        return set()
    return {d.segment.source for d in _told(data, service, person) if d.permitted}


def sources(words: Language, data: FamilyData) -> tuple[Source, ...]:
    """What each source that shares about the index child speaks for, the newest load of each."""
    newest: dict[tuple[str, str], CoverageRow] = {}
    for row in speaking(data, data.index.person_id):
        newest.setdefault((row.service, row.provider), row)
    return tuple(
        Source(
            words.gettext(labels.SERVICES.get(row.service, row.service)),
            words.pick(data.organisation(row.provider).name_en, data.organisation(row.provider).name_cy),
            row.covers_from, row.last_day, row.loaded_at.date(),
        )
        for row in newest.values()
    )  # fmt: skip
