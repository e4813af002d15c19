"""The policy once more, in plain conditions: slow, obvious, and written apart from the real one.

Every segment gets its verdict: whether it is let through, the reasons it fails for, and the reasons an override lifts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from governance.policy.request import Block, Facts, Member, Request
from governance.terms import Reason, Segment
from governance.wishes.wishes import Wish

ORDER = [str(reason) for reason in Reason]
NAMED = {"identity", "family", "birth"}
ADULTS = {"mother", "father", "carer", "other_adult"}
PURPOSES = {
    "midwife": {"direct_care", "early_help", "safeguarding"},
    "health_visitor": {"direct_care", "early_help", "safeguarding"},
    "family_support_worker": {"early_help", "safeguarding"},
    "social_worker": {"early_help", "safeguarding"},
    "school_lead": {"early_help", "safeguarding"},
    "adult_worker": {"early_help", "safeguarding"},
    "data_steward": {"data_quality"},
}
READERS = {"midwife", "health_visitor", "family_support_worker", "social_worker", "school_lead", "adult_worker"}
HOURS = {"break_glass": 4, "safeguarding": 24}
WHO = {
    "break_glass": {"midwife", "health_visitor", "social_worker"},
    "safeguarding": {"midwife", "health_visitor", "social_worker", "family_support_worker", "school_lead"},
    "court_order": {"midwife", "health_visitor", "social_worker"},
}
WHY = {
    "break_glass": {"immediate_danger", "medical_emergency", "missing_child"},
    "safeguarding": {"risk_of_significant_harm", "immediate_danger", "missing_child"},
    "court_order": {"order_of_court"},
}
LIFTABLE = {
    *("no_relationship", "relationship_ended", "no_agreement", "agreement_not_signed", "agreement_not_in_force"),
    *("agreement_suspended", "agreement_expired", "review_overdue", "restricted", "objection", "parents_conflict"),
    *("consent_unknown", "consent_refused", "consent_withdrawn", "consent_expired", "consent_signer_not_entitled"),
}


@dataclass(frozen=True)
class Verdict:
    """`failed` is empty where the segment is let through; `lifted` then names what the override gave way to."""

    permitted: bool
    failed: frozenset[str]
    lifted: frozenset[str] = frozenset()
    override: str | None = None


def judged(request: Request, facts: Facts) -> dict[Segment, Verdict]:
    """Return the verdict on every segment that is offered to this worker or held."""
    refused, offers = refusals(request, facts), offered(request, facts)
    named = {
        Segment(member.person_id, member.subject, category, flow.source)
        for _, flow in offers
        for member in facts.members
        for category in flow.categories
        if member.subject in flow.subjects
    }
    return {segment: _verdict(request, facts, segment, refused, offers) for segment in named | facts.held}


def _verdict(
    request: Request, facts: Facts, segment: Segment, refused: set[str], offers: list[tuple[Any, Any]]
) -> Verdict:
    ways = []
    for standing, flow in offers:
        if flow.source == segment.source and segment.category in flow.categories and segment.subject in flow.subjects:
            ref = (standing.agreement.code, standing.agreement.version, flow.no)
            ways.append((through(request, facts, segment, standing, flow), ref))
    if not ways:
        ways = [({"no_agreement" if segment.source in signed(facts) else "provider_unsigned"}, ("", 0, ""))]
    ways.sort(key=lambda way: (min((ORDER.index(r) for r in way[0]), default=99), -len(way[0]), way[1]), reverse=True)
    always = refused | own(request, facts, segment)
    if not always | ways[0][0]:
        return Verdict(True, frozenset())
    for reasons, _ in ways:
        for override in sorted(facts.overrides, key=lambda o: o.id):
            if stands(override, request, facts) and covers(override, segment) and always | reasons <= LIFTABLE:
                return Verdict(True, frozenset(), frozenset(always | reasons), override.id)
    return Verdict(False, frozenset(always | ways[0][0]))


def refusals(request: Request, facts: Facts) -> set[str]:
    """Why the read as a whole is refused."""
    actor, today, failed = facts.actor, request.at.date(), set()
    if not facts.log_available:
        failed.add("log_unavailable")
    if actor is None:
        failed.add("not_authenticated")
    else:
        failed |= {"assurance_too_low"} if not actor.assured else set()
        failed |= {"account_suspended"} if not actor.active else set()
        failed |= {"no_role"} if not actor.role_held else set()
        failed |= {"role_not_allowed"} if actor.role not in READERS else set()
        failed |= {"training_lapsed"} if actor.training_until is None or actor.training_until < today else set()
        if request.purpose is not None and request.purpose not in PURPOSES[actor.role]:
            failed.add("purpose_not_allowed")
    if request.purpose is None:
        failed.add("purpose_missing")
    against = {block.against for block in facts.blocks}
    if facts.declared & against:
        failed.add("hard_block")
    if facts.declared & ({member.person_id for member in facts.members} - against):
        failed.add("self_or_family")
    if facts.over_limit and not any(stands(o, request, facts) and o.kind == "break_glass" for o in facts.overrides):
        failed.add("rate_limited")
    return failed | (_about_the_child(request, facts) if facts.members else {"not_found"})


def _about_the_child(request: Request, facts: Facts) -> set[str]:
    index, failed = facts.members[0], set()
    mine = [r for r in facts.relationships if r.person_id in (index.person_id, index.carried_by)]
    works = any(_open(r, request) for r in mine)
    if not works:
        begun = any(r.since <= request.at.date() for r in mine)
        failed.add("relationship_ended" if begun else "no_relationship")
    young = index.subject == "child" and (index.age is None or index.age < 18)
    if not young and not (pregnant(facts) and works):
        failed.add("out_of_scope")
    if index.person_id in facts.erased:
        failed.add("erased")
    levels = [closed(block, request, facts, index.person_id) for block in facts.blocks]
    return failed | ({"hard_block"} if "all" in levels else set())


def pregnant(facts: Facts) -> bool:
    return any(m.unborn and m.carried_by == facts.members[0].person_id for m in facts.members)


def _open(r: Any, request: Request) -> bool:
    today, at = request.at.date(), request.at
    if r.recorded_at > at or (r.ended_at is not None and r.ended_at <= at):
        return False
    return bool(r.since <= today and not (r.until is not None and r.until <= today))


def stands(o: Any, request: Request, facts: Facts) -> bool:
    """Whether an override is this worker's, about this child, of a lawful kind, reason, purpose and length, and now."""
    if facts.actor is None or not facts.members or o.staff_id != facts.actor.staff_id:
        return False
    if o.person_id != facts.members[0].person_id or facts.actor.role not in WHO[o.kind] or o.reason not in WHY[o.kind]:
        return False
    clinical = o.kind == "break_glass" and facts.actor.role in ("midwife", "health_visitor")
    if request.purpose != "safeguarding" and not (clinical and request.purpose == "direct_care"):
        return False
    if o.kind in HOURS and o.expires_at - o.granted_at > timedelta(hours=HOURS[o.kind]):
        return False
    if o.kind == "court_order" and not o.document:
        return False
    if o.ended_at is not None and o.ended_at <= request.at:
        return False
    return bool(o.granted_at <= request.at and request.at < o.expires_at)


