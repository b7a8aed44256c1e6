"""The Merkle tree of RFC 6962 over entry hashes: root, inclusion, consistency (algorithms: RFC 9162, 2.1)."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from typing import Final

EMPTY: Final = sha256(b"").digest()
HASH_BYTES: Final = 32
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_BLOCK: Final = 1024  # leaves that `extend` hashes level by level

Span = tuple[int, int]


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(_NODE + left + right).digest()


class CompactRange:
    """The tree's right edge: enough to append and to know the root, 32 bytes per set bit of the size."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._nodes = list(nodes)
        if len(self._nodes) != size.bit_count():
            raise ValueError("the nodes do not belong to this size")

    @classmethod
    def load(cls, size: int, data: bytes) -> "CompactRange":
        """Back from `dump`. Raises ValueError when size and bytes do not fit."""
        if len(data) % HASH_BYTES:
            raise ValueError("the nodes do not belong to this size")
        return cls(size, (data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))

    def dump(self) -> bytes:
        """The nodes, largest subtree first."""
        return b"".join(self._nodes)

    def append(self, data: bytes) -> None:
        """One more leaf."""
        self._push(leaf_hash(data), 1)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Many more leaves; each part that is a whole subtree is hashed level by level: twice as fast."""
        source = iter(leaves)
        while batch := list(islice(source, _BLOCK - self.size % _BLOCK)):
            place = 0
            while place < len(batch):
                width = _width(self.size, len(batch) - place)
                self._push(_perfect([leaf_hash(each) for each in batch[place : place + width]]), width)
                place += width

    def root(self) -> bytes:
        """The tree hash of all leaves so far."""
        if not self._nodes:
            return EMPTY
        found = self._nodes[-1]
        for node in reversed(self._nodes[:-1]):
            found = node_hash(node, found)
        return found

    def _push(self, node: bytes, width: int) -> None:
        size, nodes = self.size, self._nodes
        self.size += width
        while size & width:
            node = node_hash(nodes.pop(), node)
            width <<= 1
        nodes.append(node)


def _width(size: int, count: int) -> int:
    """Of the largest whole subtree that begins at leaf `size` and has at most `count` leaves."""
    most = 1 << count.bit_length() - 1
    return min(most, size & -size) if size else most


def _perfect(level: list[bytes]) -> bytes:
    """The root over 2^n leaf hashes."""
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(_NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The tree hash of these leaves."""
    tree = CompactRange()
    tree.extend(leaves)
    return tree.root()


def inclusion_proofs(
    indexes: Iterable[int], size: int, leaves: Iterable[bytes]
) -> dict[int, tuple[bytes, ...]]:
    """One proof for each leaf number (from 0), made in a single pass over the first `size` leaves.

    Raises ValueError for a number outside of the tree, or fewer leaves than `size`.
    """
    wanted = {index: _path(index, size) for index in indexes}
    hashes = _span_hashes({span for path in wanted.values() for span in path}, size, leaves)
    return {index: tuple(hashes[span] for span in path) for index, path in wanted.items()}


def consistency_proof(first: int, size: int, leaves: Iterable[bytes]) -> tuple[bytes, ...]:
    """Shows that the tree of `size` leaves begins with the one of `first`, 0 < first <= size."""
    return consistency_proofs([first], size, leaves)[first]


def consistency_proofs(
    firsts: Iterable[int], size: int, leaves: Iterable[bytes]
) -> dict[int, tuple[bytes, ...]]:
    """The same for many earlier sizes, in a single pass over the leaves."""
    wanted = list(firsts)
    if not all(0 < first <= size for first in wanted):
        raise ValueError("no such tree")
    spans = {first: _subproof(first, (0, size), whole=True) for first in wanted}
    hashes = _span_hashes({span for each in spans.values() for span in each}, size, leaves)
    return {first: tuple(hashes[span] for span in each) for first, each in spans.items()}


def _split(span: Span) -> int:
    """Where a subtree parts: the largest power of two below its width (RFC 9162, 2.1.1)."""
    start, end = span
    return start + (1 << (end - start - 1).bit_length() - 1)


def _path(index: int, size: int) -> list[Span]:
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    found: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = _split((start, end))
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def _subproof(first: int, span: Span, *, whole: bool) -> list[Span]:
    """RFC 9162, 2.1.4.1; `whole`: the subtree is one that the verifier knows already."""
    start, end = span
    if first == end:
        return [] if whole else [span]
    middle = _split(span)
    if first <= middle:
        return [*_subproof(first, (start, middle), whole=whole), (middle, end)]
    return [*_subproof(first, (middle, end), whole=False), (start, middle)]


def _perfect_parts(span: Span) -> list[Span]:
    """A span of the tree as the perfect subtrees that it consists of, left to right."""
    start, end = span
    parts: list[Span] = []
    while start < end:
        width = 1 << (end - start).bit_length() - 1
        parts.append((start, start + width))
        start += width
    return parts


def _span_hashes(spans: set[Span], size: int, leaves: Iterable[bytes]) -> dict[Span, bytes]:
    parts = {span: _perfect_parts(span) for span in spans}
    known = _perfect_hashes({part for each in parts.values() for part in each}, size, leaves)
    return {span: _joined([known[part] for part in each]) for span, each in parts.items()}


def _joined(hashes: Sequence[bytes]) -> bytes:
    found = hashes[-1]
    for node in reversed(hashes[:-1]):
        found = node_hash(node, found)
    return found


def _perfect_hashes(wanted: set[Span], size: int, leaves: Iterable[bytes]) -> dict[Span, bytes]:
    found: dict[Span, bytes] = {}
    edge: list[tuple[Span, bytes]] = []
    count = 0
    for count, data in enumerate(islice(leaves, size), start=1):
        span, node = (count - 1, count), leaf_hash(data)
        while True:
            if span in wanted:
                found[span] = node
            if not edge or edge[-1][0][1] - edge[-1][0][0] != span[1] - span[0]:
                break
            left, before = edge.pop()
            span, node = (left[0], span[1]), node_hash(before, node)
        edge.append((span, node))
    if count != size:
        raise ValueError("fewer leaves than the tree has")
    return found


def verify_inclusion(index: int, size: int, data: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether leaf `index` (from 0) of the tree with this size and root holds `data` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf_hash(data)
    for node in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(node, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, node)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(first: int, size: int, first_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` begins with the tree of `first` (RFC 9162, 2.1.4.2); an empty one always."""
    if not 0 <= first <= size:
        return False
    if first in {0, size}:
        return not proof and (first_root == (EMPTY if first == 0 else root))
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    return bool(path) and _consistent(first - 1, size - 1, path, (first_root, root))


def _consistent(place: int, last: int, path: Sequence[bytes], roots: tuple[bytes, bytes]) -> bool:
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, node)
        place, last = place >> 1, last >> 1
    return last == 0 and (old, new) == roots
