"""Headers that are alike in all but their numbers, spelled without making one: a third of the time.

A first read appends entries of a few kinds by the million. Between two of one kind the header differs in
commitment, previous hash, time, number and reference; the texts around those are spelled once.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from connector.consent.events import Basis, EventType, Grade
from connector.proof.chain import VERSION, Header, canon_header
from connector.store.payloads import GRADES

_COMMIT: Final = "<commit>"
_PREV: Final = "<prev>"
_REF: Final = "<ref>"
#: Quotes stand in no purpose unescaped: this is found where it is meant and nowhere else.
_NUMBERS: Final = f',"recorded_at":0,"seq":0,"subject_ref":"{_REF}"'


class Spelling(NamedTuple):
    """The fixed texts, and the words as the driver takes them fastest: exactly `str` and `int`."""

    before_commit: str
    before_prev: str
    after_prev: str
    after_ref: str
    kind: str
    purpose: str
    basis: str
    grade: int

    def of(self, commit: bytes, prev: bytes, recorded_at: int, seq: int, ref: bytes) -> bytes:
        """The canonical JSON of the header, as `canon_header` spells it; it has no wording and no notice."""
        before_commit, before_prev, after_prev, after_ref, *_ = self
        return (
            f"{before_commit}{commit.hex()}{before_prev}{prev.hex()}{after_prev}"
            f',"recorded_at":{recorded_at},"seq":{seq},"subject_ref":"{ref.hex()}"{after_ref}'
        ).encode()


@lru_cache(maxsize=1024)
def spelling(kind: EventType, purpose: str, basis: Basis, grade: Grade) -> Spelling:
    """What the headers of one kind of entry have in common."""
    made = Header(basis, _COMMIT, GRADES[grade], None, _PREV, purpose, 0, 0, _REF, kind, VERSION, None)
    start, _, after_ref = canon_header(made).decode().rpartition(_NUMBERS)
    before_commit, _, rest = start.partition(_COMMIT)
    before_prev, _, after_prev = rest.partition(_PREV)
    words = (str(kind), str(purpose), str(basis), int(grade))
    return Spelling(before_commit, before_prev, after_prev, after_ref, *words)
