"""What the ledger says in other forms: FHIR R4 AuditEvent and a table.

The FHIR constraints are written down here from the R4 definition of AuditEvent (elements, cardinalities, required
bindings, invariant sev-1) and from the IHE patterns, apart from the code that makes the resources.
"""

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.exporting import FORMS, Format, pieces
from governance.keys.keys import SoftwareKeyRing
from governance.ledger import export_fhir, ledger
from governance.ledger.export_csv import COLUMNS, FORMULA, harmless, rows
from governance.ledger.export_fhir import CHANGE, OUTCOMES, PURPOSES_OF_USE, SHAPES
from governance.ledger.ledger import AuditEvent, Detail
from governance.store import audit_entry, audit_sequence
from governance.terms import (
    Category,
    EventKind,
    FlowRef,
    LegalBasis,
    Outcome,
    Purpose,
    Reason,
    RelationshipKind,
    Role,
    Segment,
    SegmentDecision,
    SubjectRole,
    Withholding,
)

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CHILD, STAFF = "c" * 32, "5" * 32
FLOW = FlowRef("isp-early-years", 1, "F02")
SHOWN = SegmentDecision(
    Segment(CHILD, SubjectRole.CHILD, Category.HEALTH_VISITING, "ZCH"), True, Reason.PERMITTED, (), FLOW,
    Withholding.SIGNALLED, LegalBasis.PUBLIC_TASK,
)  # fmt: skip
KEPT = replace(SHOWN, permitted=False, reason=Reason.NO_AGREEMENT, failed=(Reason.NO_AGREEMENT,), flow=None)
LOOK = AuditEvent(
    EventKind.READ_FAMILY, Outcome.PARTIAL, STAFF, "ZCH", Role.HEALTH_VISITOR, Purpose.DIRECT_CARE, (CHILD,),
    (SHOWN, KEPT), (Reason.PERMITTED,), (FLOW,), RelationshipKind.CASELOAD, None, "ab12", "f" * 64,
)  # fmt: skip
EVENTS = [
    LOOK,
    replace(LOOK, outcome=Outcome.DENY, segments=(KEPT,), reasons=(Reason.NO_RELATIONSHIP,), flows=()),
    replace(LOOK, kind=EventKind.SEARCH, purpose=None, segments=(), flows=(), detail={Detail.FOUND: 1}),
    replace(LOOK, override="d" * 32, purpose=Purpose.SAFEGUARDING),
    *[AuditEvent(kind, Outcome.DONE, detail={Detail.OPERATION: "import"}) for kind in EventKind],
]

URI = {"type": "string", "pattern": r"^\S+$"}
CODE = {"type": "string", "pattern": r"^[^\s]+(\s[^\s]+)*$"}
TEXT = {"type": "string", "pattern": r"[\r\n\t\S]"}


def shape(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def many(items: Mapping[str, Any], least: int = 1) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "items": items}


