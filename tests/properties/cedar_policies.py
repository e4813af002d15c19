"""Cedar policies generated from agreements, and the verdicts that Cedar's own engine gives with them.

Each flow becomes a permit with all its conditions; each check of the read as a whole a forbid named (@id) by its
Reason; overrides a third action that only the reasons nothing lifts forbid. Entities carry facts such as dates, rows of
relationships and overrides; what a person's wishes come to and how far a firewall reaches are worked out by
`naive_policy` and given as attributes, for Cedar has no way to find the newest of several rows. A policy that meets an
error would be passed over silently, so any error at all ends the comparison.
Source: the Cedar policy language (authorization semantics: a forbid overrides every permit).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from cedarpy import AuthzResult, Decision, Entities, PolicySet, is_authorized_batch

from governance.agreements.flows import Flow, Standing
from governance.policy.request import Facts, Member, Request
from governance.terms import Segment
from tests.properties import naive_policy
from tests.properties.naive_policy import Verdict

SLOTS = range(3)
HOUR = 3_600_000


def _set(values: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(str(value)) for value in sorted(values)) + "]"


def _any(parts: Iterable[str]) -> str:
    return "(" + (" || ".join(f"({part})" for part in parts) or "false") + ")"


def _all(parts: Iterable[str]) -> str:
    return "(" + (" && ".join(f"({part})" for part in parts) or "true") + ")"


def _row(slot: int) -> str:
    row = f"principal.r{slot}"
    return _all(
        [
            f"principal has r{slot}",
            f"resource.through.contains({row}.person)",
            f"{row}.recorded <= context.now",
            f"!({row} has ended) || context.now < {row}.ended",
            f"{row}.since <= context.today",
            f"!({row} has until) || context.today < {row}.until",
        ]
    )


def _begun(slot: int) -> str:
    row = f"principal.r{slot}"
    return f"principal has r{slot} && resource.through.contains({row}.person) && {row}.since <= context.today"


def _override(slot: int) -> str:
    """A valid override in this slot."""
    o = f"principal.o{slot}"
    kinds = []
    for kind, roles in naive_policy.WHO.items():
        longest = naive_policy.HOURS.get(kind)
        parts = [
            f'{o}.kind == "{kind}"',
            f"{_set(roles)}.contains(principal.role)",
            f"{_set(naive_policy.WHY[kind])}.contains({o}.reason)",
        ]
        parts += [f"{o}.expires - {o}.granted <= {longest * HOUR}"] if longest else [f"{o}.document"]
        if kind == "break_glass":
            clinical = '["health_visitor", "midwife"].contains(principal.role) && context.purpose == "direct_care"'
            parts.append(f'context.purpose == "safeguarding" || ({clinical})')
        else:
            parts.append('context.purpose == "safeguarding"')
        kinds.append(_all(parts))
    return _all(
        [
            f"principal has o{slot} && context has purpose && resource.found && principal.known",
            f"{o}.staff == principal.staff && {o}.person == resource.index",
            f"{o}.granted <= context.now && context.now < {o}.expires",
            f"!({o} has ended) || context.now < {o}.ended",
            _any(kinds),
        ]
    )


def _covering(slot: int) -> str:
    o = f"principal.o{slot}"
    own = '["immunisation", "primary_care"].contains(resource.category) && resource.adult'
    return f'{o}.categories.contains(resource.category) && (!({own}) || {o}.categories.contains("adult_health"))'


WORKS = _any(map(_row, SLOTS))
BEGUN = _any(map(_begun, SLOTS))
BROKEN_GLASS = _any(f'principal has o{slot} && principal.o{slot}.kind == "break_glass" && {_override(slot)}' for slot in SLOTS)  # fmt: skip # noqa: E501
PURPOSED = _any(
    f'principal.role == "{role}" && {_set(purposes)}.contains(context.purpose)'
    for role, purposes in naive_policy.PURPOSES.items()
)
YOUNG = "resource.child && (!(resource has age) || resource.age < 18)"
PLACE = f"!principal.known || !{_set(naive_policy.NAMED)}.contains(resource.category) || resource.source != principal.organisation"  # noqa: E501

GATES: Mapping[str, str] = {
    "log_unavailable": "!context.log",
    "not_authenticated": "!principal.known",
    "assurance_too_low": "principal.known && !principal.assured",
    "account_suspended": "principal.known && !principal.active",
    "no_role": "principal.known && !principal.held",
    "role_not_allowed": f"principal.known && !{_set(naive_policy.READERS)}.contains(principal.role)",
    "training_lapsed": "principal.known && !(principal has trained && context.today <= principal.trained)",
    "purpose_missing": "!(context has purpose)",
    "purpose_not_allowed": f"principal.known && context has purpose && !{PURPOSED}",
    "self_or_family": "principal.declared.containsAny(resource.kin)",
    "not_found": "!resource.found",
    "out_of_scope": f"resource.found && !(({YOUNG}) || (resource.expecting && {WORKS}))",
    "erased": "resource.found && resource.erased.contains(resource.index)",
    "no_relationship": f"resource.found && !{WORKS} && !{BEGUN}",
    "relationship_ended": f"resource.found && !{WORKS} && {BEGUN}",
    "hard_block": 'principal.declared.containsAny(resource.against) || resource.closed.contains("all")',
    "rate_limited": f"context.over_limit && !{BROKEN_GLASS}",
}
"""The reasons that refuse a read as a whole, as conditions."""

OWN: Mapping[str, str] = {
    "erased": "resource.erased.contains(resource.member)",
    "hard_block": f'resource.walls.contains("all") || (resource.walls.contains("place") && ({PLACE}))',
    "unborn": "resource.unborn && resource.member != resource.index && resource.carrier != resource.index",
}
"""The reasons that fail a segment whatever the flow."""


Texts = dict[str, list[str]]


def policies(standings: Sequence[Standing]) -> Texts:
    """Return the Cedar policies that these agreements, as they stand, come to, by the action they are about."""
    texts: Texts = {"open": _gates(GATES), "open_override": [], "explain": [], "read": [], "override": []}
    unliftable = {reason: condition for reason, condition in GATES.items() if reason not in naive_policy.LIFTABLE}
    texts["open_override"] = _gates(unliftable)
    for reason, condition in OWN.items():
        texts["explain"].append(_policy(f"|{reason}", "permit", condition))
        texts["read"].append(_policy(reason, "forbid", condition))
        texts["override"].append(_policy(reason, "forbid", condition))
    offers = []
    for standing in standings:
        for flow in standing.agreement.flows if standing.status != "superseded" else ():
            offers.append(_offer(standing, flow))
            _flow(texts, standing, flow, offers[-1])
    _without_flow(texts, standings, offers)
    return texts


def _gates(gates: Mapping[str, str]) -> list[str]:
    """A read is open unless a gate is shut."""
    return [_policy("open", "permit", "true"), *(_policy(name, "forbid", gates[name]) for name in gates)]


def _policy(name: str, effect: str, condition: str) -> str:
    return f'@id("{name}")\n{effect} (principal, action, resource) when {{ {condition} }};'


def _name(standing: Standing, flow: Flow) -> str:
    return f"{standing.agreement.code}/{standing.agreement.version}/{flow.no}"


def _offer(standing: Standing, flow: Flow) -> str:
    """This flow names this worker, purpose, segment and age."""
    youngest, oldest = standing.agreement.ages
    recipients = [
        _all(
            [
                f"principal.organisation == {json.dumps(to.organisation)}",
                f"{_set(to.roles)}.contains(principal.role)",
                f"{_set(to.teams)}.contains(principal.team)" if to.teams else "true",
            ]
        )
        for to in flow.to
    ]
    return _all(
        [
            "true" if flow.identifiability == "identifiable" else "false",
            f"resource.source == {json.dumps(flow.source)}",
            f"{_set(flow.categories)}.contains(resource.category)",
            f"{_set(flow.subjects)}.contains(resource.subject)",
            "principal.known && resource.found && context has purpose",
            f"{_set(flow.purposes)}.contains(context.purpose)",
            f"if resource.from_birth then {str(youngest <= 0).lower()} else (!(resource has age) || "
            f"({youngest} <= resource.age && resource.age <= {oldest}))",
            _any(recipients),
        ]
    )


def _failing(standing: Standing, flow: Flow) -> dict[str, str]:
    """What fails a segment through this flow, as conditions."""
    name = json.dumps(_name(standing, flow))
    ends = f"{_set(standing.signed_by)}.containsAll([{json.dumps(flow.source)}, principal.organisation])"
    failing = {"agreement_not_signed": f"!{ends}"}
    failing |= {reason: f"{ends} && ({condition})" for reason, condition in _lapses(standing).items()}
    if flow.basis is None or not flow.gateway:
        failing["no_gateway"] = "true"
    if flow.objection_honoured:
        failing["objection"] = f"resource.objected.contains({name})"
    failing["restricted"] = f'context.purpose != "safeguarding" && resource.restricted.contains({name})'
    if flow.basis == "consent":
        states = [reason for reason in naive_policy.ORDER if reason.startswith("consent_")] + ["parents_conflict"]
        failing |= {state: f'resource.consents.contains("{_name(standing, flow)} {state}")' for state in states}
    return failing


def _lapses(standing: Standing) -> dict[str, str]:
    agreement, status = standing.agreement, str(standing.status)
    if status in ("suspended", "expired"):
        return {f"agreement_{status}": "true"}
    if status != "in_force":
        return {"agreement_not_in_force": "true"}
    begun = f"{_day(agreement.effective_from)} <= context.today"
    over = f"{_day(agreement.expires)} <= context.today"
    return {
        "agreement_not_in_force": f"!({begun})",
        "agreement_expired": f"{begun} && {over}",
        "review_overdue": f"{begun} && !({over}) && {_day(agreement.review_due) + 90} <= context.today",
    }


def _flow(texts: Texts, standing: Standing, flow: Flow, offer: str) -> None:
    name, failing = _name(standing, flow), _failing(standing, flow)
    texts["explain"].append(_policy(f"{name}|", "permit", offer))
    for reason, condition in failing.items():
        texts["explain"].append(_policy(f"{name}|{reason}", "permit", f"{offer} && ({condition})"))
    texts["read"].append(_policy(name, "permit", _all([offer, *(f"!({each})" for each in failing.values())])))
    if "no_gateway" not in failing:
        _overridden(texts, name, offer)


def _overridden(texts: Texts, way: str, offer: str) -> None:
    for slot in SLOTS:
        condition = _all([f"principal has o{slot}", offer, _covering(slot), _override(slot)])
        texts["override"].append(_policy(f"{slot}|{way}", "permit", condition))


def _without_flow(texts: Texts, standings: Sequence[Standing], offers: Sequence[str]) -> None:
    known = {"signed", "in_force", "suspended", "expired"}
    signed = _set({code for s in standings if str(s.status) in known for code in s.signed_by})
    none = f"!{_any(offers)}"
    unsigned = "true" if signed == "[]" else f"!{signed}.contains(resource.source)"
    texts["explain"].append(_policy("none|no_agreement", "permit", f"{none} && !({unsigned})"))
    texts["explain"].append(_policy("none|provider_unsigned", "permit", f"{none} && {unsigned}"))
    _overridden(texts, "none", _all([none, f"!({unsigned})"]))


def _day(day: date) -> int:
    return day.toordinal()


def _instant(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


Told = tuple[bool, frozenset[str]]
"""Whether Cedar allows, and the names of the policies that made it so."""


class Engine:
    """Cedar under one partnership's agreements."""

    def __init__(self, standings: Sequence[Standing]) -> None:
        self.standings = standings
        self._policies = {name: PolicySet.from_str("\n".join(text)) for name, text in policies(standings).items()}

    def judged(self, request: Request, facts: Facts) -> tuple[frozenset[str], dict[Segment, Verdict]]:
        """Return why the read as a whole is refused, and the verdict on every segment held or offered."""
        segments = sorted(naive_policy.judged(request, facts))
        resources = [_resource(request, facts, None), *(_resource(request, facts, segment) for segment in segments)]
        principal = _principal(facts)
        entities = Entities.from_json_str(json.dumps([principal, *map(_entity, range(len(resources)), resources)]))
        context, every = _context(request, facts), range(1, len(resources))

        def ask(action: str, numbers: Iterable[int]) -> dict[int, Told]:
            asked = [_request(action, number, context) for number in numbers]
            answers = is_authorized_batch(asked, self._policies[action], entities) if asked else []
            return dict(zip(numbers, map(_told, answers), strict=True))

        is_open, shut = ask("open", [0])[0]
        overridable = bool(facts.overrides) and ask("open_override", [0])[0][0]
        read = ask("read", every) if is_open else {}
        refused = [number for number in every if not read.get(number, (False,))[0]]
        override = ask("override", refused) if overridable else {}
        told = ask("explain", refused)
        refusal = frozenset() if is_open else shut
        verdicts = {
            segment: Verdict(True, frozenset())
            if number not in told
            else _verdict(told[number][1], refusal, override.get(number), facts)
            for number, segment in enumerate(segments, start=1)
        }
        return refusal, verdicts


