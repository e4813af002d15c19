"""Signing in with a real browser and a certified provider: choosing a role, proving anew, leaving in both places."""

import threading
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.logs import make_log
from app.main import create_app
from app.settings import Mode
from governance.identity_links import link
from governance.terms import Role
from tests import factories
from tests.journeys.test_browser import FLAGS, RULES
from tests.oidc.running import free_port, identity_provider


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[str]:
    """The service in production mode on a port of its own, with its provider beside it."""
    folder, public_url = tmp_path_factory.mktemp("sign-in"), f"http://127.0.0.1:{free_port()}"
    with (
        identity_provider(folder / "provider", public_url, back_channel=True) as provider,
        factories.deployed(
            folder / "var", migrated_sqlite, Mode.PRODUCTION, public_url=public_url, sign_in_file=provider.file
        ) as deployment,
    ):
        factories.add_organisations(deployment)
        two = [
            factories.add_staff(deployment, "two.vale", "Twm Jobs", "ZCH", Role.HEALTH_VISITOR, "Marl Vale 0-19"),
            factories.add_staff(deployment, "two.county", "Twm Jobs", "ZMC", Role.IG_OFFICER),
        ]
        with deployment.database.writing() as session:
            for one in two:
                at, ring = factories.EARLIER, deployment.ring
                link(session, ring, at, "test", staff_id=one, issuer=provider.issuer, subject="s-two-jobs")
        app = create_app(deployment, log=make_log(StringIO()))
        port = int(public_url.rpartition(":")[2])
        server = uvicorn.Server(uvicorn.Config(app, port=port, access_log=False, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield public_url
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield opened
        opened.close()


def proves(page: Page, subject: str) -> None:
    """Fill in the provider's own page."""
    page.fill('input[name="subject"]', subject)
    page.click("button")


def chosen(context: BrowserContext, base: str, role: str, language: str = "en") -> Page:
    page = context.new_page()
    page.goto(f"{base}/sign-in?lang={language}")
    page.click('a[href="/sign-in/with/plain"]')
    proves(page, "s-two-jobs")
    page.click(f'button[value$="|{role}"]')
    return page


def accessible(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == [], page.url


@pytest.mark.parametrize("language", ["en", "cy"])
def test_pages_of_signing_in_are_accessible_and_narrow(base: str, browser: Browser, language: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.location["url"]) if message.type == "error" else None)
    page.goto(f"{base}/sign-in?lang={language}")
    page.click('a[href="/sign-in/with/plain"]')
    proves(page, "s-two-jobs")
    assert page.url == f"{base}/sign-in/role"
    accessible(page)
    page.click('button[value$="|ig_officer"]')
    for path in ("/sessions", "/sign-in/again?to=/sessions"):
        page.goto(base + path)
        accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        assert page.get_attribute("html", "lang") == language
    page.click(".app-who__out button")
    page.wait_for_url(f"{base}/signed-out/plain")
    assert [address for address in said if address.startswith(base)] == []
    context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_who_works_in_two_places_signs_in_as_one_and_proves_anew(base: str, browser: Browser, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts)
    page = chosen(context, base, "health_visitor")
    assert page.url == f"{base}/"
    assert "Marlshire Community Health NHS Trust" in page.locator(".app-who").inner_text()
    before = [cookie["value"] for cookie in context.cookies() if cookie["name"] == "family-record-session"]
    page.goto(f"{base}/sign-in/again?to=/agreements")
    page.click('main a[href^="/sign-in/again/start"]')
    proves(page, "s-two-jobs")
    assert page.url == f"{base}/agreements"
    cookies = {cookie["name"]: cookie for cookie in context.cookies() if cookie["name"].startswith("family-record")}
    assert set(cookies) == {"family-record-session"}
    assert cookies["family-record-session"]["value"] not in before
    assert cookies["family-record-session"]["httpOnly"]
    context.close()


def test_leaving_at_the_provider_alone_ends_the_session_here(base: str, browser: Browser) -> None:
    context = browser.new_context()
    page = chosen(context, base, "health_visitor")
    page.click(".app-who__out button")
    page.wait_for_url(f"{base}/signed-out/plain")
    leaving = page.get_attribute("main a.govuk-button", "href") or ""
    again = context.new_page()
    again.goto(f"{base}/sign-in/with/plain")
    again.click('button[value$="|health_visitor"]')
    assert again.url == f"{base}/"
    page.goto(leaving)
    page.click('button[value="yes"]')
    page.wait_for_url(f"{base}/sign-in")
    again.goto(f"{base}/")
    assert again.url == f"{base}/sign-in"
    context.close()


def test_an_officer_ends_the_session_of_another_at_once(base: str, browser: Browser) -> None:
    context, other = browser.new_context(), browser.new_context()
    officer, worker = chosen(context, base, "ig_officer"), chosen(other, base, "health_visitor")
    officer.goto(f"{base}/sessions")
    officer.locator("main form button").first.click()
    worker.goto(f"{base}/")
    assert worker.url == f"{base}/sign-in"
    context.close()
    other.close()


def test_who_is_not_known_here_is_told_so_without_the_providers_answer_in_the_page(base: str, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/sign-in/with/plain")
    proves(page, "s-nobody")
    assert "There is no account for you here" in page.locator("main").inner_text()
    assert page.url.startswith(f"{base}/sign-in/refused/no-account/")
    assert "code=" not in page.content()
    context.close()
