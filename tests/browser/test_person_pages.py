"""The person's pages in Chromium: without script, by keyboard only, at 375 px, without axe violations.

With CONSENT_MIRROR_SCREENSHOTS set the pictures of docs/web.md are made anew.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from connector import wiring_web
from connector.acts.links import PersonLinks, links_of
from connector.web.server import WebServer
from tests.world import ANNA, MINUTE, World, world

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
PUBLIC = '[web]\nlisten = "127.0.0.1:0"\npublic_url = "https://consent.example"\n'
NARROW = {"width": 375, "height": 740}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, extra=PUBLIC) as made:
        made.begin()
        made.grant(ANNA, "newsletter")
        made.wait()
        yield made


@pytest.fixture
def web(here: World) -> Iterator[WebServer]:
    with wiring_web.web_of(here.settings, [here.desk], here.tools) as served:
        assert served is not None
        yield served


@pytest.fixture
def anna(here: World) -> PersonLinks:
    return links_of(here.desk, ANNA)


def at(web: WebServer, link: str, language: str = "sv") -> str:
    return f"http://127.0.0.1:{web.port}{urlsplit(link).path}?lang={language}"


def sound(page: Page) -> None:
    """No axe violation, nothing wider than the window, a language, one heading of the first rank."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("h1").count() == 1
    sizes = page.evaluate(
        "[...document.querySelectorAll('button,input')].map(e => e.getBoundingClientRect().height)"
    )
    assert all(size >= 24 for size in sizes)  # WCAG 2.5.8


def picture(page: Page, name: str) -> None:
    if os.environ.get("CONSENT_MIRROR_SCREENSHOTS"):
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def mailed(here: World) -> str:
    with here.mirror.read(here.desk.portal) as work:
        row = work.mail.due(here.now)
    found = re.search(rb"https://consent\.example/c/[\w.-]+", (row.body if row else None) or b"")
    assert found is not None
    return found[0].decode()


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("dark", [False, True])
def test_every_page_is_for_everybody(
    here: World, web: WebServer, anna: PersonLinks, browser: Browser, language: str, dark: bool
) -> None:
    """Each page and each answer, narrow, in light and dark."""
    with browser.new_context(viewport=NARROW, color_scheme="dark" if dark else "light") as context:
        page = context.new_page()
        for name, link in (("stop", anna.unsubscribe), ("look", anna.preferences)):
            page.goto(at(web, link, language))
            assert page.evaluate("document.documentElement.lang") == language
            sound(page)
            if not dark:
                picture(page, f"choices-{name}-{language}")
        page.goto(at(web, anna.preferences, language))
        page.locator('input[value="offers"]').check()
        page.locator('button[name="yes"][value="offers"]').click()
        sound(page)
        confirm = mailed(here)
        page.goto(at(web, confirm, language))
        sound(page)
        if not dark:
            picture(page, f"confirm-{language}")
        page.locator("button").click()
        sound(page)
        page.goto(at(web, anna.unsubscribe, language))
        page.locator('button[value="*"]').click()
        sound(page)
        if not dark:
            picture(page, f"stopped-{language}")
        page.goto(at(web, "/p/none", language))
        sound(page)


def test_without_script_a_person_says_yes_confirms_and_stops(
    here: World, web: WebServer, anna: PersonLinks, browser: Browser
) -> None:
    with browser.new_context(viewport=NARROW, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(at(web, anna.unsubscribe))
        assert page.locator("input:checked").count() == 0
        page.locator('input[value="offers"]').check()
        page.locator('button[name="yes"][value="offers"]').click()
        assert here.state(ANNA, "offers") == "PENDING"
        here.wait(MINUTE)
        page.goto(at(web, mailed(here)))
        assert here.state(ANNA, "offers") == "PENDING"  # opened, not pressed
        page.get_by_role("button", name="Bekräfta att du vill ha offers").click()
        assert here.state(ANNA, "offers") == "GRANTED"
        here.wait(10 * MINUTE)
        page.goto(at(web, anna.unsubscribe))
        page.get_by_role("button", name="Sluta skicka offers").click()
        assert "Klart. Du får inga fler offers från oss." in (page.get_by_role("status").text_content() or "")
        assert (here.state(ANNA, "offers"), here.state(ANNA, "newsletter")) == ("WITHDRAWN", "GRANTED")
        page.get_by_role("button", name="Begär registerutdrag").click()
        assert "Vi har tagit emot din begäran" in (page.get_by_role("status").text_content() or "")


def test_by_keyboard_only(here: World, web: WebServer, anna: PersonLinks, browser: Browser) -> None:
    """The skip link first, every control in reach with a focus that is seen, Enter and Space act."""
    with browser.new_context(viewport=NARROW) as context:
        page = context.new_page()
        page.goto(at(web, anna.unsubscribe))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        reached, seen = set(), True
        controls = page.locator("a[href], button, input").count()
        for _ in range(controls):
            reached.add(page.evaluate("document.activeElement.outerHTML"))
            seen = seen and page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            page.keyboard.press("Tab")
        assert seen and len(reached) >= controls
        page.goto(at(web, anna.unsubscribe))
        page.locator('input[value="offers"]').focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("status").wait_for()
        assert here.state(ANNA, "offers") == "PENDING"
        page.goto(at(web, anna.unsubscribe))
        page.locator('button[value="*"]').focus()
        page.keyboard.press("Enter")
        page.get_by_role("status").wait_for()
        assert here.state(ANNA) == "WITHDRAWN"


def test_a_scripted_browser_that_opens_everything_changes_nothing(
    here: World, web: WebServer, anna: PersonLinks, browser: Browser
) -> None:
    """As a mail scanner does: it opens, waits, hovers and follows links, and presses nothing."""
    with here.mirror.read(here.desk.portal) as work:
        before = work.log.size()
    with browser.new_context() as context:
        page = context.new_page()
        for link in (anna.unsubscribe, anna.preferences, anna.one_click):
            page.goto(at(web, link))
            page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
            for href in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
                page.goto(href)
            page.wait_for_load_state("networkidle")
    with here.mirror.read(here.desk.portal) as work:
        assert work.log.size() == before


def test_nothing_is_asked_of_any_other_host(web: WebServer, anna: PersonLinks, browser: Browser) -> None:
    """No script, no font, no picture from elsewhere, and no console error from the policy."""
    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(at(web, anna.preferences))
        page.wait_for_load_state("networkidle")
        assert {urlsplit(each).hostname for each in asked} == {"127.0.0.1"}
        assert page.locator("script").count() == 0
        assert [each for each in errors if "favicon" not in each and "404" not in each] == []
