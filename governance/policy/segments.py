"""Each segment decided: agreement, law, firewall, rights and consent.

Invariants: a segment is permitted only through a flow that nothing fails, or by an override that lifts all that fails
it; every failed check of the flow that comes
nearest to a permit is named; how a segment is withheld never depends on whether data exist.
Sources: UK GDPR Articles 6, 9, 18 and 21; the common law duty of confidence. The national data opt-out and Type 1
opt-outs do not reach individual care.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from governance.agreements.flows import Flow, flow_lapse
from governance.legal_time import legal_date
from governance.policy.checks import CHILDHOOD_YEARS, ORDER
from governance.policy.firewall import blocked
from governance.policy.offers import OFFERING, Offer, Offers
from governance.policy.overrides import AGREEMENT, CONSENT, lifting, standing
from governance.policy.request import Facts, Request
from governance.terms import (
    Action,
    Category,
    LegalBasis,
    Purpose,
    Reason,
    Segment,
    SegmentDecision,
    SubjectRole,
    WishKind,
    Withholding,
)
from governance.wishes import wishes
from governance.wishes.responsibility import subject_at
from governance.wishes.wishes import CONSENT_REASON, Consent

ADULTS: Final = frozenset({SubjectRole.MOTHER, SubjectRole.FATHER, SubjectRole.CARER, SubjectRole.OTHER_ADULT})

ALWAYS_SILENT: Final = frozenset(
    {Reason.NOT_FOUND, Reason.OUT_OF_SCOPE, Reason.ERASED, Reason.HARD_BLOCK, Reason.UNBORN}
)
"""Reasons that would themselves give away what they protect."""

ACCOMPANYING: Final = frozenset({Category.IDENTITY, Category.FAMILY})
"""What goes with a consented category: help agreed to for a child cannot be given to nobody."""

EVERYBODY: Final = "*"
"""The member of a cohort's segments."""

Way = tuple[Offer | None, tuple[Reason, ...]]
"""One offer, or none, with the checks that fail a segment through it."""

_FLOW_ITSELF: Final = AGREEMENT | CONSENT
"""Where these are lifted the flow did not let the segment through: neither it nor its basis is named."""


def decide_segments(
    request: Request, facts: Facts, offers: Offers, failed: tuple[Reason, ...]
) -> tuple[SegmentDecision, ...]:
    """Return a decision for everything offered to this worker and everything held."""
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
    segment = Segment(EVERYBODY, subject, category, source)
    offer, reasons = max(context.ways(segment, offers, rights=False), key=_nearness)
    return _decided(segment, (*failed, *reasons), offer, Withholding.SIGNALLED)


