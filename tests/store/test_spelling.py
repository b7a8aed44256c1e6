"""A header that is spelled from a template is the one that would have been made."""

from hypothesis import given
from hypothesis import strategies as st

from connector.consent.events import Basis, EventType, Grade
from connector.proof.chain import canon_header, entry_hash, spelled_hash
from connector.store import payloads
from connector.store.payloads import Draft
from connector.store.spelling import spelling

numbers = st.integers(0, 2**62)
hashes = st.binary(min_size=32, max_size=32)


@given(
    kind=st.sampled_from([*EventType]),
    purpose=st.text(max_size=12)
    | st.sampled_from(["newsletter", '"prev":"<prev>', ',"recorded_at":0,"seq":0']),
    basis=st.sampled_from([*Basis]),
    grade=st.sampled_from([*Grade]),
    commit=hashes,
    prev=hashes,
    at=numbers,
    seq=numbers,
    ref=st.binary(min_size=16, max_size=16),
)
def test_it_is_the_canonical_header(kind, purpose, basis, grade, commit, prev, at, seq, ref):
    draft = Draft(kind, purpose, basis, grade, b"{}")
    made = payloads.header(draft, seq, at, ref.hex(), commit.hex(), prev.hex())
    like = spelling(kind, purpose, basis, grade)
    spelled = like.of(commit, prev, at, seq, ref)
    assert spelled == canon_header(made)
    assert spelled_hash(spelled) == entry_hash(made)
    words = (like.kind, like.purpose, like.basis, like.grade)
    assert words == (kind, purpose, basis, grade)
    assert [type(each) for each in words] == [str, str, str, int]
