"""What a person reads at the terminal, and how Ctrl-C ends."""

import json

import pytest

from connector.errors import ConfigurationError
from jobs import cli, output


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (1, ("entry", "entries"), "1 entry"),
        (0, ("entry", "entries"), "0 entries"),
        (1_200, ("write",), "1,200 writes"),
    ],
)
def test_one_is_one_and_more_are_more(count: int, words: tuple[str, ...], said: str) -> None:
    assert output.many(count, *words) == said


@pytest.mark.parametrize("where", ["", "[web] listen"])
def test_brackets_in_an_error_are_no_colours(where: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = ConfigurationError("Nothing under [report].", where=where, next_step="Write [report].")
    output.show_error(error, as_json=False)
    told = capsys.readouterr().err
    assert "Nothing under [report]." in told
    assert where in told


def test_ctrl_c_says_so_and_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jobs.cli_report.load", pressed)
    assert cli.run(["status", "--json"]) == 130
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["code"] == "interrupted"
    assert "Interrupted." in told.err
