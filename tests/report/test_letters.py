"""Letters to people: each kind in both languages, the same words in text and HTML, nothing that sells."""

import re
from email import message_from_bytes, policy
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from connector.consent.events import Overlay
from connector.consent.letters import STOPS, LetterKind, Stop, stopped
from connector.consent.lint import sells
from connector.report.letters import FACTS, Attachment, blocks_of, compose, linked, write

ZONE = ZoneInfo("Europe/Stockholm")
AT = 1_781_517_600_000  # 2026-06-15 12:00 in Stockholm
FACT = {
    "notice": "Vi har din adress för att skicka fakturor.\n\n# Dina rättigheter\n\n- rättelse\n- radering",
    "source": "En lista från Mässan AB.",
    "collected": AT,
    "items": ["Nyhetsbrev: ja den 15 juni 2026"],
    "purposes": ["Nyhetsbrev"],
    "at": AT,
    "purpose": "Nyhetsbrev",
    "link": "https://consent.exempel.se/p/v1.abc_-9",
    "until": AT + 7 * 86_400_000,
    "right": "access",
    "received": AT,
    "due": AT + 30 * 86_400_000,
    "reason": "Vi väntar på svar från en annan avdelning.",
    "answer": "Vi har rättat ditt namn.",
    "suppressed": True,
    "purging": True,
}
EVERY = [(kind, language) for kind in LetterKind for language in ("sv", "en")]


def letter(kind, language, **more):
    facts = {name: FACT[name] for name in FACTS[kind]} | more
    return write(kind, language, facts, controller="Exempel AB", contact="dataskydd@exempel.se", zone=ZONE)


