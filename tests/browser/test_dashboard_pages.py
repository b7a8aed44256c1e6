"""The dashboard in Chromium, without script: every page by axe, at 375 px, and the flows by keyboard alone.

With `CONSENT_MIRROR_SCREENSHOTS=docs/images` each page is photographed there.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from connector.consent.events import EventType
from tests.web.office import AT, PASSWORD, Office, keep_document, office
from tests.world import ANNA, BO

SHOTS = os.environ.get("CONSENT_MIRROR_SCREENSHOTS")
PLACES = {
    "overview": "", "discrepancies": "/discrepancies", "pushes": "/pushes", "search": "/search",
    "reviews": "/reviews", "review": "/reviews/1", "log": "/log", "wordings": "/wordings", "runs": "/runs",
    "exports": "/exports", "file": "/exports/1",
    "documents": "/documents", "person_documents": "/people/{ref}/documents",
    "requests": "/requests", "request": "/requests/1", "person": "/people/{ref}",
    "receipt": "/people/{ref}/receipt", "erase": "/people/{ref}/erase",
}  # fmt: skip


@pytest.fixture(name="o", scope="module")
def _o(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("browser")) as made:
        keep_document(made.w)
        yield made


def opened(browser: Browser, o: Office, *, width: int = 1100, language: str = "en", script: bool = False):
    return browser.new_context(
        base_url=o.url,
        viewport={"width": width, "height": 900},
        locale=language,
        java_script_enabled=script,
        reduced_motion="reduce",
    )


def sign_in(page: Page, name: str) -> None:
    page.goto("/dashboard/sign-in")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main button")


def address(o: Office, place: str) -> str:
    person = o.w.person(ANNA)
    assert person is not None
    return AT + place.replace("{ref}", person.ref)


@pytest.fixture(name="scripted", scope="module")
def _scripted(browser: Browser, o: Office) -> Iterator[BrowserContext]:
    """axe itself is a script; the pages are the same."""
    context = browser.new_context(
        base_url=o.url, viewport={"width": 1100, "height": 900}, bypass_csp=True, locale="en"
    )
    sign_in(context.new_page(), "adam")
    yield context
    context.close()


@pytest.mark.parametrize("name", [*PLACES, "users", "sign_in"])
def test_a_page_has_no_violation_of_wcag_22_aa(scripted: BrowserContext, o: Office, name: str) -> None:
    page = scripted.new_page()
    elsewhere = {"users": "/dashboard/users", "sign_in": "/dashboard/sign-in"}
    page.goto(elsewhere.get(name) or address(o, PLACES[name]))
    for closed in page.locator("details").all():
        closed.evaluate("each => { each.open = true }")
    tags = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    found = Axe().run(page, options=tags)
    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture(name="narrow", scope="module")
def _narrow(browser: Browser, o: Office) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=o.url, viewport={"width": 375, "height": 700}, locale="sv")
    sign_in(context.new_page(), "adam")
    yield context
    context.close()


@pytest.mark.parametrize("name", PLACES)
def test_a_page_fits_a_telephone(narrow: BrowserContext, o: Office, name: str) -> None:
    """Only tables scroll, each in its own box (WCAG 1.4.10)."""
    page = narrow.new_page()
    page.goto(address(o, PLACES[name]))
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


def test_signing_in_searching_and_a_no_by_keyboard_alone_without_script(browser: Browser, o: Office) -> None:
    with opened(browser, o) as context:
        page = context.new_page()
        page.goto("/dashboard")
        tab_to(page, "#name")
        page.keyboard.type("dora")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{AT}")
        page.goto(f"{AT}/search")
        tab_to(page, "#address")
        page.keyboard.type(BO)
        page.keyboard.press("Enter")
        page.wait_for_url("**/people/*")
        assert BO not in page.url
        before = o.w.types(BO)
        tab_to(page, "summary:has-text('Withdraw')")
        page.keyboard.press("Enter")
        tab_to(page, "form[action$='/withdraw'] button")
        page.keyboard.press("Enter")
        page.wait_for_url("**done=withdrawn*")
        assert "The no is recorded" in page.inner_text("[role=status]")
        assert o.w.types(BO).count(EventType.OBJECT) == before.count(EventType.OBJECT) + 1


def test_a_document_is_made_and_taken_away_by_keyboard_alone_without_script(
    browser: Browser, o: Office
) -> None:
    with opened(browser, o) as context:
        page = context.new_page()
        sign_in(page, "dora")
        page.goto(address(o, "/people/{ref}/documents"))
        tab_to(page, "button[value='receipt.html']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/exports/*")
        assert "The file is written" in page.inner_text("[role=status]")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        tab_to(page, "a[href$='/file']")
        with page.expect_download() as taken:
            page.keyboard.press("Enter")
        assert Path(taken.value.path()).read_bytes().lower().startswith(b"<!doctype html>")
        assert ANNA.partition("@")[0] not in taken.value.suggested_filename


def tab_to(page: Page, selector: str) -> None:
    """Tab until the focus is there, as somebody without a mouse does; each stop has to be visible."""
    wanted = page.locator(selector).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.locator(":focus").count() and same(page, selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard: {wanted.count()} there")


def same(page: Page, selector: str) -> bool:
    return page.locator(f"{selector}:focus").count() > 0


@pytest.mark.skipif(not SHOTS, reason="only when pictures for the documents are wanted")
@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", [*PLACES, "users"])
def test_photograph(browser: Browser, o: Office, name: str, language: str) -> None:
    with opened(browser, o, language=language, width=1000) as context:
        page = context.new_page()
        sign_in(page, "adam")
        page.goto("/dashboard/users" if name == "users" else address(o, PLACES[name]))
        where = Path(str(SHOTS)) / f"dashboard-{name}-{language}.png"
        page.screenshot(path=where, full_page=name not in {"log"}, scale="css")
