"""What becomes of a session: proving anew, ending from afar, ending at the provider."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from sqlalchemy import select

from app import sessions
from app.dependencies import SteppedUp
from app.oidc.tokens import LOGOUT_EVENT
from app.sessions import EndedWhy
from governance.store import session as session_table
from governance.store import stated_purpose
from governance.terms import EventKind
from tests.integration.sign_in.conftest import Service
from tests.integration.sign_in.test_refusals import OURS, signed
from tests.oidc.tampering import claims_of
from tests.oidc.visiting import Person

router = APIRouter()


@router.get("/needs-proof")
@router.get("/v1/needs-proof")
def needs_proof(_who: SteppedUp) -> str:
    return "done"


@pytest.fixture(autouse=True)
def guarded(service: Service) -> None:
    if not any(getattr(route, "path", "") == "/needs-proof" for route in service.app.routes):
        service.app.include_router(router)


def status(person: Person, path: str = "/needs-proof") -> int:
    return person.service.get(path, follow_redirects=False).status_code


def anew(person: Person, subject: str = "s-hannah", acr: str = "AAL2", amr: str = "pwd mfa") -> int:
    to = person.leaves(path="/sign-in/again/start?to=/needs-proof")
    person.idp.cookies.clear()
    return person.returns(person.proves(to, subject, acr, amr)).status_code


def test_a_fresh_and_strong_sign_in_is_proof_for_ten_minutes(service: Service) -> None:
    person = service.person()
    person.signs_in("s-hannah")
    assert status(person) == 200
    service.clock.ahead = timedelta(minutes=11)
    answer = person.service.get("/needs-proof", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/again?to=/needs-proof")
    assert "Sign in anew with Council sign-in" in person.service.get(answer.headers["location"]).text
    api = person.service.get("/v1/needs-proof")
    assert api.status_code == 401
    assert "insufficient_user_authentication" in api.headers["www-authenticate"]


def test_proving_anew_gives_a_new_token_and_keeps_what_was_said(service: Service) -> None:
    person = service.person()
    person.signs_in("s-hannah")
    path = f"/families/{service.world.child}/purpose"
    person.service.post(path, data={"csrf_token": person.form("/privacy"), "purpose": "direct_care"})
    service.clock.ahead = timedelta(minutes=11)
    before, begun = person.service.cookies["family-record-session"], _created(service)
    assert "prompt=login" in person.leaves(path="/sign-in/again/start?to=/needs-proof")
    service.clock.ahead = timedelta(0)
    assert anew(person) == 303
    assert status(person) == 200
    after = person.service.cookies["family-record-session"]
    assert after != before
    assert _created(service) == begun
    with service.world.deployment.database.reading() as session:
        named = list(session.scalars(select(stated_purpose.c.session_hash)))
    assert sessions.hashed(after) in named
    assert sessions.hashed(before) not in named
    person.service.cookies.set("family-record-session", before, domain="127.0.0.1")
    assert not person.is_signed_in()
    assert service.entries()[0].body["detail"]["act"] == "step_up"


def _created(service: Service) -> datetime:
    with service.world.deployment.database.reading() as session:
        query = select(session_table.c.created_at).where(session_table.c.ended_at.is_(None))
        held: datetime = session.execute(query).scalar_one()
    return held


@pytest.mark.parametrize(
    ("subject", "acr", "amr", "reason"),
    [("s-mail", "AAL2", "mfa", "other_person"), ("s-hannah", "AAL1", "pwd", "too_weak")],
)
def test_another_person_or_too_weak_a_sign_in_proves_nothing(
    service: Service, subject: str, acr: str, amr: str, reason: str
) -> None:
    person = service.person()
    person.signs_in("s-hannah", acr="AAL1", amr="pwd")
    assert status(person) == 303
    assert anew(person, subject, acr, amr) == 403
    assert status(person) == 303
    assert service.entries()[0].body["detail"]["reason"] == reason


@pytest.mark.parametrize("change", [{"auth_time": None}, {"auth_time": 1_700_000_000}])
def test_a_sign_in_of_long_ago_or_of_no_known_time_proves_nothing(service: Service, change: dict[str, Any]) -> None:
    person = service.person()
    person.signs_in("s-hannah", acr="AAL1", amr="pwd")
    service.clock.ahead = timedelta(seconds=40)
    service.between.changes["/jwks"] = lambda held: {"keys": [*held["keys"], OURS.as_dict(private=False)]}
    service.between.changes["/token"] = lambda held: {**held, "id_token": _changed(held["id_token"], change)}
    assert anew(person) == 403
    assert service.entries()[0].body["detail"]["reason"] == "not_fresh"


def _changed(token: str, change: dict[str, Any]) -> str:
    from_provider = {**claims_of(token), **change}
    return signed({name: value for name, value in from_provider.items() if value is not None})


def test_proving_anew_in_another_browser_opens_nothing(service: Service) -> None:
    person, thief = service.person(), service.person()
    person.signs_in("s-hannah")
    address = person.proves(person.leaves(path="/sign-in/again/start?to=/needs-proof"), "s-hannah")
    person.service.cookies.delete("family-record-session")
    assert person.returns(address).status_code == 403
    assert not thief.is_signed_in()


def test_sessions_are_listed_and_ended_by_name(service: Service) -> None:
    person, deployment = service.person(), service.world.deployment
    person.signs_in("s-hannah")
    with deployment.database.reading() as session:
        (held,) = sessions.living(session, deployment.settings, service.clock())
    assert (held.staff_name, held.provider, held.assurance) == ("Hannah Vale", "plain", 2)
    now = service.clock()
    assert not sessions.end_named(deployment, "%" * 16, EndedWhy.BY_COMMAND, "test", now)
    assert not sessions.end_named(deployment, "0" * 16, EndedWhy.BY_COMMAND, "test", now)
    assert sessions.end_named(deployment, held.name, EndedWhy.BY_COMMAND, "test", now)
    assert not person.is_signed_in()
    entry = service.entries(EventKind.SIGN_OUT)[0]
    assert entry.body["detail"] == {"staff": held.staff_id, "reason": "by_command", "operation": "test"}


def logout_token(service: Service, **change: object) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims: dict[str, object] = {
        "iss": service.provider.issuer, "aud": "record-plain", "iat": now, "exp": now + 120, "jti": "j-1",
        "sub": "s-hannah", "events": {LOGOUT_EVENT: {}},
    }  # fmt: skip
    return signed({name: value for name, value in (claims | change).items() if value is not None})


def told(service: Service, token: str, provider: str = "plain") -> int:
    service.between.changes["/jwks"] = lambda held: {"keys": [*held["keys"], OURS.as_dict(private=False)]}
    answer = service.person().service.post(f"/sign-in/ended/{provider}", data={"logout_token": token})
    return answer.status_code


def test_the_provider_ends_its_sessions_and_nobody_elses(service: Service) -> None:
    service.between.changes["/jwks"] = lambda held: {"keys": [*held["keys"], OURS.as_dict(private=False)]}
    person, other = service.person(), service.person()
    person.signs_in("s-hannah")
    other.signs_in("s-mail")
    assert told(service, logout_token(service)) == 200
    assert not person.is_signed_in()
    assert other.is_signed_in()
    assert service.entries(EventKind.SIGN_OUT)[0].body["detail"]["reason"] == "by_provider"
    assert told(service, logout_token(service)) == 200


NO_MESSAGE: tuple[dict[str, object], ...] = (
    {"events": None}, {"events": {"other": {}}}, {"nonce": "n"}, {"sub": None}, {"jti": None}, {"exp": None},
    {"iss": "https://elsewhere.example"}, {"aud": "record-tenant"}, {"exp": 1_700_000_000}, {"sub": 7},
)  # fmt: skip


def test_what_is_no_such_message_ends_nothing(service: Service) -> None:
    service.between.changes["/jwks"] = lambda held: {"keys": [*held["keys"], OURS.as_dict(private=False)]}
    person = service.person()
    person.signs_in("s-hannah")
    assert [told(service, logout_token(service, **change)) for change in NO_MESSAGE] == [400] * len(NO_MESSAGE)
    assert told(service, "") == 400
    assert person.is_signed_in()


def test_a_refused_sign_in_leaves_the_browsers_session_as_it_was(service: Service) -> None:
    person = service.person()
    person.signs_in("s-hannah")
    person.idp.cookies.clear()
    assert person.signs_in("s-nobody").status_code == 403
    assert person.is_signed_in()
    assert len(service.sessions()) == 1
