"""The token may be rotated under us: read again once, and only a new one is tried."""

import pytest

from connector.errors import ConfigurationError
from connector.hubspot.token import TokenSource


def test_the_source_is_read_once() -> None:
    reads: list[int] = []

    def read() -> str:
        reads.append(1)
        return "pat-one"

    source = TokenSource(read)
    assert [source.current(), source.current()] == ["pat-one", "pat-one"]
    assert len(reads) == 1


def test_a_refused_token_is_replaced_by_a_new_one() -> None:
    kept = ["pat-one", "pat-two"]
    source = TokenSource(lambda: kept.pop(0))
    assert source.renewed(source.current()) == "pat-two"
    assert source.current() == "pat-two"


def test_the_same_token_again_is_no_new_one() -> None:
    source = TokenSource(lambda: "pat-one")
    assert source.renewed(source.current()) is None


def test_a_thread_that_comes_late_gets_what_another_has_read() -> None:
    kept = ["pat-one", "pat-two"]
    source = TokenSource(lambda: kept.pop(0))
    refused = source.current()
    assert source.renewed(refused) == source.renewed(refused) == "pat-two"


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve", "tab\there"])
def test_a_token_that_is_none_is_refused_without_telling_it(token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TokenSource(lambda: token).current()
    assert not token or token not in str(caught.value.document())
