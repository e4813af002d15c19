"""A worker's own families, for their home page.

Invariants: only children whom the gate lists are named, and the list itself is one ledger entry; a name is opened only
where the policy would let this worker see it, for a purpose that their role may state.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.deployment import Deployment
from app.doors import gate_of
from app.identities import Known, names
from app.identity import SignedIn
from app.purposes import choices
from app.subjects import Merges, policy_members
from governance import people
from governance.agreements.standings import standings
from governance.legal_time import legal_date
from governance.overrides.relations import ends
from governance.policy import facts
from governance.policy.policy import decide
from governance.policy.request import Facts, Request
from governance.terms import Action, Category, RelationshipKind, SegmentDecision
from linkage.facts import PersonFact
from linkage.intake import reference
from linkage.kin import records
from linkage.rows import PersonId

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
    """Return the worker's open cases, the newest first, and how many in all; who may not be listed is not counted."""
    with deployment.database.reading() as session:
        kinds = _cases(session, who, at)
    looked_at = list(kinds)[:MOST_SHOWN]
    listed = gate_of(deployment).search(who.actor, at, request_id, looked_at).hits
    rows = described(deployment, who, at, listed)
    further = len(kinds) - len(looked_at) if listed else 0
    return [replace(row, kind=kinds.get(row.person.person_id)) for row in rows], len(rows) + further


def _cases(session: Session, who: SignedIn, at: datetime) -> dict[str, RelationshipKind]:
    """Each person of the worker's open cases, under the id of today, with the newest relationship."""
    cases = people.relationships_of(session, who.actor.staff_id, legal_date(at))
    merges = Merges(session)
    now = merges.current(merges.former({case.person_id for case in cases}))
    over = ends(session, cases, now, at)
    kinds: dict[str, RelationshipKind] = {}
    for case in cases:
        if case.id in over and over[case.id] <= at:
            continue
        kinds.setdefault(now[case.person_id], RelationshipKind(case.kind))
    return kinds


def described(deployment: Deployment, who: SignedIn, at: datetime, listed: tuple[str, ...]) -> list[Row]:
    """Describe persons whom the gate has listed."""
    with deployment.database.reading() as session:
        naming = _naming(session, who, at, listed)
        known = names(deployment, session, naming)
        facts_of = records.person_facts(session, listed)
        held = {person: facts_of[PersonId(person)] for person in listed if PersonId(person) in facts_of}
        return [
            Row(_as_named(person, naming), None, known.get(person_id, Known()), _locality(session, person_id, naming))
            for person_id, person in held.items()
        ]


def _as_named(person: PersonFact, naming: list[SegmentDecision]) -> PersonFact:
    """A month of birth is identity too: without a permit for it a line says only that there is a child."""
    named = any(d.segment.member == person.person_id and d.segment.category is Category.IDENTITY for d in naming)
    return person if named else replace(person, birth_month=None)


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
