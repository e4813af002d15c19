"""A real browser: accessible in both languages, usable at 320 px and without scripts, nothing refused by the policy."""

import threading
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select

from app.logs import make_log
from app.main import create_app
from governance.store import access_override, signed_form
from governance.terms import Role
from tests import factories
from tests.factories import World
from tests.journeys.review_queue import queued
from tests.journeys.test_api import bearer
from tests.journeys.visitor import Visitor

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
WORKER, OFFICER, ANALYST = "hv.vale|health_visitor", "ig.gray|ig_officer", "an.lowe|analyst"
STEWARD, PAIR = "st.price|data_steward", "ab" * 16
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[tuple[World, str]]:
    """The service on a port of its own, over one small world."""
    with factories.deployed(tmp_path_factory.mktemp("browser") / "var", migrated_sqlite) as deployment:
        world = factories.populate(deployment)
        factories.add_staff(deployment, "st.price", "Non Price", "ZMC", Role.DATA_STEWARD, "Data Quality")
        queued(world, world.child, world.stranger, pair_id=PAIR)
        app = create_app(deployment, lambda: factories.NOW, make_log(StringIO()))
        client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))
        overridden(client, world)
        signed(client, world)
        server = uvicorn.Server(uvicorn.Config(app, port=0, access_log=False, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield world, f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(10)


def overridden(client: TestClient, world: World) -> None:
    """One override that has ended, waiting for its review."""
    held = bearer(Visitor(client), "hv.vale", "health_visitor")
    body = {
        "kind": "break_glass", "reason": "missing_child", "justification": "The child did not come home last night.",
        "categories": ["identity", "family"], "family_told": "told", "expires_at": "2026-11-22T10:30:00Z",
    }  # fmt: skip
    made = client.post(f"/v1/families/{world.stranger}/overrides", json=body, headers=held).json()
    client.post(f"/v1/overrides/{made['id']}/end", headers=held)


def signed(client: TestClient, world: World) -> None:
    """One form signed, so that there is something recorded, due and receipted."""
    held = bearer(Visitor(client), "hv.vale", "health_visitor")
    client.post(f"/v1/families/{world.child}/purpose", json={"purpose": "direct_care"}, headers=held)
    body = {
        "person_id": world.child, "language": "cy", "answers": {"health": "given", "home": "refused"},
        "signer_basis": "parental_responsibility", "signer_person_id": world.mother, "evidence": "paper",
        "expires": "2026-12-24", "idempotency_key": "browser-1",
    }  # fmt: skip
    made = client.post(f"/v1/families/{world.child}/wishes/forms/family-support-consent", json=body, headers=held)
    assert made.status_code == 201, made.text


def form_signed(world: World) -> str:
    with world.deployment.database.reading() as session:
        return str(session.scalars(select(signed_form.c.id)).one())


def override_of(world: World) -> str:
    with world.deployment.database.reading() as session:
        return str(session.scalars(select(access_override.c.id)).one())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield opened
        opened.close()


def signed_in(context: BrowserContext, base: str, account: str, language: str = "en") -> Page:
    page = context.new_page()
    page.goto(f"{base}/sign-in?lang={language}")
    page.click(f'button[value="{account}"]')
    return page


def opened_family(page: Page, base: str, world: World) -> None:
    page.goto(f"{base}/families/{world.child}/purpose")
    page.check('input[value="direct_care"]')
    page.click("main form button")


def pages_of(world: World) -> dict[str, list[str]]:
    family = f"/families/{world.child}"
    return {
        WORKER: ["/", "/search", f"{family}/purpose", family, f"{family}?year=2024", f"{family}/wishes", "/agreements",
                 "/agreements/isp-early-years/1", "/agreements/isp-early-years/1/leaflet",
                 "/agreements/isp-early-years/1/document", "/agreements/isp-early-years/1/changes",
                 f"{family}/leaflets", "/privacy", "/accessibility", "/nowhere", f"{family}/override",
                 f"{family}/wishes/forms/family-support-consent", f"{family}/wishes/{form_signed(world)}/receipt",
                 f"{family}/claim", f"{family}/delegations", f"{family}/share-decisions", "/meeting"],
        OFFICER: ["/overrides", f"/overrides/{override_of(world)}", "/", "/audit", "/audit?worker=nobody",
                  "/audit/verify", "/agreements/due", "/agreements/isp-early-years/1/impact"],
        ANALYST: ["/", "/cohorts"],
        STEWARD: ["/", "/reviews", f"/reviews/{PAIR}"],
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("account", [WORKER, OFFICER, ANALYST, STEWARD])
def test_pages_are_accessible(served: tuple[World, str], browser: Browser, account: str, language: str) -> None:
    world, base = served
    context = browser.new_context()
    said: list[str] = []
    page = signed_in(context, base, account, language)
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    if account == WORKER:
        opened_family(page, base, world)
    titles = []
    for path in pages_of(world)[account]:
        page.goto(base + path)
        found = Axe().run(page, options=RULES)
        assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == [], path
        assert page.locator("h1").count() == 1, path
        assert page.get_attribute("html", "lang") == language
        titles.append(page.title())
    assert [text for text in said if "404" not in text] == []
    assert len(set(titles)) >= len(titles) - 2
    context.close()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_nothing_scrolls_sideways_on_a_narrow_screen(
    served: tuple[World, str], browser: Browser, language: str
) -> None:
    world, base = served
    context = browser.new_context(viewport={"width": 320, "height": 640})
    for account, paths in pages_of(world).items():
        page = signed_in(context, base, account, language)
        if account == WORKER:
            opened_family(page, base, world)
        for path in paths:
            page.goto(base + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.close()
    context.close()


def test_without_scripts_the_telephone_is_four_pages_from_home(served: tuple[World, str], browser: Browser) -> None:
    _world, base = served
    context = browser.new_context(java_script_enabled=False)
    page = signed_in(context, base, WORKER)
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    page.click("text=Gwenllian Okonkwo-Pryce")
    page.check('input[value="direct_care"]')
    page.click("main form button")
    assert page.locator('a[href="tel:01632960222"]').is_visible()
    assert len(loads) <= 3
    assert page.locator(".app-entry").count() >= 10
    context.close()


def test_the_first_tab_is_the_skip_link(served: tuple[World, str], browser: Browser) -> None:
    _world, base = served
    context = browser.new_context()
    page = signed_in(context, base, WORKER)
    page.goto(base + "/agreements")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "govuk-skip-link"
    context.close()


def test_a_printed_record_says_why_who_when_and_which_entry(served: tuple[World, str], browser: Browser) -> None:
    world, base = served
    context = browser.new_context()
    page = signed_in(context, base, WORKER)
    opened_family(page, base, world)
    page.emulate_media(media="print")
    told = page.locator(".app-identity").inner_text()
    for words in ("Direct care", "Hannah Vale", "22 November 2026", "Log entry"):
        assert words in told
    assert not page.locator(".app-filters").is_visible()
    context.close()


def test_changing_the_language_of_a_result_sends_the_form_again_and_not_the_address(
    served: tuple[World, str], browser: Browser
) -> None:
    _world, base = served
    context = browser.new_context()
    page = signed_in(context, base, WORKER)
    page.goto(f"{base}/search")
    page.fill("#given_name", "Gwenllian")
    page.click("main form button")
    page.click('.app-languages button[lang="cy"]')
    assert page.input_value("#given_name") == "Gwenllian"
    assert page.get_attribute("html", "lang") == "cy"
    assert "Gwen" not in page.url
    context.close()


def test_no_request_leaves_for_elsewhere(served: tuple[World, str], browser: Browser) -> None:
    world, base = served
    context = browser.new_context()
    asked: list[str] = []
    page = signed_in(context, base, WORKER)
    page.on("request", lambda request: asked.append(request.url))
    opened_family(page, base, world)
    assert asked
    assert all(url.startswith(base) for url in asked)
    context.close()


@pytest.mark.parametrize("language", ["en", "cy"])
def test_without_scripts_a_refusal_leads_to_the_card_and_the_card_to_the_record(
    served: tuple[World, str], browser: Browser, language: str
) -> None:
    world, base = served
    context = browser.new_context()
    checked = signed_in(context, base, WORKER, language)
    plain = browser.new_context(java_script_enabled=False)
    page = signed_in(plain, base, WORKER, language)
    for one in (checked, page):
        one.goto(f"{base}/families/{world.stranger}/purpose")
        one.check('input[value="direct_care"]')
        one.click("main form button")
    assert Axe().run(checked, options=RULES).response["violations"] == []
    page.click(f'main a[href="/families/{world.stranger}/override"]')
    for name, value in (("kind", "break_glass"), ("reason", "immediate_danger"), ("told", "not_yet"), ("hours", "1")):
        page.check(f'input[name="{name}"][value="{value}"]')
    page.fill("#justification", "The child was heard screaming for an hour.")
    page.click("main form button")
    assert "Tomos" in page.locator("h1").inner_text()
    page.click(".app-override button")
    assert "Tomos" not in page.content()
    context.close()
    plain.close()
