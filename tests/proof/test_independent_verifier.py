"""A third party can write a verifier from docs/verify.md: here is one, and it agrees with ours."""

import ast
import json
import re
from pathlib import Path

import pytest

from connector.proof.chain import canon_header
from tests.proof import independent
from tests.proof.bundles import made
from tests.proof.tampering import ONLY_SEALED, every
from tests.proof.test_chain import EXAMPLE

SOURCE = Path(independent.__file__)
PAGE = Path(__file__).parents[2] / "docs" / "verify.md"


def test_it_is_short_and_imports_nothing_of_ours() -> None:
    text = SOURCE.read_text("utf-8")
    assert len([line for line in text.split("\n") if line.strip()]) < 150
    tree = ast.walk(ast.parse(text))
    names = {each.module or "" for each in tree if isinstance(each, ast.ImportFrom)}
    assert not {name for name in names if name.startswith(("connector", "mappings", "jobs", "tests"))}


def test_it_accepts_a_good_bundle_with_the_new_key_the_old_one_or_the_bundles_own() -> None:
    for key in (None, made().key, made().old_key):
        assert independent.verify(made().data, key) == len(made().body["entries"]) > 5


def test_it_refuses_another_key() -> None:
    stranger = "consent-mirror/portal/62515+00000000+" + made().key.rpartition("+")[2]
    with pytest.raises(independent.Bad):
        independent.verify(made().data, stranger)


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in every()])
def test_it_rejects_what_was_tampered_with_even_under_a_new_seal(change) -> None:
    body = made().body
    change(body)
    for data in (json.dumps(body).encode(), made().resealed(body)):
        with pytest.raises((independent.Bad, ValueError)):
            independent.verify(data, made().key)


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in ONLY_SEALED.items()])
def test_the_seal_tells_what_nothing_else_can(change) -> None:
    body = made().body
    change(body)
    with pytest.raises(independent.Bad, match="8 seal"):
        independent.verify(json.dumps(body), made().key)


def test_the_pages_vectors_are_right() -> None:
    text = PAGE.read_text("utf-8")
    told = re.search(r"entry hash of this header is `([0-9a-f]{64})`:\n\n```json\n(.*)\n```", text)
    assert told is not None
    header = json.loads(told[2])
    hashed = independent.sha256(b"consent-log/entry/v1\x00" + independent.canon(header))
    assert (hashed.hexdigest(), told[2].encode()) == (told[1], canon_header(EXAMPLE))
    assert independent.canon({"b": 1, "a": "å"}).decode() in text


def test_the_page_names_every_key_of_a_bundle_and_of_a_header() -> None:
    text = PAGE.read_text("utf-8")
    for name in independent.BUNDLE | independent.HEADER:
        assert f"`{name}`" in text
