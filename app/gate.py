"""The one door: facts, decision, audit committed, and only then what the decision lets through.

Invariants: every read of a record, search, audit reading and cohort run passes here, permit and refusal alike; the
entry is committed in its own transaction before anything is returned, and when it cannot be, nothing is; the log keeps
the true reason, the caller gets only what may be told outside; nothing is remembered between requests.
Sources: the NHS legitimate-relationship model; ISO 27789; UK GDPR Article 5(1)(f) and (2).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.database import Database
from app.evenness import NO_TIME, Evenness
from app.subjects import Merges, held_segments, narrowed, policy_members
from governance.agreements.standings import standings
from governance.keys.keys import KeyRefused, KeyRing
from governance.ledger.ledger import AuditEvent, Detail, EventRefused, decided, record
from governance.ledger.pace import READS, SEARCHES, Limits, Pace, reached
from governance.legal_time import legal_date
from governance.overrides.alarms import raise_alarm
from governance.policy import facts as governance_facts
from governance.policy.kept import keep
from governance.policy.policy import decide, decide_all, listable, told
from governance.policy.request import Facts, Made, Request
from governance.policy.telling import one_life
from governance.terms import (
    Action,
    Actor,
    AlarmKind,
    Category,
    Decision,
    EventKind,
    Purpose,
    Reason,
    Role,
    Segment,
)
from linkage.facts import Holding
from linkage.kin import records
from linkage.kin.families import Family
from linkage.rows import PersonId

MOST_HITS: Final = 50
NO_END: Final = Pace(1_000_000_000, 1_000_000_000)
UNLIMITED: Final = Limits(NO_END, NO_END)
"""For commands that a host lets in; pages and `/v1` take their limits from the settings (see `app.doors`)."""


T = TypeVar("T")


class LogUnavailable(Exception):
    """The act could not be logged, so nothing of it is shown."""


@dataclass(frozen=True, slots=True)
class FamilyRead:
    """What one read let through. `family` is None unless the decision is a permit or partial permit.

    `hidden` are members whose place is behind a firewall for this worker: not even their nation may be drawn on.
    """

    decision: Decision
    family: Family | None
    entry_id: str
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SearchRead:
    """The hits that may be listed, under their ids of today, in the order given."""

    decision: Decision
    hits: tuple[str, ...]
    entry_id: str


@dataclass(frozen=True, slots=True)
class Considered:
    """Whether an act about a person may be done, told as it may leave the gate; `person_id` is their id of today.

    `ids` are all the ids the person had, that of today first.
    """

    decision: Decision
    person_id: str
    ids: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.decision.reason is Reason.PERMITTED


class Gate:
    """Decides and logs, then lets through."""

    def __init__(
        self, database: Database, ring: KeyRing, limits: Limits = UNLIMITED, evenness: Evenness | None = None
    ) -> None:
        self._database = database
        self._ring = ring
        self._limits = limits
        self._evenness = evenness or Evenness(NO_TIME)

    def read_family(
        self,
        actor: Actor | None,
        index: str,
        purpose: Purpose | None,
        at: datetime,
        request_id: str,
        action: EventKind = EventKind.READ_FAMILY,
    ) -> FamilyRead:
        """Return what this worker may see of a child's family, or raise LogUnavailable."""
        began = self._evenness.clock()
        request = Request(Action.READ_FAMILY, index, purpose, at)
        with self._database.reading() as session:
            family = records.load_family(session, index, legal_date(at))
            over = _over(session, actor, READS, self._limits.reads, at)
            facts = _family_facts(session, actor, family, at, over)
        decision, made = decide(request, facts), (Made(request, facts),)
        permitted = decision.reason is Reason.PERMITTED
        shown = narrowed(family, decision) if family is not None and permitted else None
        subjects = [member.person_id for member in shown.members] if shown else [family.index if family else index]
        entry = self._log(action, actor, purpose, decision, subjects, request_id, at, made=made)
        read = FamilyRead(_within(told(decision, _role(actor)), shown), shown, entry, _walled(decision))
        return self._evenly(read, read.decision, began)

    def consider(
        self,
        actor: Actor | None,
        index: str,
        purpose: Purpose | None,
        at: datetime,
        request_id: str,
        kind: EventKind,
        decide_about: Callable[[Request, Facts], Decision],
    ) -> Considered:
        """Decide whether an act about a person may be done. A refusal is an entry of this kind; the act logs itself."""
        began = self._evenness.clock()
        request = Request(Action.READ_FAMILY, index, purpose, at)
        with self._database.reading() as session:
            family = records.load_family(session, index, legal_date(at))
            over = _over(session, actor, READS, self._limits.reads, at)
            decision = decide_about(request, _family_facts(session, actor, family, at, over))
            person = str(family.index) if family else index
            former = Merges(session).former([person]) - {person}
        if decision.reason is not Reason.PERMITTED:
            self._log(kind, actor, purpose, decision, [person], request_id, at)
        considered = Considered(told(decision, _role(actor)), person, (person, *sorted(former)))
        return self._evenly(considered, considered.decision, began)

    def search(self, actor: Actor | None, at: datetime, request_id: str, hits: Sequence[str]) -> SearchRead:
        """Return which of these persons may be listed to this worker; finding nothing is logged too."""
        with self._database.reading() as session:
            known = governance_facts.fresh(session, actor, at)
            over = _over(session, actor, SEARCHES, self._limits.searches, at)
            made = Made(Request(Action.SEARCH, "", None, at), governance_facts.staff_facts(session, known, at, over))
            decision = decide(made.request, made.facts)
            allowed = decision.reason is Reason.PERMITTED
            listed = self._listed(session, known, at, hits) if allowed else ()
        detail: dict[Detail, str | int] = {Detail.FOUND: len(listed)}
        entry = self._log(EventKind.SEARCH, actor, None, decision, listed, request_id, at, detail, (made,))
        return SearchRead(told(decision, _role(actor)), listed, entry)

    def place_record(self, actor: Actor | None, at: datetime, request_id: str, hits: Sequence[str]) -> SearchRead:
        """Return of which of these persons a steward may be told that a record fits them; an entry like any search."""
        request = Request(Action.REVIEW_LINKS, "", Purpose.DATA_QUALITY, at)
        with self._database.reading() as session:
            known = governance_facts.fresh(session, actor, at)
            made = Made(request, governance_facts.staff_facts(session, known, at))
            decision = decide(made.request, made.facts)
            allowed = decision.reason is Reason.PERMITTED
            listed = self._listed(session, known, at, hits) if allowed else ()
        detail: dict[Detail, str | int] = {Detail.FOUND: len(listed)}
        entry = self._log(EventKind.SEARCH, actor, request.purpose, decision, listed, request_id, at, detail, (made,))
        return SearchRead(told(decision, _role(actor)), listed, entry)

    def read_audit(
        self, actor: Actor | None, at: datetime, request_id: str, filters: Mapping[str, str], about: Sequence[str] = ()
    ) -> Decision:
        """Decide whether the log may be read; reading it is an entry too. Only the filters' names are logged.

        `about` are the persons whom it is read for: nobody reads who looked at their own family.
        """
        detail: dict[Detail, str | int] = {Detail.FILTERS: ",".join(sorted(filters))}
        request = Request(Action.READ_AUDIT, "", Purpose.IG_REVIEW, at)
        with self._database.reading() as session:
            known = governance_facts.fresh(session, actor, at)
            sides = [Made(request, _facts_about(session, known, person, at)) for person in about]
            made = sides or [Made(request, governance_facts.staff_facts(session, known, at))]
        decision = decide_all(made)
        self._log(EventKind.AUDIT_READ, actor, request.purpose, decision, about, request_id, at, detail, made)
        return decision

    def run_cohort(
        self, actor: Actor | None, project_code: str, at: datetime, request_id: str, question_digest: str
    ) -> Decision:
        """Decide which sources and categories a project's question may count; segments are about everybody (`*`)."""
        request = Request(Action.RUN_COHORT, project_code, Purpose.PLANNING, at)
        with self._database.reading() as session:
            known = governance_facts.fresh(session, actor, at)
            facts = governance_facts.project_facts(session, known, project_code, at)
        decision = decide(request, facts)
        detail: dict[Detail, str | int] = {Detail.SPEC_HASH: question_digest}
        if facts.project is not None:
            detail[Detail.PROJECT] = facts.project.code
        made = (Made(request, facts),)
        self._log(EventKind.COHORT, actor, request.purpose, decision, (), request_id, at, detail, made)
        return told(decision, _role(actor))

    def review_links(
        self, actor: Actor | None, at: datetime, request_id: str, pair: Sequence[tuple[str, str]] = ()
    ) -> Decision:
        """Decide whether the review queue may be read, and which of a pair's own names and addresses may be shown.

        `pair` are (person, provider of the record under review). Without an agreement that names stewards no segment is
        permitted: how far fields agree may be told, what they hold may not.
        """
        with self._database.reading() as session:
            known = governance_facts.fresh(session, actor, at)
            sides = [_reviewed(session, known, person, source, at) for person, source in pair]
            nothing = Request(Action.REVIEW_LINKS, "", Purpose.DATA_QUALITY, at)
            made = sides or [Made(nothing, governance_facts.staff_facts(session, known, at))]
        decision = decide_all(made)
        subjects = [person for person, _ in pair]
        purpose = Purpose.DATA_QUALITY
        self._log(EventKind.REVIEW_READ, actor, purpose, decision, subjects, request_id, at, made=made)
        return told(decision, _role(actor))

    def _evenly(self, made: T, decision: Decision, began: float) -> T:
        """Hold back what must look like nothing found until it has taken as long as nothing found."""
        if decision.reason is Reason.NOT_FOUND:
            self._evenness.wait(began)
        return made

    def _listed(self, session: Session, actor: Actor | None, at: datetime, hits: Sequence[str]) -> tuple[str, ...]:
        versions = standings(session, at)
        listed: dict[str, Facts] = {}
        for hit in list(dict.fromkeys(hits))[:MOST_HITS]:
            family = records.load_family(session, hit, legal_date(at))
            if family is None or family.members[0].unborn:
                continue
            members = policy_members(family, legal_date(at))
            facts = governance_facts.read_facts(session, actor, members, (), at, Merges(session), versions)
            if listable(Request(Action.SEARCH, hit, None, at), facts):
                listed[str(family.index)] = facts
        return one_life(listed)

    def _log(
        self,
        kind: EventKind,
        actor: Actor | None,
        purpose: Purpose | None,
        decision: Decision,
        subjects: Sequence[str],
        request_id: str,
        at: datetime,
        detail: Mapping[Detail, str | int] | None = None,
        made: Sequence[Made] = (),
    ) -> str:
        event = _event(kind, actor, purpose, decision, subjects)
        return self._record(replace(event, request_id=request_id, detail=detail or {}), at, made)

    def _record(self, event: AuditEvent, at: datetime, made: Sequence[Made] = ()) -> str:
        try:
            with self._database.writing() as session:
                inputs = tuple(keep(session, self._ring, each, at) for each in made)
                entry = record(session, self._ring, replace(event, decided_from=inputs), at)
                if Reason.RATE_LIMITED in event.reasons and event.staff_id and event.organisation:
                    raise_alarm(session, AlarmKind.RATE_LIMITED, event.organisation, event.staff_id, at)
        except (SQLAlchemyError, KeyRefused, EventRefused) as error:
            raise LogUnavailable(f"the act could not be logged ({type(error).__name__})") from None
        return entry