def covers(o: Any, segment: Segment) -> bool:
    """An adult's own general practice or immunisations need adult health named too."""
    if segment.subject in ADULTS and segment.category in ("primary_care", "immunisation"):
        return segment.category in o.categories and "adult_health" in o.categories
    return segment.category in o.categories


def offered(request: Request, facts: Facts) -> list[tuple[Any, Any]]:
    """The flows that name this worker, purpose and age, live or not."""
    actor = facts.actor
    if actor is None or not facts.members:
        return []
    index = facts.members[0]
    age = 0 if index.unborn or pregnant(facts) else index.age
    found = []
    for standing in facts.standings:
        youngest, oldest = standing.agreement.ages
        if standing.status == "superseded" or (age is not None and not youngest <= age <= oldest):
            continue
        for flow in standing.agreement.flows:
            for to in flow.to:
                mine = to.organisation == actor.organisation and actor.role in to.roles
                if mine and (not to.teams or actor.team in to.teams):
                    if request.purpose in flow.purposes and flow.identifiability == "identifiable":
                        found.append((standing, flow))
                    break
    return found


def signed(facts: Facts) -> set[str]:
    """Who has signed anything that was ever more than a draft."""
    known = [s for s in facts.standings if s.status in ("signed", "in_force", "suspended", "expired")]
    return {organisation for standing in known for organisation in standing.signed_by}


def through(request: Request, facts: Facts, segment: Segment, standing: Any, flow: Any) -> set[str]:
    """Why this flow does not carry this segment."""
    actor, failed = facts.actor, set()
    assert actor is not None
    if flow.source not in standing.signed_by or actor.organisation not in standing.signed_by:
        failed.add("agreement_not_signed")
    elif (lapsed := _lapsed(standing, request.at.date())) is not None:
        failed.add(lapsed)
    if flow.basis is None or not flow.gateway:
        failed.add("no_gateway")
    code = standing.agreement.code
    if flow.objection_honoured and said_against("objection", request, facts, segment, code, flow.no):
        failed.add("objection")
    if request.purpose != "safeguarding" and said_against("restriction", request, facts, segment, code, flow.no):
        failed.add("restricted")
    state = consented(request, facts, segment, code, flow) if flow.basis == "consent" else "given"
    return failed | ({state} - {"given"})