def _request(action: str, number: int, context: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "principal": {"type": "Staff", "id": "asking"},
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Segment", "id": str(number)},
        "context": context,
    }


def _told(answer: AuthzResult) -> Told:
    if answer.diagnostics.errors:
        raise AssertionError(f"Cedar met an error in a policy: {answer.diagnostics.errors[0]}")
    names = answer.diagnostics.id_annotations_by_reason
    return answer.decision is Decision.Allow, frozenset(names[reason] for reason in answer.diagnostics.reasons)


def _verdict(told: frozenset[str], refusal: frozenset[str], override: Told | None, facts: Facts) -> Verdict:
    """Cedar's own decision, with the reasons of the flow nearest to a permit."""
    ways: dict[str, set[str]] = {}
    for way, _, reason in (name.partition("|") for name in told):
        ways.setdefault(way, set()).update({reason} - {""})
    always = refusal | ways.pop("", set())
    nearest = sorted(ways, key=lambda way: _nearness(way, ways[way]), reverse=True)
    if override is not None and override[0]:
        for way in nearest:
            for slot, used in enumerate(sorted(facts.overrides, key=lambda o: o.id)):
                if f"{slot}|{way}" in override[1]:
                    return Verdict(True, frozenset(), frozenset(always | ways[way]), used.id)
    return Verdict(False, frozenset(always | ways[nearest[0]]))


