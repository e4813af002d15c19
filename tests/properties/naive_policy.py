"""The policy once more, as one page of plain conditions: slow, obvious, and written apart from the real one."""

from datetime import timedelta

from governance.policy.request import Block, Facts, Member, Request
from governance.terms import Segment
from governance.wishes.wishes import Wish

TODAY_OF = "date"
NAMED = {"identity", "family", "birth"}
PURPOSES = {
    "health_visitor": {"direct_care", "early_help", "safeguarding"},
    "family_support_worker": {"early_help", "safeguarding"},
}


def read_allowed(request: Request, facts: Facts) -> bool:
    actor, at = facts.actor, request.at
    today = at.date()
    if not facts.log_available or actor is None or not actor.assured:
        return False
    if not actor.active or not actor.role_held:
        return False
    if actor.training_until is None or actor.training_until < today:
        return False
    if request.purpose is None or request.purpose not in PURPOSES[actor.role]:
        return False
    if not facts.members or facts.members[0].person_id in facts.erased:
        return False
    for person in facts.declared:
        if any(m.person_id == person for m in facts.members) or any(b.against == person for b in facts.blocks):
            return False
    index = facts.members[0]
    pregnant = any(m.unborn and m.carried_by == index.person_id for m in facts.members)
    young = index.subject == "child" and (index.age is None or index.age < 18)
    if not young and not pregnant:
        return False
    through = {index.person_id, index.carried_by}
    # an adult who is not pregnant and a pregnant one without a relationship are refused alike
    return any(r.person_id in through and _open(r, request) for r in facts.relationships)


def _open(r: object, request: Request) -> bool:
    today, at = request.at.date(), request.at
    if r.recorded_at > at or (r.ended_at is not None and r.ended_at <= at):  # type: ignore[attr-defined]
        return False
    return r.since <= today and not (r.until is not None and r.until <= today)  # type: ignore[attr-defined]


def permitted(request: Request, facts: Facts, segment: Segment) -> bool:
    if not read_allowed(request, facts) or segment.member in facts.erased:
        return False
    index = facts.members[0]
    member = next(m for m in facts.members if m.person_id == segment.member)
    if member.unborn and member != index and member.carried_by != index.person_id:
        return False
    if any(_walled(block, request, facts, segment) for block in facts.blocks):
        return False
    if any(_all_walled(block, request, facts, index) for block in [*facts.blocks]):
        return False
    return any(
        _through(request, facts, segment, member, standing, flow)
        for standing in facts.standings
        for flow in standing.agreement.flows
    )


def _through(request: Request, facts: Facts, segment: Segment, member: Member, standing: object, flow: object) -> bool:
    agreement, today, actor = standing.agreement, request.at.date(), facts.actor  # type: ignore[attr-defined]
    assert actor is not None
    index = facts.members[0]
    pregnant = any(m.unborn and m.carried_by == index.person_id for m in facts.members)
    age = 0 if index.unborn or pregnant else index.age
    if age is not None and not agreement.ages[0] <= age <= agreement.ages[1]:
        return False
    if standing.status != "in_force" or not agreement.effective_from <= today < agreement.expires:  # type: ignore[attr-defined]
        return False
    if today >= agreement.review_due + timedelta(days=90):
        return False
    if flow.source not in standing.signed_by or actor.organisation not in standing.signed_by:  # type: ignore[attr-defined]
        return False
    if not any(to.organisation == actor.organisation and actor.role in to.roles for to in flow.to):  # type: ignore[attr-defined]
        return False
    if request.purpose not in flow.purposes or flow.identifiability != "identifiable":  # type: ignore[attr-defined]
        return False
    if (
        segment.source != flow.source  # type: ignore[attr-defined]
        or segment.category not in flow.categories  # type: ignore[attr-defined]
        or segment.subject not in flow.subjects  # type: ignore[attr-defined]
    ):
        return False
    if flow.basis is None or not flow.gateway:  # type: ignore[attr-defined]
        return False
    through = f"{agreement.code}/{flow.no}"  # type: ignore[attr-defined]
    voices = {segment.member} | ({member.carried_by} if member.unborn else set())
    said = [
        w
        for w in facts.wishes
        if _heard(w, request) and set(w.scope) & {"*", segment.category, agreement.code, through}
    ]
    about = [w for w in said if w.person_id in voices]
    if flow.objection_honoured and _stands(about, "objection", "overruled", today):  # type: ignore[attr-defined]
        return False
    if request.purpose != "safeguarding" and _stands(about, "restriction", "lifted", today):
        return False
    if flow.basis != "consent":  # type: ignore[attr-defined]
        return True

    def agreed(category: str) -> bool:
        rows = [w for w in consents if set(w.scope) & {"*", category, agreement.code, through}]
        return _agreed(rows, facts, member, request)

    known = [w for w in facts.wishes if _heard(w, request)]
    consents = [w for w in known if w.person_id == segment.member and w.kind == "consent"]
    spoken = any(set(w.scope) & {"*", segment.category, agreement.code, through} for w in consents)
    if segment.category in ("identity", "family") and not spoken:
        return any(agreed(c) for c in flow.categories if c not in ("identity", "family"))  # type: ignore[attr-defined]
    return agreed(segment.category)


