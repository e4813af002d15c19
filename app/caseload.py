"""A worker's own families, for their home page.

Invariants: only children whom the gate lists are named, and the list itself is one ledger entry; a name is opened only
where the policy would let this worker see it, for a purpose that their role may state.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.gate import Gate
from app.identities import Known, names
from app.identity import SignedIn
from app.purposes import choices
from app.subjects import Merges, policy_members
from governance import facts, people
from governance.legal_time import legal_date
from governance.policy import decide
from governance.request import Facts, Request
from governance.standings import standings
from governance.terms import Action, Category, RelationshipKind, SegmentDecision
from linkage import records, reference
from linkage.facts import PersonFact

MOST_SHOWN = 50
NAMING = frozenset({Category.IDENTITY, Category.ADDRESS})


@dataclass(frozen=True, slots=True)
class Row:
    """One child of the list, with what of their identity this worker may see."""

    person: PersonFact
    kind: RelationshipKind | None
    known: Known
    locality: tuple[str, str | None] | None


def own_families(deployment: Deployment, who: SignedIn, at: datetime, request_id: str) -> tuple[list[Row], int]:
    """Return the worker's open cases, the newest first, and how many there are in all."""
    with deployment.database.reading() as session:
        cases = people.relationships_of(session, who.actor.staff_id, legal_date(at))
    shown = {case.person_id: case for case in cases[:MOST_SHOWN]}
    listed = Gate(deployment.database, deployment.ring).search(who.actor, at, request_id, list(shown)).hits
    rows = described(deployment, who, at, listed)
    kinds = {person: RelationshipKind(case.kind) for person, case in shown.items()}
    return [Row(r.person, kinds.get(r.person.person_id), r.known, r.locality) for r in rows], len(cases)


def described(deployment: Deployment, who: SignedIn, at: datetime, listed: tuple[str, ...]) -> list[Row]:
    """Describe persons whom the gate has listed."""
    with deployment.database.reading() as session:
        naming = _naming(session, who, at, listed)
        known = names(deployment, session, naming)
        held = records.person_facts(session, listed)
        return [
            Row(held[person], None, known.get(person, Known()), _locality(session, person, naming)) for person in held
        ]


def _naming(session: Session, who: SignedIn, at: datetime, listed: tuple[str, ...]) -> list[SegmentDecision]:
    """The permitted identity and address segments of each listed person, for the first purpose that permits any."""
    versions, found = standings(session, at), []
    for person in listed:
        family = records.load_family(session, person, legal_date(at))
        if family is None:
            continue
        members = policy_members(family, legal_date(at))
        known = facts.read_facts(session, who.actor, members, (), at, Merges(session), versions)
        for purpose in choices(who.actor.role):
            permitted = _own_naming(Request(Action.READ_FAMILY, person, purpose, at), known, family.index)
            if permitted:
                found += permitted
                break
    return found


def _own_naming(request: Request, known: Facts, index: str) -> list[SegmentDecision]:
    decision = decide(request, known)
    return [d for d in decision.permitted if d.segment.member == index and d.segment.category in NAMING]


def _locality(session: Session, person: str, naming: list[SegmentDecision]) -> tuple[str, str | None] | None:
    sources = {
        d.segment.source for d in naming if d.segment.member == person and d.segment.category is Category.ADDRESS
    }
    _ward, locality, _nation = records.home(session, person, sources)
    return reference.area_names(session, [locality]).get(locality) if locality else None
