"""Seals: open in their place and nowhere else."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.proof.seal import (
    NEW_KEY_BYTES,
    Keyed,
    SealBroken,
    SuppressionKeys,
    Vault,
    check_value,
    kid,
    seal,
    unseal,
)

MASTER, OTHER = bytes(range(32)), bytes(32)
REF, ADDRESS = b"r" * 16, b"a" * 16
NONCE = b"n" * 12


@pytest.fixture
def vault():
    return Vault(MASTER, 7)


def test_a_persons_key_comes_back_from_its_wrapping(vault):
    cipher, wrapped = vault.new_key(REF, bytes(range(NEW_KEY_BYTES)))
    sealed = seal(cipher, NONCE, b"plain", b"place")
    assert unseal(vault.key(REF, wrapped), sealed, b"place") == b"plain"
    assert bytes(range(32)) not in wrapped


@pytest.mark.parametrize(
    ("vault_of", "ref", "change"),
    [
        pytest.param((OTHER, 7), REF, 0, id="another master key"),
        pytest.param((MASTER, 8), REF, 0, id="another portal"),
        pytest.param((MASTER, 7), b"s" * 16, 0, id="another person"),
        pytest.param((MASTER, 7), REF, 1, id="edited"),
    ],
)
def test_a_key_opens_for_its_person_only(vault, vault_of, ref, change):
    _, wrapped = vault.new_key(REF, bytes(range(NEW_KEY_BYTES)))
    edited = wrapped[:-1] + bytes([wrapped[-1] ^ change])
    with pytest.raises(SealBroken):
        Vault(*vault_of).key(ref, edited)


def test_a_ciphertext_cannot_be_moved(vault):
    sealed = seal(vault.own, NONCE, b"plain", vault.entry_place(REF, 5))
    assert unseal(vault.own, sealed, vault.entry_place(REF, 5)) == b"plain"
    places = [
        vault.entry_place(REF, 6),
        vault.entry_place(b"s" * 16, 5),
        vault.address_place(REF, ADDRESS),
        Vault(MASTER, 8).entry_place(REF, 5),
    ]
    for place in places:
        with pytest.raises(SealBroken):
            unseal(vault.own, sealed, place)


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(28)])
def test_what_is_no_ciphertext_does_not_open(vault, sealed):
    with pytest.raises(SealBroken):
        unseal(vault.own, sealed, b"")


def test_an_address_reference_tells_addresses_and_portals_apart_and_nothing_else(vault):
    one = vault.address_ref("anna@exempel.se")
    assert one == vault.address_ref("anna@exempel.se")
    others = {
        vault.address_ref("anna+x@exempel.se"),
        Vault(MASTER, 8).address_ref("anna@exempel.se"),
        Vault(OTHER, 7).address_ref("anna@exempel.se"),
        vault.source_ref(b"", "anna@exempel.se"),
    }
    assert len(others | {one}) == 5
    assert len(one) == 16


def test_a_suppression_hash_follows_the_rule_of_the_domain():
    keys = SuppressionKeys((MASTER, OTHER), 7)
    derived = hmac.digest(MASTER, b"consent-mirror/suppression/v1|7", "sha256")
    expected = hmac.digest(derived, b"suppress/v1|email|anna@exempel.se", "sha256")
    assert keys.newest("anna@exempel.se") == (kid(MASTER), expected)


def test_every_key_of_the_ring_is_tested():
    new, old = SuppressionKeys((OTHER, MASTER), 7), SuppressionKeys((MASTER,), 7)
    assert old.newest("anna@exempel.se") in new.hashes("anna@exempel.se")


def test_one_portals_list_says_nothing_about_anothers():
    one, other = SuppressionKeys((MASTER,), 7), SuppressionKeys((MASTER,), 8)
    assert one.newest("anna@exempel.se")[1] != other.newest("anna@exempel.se")[1]


def test_a_check_value_tells_keys_apart_and_does_not_show_them():
    assert check_value(MASTER) != check_value(OTHER)
    assert check_value(MASTER) not in MASTER.hex()


@given(st.binary(max_size=100), st.binary(max_size=300))
def test_the_quicker_hmac_is_the_librarys(key, message):
    assert Keyed(key)(message) == hmac.digest(key, message, "sha256")
