"""What an entry of the ledger says: the event as its caller knows it, and the body it becomes.

Invariants: persons appear as audit-domain pseudonyms, random per deployment key; `detail` is a closed
mapping of codes, counts, hashes and random ids, and anything that could be record content is refused; every
body carries a random salt (an erased body cannot be guessed from its leaf) and a seal that only the key
ring can make.
Sources: ISO 27789 and ASTM E2147 (what an entry holds), RFC 8785 (canonical JSON).
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from governance.keys.keys import KeyRing
from governance.terms import (
    Action,
    Actor,
    Decision,
    EventKind,
    FlowRef,
    Outcome,
    Purpose,
    Reason,
    RelationshipKind,
    Role,
    SegmentDecision,
)

AUDIT_LABEL: Final = "audit/1"
LARGEST_COUNT: Final = 999_999_999


class Detail(StrEnum):
    """What an entry may say beyond its fixed fields: codes, counts, hashes and random ids."""

    ACCEPTED = "accepted"
    ACT = "act"
    AGREEMENT = "agreement"
    ALARM = "alarm"
    ANSWER = "answer"
    BLOCK = "block"
    CATEGORIES = "categories"
    CATEGORY = "category"
    CHANGED = "changed"
    DATASET = "dataset"
    DUPLICATE = "duplicate"
    DUTY = "duty"
    EVENTS = "events"
    EXPIRES = "expires"
    FAILURE = "failure"
    FAMILIES = "families"
    FILE_HASH = "file_hash"
    FILTERS = "filters"
    FORM = "form"
    FOUND = "found"
    KEY_LABEL = "key_label"
    KIND = "kind"
    LANGUAGE = "language"
    LOAD = "load"
    OPERATION = "operation"
    ORGANISATION = "organisation"
    OVERRIDE = "override"
    PERSONS = "persons"
    PROJECT = "project"
    REASON = "reason"
    RECIPIENTS = "recipients"
    RECORD = "record"
    REJECTED = "rejected"
    RELATIONSHIP = "relationship"
    RESPONSIBILITY = "responsibility"
    RESULT_HASH = "result_hash"
    ROOT = "root"
    ROWS = "rows"
    RUN = "run"
    SEARCH_BY = "search_by"
    SIZE = "size"
    SPEC_HASH = "spec_hash"
    STAFF = "staff"
    STATUS = "status"
    SUPPRESSED = "suppressed"
    TOLD = "told"
    VERSION = "version"
    WISH = "wish"


_DETAILS: Final = frozenset(map(str, Detail))


class EventRefused(ValueError):
    """The event holds something an entry may not hold. The message names the field, never the value."""


@dataclass(frozen=True, slots=True)
class DecidedFrom:
    """Names the inputs of one decision: the request, the digest of the facts kept, and the engine that decided."""

    action: Action
    index: str
    purpose: Purpose | None
    facts: str
    engine: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One act, as its caller knows it. `subjects` and the segments' members are person ids; none is stored."""

    kind: EventKind
    outcome: Outcome
    staff_id: str | None = None
    organisation: str | None = None
    role: Role | None = None
    purpose: Purpose | None = None
    subjects: tuple[str, ...] = ()
    segments: tuple[SegmentDecision, ...] = ()
    reasons: tuple[Reason, ...] = ()
    flows: tuple[FlowRef, ...] = ()
    relationship: RelationshipKind | None = None
    override: str | None = None
    request_id: str | None = None
    policy_hash: str | None = None
    detail: Mapping[Detail, str | int] | Mapping[str, str | int] = field(default_factory=dict)
    decided_from: tuple[DecidedFrom, ...] = ()


def acted(kind: EventKind, outcome: Outcome, actor: Actor, purpose: Purpose | None = None) -> AuditEvent:
    """Return an event by this member of staff, to be completed with `dataclasses.replace`."""
    return AuditEvent(kind, outcome, actor.staff_id, actor.organisation, actor.role, purpose)


def decided(
    kind: EventKind, actor: Actor, purpose: Purpose | None, decision: Decision, subjects: Sequence[str]
) -> AuditEvent:
    """Return the event of one decision at the gate, permit and refusal alike."""
    return replace(
        acted(kind, decision.outcome, actor, purpose),
        subjects=tuple(subjects),
        segments=decision.segments,
        reasons=decision.failed or (decision.reason,),
        flows=tuple(sorted({s.flow for s in decision.permitted if s.flow is not None})),
        relationship=decision.relationship,
        override=decision.override,
        policy_hash=decision.policy_hash,
    )


def subject_pseudonym(ring: KeyRing, person_id: str) -> str:
    """Return the 64 hex digits by which the ledger knows a person: joined to nothing outside the audit domain."""
    return ring.mac(AUDIT_LABEL, b"person|" + person_id.encode()).hex()


