"""The decision: may this worker see this family now, and which segments of it?

Invariants: deny by default; every check is evaluated, the first that fails (in the order of `Reason`) is the reason;
a segment is permitted only through a live flow signed by both ends that passes law, rights and consent; self and
family, hard blocks and the unborn rule hold whatever the flow; what is withheld without a sign looks the same whether
or not data exist; the outcome is a pure function of request and facts.
Sources: the NHS legitimate-relationship model; UK GDPR Articles 6, 9, 18 and 21; the common law duty of confidence;
Caldicott principles 2, 4 and 7. The national data opt-out and Type 1 opt-outs do not reach individual care.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Final

import rfc8785

from governance import wishes
from governance.firewall import ALL, blocked, protected
from governance.flows import Flow, Identifiability, Standing, flow_lapse, lapse
from governance.legal_time import legal_date
from governance.request import Facts, Request
from governance.terms import (
    Action,
    AgreementStatus,
    Category,
    Decision,
    LegalBasis,
    Outcome,
    Purpose,
    Reason,
    RelationshipKind,
    Role,
    Segment,
    SegmentDecision,
    SubjectRole,
    WishKind,
    Withholding,
)

ENGINE: Final = "policy/1"

ORDER: Final[Mapping[Reason, int]] = {reason: place for place, reason in enumerate(Reason)}

_FRONT_LINE: Final = frozenset(
    {
        Role.MIDWIFE,
        Role.HEALTH_VISITOR,
        Role.FAMILY_SUPPORT_WORKER,
        Role.SOCIAL_WORKER,
        Role.NURSERY_PRACTITIONER,
        Role.SCHOOL_LEAD,
        Role.CHARITY_WORKER,
    }
)

ROLES: Final[Mapping[Action, frozenset[Role]]] = {
    Action.READ_FAMILY: _FRONT_LINE | {Role.ADULT_WORKER},
    Action.SEARCH: _FRONT_LINE,
    Action.READ_AUDIT: frozenset({Role.IG_OFFICER}),
    Action.RUN_COHORT: frozenset({Role.ANALYST}),
}
"""Which roles may do what at all."""

_HEALTH: Final = frozenset({Purpose.DIRECT_CARE, Purpose.EARLY_HELP, Purpose.SAFEGUARDING})
_FAMILY: Final = frozenset({Purpose.EARLY_HELP, Purpose.SAFEGUARDING})

PURPOSES: Final[Mapping[Role, frozenset[Purpose]]] = {
    Role.MIDWIFE: _HEALTH,
    Role.HEALTH_VISITOR: _HEALTH,
    Role.FAMILY_SUPPORT_WORKER: _FAMILY,
    Role.SOCIAL_WORKER: _FAMILY,
    Role.NURSERY_PRACTITIONER: _FAMILY,
    Role.SCHOOL_LEAD: _FAMILY,
    Role.CHARITY_WORKER: _FAMILY,
    Role.ADULT_WORKER: _FAMILY,
    Role.IG_OFFICER: frozenset({Purpose.IG_REVIEW}),
    Role.ANALYST: frozenset({Purpose.PLANNING}),
    Role.DATA_STEWARD: frozenset({Purpose.DATA_QUALITY}),
}
"""Which purposes a role may state."""

ADULTS: Final = frozenset({SubjectRole.MOTHER, SubjectRole.FATHER, SubjectRole.CARER, SubjectRole.OTHER_ADULT})
CHILDHOOD_YEARS: Final = 18

ALWAYS_SILENT: Final = frozenset(
    {Reason.NOT_FOUND, Reason.OUT_OF_SCOPE, Reason.ERASED, Reason.HARD_BLOCK, Reason.UNBORN}
)
"""Reasons that would themselves give away what they protect."""

OFFERING: Final = frozenset(
    {AgreementStatus.SIGNED, AgreementStatus.IN_FORCE, AgreementStatus.SUSPENDED, AgreementStatus.EXPIRED}
)
"""Standings under which a flow is known to those it names, so that its lapse is told whether or not data exist."""

COUNTED: Final = frozenset({Identifiability.PSEUDONYMISED, Identifiability.AGGREGATE})
_READ: Final = frozenset({Identifiability.IDENTIFIABLE})

EVERYBODY: Final = "*"
"""The member of a cohort's segments."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A flow that names this worker, purpose and agreement population, live or not."""

    standing: Standing
    flow: Flow


