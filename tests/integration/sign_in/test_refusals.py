"""What a provider, a browser or somebody between them may not do: each ends without a session, and most as an entry."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from hmac import new as hmac
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import text

from app.main import create_app
from app.settings import Mode, Settings
from governance.terms import Outcome
from tests.integration.sign_in.conftest import Service
from tests.oidc.tampering import claims_of
from tests.oidc.visiting import Person

OURS = RSAKey.generate_key(2048, {"kid": "another-key", "use": "sig"})
STRANGE = RSAKey.generate_key(2048, {"kid": "another-key", "use": "sig"})
Claims = dict[str, Any]
Forge = Callable[[Claims], str]


def with_another_key(service: Service, forge: Forge) -> None:
    """Let the provider publish one key more, whose private half the test holds, and answer with what it forges."""
    service.between.changes["/jwks"] = lambda held: {"keys": [*held["keys"], OURS.as_dict(private=False)]}
    service.between.changes["/token"] = lambda held: {**held, "id_token": forge(claims_of(held["id_token"]))}


def signed(claims: Mapping[str, Any], key: RSAKey = OURS, **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "another-key", **header}, dict(claims), key)


def changed(**claims: Any) -> Forge:
    return lambda held: signed({k: v for k, v in {**held, **claims}.items() if v is not None})


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(held: Claims) -> str:
    return f"{part({'alg': 'none'})}.{part(held)}."


def with_shared_secret(secret: bytes) -> Forge:
    """The algorithm confusion: the provider's public key, taken for a shared secret."""

    def forge(held: Claims) -> str:
        head = f"{part({'alg': 'HS256', 'kid': 'another-key'})}.{part(held)}"
        return f"{head}.{urlsafe_b64encode(hmac(secret, head.encode(), 'sha256').digest()).rstrip(b'=').decode()}"

    return forge


FORGED: Mapping[str, tuple[Forge, str]] = {
    "another nonce": (changed(nonce="n" * 43), "nonce_wrong"),
    "no nonce": (changed(nonce=None), "nonce_wrong"),
    "another issuer": (changed(iss="https://elsewhere.example"), "issuer_wrong"),
    "expired": (lambda held: signed({**held, "exp": held["iat"] - 600, "iat": held["iat"] - 900}), "token_expired"),
    "no expiry": (changed(exp=None), "claim_missing"),
    "from the future": (lambda held: signed({**held, "iat": held["iat"] + 600}), "token_too_new"),
    "for another client": (changed(aud="somebody-else"), "audience_wrong"),
    "for another client too": (changed(aud=["record-plain", "somebody-else"], azp="record-plain"), "audience_wrong"),
    "given to another client": (changed(azp="somebody-else"), "audience_wrong"),
    "no subject": (changed(sub=None), "claim_missing"),
    "another access token": (changed(at_hash="A" * 22), "hash_wrong"),
    "unsigned": (unsigned, "algorithm_refused"),
    "signed with the public key as text": (with_shared_secret(OURS.as_pem(private=False)), "algorithm_refused"),
    "signed with the public key's number": (with_shared_secret(str(OURS.as_dict()["n"]).encode()), "algorithm_refused"),
    "signed by somebody else": (lambda held: signed(held, STRANGE), "signature_wrong"),
    "signed by a key nobody published": (lambda held: signed(held, kid="nobody's"), "key_unknown"),
    "not a token": (lambda held: "not.a-token", "token_unreadable"),
}


def test_a_token_of_another_published_key_is_good_when_nothing_else_is_changed(service: Service) -> None:
    with_another_key(service, signed)
    assert service.person().signs_in("s-hannah").status_code == 303


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_opens_nothing_and_is_recorded(service: Service, name: str) -> None:
    forge, reason = FORGED[name]
    with_another_key(service, forge)
    refused(service, service.person(), reason)


def refused(service: Service, person: Person, reason: str, subject: str = "s-hannah", status: int = 403) -> None:
    assert person.signs_in(subject).status_code == status
    nothing_opened(service, person, reason)


