"""The ledger as HL7 FHIR R4 AuditEvents, shaped on the IHE Basic Audit Log Patterns.

Invariants: a permitted look is a RESTful read or search, a refusal an authorization decision that says why; persons and
staff are identifiers of the audit domain, never references to records; nothing of a record and nothing that was typed
is told; what the ledger does not hold (an address on the network, the text of a query) is left out, so the shape of the
pattern is kept and conformance to it is not claimed.
Sources: FHIR R4 4.0.1 AuditEvent and Bundle; IHE ITI BALP 1.1 (Read, Query, Authorization decision); DICOM PS3.15 A.5;
ISO 21089 (life-cycle events); HL7 v3 ActReason (purpose of use).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from governance.ledger.entries import instant
from governance.ledger.export_csv import flow_name
from governance.terms import EventKind, Outcome, Purpose

OWN: Final = "urn:linked-family-record"
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
REST: Final = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE: Final = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
AUTHZ: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
BALP_ENTITY: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ROLE_CLASS: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
SECURITY_ROLE: Final = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What kind of audit event an entry is: type and perhaps subtype as (system, code); one of C, R, U, D and E."""

    type: tuple[str, str]
    action: str
    subtype: tuple[str, str] | None = None


DECISION: Final = Shape((DCM, "110113"), "E", (AUTHZ, "AuthZ-Consent"))
"""A look that was refused."""

CHANGE: Final = Shape((LIFECYCLE, "amend"), "U")
"""A governance fact was recorded: every kind that has no shape of its own."""

SHAPES: Final[Mapping[EventKind, Shape]] = {
    EventKind.READ_FAMILY: Shape((EVENT_TYPE, "rest"), "R", (REST, "read")),
    EventKind.SEARCH: Shape((EVENT_TYPE, "rest"), "E", (REST, "search-type")),
    EventKind.REVIEW_READ: Shape((EVENT_TYPE, "rest"), "R", (REST, "read")),
    EventKind.SIGN_IN: Shape((DCM, "110114"), "E", (DCM, "110122")),
    EventKind.SIGN_OUT: Shape((DCM, "110114"), "E", (DCM, "110123")),
    EventKind.AUDIT_READ: Shape((DCM, "110101"), "R"),
    EventKind.AUDIT_VERIFY: Shape((LIFECYCLE, "verify"), "E"),
    EventKind.EXPORT: Shape((DCM, "110106"), "R"),
    EventKind.COHORT: Shape((DCM, "110112"), "E"),
    EventKind.LOAD: Shape((DCM, "110107"), "C"),
    EventKind.REFERENCE_IMPORT: Shape((DCM, "110107"), "C"),
    EventKind.LINK_RUN: Shape((LIFECYCLE, "link"), "E"),
    EventKind.ERASURE: Shape((LIFECYCLE, "destroy"), "D"),
}

OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.PERMIT: "0",
    Outcome.PARTIAL: "0",
    Outcome.DONE: "0",
    Outcome.DENY: "8",
    Outcome.FAILED: "8",
}
"""audit-event-outcome: success, serious failure."""

PURPOSES_OF_USE: Final[Mapping[Purpose, str | None]] = {
    Purpose.DIRECT_CARE: "TREAT",
    Purpose.EARLY_HELP: "CAREMGT",
    Purpose.SAFEGUARDING: None,
    Purpose.PLANNING: "HOPERAT",
    Purpose.IG_REVIEW: "HCOMPL",
    Purpose.DATA_QUALITY: "RECORDMGT",
}
"""The nearest of HL7's purposes of use; safeguarding has none."""

BROKEN_GLASS: Final = "BTG"


def bundle(lines: Iterable[str], at: datetime) -> Iterator[str]:
    """Yield the text of one Bundle of all these exported JSON lines (see `ledger.export`), piece by piece."""
    head = {"resourceType": "Bundle", "type": "collection", "timestamp": instant(at)}
    yield json.dumps(head)[:-1] + ', "entry": ['
    first = True
    for line in lines:
        yield ("\n" if first else ",\n") + json.dumps(_entry(json.loads(line)), ensure_ascii=False)
        first = False
    yield "\n]}\n"


def _entry(held: Mapping[str, Any]) -> Json:
    resource = audit_event(held["index"], held["leaf_hash"], json.loads(held["body"]))
    i = resource["id"]
    return {"fullUrl": f"urn:uuid:{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}", "resource": resource}