def holdings_permitted(read: FamilyRead) -> frozenset[Holding]:
    """Return what linkage may read for this permit: nothing of members the read does not show."""
    if read.family is None:
        return frozenset()
    return frozenset(
        Holding(PersonId(d.segment.member), d.segment.category, d.segment.source) for d in read.decision.permitted
    )


def _over(session: Session, actor: Actor | None, kinds: Collection[EventKind], pace: Pace, at: datetime) -> bool:
    return actor is not None and reached(session, actor.staff_id, kinds, pace, at)


def _family_facts(
    session: Session, actor: Actor | None, family: Family | None, at: datetime, over_limit: bool
) -> Facts:
    known = governance_facts.fresh(session, actor, at)
    holdings = records.holdings(session, family.person_ids if family else ())
    held = held_segments(family, holdings) if family else frozenset()
    members = policy_members(family, legal_date(at)) if family else ()
    return governance_facts.read_facts(session, known, members, held, at, Merges(session), over_limit=over_limit)


def _facts_about(session: Session, actor: Actor | None, person: str, at: datetime) -> Facts:
    """The facts for an act that concerns a person and shows nothing of their record."""
    family = records.load_family(session, person, legal_date(at))
    members = () if family is None else policy_members(family, legal_date(at))
    return governance_facts.read_facts(session, actor, members, (), at, Merges(session))