def nothing_opened(service: Service, person: Person, reason: str | None) -> None:
    assert not person.is_signed_in()
    assert service.sessions() == []
    if reason is not None:
        entry = service.entries()[0]
        assert (entry.outcome, entry.body["detail"]["reason"]) == (Outcome.FAILED, reason)


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("s-nobody", "subject_unknown"),
        ("s-unverified", "subject_unknown"),
        ("s-suspended", "suspended"),
        ("s-no-role", "no_role"),
    ],
)
def test_who_has_nothing_to_use_here_is_told_the_same_and_recorded(service: Service, subject: str, reason: str) -> None:
    person = service.person()
    answer = person.signs_in(subject)
    assert answer.status_code == 403
    assert "There is no account for you here" in answer.text
    assert service.entries()[0].body["request"] in answer.text
    nothing_opened(service, person, reason)


def test_a_code_comes_only_with_the_right_verifier(service: Service) -> None:
    for change in (_without_verifier, _with_another_verifier):
        service.between.asked = change
        refused(service, service.person(), "code_refused")


def _without_verifier(body: bytes) -> bytes:
    fields = {name: value[0] for name, value in parse_qs(body.decode()).items() if name != "code_verifier"}
    return urlencode(fields).encode()


def _with_another_verifier(body: bytes) -> bytes:
    fields = {name: value[0] for name, value in parse_qs(body.decode()).items()}
    return urlencode({**fields, "code_verifier": "v" * 43}).encode()


def test_an_answer_counts_once(service: Service) -> None:
    person = service.person()
    address = person.proves(person.leaves(), "s-hannah")
    name = "family-record-sign-in"
    held = person.service.cookies[name]
    assert person.returns(address).status_code == 303
    person.service.cookies.set(name, held, domain="127.0.0.1")
    assert person.returns(address).status_code == 403
    assert len(service.sessions()) == 1


def test_a_code_of_another_sign_in_is_refused(service: Service) -> None:
    person, thief = service.person(), service.person()
    stolen = parse_qs(urlsplit(person.proves(person.leaves(), "s-hannah")).query)["code"][0]
    own = thief.proves(thief.leaves(), "s-two-jobs")
    assert thief.returns(with_answer(own, code=stolen)).status_code == 403
    nothing_opened(service, thief, "code_refused")


def with_answer(address: str, **change: str | None) -> str:
    parts = urlsplit(address)
    fields = {name: value[0] for name, value in parse_qs(parts.query).items()} | change
    return parts._replace(query=urlencode({k: v for k, v in fields.items() if v is not None})).geturl()


@pytest.mark.parametrize("cookie", [None, "z" * 43, "x"])
def test_an_answer_in_another_browser_opens_nothing_and_leaves_the_first_its_chance(
    service: Service, cookie: str | None
) -> None:
    person, victim = service.person(), service.person()
    address = person.proves(person.leaves(), "s-hannah")
    if cookie is not None:
        victim.service.cookies.set("family-record-sign-in", cookie, domain="127.0.0.1")
    before = len(service.entries())
    assert victim.returns(address).status_code == 403
    assert len(service.entries()) == before
    nothing_opened(service, victim, None)
    assert person.returns(address).status_code == 303


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://elsewhere.example"}, "issuer_wrong"),
        ({"iss": None}, "issuer_wrong"),
        ({"code": None}, "provider_declined"),
        ({"error": "access_denied"}, "provider_declined"),
        ({"code": "x" * 43}, "code_refused"),
    ],
)
def test_an_answer_of_another_issuer_or_without_a_code_is_refused(
    service: Service, change: dict[str, str | None], reason: str
) -> None:
    person = service.person()
    address = with_answer(person.proves(person.leaves(), "s-hannah"), **change)
    assert person.returns(address).status_code == 403
    nothing_opened(service, person, reason)


@pytest.mark.parametrize("change", [{"state": "s" * 43}, {"state": None}])
def test_an_answer_without_its_own_state_is_refused(service: Service, change: dict[str, str | None]) -> None:
    person = service.person()
    address = with_answer(person.proves(person.leaves(), "s-hannah"), **change)
    assert person.returns(address).status_code == 403
    nothing_opened(service, person, None)


def test_a_parameter_that_comes_twice_is_refused(service: Service) -> None:
    person = service.person()
    address = person.proves(person.leaves(), "s-hannah")
    assert person.returns(f"{address}&code=another").status_code == 403
    nothing_opened(service, person, None)


