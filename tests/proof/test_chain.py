"""Chain and commitment: the bytes that a third party has to make as well (consent-domain 6)."""

import hashlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.proof.canon import canon
from connector.proof.chain import (
    FIRST,
    Header,
    canon_header,
    commitment,
    entry_hash,
    event_id,
    id_order,
    seq_of,
)

HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
HEADERS = st.builds(
    Header,
    basis=st.sampled_from(["consent", "none"]),
    commit=HEX,
    grade=st.sampled_from(["E0", "E3"]),
    notice_hash=st.none() | HEX,
    prev=HEX,
    purpose=st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    recorded_at=st.integers(0, 2**48 - 1),
    seq=st.integers(1, 2**40 - 1),
    subject_ref=st.none() | HEX.map(lambda text: text[:32]),
    type=st.sampled_from(["grant", "observed.dated"]),
    v=st.just(1),
    wording_hash=st.none() | HEX,
)
EXAMPLE = Header(
    "consent", "ab" * 32, "E2", None, FIRST, "newsletter", 1795000000000, 1, "cd" * 16, "grant", 1, "ef" * 32
)


@given(HEADERS)
def test_a_header_is_written_canonically(header):
    assert canon_header(header) == canon(msgspec.structs.asdict(header))


def test_an_entry_hashes_as_the_rules_say():
    text = (
        '{"basis":"consent","commit":"' + "ab" * 32 + '","grade":"E2","notice_hash":null,"prev":"' + "0" * 64
        + '","purpose":"newsletter","recorded_at":1795000000000,"seq":1,"subject_ref":"' + "cd" * 16
        + '","type":"grant","v":1,"wording_hash":"' + "ef" * 32 + '"}'
    )  # fmt: skip
    assert json.loads(text)["seq"] == 1
    assert entry_hash(EXAMPLE) == hashlib.sha256(b"consent-log/entry/v1\0" + text.encode()).digest()


def test_a_commitment_hashes_salt_and_payload_as_the_rules_say():
    salt, payload = bytes(range(32)), b'{"actor":"subject"}'
    expected = hashlib.sha256(b"consent-log/commit/v1\0" + salt + payload).digest()
    assert commitment(salt, payload) == expected


@pytest.mark.parametrize("name", [field.name for field in msgspec.structs.fields(Header)])
def test_every_field_of_a_header_changes_its_hash(name):
    other = {"recorded_at": 5, "seq": 2, "v": 2}.get(name, "other")
    assert entry_hash(msgspec.structs.replace(EXAMPLE, **{name: other})) != entry_hash(EXAMPLE)


@given(HEADERS)
def test_an_event_id_is_a_uuid7_that_leads_back_to_its_entry(header):
    identifier = event_id(header)
    assert (len(identifier), identifier[12], identifier[16] in "89ab") == (32, "7", True)
    assert int(identifier[:12], 16) == header.recorded_at
    assert seq_of(identifier) == header.seq


@pytest.mark.parametrize("text", ["", "nonsense", "zz" * 16, "ab" * 15])
def test_what_is_no_event_id_leads_nowhere(text):
    assert seq_of(text) is None


@given(HEX, HEX, st.integers(1, 2**40 - 1), st.integers(1, 2**40 - 1))
def test_entries_of_one_moment_are_ordered_as_their_ids(commit, other, seq, later):
    pair = [msgspec.structs.replace(EXAMPLE, commit=c, seq=s) for c, s in ((commit, seq), (other, later))]
    by_id = sorted(pair, key=event_id)
    assert by_id == sorted(pair, key=lambda each: id_order(bytes.fromhex(each.commit), each.seq))
