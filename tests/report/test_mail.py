"""The message: what a mail program makes of it, and what nobody can smuggle into it."""

import csv
import io
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.report.charts import Chart
from connector.report.mail import Envelope, compose, message_id
from connector.report.render import render
from tests.report.examples import NOW, report

PICTURE = Chart(name="states", title="T", png=b"\x89PNG\r\n\x1a\n" + bytes(range(256)), alt="numbers")
ENVELOPE = Envelope(sender="mirror@exempel.se", recipients=("dataskydd@exempel.se", "it@exempel.se"))


def received(made=None, *, language="sv", charts=(PICTURE,), envelope=ENVELOPE):
    """The message as its reader's program parses it from the wire."""
    whole = made or report()
    message = compose(whole, render(whole, language, charts), envelope, NOW)
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def test_the_headers():
    mail = received()
    assert mail["From"] == "mirror@exempel.se"
    assert mail["To"] == "dataskydd@exempel.se, it@exempel.se"
    assert mail["Subject"] == render(report(), "sv", ()).subject
    assert mail["Date"] == "Tue, 24 Nov 2026 05:00:00 +0000"
    assert mail["Message-ID"] == "<report.2026-11-24.62515@exempel.se>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "sv"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_parts_are_those_that_were_rendered(language):
    mail, made = received(language=language), render(report(), language, (PICTURE,))
    assert mail.get_content_type() == "multipart/mixed"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == made.text
    assert mail.get_body(("html",)).get_content().replace("\r\n", "\n") == made.html
    (sheet,) = mail.iter_attachments()
    assert sheet.get_filename() == "consent-mirror-main-2026-11-24.csv"
    assert sheet.get_content_type() == "text/csv"
    assert sheet.get_payload(decode=True) == made.sheet
    delimiter = ";" if language == "sv" else ","
    assert len(list(csv.reader(io.StringIO(made.sheet.decode("utf-8-sig")), delimiter=delimiter))) == 46


def test_pictures_lie_beside_the_page_that_shows_them():
    mail = received()
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<states@consent-mirror>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_content() == PICTURE.png
    assert "cid:states@consent-mirror" in mail.get_body(("html",)).get_content()
    related = [part for part in mail.walk() if part.get_content_type() == "multipart/related"]
    assert len(related) == 1


def test_any_server_may_carry_it():
    wire = compose(report(), render(report(), "sv", (PICTURE,)), ENVELOPE, NOW).as_bytes()
    assert wire.isascii()
    lines = wire.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert b"\n" not in b"".join(lines)


def test_the_message_id_is_one_for_each_portal_and_day():
    ids = {
        message_id(report(**changed), "mirror@exempel.se")
        for changed in ({}, {"made_at": NOW + 5}, {"date": "2026-11-25"}, {"portal_id": 7})
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    "address",
    [
        "a@b.se\r\nBcc: anna@exempel.se",
        "a@b.se\nX: y",
        "a@b.se, anna@exempel.se",
        "Anna <anna@exempel.se>",
        "anna",
        "",
    ],
    ids=["crlf", "lf", "a list", "a name", "no address", "empty"],
)
@pytest.mark.parametrize("where", ["sender", "recipients"])
def test_nobody_adds_a_header_or_a_reader(address, where):
    values = {"sender": "mirror@exempel.se", "recipients": ("dataskydd@exempel.se",)}
    values[where] = address if where == "sender" else (address,)
    with pytest.raises(ConfigurationError) as caught:
        received(envelope=Envelope(**values))
    assert "anna" not in str(caught.value.document())


def test_no_recipients_is_said():
    with pytest.raises(ConfigurationError, match="no recipients"):
        received(envelope=Envelope(sender="mirror@exempel.se", recipients=()))


@settings(deadline=None)
@given(st.text(min_size=1))
def test_no_portal_name_or_title_breaks_out_of_the_subject(name):
    made = report(portal=name)
    try:
        mail = received(made, charts=())
    except ValueError:
        return  # refused by the mail library: nothing left
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == "<report.2026-11-24.62515@exempel.se>"
