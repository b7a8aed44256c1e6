"""Key rotation: signed by both, in both directions, and by nobody else."""

import pytest

from connector.proof.notes import Signer, sign
from connector.proof.trust import ROTATION, origin_of, read_rotation, rotate, trusted

NAME = origin_of(62515)
FIRST, SECOND, THIRD, THIEF = (Signer(NAME, bytes([number]) * 32) for number in range(1, 5))


def test_whoever_trusts_one_key_of_a_chain_trusts_all_of_them():
    notes = [rotate(SECOND, THIRD), rotate(FIRST, SECOND)]
    every = {FIRST.verifier, SECOND.verifier, THIRD.verifier}
    for start in (FIRST, SECOND, THIRD):
        assert set(trusted(start.verifier, notes)) == every
        assert trusted(start.verifier, notes)[0] == start.verifier
    assert trusted(THIEF.verifier, notes) == (THIEF.verifier,)


@pytest.mark.parametrize("signers", [(FIRST,), (SECOND,), (FIRST, THIEF), (THIEF, SECOND)])
def test_a_rotation_without_both_signatures_is_refused(signers):
    text = f"{ROTATION}\n{NAME}\n{FIRST.verifier}\n{SECOND.verifier}\n"
    with pytest.raises(ValueError, match="sign"):
        read_rotation(sign(text, *signers))


@pytest.mark.parametrize(
    "text",
    [
        f"other/v1\n{NAME}\n{FIRST.verifier}\n{SECOND.verifier}\n",
        f"{ROTATION}\n{origin_of(1)}\n{FIRST.verifier}\n{SECOND.verifier}\n",
        f"{ROTATION}\n{NAME}\n{FIRST.verifier}\n",
        f"{ROTATION}\n{NAME}\n{FIRST.verifier}\nnonsense\n",
    ],
)
def test_what_is_no_rotation_of_this_log_is_refused(text):
    with pytest.raises(ValueError, match=r"rotation|another log|key|base64"):
        read_rotation(sign(text, FIRST, SECOND))


def test_a_rotation_of_another_log_says_nothing_about_this_one():
    other = origin_of(1)
    note = rotate(Signer(other, bytes([1]) * 32), Signer(other, bytes([2]) * 32))
    assert trusted(FIRST.verifier, [note]) == (FIRST.verifier,)