def shown(html):
    """What a reader of the HTML sees, blank lines aside."""
    body = re.sub(r"<(head|style).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_text_and_html_say_the_same_words(kind, language):
    made = letter(kind, language)
    words = re.sub(r"^-+$|^- |^--$", " ", made.text, flags=re.MULTILINE).split()
    assert shown(made.html).split() == [*made.subject.split(), *words]
    assert f'lang="{language}"' in made.html


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_letter_names_the_controller_whom_to_ask_and_sells_nothing(kind, language):
    made = letter(kind, language)
    assert "Exempel AB" in made.subject + made.text
    assert "dataskydd@exempel.se" in made.text
    assert "imy.se" in made.text
    assert not sells(made.text)
    assert b"Exempel AB" not in made.template
    assert b"{{ controller }}" in made.template


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_facts_are_text_and_never_mark_up(kind, language):
    evil = '<script>alert("x")</script>'
    facts = {name: evil for name, value in FACT.items() if isinstance(value, str) and name in FACTS[kind]}
    made = letter(kind, language, **facts)
    assert "<script" not in made.html


def test_a_fact_that_is_missing_or_unknown_is_an_error():
    with pytest.raises(ValueError, match="received"):
        write(LetterKind.REQUEST_RECEIVED, "sv", {}, controller="E", contact="c", zone=ZONE)
    with pytest.raises(ValueError, match="surprise"):
        letter(LetterKind.LINKS, "sv", surprise=1)


def test_times_are_local_and_named():
    assert "15 juni 2026 kl. 12:00 (CEST)" in letter(LetterKind.WITHDRAWN, "sv").text
    assert "15 June 2026 at 12:00 (CEST)" in letter(LetterKind.WITHDRAWN, "en").text


def test_a_request_is_confirmed_in_the_words_of_the_domain():
    assert (
        "vi har tagit emot din begäran om registerutdrag den 15 juni 2026 och svarar senast den 15 juli 2026"
        in (letter(LetterKind.REQUEST_RECEIVED, "sv").text)
    )
    assert "on 15 June 2026 and will answer by 15 July 2026" in letter(LetterKind.REQUEST_RECEIVED, "en").text


def test_a_web_address_becomes_one_link_and_keeps_its_full_stop_outside():
    assert linked("See https://exempel.se/a?b=1&c=2.") == (
        'See <a href="https://exempel.se/a?b=1&amp;c=2" style="color:#004a75">'
        "https://exempel.se/a?b=1&amp;c=2</a>."
    )
    assert linked("javascript:alert(1) <b>") == "javascript:alert(1) &lt;b&gt;"


def test_blocks_are_paragraphs_headings_lists_and_links():
    text = "One\ntwo\n\n# Three\nfour\n- five\n- six\nseven\n\nhttps://exempel.se/x"
    assert [(block.kind, block.lines) for block in blocks_of(text)] == [
        ("paragraph", ("One", "two")),
        ("heading", ("Three",)),
        ("paragraph", ("four",)),
        ("list", ("five", "six")),
        ("paragraph", ("seven",)),
        ("link", ("https://exempel.se/x",)),
    ]


def message(**more):
    return compose(
        letter(LetterKind.NOTICE, "sv"),
        **{
            "sender": "consent-mirror@exempel.se",
            "name": "Exempel AB",
            "reply_to": "dataskydd@exempel.se",
            "recipient": "anna@example.org",
            "message": "notice.0123",
            "at": AT,
        }
        | more,
    )


def test_the_same_letter_is_the_same_bytes_at_every_try():
    files = (Attachment("kvitto.html", "text/html", "<p>åäö</p>".encode()),)
    assert message(attachments=files).as_bytes() == message(attachments=files).as_bytes()


def test_the_head_says_from_whom_and_that_no_machine_need_answer():
    made = message_from_bytes(message().as_bytes(), policy=policy.default)
    assert made["From"] == "Exempel AB <consent-mirror@exempel.se>"
    assert made["Reply-To"] == "dataskydd@exempel.se"
    assert made["Message-ID"] == "<notice.0123@exempel.se>"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Content-Language"] == "sv"
    assert made["Date"] == "Mon, 15 Jun 2026 10:00:00 +0000"
    assert max(len(line) for line in message().as_bytes().split(b"\r\n")) <= 998
    assert made.get_body(("plain",)).get_content().startswith("Vi har din adress")


@pytest.mark.parametrize(
    ("kind", "overlay", "suppressed", "stop"),
    [
        pytest.param(LetterKind.NOTICE, None, (), None, id="a notice to anybody"),
        pytest.param(LetterKind.NOTICE, Overlay.RESTRICTED, (), Stop.RESTRICTED, id="stored only"),
        pytest.param(LetterKind.NOTICE, None, ("erased",), Stop.ERASED, id="erased: not even a notice"),
        pytest.param(LetterKind.RECEIPT, None, ("objected",), Stop.OBJECTED, id="said no to everything"),
        pytest.param(LetterKind.RECEIPT, None, ("complaint",), Stop.COMPLAINT, id="called it spam"),
        pytest.param(LetterKind.DOI, None, ("erased",), None, id="a new sign-up of somebody erased (row 35)"),
        pytest.param(LetterKind.DOI, None, ("complaint",), Stop.COMPLAINT, id="no stranger sets it off"),
        pytest.param(LetterKind.REQUEST_ANSWERED, Overlay.RESTRICTED, ("objected",), None, id="owed"),
        pytest.param(LetterKind.ERASURE_DONE, Overlay.ERASED, ("erased",), None, id="the last letter"),
        pytest.param(LetterKind.LINKS, Overlay.ERASED, (), Stop.ERASED, id="no page of somebody erased"),
        pytest.param(
            LetterKind.NOTICE, Overlay.RESTRICTED, ("erased", "complaint"), Stop.RESTRICTED, id="first"
        ),
    ],
)  # fmt: skip
def test_who_may_not_get_a_letter(kind, overlay, suppressed, stop):
    assert stopped(kind, overlay, suppressed) is stop


def test_every_kind_has_its_stops_and_its_facts():
    assert set(STOPS) == set(FACTS) == set(LetterKind)
