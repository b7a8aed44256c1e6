"""The nightly mail through the commands: a real server with STARTTLS and a login receives it."""

import json
import os
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from connector.sandbox import Options, Sandbox
from jobs import cli
from tests.report.authority import Authority, make_authority
from tests.report.mailbox import PASSWORD, Box, serving

CONFIG = """
[mirror]
database = "sqlite:///{folder}/mirror.db"
keys = "{folder}/mirror.keys"
[controller]
name = "Exempel AB"
contact = "dataskydd@exempel.example"
[[portals]]
portal_id = {portal}
token_env = "MAIL_TEST_TOKEN"
api = "{api}"
to = ["portalens@exempel.example"]
[[purposes]]
key = "newsletter"
subscription_id = 101
[report]
to = ["alla@exempel.example"]
from = "consent-mirror@exempel.example"
smtp_host = "localhost"
smtp_port = {port}
smtp_security = "starttls"
smtp_user = "consent-mirror"
smtp_password_env = "MAIL_TEST_PASSWORD"
smtp_ca_file = "{ca}"
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def config(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Box]]:
    box = Box()
    with (
        Sandbox(people=60, seed=2, options=Options(limits=False)).start() as server,
        serving(box, starttls=authority.context, host="localhost") as port,
    ):
        monkeypatch.setenv("MAIL_TEST_TOKEN", server.token)
        monkeypatch.setenv("MAIL_TEST_PASSWORD", PASSWORD)
        path = tmp_path / "config.toml"
        path.write_text(
            CONFIG.format(
                folder=tmp_path, portal=server.portal_id, api=server.base_url, port=port, ca=authority.ca
            ),
            "utf-8",
        )
        assert cli.run(["--config", str(path), "init"]) == 0
        assert cli.run(["--config", str(path), "backfill"]) == 0
        yield path, box


def run(path: Path, *words: str) -> int:
    return cli.run(["--config", str(path), *words])


def received(box: Box) -> EmailMessage:
    _, content = box.mails[-1]
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_report_arrives_with_text_html_chart_and_sheet(config: tuple[Path, Box]) -> None:
    path, box = config
    assert run(path, "report", "--send") == 0
    recipients, _ = box.mails[-1]
    message = received(box)
    kinds = {part.get_content_type() for part in message.walk()}
    assert recipients == ("portalens@exempel.example",), "a portal's own recipients come before all"
    assert {"text/plain", "text/html", "image/png", "text/csv"} <= kinds
    assert message["Auto-Submitted"] == "auto-generated"
    assert "62515" in message["Message-ID"]
    assert box.users == ["consent-mirror"]


def test_the_mail_names_nobody(config: tuple[Path, Box], capsys: pytest.CaptureFixture[str]) -> None:
    path, box = config
    assert run(path, "report", "--send", "--json") == 0
    document = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert sum(each["count"] for each in document["discrepancies"]) > 0
    texts = [p.get_content() for p in received(box).walk() if p.get_content_maintype() == "text"]
    words = [word for text in texts for word in text.split() if "@" in word.lstrip("@")]
    assert len(texts) == 3
    assert any("•••@" in word for word in words), "people are masked, not left out"
    open_ = [
        word for word in words if "•••" not in word and "exempel.example" not in word and "cid:" not in word
    ]
    assert open_ == []


def test_doctor_logs_in_and_sends_nothing(
    config: tuple[Path, Box], capsys: pytest.CaptureFixture[str]
) -> None:
    path, box = config
    capsys.readouterr()
    assert run(path, "doctor", "--json") == 0
    checks = {each["name"]: each["ok"] for each in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["mail"]
    assert box.mails == []
    assert box.users == ["consent-mirror"]


def test_a_wrong_password_is_told_and_nothing_is_sent(
    config: tuple[Path, Box], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, box = config
    monkeypatch.setenv("MAIL_TEST_PASSWORD", "wrong-canary-password")
    capsys.readouterr()
    assert run(path, "report", "--send", "--json") == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"]
    assert "canary" not in captured.out + captured.err
    assert box.mails == []


def test_a_server_that_is_away_is_a_temporary_matter(
    config: tuple[Path, Box], capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = config
    os.environ["CONSENT_MIRROR__REPORT__SMTP_PORT"] = "1"
    try:
        assert run(path, "report", "--send") == 75
    finally:
        del os.environ["CONSENT_MIRROR__REPORT__SMTP_PORT"]
    capsys.readouterr()
    assert run(path, "status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["portals"][0]["portal"] == "main"