def audit_event(index: int, leaf_hash: str, body: Mapping[str, Any]) -> Json:
    """Return one entry as an AuditEvent resource."""
    kind, outcome = EventKind(body["kind"]), Outcome(body["outcome"])
    shape = _shape(kind, outcome)
    event = {
        "resourceType": "AuditEvent",
        "id": body["id"],
        "type": _coding(*shape.type),
        "subtype": [*([_coding(*shape.subtype)] if shape.subtype else []), _coding(f"{OWN}:event-kind", kind)],
        "action": shape.action,
        "recorded": body["at"],
        "outcome": OUTCOMES[outcome],
        "outcomeDesc": " ".join(body["reasons"]) or str(outcome),
        "purposeOfEvent": _purposes(body),
        "agent": _agents(shape, body),
        "source": {
            "site": "linked-family-record",
            "observer": _named("Device", "service", "ledger"),
            "type": [_coding(SOURCE_TYPE, "6" if shape is DECISION else "4")],
        },
        "entity": [*_persons(body), *_request(body), _data(index, leaf_hash, body)],
    }
    return {name: value for name, value in event.items() if value != []}


def _shape(kind: EventKind, outcome: Outcome) -> Shape:
    shape = SHAPES.get(kind, CHANGE)
    return DECISION if outcome is Outcome.DENY and shape.type[0] == EVENT_TYPE else shape


def _purposes(body: Mapping[str, Any]) -> list[Json]:
    found = []
    if body["purpose"]:
        near = PURPOSES_OF_USE[Purpose(body["purpose"])]
        codings = [_coding(f"{OWN}:purpose", body["purpose"]), *([_coding(REASON, near)] if near else [])]
        found.append({"coding": codings})
    if body["override"]:
        found.append({"coding": [_coding(REASON, BROKEN_GLASS)]})
    return found


def _agents(shape: Shape, body: Mapping[str, Any]) -> list[Json]:
    """The worker (who asked), their organisation, and this service as what answered or decided."""
    here = _concept(SECURITY_ROLE, "authserver") if shape is DECISION else _concept(DCM, "110153")
    service = {"type": here, "who": _named("Device", "service", "record"), "requestor": body["staff"] is None}
    agents = [service]
    if body["organisation"]:
        who = _named("Organization", "organisation", body["organisation"])
        agents.insert(0, {"type": _concept(ROLE_CLASS, "PROV"), "who": who, "requestor": False})
    if body["staff"]:
        agents.insert(0, _worker(body))
    return agents


def _worker(body: Mapping[str, Any]) -> Json:
    worker: Json = {
        "type": _concept(PARTICIPATION, "IRCP"),
        "role": [_concept(f"{OWN}:role", body["role"])] if body["role"] else [],
        "who": _named("Practitioner", "staff", body["staff"]),
        "requestor": True,
        "policy": [f"{OWN}:flow:{flow_name(flow)}" for flow in body["flows"]],
        "purposeOfUse": _purposes(body),
    }
    return {name: value for name, value in worker.items() if value != []}


def _persons(body: Mapping[str, Any]) -> list[Json]:
    return [
        {
            "what": _named("Patient", "audit-pseudonym", pseudonym),
            "type": _coding(ENTITY_TYPE, "1"),
            "role": _coding(OBJECT_ROLE, "1"),
        }
        for pseudonym in body["subjects"]
    ]


def _request(body: Mapping[str, Any]) -> list[Json]:
    if not body["request"]:
        return []
    return [{"what": _identified("request", body["request"]), "type": _coding(BALP_ENTITY, "XrequestId")}]


def _data(index: int, leaf_hash: str, body: Mapping[str, Any]) -> Json:
    """What was asked for, segment by segment, and the entry's own place in the log."""
    told = {"index": index, "leaf_hash": leaf_hash, "relationship": body["relationship"], "override": body["override"]}
    told |= {"policy": body["policy"], **body["detail"]}
    details = [_detail(name, value) for name, value in told.items() if value is not None]
    details += [_detail("segment", _segment(held)) for held in body["segments"]]
    role = "24" if body["kind"] == EventKind.SEARCH else "4"
    what = _identified("entry", body["id"])
    return {"what": what, "type": _coding(ENTITY_TYPE, "2"), "role": _coding(OBJECT_ROLE, role), "detail": details}


def _segment(held: Mapping[str, Any]) -> str:
    flow = f" {flow_name(held['flow'])}" if held["flow"] else ""
    return f"{held['member']} {held['subject']} {held['category']} {held['source']} {held['reason']}{flow}"


def _detail(name: str, value: object) -> Json:
    return {"type": name, "valueString": str(value)}


def _coding(system: str, code: object) -> Json:
    return {"system": system, "code": str(code)}


def _concept(system: str, code: object) -> Json:
    return {"coding": [_coding(system, code)]}


def _identified(domain: str, value: str) -> Json:
    return {"identifier": {"system": f"{OWN}:{domain}", "value": value}}


def _named(kind: str, domain: str, value: str) -> Json:
    return {"type": kind, **_identified(domain, value)}
