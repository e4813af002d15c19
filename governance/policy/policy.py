"""The decision: may this worker see this family now, and which segments of it?

Invariants: deny by default; every check is evaluated, the first that fails (in the order of `Reason`) is the reason;
a segment is permitted only through a live flow signed by both ends that passes law, rights and consent, or by a valid
override that lifts all that fails it; self and family, hard blocks and the unborn rule hold whatever the flow or
override; what is withheld without a sign looks the same whether
or not data exist; the outcome is a pure function of request and facts.
Sources: the NHS legitimate-relationship model; UK GDPR Articles 6, 9, 18 and 21; the common law duty of confidence;
Caldicott principles 2, 4 and 7. The national data opt-out and Type 1 opt-outs do not reach individual care.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Final

import rfc8785

from governance.agreements.flows import lapse
from governance.legal_time import legal_date
from governance.policy.checks import CHECKS, ORDER, PURPOSES, ROLES, relationship
from governance.policy.offers import offers_for
from governance.policy.request import Facts, Made, Request
from governance.policy.segments import decide_segments, in_order
from governance.policy.telling import listable, outward, silent, told, withheld
from governance.terms import Action, Decision, Outcome, Reason, SegmentDecision, Withholding

__all__ = [
    "PURPOSES",
    "ROLES",
    "decide",
    "decide_all",
    "listable",
    "outward",
    "policy_hash",
    "silent",
    "told",
    "withheld",
]

ENGINE: Final = "policy/2"

NAMELESS: Final = frozenset({Action.SEARCH, Action.READ_AUDIT, Action.REVIEW_LINKS})
"""Acts that go ahead without any segment: what they show by themselves names nobody."""


def decide(request: Request, facts: Facts) -> Decision:
    """Return the outcome for one read, with every segment decided and every failed check named."""
    failed = tuple(in_order(check(request, facts) for check in CHECKS[request.action]))
    offers = offers_for(request, facts)
    segments = decide_segments(request, facts, offers, failed)
    failed = () if any(s.override for s in segments) else failed
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


def decide_all(made: Sequence[Made]) -> Decision:
    """Return one decision about one or more subjects of the same act: refused where any of them is.

    A review of links is about the very records compared, and decides nothing else about their persons.
    """
    return _together([_about_held(decide(each.request, each.facts), each) for each in made])


def policy_hash(facts: Facts, today: date, engine: str = ENGINE) -> str:
    """Return the hash of what decided: this engine and the agreements live on that day."""
    live = sorted(s.agreement.hash for s in facts.standings if lapse(s, today) is None)
    return sha256(rfc8785.dumps({"engine": engine, "agreements": live})).hexdigest()


def _about_held(decision: Decision, made: Made) -> Decision:
    if made.request.action is not Action.REVIEW_LINKS:
        return decision
    return replace(decision, segments=tuple(s for s in decision.segments if s.segment in made.facts.held))


def _together(sides: Sequence[Decision]) -> Decision:
    first = next((side for side in sides if side.reason is not Reason.PERMITTED), sides[0])
    segments = tuple(segment for side in sides for segment in side.segments)
    if first.reason is not Reason.PERMITTED:
        return replace(first, segments=segments)
    whole = all(segment.permitted for segment in segments)
    return replace(first, segments=segments, outcome=Outcome.PERMIT if whole else Outcome.PARTIAL)


def _reason(request: Request, segments: Sequence[SegmentDecision]) -> Reason:
    """The read may go ahead when anything may be shown; else the reason told is the one nearest to a permit."""
    if request.action in NAMELESS or any(s.permitted for s in segments):
        return Reason.PERMITTED
    told = [s.reason for s in segments if s.withholding is Withholding.SIGNALLED]
    return max(told or [Reason.NO_AGREEMENT], key=ORDER.__getitem__)


def _outcome(reason: Reason, segments: Sequence[SegmentDecision]) -> Outcome:
    if reason is not Reason.PERMITTED:
        return Outcome.DENY
    return Outcome.PERMIT if all(s.permitted for s in segments) else Outcome.PARTIAL