def _lapsed(standing: Any, today: date) -> str | None:
    agreement = standing.agreement
    if standing.status in ("suspended", "expired"):
        return f"agreement_{standing.status}"
    if standing.status != "in_force" or today < agreement.effective_from:
        return "agreement_not_in_force"
    if today >= agreement.expires:
        return "agreement_expired"
    return "review_overdue" if today >= agreement.review_due + timedelta(days=90) else None


def own(request: Request, facts: Facts, segment: Segment) -> set[str]:
    """Why nothing of this member's, or of this segment, is shown through whatever flow."""
    index, failed = facts.members[0], set()
    member = next(m for m in facts.members if m.person_id == segment.member)
    if member.person_id in facts.erased:
        failed.add("erased")
    if member.unborn and member != index and member.carried_by != index.person_id:
        failed.add("unborn")
    if any(_walled(block, request, facts, segment) for block in facts.blocks):
        failed.add("hard_block")
    return failed


def said_against(kind: str, request: Request, facts: Facts, segment: Segment, code: str, flow: str) -> bool:
    """Whether an objection or restriction stands that reaches this segment through this flow."""
    member = next(m for m in facts.members if m.person_id == segment.member)
    voices = {segment.member} | ({member.carried_by} if member.unborn else set())
    said = [w for w in facts.wishes if _heard(w, request) and set(w.scope) & _scopes(segment.category, code, flow)]
    about = [w for w in said if w.person_id in voices]
    return _stands(about, kind, "overruled" if kind == "objection" else "lifted", request.at.date())


def _scopes(category: str, code: str, flow: str) -> set[str]:
    return {"*", category, code, f"{code}/{flow}"}


def _stands(said: list[Wish], kind: str, decided: str, today: date) -> bool:
    rows = [w for w in said if w.kind == kind and (w.expires is None or today < w.expires)]
    for person in {w.person_id for w in rows}:
        hers = [w for w in rows if w.person_id == person]
        final = [w for w in hers if w.answer == decided]
        for voice in {(w.signer_basis, w.signer_person_id) for w in hers if w.answer != decided}:
            mine = [w for w in hers if w.answer != decided and (w.signer_basis, w.signer_person_id) == voice] + final
            if any(w.answer in ("made", "upheld") for w in _last(mine)):
                return True
    return False


def _last(rows: Iterable[Wish]) -> list[Wish]:
    """The newest by when it counts, and the newest by when it was written."""
    by_validity = sorted(rows, key=lambda w: (w.valid_from, w.recorded_at, w.ordinal))
    return [by_validity[-1], sorted(by_validity, key=lambda w: (w.recorded_at, w.ordinal))[-1]]


def _heard(w: Wish, request: Request) -> bool:
    if w.void_from is not None and w.void_from <= request.at:
        return False
    return w.valid_from <= request.at and w.recorded_at <= request.at


def consented(request: Request, facts: Facts, segment: Segment, code: str, flow: Any) -> str:
    """`given`, or the reason that consent to this segment through this flow does not stand."""
    member = next(m for m in facts.members if m.person_id == segment.member)
    heard = [w for w in facts.wishes if _heard(w, request) and w.person_id == segment.member and w.kind == "consent"]

    def state(category: str) -> str:
        return _state([w for w in heard if set(w.scope) & _scopes(category, code, flow.no)], facts, member, request)

    found, goes_with = state(segment.category), ("identity", "family")
    if found == "consent_unknown" and segment.category in goes_with:
        others = [c for c in flow.categories if c not in goes_with]
        return "given" if any(state(c) == "given" for c in others) else found
    return found


def _state(rows: list[Wish], facts: Facts, member: Member, request: Request) -> str:
    line = _who_counts(rows, facts, member, request)
    if not line:
        return "consent_signer_not_entitled" if rows else "consent_unknown"
    states = set()
    for voice in {(w.signer_basis, w.signer_person_id) for w in line}:
        ends = _last([w for w in line if (w.signer_basis, w.signer_person_id) == voice])
        against = [w.answer for w in ends if w.answer != "given"]
        late = any(w.expires is not None and w.expires <= request.at.date() for w in ends)
        states.add(f"consent_{against[0]}" if against else "consent_expired" if late else "given")
    if "given" in states and states & {"consent_refused", "consent_withdrawn"}:
        return "parents_conflict"
    order = ["consent_refused", "consent_withdrawn", "given", "consent_expired"]
    return next(state for state in order if state in states)


