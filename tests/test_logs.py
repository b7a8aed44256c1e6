"""No log line tells a person or a secret, whoever wrote it; a planted leak is found by the same search."""

import base64
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from connector import logs

CANARY = "canary.bird+tag@exempel.se"
IDN = "canary@köping.se"
PUNYCODE = "canary@xn--kping-jua.se"
TOKEN = "pat-eu1-0a1b2c3d-1111-2222-3333-444455556666"
PASSWORD = "hunter2!x/y z"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def url_safe(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


LEAKS = [
    pytest.param(CANARY, id="an address"),
    pytest.param(CANARY.upper(), id="in capitals"),
    pytest.param(IDN, id="of an international domain"),
    pytest.param(PUNYCODE, id="in punycode"),
    pytest.param("canary.å@exempel.se", id="with an international name"),
    pytest.param("o'canary@exempel.se", id="with an apostrophe"),
    pytest.param('"canary bird"@exempel.se', id="quoted"),
    pytest.param("canary＠exempel.se", id="with a wide at sign"),
    pytest.param(quote(CANARY), id="percent-encoded"),
    pytest.param(quote(quote(CANARY)), id="percent-encoded twice"),
    pytest.param(f"/statuses/{quote(CANARY, safe='@')}?channel=EMAIL", id="in a path"),
    pytest.param(f"https://api.hubapi.com/x?email={quote(CANARY)}&limit=1", id="in a query"),
    pytest.param(encoded(CANARY), id="in base64"),
    pytest.param(url_safe(f"x{IDN}"), id="in base64 for URLs"),
    pytest.param(f"/unsubscribe/{url_safe(CANARY)}", id="in base64 in a path"),
    pytest.param(f'{{"email": "{CANARY}", "n": 1}}', id="in JSON"),
    pytest.param(json.dumps({"m": f"<{CANARY}>"}).replace("@", "\\u0040"), id="escaped in JSON"),
    pytest.param(f"mailto:{CANARY}", id="in a link"),
    pytest.param(f"Anna <{CANARY}>, Bo <bo.canary@b.se>", id="in a header"),
    pytest.param(f"Authorization: Bearer {TOKEN}", id="a bearer token"),
    pytest.param("authorization=Bearer canary-token-0123", id="a bearer token of another shape"),
    pytest.param("Bearer canary-token-0123", id="a bare bearer token"),
    pytest.param("Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==", id="basic authorization"),
    pytest.param(TOKEN, id="a token"),
    pytest.param("PAT-NA1-CANARY00-1111-2222", id="a token in capitals"),
    pytest.param("access_token=canary0123&x=1", id="a keyed secret"),
    pytest.param("{'client_secret': 'canary0123'}", id="a keyed secret in quotes"),
    pytest.param("smtp://canary:canary-pass@mail.exempel.se", id="a password in a URL"),
    pytest.param(f"login with {PASSWORD}", id="a known secret"),
    pytest.param(f"login with {PASSWORD.upper()}", id="a known secret in capitals"),
    pytest.param(quote(PASSWORD, safe=""), id="a known secret percent-encoded"),
    pytest.param(encoded(f"user:{PASSWORD}"), id="a known secret in base64"),
]
NEVER = ["canary", "hunter2", "Y2FuYXJ5", "444455556666", encoded(CANARY), encoded(f"user:{PASSWORD}")]


@pytest.fixture(autouse=True)
def known() -> None:
    logs.remember_secret(PASSWORD)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Logs as lines of JSON, and everything as it was afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, structlog.get_config(), sys.excepthook, threading.excepthook)
    out = io.StringIO()
    logs.configure(json=True, level="debug", stream=out)
    yield out
    root.handlers[:], level, config, sys.excepthook, threading.excepthook = before
    root.setLevel(level)
    structlog.configure(**config)
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def leaks(text: str) -> list[str]:
    folded = text.casefold()
    return [each for each in NEVER if each.casefold() in folded]


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_redacted(leak: str) -> None:
    assert leaks(logs.redact(f"before {leak} after")) == []


@pytest.mark.parametrize("leak", LEAKS)
def test_the_rest_of_the_line_stays(leak: str) -> None:
    cleaned = logs.redact(f"before {leak} after")
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


def test_the_search_for_leaks_finds_a_planted_one() -> None:
    assert leaks(f"oops {CANARY}") == ["canary"]
    assert leaks(encoded(CANARY)) != []


@pytest.mark.parametrize("leak", LEAKS)
def test_values_that_stand_in_every_line_are_redacted_too(stream: io.StringIO, leak: str) -> None:
    for _ in range(2):  # the second time it is remembered
        logs.get_logger(room=leak).info(leak, where=leak, method=leak)
    assert len(lines(stream)) == 2
    assert leaks(stream.getvalue()) == []


def test_a_value_that_was_told_before_it_was_a_secret_is_told_no_more(stream: io.StringIO) -> None:
    logs.get_logger().info("told", where="canary-later")
    logs.remember_secret("canary-later")
    logs.get_logger().info("told", where="canary-later")
    assert [each["where"] for each in lines(stream)] == ["canary-later", logs.SECRET]