Offers = Mapping[tuple[str, Category, SubjectRole], Sequence[Offer]]
Check = Callable[[Request, Facts], Reason | None]


def decide(request: Request, facts: Facts) -> Decision:
    """Return the outcome for one read, with every segment decided and every failed check named."""
    failed = tuple(_in_order(check(request, facts) for check in CHECKS[request.action]))
    offers = _offers(request, facts)
    segments = _segments(request, facts, offers, failed)
    reason = failed[0] if failed else _reason(request, segments)
    return Decision(
        outcome=_outcome(reason, segments),
        reason=reason,
        failed=failed or (() if reason is Reason.PERMITTED else (reason,)),
        segments=segments,
        relationship=relationship(request, facts),
        policy_hash=policy_hash(facts, legal_date(request.at)),
        decided_at=request.at,
    )


def policy_hash(facts: Facts, today: date) -> str:
    """Return the hash of what decided: this engine and the agreements live on that day."""
    live = sorted(s.agreement.hash for s in facts.standings if lapse(s, today) is None)
    return sha256(rfc8785.dumps({"engine": ENGINE, "agreements": live})).hexdigest()


def outward(reason: Reason, role: Role | None = None) -> Reason:
    """Return the reason that may be told outside: what would reveal that a record exists reads as not found."""
    if reason in ALWAYS_SILENT:
        return Reason.NOT_FOUND
    hidden = reason in (Reason.NO_RELATIONSHIP, Reason.RELATIONSHIP_ENDED) and role not in ROLES[Action.SEARCH]
    return Reason.NOT_FOUND if hidden else reason


def told(decision: Decision, role: Role | None) -> Decision:
    """Return a decision as it may leave the gate: nothing of what is withheld without a sign, no telling reason.

    What is left does not depend on whether data exist.
    """
    kept = tuple(s for s in decision.segments if s.permitted or s.withholding is Withholding.SIGNALLED)
    if decision.reason is Reason.PERMITTED:
        return replace(decision, segments=kept)
    reason = outward(decision.reason, role)
    hidden = reason is Reason.NOT_FOUND
    relation = None if hidden else decision.relationship
    return replace(decision, reason=reason, failed=(reason,), segments=() if hidden else kept, relationship=relation)


def listable(request: Request, facts: Facts) -> bool:
    """Tell whether a search may list the index of these facts: a child or an expectant mother, and no secret.

    Who is behind a firewall is listed only to a worker who has to do with them, and not with the other side.
    """
    if any(check(request, facts) for check in (not_own_family, found, in_scope, not_erased)):
        return False
    today, index = legal_date(request.at), facts.members[0].person_id
    if Category.ADDRESS in blocked(facts, today, request.at).get(index, frozenset()):
        return False
    guarded = any(block.open(today) and index in protected(block, facts) for block in facts.blocks)
    return not guarded or relationship(request, facts) is not None


@dataclass(frozen=True, slots=True)
class Withheld:
    """What one source does not share of one category about one member, and why; the family may be told so."""

    member: str
    category: Category
    source: str
    reason: Reason


def withheld(decision: Decision) -> tuple[Withheld, ...]:
    """Return what is withheld with a sign."""
    return tuple(
        Withheld(s.segment.member, s.segment.category, s.segment.source, s.reason)
        for s in decision.segments
        if not s.permitted and s.withholding is Withholding.SIGNALLED
    )


def silent(decision: Decision, member: str) -> tuple[Category, ...]:
    """Return the categories whose cell reads "not available here": neither shown nor withheld with a sign.

    Depends on agreements, wishes and relationships alone, never on whether data exist.
    """
    open_ones = {
        s.segment.category
        for s in decision.segments
        if s.segment.member == member and (s.permitted or s.withholding is Withholding.SIGNALLED)
    }
    return tuple(category for category in Category if category not in open_ones)


# --- checks of the read as a whole


def log_writable(_request: Request, facts: Facts) -> Reason | None:
    return None if facts.log_available else Reason.LOG_UNAVAILABLE


def signed_in(_request: Request, facts: Facts) -> Reason | None:
    return Reason.NOT_AUTHENTICATED if facts.actor is None else None


def account_active(_request: Request, facts: Facts) -> Reason | None:
    return Reason.ACCOUNT_SUSPENDED if facts.actor and not facts.actor.active else None


def role_held(_request: Request, facts: Facts) -> Reason | None:
    return Reason.NO_ROLE if facts.actor and not facts.actor.role_held else None


