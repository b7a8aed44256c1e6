"""Swedish everywhere: no question, no refusal and no page of the dashboard speaks English to a Swede."""

import ast
import html
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import connector
from connector.acts import (
    archived,
    breakers,
    fights,
    invalid_wordings,
    invalidate,
    lists_left,
    reviews,
    rows_gone,
)
from connector.acts import requests as desk_acts
from connector.acts.annul import QUESTION as ANNUL_QUESTION
from connector.acts.decide import ANNUL, GATES
from connector.acts.erasing import Waiting
from connector.acts.erasure import Stage, Waits
from connector.acts.proofs import KIND as PROOFS
from connector.acts.retain import KIND as RETENTION
from connector.consent.decision import Review
from connector.errors import ConnectorError
from connector.store.reviews import NewReview
from connector.web.dashboard import questions, troubles
from connector.web.dashboard.words import ENGLISH, SWEDISH
from tests.web.office import AT, Office, office, post
from tests.web.test_dashboard import paths
from tests.world import BO

ROOT = Path(connector.__file__).parent
#: Everyday words of English that are none of Swedish.
TELLING = {
    "the", "and", "with", "this", "that", "from", "have", "has", "was", "were", "they", "their", "are", "not",
    "which", "would", "nobody", "nothing", "there", "been", "when", "what", "who", "did", "does", "into",
    "is", "than", "then", "your", "you",
}  # fmt: skip
#: Staff's and people's own words in the office's data, and HubSpot's; names of commands.
OWN = ("Send it by letter", "Yes, Exempel AB may send me the newsletter by e-mail.")
SAYING = {Review.RESUBSCRIBE, Review.RESUBSCRIBE_WIDE, Review.CLEARED, Review.EVIDENCE, Review.ERASURE}
KINDS = {
    **{str(kind): reviews.QUESTIONS[kind] for kind in SAYING},
    breakers.KIND: breakers._question("erasures").question,
    ANNUL: ANNUL_QUESTION,
    invalid_wordings.KIND: invalidate.QUESTION.format(hash="a" * 12, people=3),
    archived.KIND: "The person's only record was archived in HubSpot. Approve: erase them for good.",
    lists_left.KIND: "The purpose is not in the configuration any more, so nobody may be mailed for it.",
    rows_gone.KIND: "An import was interrupted, and the rows that wait are not beside the keys.",
    fights.KIND: "Another app keeps overwriting this status in HubSpot: it was written three times.",
    PROOFS: "The proof of 7 ended consents has had its time: more than the breaker lets pass in 24 h.",
    RETENTION: "The time of 7 people is over: more than the breaker lets pass in 24 h.",
}


@pytest.fixture(name="o", scope="module")
def _o(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("swedish")) as made:
        yield made


def english_in(page: str) -> set[str]:
    """Telling words of what a reader sees; what stands there word for word is marked with its language."""
    text = re.sub(r"(?s)<(pre|code|script|style|head|option)\b.*?</\1>", " ", page)
    text = re.sub(r'(?s)<(\w+)[^>]*\blang="en"[^>]*>.*?</\1>', " ", text)
    seen = (
        html.unescape(re.sub(r"<[^>]+>", " ", text))
        + " "
        + " ".join(
            html.unescape(each) for each in re.findall(r'(?:aria-label|placeholder|title)="([^"]*)"', page)
        )
    )
    for each in OWN:
        seen = seen.replace(each, " ")
    seen = re.sub(r"consent-mirror [\w -]+", " ", seen)
    return set(re.findall(r"[a-zåäö]+", seen.casefold())) & TELLING


def every_class() -> Iterator[type[ConnectorError]]:
    for module in pkgutil.walk_packages([str(ROOT)], "connector."):
        if "migrations" not in module.name:
            importlib.import_module(module.name)
    waiting = [ConnectorError]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += each.__subclasses__()


def made(kind: type[ConnectorError]) -> ConnectorError:
    """An error of a class with an English sentence, as the acts write them."""
    error = kind.__new__(kind)
    ConnectorError.__init__(error, "This is not what was there.", next_step="Do that with the other one.")
    return error


