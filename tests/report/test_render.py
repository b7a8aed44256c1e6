"""The pages: both languages, the same figures everywhere, nobody's address, readable in an inbox."""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.report.charts import Chart
from connector.report.discrepancies import DETAILED, Discrepancy, Kind, compare, found
from connector.report.figures import HOUR_MS, Pending
from connector.report.languages import WORDS
from connector.report.render import render
from connector.report.sheet import COLUMNS, FORMULA, harmless
from connector.report.view import SHOWN, page
from connector.report.words import LANGUAGES
from tests.report.examples import CLAIMS, LATE, NOW, groups, many, report, small

GOLDEN = Path(__file__).parent / "golden"
PICTURE = Chart(name="states", title="Title", png=b"\x89PNG", alt="GRANTED: 2.")


class Reader(HTMLParser):
    """What a person sees of a page, and what a screen reader is told."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.language, self.images, self.cells, self.open = [], None, [], 0, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.language = values.get("lang", self.language)
        if tag == "img":
            self.images.append(values)
        self.open.append(tag)

    def handle_data(self, data):
        if data.strip():
            self.texts.append(" ".join(data.split()))

    @property
    def text(self):
        return " ".join(self.texts)


def rows(sheet, language):
    text = sheet.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";" if language == "sv" else ","))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["txt", "html", "csv"])
def test_the_pages_of_a_small_report_stay_as_they_are(language, kind):
    """A change of a word or a figure shows here. Removing a file and running this test writes it anew."""
    made = render(small(), language, ())
    now = {"txt": made.text, "html": made.html, "csv": made.sheet.decode("utf-8")}[kind]
    path = GOLDEN / f"small.{language}.{kind}"
    if not path.exists():
        path.write_text(now, "utf-8", newline="")
        pytest.fail(f"{path.name} was written: read it and run again")
    assert now == path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_and_html_show_the_same_figures(language):
    made = render(report(), language, ())
    seen = Reader(made.html).text
    flat = " ".join(made.text.split())
    for section in made.page.sections:
        for label, value in section.rows:
            for shown in (" ".join(label.split()), " ".join(value.split())):
                assert shown in seen
                assert shown in flat
    for kind in made.page.kinds:
        assert kind.title in seen and kind.title in flat
        assert kind.command in seen or kind.gone
        assert kind.command in flat or kind.gone
    for line in made.page.states:
        assert " ".join(line.count.split()) in seen
        assert f"{line.purpose}, {line.state} ({line.basis}, {line.grade}): {line.count}" in made.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_overview_says_what_the_report_counts(language):
    made, whole = page(report(), WORDS[language]), report()
    assert [kind.count for kind in made.kinds] == [
        WORDS[language].number(each.count) for each in whole.groups
    ]
    assert made.kinds[0].level == "act"
    assert len(made.kinds[4].items) == SHOWN
    assert str(41 - SHOWN) in made.kinds[4].more


@pytest.mark.parametrize(
    ("changed", "swedish", "english"),
    [
        pytest.param(
            {},
            "[main] 2 att åtgärda nu: Prenumeration påslagen trots ett nej (1)"
            " · 45 avvikelser, varav 18 nya · 2026-11-24",
            "[main] 2 to act on now: Resubscribed against a no (1)"
            " · 45 discrepancies, 18 of them new · 2026-11-24",
            id="urgent",
        ),
        pytest.param(
            {"groups": groups(today=(CLAIMS[0],), yesterday=())},
            "[main] Status utan underlag (1) · 1 avvikelse · 2026-11-24",
            "[main] Status without evidence (1) · 1 discrepancy · 2026-11-24",
            id="one, calm",
        ),
        pytest.param(
            {"groups": groups(today=(), yesterday=(LATE,))},
            "[main] Inga avvikelser · 2026-11-24",
            "[main] No discrepancies · 2026-11-24",
            id="none",
        ),
    ],
)
def test_the_subject_is_useful_in_an_inbox(changed, swedish, english):
    made = report(**changed)
    assert render(made, "sv", ()).subject == swedish
    assert render(made, "en", ()).subject == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_one_column_of_its_language_with_inline_styles(language):
    html = render(report(), language, (PICTURE,)).html
    seen = Reader(html)
    assert seen.language == language
    assert "<style" not in html and "<script" not in html and "<link" not in html
    assert 'name="viewport"' in html
    assert "position:" not in html and "float:" not in html
    assert {tag for tag in seen.open if re.fullmatch(r"h\d", tag)} == {"h1", "h2", "h3"}
    assert [image["alt"] for image in seen.images] == ["GRANTED: 2."]


def test_a_mail_names_its_pictures_and_a_file_carries_them():
    made = render(report(), "sv", (PICTURE,))
    assert Reader(made.html).images[0]["src"] == "cid:states@consent-mirror"
    assert Reader(made.standalone()).images[0]["src"] == "data:image/png;base64,iVBORw=="
    assert "http" not in re.sub(
        r"https://app\.hubspot\.com/contacts/62515/record/0-1/\d+", "", made.standalone()
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_without_charts_says_so(language):
    said = WORDS[language].say("no_charts")
    failed, drawn = render(report(), language, None), render(report(), language, ())
    assert said in failed.text and said in failed.html and said in failed.standalone()
    assert said not in drawn.text and said not in drawn.html


def _luminance(colour):
    parts = [int(colour[each : each + 2], 16) / 255 for each in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_letter_has_enough_contrast():
    """WCAG 2.2, 1.4.3: 4.5 to 1 against its ground; letters on a tinted ground are checked against it."""
    html = render(report(), "sv", ()).html
    inks = set(re.findall(r"(?<![-\w])color:(#[0-9a-f]{6})", html))
    assert len(inks) >= 4
    for ink in inks:
        assert _contrast(ink, "#ffffff") >= 4.5, ink
    pairs = re.findall(r"background:(#[0-9a-f]{6})[^\"]*?(?<![-\w])color:(#[0-9a-f]{6})", html)
    pairs += [
        (ground, ink)
        for ink, ground in re.findall(r"(?<![-\w])color:(#[0-9a-f]{6});background:(#[0-9a-f]{6})", html)
    ]
    assert pairs
    for ground, ink in pairs:
        assert _contrast(ground, ink) >= 4.5, (ground, ink)


def test_what_comes_from_outside_is_escaped():
    made = report(
        controller="<script>alert(1)</script> & Co", titles={"newsletter": {"sv": "<b>Nyhetsbrev</b>"}}
    )
    html = render(made, "sv", (Chart(name="a", title="<i>", png=b"x", alt='" onerror="x'),)).html
    assert "<script" not in html and "<b>Nyhetsbrev" not in html and "<i>" not in html
    assert 'onerror="' not in html.replace("&#34;", "")
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_holds_every_discrepancy(language):
    made = render(report(), language, ())
    first, *others = rows(made.sheet, language)
    assert len(first) == len(COLUMNS)
    assert len(others) == 45
    assert {row[2] for row in others} == {str(group.kind) for group in report().groups if group.count}
    assert made.sheet.startswith(b"\xef\xbb\xbf")
    assert sum(row[2] == "status_without_evidence" for row in others) == 41


@given(st.text(), st.sampled_from(FORMULA))
def test_no_cell_is_a_formula(text, start):
    for cell in (text, start + text, " " + start + text, "\x00" + start + text):
        safe = harmless(cell)
        assert not safe.startswith(FORMULA)
        assert not safe.lstrip().startswith(FORMULA)


def test_a_formula_in_a_title_stays_text():
    made = report(titles={"newsletter": {"sv": "=HYPERLINK(1)", "en": "x"}})
    cells = [cell for row in rows(render(made, "sv", ()).sheet, "sv") for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert "=HYPERLINK(1)" not in cells


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_than_the_sheet_holds_are_counted_and_said(language):
    whole = report(groups=compare([many(Kind.STATUS_WITHOUT_EVIDENCE, 800_000)], {}, None))
    made = render(whole, language, ())
    assert WORDS[language].number(800_000) in made.text
    assert WORDS[language].number(800_000 - SHOWN) in made.text
    assert len(rows(made.sheet, language)) == 11
    assert DETAILED <= 5_000


ADDRESSES = st.emails() | st.sampled_from(["anna.å@räksmörgås.se", "x+y@xn--rksmrgs-5wao1o.se"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Kind)), ADDRESSES), min_size=1, max_size=6))
def test_no_raw_address_ever_appears(people):
    """Whoever gathers forgets to mask: nothing of it reaches a page, a sheet or the document."""
    items = [
        Discrepancy(
            kind=kind,
            since=NOW - each * HOUR_MS,
            subject_ref=f"{each:032x}",
            address=address,
            reference=address,
        )
        for each, (kind, address) in enumerate(people)
    ]
    whole = report(groups=compare(found(items), {}, None))
    for language in LANGUAGES:
        made = render(whole, language, ())
        everything = "".join((made.subject, made.text, made.html, made.sheet.decode(), str(whole.document())))
        assert not re.search(r"[^\s\"<>:;•]+@(?!consent-mirror)[^\s•]", everything)
        for _, address in people:
            assert address not in everything


@pytest.mark.parametrize(
    ("changed", "swedish"),
    [
        pytest.param({"last_pull": None}, "Inget har hämtats från HubSpot ännu.", id="never read"),
        pytest.param(
            {"last_pull": NOW - 26 * HOUR_MS},
            "Den senaste hämtningen från HubSpot gjordes för 1 dygn 2 tim sedan.",
            id="read long ago",
        ),
        pytest.param(
            {"pending": Pending(count=1, noes=1, oldest=NOW - HOUR_MS, oldest_no=NOW - HOUR_MS)},
            "Ett nej har väntat på HubSpots bekräftelse i 1 tim.",
            id="a late no",
        ),
        pytest.param(
            {"missed_nights": ("2026-11-22", "2026-11-23")},
            "Rapporten gick inte att skicka dessa nätter: 2026-11-22, 2026-11-23.",
            id="nights without a mail",
        ),
    ],
)
def test_alarms_stand_at_the_top(changed, swedish):
    calm = {"pending": Pending(), "missed_nights": ()}
    made = render(report(**{**calm, **changed}), "sv", ())
    assert made.page.alarms == (swedish,)
    assert f"! {swedish}" in made.text
    assert swedish in Reader(made.html).text


@pytest.mark.parametrize(
    ("milliseconds", "swedish", "english"),
    [
        (0, "0 s", "0 s"),
        (59_999, "59 s", "59 s"),
        (60_000, "1 min", "1 min"),
        (3_661_000, "1 tim 1 min", "1 h 1 min"),
        (90_000_000, "1 dygn 1 tim", "1 d 1 h"),
        (86_400_000 * 1_200, "1\u00a0200 dygn", "1,200 d"),
    ],
)
def test_lengths_of_time_in_both_languages(milliseconds, swedish, english):
    assert WORDS["sv"].age(milliseconds) == swedish
    assert WORDS["en"].age(milliseconds) == english


@pytest.mark.parametrize(
    ("share", "swedish", "english"),
    [
        (1.0, "100\u00a0%", "100%"),
        (0.9999, "99,9\u00a0%", "99.9%"),
        (0.5, "50\u00a0%", "50%"),
        (0.0, "0\u00a0%", "0%"),
    ],
)
def test_shares_are_rounded_down(share, swedish, english):
    assert WORDS["sv"].share(share) == swedish
    assert WORDS["en"].share(share) == english
