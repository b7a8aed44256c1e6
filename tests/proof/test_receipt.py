"""The receipt: its pages stay as they are, PDF and HTML say the same, and what is not known is said."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from connector.consent.events import EventType, Grade, Source, State
from connector.consent.sendable import Reason
from connector.errors import Refused
from connector.proof.dpv import records
from connector.proof.page import Page, para, title
from connector.proof.paper import html, pdf
from connector.proof.receipt import Gap, document, gaps_of
from connector.proof.receipt_page import receipt_page
from connector.proof.words import ENGLISH, SWEDISH, WORDS
from mappings.terms import Basis
from tests.proof.receipts import CLAIM, GRANT, NOTICE, WORDING, act, small

GOLDEN = Path(__file__).parent / "golden"
LANGUAGES = ("sv", "en")
poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")


class Reader(HTMLParser):
    """What a person reads of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.hidden = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.hidden = tag in {"style", "title"}
        if tag == "li":
            self.texts.append("•")

    def handle_endtag(self, tag):
        self.hidden = False

    def handle_data(self, data):
        if not self.hidden:
            self.texts.append(data)


def made(kind, language):
    receipt = small()
    if kind == "html":
        return html(receipt_page(receipt, language))
    if kind == "json":
        told = document(receipt, WORDS[language].gaps)
    else:
        told = records(receipt, {"newsletter": "24 months after consent"}, language)
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["html", "json", "jsonld"])
def test_a_receipt_stays_as_it_is(kind, language):
    """A change of a word shows here. Removing a file and running this test writes it anew."""
    path = GOLDEN / f"receipt.{language}.{kind}"
    if not path.exists():
        path.write_text(made(kind, language), "utf-8")
        pytest.fail(f"{path.name} was written: look at it, then run again")
    assert made(kind, language).encode() == path.read_bytes()


def words_of_pdf(data: bytes, path: Path) -> str:
    path.write_bytes(data)
    done = subprocess.run(["pdftotext", "-raw", "-nopgbrk", str(path), "-"], capture_output=True, check=True)
    pages = re.sub(r"(?m)^\d+ / \d+$", "", done.stdout.decode())  # the foot of each page
    return squeezed(pages)


def squeezed(text: str) -> str:
    """Lines break elsewhere on paper: only the signs themselves are compared."""
    return re.sub(r"[\s\u200b\u00a0]+", "", text)


@poppler
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_says_what_the_page_says(language, tmp_path):
    page = receipt_page(small(), language)
    read = squeezed("".join(Reader(html(page)).texts))
    assert words_of_pdf(pdf(page), tmp_path / "r.pdf") == read
    for sign in "åäöÅÖÄ•«&<{#":
        assert sign in read


def test_the_pdf_is_an_archive_file_and_the_same_each_time():
    page = receipt_page(small(), "sv")
    one = pdf(page)
    assert one == pdf(page)
    assert b"<pdfaid:part>2</pdfaid:part>" in one
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in one


def test_a_sign_that_no_font_has_is_no_pdf_and_the_reader_is_told():
    page = Page(language="en", title="t", author="a", at=0, blocks=(title("t"), para("\U0001e900\U00012345")))
    with pytest.raises(Refused) as caught:
        pdf(page)
    assert "--html" in caught.value.next_step


