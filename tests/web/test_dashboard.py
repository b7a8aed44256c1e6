"""The dashboard over a real socket: what each page shows and what each form does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.acts import wording
from connector.web.dashboard.routes import PAGES
from connector.web.dashboard.words import WORDS
from tests.web.office import AT, Office, keep_document, office
from tests.world import ANNA

SWEDISH, ENGLISH = WORDS["sv"], WORDS["en"]
TEMPLATES = Path(__file__).parent.parent.parent / "connector" / "web" / "templates" / "dashboard"


@pytest.fixture(name="o", scope="module")
def _o(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """For tests that only look."""
    with office(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture(name="fresh")
def _fresh(tmp_path: Path) -> Iterator[Office]:
    """For tests that change something."""
    with office(tmp_path) as made:
        yield made


def ref(o: Office, address: str = ANNA) -> str:
    found = o.w.person(address)
    assert found is not None
    return found.ref


def place(o: Office, address: str = ANNA) -> str:
    return f"{AT}/people/{ref(o, address)}"


def paths(o: Office) -> dict[str, str]:
    """A real address for every page that is got."""
    assert keep_document(o.w) == 1
    with o.w.mirror.read(o.w.desk.portal) as work:
        review = next(iter(work.reviews.pending()), None)
        text = wording.every(work)[0].blob.hash
    values = {
        "{portal}": "main",
        "{ref}": ref(o),
        "{hash}": text[:16],
        "{number:int}": str(review.id if review else 1),
    }
    made = {}
    for page in PAGES:
        path = page.path
        for name, value in values.items():
            path = path.replace(name, value)
        made[f"{page.method} {page.path}"] = path
    return made


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_page_renders_in_both_languages(o: Office, language: str) -> None:
    client = o.signed_in("adam", language)
    for key, path in paths(o).items():
        if key.startswith("GET"):
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, (path, answer.text)
            if "content-disposition" not in answer.headers:  # a copy of a file is in its own language
                assert f'<html lang="{language}">' in answer.text


def test_both_languages_say_the_same_things() -> None:
    assert set(SWEDISH.texts) == set(ENGLISH.texts)
    for key, text in SWEDISH.texts.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", ENGLISH.texts[key])), key


def test_every_word_that_a_page_asks_for_is_there() -> None:
    for template in TEMPLATES.glob("*.j2"):
        for key in re.findall(r'say\("(\w+)"\s*[,)]', template.read_text("utf-8")):
            assert key in ENGLISH.texts, (template.name, key)