REVIEWED: Final = (Category.IDENTITY, Category.ADDRESS)


def _reviewed(session: Session, actor: Actor | None, person: str, source: str, at: datetime) -> Made:
    """What decides one side of a pair under review: the names and addresses of that very record, nothing else."""
    family = records.load_family(session, PersonId(person), legal_date(at))
    members = () if family is None else policy_members(family, legal_date(at))[:1]
    wanted = {Segment(m.person_id, m.subject, category, source) for m in members for category in REVIEWED}
    facts = governance_facts.read_facts(session, actor, members, wanted, at, Merges(session))
    return Made(Request(Action.REVIEW_LINKS, person, Purpose.DATA_QUALITY, at), facts)


def _role(actor: Actor | None) -> Role | None:
    return None if actor is None else actor.role


def _walled(decision: Decision) -> frozenset[str]:
    return frozenset(d.segment.member for d in decision.segments if Reason.HARD_BLOCK in d.failed)


def _within(decision: Decision, family: Family | None) -> Decision:
    """Keep the segments of members that are shown."""
    ids = family.person_ids if family else frozenset[PersonId]()
    return replace(decision, segments=tuple(s for s in decision.segments if s.segment.member in ids))


def _event(
    kind: EventKind, actor: Actor | None, purpose: Purpose | None, decision: Decision, subjects: Sequence[str]
) -> AuditEvent:
    if actor is not None:
        return decided(kind, actor, purpose, decision, subjects)
    return AuditEvent(kind, decision.outcome, reasons=decision.failed, policy_hash=decision.policy_hash)
