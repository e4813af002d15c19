"""The document and the leaflet say of every flow what is enforced, in both languages, as files that stand alone."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from app import labels
from app.agreement_items import known
from app.agreement_rendering import BODIES, Rendering, page
from app.identity import Organisation
from app.language import Code, language
from app.views.agreement_changes import FIELDS, changes
from app.views.leaflet import SAYS, UNNAMED
from governance.agreements.diff import diff
from governance.agreements.documents import SHIPPED, read_agreement, schema, shipped
from governance.agreements.flows import Agreement, Confidentiality, Identifiability, Kind, PartyRole, Standing
from governance.agreements.lint import check
from governance.agreements.reviews import Stage
from governance.agreements.signing import Signed
from governance.terms import AgreementStatus, Say

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NAMED = {"ZWB": Organisation("ZWB", "Glanwern University Health Board", "Bwrdd Iechyd Glanwern", None, None)}


def html(agreement: Agreement, wanted: Rendering, code: Code = Code.EN, signed: bool = True) -> str:
    parties = agreement.organisations if signed else frozenset[str]()
    standing = Standing(agreement, AgreementStatus.IN_FORCE, parties)
    marks = {party: Signed("Somebody", NOW, "ab" * 32) for party in agreement.organisations}
    return page(standing, wanted, code, NAMED, marks, NOW)


def words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def told(text: str) -> dict[str, str]:
    """What the leaflet says of each flow, by number."""
    return {
        no: words(said) for no, said in re.findall(r'(?s)<li class="app-doc__share" id="flow-([^"]+)">(.*?)</li>', text)
    }


@pytest.mark.parametrize("code", SHIPPED)
@pytest.mark.parametrize("spoken", list(Code))
def test_the_leaflet_tells_every_flow_with_its_own_kind_of_say(code: str, spoken: Code) -> None:
    agreement = shipped(code)
    said = told(html(agreement, Rendering.LEAFLET, spoken))
    assert sorted(said) == sorted(flow.no for flow in agreement.flows)
    language_ = language(spoken)
    for flow in agreement.flows:
        assert language_.gettext(SAYS[flow.say][0]) + "." in said[flow.no]
        assert language_.pick(flow.why.en, flow.why.cy) in said[flow.no]
        for category in flow.categories:
            assert language_.gettext(labels.CATEGORIES[category]) in said[flow.no]


def test_a_flow_that_the_leaflet_left_out_would_be_noticed() -> None:
    agreement = shipped("isp-early-years")
    fewer = replace(agreement, flows=agreement.flows[1:])
    assert set(told(html(agreement, Rendering.LEAFLET))) - set(told(html(fewer, Rendering.LEAFLET))) == {"01"}


@pytest.mark.parametrize("code", SHIPPED)
@pytest.mark.parametrize("spoken", list(Code))
def test_the_document_has_its_eight_sections_and_a_row_for_every_flow(code: str, spoken: Code) -> None:
    agreement = shipped(code)
    text = html(agreement, Rendering.DOCUMENT, spoken)
    assert re.findall(r'id="section-(\d)"', text) == list("12345678")
    assert [f'id="appendix-{letter}"' in text for letter in "abc"] == [True] * 3
    assert re.findall(r'<tr id="row-([^"]+)">', text) == [flow.no for flow in agreement.flows]
    assert agreement.hash in text
    for flow in agreement.flows:
        assert all(power in words(text) for power in flow.gateway)
    assert all(party.designated_person in words(text) for party in agreement.parties)


def test_only_what_verified_is_shown_as_signed() -> None:
    agreement = shipped("isp-family-support")
    assert "Not signed" not in words(html(agreement, Rendering.DOCUMENT))
    unsigned = words(html(agreement, Rendering.DOCUMENT, signed=False))
    assert unsigned.count("Not signed") == len(agreement.parties)
    assert unsigned.count("not live") == len(agreement.flows)


def test_welsh_is_in_welsh_and_says_that_it_is_not_reviewed() -> None:
    for wanted in BODIES:
        text = html(shipped("isp-early-years"), wanted, Code.CY)
        assert '<html lang="cy">' in text
        assert "adolygu gan gyfieithydd" in text
        assert "Bwrdd Iechyd Glanwern" in text
        assert "adolygu gan gyfieithydd" not in html(shipped("isp-early-years"), wanted, Code.EN)


def test_a_file_stands_alone_and_loads_nothing() -> None:
    for wanted in BODIES:
        text = html(shipped("isp-early-years"), wanted)
        assert not re.search(r"<script|<link|src=|url\(|@import|https?://", text)
        assert "@media print" in text


def test_what_an_agreement_says_is_text_and_never_markup() -> None:
    document = json.loads(json.dumps(shipped("isp-early-years").document))
    document["title"]["en"] = document["flows"][0]["why"]["en"] = "<script>alert(1)</script>"
    for wanted in BODIES:
        assert "<script" not in html(read_agreement(json.dumps(document)), wanted)


def test_the_agreements_own_notice_stands_in_place_of_the_flows_words() -> None:
    document = json.loads(json.dumps(shipped("isp-early-years").document))
    text = {"en": "In plain words.", "cy": "Mewn geiriau plaen."}
    document["notice"] = [{"flow": f["no"], "say": f["say"], "text": text} for f in document["flows"]]
    said = told(html(read_agreement(json.dumps(document)), Rendering.LEAFLET))
    assert all("In plain words." in one for one in said.values())


def test_a_leaflet_of_a_version_not_in_force_says_so() -> None:
    standing = Standing(shipped("isp-early-years"), AgreementStatus.DRAFT, frozenset())
    assert "not in force" in words(page(standing, Rendering.LEAFLET, Code.EN, {}, {}, NOW))


def test_the_tables_have_a_word_for_everything() -> None:
    assert set(SAYS) == set(Say)
    assert set(UNNAMED) == set(Identifiability)
    assert set(labels.AGREEMENT_KINDS) == set(Kind)
    assert set(labels.PARTY_ROLES) == set(PartyRole)
    assert set(labels.CONFIDENTIALITIES) == set(Confidentiality)
    assert set(labels.IDENTIFIABILITIES) == set(Identifiability)
    assert set(labels.REVIEW_STAGES) == set(Stage)
    held = schema()["properties"]
    fields = (set(held) | set(held["flows"]["items"]["properties"])) - {"code", "version", "no", "flows"}
    assert set(FIELDS) == fields


def test_changes_are_told_by_flow_and_field_in_the_readers_language() -> None:
    old = shipped("isp-early-years")
    document = json.loads(json.dumps(old.document)) | {"version": 2, "retention": "Ten years."}
    document["flows"][2]["categories"] = ["identity", "address", "family", "housing"]
    document["flows"][2]["to"][0]["roles"] = ["social_worker"]
    gone = document["flows"].pop()
    document["flows"].append({**gone, "no": "77"})
    new = read_agreement(json.dumps(document))
    found = diff(old, new)
    assert "flow 03: categories: birth becomes housing" in [str(one) for one in found]
    assert "flow 03: to: ZMC family_support_worker becomes ZMC social_worker" in [str(one) for one in found]
    assert {(one.flow, one.field) for one in found} == {
        (None, "retention"), ("03", "categories"), ("03", "to"), (gone["no"], None), ("77", None),
    }  # fmt: skip
    shown = changes(language(Code.CY), old, new, found, NAMED)
    by_place = {(one.flow, one.field): one for one in shown.changes}
    assert by_place["03", "Data"].come == ("Tai",)
    assert diff(old, old) == ()


def test_every_difference_of_two_documents_is_told() -> None:
    held = [shipped(code) for code in SHIPPED]
    for old in held:
        for new in held:
            assert bool(diff(old, new)) is (old.hash != new.hash)


@pytest.mark.parametrize("code", SHIPPED)
def test_the_shipped_agreements_agree_with_what_is_outside_them(code: str) -> None:
    assert check(shipped(code), known()) == ()
    assert known().forms