def role_allowed(request: Request, facts: Facts) -> Reason | None:
    barred = facts.actor is not None and facts.actor.role not in ROLES[request.action]
    return Reason.ROLE_NOT_ALLOWED if barred else None


def trained(request: Request, facts: Facts) -> Reason | None:
    until = facts.actor.training_until if facts.actor else None
    lapsed = facts.actor is not None and (until is None or until < legal_date(request.at))
    return Reason.TRAINING_LAPSED if lapsed else None


def purpose_stated(request: Request, _facts: Facts) -> Reason | None:
    return Reason.PURPOSE_MISSING if request.purpose is None else None


def purpose_allowed(request: Request, facts: Facts) -> Reason | None:
    if facts.actor is None or request.purpose is None:
        return None
    return None if request.purpose in PURPOSES[facts.actor.role] else Reason.PURPOSE_NOT_ALLOWED


def not_own_family(_request: Request, facts: Facts) -> Reason | None:
    around = {member.person_id for member in facts.members} | {block.against for block in facts.blocks}
    return Reason.SELF_OR_FAMILY if facts.declared & around else None


def found(_request: Request, facts: Facts) -> Reason | None:
    return None if facts.members else Reason.NOT_FOUND


def in_scope(_request: Request, facts: Facts) -> Reason | None:
    if not facts.members:
        return None
    index = facts.members[0]
    child = index.subject is SubjectRole.CHILD and (index.age is None or index.age < CHILDHOOD_YEARS)
    return None if child or _expecting(facts) else Reason.OUT_OF_SCOPE


def not_erased(_request: Request, facts: Facts) -> Reason | None:
    return Reason.ERASED if facts.members and facts.members[0].person_id in facts.erased else None


def related(request: Request, facts: Facts) -> Reason | None:
    if not facts.members or relationship(request, facts) is not None:
        return None
    ever = any(row.person_id in _reached_through(facts) for row in facts.relationships)
    return Reason.RELATIONSHIP_ENDED if ever else Reason.NO_RELATIONSHIP


def not_walled_off(request: Request, facts: Facts) -> Reason | None:
    if not facts.members:
        return None
    closed = blocked(facts, legal_date(request.at), request.at).get(facts.members[0].person_id, frozenset())
    return Reason.HARD_BLOCK if closed == ALL else None


def project_open(request: Request, facts: Facts) -> Reason | None:
    project, today = facts.project, legal_date(request.at)
    if project is None or not project.named:
        return Reason.NOT_FOUND
    return None if project.starts <= today < project.ends else Reason.OUT_OF_SCOPE


_SYSTEM_AND_STAFF: Final[tuple[Check, ...]] = (
    log_writable,
    signed_in,
    account_active,
    role_held,
    role_allowed,
    trained,
)

CHECKS: Final[Mapping[Action, tuple[Check, ...]]] = {
    Action.READ_FAMILY: (
        *_SYSTEM_AND_STAFF,
        purpose_stated,
        purpose_allowed,
        not_own_family,
        found,
        in_scope,
        not_erased,
        related,
        not_walled_off,
    ),
    Action.SEARCH: _SYSTEM_AND_STAFF,
    Action.READ_AUDIT: (*_SYSTEM_AND_STAFF, purpose_stated, purpose_allowed),
    Action.RUN_COHORT: (*_SYSTEM_AND_STAFF, purpose_stated, purpose_allowed, project_open),
}
"""The ordered checks of each action. Segments are decided besides."""


def relationship(request: Request, facts: Facts) -> RelationshipKind | None:
    """Return the strongest relationship open today to the index (for an unborn child also to its mother)."""
    today, through = legal_date(request.at), _reached_through(facts)
    kinds = {r.kind for r in facts.relationships if r.person_id in through and r.open(today, request.at)}
    return next((kind for kind in RelationshipKind if kind in kinds), None)


def _reached_through(facts: Facts) -> frozenset[str]:
    index = facts.members[:1]
    return frozenset(person for member in index for person in (member.person_id, member.carried_by) if person)


def _expecting(facts: Facts) -> bool:
    index = facts.members[0].person_id
    return any(member.unborn and member.carried_by == index for member in facts.members)


# --- segments


def _offers(request: Request, facts: Facts) -> Offers:
    offers: dict[tuple[str, Category, SubjectRole], list[Offer]] = {}
    for standing in facts.standings:
        if standing.status is AgreementStatus.SUPERSEDED or not _populated(request, facts, standing):
            continue
        for flow in standing.agreement.flows:
            if _names(flow, request, facts):
                for category in flow.categories:
                    for subject in flow.subjects:
                        offers.setdefault((flow.source, category, subject), []).append(Offer(standing, flow))
    return offers


