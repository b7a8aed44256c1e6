"""A bundle verifies offline, and whatever was done to one is found, with the entry named."""

import json

import pytest

from connector.proof.bundle import RULES, SCHEMA
from connector.proof.check_bundle import verify_bundle
from connector.proof.notes import Signer, Verifier
from connector.proof.verify import Problem
from tests.proof.bundles import NOTICE, WORDING, made
from tests.proof.tampering import HEADER_VALUES, HEADERS, ONLY_SEALED, OTHERS, every

KEY = "consent-mirror/portal/62515"


def checked(data, key=None):
    return verify_bundle(data, Verifier.parse(key or made().key))


def changed(change):
    body = made().body
    change(body)
    return body


def seq(place):
    return made().body["entries"][place]["header"]["seq"]


def test_a_good_bundle_is_sound_with_any_of_the_logs_keys_and_tells_whose_key_it_used():
    body = made().body
    for key in (made().key, made().old_key):
        verdict = checked(made().data, key)
        assert (verdict.findings, verdict.entries, verdict.checkpoints) == ([], len(body["entries"]), 2)
        assert (verdict.payloads, verdict.texts, verdict.key_given) == (verdict.entries, 2, True)
    assert (verify_bundle(made().data).ok, verify_bundle(made().data).key_given) == (True, False)


def test_a_bundle_explains_itself_and_holds_the_texts_byte_for_byte():
    import base64

    body = made().body
    assert (body["schema"], tuple(body["rules"])) == (SCHEMA, RULES)
    texts = {base64.b64decode(each["data"]).decode() for each in body["texts"]}
    assert texts == {WORDING, NOTICE}
    assert body["entries"][-1]["header"]["type"] == "accessed", "the look itself is in it"


def test_another_key_is_refused():
    stranger = Signer(KEY, bytes(32)).verifier
    verdict = verify_bundle(made().data, stranger)
    assert Problem.SIGNATURE in {each.problem for each in verdict.findings}


@pytest.mark.parametrize("name", HEADER_VALUES)
def test_each_changed_header_field_is_found_and_its_entry_named(name):
    body = changed(HEADERS[f"header {name}"])
    first = checked(made().resealed(body)).first_broken
    assert first is not None
    assert first.seq == body["entries"][1]["header"]["seq"]


@pytest.mark.parametrize(
    ("name", "place", "problem"),
    [
        ("an unknown field in a header", 1, Problem.EDITED),
        ("payload", 1, Problem.PAYLOAD),
        ("payload of another entry", 1, Problem.PAYLOAD),
        ("salt", 1, Problem.PAYLOAD),
        ("payload removed", 1, Problem.NO_PAYLOAD),
        ("inclusion cut", 1, Problem.NOT_IN_LOG),
        ("inclusion of another entry", 1, Problem.NOT_IN_LOG),
        ("order", 1, Problem.ORDER),
        ("an entry twice", 1, Problem.ORDER),
        ("an entry made up", None, Problem.NOT_IN_LOG),
        ("text changed", None, Problem.TEXT),
        ("text removed", None, Problem.NO_TEXT),
        ("consistency cut", None, Problem.CHECKPOINT),
        ("earlier checkpoints exchanged", None, Problem.CHECKPOINT),
        ("another person", 0, Problem.STRANGER),
    ],
)
def test_what_was_tampered_with_is_named_under_a_new_seal(name, place, problem):
    first = checked(made().resealed(changed(OTHERS[name]))).first_broken
    assert first is not None
    assert first.problem is problem
    assert first.seq == (seq(place) if place is not None else first.seq)
    assert first.seq > 0


@pytest.mark.parametrize("change", [pytest.param(each, id=name) for name, each in every()])
def test_nothing_that_is_tampered_with_passes(change):
    body = changed(change)
    assert not checked(json.dumps(body).encode()).ok
    assert not checked(made().resealed(body)).ok


@pytest.mark.parametrize("change", [pytest.param(each, id=name) for name, each in ONLY_SEALED.items()])
def test_what_only_the_seal_can_tell(change):
    verdict = checked(json.dumps(changed(change)).encode())
    assert [each.problem for each in verdict.findings] == [Problem.SEAL]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"schema": 1}', b"[" * 5000, b"%b"])
def test_what_is_no_bundle_is_told_and_never_a_crash(data):
    verdict = verify_bundle(data)
    assert (verdict.ok, verdict.first_broken.problem) == (False, Problem.FORM)


@pytest.mark.parametrize("value", [2**70, -1, 0, 1.5, "2", None])
def test_a_seq_that_is_none_is_found(value):
    body = changed(lambda body: body["entries"][1]["header"].update(seq=value))
    assert not checked(json.dumps(body).encode()).ok


def test_a_bundle_that_was_cut_is_found():
    assert not checked(made().data[:-9]).ok
