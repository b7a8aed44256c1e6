"""RFC 6962 / 9162: published vectors, and every proof of every small tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.proof import merkle
from connector.proof.merkle import (
    CompactRange,
    inclusion_proofs,
    root_of,
    verify_consistency,
    verify_inclusion,
)

#: The test leaves and roots of certificate-transparency (Go and C++ reference implementations).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
#: (first, size, proof) of the same source.
CONSISTENCY = [
    (1, 1, ()),
    (
        6,
        8,
        (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (
        2,
        5,
        (
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
]
MOST = 40
MANY = [bytes([number]) * 32 for number in range(MOST)]


def test_the_empty_tree():
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size):
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("first", "size", "proof"), CONSISTENCY)
def test_the_published_consistency_proofs(first, size, proof):
    raw = tuple(bytes.fromhex(each) for each in proof)
    assert merkle.consistency_proof(first, size, LEAVES) == raw
    roots = (bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[size - 1]))
    assert verify_consistency(first, size, *roots, raw)


@given(st.lists(st.integers(0, 3000), max_size=5))
def test_however_leaves_are_added_the_root_is_the_same(parts):
    leaves = [number.to_bytes(4, "big") for number in range(sum(parts))]
    tree, rest = CompactRange(), iter(leaves)
    for count in parts:
        tree = CompactRange.load(tree.size, tree.dump())
        tree.extend([next(rest) for _ in range(count)])
    one_by_one = CompactRange()
    for leaf in leaves:
        one_by_one.append(leaf)
    assert (tree.root(), tree.size) == (one_by_one.root(), len(leaves))


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_is_proved_and_no_other_is(size):
    root = root_of(MANY[:size])
    for index, proof in inclusion_proofs(range(size), size, MANY).items():
        assert verify_inclusion(index, size, MANY[index], proof, root)
        assert not verify_inclusion(index, size, b"other", proof, root)
        assert not verify_inclusion((index + 1) % size, size, MANY[index], proof, root) or size == 1
        assert not verify_inclusion(index, size, MANY[index], [*proof, root], root)
        assert not proof or not verify_inclusion(index, size, MANY[index], proof[:-1], root)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_earlier_tree_is_proved_and_no_other_is(size):
    root = root_of(MANY[:size])
    for first in range(1, size + 1):
        proof = merkle.consistency_proof(first, size, MANY)
        before = root_of(MANY[:first])
        assert verify_consistency(first, size, before, root, proof)
        assert not verify_consistency(first, size, root_of([b"x", *MANY[1:first]]), root, proof)
        assert not verify_consistency(first, size, before, bytes(32), proof)
        assert not verify_consistency(first, size, before, root, (*proof, root))
        assert not proof or not verify_consistency(first, size, before, root, proof[1:])


@pytest.mark.parametrize("size", (1, 7, 8, MOST))
def test_many_consistency_proofs_in_one_pass_are_those_made_one_by_one(size):
    firsts = range(1, size + 1)
    one_by_one = {first: merkle.consistency_proof(first, size, MANY) for first in firsts}
    assert merkle.consistency_proofs(firsts, size, iter(MANY)) == one_by_one


def test_an_empty_tree_is_the_beginning_of_every_tree():
    assert verify_consistency(0, 3, merkle.EMPTY, root_of(MANY[:3]), ())
    assert not verify_consistency(0, 3, bytes(32), root_of(MANY[:3]), ())
    assert not verify_consistency(4, 3, bytes(32), root_of(MANY[:3]), ())


@pytest.mark.parametrize(("size", "data"), [(3, bytes(32)), (1, bytes(31)), (0, bytes(32))])
def test_an_edge_that_does_not_belong_to_its_size_is_refused(size, data):
    with pytest.raises(ValueError, match="size"):
        CompactRange.load(size, data)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: inclusion_proofs([3], 3, MANY), id="leaf outside"),
        pytest.param(lambda: inclusion_proofs([0], 50, MANY), id="too few leaves"),
        pytest.param(lambda: merkle.consistency_proof(0, 3, MANY), id="empty first tree"),
        pytest.param(lambda: merkle.consistency_proof(4, 3, MANY), id="larger first tree"),
    ],
)
def test_a_proof_of_what_is_not_there_is_refused(ask):
    with pytest.raises(ValueError, match=r"no such|fewer"):
        ask()
