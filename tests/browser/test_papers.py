"""Documents as HTML on a telephone: no word is broken, and only a table moves sideways."""

from playwright.sync_api import Browser

from connector.proof import page
from connector.proof.paper import html

LONGEST = "Personuppgiftsansvarig"
WIDTH = f"""() => [...document.querySelectorAll('td')].filter(each => each.textContent === '{LONGEST}')
    .map(each => each.getClientRects()[0].height / parseFloat(getComputedStyle(each).fontSize))[0]"""


def test_a_table_keeps_its_words_whole_at_375_px(browser: Browser) -> None:
    rows = [(LONGEST, "prenumererar", "avregistrerade", "samtyckeshantering") for _ in range(2)]
    blocks = (page.table(("Ändamål", "Prenumererar", "Avregistrerade", "Används av"), rows),)
    text = html(page.Page(language="sv", title="Prov", author="Exempel AB", at=0, blocks=blocks))
    shown = browser.new_page(viewport={"width": 375, "height": 700})
    shown.set_content(text)
    assert shown.evaluate(WIDTH) < 3, "the cell is one line high"
    assert shown.evaluate("document.documentElement.scrollWidth") <= 375
