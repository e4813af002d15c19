"""A receipt tells the truth of every flow."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
import rfc8785

from governance.agreements import register
from governance.agreements.flows import Standing
from governance.terms import AgreementStatus, LegalBasis, Purpose, WishAnswer, WishKind
from governance.wishes.receipts import EFFECT, RIGHT, STATE, Effect, Said, lines, receipt

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AGREEMENTS = {code: register.shipped(code) for code in register.SHIPPED}
STANDINGS = tuple(
    Standing(a, AgreementStatus.IN_FORCE, frozenset(party.organisation for party in a.parties))
    for a in AGREEMENTS.values()
)
NATIONS: dict[str, str | None] = {"ZCH": "england", "ZWB": "wales"}


def said(kind: WishKind, answer: WishAnswer, *scope: str) -> Said:
    return Said(
        "1" * 32, "2" * 32, kind, ((answer, scope or ("*",)),), "parental_responsibility", "en", NOW, NOW, None, None
    )


def told(one: Said) -> dict[tuple[str, str], Effect]:
    return {(line.agreement, line.flow): line.effect for line in lines(one, STANDINGS, NATIONS, NOW)}


def test_every_answer_and_kind_has_its_row() -> None:
    assert set(EFFECT) == set(STATE) == set(WishAnswer)
    assert set(RIGHT) == set(WishKind)


def test_an_objection_is_told_of_each_flow_whether_it_stops_or_goes_on() -> None:
    found = told(said(WishKind.OBJECTION, WishAnswer.MADE))
    for code, agreement in AGREEMENTS.items():
        for flow in agreement.flows:
            assert found[code, flow.no] is (Effect.STOPS if flow.objection_honoured else Effect.GOES_ON)
    assert set(told(said(WishKind.OBJECTION, WishAnswer.OVERRULED)).values()) == {Effect.GOES_ON}


def test_a_consent_is_told_only_of_what_rests_on_it_and_that_the_rest_goes_on() -> None:
    found = told(said(WishKind.CONSENT, WishAnswer.WITHDRAWN, "early_help"))
    for (code, no), effect in found.items():
        [flow] = [flow for flow in AGREEMENTS[code].flows if flow.no == no]
        assert effect is (Effect.STOPS if flow.basis is LegalBasis.CONSENT else Effect.GOES_ON)
        assert "early_help" in flow.categories
        assert Purpose.PLANNING not in flow.purposes
    given = told(said(WishKind.CONSENT, WishAnswer.GIVEN, "early_help"))
    assert {found[key] for key in found if given[key] is Effect.SHARED} == {Effect.STOPS}


def test_an_opt_out_is_told_of_planning_only_and_of_wales_that_it_goes_on() -> None:
    changed = lines(said(WishKind.OPT_OUT_NATIONAL, WishAnswer.MADE), STANDINGS, NATIONS, NOW)
    assert {line.effect for line in changed if line.source == "ZWB"} == {Effect.GOES_ON}
    assert {line.effect for line in changed if line.source == "ZCH"} == {Effect.STOPS}
    for line in changed:
        [flow] = [flow for flow in AGREEMENTS[line.agreement].flows if flow.no == line.flow]
        assert Purpose.PLANNING in flow.purposes


def test_one_flow_may_be_named_alone() -> None:
    assert set(told(said(WishKind.OBJECTION, WishAnswer.MADE, "isp-early-years/03"))) == {("isp-early-years", "03")}


def test_what_is_not_in_force_is_not_told() -> None:
    ended = tuple(replace(standing, status=AgreementStatus.SUSPENDED) for standing in STANDINGS)
    assert lines(said(WishKind.OBJECTION, WishAnswer.MADE), ended, NATIONS, NOW) == ()


@pytest.mark.parametrize("kind", WishKind)
def test_the_digest_is_of_the_receipt_itself(kind: WishKind) -> None:
    one = said(kind, WishAnswer.REFUSED if kind is WishKind.CONSENT else WishAnswer.MADE)
    made = json.loads(json.dumps(receipt(one, lines(one, STANDINGS, NATIONS, NOW), NOW)))
    digest = made.pop("digest")
    assert sha256(rfc8785.dumps(made)).hexdigest() == digest
    assert made["pii_principal_id"] == one.person_id
    assert made["events"][0]["event_type"] == str(kind)