def _names(flow: Flow, request: Request, facts: Facts) -> bool:
    actor = facts.actor
    wanted = COUNTED if request.action is Action.RUN_COHORT else _READ
    named = actor is not None and flow.receives(actor.organisation, actor.role, actor.team)
    return named and request.purpose in flow.purposes and flow.identifiability in wanted


def _populated(request: Request, facts: Facts, standing: Standing) -> bool:
    if request.action is Action.RUN_COHORT:
        return facts.project is not None and facts.project.agreement == standing.agreement.code
    if not facts.members:
        return False
    youngest, oldest = standing.agreement.ages
    index = facts.members[0]
    age = 0 if index.unborn or _expecting(facts) else index.age
    return age is None or youngest <= age <= oldest


def _segments(
    request: Request, facts: Facts, offers: Offers, failed: tuple[Reason, ...]
) -> tuple[SegmentDecision, ...]:
    if request.action is Action.RUN_COHORT:
        return tuple(_counted(key, offers[key], request, facts, failed) for key in sorted(offers))
    offered = {
        Segment(member.person_id, member.subject, category, source)
        for source, category, subject in offers
        for member in facts.members
        if member.subject is subject
    }
    context = _Context(request, facts, offers, failed)
    return tuple(context.decide(segment) for segment in sorted(offered | facts.held))


def _counted(
    key: tuple[str, Category, SubjectRole],
    offers: Sequence[Offer],
    request: Request,
    facts: Facts,
    failed: tuple[Reason, ...],
) -> SegmentDecision:
    source, category, subject = key
    context = _Context(request, facts, {}, failed)
    offer, reasons = context.best(Segment(EVERYBODY, subject, category, source), offers, rights=False)
    segment = Segment(EVERYBODY, subject, category, source)
    return _decided(segment, (*failed, *reasons), offer, Withholding.SIGNALLED)


class _Context:
    """What is worked out once for all segments of one read."""

    __slots__ = ("blocked", "facts", "failed", "members", "offers", "request", "signed", "today")

    def __init__(self, request: Request, facts: Facts, offers: Offers, failed: tuple[Reason, ...]) -> None:
        self.request, self.facts, self.offers, self.failed = request, facts, offers, failed
        self.today = legal_date(request.at)
        self.members = {member.person_id: member for member in facts.members}
        self.blocked = blocked(facts, self.today, request.at) if facts.members else {}
        live = [s.signed_by for s in facts.standings if lapse(s, self.today) is None]
        self.signed = frozenset().union(*live)

    def decide(self, segment: Segment) -> SegmentDecision:
        offers = self.offers.get((segment.source, segment.category, segment.subject), ())
        offer, reasons = self.best(segment, offers, rights=True)
        every = _in_order([*self.failed, *reasons, *self.own(segment)])
        return _decided(segment, every, offer, _withholding(segment, offers, every))

    def best(
        self, segment: Segment, offers: Sequence[Offer], *, rights: bool
    ) -> tuple[Offer | None, tuple[Reason, ...]]:
        """Return the offer that comes nearest to a permit, with the checks that fail it."""
        if not offers:
            known = segment.source in self.signed
            return None, (Reason.NO_AGREEMENT if known else Reason.PROVIDER_UNSIGNED,)
        tried = [(offer, self.through(segment, offer, rights)) for offer in offers]
        return max(tried, key=lambda pair: _nearness(pair[1], pair[0]))

    def through(self, segment: Segment, offer: Offer, rights: bool) -> tuple[Reason, ...]:
        """Return the checks that fail this segment through this flow, in order."""
        assert self.facts.actor is not None
        reasons = [flow_lapse(offer.standing, offer.flow, self.facts.actor.organisation, self.today), _law(offer.flow)]
        if rights:
            reasons += [self.objected(segment, offer), self.restricted(segment, offer), self.consented(segment, offer)]
        return _in_order(reasons)

    def own(self, segment: Segment) -> list[Reason]:
        """Return the checks that fail this segment whatever the flow."""
        member = self.members.get(segment.member)
        if member is None:
            return [Reason.OUT_OF_SCOPE]
        failing = {
            Reason.ERASED: segment.member in self.facts.erased,
            Reason.HARD_BLOCK: self.walled(segment),
            Reason.UNBORN: member.unborn and self._index not in (member.person_id, member.carried_by),
        }
        return [reason for reason, fails in failing.items() if fails]

    def walled(self, segment: Segment) -> bool:
        """Behind a firewall even a name is told only by the worker's own organisation: another's would tell the place."""
        closed = self.blocked.get(segment.member)
        if closed is None:
            return False
        return segment.category in closed or self.facts.actor is None or segment.source != self.facts.actor.organisation

    @property
    def _index(self) -> str:
        return self.facts.members[0].person_id

    def objected(self, segment: Segment, offer: Offer) -> Reason | None:
        heard = offer.flow.objection_honoured and self._stands(WishKind.OBJECTION, segment, offer)
        return Reason.OBJECTION if heard else None

    def restricted(self, segment: Segment, offer: Offer) -> Reason | None:
        spared = self.request.purpose is Purpose.SAFEGUARDING
        return Reason.RESTRICTED if not spared and self._stands(WishKind.RESTRICTION, segment, offer) else None

    def _stands(self, kind: WishKind, segment: Segment, offer: Offer) -> bool:
        code, at = offer.standing.agreement.code, self.request.at
        return any(
            wishes.active(self.facts.wishes, kind, person, segment.category, code, at)
            for person in self._voices(segment)
        )

    def _voices(self, segment: Segment) -> list[str]:
        member = self.members.get(segment.member)
        carried = member.carried_by if member and member.unborn else None
        return [segment.member, carried] if carried else [segment.member]

    def consented(self, segment: Segment, offer: Offer) -> Reason | None:
        if offer.flow.basis is not LegalBasis.CONSENT:
            return None
        subject = self._subject(segment)
        code, at = offer.standing.agreement.code, self.request.at
        state = wishes.consent(self.facts.wishes, subject, segment.category, code, at)
        return wishes.CONSENT_REASON[state]

    def _subject(self, segment: Segment) -> wishes.Subject:
        member = self.members.get(segment.member)
        carried = {member.carried_by} if member and member.carried_by else set()
        responsible = self.facts.responsible | carried
        return wishes.Subject(segment.member, segment.subject in ADULTS, frozenset(responsible))


