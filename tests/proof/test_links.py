"""Signed links: nothing readable inside, nothing to guess, nothing to alter (consent-domain 8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.proof.links import Scope, Signer, Ticket

SIGNER = Signer(b"k" * 32)
TICKET = Ticket(
    scope=Scope.LOOK, portal=62515, id=bytes(range(16)), made_at=1_700_000_000_000, ends_at=1_700_000_000_001
)


@given(
    st.builds(
        Ticket,
        scope=st.sampled_from(Scope),
        portal=st.integers(0, 2**63),
        id=st.binary(min_size=16, max_size=16),
        made_at=st.integers(0, 2**53),
        ends_at=st.none() | st.integers(1, 2**53),
    )
)
def test_what_was_signed_is_read(ticket: Ticket) -> None:
    assert SIGNER.read(SIGNER.sign(ticket)) == ticket


def test_the_form_is_that_of_the_domain() -> None:
    token = SIGNER.sign(TICKET)
    version, kid, payload, mac = token.split(".")
    assert (version, len(kid), len(mac)) == ("v1", 8, 43)
    assert len(token) < 150 and payload.isascii()


@pytest.mark.parametrize("place", range(0, 110, 3))
def test_one_changed_character_makes_it_nothing(place: int) -> None:
    token = SIGNER.sign(TICKET)
    place %= len(token)
    for other in "A.z0":
        if token[place] != other:
            assert SIGNER.read(token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize(
    "token", ["", "v1", "v1...", "v1.a.b.c", "å" * 20, "v1." * 500, SIGNER.sign(TICKET) + "="]
)
def test_nonsense_is_nothing(token: str) -> None:
    assert SIGNER.read(token) is None


def test_another_key_signs_nothing_of_ours() -> None:
    assert Signer(b"x" * 32).read(SIGNER.sign(TICKET)) is None


def test_a_stop_never_ends_and_a_look_does() -> None:
    stop = Ticket(scope=Scope.STOP, portal=1, id=bytes(16), made_at=1)
    assert not stop.is_over(2**60)
    assert TICKET.is_over(1_700_000_000_001) and not TICKET.is_over(1_700_000_000_000)