def test_the_texts_stand_letter_by_letter():
    for language in LANGUAGES:
        texts = Reader(html(receipt_page(small(), language))).texts
        assert {WORDING, NOTICE} <= set(texts)
    acts = document(small(), ENGLISH.gaps)["purposes"][0]["acts"]
    assert (acts[0]["wording"]["text"], acts[0]["notice"]["text"]) == (WORDING, NOTICE)


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "</pre><img src=x>", "{{ 7 * 7 }}", "\nstarts below"]
)
def test_nothing_that_was_shown_becomes_part_of_our_page(hostile):
    receipt = small()
    shown = replace(receipt.matters[0].acts[0].wording, text=hostile)
    changed = replace(receipt.matters[0].acts[0], wording=shown)
    page = receipt_page(replace(receipt, matters=(replace(receipt.matters[0], acts=(changed,)),)), "en")
    text = html(page)
    assert not any(each in text for each in ("<script", "<img", ">49<"))
    assert hostile in Reader(text.replace("<pre>\n\n", "<pre>\n")).texts
    assert pdf(page).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("event", "gap"),
    [
        pytest.param(CLAIM, Gap.CLAIM, id="a claim is not a consent"),
        pytest.param(CLAIM, Gap.NO_WORDING, id="no wording"),
        pytest.param(CLAIM, Gap.NO_TIME, id="no time"),
        pytest.param(CLAIM, Gap.NO_ACTOR, id="nobody knows who"),
        pytest.param(CLAIM, Gap.NO_EVIDENCE, id="no evidence"),
        pytest.param(replace(GRANT, t_hi=GRANT.t_lo + 1), Gap.SPAN, id="only a span"),
        pytest.param(GRANT, Gap.NO_CONTROL, id="control of the address"),
        pytest.param(replace(GRANT, actor="staff:bo"), Gap.BY_STAFF, id="recorded by staff"),
        pytest.param(
            replace(GRANT, evidence=({"kind": "paper_scan", "stored": False},)), Gap.NOT_KEPT, id="hash only"
        ),
        pytest.param(replace(GRANT, language=None), Gap.NO_LANGUAGE, id="no language"),
        pytest.param(replace(GRANT, detail={}), Gap.NO_PLACE, id="no form"),
        pytest.param(replace(GRANT, type=EventType.REQUEST), Gap.REQUEST, id="a sign-up"),
        pytest.param(replace(GRANT, type=EventType.SOFT_OPTIN), Gap.NO_SALE, id="no sale"),
    ],
)
def test_what_is_not_known_is_said(event, gap):
    assert gap in act(event).gaps


def test_a_text_whose_bytes_are_lost_is_said_and_a_full_proof_has_no_gap():
    lost = replace(act(GRANT).wording, text=None)
    assert Gap.WORDING_LOST in gaps_of(GRANT, lost, None)
    full = replace(GRANT, grade=Grade.E3)
    assert act(full).gaps == ()


def test_only_what_came_after_a_yes_is_told_as_since():
    later, earlier = (
        act(GRANT).since,
        act(replace(GRANT, t_lo=GRANT.t_lo + 10**10, t_hi=GRANT.t_hi + 10**10)).since,
    )
    assert [each.seq for each in later] == [9]
    assert earlier == ()


def test_both_languages_have_every_word():
    for words in (SWEDISH, ENGLISH):
        assert set(words.gaps) == {str(gap) for gap in Gap}
        assert set(words.states) == {str(state) for state in State}
        assert set(words.sources) == {str(source) for source in Source}
        assert set(words.bases) == {str(basis) for basis in Basis}
        assert set(words.reasons) == {str(reason) for reason in Reason}
        assert set(words.grades) == {str(grade) for grade in Grade}
    for name in ("texts", "types", "kinds", "evidence"):
        assert set(getattr(SWEDISH, name)) == set(getattr(ENGLISH, name))


def test_every_term_of_the_export_is_one_of_the_vocabularys():
    """Names from DPV 2.3 and its extensions (consent-domain 3), so that a slip of the pen shows."""
    known = {
        "dpv:ConsentRecord", "dpv:hasDataSubject", "dpv:DataSubject", "dpv:hasDataController",
        "dpv:DataController", "dpv:hasJurisdiction", "dpv:hasApplicableLaw", "dpv:hasLegalBasis",
        "dpv:hasRight", "dpv:hasProcess", "dpv:Process", "dpv:hasPurpose", "dpv:DirectMarketing",
        "dpv:hasPersonalData", "dpv:hasProcessing", "dpv:Store", "dpv:Use", "dpv:hasRecipient",
        "dpv:DataProcessor", "dpv:hasStorageCondition", "dpv:StorageDuration", "dpv:hasDataSource",
        "dpv:hasNotice", "dpv:ConsentNotice", "dpv:PrivacyNotice", "dpv:hasConsentStatus",
        "dpv:ConsentGiven", "dpv:ConsentWithdrawn", "dpv:ConsentUnknown", "dpv:isIndicatedBy",
        "dpv:isIndicatedAtTime", "dpv:hasIndicationMethod",
    }  # fmt: skip
    text = made("jsonld", "en")
    assert set(re.findall(r'"(dpv:[A-Za-z]+)"', text)) <= known
    told = json.loads(text)["@graph"]
    assert [each["cm:currentStatus"] for each in told] == ["dpv:ConsentWithdrawn", "dpv:ConsentUnknown"]