@pytest.mark.parametrize("leak", LEAKS)
def test_no_way_into_the_log_lets_a_leak_through(stream: io.StringIO, leak: str) -> None:
    log = logs.get_logger(bound=leak)
    log.info("told", value=leak, deep={"list": [leak, {leak: leak}]}, data=leak.encode(), odd=Odd(leak))
    logging.getLogger("urllib3.connectionpool").warning("retrying %s", leak)
    logging.getLogger("sqlalchemy.engine").error("%r", {"leak": leak})
    logging.getLogger("apscheduler.executors").error("Job %s raised", leak)
    try:
        _raise(leak)
    except ValueError:
        log.exception("failed")
        logging.getLogger("other").exception("failed")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(leak, stacklevel=1)
    assert len(lines(stream)) == 7
    assert leaks(stream.getvalue()) == []


class Odd:
    """Something that tells itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def _raise(leak: str) -> None:
    local = f"a local: {leak}"
    try:
        raise KeyError(local)
    except KeyError as error:
        raise ValueError(f"outer {leak}") from error


def test_a_traceback_shows_lines_and_no_locals(stream: io.StringIO) -> None:
    hidden = "local-value-0123"
    try:
        raise ValueError("plain")
    except ValueError:
        logs.get_logger().exception("failed")
    [line] = lines(stream)
    assert "ValueError: plain" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert hidden not in line["exception"].replace('hidden = "local-value-0123"', "")


def test_an_error_that_nobody_caught_is_logged_redacted(stream: io.StringIO) -> None:
    thread = threading.Thread(target=_raise, args=(CANARY,))
    thread.start()
    thread.join()
    error = ValueError(CANARY)
    sys.excepthook(ValueError, error, None)
    assert [line["event"] for line in lines(stream)] == ["uncaught_error"] * 2
    assert leaks(stream.getvalue()) == []


def test_a_line_that_cannot_be_written_is_lost_without_a_word_of_it(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    [handler] = [each for each in logging.getLogger().handlers if isinstance(each, logs._Handler)]
    handler.handle(logging.LogRecord("other", logging.ERROR, "", 1, "%d", (CANARY,), None))
    shown = capsys.readouterr().err
    assert "log_line_lost" in shown
    assert leaks(shown + stream.getvalue()) == []


@pytest.mark.parametrize(
    "name", ["token", "access_token", "password", "Authorization", "smtp_password", "email"]
)
def test_a_key_that_names_a_secret_or_an_address_tells_nothing(stream: io.StringIO, name: str) -> None:
    logs.get_logger().info("told", **{name: "canary", "deep": {name: 4711}})
    assert leaks(stream.getvalue()) == []
    assert "4711" not in stream.getvalue() or name == "email"


@pytest.mark.parametrize(
    "plain",
    [
        "where /communication-preferences/2026-03/statuses/{email}",
        "subject_ref 0123456789abcdef0123456789abcdef",
        "run 018f3c2a9d7b7e0a8c1d2e3f4a5b6c7d",
        'File "connector/store/work.py", line 3, in commit',
        "@property",
        "correlation 01904b4e-1c2d-7e5f-8a9b-0c1d2e3f4a5b",
        "portals.token_env or token_file",
        "the token is wrong; read it again",
        "2026-09-21T14:13:20.000Z",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_is_neither_person_nor_secret_stays(plain: str) -> None:
    assert logs.redact(plain) == plain


@given(st.binary(min_size=16, max_size=16))
def test_a_reference_in_hex_is_never_taken_for_an_address(data: bytes) -> None:
    assert logs.redact(data.hex()) == data.hex()


LOCAL = st.text(st.sampled_from("abcåÄ09.+-_'%"), min_size=1, max_size=12)
DOMAIN = st.sampled_from(["exempel.se", "xn--kping-jua.se", "köping.se", "EXEMPEL.SE", "localhost"])
FORMS = st.sampled_from([str, quote, lambda text: quote(quote(text)), str.upper, lambda text: f"<{text}>"])


@given(LOCAL, DOMAIN, FORMS)
def test_no_address_comes_through_in_any_form(local: str, domain: str, form: Any) -> None:
    shown = form(f"zebra{local}@{domain}")
    assert "zebra" not in logs.redact(f"said {shown}, twice").casefold()


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = logs.redact(text)
    assert logs.redact(once) == once


def test_redaction_is_linear() -> None:
    """A value of megabytes without an end must not stop the daemon."""
    for long in ("a" * 2_000_000, "a." * 500_000 + "@" * 10, '"' * 200_000, "token=" * 100_000):
        logs.redact(long)


def test_each_line_is_one_document_with_time_and_level(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(run="r-1"):
        logs.get_logger(job="push").info("letters_sent", sent=98, took_s=1.8, last=None)
    [line] = lines(stream)
    assert line["event"] == "letters_sent"
    assert (line["level"], line["job"], line["run"], line["sent"], line["last"]) == (
        "info",
        "push",
        "r-1",
        98,
        None,
    )
    assert line["at"].endswith("Z")


def test_libraries_that_tell_urls_are_kept_quiet(stream: io.StringIO) -> None:
    for name in logs.NOISY:
        logging.getLogger(name).info("GET %s", CANARY)
    assert stream.getvalue() == ""


def test_a_terminal_gets_text_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    renderer = logs._renderer(None, out)
    assert isinstance(renderer, structlog.dev.ConsoleRenderer)
    assert isinstance(logs._renderer(True, out), structlog.processors.JSONRenderer)
    assert isinstance(logs._renderer(None, io.StringIO()), structlog.processors.JSONRenderer)


def test_a_short_value_is_no_secret_to_tear_lines_apart_for() -> None:
    logs.remember_secret("a")
    assert logs.redact("banana") == "banana"