CODING = shape(["system", "code"], system=URI, code=CODE, display=TEXT, version=TEXT)
CONCEPT = {**shape([], coding=many(CODING), text=TEXT), "minProperties": 1}
IDENTIFIER = shape(["value"], system=URI, value=TEXT)
REFERENCE = {**shape([], reference=TEXT, type=URI, identifier=IDENTIFIER, display=TEXT), "minProperties": 1}
AGENT = shape(
    ["requestor"], type=CONCEPT, role=many(CONCEPT), who=REFERENCE, altId=TEXT, name=TEXT,
    requestor={"type": "boolean"}, location=REFERENCE, policy=many(URI), media=CODING, purposeOfUse=many(CONCEPT),
)  # fmt: skip
DETAIL = shape(["type", "valueString"], type=TEXT, valueString=TEXT)
ENTITY = {
    **shape(
        [], what=REFERENCE, type=CODING, role=CODING, lifecycle=CODING, securityLabel=many(CODING), name=TEXT,
        description=TEXT, query={"type": "string", "contentEncoding": "base64"}, detail=many(DETAIL),
    ),
    "not": {"required": ["name", "query"]},
}  # fmt: skip
AUDIT_EVENT = shape(
    ["resourceType", "type", "recorded", "agent", "source"],
    resourceType={"const": "AuditEvent"},
    id={"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"},
    type=CODING,
    subtype=many(CODING),
    action={"enum": ["C", "R", "U", "D", "E"]},
    recorded={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
    outcome={"enum": ["0", "4", "8", "12"]},
    outcomeDesc=TEXT,
    purposeOfEvent=many(CONCEPT),
    agent=many(AGENT),
    source=shape(["observer"], site=TEXT, observer=REFERENCE, type=many(CODING)),
    entity=many(ENTITY),
)
BUNDLE = shape(
    ["resourceType", "type"],
    resourceType={"const": "Bundle"},
    type={"const": "collection"},
    timestamp=AUDIT_EVENT["properties"]["recorded"],
    entry={
        "type": "array",
        "items": shape(
            ["fullUrl", "resource"],
            fullUrl={
                "type": "string",
                "pattern": "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            },
            resource=AUDIT_EVENT,
        ),
    },
)


@pytest.fixture
def held(session: Session, ring: SoftwareKeyRing) -> Session:
    for minute, event in enumerate(EVENTS):
        ledger.record(session, ring, event, AT + timedelta(minutes=minute))
    ledger.sequence(session)
    session.commit()
    return session


def exported(session: Session, chosen: Format) -> str:
    return "".join(pieces(session, chosen, AT, lambda: None))


def events(session: Session) -> list[dict[str, Any]]:
    made = json.loads(exported(session, Format.FHIR))
    return [entry["resource"] for entry in made["entry"]]


def of_kind(session: Session, kind: EventKind, outcome: str = "0") -> dict[str, Any]:
    return next(
        e
        for e in events(session)
        if e["subtype"][-1]["code"] == kind and e["outcome"] == outcome and len(e["agent"]) > 1
    )


def typed(parts: list[dict[str, Any]], code: str) -> list[dict[str, Any]]:
    """The agents or entities whose type is this code."""
    return [p for p in parts if code in {c["code"] for c in (p["type"].get("coding") or [p["type"]])}]


def test_every_kind_of_entry_is_an_audit_event_of_r4(held: Session) -> None:
    made = json.loads(exported(held, Format.FHIR))
    faults = [f"{list(e.absolute_path)} {e.validator}" for e in Draft202012Validator(BUNDLE).iter_errors(made)]
    assert faults == []
    assert len(made["entry"]) == len(EVENTS)
    assert len({entry["fullUrl"] for entry in made["entry"]}) == len(EVENTS)


def test_the_validator_itself_can_refuse(held: Session) -> None:
    good = events(held)[0]
    for broken in (
        {k: v for k, v in good.items() if k != "source"},
        {**good, "action": "X"},
        {**good, "agent": []},
        {**good, "agent": [{"type": {}}]},
        {**good, "entity": [{"name": "a", "query": "YQ=="}]},
        {**good, "recorded": "2026-11-22"},
        {**good, "performer": "x"},
    ):
        assert list(Draft202012Validator(AUDIT_EVENT).iter_errors(broken))


def test_a_permitted_look_is_a_restful_read_of_a_patient(held: Session) -> None:
    event = of_kind(held, EventKind.READ_FAMILY)
    assert (event["type"]["code"], event["subtype"][0]["code"], event["action"]) == ("rest", "read", "R")
    [user] = typed(event["agent"], "IRCP")
    assert user["requestor"] is True
    assert user["who"]["identifier"]["value"] == STAFF
    assert {"system": export_fhir.REASON, "code": "TREAT"} in user["purposeOfUse"][0]["coding"]
    assert user["policy"] == ["urn:linked-family-record:flow:isp-early-years/1/F02"]
    assert [agent["requestor"] for agent in event["agent"]].count(True) == 1
    [patient] = [e for e in typed(event["entity"], "1") if e["role"]["code"] == "1"]
    assert re.fullmatch("[0-9a-f]{64}", patient["what"]["identifier"]["value"])
    [data] = typed(event["entity"], "2")
    assert data["role"]["code"] == "4"
    told = [d["valueString"] for d in data["detail"] if d["type"] == "segment"]
    assert any("health_visiting ZCH permitted isp-early-years/1/F02" in line for line in told)


def test_a_refused_look_is_an_authorization_decision_that_says_why(held: Session) -> None:
    event = of_kind(held, EventKind.READ_FAMILY, "8")
    assert (event["type"]["code"], event["subtype"][0]["code"], event["action"]) == ("110113", "AuthZ-Consent", "E")
    assert event["outcomeDesc"] == "no_relationship"
    assert len(typed(event["agent"], "authserver")) == len(typed(event["agent"], "PROV")) == 1


def test_an_override_is_broken_glass(held: Session) -> None:
    codes = [{c["code"] for p in e.get("purposeOfEvent", []) for c in p["coding"]} for e in events(held)]
    assert sum("BTG" in found for found in codes) == 1


def test_a_search_tells_no_query(held: Session) -> None:
    event = of_kind(held, EventKind.SEARCH)
    assert event["subtype"][0]["code"] == "search-type"
    assert not any("query" in entity for entity in event["entity"])


@pytest.mark.parametrize("chosen", list(Format))
def test_no_export_names_a_person_by_id(held: Session, chosen: Format) -> None:
    assert CHILD not in exported(held, chosen)


def test_the_tables_are_their_enums() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(PURPOSES_OF_USE) == set(Purpose)
    assert set(SHAPES) < set(EventKind)
    assert all(shape.action in "CRUDE" for shape in (*SHAPES.values(), CHANGE))
    assert set(FORMS) == set(Format)


def test_an_empty_log_is_an_empty_bundle(session: Session) -> None:
    made = json.loads(exported(session, Format.FHIR))
    assert made["entry"] == []
    assert exported(session, Format.JSONL) == ""


def test_the_table_holds_every_entry_and_the_same_columns(held: Session) -> None:
    read = list(csv.DictReader(io.StringIO(exported(held, Format.CSV), newline="")))
    assert [int(line["index"]) for line in read] == list(range(len(EVENTS)))
    assert tuple(read[0]) == COLUMNS
    assert "health_visiting" in next(line for line in read if line["outcome"] == "partial")["segments"]


@given(st.text(max_size=12))
def test_no_cell_is_a_formula(text: str) -> None:
    cell = harmless(text)
    assert not cell.startswith(FORMULA)
    assert cell.removeprefix("'") == text.removeprefix("'")


def test_a_hostile_organisation_name_does_nothing_in_a_spreadsheet() -> None:
    body: dict[str, Any] = {
        "id": "1", "at": "x", "kind": "search", "outcome": "deny", "staff": None, "organisation": "=HYPERLINK(1)",
        "role": None, "purpose": None, "relationship": None, "override": "@SUM(A1)", "reasons": [], "subjects": [],
        "segments": [], "flows": [], "detail": {}, "request": "+1\r\n-2", "policy": None,
    }  # fmt: skip
    line = json.dumps({"index": 0, "leaf_hash": "00", "body": json.dumps(body)})
    [_, cells] = list(csv.reader(io.StringIO("".join(rows([line])), newline="")))
    assert not any(cell.startswith(FORMULA) for cell in cells)
    assert len(cells) == len(COLUMNS)


def test_only_what_is_in_the_log_for_good_is_exported(held: Session, ring: SoftwareKeyRing) -> None:
    ledger.record(held, ring, LOOK, AT)
    held.commit()
    assert len(events(held)) == len(EVENTS)
    waiting = select(audit_entry.c.id).where(audit_entry.c.id.not_in(select(audit_sequence.c.entry_id)))
    held.execute(insert(audit_sequence).values(idx=len(EVENTS), entry_id=held.scalars(waiting).one()))
    held.commit()
    assert len(events(held)) == len(EVENTS) + 1