def _nearness(way: str, reasons: set[str]) -> tuple[Any, ...]:
    code, _, rest = way.partition("/")
    version, _, flow = rest.partition("/")
    first = min((naive_policy.ORDER.index(reason) for reason in reasons), default=len(naive_policy.ORDER))
    return (first, -len(reasons), code, int(version or 0), flow)


def _principal(facts: Facts) -> dict[str, Any]:
    actor = facts.actor
    attributes: dict[str, Any] = {
        "known": actor is not None,
        "staff": actor.staff_id if actor else "",
        "organisation": actor.organisation if actor else "",
        "role": str(actor.role) if actor else "",
        "team": (actor.team if actor else None) or "",
        "assured": actor is not None and actor.assured,
        "active": actor is not None and actor.active,
        "held": actor is not None and actor.role_held,
        "declared": sorted(facts.declared),
    }
    if actor is not None and actor.training_until is not None:
        attributes["trained"] = _day(actor.training_until)
    if max(len(facts.relationships), len(facts.overrides)) > len(SLOTS):
        raise AssertionError("more rows than these policies look at")
    for slot, row in enumerate(facts.relationships):
        days = {"since": _day(row.since), "until": row.until and _day(row.until)}
        instants = {"recorded": _instant(row.recorded_at), "ended": row.ended_at and _instant(row.ended_at)}
        attributes[f"r{slot}"] = _known({"person": row.person_id} | days | instants)
    for slot, o in enumerate(sorted(facts.overrides, key=lambda o: o.id)):
        instants = {"granted": _instant(o.granted_at), "expires": _instant(o.expires_at)}
        said = {"kind": str(o.kind), "reason": str(o.reason), "document": o.document, "staff": o.staff_id}
        about = {"person": o.person_id, "categories": sorted(map(str, o.categories))}
        ended = {"ended": o.ended_at and _instant(o.ended_at)}
        attributes[f"o{slot}"] = _known({**instants, **said, **about, **ended})
    return {"uid": {"type": "Staff", "id": "asking"}, "attrs": attributes, "parents": []}


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _entity(number: int, attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"uid": {"type": "Segment", "id": str(number)}, "attrs": attributes, "parents": []}


