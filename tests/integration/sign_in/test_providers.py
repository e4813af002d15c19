"""Against a certified provider: each way of writing claims, links, choosing a role, changed keys, leaving."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from governance.identity_links import open_links
from governance.terms import EventKind, Outcome, Role
from tests.integration.sign_in.conftest import PUBLIC, Service


def test_a_linked_worker_is_signed_in_and_the_entry_says_through_which_provider(service: Service) -> None:
    person = service.person()
    answer = person.signs_in("s-hannah")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert person.is_signed_in()
    entry = service.entries()[0]
    assert entry.staff_id == service.world.health_visitor
    assert entry.outcome is Outcome.DONE
    assert entry.body["detail"] == {"act": "sign_in", "operation": "provider:plain"}


def test_what_the_browser_is_sent_to_ask_holds_a_challenge_and_nothing_of_anybody(service: Service) -> None:
    asked = parse_qs(urlsplit(service.person().leaves()).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{PUBLIC}/sign-in/return/plain"]
    assert asked["response_type"] == ["code"]
    assert set(asked) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "name", "staff_name", "role"),
    [
        ("s-mail", "plain", "Mali Rhys", Role.FAMILY_SUPPORT_WORKER),
        ("s-card", "card", "Carda Clever", Role.HEALTH_VISITOR),
        ("s-tenant", "tenant", "Tena Nt", Role.SOCIAL_WORKER),
        ("s-school", "school", "Lea Der", Role.NURSERY_PRACTITIONER),
    ],
)
def test_each_provider_shape_becomes_one_model(
    service: Service, subject: str, name: str, staff_name: str, role: Role
) -> None:
    person = service.person()
    assert person.signs_in(subject, name).status_code == 303
    assert staff_name in person.service.get("/privacy").text
    assert service.entries()[0].body["role"] == role


def test_the_first_match_by_address_makes_a_link_that_decides_from_then_on(service: Service) -> None:
    assert service.person().signs_in("s-mail").status_code == 303
    staff_id = service.entries()[0].staff_id
    assert staff_id is not None
    with service.world.deployment.database.reading() as session:
        assert [held.subject for held in open_links(session, [staff_id])] == ["s-mail"]
    assert service.person().signs_in("s-mail").status_code == 303
    assert service.person().signs_in("s-unverified").status_code == 403


def test_who_works_in_two_places_chooses_one(service: Service) -> None:
    person = service.person()
    assert person.signs_in("s-two-jobs").headers["location"] == "/sign-in/role"
    assert service.sessions() == []
    page = person.service.get("/sign-in/role").text
    assert "Marlshire County Council" in page
    assert "Marlshire Community Health NHS Trust" in page
    county = next(value for value in page.split('"') if value.endswith("|social_worker"))
    token = person.form("/sign-in/role")
    answer = person.service.post("/sign-in/role", data={"csrf_token": token, "account": county}, follow_redirects=False)
    assert answer.status_code == 303
    assert person.is_signed_in()
    assert service.entries()[0].organisation == "ZMC"
    again = person.service.post("/sign-in/role", data={"csrf_token": token, "account": county}, follow_redirects=False)
    assert again.status_code == 403


@pytest.mark.parametrize("forged", ["token", "account"])
def test_a_choice_is_refused_without_the_pages_own_token_or_for_an_account_of_somebody_else(
    service: Service, forged: str
) -> None:
    person = service.person()
    person.signs_in("s-two-jobs")
    fields = {"csrf_token": person.form("/sign-in/role"), "account": f"{service.world.health_visitor}|health_visitor"}
    if forged == "token":
        page = person.service.get("/sign-in/role").text
        own = next(value for value in page.split('"') if value.endswith("|social_worker"))
        fields = {"csrf_token": "x" * 43, "account": own}
    assert person.service.post("/sign-in/role", data=fields, follow_redirects=False).status_code == 403
    assert service.sessions() == []


def test_changed_keys_are_read_again(service: Service) -> None:
    assert service.person().signs_in("s-hannah").status_code == 303
    service.provider.change_keys()
    service.clock.ahead = timedelta(seconds=45)
    assert service.person().signs_in("s-hannah").status_code == 303


def test_a_second_sign_in_in_one_browser_ends_the_first_session(service: Service) -> None:
    person = service.person()
    person.signs_in("s-hannah")
    person.signs_in("s-hannah")
    assert len(service.sessions()) == 1


def test_leaving_ends_the_session_and_offers_to_leave_the_provider_too_without_a_token(service: Service) -> None:
    person = service.person()
    person.signs_in("s-hannah")
    token = person.form("/privacy")
    answer = person.service.post("/sign-out", data={"csrf_token": token}, follow_redirects=False)
    assert answer.headers["location"] == "/signed-out/plain"
    page = person.service.get("/signed-out/plain").text
    leaving = next(value for value in page.split('"') if "/session/end?" in value)
    assert set(parse_qs(urlsplit(leaving.replace("&amp;", "&")).query)) == {"client_id", "post_logout_redirect_uri"}
    assert not person.is_signed_in()
    assert service.entries(EventKind.SIGN_OUT)


def test_too_weak_a_sign_in_opens_a_session_in_which_nothing_may_be_read(service: Service) -> None:
    person = service.person()
    assert person.signs_in("s-hannah", acr="AAL1", amr="pwd").status_code == 303
    assert "Gwenllian" not in person.service.get("/").text
    assert service.entries(EventKind.SEARCH)[0].body["reasons"] == ["assurance_too_low"]
    path = f"/families/{service.world.child}"
    fields = {"csrf_token": person.form("/privacy"), "purpose": "direct_care"}
    assert "Gwenllian" not in person.service.post(f"{path}/purpose", data=fields).text
    assert service.entries(EventKind.READ_FAMILY)[0].body["reasons"] == ["assurance_too_low"]


def test_no_token_claim_or_code_reaches_a_log_or_an_entry(service: Service) -> None:
    seen: list[str] = []
    service.between.changes["/token"] = lambda answer: seen.extend(map(str, answer.values())) or answer  # type: ignore[func-returns-value]
    for subject in ("s-mail", "s-nobody"):
        person = service.person()
        address = person.proves(person.leaves(), subject)
        person.returns(address)
        seen += parse_qs(urlsplit(address).query)["code"] + parse_qs(urlsplit(address).query)["state"]
    written = service.logs.getvalue() + "".join(str(entry.body) for entry in service.entries())
    secrets = [value for value in seen if len(value) > 12] + ["s-nobody", "Mali.Rhys"]
    assert len(secrets) >= 8
    assert [value[:12] for value in secrets if value in written] == []


def test_the_provider_is_asked_for_nothing_before_somebody_signs_in(service: Service) -> None:
    service.between.down = True
    assert service.person().service.get("/sign-in").status_code == 200
