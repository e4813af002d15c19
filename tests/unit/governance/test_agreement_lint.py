"""Agreements read as a lawyer would: each rule is broken on its own and found at its line and field."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from governance.agreements import register
from governance.agreements.documents import AgreementRefused, read_agreement, shipped
from governance.agreements.findings import Severity
from governance.agreements.flows import Agreement, Kind
from governance.agreements.lint import Known, check
from governance.agreements.lint_agreement import AGREEMENT_RULES
from governance.agreements.lint_flows import FLOW_RULES, NEEDS_SCHEDULE_1
from governance.agreements.lint_kinds import KIND_RULES
from governance.agreements.lint_outside import OUTSIDE_RULES
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.store import agreement, metadata

Document = dict[str, Any]
Change = Callable[[Document], object]


def document(code: str = "isp-early-years") -> Document:
    return dict(json.loads(_held(code)))


@cache
def _held(code: str) -> str:
    return json.dumps(shipped(code).document)


def changed(change: Change, base: Document | None = None) -> Agreement:
    altered = base or document()
    change(altered)
    return read_agreement(json.dumps(altered))


def flow(number: int, **changes: Any) -> Change:
    """Set fields of one flow; None takes the field away."""

    def change(held: Document) -> None:
        for name, value in changes.items():
            if value is None:
                del held["flows"][number][name]
            else:
                held["flows"][number][name] = value

    return change


def top(**changes: Any) -> Change:
    def change(held: Document) -> None:
        for name, value in changes.items():
            if value is None:
                del held[name]
            else:
                held[name] = value

    return change


def party(number: int, **changes: Any) -> Change:
    return lambda held: held["parties"][number].update(changes)


def both(*changes: Change) -> Change:
    def change(held: Document) -> None:
        for one in changes:
            one(held)

    return change


BILINGUAL = {"en": "Words.", "cy": "Geiriau."}
CONSENT = {"basis": "consent", "say": "can_refuse", "confidentiality": "explicit_consent", "consent_form": "form/1"}


def noticed(held: Document) -> None:
    held["notice"] = [{"flow": f["no"], "say": f["say"], "text": dict(BILINGUAL)} for f in held["flows"]]


def notice_line(number: int, **changes: Any) -> Change:
    return lambda held: held["notice"][number].update(changes)


FAULTS: Mapping[str, tuple[Change, str]] = {
    "no basis": (flow(1, basis=None), "flows[1].basis"),
    "no article 9": (flow(1, article_9=None), "flows[1].article_9"),
    "no condition": (flow(1, article_9="health and social care"), "flows[1].article_9"),
    "no schedule": (flow(1, article_9="9(2)(h) health and social care"), "flows[1].article_9"),
    "an authority's interest": (flow(1, basis="recognised_legitimate_interest"), "flows[1].basis"),
    "unstoppable consent": (flow(1, **{**CONSENT, "say": "cannot_be_stopped"}), "flows[1].say"),
    "consent without form": (
        both(flow(2, **CONSENT), flow(2, consent_form=None)),
        "flows[2].consent_form",
    ),
    "refusable duty": (flow(1, say="can_refuse"), "flows[1].say"),
    "empty objection": (flow(2, objection_honoured=False), "flows[2].objection_honoured"),
    "honoured all the same": (flow(1, objection_honoured=True), "flows[1].say"),
    "no gateway": (flow(1, gateway=None), "flows[1].gateway"),
    "unknown category": (lambda held: held["flows"][1]["categories"].append("shoe_size"), "flows[1].categories"),
    "stranger": (flow(1, **{"from": "ZXX"}), "flows[1].from"),
    "strange recipient": (
        lambda held: held["flows"][1]["to"][0].update(organisation="ZXX"),
        "flows[1].to[0].organisation",
    ),
    "no Welsh of a flow": (lambda held: held["flows"][1]["why"].pop("cy"), "flows[1].why"),
    "no Welsh of the title": (top(title={"en": "Only English"}), "title"),
    "no Welsh of the undertakings": (top(obligations={"en": "Only English"}), "obligations"),
    "a party twice": (lambda held: held["parties"].append({**held["parties"][0], "departments": ["Other"]}), "parties"),
    "no retention": (top(retention=None), "retention"),
    "late review": (top(review_due="2028-01-06"), "review_due"),
    "dates in disorder": (top(expires="2027-01-01"), "expires"),
    "no best interests": (top(best_interests=None), "best_interests"),
    "a number twice": (flow(1, no="01"), "flows[1].no"),
    "strange lead": (top(lead="ZXX"), "lead"),
    "ages upside down": (top(population={"from_age": 9, "to_age": 8}), "population.to_age"),
    "another signatory": (party(1, signatory={"name": "Somebody Else"}), "parties[1].signatory"),
    "notice missing a flow": (both(noticed, lambda held: held["notice"].pop()), "notice"),
    "notice with another say": (both(noticed, notice_line(1, say="can_refuse")), "notice[1].say"),
    "notice of no flow": (
        both(noticed, lambda held: held["notice"].append({"flow": "99", "say": "can_object", "text": BILINGUAL})),
        "notice[17].flow",
    ),
    "notice without Welsh": (both(noticed, notice_line(0, text={"en": "Only English"})), "notice[0].text"),
    "joint control in a protocol": (party(1, role="joint_controller"), "parties[1].role"),
    "a processor disclosing": (lambda held: _processor(held), "flows[0].from"),
}


def _processor(held: Document) -> None:
    first = held["flows"][0]
    held["flows"] = [first, {**held["flows"][4], "no": "02"}]
    held["parties"][0]["role"] = "processor"


@cache
def broken(name: str) -> Agreement:
    return changed(FAULTS[name][0])


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_at_its_field_and_refused(name: str) -> None:
    field, faulty = FAULTS[name][1], broken(name)
    found = check(faulty)
    assert [(finding.field, finding.severity) for finding in found] == [
        (field.replace("17", str(len(faulty.flows))), Severity.ERROR)
    ]
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with Session(engine) as session:
        with pytest.raises(AgreementRefused):
            register.import_agreement(session, RING, faulty, START, "test")
        assert session.execute(select(func.count()).select_from(agreement)).scalar_one() == 0


def test_a_whole_notice_is_taken() -> None:
    assert check(changed(noticed)) == ()


def test_a_doubt_is_a_warning() -> None:
    doubted = changed(both(top(dpia=None), flow(2, **CONSENT), flow(2, confidentiality="public_interest")))
    assert [(f.field, f.severity) for f in check(doubted)] == [
        ("dpia", Severity.WARNING),
        ("flows[2].confidentiality", Severity.WARNING),
    ]


def test_only_a_party_that_is_no_authority_rests_on_an_interest() -> None:
    charity = document("isp-family-support")
    only = next(f for f in charity["flows"] if {t["organisation"] for t in f["to"]} == {f["from"]} == {"ZFS"})
    changes = {"basis": "legitimate_interests", "say": "can_object", "confidentiality": "public_interest"}
    charity["flows"] = [{**only, **changes}]
    del charity["flows"][0]["consent_form"]
    assert [f.field for f in check(changed(lambda held: None, charity))] == ["flows[0].basis"]
    charity["parties"][0]["public_authority"] = False
    assert check(changed(lambda held: None, charity)) == ()


def disclosure() -> Document:
    held = document()
    held["kind"] = "dda"
    held["flows"] = [f for f in held["flows"] if f["from"] == "ZMH" and {t["organisation"] for t in f["to"]} != {"ZMH"}]
    return held


def jointly() -> Document:
    held = disclosure() | {"kind": "jca"}
    held["parties"] = [{**one, "role": "joint_controller"} for one in held["parties"]]
    held["joint_control"] = {"contact_point": "ZMC", "responsibilities": dict(BILINGUAL)}
    return held


@pytest.mark.parametrize("held", [disclosure(), jointly()])
def test_the_other_kinds_are_taken_as_they_should_be(held: Document) -> None:
    assert check(changed(lambda _: None, held)) == ()


@pytest.mark.parametrize(
    ("base", "change", "field"),
    [
        (disclosure, flow(1, **{"from": "ZCH"}), "flows[1].from"),
        (
            disclosure,
            lambda held: held["flows"][0]["to"].append({"organisation": "ZMH", "roles": ["midwife"]}),
            "flows[0].to[2].organisation",
        ),
        (disclosure, top(joint_control={"contact_point": "ZMC", "responsibilities": BILINGUAL}), "joint_control"),
        (disclosure, party(0, role="joint_controller"), "parties[0].role"),
        (jointly, top(joint_control=None), "joint_control"),
        (
            jointly,
            top(joint_control={"contact_point": "ZXX", "responsibilities": BILINGUAL}),
            "joint_control.contact_point",
        ),
        (jointly, party(2, role="controller"), "parties[2].role"),
    ],
)
def test_each_kind_has_rules_of_its_own(base: Callable[[], Document], change: Change, field: str) -> None:
    assert [f.field for f in check(changed(change, base()))] == [field]


def test_one_party_is_no_agreement() -> None:
    held = document()
    held["parties"] = held["parties"][:1]
    held["lead"] = "ZMH"
    held["flows"] = [f for f in held["flows"] if f["from"] == "ZMH" and {t["organisation"] for t in f["to"]} == {"ZMH"}]
    assert [f.field for f in check(changed(lambda _: None, held))] == ["parties"]


KNOWN = Known(
    items={"birth": frozenset({"birth"}), "name": frozenset({"identity"}), "screen": frozenset({"development"})},
    holders={"ZCH": frozenset({"Somebody Else"}), "ZMH": frozenset()},
    forms=frozenset({"family-support/1"}),
)


def test_items_are_those_of_the_catalogue_and_of_the_flows_categories() -> None:
    held = flow(2, categories=["birth", "identity"], items=["birth", "name", "shoe_size", "screen"])
    found = check(changed(held), KNOWN)
    assert [(f.field, f.severity) for f in found if f.field.startswith("flows")] == [
        ("flows[2].items[2]", Severity.ERROR),
        ("flows[2].items[3]", Severity.ERROR),
    ]
    lacking = check(changed(flow(2, categories=["birth", "identity"], items=["birth"])), KNOWN)
    assert [(f.field, f.severity) for f in lacking if f.field.startswith("flows")] == [
        ("flows[2].items", Severity.ERROR),
        ("flows[2].items", Severity.WARNING),
    ]


def test_an_item_that_flows_though_it_is_not_listed_is_a_warning() -> None:
    known = Known(items={"birth": frozenset({"birth"}), "apgar": frozenset({"birth"}), "name": frozenset({"identity"})})
    found = check(changed(flow(2, categories=["birth", "identity"], items=["birth", "name"])), known)
    assert [(f.field, f.severity) for f in found] == [("flows[2].items", Severity.WARNING)]
    assert "apgar" in found[0].message


def test_a_consent_form_must_exist_and_a_designated_person_should_hold_the_key() -> None:
    found = check(changed(flow(2, **CONSENT)), KNOWN)
    assert {(f.field, f.severity) for f in found} == {
        ("parties[1].designated_person", Severity.WARNING),
        ("flows[2].consent_form", Severity.ERROR),
    }


def test_every_kind_of_agreement_has_its_rules_and_every_condition_its_schedule() -> None:
    assert set(KIND_RULES) == set(Kind)
    assert set(NEEDS_SCHEDULE_1) == set("abcdefghij")


def test_every_rule_is_broken_by_a_fault_above() -> None:
    found: set[object] = set()
    faulty = [broken(name) for name in FAULTS]
    faulty += [changed(both(top(dpia=None), flow(2, **CONSENT), flow(2, confidentiality="public_interest")))]
    faulty += [changed(flow(2, purposes=["planning"]))]
    for one in faulty:
        found |= {rule for rule in AGREEMENT_RULES if list(rule(one))}
        found |= {rule for rule in FLOW_RULES for held in one.flows if list(rule(held, one))}
    assert found == {*AGREEMENT_RULES, *FLOW_RULES}
    assert len(OUTSIDE_RULES) == 5


RING = SoftwareKeyRing(new_keys(FIRST_LABELS))
START = datetime(2026, 2, 2, 9, tzinfo=UTC)
