"""Sessions, forgery, errors and headers: what must hold at the edges."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.logs import make_log
from app.main import create_app
from app.settings import Mode
from governance.store import audit_entry, session, staff, staff_role
from tests import factories
from tests.factories import CANARIES, World
from tests.journeys.conftest import Clock
from tests.journeys.visitor import Visitor, text_of


def test_every_answer_carries_the_security_headers(worker: Visitor) -> None:
    for path in ("/", "/sign-in", "/nowhere", "/static/app.css", "/v1/openapi.json"):
        headers = worker.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert worker.get("/").headers["cache-control"] == "no-store"


def test_a_nonce_is_used_once(worker: Visitor) -> None:
    first, second = (worker.get("/").headers["content-security-policy"] for _ in range(2))
    assert first != second


def test_an_idle_session_ends(worker: Visitor, clock: Clock) -> None:
    clock.forward(minutes=19)
    assert worker.get("/", follow=False).status_code == 200
    clock.forward(minutes=21)
    assert worker.get("/", follow=False).headers["location"] == "/sign-in"


def test_a_busy_session_ends_all_the_same(worker: Visitor, clock: Clock) -> None:
    for _ in range(39):
        clock.forward(minutes=15)
        worker.get("/agreements", follow=False)
    assert worker.get("/", follow=False).status_code == 200
    clock.forward(minutes=16)
    assert worker.get("/", follow=False).status_code == 303


def test_signing_out_kills_the_token_itself(worker: Visitor) -> None:
    cookie = dict(worker.client.cookies)
    worker.post("/sign-out")
    worker.client.cookies.update(cookie)
    assert worker.get("/", follow=False).status_code == 303


def test_signing_in_again_ends_the_session_before(worker: Visitor) -> None:
    before = dict(worker.client.cookies)
    worker.signed_in("hv.vale|health_visitor")
    assert dict(worker.client.cookies) != before
    worker.client.cookies.clear()
    worker.client.cookies.update(before)
    assert worker.get("/", follow=False).status_code == 303


def test_the_database_holds_no_token(worker: Visitor, world: World) -> None:
    [token] = worker.client.cookies.values()
    with world.deployment.database.reading() as held:
        rows = [str(tuple(row)) for row in held.execute(select(session))]
    assert rows
    assert not any(token in row for row in rows)


def test_the_end_of_a_role_acts_on_the_next_request(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    with world.deployment.database.writing() as held:
        held.execute(update(staff_role).values(until=factories.NOW.date()))
    assert worker.get(f"/families/{world.child}").status_code == 403


def test_a_suspended_account_reads_nothing_more(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    with world.deployment.database.writing() as held:
        held.execute(update(staff).values(active=False))
    assert worker.get(f"/families/{world.child}").status_code == 403


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_without_its_token_does_nothing(worker: Visitor, world: World, token: str) -> None:
    path = f"/families/{world.child}/purpose"
    answer = worker.client.post(path, data={"purpose": "direct_care", "csrf_token": token})
    assert answer.status_code == 403
    assert worker.get(f"/families/{world.child}", follow=False).status_code == 303


@pytest.mark.parametrize(
    "header", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://elsewhere.test"}]
)
def test_a_form_from_elsewhere_does_nothing(worker: Visitor, world: World, header: dict[str, str]) -> None:
    data = {"purpose": "direct_care", "csrf_token": worker.token()}
    answer = worker.client.post(f"/families/{world.child}/purpose", data=data, headers=header)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("base", "client"),
    [
        ("http://127.0.0.1:8000", ("192.0.2.7", 50000)),
        ("http://records.example", ("127.0.0.1", 50000)),
    ],
)
def test_the_demo_sign_in_is_not_there_for_others(
    world: World, clock: Clock, logs: StringIO, base: str, client: tuple[str, int]
) -> None:
    app = create_app(world.deployment, clock, make_log(logs))  # type: ignore[arg-type]
    visitor = TestClient(app, base_url=base, client=client)
    answer = visitor.post("/sign-in", data={"account": "hv.vale|health_visitor"}, follow_redirects=False)
    assert answer.status_code == 404
    assert visitor.post("/v1/sessions", json={"username": "hv.vale", "role": "health_visitor"}).status_code == 404


def test_the_demo_sign_in_is_not_there_in_production(tmp_path: Path, migrated_sqlite: Path) -> None:
    with factories.deployed(tmp_path / "var", migrated_sqlite, Mode.PRODUCTION) as deployment:
        factories.populate(deployment)
        client = TestClient(create_app(deployment), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))
        assert "Hannah" not in client.get("/sign-in").text
        answer = client.post("/sign-in", data={"account": "hv.vale|health_visitor"}, follow_redirects=False)
        assert answer.status_code == 404


def test_a_fault_gives_a_reference_and_quotes_nothing(world: World, clock: Clock, logs: StringIO) -> None:
    app = create_app(world.deployment, clock, make_log(logs))  # type: ignore[arg-type]
    _break(app)
    client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))
    for path in ("/broken", "/v1/broken"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert answer.headers["x-request-id"] in answer.text
        assert "9991234535" not in answer.text
    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert "ValueError" in {line.get("fault") for line in lines}
    assert "9991234535" not in logs.getvalue()


def _break(app: FastAPI) -> None:
    def broken() -> None:
        raise ValueError("9991234535 is not good")

    app.add_api_route("/broken", broken)
    app.add_api_route("/v1/broken", broken)


def test_a_search_that_finds_nothing_says_so_and_is_logged(worker: Visitor, world: World) -> None:
    page = text_of(worker.post("/search", number="9991234535"))
    assert "Nobody is found whom you may be shown" in page
    with world.deployment.database.reading() as held:
        bodies = held.scalars(select(audit_entry.c.body).where(audit_entry.c.kind == "search")).all()
    assert bodies
    assert not any(canary in body for body in bodies for canary in CANARIES)


def test_metrics_and_health_name_nobody(worker: Visitor, world: World) -> None:
    worker.open_family(world.child)
    told = worker.get("/metrics").text
    assert 'family_record_decisions_total{outcome="partial",reason="permitted"} 1.0' in told
    assert not any(canary in told for canary in (*CANARIES, world.child, "Vale"))
    assert worker.get("/healthz").text == "ok"
    assert worker.get("/readyz").json() == {"schema": True, "log": True}


def test_when_the_log_cannot_be_written_nothing_is_shown(
    visit: Callable[[], Visitor], worker: Visitor, world: World
) -> None:
    worker.open_family(world.child)
    with world.deployment.database.engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER deny BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        connection.commit()
    answer = worker.get(f"/families/{world.child}")
    assert answer.status_code == 503
    assert "Gwenllian" not in answer.text