def _context(request: Request, facts: Facts) -> dict[str, Any]:
    stated = {"purpose": request.purpose and str(request.purpose)}
    day, now = _day(request.at.date()), _instant(request.at)
    return _known({"today": day, "now": now, "log": facts.log_available, "over_limit": facts.over_limit} | stated)


def _resource(request: Request, facts: Facts, segment: Segment | None) -> dict[str, Any]:
    """The attributes of a segment; None stands for the read as a whole."""
    index = facts.members[0] if facts.members else None
    against = {block.against for block in facts.blocks if block.against}
    family = {member.person_id for member in facts.members}
    attributes: dict[str, Any] = {
        "found": index is not None,
        "index": index.person_id if index else "",
        "through": [p for p in (index.person_id, index.carried_by) if p] if index else [],
        "child": index is not None and index.subject == "child",
        "age": index.age if index else None,
        "expecting": index is not None and naive_policy.pregnant(facts),
        "from_birth": index is not None and (index.unborn or naive_policy.pregnant(facts)),
        "kin": sorted(family - against),
        "against": sorted(against),
        "erased": sorted(facts.erased),
        "closed": _levels(request, facts, index) if index else [],
    }
    return _known(attributes | (_of_segment(request, facts, segment) if segment else _of_nothing(index)))