class _Context:
    """What is worked out once for all segments of one read."""

    __slots__ = ("blocked", "facts", "failed", "members", "offers", "overrides", "request", "signed", "today")

    def __init__(self, request: Request, facts: Facts, offers: Offers, failed: tuple[Reason, ...]) -> None:
        self.request, self.facts, self.offers, self.failed = request, facts, offers, failed
        self.today = legal_date(request.at)
        self.members = {member.person_id: member for member in facts.members}
        self.blocked = blocked(facts, self.today, request.at) if facts.members else {}
        self.overrides = standing(request, facts)
        self.signed = frozenset().union(*(s.signed_by for s in facts.standings if s.status in OFFERING))

    def decide(self, segment: Segment) -> SegmentDecision:
        offers = self.offers.get((segment.source, segment.category, segment.subject), ())
        ways, own = self.ways(segment, offers, rights=True), self.own(segment)
        offer, reasons = max(ways, key=_nearness)
        every = in_order([*self.failed, *reasons, *own])
        decided = _decided(segment, every, offer, _withholding(segment, offers, every))
        return self.lifted(decided, ways, own) if every and self.overrides else decided

    def lifted(self, decided: SegmentDecision, ways: Sequence[Way], own: Sequence[Reason]) -> SegmentDecision:
        """Return the segment as the override leaves it that opens the way nearest to a permit, if one opens any."""
        segment = decided.segment
        for offer, reasons in sorted(ways, key=_nearness, reverse=True):
            failed = in_order([*self.failed, *reasons, *own])
            used = lifting(self.overrides, segment.category, segment.subject in ADULTS, failed)
            if used is not None:
                kept = offer if _FLOW_ITSELF.isdisjoint(failed) else None
                through = _decided(segment, (), kept, decided.withholding)
                return replace(through, lifted=failed, override=used.id)
        return decided

    def ways(self, segment: Segment, offers: Sequence[Offer], *, rights: bool) -> tuple[Way, ...]:
        """Return every offer with the checks that fail it; without any, why there is none."""
        if not offers:
            known = segment.source in self.signed
            return ((None, (Reason.NO_AGREEMENT if known else Reason.PROVIDER_UNSIGNED,)),)
        return tuple((offer, self.through(segment, offer, rights)) for offer in offers)

    def through(self, segment: Segment, offer: Offer, rights: bool) -> tuple[Reason, ...]:
        """Return the checks that fail this segment through this flow, in order."""
        assert self.facts.actor is not None
        reasons = [flow_lapse(offer.standing, offer.flow, self.facts.actor.organisation, self.today), _law(offer.flow)]
        if rights:
            reasons += [self.objected(segment, offer), self.restricted(segment, offer), self.consented(segment, offer)]
        return in_order(reasons)

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
        """Behind a firewall even a name comes only from the worker's own organisation: another would tell the place."""
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
            wishes.active(self.facts.wishes, kind, person, segment.category, code, at, offer.flow.no)
            for person in self._voices(segment)
        )

    def _voices(self, segment: Segment) -> list[str]:
        member = self.members.get(segment.member)
        carried = member.carried_by if member and member.unborn else None
        return [segment.member, carried] if carried else [segment.member]

    def consented(self, segment: Segment, offer: Offer) -> Reason | None:
        """Consent by category; who somebody is goes with whatever of the same flow was agreed to, unless refused."""
        if offer.flow.basis is not LegalBasis.CONSENT:
            return None
        state = self._consent(segment, segment.category, offer)
        if state is Consent.UNKNOWN and segment.category in ACCOMPANYING:
            others = offer.flow.categories - ACCOMPANYING
            agreed = any(self._consent(segment, other, offer) is Consent.GIVEN for other in others)
            state = Consent.GIVEN if agreed else state
        return CONSENT_REASON[state]

    def _consent(self, segment: Segment, category: Category, offer: Offer) -> Consent:
        code, at = offer.standing.agreement.code, self.request.at
        return wishes.consent(self.facts.wishes, self._subject(segment), category, code, at, offer.flow.no)

    def _subject(self, segment: Segment) -> wishes.Subject:
        member, at = self.members.get(segment.member), self.request.at
        if member is None:
            return wishes.Subject(segment.member, segment.subject in ADULTS, frozenset())
        adult = segment.subject in ADULTS or (member.age is not None and member.age >= CHILDHOOD_YEARS)
        holders = self.facts.holders(member)
        return subject_at(segment.member, adult, holders, self.facts.responsibilities, at)


def _law(flow: Flow) -> Reason | None:
    return None if flow.basis is not None and flow.gateway else Reason.NO_GATEWAY


def _nearness(way: Way) -> tuple[int, int, str, int, str]:
    offer, reasons = way
    first = ORDER[reasons[0]] if reasons else len(ORDER)
    if offer is None:
        return (first, -len(reasons), "", 0, "")
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


def in_order(reasons: Iterable[Reason | None]) -> tuple[Reason, ...]:
    """Return the reasons given, each once, in the order in which they are told."""
    return tuple(sorted({reason for reason in reasons if reason is not None}, key=ORDER.__getitem__))
