"""Signed notes: the published vectors, byte for byte, and everything that must not open."""

import base64

import pytest

from connector.proof.merkle import root_of
from connector.proof.notes import SignedRoot, Signer, Verifier, checkpoint, open_note, read_checkpoint, sign

#: golang.org/x/mod/sumdb/note, package example: key, text and signed note.
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n\N{EM DASH} PeterNeumann {SIGNATURE}\n"
OURS = Signer("mirror.example/log/62515", bytes(range(32)))
ROOT = SignedRoot("mirror.example/log/62515", 3, root_of([b"a", b"b", b"c"]))


def test_the_published_note_is_signed_byte_for_byte():
    signer = Signer("PeterNeumann", SEED)
    assert str(signer.verifier) == VERIFIER
    assert sign(TEXT, signer) == NOTE


def test_the_published_note_opens():
    assert open_note(NOTE, [Verifier.parse(VERIFIER)]) == TEXT


def test_a_checkpoint_has_the_three_lines_of_the_specification():
    note = checkpoint(ROOT, OURS)
    encoded = base64.b64encode(ROOT.root).decode()
    assert note.startswith(f"mirror.example/log/62515\n3\n{encoded}\n\n\N{EM DASH} mirror.example/log/62515 ")
    assert read_checkpoint(note, [OURS.verifier]) == ROOT


def test_two_keys_sign_one_checkpoint_while_a_key_is_rotated():
    new = Signer("mirror.example/log/62515", bytes(32))
    note = checkpoint(ROOT, OURS, new)
    for known in ([OURS.verifier], [new.verifier], [new.verifier, OURS.verifier]):
        assert read_checkpoint(note, known) == ROOT


def test_a_verifier_key_is_read_back():
    assert Verifier.parse(f" {OURS.verifier}\n") == OURS.verifier


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", id="wrong hash"),
        pytest.param("Other+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", id="other name"),
        pytest.param("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10", id="cut key"),
        pytest.param("PeterNeumann+c74f20a3+!!", id="not base64"),
        pytest.param("", id="empty"),
    ],
)
def test_a_damaged_verifier_key_is_refused(text):
    with pytest.raises(ValueError, match=r"verifier key|base64"):
        Verifier.parse(text)


@pytest.mark.parametrize(
    ("note", "problem"),
    [
        pytest.param(NOTE.replace("cryptography", "cryptographY"), "wrong", id="edited text"),
        pytest.param(NOTE.replace("x08go", "x08gp"), "wrong|no known key", id="edited signature"),
        pytest.param(NOTE.replace("PeterNeumann", "EnochRoot"), "no known key", id="signed by another"),
        pytest.param(NOTE.removesuffix("\n"), "not a signed note", id="cut"),
        pytest.param(TEXT, "not a signed note", id="no signature"),
        pytest.param(f"{TEXT}\n- PeterNeumann {SIGNATURE}\n", "signature line", id="another dash"),
        pytest.param(f"{TEXT}\n\N{EM DASH} PeterNeumann ???\n", "base64", id="not base64"),
    ],
)
def test_a_note_that_is_not_what_was_signed_does_not_open(note, problem):
    with pytest.raises(ValueError, match=problem):
        open_note(note, [Verifier.parse(VERIFIER)])


@pytest.mark.parametrize(
    "text",
    [
        "mirror\n-1\nAAAA\n",
        "mirror\n01\nAAAA\n",
        "mirror\n1\nAAAA\n",
        "mirror\n1\n",
        "\n1\nAAAA\n",
        "x\n1\n\n",
    ],
)
def test_a_signed_note_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(ValueError, match="not a"):
        read_checkpoint(sign(text, OURS), [OURS.verifier])


@pytest.mark.parametrize("text", ["no newline", "bell\a\n"])
def test_a_text_that_no_note_may_have_is_not_signed(text):
    with pytest.raises(ValueError, match="newline"):
        sign(text, OURS)


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_key_name_that_no_note_may_have_is_refused(name):
    with pytest.raises(ValueError, match="name"):
        Signer(name, bytes(32))