def _of_nothing(index: Member | None) -> dict[str, Any]:
    member = {"member": index.person_id if index else "", "subject": "", "category": "", "source": "", "adult": False}
    empty: dict[str, Any] = {"walls": [], "objected": [], "restricted": [], "consents": []}
    return member | empty | {"unborn": False, "carrier": ""}


def _of_segment(request: Request, facts: Facts, segment: Segment) -> dict[str, Any]:
    member = next(m for m in facts.members if m.person_id == segment.member)
    carrying = [
        (standing, flow)
        for standing in facts.standings
        for flow in standing.agreement.flows
        if flow.source == segment.source and segment.category in flow.categories and segment.subject in flow.subjects
    ]
    against: dict[str, list[str]] = {
        kind: [
            _name(standing, flow)
            for standing, flow in carrying
            if naive_policy.said_against(kind, request, facts, segment, standing.agreement.code, flow.no)
        ]
        for kind in ("objection", "restriction")
    }
    consents = [
        f"{_name(standing, flow)} {naive_policy.consented(request, facts, segment, standing.agreement.code, flow)}"
        for standing, flow in carrying
        if flow.basis == "consent"
    ]
    return {
        "member": segment.member,
        "subject": str(segment.subject),
        "category": str(segment.category),
        "source": segment.source,
        "adult": str(segment.subject) in naive_policy.ADULTS,
        "walls": _levels(request, facts, member),
        "unborn": member.unborn,
        "carrier": member.carried_by or "",
        "objected": against["objection"],
        "restricted": against["restriction"],
        "consents": consents,
    }


def _levels(request: Request, facts: Facts, member: Member) -> list[str]:
    levels = {naive_policy.closed(block, request, facts, member.person_id) for block in facts.blocks}
    return sorted(level for level in levels if level is not None)