def test_an_answer_meant_for_one_provider_is_refused_at_anothers_door(service: Service) -> None:
    person = service.person()
    address = person.proves(person.leaves("plain"), "s-hannah")
    assert person.returns(address.replace("/return/plain", "/return/tenant")).status_code == 403
    nothing_opened(service, person, None)


def test_who_goes_away_at_the_provider_is_not_signed_in(service: Service) -> None:
    refused(service, service.person(), "provider_declined", subject="")


def test_an_answer_that_comes_too_late_is_refused(service: Service) -> None:
    person = service.person()
    address = person.proves(person.leaves(), "s-hannah")
    service.clock.ahead = timedelta(minutes=11)
    assert person.returns(address).status_code == 403
    nothing_opened(service, person, None)


def test_a_provider_that_does_not_answer_is_told_apart_and_left_alone_for_a_moment(service: Service) -> None:
    service.between.down = True
    person = service.person()
    answer = person.service.get("/sign-in/with/plain", follow_redirects=False)
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    service.between.down = False
    assert person.service.get("/sign-in/with/plain", follow_redirects=False).status_code == 503
    service.clock.ahead = timedelta(seconds=6)
    assert person.signs_in("s-hannah").status_code == 303


@pytest.mark.parametrize(
    "change", [{"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/t"}]
)
def test_a_provider_that_describes_itself_wrongly_is_not_spoken_to(service: Service, change: dict[str, str]) -> None:
    service.between.changes["/openid-configuration"] = lambda held: {**held, **change}
    assert service.person().service.get("/sign-in/with/plain", follow_redirects=False).status_code in (403, 503)


def test_userinfo_about_somebody_else_is_refused(service: Service) -> None:
    service.between.changes["/me"] = lambda held: {**held, "sub": "s-hannah"}
    person = service.person()
    assert person.signs_in("s-school", "school").status_code == 403
    nothing_opened(service, person, "userinfo_other")


def test_without_a_ledger_nobody_is_signed_in(service: Service) -> None:
    person = service.person()
    address = person.proves(person.leaves(), "s-hannah")
    engine = service.world.deployment.database.engine
    with engine.connect() as connection:
        connection.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END")
        )
        connection.commit()
    try:
        assert person.returns(address).status_code == 503
        assert service.sessions() == []
        stranger = service.person()
        assert stranger.signs_in("s-nobody").status_code == 503
    finally:
        with engine.connect() as connection:
            connection.execute(text("DROP TRIGGER full"))
            connection.commit()


def test_the_way_back_is_always_a_page_of_this_service(service: Service) -> None:
    person = service.person()
    person.signs_in("s-hannah")
    for asked in (
        "https://elsewhere.example",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/sign-out",
        "javascript:x",
    ):
        to = person.leaves(path=f"/sign-in/again/start?{urlencode({'to': asked})}")
        answer = person.returns(person.proves(to, "s-hannah"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_without_a_provider_production_says_that_nobody_can_sign_in(service: Service) -> None:
    service.app.state.providers = {}
    person = service.person()
    answer = person.service.get("/sign-in")
    assert answer.status_code == 503
    assert "Nobody can sign in yet" in answer.text
    assert person.service.post("/sign-in", data={"account": "hv.vale|health_visitor"}).status_code == 404
    assert person.service.get("/sign-in/with/plain").status_code == 404


def test_the_demo_door_stays_shut_in_production(service: Service) -> None:
    person = service.person()
    assert person.service.post("/sign-in", data={"account": "hv.vale|health_visitor"}).status_code == 404
    assert "app-account" not in person.service.get("/sign-in").text
    assert service.world.deployment.settings.mode is Mode.PRODUCTION


def test_behind_tls_the_cookies_are_bound_to_the_host(service: Service) -> None:
    deployment = service.world.deployment
    settings = Settings(
        mode=Mode.PRODUCTION, home=deployment.settings.home, public_url="https://record.example",
        sign_in_file=deployment.settings.sign_in_file,
    )  # fmt: skip
    held = type(deployment)(settings, deployment.database, deployment.ring, deployment.wrapped_keys)
    service.app = create_app(held, service.clock)
    answer = service.person().service.get("/sign-in/with/plain", follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-family-record-sign-in=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= {word.strip() for word in cookie.split(";")}
    assert "strict-transport-security" in answer.headers
    assert "https%3A%2F%2Frecord.example%2Fsign-in%2Freturn%2Fplain" in answer.headers["location"]
