"""`init` as a new user runs it: the portal is the token's own, and what exists is kept or refused."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.sandbox.options import Tier
from connector.sandbox.server import Running, Sandbox
from jobs import cli

VARIABLE = "CONSENT_MIRROR_TEST_INIT"
OWN = 4711  # not the example's


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.chdir(tmp_path)
    with Sandbox(people=1, seed=1, tier=Tier.ENTERPRISE, portal_id=OWN).start() as running:
        monkeypatch.setenv(VARIABLE, running.token)
        yield running


def init(portal: Running, *words: str) -> int:
    return cli.run(["init", "--token-env", VARIABLE, "--api", portal.base_url, *words])


def configured() -> int:
    found: int = tomllib.loads(Path("config.toml").read_text("utf-8"))["portals"][0]["portal_id"]
    return found


def test_the_portal_is_the_tokens_own(portal: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(portal) == 0
    assert configured() == OWN
    assert f"Portal         {OWN}\n" in capsys.readouterr().out
    assert Path("config.toml").stat().st_mode & 0o777 == 0o600
    assert init(portal) == 0


def test_without_a_token_the_examples_number_is_said_to_be_no_ones(
    portal: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    assert init(portal) == 0
    assert "put your own as portal_id" in capsys.readouterr().out


def test_a_token_that_opens_nothing_leaves_no_file_that_names_a_portal(
    portal: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "pat-eu1-wrong")
    assert init(portal) == 2
    assert not list(Path().iterdir())
    monkeypatch.setenv(VARIABLE, portal.token)
    assert init(portal) == 0
    assert configured() == OWN


@pytest.mark.parametrize("words", [("--portal-id", "5"), ("--api", "https://api.hubapi.com")])
def test_a_word_against_the_file_that_is_there_is_refused(
    portal: Running, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(portal) == 0
    before = Path("config.toml").read_bytes()
    assert init(portal, *words) == 2
    assert words[1] in capsys.readouterr().err
    assert Path("config.toml").read_bytes() == before


def test_the_numbers_that_the_file_names_are_agreed_to(portal: Running) -> None:
    assert init(portal, "--portal-id", str(OWN)) == 0
    assert init(portal, "--portal-id", str(OWN)) == 0
