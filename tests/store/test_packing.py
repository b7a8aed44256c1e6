"""What is packed comes back, whatever it is; what is damaged says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consent.events import Event, EventType, Source
from connector.store import packing, payloads


@given(st.binary(max_size=5_000))
def test_what_is_packed_comes_back(data: bytes) -> None:
    assert packing.unpack(packing.pack(data)) == data


def test_a_claim_takes_less_than_a_third() -> None:
    claim = Event(
        type=EventType.CLAIM,
        actor="subject",
        source=Source.HUBSPOT,
        address="67ef497f114ab02095ef497f114ab0aa",
        source_ref="claim:11:newsletter:67ef497f114ab020.101.1789770312000",
        observation="67ef497f114ab020.101.1789770312000",
        observed_at=1_789_770_312_000,
        t_lo=1_789_770_312_000,
        t_hi=1_789_770_312_000,
        row=11,
        detail={"basis": "CONSENT_WITH_NOTICE", "source": "Email preferences page", "status": "SUBSCRIBED"},
    )
    data = payloads.encode(claim)
    assert len(packing.pack(data)) * 3 < len(data)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xff\xff", id="no deflate"),
        pytest.param(packing.pack(b"x" * 100)[:-1], id="cut off"),
        pytest.param(packing.pack(b"\0" * (packing.LARGEST + 1)), id="a bomb"),
    ],
)
def test_what_is_damaged_says_so(packed: bytes) -> None:
    with pytest.raises(ValueError, match="does not open"):
        packing.unpack(packed)


def test_the_dictionary_is_never_changed() -> None:
    """Payloads that lie in databases were packed with it."""
    assert packing.unpack(bytes.fromhex(KEPT)) == b'{"row":11,"source":"hubspot"}'


KEPT = "abc663682d00"