def _stands(said: list[Wish], kind: str, decided: str, today: object) -> bool:
    rows = [w for w in said if w.kind == kind and (w.expires is None or today < w.expires)]  # type: ignore[operator]
    for person in {w.person_id for w in rows}:
        hers = [w for w in rows if w.person_id == person]
        final = [w for w in hers if w.answer == decided]
        for voice in {(w.signer_basis, w.signer_person_id) for w in hers if w.answer != decided}:
            mine = [w for w in hers if w.answer != decided and (w.signer_basis, w.signer_person_id) == voice] + final
            last_said = sorted(mine, key=lambda w: (w.valid_from, w.recorded_at, w.ordinal))[-1]
            last_written = sorted(mine, key=lambda w: (w.recorded_at, w.ordinal))[-1]
            if last_said.answer in ("made", "upheld") or last_written.answer in ("made", "upheld"):
                return True
    return False


def _heard(w: Wish, request: Request) -> bool:
    if w.void_from is not None and w.void_from <= request.at:
        return False
    return w.valid_from <= request.at and w.recorded_at <= request.at


def _agreed(rows: list[Wish], facts: Facts, member: Member, request: Request) -> bool:
    today = request.at.date()
    adult = member.subject in ("mother", "father", "carer", "other_adult") or (member.age or 0) >= 18
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
    if "care_order" in deciding:
        parents = set()
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
        line = by_line["court"] + by_line["adult"]
    else:
        line = by_line["court"] or by_line["competent_child"] or by_line["care_order"] or by_line["parent"]
    yes = False
    for voice in {(w.signer_basis, w.signer_person_id) for w in line}:
        mine = [w for w in line if (w.signer_basis, w.signer_person_id) == voice]
        ends = [
            sorted(mine, key=lambda w: (w.valid_from, w.recorded_at, w.ordinal))[-1],
            sorted(mine, key=lambda w: (w.recorded_at, w.ordinal))[-1],
        ]
        if any(w.answer != "given" for w in ends):
            return False
        yes = yes or all(w.expires is None or today < w.expires for w in ends)  # type: ignore[operator]
    return yes


def _guarded(block: Block, facts: Facts, today: object) -> set[str]:
    index = facts.members[0].person_id
    home = {m.person_id for m in facts.members if m.with_index and m.person_id != block.against}
    other_at_home = any(m.person_id == block.against and m.with_index for m in facts.members)
    allies = {block.person_id}
    for b in facts.blocks:
        standing = b.since <= today and (b.until is None or b.until > today)  # type: ignore[operator]
        if standing and b.against is not None and b.against == block.against:
            allies.add(b.person_id)
    if index in allies or (allies & home and not other_at_home):
        return home | allies
    guarded = allies | {m.person_id for m in facts.members if m.carried_by in allies and m.person_id != block.against}
    if block.kind == "refuge":
        guarded |= {m.person_id for m in facts.members if m.person_id not in home and m.person_id != block.against}
    return guarded


def _closed(block: Block, request: Request, facts: Facts, person: str) -> str | None:
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
    closed = _closed(block, request, facts, segment.member)
    assert facts.actor is not None
    if closed == "place":
        return segment.category not in NAMED or segment.source != facts.actor.organisation
    return closed == "all"


def _all_walled(block: Block, request: Request, facts: Facts, index: Member) -> bool:
    return _closed(block, request, facts, index.person_id) == "all"
