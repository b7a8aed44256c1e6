"""The token goes to HubSpot's hosts and to this machine, nowhere else."""

import pytest

from connector.errors import ConfigurationError
from connector.hubspot.hosts import checked, is_loopback


@pytest.mark.parametrize(
    "url",
    [
        "https://api.hubapi.com",
        "https://api-eu1.hubapi.com",
        "https://API.HUBAPI.COM/",
        "https://api.hubapi.com:443",
        "http://127.0.0.1:8123",
        "http://localhost:8123",
        "http://[::1]:8123",
    ],
)
def test_an_allowed_host_is_taken(url: str) -> None:
    assert checked(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://api.hubapi.com", id="without TLS"),
        pytest.param("https://api.hubapi.com.evil.example", id="a longer name"),
        pytest.param("https://evilhubapi.com", id="a name that ends alike"),
        pytest.param("https://hubapi.com", id="the bare domain"),
        pytest.param("https://api.hubapi.com@evil.example", id="user information"),
        pytest.param("https://evil.example\\@api.hubapi.com", id="a backslash"),
        pytest.param("https://evil.example#.hubapi.com", id="a fragment"),
        pytest.param("https://evil.example?.hubapi.com", id="a query"),
        pytest.param("https://api.hubapi.com/path", id="a path"),
        pytest.param("https://api.hubapi.com:8443", id="another port"),
        pytest.param("https://api.hubapi.com:x", id="no port"),
        pytest.param("http://127.0.0.1.evil.example", id="loopback as a label"),
        pytest.param("ftp://127.0.0.1", id="another scheme"),
        pytest.param("https://api.hubapi.com .evil.example", id="a space"),
        pytest.param("", id="nothing"),
    ],
)
def test_any_other_host_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(url)
    assert caught.value.where == "portals.api"


def test_only_this_machine_is_loopback() -> None:
    assert is_loopback("http://127.0.0.1:1")
    assert not is_loopback("https://api.hubapi.com")