def canonical(body: Mapping[str, Any]) -> bytes:
    """Return RFC 8785 JSON of a body of plain-named objects, lists, text, whole numbers, booleans and nulls.

    For these the standard library, sorting and without spaces, writes what the RFC asks; it is much the faster.
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def entry_seal(ring: KeyRing, body: Mapping[str, Any]) -> str:
    """Return the seal of a body: a mac over all of it but the seal, which nobody without the ring can make."""
    unsealed = {name: value for name, value in body.items() if name != "seal"}
    return ring.mac(AUDIT_LABEL, b"entry|" + canonical(unsealed)).hex()


def instant(moment: datetime) -> str:
    """Return an aware instant as UTC text with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def entry_body(ring: KeyRing, event: AuditEvent, at: datetime) -> tuple[dict[str, Any], bytes]:
    """Return the body of the entry of `event`, salted but not sealed, and the canonical form of it with its seal."""
    if at.tzinfo is None:
        raise EventRefused("the instant has no zone")
    pseudonyms = {person: subject_pseudonym(ring, person) for person in _persons(event)}
    body: dict[str, Any] = {
        "v": 1,
        "id": secrets.token_hex(16),
        "at": instant(at),
        "kind": str(event.kind),
        "outcome": str(event.outcome),
        "staff": event.staff_id,
        "organisation": event.organisation,
        "role": event.role and str(event.role),
        "purpose": event.purpose and str(event.purpose),
        "subjects": sorted(pseudonyms[person] for person in set(event.subjects)),
        "segments": [segment_body(decision, pseudonyms) for decision in event.segments],
        "reasons": [str(reason) for reason in event.reasons],
        "flows": [_flow(flow) for flow in event.flows],
        "relationship": event.relationship and str(event.relationship),
        "override": event.override,
        "request": event.request_id,
        "policy": event.policy_hash,
        "detail": _detail(event.detail),
        "salt": secrets.token_hex(16),
    }
    if event.decided_from:
        body["decided_from"] = [_named(inputs) for inputs in event.decided_from]
    return body, _sealed(ring, body)


def _sealed(ring: KeyRing, body: Mapping[str, Any]) -> bytes:
    """Return the canonical form of a body with its seal, which by its name stands right after the salt."""
    written = canonical(body)
    seal = ring.mac(AUDIT_LABEL, b"entry|" + written).hex()
    salt = f'"salt":"{body["salt"]}"'.encode()
    before, _, after = written.partition(salt)
    return b"".join((before, salt, f',"seal":"{seal}"'.encode(), after))


def _named(inputs: DecidedFrom) -> dict[str, str | None]:
    purpose = inputs.purpose and str(inputs.purpose)
    return {
        "action": str(inputs.action), "index": inputs.index, "purpose": purpose, "facts": inputs.facts,
        "engine": inputs.engine,
    }  # fmt: skip


def _detail(detail: Mapping[Detail, str | int] | Mapping[str, str | int]) -> dict[str, str | int]:
    named = {str(name): value for name, value in detail.items()}
    if not named.keys() <= _DETAILS:
        raise EventRefused("a detail is not one that entries have")
    return {name: _allowed(name, value) for name, value in named.items()}


def _persons(event: AuditEvent) -> set[str]:
    return {*event.subjects, *(decision.segment.member for decision in event.segments)}


def segment_body(decision: SegmentDecision, pseudonyms: Mapping[str, str]) -> dict[str, Any]:
    """Return what an entry says of one segment, under the pseudonym of its member."""
    lifted = {"override": decision.override, "lifted": [str(reason) for reason in decision.lifted]}
    return (lifted if decision.override else {}) | {
        "member": pseudonyms[decision.segment.member],
        "subject": str(decision.segment.subject),
        "category": str(decision.segment.category),
        "source": decision.segment.source,
        "permitted": decision.permitted,
        "reason": str(decision.reason),
        "flow": decision.flow and _flow(decision.flow),
    }


def _flow(flow: FlowRef) -> dict[str, Any]:
    return {"agreement": flow.agreement, "version": flow.version, "flow": flow.flow}


_PLAIN: Final = re.compile(r"[A-Za-z0-9_.,:;/@+=*() -]{0,300}")
_RANDOM: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_NUMBER: Final = re.compile(r"[0-9](?:[ -]?[0-9]){9}")


def _allowed(name: str, value: str | int) -> str | int:
    """Return `value` unless it could be record content: free text, or a number the size of an identifier."""
    if isinstance(value, int):
        fits = not isinstance(value, bool) and abs(value) <= LARGEST_COUNT
    else:
        fits = bool(_RANDOM.fullmatch(value) or (_PLAIN.fullmatch(value) and not _NUMBER.search(value)))
    if not fits:
        raise EventRefused(f"detail {name} may hold only codes, counts, hashes and random ids")
    return value
