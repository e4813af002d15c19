"""Claims of every shape become one model; what is not vouched for counts as not said."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.oidc.assertion import Assertion, assertion
from app.oidc.providers import Provider
from app.oidc.refusals import SignInRefused
from governance.terms import Role

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
NAMED = (
    "email", "email_verified", "organisation", "roles", "oid", "tid", "acr", "amr", "sid", "selected_roleid",
    "nhsid_nrbac_roles", "nhsid_useruid", "preferred_username", "authentication_assurance_level",
)  # fmt: skip


def provider(**more: Any) -> Provider:
    held = {"name": "idp", "title": "Provider", "issuer": "https://idp.example", "client_id": "record"}
    return Provider.model_validate(held | {"client_secret_file": Path("/nowhere")} | more)


def read(shape: Provider, **claims: Any) -> Assertion:
    return assertion(shape, {"sub": "s-1", **claims})


CARD = provider(shape="cis2", roles={"S8001:G8005:R8001": "health_visitor", "B0016": "ig_officer"})
ROLES = [
    {"person_roleid": "1", "org_code": "ZMH", "role_code": "S8000:G8000:R8000", "activity_codes": ["B0016"]},
    {"person_roleid": "2", "org_code": "ZCH", "role_code": "S8001:G8005:R8001"},
]


def test_a_smartcards_chosen_role_alone_counts() -> None:
    who = read(CARD, nhsid_nrbac_roles=ROLES, selected_roleid="2", nhsid_useruid="555", acr="AAL3_ANY")
    assert (who.organisations, who.roles) == (frozenset({"ZCH"}), frozenset({Role.HEALTH_VISITOR}))
    assert (who.username, who.assurance) == ("555", 3)
    assert read(CARD, nhsid_nrbac_roles=ROLES).organisations == frozenset({"ZMH", "ZCH"})
    assert read(CARD, nhsid_nrbac_roles=ROLES, selected_roleid="9").organisations == frozenset()
    assert read(CARD).organisations == frozenset()


def test_a_tenants_subject_is_its_object_and_its_organisation_the_tenant() -> None:
    tenant = provider(shape="entra", organisations={"t-1": "ZMC"}, roles={"Practitioner": "social_worker"})
    who = read(tenant, oid="o-1", tid="t-1", roles=["Practitioner", "Unknown"], amr=["pwd", "mfa"])
    assert (who.subject, who.raw_subject) == ("o-1", "s-1")
    assert (who.organisations, who.roles, who.assurance) == (frozenset({"ZMC"}), frozenset({Role.SOCIAL_WORKER}), 2)
    assert read(tenant, oid="o-1", roles=["Unknown"]).roles == frozenset()
    with pytest.raises(SignInRefused):
        read(tenant, tid="t-1")


def test_a_school_is_known_by_any_of_its_numbers() -> None:
    school = provider(shape="dfe", organisations={"urn:136000": "ZNF"})
    who = read(school, organisation={"id": "A", "urn": 136000, "ukprn": None})
    assert who.organisations == frozenset({"id:A", "ZNF"})
    assert who.roles is None


@pytest.mark.parametrize(
    ("claims", "trusting", "counts"),
    [
        ({"email_verified": True}, False, True),
        ({"email_verified": False}, False, False),
        ({"email_verified": "true"}, False, False),
        ({}, False, False),
        ({}, True, True),
        ({"email_verified": False}, True, False),
    ],
)
def test_an_address_counts_only_when_it_is_vouched_for(claims: dict[str, Any], trusting: bool, counts: bool) -> None:
    who = read(provider(email_is_verified=trusting), email="a@b.example", **claims)
    assert who.email == ("a@b.example" if counts else None)


SHAPES = {shape: provider(shape=shape) for shape in ("plain", "cis2", "entra", "dfe")}


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(NAMED), JSON), st.sampled_from(sorted(SHAPES)))
def test_claims_of_the_wrong_kind_count_as_absent(claims: dict[str, Any], shape: str) -> None:
    try:
        who = read(SHAPES[shape], **claims)
    except SignInRefused:
        assert shape == "entra"
        return
    assert who.assurance in (1, 2, 3)
    assert who.email is None or claims["email_verified"] is True
    assert shape == "plain" or who.organisations is not None