def _law(flow: Flow) -> Reason | None:
    return None if flow.basis is not None and flow.gateway else Reason.NO_GATEWAY


def _nearness(reasons: tuple[Reason, ...], offer: Offer) -> tuple[int, int, str, int, str]:
    first = ORDER[reasons[0]] if reasons else len(ORDER)
    ref = offer.standing.ref(offer.flow)
    return (first, -len(reasons), ref.agreement, ref.version, ref.flow)


def _withholding(segment: Segment, offers: Sequence[Offer], failed: Sequence[Reason]) -> Withholding:
    told = [offer for offer in offers if offer.standing.status in OFFERING]
    silent = any(offer.flow.withheld(segment.category) is Withholding.SILENT for offer in told)
    hidden = not told or silent or not ALWAYS_SILENT.isdisjoint(failed)
    return Withholding.SILENT if hidden else Withholding.SIGNALLED


def _decided(
    segment: Segment, failed: tuple[Reason, ...], offer: Offer | None, withholding: Withholding
) -> SegmentDecision:
    reason = failed[0] if failed else Reason.PERMITTED
    ref = offer.standing.ref(offer.flow) if offer else None
    basis = offer.flow.basis if offer else None
    return SegmentDecision(segment, not failed, reason, failed, ref, withholding, basis)


def _in_order(reasons: Iterable[Reason | None]) -> tuple[Reason, ...]:
    return tuple(sorted({reason for reason in reasons if reason is not None}, key=ORDER.__getitem__))


def _reason(request: Request, segments: Sequence[SegmentDecision]) -> Reason:
    """The read may go ahead when anything may be shown; else the reason told is the one nearest to a permit."""
    if request.action in (Action.SEARCH, Action.READ_AUDIT) or any(s.permitted for s in segments):
        return Reason.PERMITTED
    told = [s.reason for s in segments if s.withholding is Withholding.SIGNALLED]
    return max(told or [Reason.NO_AGREEMENT], key=ORDER.__getitem__)


def _outcome(reason: Reason, segments: Sequence[SegmentDecision]) -> Outcome:
    if reason is not Reason.PERMITTED:
        return Outcome.DENY
    return Outcome.PERMIT if all(s.permitted for s in segments) else Outcome.PARTIAL
