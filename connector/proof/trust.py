"""Which public keys speak for a log: one of them, and those that a rotation signed by both ties to it.

A rotation is a signed note (C2SP signed-note) whose text names the log, the old and the new key. It counts
only with the signatures of both: the old key vouches for its successor, the new one for what the old signed.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from connector.proof.notes import Signer, Verifier, open_note, sign

ROTATION: Final = "consent-log/rotate/v1"


class Rotation(NamedTuple):
    """A key that takes over from another one."""

    origin: str
    old: Verifier
    new: Verifier


def origin_of(portal: int) -> str:
    """The name of a portal's log: first line of its checkpoints, and the name of the keys that sign it."""
    return f"consent-mirror/portal/{portal}"


def rotate(old: Signer, new: Signer) -> str:
    """The note with which a new key takes over, signed by both."""
    return sign(f"{ROTATION}\n{old.verifier.name}\n{old.verifier}\n{new.verifier}\n", old, new)


def read_rotation(note: str) -> Rotation:
    """What a rotation says. Raises ValueError unless both keys signed it."""
    lines = note.split("\n\n", maxsplit=1)[0].split("\n")
    if len(lines) != 4 or lines[0] != ROTATION:
        raise ValueError("not a rotation")
    old, new = Verifier.parse(lines[2]), Verifier.parse(lines[3])
    if {old.name, new.name} != {lines[1]}:
        raise ValueError("keys of another log")
    for key in (old, new):
        open_note(note, [key])
    return Rotation(lines[1], old, new)


def trusted(start: Verifier, notes: Iterable[str]) -> tuple[Verifier, ...]:
    """`start` and every key that rotations tie to it, older or newer. Raises ValueError for a bad one."""
    rotations = [each for each in map(read_rotation, notes) if each.origin == start.name]
    known = [start]
    for key in known:  # grows while it is walked
        for each in rotations:
            known.extend(
                other
                for one, other in ((each.old, each.new), (each.new, each.old))
                if one == key and other not in known
            )
    return tuple(known)
