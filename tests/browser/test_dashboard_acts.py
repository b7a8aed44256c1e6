"""The pages of the acts in Chromium: by axe, at 375 px, and by keyboard alone without script.

With `CONSENT_MIRROR_SCREENSHOTS=docs/images` each page is photographed there.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from connector.acts.breakers import VANISHED, open_breaker
from connector.consent.events import EventType
from tests.browser.test_dashboard_pages import SHOTS, address, opened, sign_in, tab_to
from tests.web.office import AT, Office, office
from tests.world import ANNA, BO, DAVID, NEWSLETTER

NEW = "new.person@example.org"
PLACES = {
    "record-no": "/record/no", "record-yes": "/people/{ref}/record/yes", "rectify": "/people/{ref}/rectify",
    "send-receipt": "/people/{ref}/send-receipt", "request-new": "/requests/new",
    "request-run": "/requests/1/run", "request-erase": "/requests/2/run", "notices": "/notices",
    "retention": "/retention", "retention-plan": "/retention/plan", "access": "/access", "reask": "/reask",
    "wording": "/wordings/{wording}", "breaker": "/reviews",
}  # fmt: skip
#: Forms that are sent as they are, or with something wrong: what is beside the field has to be readable too.
WRONG = {
    "record-no": ("#at", "yesterday"), "record-yes": ("#at", "yesterday"), "request-new": ("#at", "soon"),
}  # fmt: skip
AA = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(name="o", scope="module")
def _o(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("acts")) as made:
        w = made.w
        assert w.cli("access").code == 0
        assert w.cli("requests", "add", BO, "--kind", "erasure").code == 0
        with w.mirror.write(w.desk.portal) as work:
            open_breaker(w.desk, work, VANISHED, vanished=4)
        yield made


def where(o: Office, name: str) -> str:
    wording = next(each.wording for each in o.w.log(DAVID) if each.wording)
    return address(o, PLACES[name].replace("{wording}", wording[:16]))


@pytest.fixture(name="scripted", scope="module")
def _scripted(browser: Browser, o: Office) -> Iterator[BrowserContext]:
    """axe itself is a script; the pages are the same."""
    context = browser.new_context(
        base_url=o.url, viewport={"width": 1100, "height": 900}, bypass_csp=True, locale="en"
    )
    sign_in(context.new_page(), "adam")
    yield context
    context.close()


@pytest.fixture(name="narrow", scope="module")
def _narrow(browser: Browser, o: Office) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=o.url, viewport={"width": 375, "height": 700}, locale="sv")
    sign_in(context.new_page(), "adam")
    yield context
    context.close()


def has_no_violation(page: Page) -> None:
    for closed in page.locator("details").all():
        closed.evaluate("each => { each.open = true }")
    found = Axe().run(page, options=AA)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", PLACES)
def test_a_page_has_no_violation_of_wcag_22_aa(scripted: BrowserContext, o: Office, name: str) -> None:
    page = scripted.new_page()
    page.goto(where(o, name))
    has_no_violation(page)
    page.close()


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_beside_the_field_and_has_no_violation(
    scripted: BrowserContext, narrow: BrowserContext, o: Office, name: str
) -> None:
    for context in (scripted, narrow):
        page = context.new_page()
        page.goto(where(o, name))
        field, text = WRONG[name]
        page.locator("main form").last.evaluate("each => { each.noValidate = true }")
        for box in page.locator("#sure").all():
            box.check()
        page.fill(field, text)
        page.press(field, "Enter")
        page.wait_for_selector("#problem")
        assert page.locator(field).get_attribute("aria-invalid") == "true"
        described = (page.locator(field).get_attribute("aria-describedby") or "").split()
        assert all(page.locator(f"#{each}").is_visible() for each in described)
        assert f"{field[1:]}_wrong" in described
        assert page.input_value(field) == text
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        has_no_violation(page)
        page.close()


@pytest.mark.parametrize("name", PLACES)
def test_a_page_fits_a_telephone(narrow: BrowserContext, o: Office, name: str) -> None:
    """Only tables scroll, each in its own box (WCAG 1.4.10)."""
    page = narrow.new_page()
    page.goto(where(o, name))
    for closed in page.locator("details").all():
        closed.evaluate("each => { each.open = true }")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


def choose(page: Page, selector: str, option: str) -> None:
    """Tab to a list and choose as a keyboard does: by typing how the option begins."""
    tab_to(page, selector)
    page.keyboard.type(option)


def test_a_no_a_request_and_a_correction_by_keyboard_alone_without_script(
    browser: Browser, o: Office
) -> None:
    with opened(browser, o) as context:
        page = context.new_page()
        sign_in(page, "dora")
        page.goto(f"{AT}/record/no")
        tab_to(page, "#address")
        page.keyboard.type(NEW)
        choose(page, "#type", "objects")
        tab_to(page, "#at")
        page.keyboard.type("2026-06-16")
        page.keyboard.press("Enter")
        page.wait_for_url("**done=recorded*")
        assert o.w.hubspot(NEW, NEWSLETTER) == "UNSUBSCRIBED"

        page.goto(f"{AT}/requests/new")
        tab_to(page, "#address")
        page.keyboard.type(ANNA)
        choose(page, "#kind", "Rectification")
        tab_to(page, "main form button.main")
        page.keyboard.press("Enter")
        page.wait_for_url("**done=request_received*")
        tab_to(page, "a[href$='/run']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/run")
        tab_to(page, "#property")
        page.keyboard.type("lastname")
        tab_to(page, "#value")
        page.keyboard.type("Öberg")
        tab_to(page, "#sure")
        page.keyboard.press("Space")
        tab_to(page, "main form button.main")
        page.keyboard.press("Enter")
        page.wait_for_url("**done=run_done*")
        assert EventType.RECTIFIED_CONFIRMED in o.w.types(ANNA)


def test_a_yes_with_its_scan_is_recorded_without_script(browser: Browser, o: Office) -> None:
    with opened(browser, o) as context:
        page = context.new_page()
        sign_in(page, "dora")
        page.goto(address(o, "/people/{ref}/record/yes"))
        page.select_option("#source", "paper")
        page.fill("#at", "2026-06-16")
        page.fill("#wording", "Yes, Exempel AB may send me\nthe newsletter by e-mail.")
        page.set_input_files(
            "#evidence", {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF signed"}
        )
        for box in ("#keep", "#signed", "#sure"):
            page.check(box)
        page.click("main form button.main")
        page.wait_for_url("**done=recorded*")
        grant = next(each for each in reversed(o.w.log(ANNA)) if each.type is EventType.GRANT)
        assert (grant.grade.name, len(grant.evidence)) == ("E3", 1)


@pytest.mark.skipif(not SHOTS, reason="only when pictures for the documents are wanted")
@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", PLACES)
def test_photograph(browser: Browser, o: Office, name: str, language: str) -> None:
    with opened(browser, o, language=language, width=1000) as context:
        page = context.new_page()
        sign_in(page, "adam")
        page.goto(where(o, name))
        page.screenshot(
            path=Path(str(SHOTS)) / f"dashboard-{name}-{language}.png", full_page=True, scale="css"
        )