def said_kinds() -> set[str]:
    """Every `kind=` that a module gives to one of our errors."""
    found = set()
    names = {each.__name__ for each in every_class()} | {"__init__"}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                found |= {
                    str(each.value.value)
                    for each in node.keywords
                    if name in names and each.arg == "kind" and isinstance(each.value, ast.Constant)
                }
    return found - {""}


def test_the_reader_knows_english_when_it_sees_it() -> None:
    assert english_in("<p>The answer is no.</p>") == {"the", "is"}
    assert english_in('<button aria-label="What is it">Ja</button>') == {"what", "is"}
    assert not english_in("<p>Ett nej till utskick.</p><code>the</code>")


def test_every_page_in_swedish_speaks_swedish(o: Office) -> None:
    client = o.signed_in("adam", "sv")
    for key, path in paths(o).items():
        if key.startswith("GET"):
            answer = client.get(path, follow_redirects=True)
            if "content-disposition" not in answer.headers:
                assert not english_in(answer.text), path


def test_the_dry_run_gives_its_reasons_in_swedish(o: Office) -> None:
    page = post(o.signed_in("adam", "sv"), f"{AT}/pushes/dry-run", f"{AT}/pushes").text
    assert "Provkörning" in page
    assert not english_in(page)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_question_is_asked_in_swedish(o: Office, kind: str) -> None:
    person = o.w.person(BO)
    assert person is not None
    new = NewReview(
        kind=kind, key=f"{kind}:swedish", question=KINDS[kind], options=("approve", "reject"),
        person_id=person.id, purpose="newsletter", row=23, detail={"people": 7, "wording": "a" * 64},
    )  # fmt: skip
    with o.w.mirror.write(o.w.desk.portal) as work:
        number = work.reviews.open([new], o.w.now)[0].id
    for path in (f"{AT}/reviews/{number}", f"{AT}/reviews"):
        assert not english_in(o.signed_in("dora", "sv").get(path).text)
    assert KINDS[kind] in html.unescape(o.signed_in("dora", "en").get(f"{AT}/reviews/{number}").text)


def test_no_kind_of_question_is_forgotten() -> None:
    assert set(KINDS) | {questions.UNRESTRICTED} == set(questions.SWEDISH)
    assert {str(kind) for kind in Review} <= set(questions.SWEDISH)
    assert {f"review_{kind}" for kind in KINDS} <= set(SWEDISH.texts) & set(ENGLISH.texts)
    for path in (ROOT / "acts").rglob("*.py"):
        if "NewReview(" in path.read_text("utf-8"):
            assert path.stem in {
                "reviews", "breakers", "annul", "invalidate", "archived", "destroying", "erasing",
                "lists_left", "rows_gone", "fights",
            }, path  # fmt: skip
    for gate in GATES.values():
        assert gate.question.format(count=7).startswith(KINDS[gate.kind])


def test_every_error_class_is_told_in_swedish(o: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    client = o.signed_in("dora", "sv")
    for kind in every_class():

        def fail(*args: object, kind: type[ConnectorError] = kind, **more: object) -> None:
            raise made(kind)

        monkeypatch.setattr(desk_acts, "listed", fail)
        answer = client.get(f"{AT}/requests")
        assert answer.status_code >= 400, kind
        assert not english_in(answer.text), kind


def test_every_problem_that_is_named_is_told_in_both_languages() -> None:
    assert said_kinds() <= set(troubles.KINDS)
    assert {Waiting(each).kind for each in Waits} <= set(troubles.KINDS)
    for swedish, english in (*troubles.KINDS.values(), *troubles.CLASSES.values()):
        assert not english_in(" ".join(swedish)), swedish
        assert swedish != english


def test_stages_of_an_erasure_have_words() -> None:
    for say in (SWEDISH, ENGLISH):
        assert {f"stage_{each}" for each in Stage} | {f"waits_{each}" for each in Waits} <= set(say.texts)
