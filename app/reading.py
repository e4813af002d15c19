"""Opening a family's record: what the gate permitted, and only that, gathered for the views.

Invariants: nothing here decides; every row is read through `holdings_permitted` of a read that the gate has already
decided and logged; this and the gate are the only callers of linkage's reads for pages and `/v1`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.gate import FamilyRead, holdings_permitted
from app.identities import Known, names
from app.identity import Organisation
from app.subjects import Merges
from governance.store import agreement, organisation, wish
from governance.terms import Category, Decision, WishAnswer, WishKind
from linkage.facts import CoverageRow, EventRow, InvolvementRow, MilestoneFact
from linkage.intake import reference
from linkage.kin import records
from linkage.kin.families import Family, Member

DEFAULT_NATION = "england"


@dataclass(frozen=True, slots=True)
class WishRow:
    person_id: str
    kind: WishKind
    answer: WishAnswer
    scope: tuple[str, ...]
    since: date
    expires: date | None


@dataclass(frozen=True, slots=True)
class Home:
    """Where a person lives, as areas: codes for coverage, a name for the screen where the address may be shown."""

    areas: frozenset[str]
    locality: tuple[str, str | None] | None
    nation: str | None


NOWHERE = Home(frozenset(), None, None)


@dataclass(frozen=True, slots=True)
class FamilyData:
    """Everything a family's page may draw on."""

    read: FamilyRead
    family: Family
    known: Mapping[str, Known]
    events: Sequence[EventRow]
    involvements: Sequence[InvolvementRow]
    coverage: Sequence[CoverageRow]
    schedule: Sequence[MilestoneFact]
    homes: Mapping[str, Home]
    organisations: Mapping[str, Organisation]
    agreements: Mapping[tuple[str, int], tuple[str, str | None]]
    wishes: Sequence[WishRow]

    @property
    def index(self) -> Member:
        return self.family.members[0]

    def organisation(self, code: str) -> Organisation:
        return self.organisations.get(code) or Organisation(code, code, None, None, None)


def gather(deployment: Deployment, read: FamilyRead) -> FamilyData:
    """Read what a permitted family read allows."""
    assert read.family is not None
    family, allowed = read.family, holdings_permitted(read)
    with deployment.database.reading() as session:
        homes: dict[str, Home] = {m.person_id: _home(session, read, m.person_id) for m in family.members}
        nation = homes[family.members[0].person_id].nation or DEFAULT_NATION
        return FamilyData(
            read=read,
            family=family,
            known=names(deployment, session, read.decision.permitted),
            events=records.events(session, allowed, family),
            involvements=records.involvements(session, allowed, family),
            coverage=records.coverage(session),
            schedule=records.milestones(session, nation),
            homes=homes,
            organisations=organisations(session),
            agreements=agreement_titles(session),
            wishes=_wishes(session, read.decision),
        )


def organisations(session: Session) -> dict[str, Organisation]:
    table = organisation.c
    rows = session.execute(select(table.code, table.name_en, table.name_cy, table.duty_desk, table.telephone))
    return {row.code: Organisation(*row) for row in rows}


def agreement_titles(session: Session) -> dict[tuple[str, int], tuple[str, str | None]]:
    rows = session.execute(select(agreement.c.code, agreement.c.version, agreement.c.title_en, agreement.c.document))
    return {(r.code, r.version): (r.title_en, (r.document.get("title") or {}).get("cy")) for r in rows}


def _home(session: Session, read: FamilyRead, person: str) -> Home:
    """Areas only choose which coverage and schedule apply; a name is told by who may share the address itself."""
    if person in read.hidden:
        return NOWHERE
    mine = [d.segment for d in read.decision.permitted if d.segment.member == person]
    areas = records.home(session, person, {s.source for s in mine})
    _, locality, _ = records.home(session, person, {s.source for s in mine if s.category is Category.ADDRESS})
    name = reference.area_names(session, [locality]).get(locality) if locality else None
    return Home(frozenset(code for code in areas if code), name, areas[2])


def _wishes(session: Session, decision: Decision) -> list[WishRow]:
    """The newest row of each person, kind, scope and voice, as far as this worker may know of what it speaks of."""
    merges = Merges(session)
    former = merges.former({d.segment.member for d in decision.permitted})
    rows = session.execute(
        select(wish).where(wish.c.person_id.in_(sorted(former))).order_by(wish.c.recorded_at, wish.c.ordinal)
    ).all()
    now = merges.current(former)
    newest = {
        (now[r.person_id], r.kind, tuple(r.scope), r.signer_basis, r.signer_person_id or r.signer): r for r in rows
    }
    told = told_of(decision)
    return [
        WishRow(key[0], WishKind(r.kind), WishAnswer(r.answer), scope, r.valid_from.date(), r.expires)
        for key, r in newest.items()
        if (scope := known_scope(key[0], r.scope, told))
    ]


def told_of(decision: Decision) -> set[tuple[str, str]]:
    """Return the members and categories whose place on the page a worker sees, shown or withheld."""
    return {(d.segment.member, str(d.segment.category)) for d in decision.segments}


def known_scope(person: str, scope: Sequence[str], told: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """A wish about a category that is withheld in silence would break the silence."""
    return tuple(named for named in scope if named not in set(Category) or (person, named) in told)