def _who_counts(rows: list[Wish], facts: Facts, member: Member, request: Request) -> list[Wish]:
    """The rows of those entitled to speak who come first in line."""
    adult = member.subject in ADULTS or (member.age or 0) >= 18
    deciding, parents = _deciders(facts, member, request)
    self_signed = (None, member.person_id)
    by_line: dict[str, list[Wish]] = {"court": [], "competent_child": [], "care_order": [], "parent": [], "adult": []}
    for w in rows:
        if w.signer_basis == "court":
            by_line["court"].append(w)
        elif "court" in deciding and not adult:
            continue
        elif adult and w.signer_basis == "adult_self" and w.signer_person_id in self_signed:
            by_line["adult"].append(w)
        elif not adult and w.signer_basis == "competent_child" and w.signer_person_id in self_signed:
            by_line["competent_child"].append(w)
        elif not adult and w.signer_basis == "care_order" and "care_order" in deciding:
            by_line["care_order"].append(w)
        elif not adult and w.signer_basis == "parental_responsibility" and w.signer_person_id in parents:
            by_line["parent"].append(w)
    if adult:
        return by_line["court"] + by_line["adult"]
    return by_line["court"] or by_line["competent_child"] or by_line["care_order"] or by_line["parent"]


def _deciders(facts: Facts, member: Member, request: Request) -> tuple[set[str], set[str | None]]:
    today = request.at.date()
    parents: set[str | None] = {None, member.carried_by}
    if member == facts.members[0]:
        parents |= {m.person_id for m in facts.members if m.responsible}
    parents |= {m.person_id for m in facts.members if member.person_id in m.responsible_for}
    known = [r for r in facts.responsibilities if r.person_id == member.person_id]
    known = [r for r in known if r.recorded_at <= request.at and r.since <= today]
    over = [r for r in known if r.until is not None and r.until <= today]
    over += [r for r in known if r.ended_at and r.ended_at <= request.at and r.ended_on and r.ended_on <= today]
    now = [r for r in known if r not in over]
    deciding = {str(r.kind) for r in now}
    holds = ("parental_responsibility", "special_guardian")
    still = {r.holder for r in now if r.kind in holds}
    parents -= {r.holder for r in over if r.kind in holds and r.holder is not None and r.holder not in still}
    parents |= still
    if "special_guardian" in deciding:
        parents = {r.holder for r in now if r.kind == "special_guardian"}
    return deciding, set() if "care_order" in deciding else parents


def _guarded(block: Block, facts: Facts, today: date) -> set[str]:
    index = facts.members[0].person_id
    home = {m.person_id for m in facts.members if m.with_index and m.person_id != block.against}
    other_at_home = any(m.person_id == block.against and m.with_index for m in facts.members)
    allies = {block.person_id}
    for b in facts.blocks:
        standing = b.since <= today and (b.until is None or b.until > today)
        if standing and b.against is not None and b.against == block.against:
            allies.add(b.person_id)
    if index in allies or (allies & home and not other_at_home):
        return home | allies
    guarded = allies | {m.person_id for m in facts.members if m.carried_by in allies and m.person_id != block.against}
    if block.kind == "refuge":
        guarded |= {m.person_id for m in facts.members if m.person_id not in home and m.person_id != block.against}
    return guarded


def closed(block: Block, request: Request, facts: Facts, person: str) -> str | None:
    """None, "place" or "all": what the block closes about this person."""
    today = request.at.date()
    if block.since > today or (block.until is not None and block.until <= today):
        return None
    guarded, index = _guarded(block, facts, today), facts.members[0].person_id
    if index not in guarded:
        return None if person not in guarded else "place" if block.kind == "placement" else "all"
    if person == block.against:
        return None if block.kind == "placement" else "all"
    knows_other = any(r.person_id == block.against and _open(r, request) for r in facts.relationships)
    if person in guarded and knows_other:
        return "place" if block.kind in ("refuge", "placement") else "all"
    return None


def _walled(block: Block, request: Request, facts: Facts, segment: Segment) -> bool:
    level = closed(block, request, facts, segment.member)
    if level != "place":
        return level == "all"
    return facts.actor is None or segment.category not in NAMED or segment.source != facts.actor.organisation
