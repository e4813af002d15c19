"""Agreements: read with positions, checked as a lawyer would, signed, and moved only along their life."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from governance import people
from governance.agreements import register
from governance.agreements.ceremony import bring_into_force, new_signing_keys
from governance.agreements.flows import Agreement, Standing, both_signed, flow_lapse
from governance.agreements.lint import check
from governance.agreements.marked_yaml import Unreadable, read_marked
from governance.agreements.register import SHIPPED, AgreementRefused, read_agreement, shipped
from governance.agreements.standings import covered, in_force, standings
from governance.keys.keys import FIRST_LABELS, SoftwareKeyRing, new_keys
from governance.store import metadata
from governance.terms import AgreementStatus, Category, LegalBasis, Reason, Role, Say, SubjectRole, Withholding
from linkage.catalogue import catalogue

START = datetime(2026, 2, 2, 9, tzinfo=UTC)
S = AgreementStatus
PROVIDERS = {
    "ZMH": {"maternity", "birth"},
    "ZCH": {"health_visiting", "development", "infant_feeding"},
    "ZWB": {"health_visiting", "development", "infant_feeding"},
    "ZMC": {
        "early_help", "early_education", "attainment", "school", "send", "social_care", "child_protection",
        "looked_after",
    },
    "ZGC": {"early_help"},
}  # fmt: skip


@pytest.fixture
def session() -> Session:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    return Session(engine)


@pytest.fixture(scope="module")
def ring() -> SoftwareKeyRing:
    return SoftwareKeyRing(new_keys(FIRST_LABELS))


def document(code: str = "isp-family-support") -> dict[str, Any]:
    return dict(json.loads(json.dumps(shipped(code).document)))


def changed(change: Callable[[dict[str, Any]], None], code: str = "isp-early-years") -> Agreement:
    altered = document(code)
    change(altered)
    return read_agreement(json.dumps(altered))


def partners(session: Session, ring: SoftwareKeyRing) -> None:
    for code in ("ZMH", "ZCH", "ZWB", "ZMC", "ZGC", "ZNF", "ZFS"):
        people.add_organisation(session, ring, START, "test", code=code, name_en=code, kind="nhs")


@pytest.mark.parametrize("code", SHIPPED)
def test_the_shipped_agreements_have_no_findings(code: str) -> None:
    assert check(shipped(code)) == ()
    assert shipped(code).code == code


def test_every_category_a_dataset_carries_flows_to_somebody(session: Session, ring: SoftwareKeyRing) -> None:
    partners(session, ring)
    for code in SHIPPED:
        bring_into_force(session, ring, shipped(code), new_signing_keys(shipped(code)), START, "test")
    for provider, categories in PROVIDERS.items():
        assert covered(session, provider, START) >= {Category(name) for name in categories | {"family", "identity"}}
    assert covered(session, "ANYBODY", START) == frozenset()


def test_the_shipped_agreements_withhold_and_name_subjects_as_agreed() -> None:
    flows = [flow for code in SHIPPED for flow in shipped(code).flows]
    for flow in flows:
        assert flow.withheld(Category.DOMESTIC_ABUSE) is Withholding.SILENT
        assert flow.withheld(Category.ADULT_HEALTH) is Withholding.SILENT
        assert flow.withheld(Category.CHILD_PROTECTION) is Withholding.SIGNALLED
        if Category.ADULT_HEALTH in flow.categories:
            assert SubjectRole.MOTHER in flow.subjects
    assert not any(flow.receives("ZMC", Role.ADULT_WORKER, None) for flow in flows)
    by_consent = shipped("isp-family-support").flows
    assert {(flow.basis, flow.say) for flow in by_consent} == {(LegalBasis.CONSENT, Say.CAN_REFUSE)}


def test_the_categories_are_those_of_the_catalogue() -> None:
    assert {str(category) for category in Category} == set(catalogue().categories)


def test_a_finding_names_the_line_of_its_field() -> None:
    text = Path("governance/agreements/shipped/isp-early-years.yaml").read_text("utf-8")
    line = next(n for n, said in enumerate(text.splitlines(), 1) if said.startswith("review_due:"))
    found = check(read_agreement(text.replace("review_due: 2027-12-06", "review_due: 2028-02-06")))
    assert [(finding.line, finding.field) for finding in found] == [(line, "review_due")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code: [", "line 1"),
        ("code: a\ncode: b\n", "line 1: code is given twice"),
        ("- 1\n", "(document)"),
        ("code: A B\n", "code"),
    ],
)
def test_what_is_no_agreement_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(AgreementRefused, match=said.replace("(", r"\(").replace(")", r"\)")):
        read_agreement(text)


def test_an_unknown_field_is_refused_at_its_line() -> None:
    with pytest.raises(AgreementRefused) as refused:
        changed(lambda document: document["flows"][0].update(colour="red"))
    assert [finding.field for finding in refused.value.findings] == ["flows[0]"]


def test_dates_stay_text_and_no_stays_a_word() -> None:
    assert read_marked("no: 2026-01-05\nyes: true\n").data == {"no": "2026-01-05", "yes": True}
    with pytest.raises(Unreadable):
        read_marked("a: !!python/object:os.system x")


def test_the_hash_does_not_depend_on_layout_and_does_on_every_word() -> None:
    held = document()
    flowed = read_agreement(yaml.safe_dump(held, sort_keys=True, default_flow_style=True))
    assert flowed.hash == shipped("isp-family-support").hash
    assert changed(lambda d: d.update(retention="1 year"), "isp-family-support").hash != flowed.hash


def test_the_same_version_is_held_once_and_never_with_other_content(session: Session, ring: SoftwareKeyRing) -> None:
    held = register.import_agreement(session, ring, shipped("isp-family-support"), START, "test")
    again = register.import_agreement(session, ring, shipped("isp-family-support"), START, "test")
    assert again == held
    other = changed(lambda d: d.update(retention="For ever."), "isp-family-support")
    with pytest.raises(AgreementRefused, match="new version number"):
        register.import_agreement(session, ring, other, START, "test")


def test_a_new_version_in_force_supersedes_the_old(session: Session, ring: SoftwareKeyRing) -> None:
    partners(session, ring)
    first = shipped("isp-family-support")
    second = changed(lambda d: d.update(version=2), "isp-family-support")
    for version in (first, second):
        bring_into_force(session, ring, version, new_signing_keys(version), START, "test")
    found = {s.agreement.version: s.status for s in standings(session, START)}
    assert found == {1: S.SUPERSEDED, 2: S.IN_FORCE}
    assert [s.agreement.version for s in in_force(session, START)] == [2]


LIVE = shipped("isp-family-support")
BOTH = frozenset({"ZFS", "ZMC"})


@pytest.mark.parametrize(
    ("status", "signed", "today", "reason"),
    [
        (S.IN_FORCE, BOTH, date(2026, 1, 4), Reason.AGREEMENT_NOT_IN_FORCE),
        (S.IN_FORCE, BOTH, date(2026, 1, 5), None),
        (S.IN_FORCE, BOTH, date(2027, 9, 4), None),
        (S.IN_FORCE, BOTH, date(2027, 9, 5), Reason.REVIEW_OVERDUE),
        (S.IN_FORCE, BOTH, date(2028, 1, 4), Reason.AGREEMENT_EXPIRED),
        (S.IN_FORCE, BOTH - {"ZMC"}, date(2026, 6, 1), Reason.AGREEMENT_NOT_SIGNED),
        (S.IN_FORCE, BOTH - {"ZFS"}, date(2026, 6, 1), Reason.AGREEMENT_NOT_SIGNED),
        (S.SUSPENDED, BOTH, date(2026, 6, 1), Reason.AGREEMENT_SUSPENDED),
        (S.SIGNED, BOTH, date(2026, 6, 1), Reason.AGREEMENT_NOT_IN_FORCE),
        (S.DRAFT, BOTH, date(2026, 6, 1), Reason.AGREEMENT_NOT_IN_FORCE),
        (S.WITHDRAWN, BOTH, date(2026, 6, 1), Reason.AGREEMENT_NOT_IN_FORCE),
    ],
)
def test_a_flow_is_live_only_signed_by_both_in_force_and_in_date(
    status: AgreementStatus, signed: frozenset[str], today: date, reason: Reason | None
) -> None:
    standing = Standing(LIVE, status, signed)
    flow = LIVE.flows[1]
    assert flow_lapse(standing, flow, "ZMC", today) is reason
    assert both_signed(standing, flow, "ZMC") is (signed >= BOTH)
