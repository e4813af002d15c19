"""Proving oneself anew in the demo, who is signed in, and ending a session from the pages and the command line."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from app.commands.tree import build
from tests.factories import World
from tests.journeys.visitor import Visitor, text_of


def test_in_the_demo_it_is_said_with_a_button_and_gives_a_new_token(worker: Visitor) -> None:
    before = worker.client.cookies["family-record-session"]
    page = worker.get("/sign-in/again?to=/search")
    assert page.status_code == 200
    token = worker.token()
    answer = worker.client.post("/sign-in/again", data={"csrf_token": token, "to": "/search"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/search")
    assert worker.client.cookies["family-record-session"] != before
    assert worker.client.post("/sign-in/again", data={"csrf_token": token, "to": "/"}).status_code == 403
    assert worker.get("/search").status_code == 200


def test_only_an_officer_sees_who_is_signed_in_and_may_end_a_session(worker: Visitor, officer: Visitor) -> None:
    assert worker.get("/sessions").status_code == 403
    page = officer.get("/sessions")
    assert "Hannah Vale" in text_of(page)
    assert "This is your own session" in text_of(page)
    name = page.text.split('name="name" value="')[1].split('"')[0]
    assert worker.post("/sessions", name=name).status_code == 403
    assert officer.post("/sessions", name="0" * 16).status_code == 404
    assert officer.post("/sessions", name=name).status_code == 200
    assert worker.get("/", follow=False).headers["location"] == "/sign-in"


def test_the_command_line_lists_and_ends_sessions(
    world: World, visit: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAMILY_RECORD_HOME", str(world.deployment.settings.home))
    person = visit().signed_in("hv.vale|health_visitor")
    run = CliRunner().invoke
    assert run(build(), ["sessions", "end", "--worker", "hv.vale", "--json"]).exit_code == 0
    assert person.get("/", follow=False).headers["location"] == "/sign-in"
    again = run(build(), ["sessions", "end", "--worker", "hv.vale", "--json"])
    assert (again.exit_code, json.loads(again.stdout)) == (1, {"ended": 0})
    assert run(build(), ["sessions", "end", "0" * 16]).exit_code == 1
    assert run(build(), ["sessions", "end"]).exit_code == 2
    assert json.loads(run(build(), ["sessions", "list", "--json"]).stdout) == {"sessions": []}


def test_links_are_made_listed_and_ended(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("providers")
    (folder / "secret").write_text("0123456789abcdef")
    (folder / "secret").chmod(0o600)
    (folder / "providers.yaml").write_text(
        "providers:\n- {name: idp, title: Provider, issuer: 'https://idp.example', client_id: record, "
        f"client_secret_file: '{folder / 'secret'}'}}\n"
    )
    monkeypatch.setenv("FAMILY_RECORD_HOME", str(world.deployment.settings.home))
    monkeypatch.setenv("FAMILY_RECORD_SIGN_IN_FILE", str(folder / "providers.yaml"))
    monkeypatch.setenv("FAMILY_RECORD_PUBLIC_URL", "https://record.example")
    run = CliRunner().invoke
    made = run(build(), ["sign-in", "link", "hv.vale", "s-1", "--provider", "idp", "--json"])
    link = json.loads(made.stdout)["link"]
    assert run(build(), ["sign-in", "link", "hv.vale", "s-2", "--provider", "idp"]).exit_code == 1
    assert run(build(), ["sign-in", "link", "hv.vale", "s-2", "--provider", "none"]).exit_code == 2
    listed = run(build(), ["sign-in", "links", "hv.vale", "--json"])
    assert json.loads(listed.stdout) == {"links": [{"link": link, "issuer": "https://idp.example"}]}
    assert run(build(), ["sign-in", "unlink", link]).exit_code == 0
    assert run(build(), ["sign-in", "unlink", link]).exit_code == 1
    assert run(build(), ["sign-in", "links", "nobody"]).exit_code == 1
