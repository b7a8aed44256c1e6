"""HubSpot's signatures, with the vectors of HA 13.2."""

import pytest

from connector.hubspot.signatures import WINDOW_MS, Signed, checked, v1, v3

SECRET, URL, AT = (
    "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
    "https://www.example.com/webhook_uri",
    "1693657560000",
)
CRM = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
    b'"changeFlag":"NEW","appId":54321}]'
)
DOUBLE, SINGLE = b'{"example_field":"example_value"}', b"{'example_field':'example_value'}"
GOOD = "oaA3M5dEtt6kFsseJD/Hv/x+JNl1vsoxFj4oxmwP6Go="


def signed(body: bytes, *, at: str = AT, now: int = int(AT), url: str = URL, said: str = GOOD) -> Signed:
    headers = {"x-hubspot-signature-v3": said, "x-hubspot-request-timestamp": at}
    return checked(SECRET, "POST", url, body, headers, now)


def test_the_vectors() -> None:
    assert v1(SECRET, CRM) == "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
    assert v3(SECRET, "POST", URL, DOUBLE, AT) == GOOD
    assert v3(SECRET, "POST", URL, SINGLE, AT) == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="


def test_v1_and_v3_are_taken() -> None:
    said = {"x-hubspot-signature": v1(SECRET, CRM), "x-hubspot-signature-version": "v1"}
    assert checked(SECRET, "POST", URL, CRM, said, 0) is Signed.GOOD
    assert signed(DOUBLE) is Signed.GOOD


@pytest.mark.parametrize("digest", ["9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900", "x"])
def test_v2_is_refused_although_it_is_right(digest: str) -> None:
    said = {"x-hubspot-signature": digest, "x-hubspot-signature-version": "v2"}
    assert checked(SECRET, "POST", URL, DOUBLE, said, 0) is Signed.UNKNOWN


@pytest.mark.parametrize(
    ("now", "worth"),
    [
        (int(AT) + WINDOW_MS, Signed.GOOD),
        (int(AT) + WINDOW_MS + 1, Signed.STALE),
        (int(AT) - WINDOW_MS - 1, Signed.STALE),
    ],
)
def test_a_signature_lives_five_minutes(now: int, worth: Signed) -> None:
    assert signed(DOUBLE, now=now) is worth


@pytest.mark.parametrize("at", ["", "x", "-1", "1" * 30, "١٦٩٣٦٥٧٥٦٠٠٠٠"])
def test_a_time_that_is_none_is_stale(at: str) -> None:
    assert signed(DOUBLE, at=at) is Signed.STALE


def test_every_bit_counts() -> None:
    """Body, URL, method, secret, and what is said."""
    assert signed(SINGLE) is Signed.WRONG
    assert signed(DOUBLE + b" ") is Signed.WRONG
    assert signed(DOUBLE, url=URL.replace("https", "http")) is Signed.WRONG
    assert signed(DOUBLE, said=GOOD.lower()) is Signed.WRONG
    assert signed(DOUBLE, said="å") is Signed.WRONG
    assert checked(SECRET, "POST", URL, DOUBLE, {}, 0) is Signed.MISSING
    for place in range(len(DOUBLE)):
        flipped = DOUBLE[:place] + bytes([DOUBLE[place] ^ 1]) + DOUBLE[place + 1 :]
        assert signed(flipped) is Signed.WRONG


def test_either_form_of_the_url_is_taken_and_no_other_escape_is_undone() -> None:
    """HQ 48: the documentation decodes some escapes, the clients none."""
    url = "https://www.example.com/hook?a=%2Fb%20c"
    for form in (url, "https://www.example.com/hook?a=/b%20c"):
        assert signed(DOUBLE, url=url, said=v3(SECRET, "POST", form, DOUBLE, AT)) is Signed.GOOD
    undone = "https://www.example.com/hook?a=/b c"
    assert signed(DOUBLE, url=url, said=v3(SECRET, "POST", undone, DOUBLE, AT)) is Signed.WRONG


def test_v3_counts_where_both_came() -> None:
    said = {"x-hubspot-signature": v1(SECRET, DOUBLE), "x-hubspot-signature-v3": "x"}
    assert (
        checked(SECRET, "POST", URL, DOUBLE, said | {"x-hubspot-request-timestamp": AT}, int(AT))
        is Signed.WRONG
    )
