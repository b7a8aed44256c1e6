"""Documents at the dashboard: made by the acts, kept in the ledger, taken away as copies the log knows."""

import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connector.acts import exports
from connector.acts.papers import folder_of
from connector.consent.events import EventType, Source
from connector.store.exports import Export
from connector.web.dashboard.documents import OF_A_PERSON, OF_THE_REGISTER
from connector.web.dashboard.makings import MOST
from connector.web.dashboard.workshop import WORKERS
from tests.web.office import AT, Office, office, post
from tests.world import ANNA, DAY

PAGE = f"{AT}/documents"
KINDS = {
    "access": "access", "receipt": "receipt", "bundle": "bundle", "inventory": "inventory", "reach": "staff",
    "record": "processing", "dpia": "processing", "threats": "processing", "mailed": "mailed",
}  # fmt: skip
STARTS = {
    "pdf": b"%PDF", "html": b"<!doctype html>", "json": b"{", "portable": b"{", "dpv": b"{",
    "csv": "\ufeff".encode(),
}  # fmt: skip


@pytest.fixture(name="o", scope="module")
def _o(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("documents")) as made:
        yield made


@pytest.fixture(name="dora", scope="module")
def _dora(o: Office) -> httpx.Client:
    return o.signed_in("dora")


def made(o: Office, client: httpx.Client, path: str = PAGE, **fields: str) -> Export:
    """The file that a form made; however long it took."""
    answer = post(client, path, PAGE, **fields)
    assert answer.status_code == 303, answer.text
    o.settle()
    with o.w.mirror.read(o.w.desk.portal) as work:
        newest = work.exports.every()[0]
    if "being_made" not in answer.headers["location"]:
        assert answer.headers["location"] == f"{AT}/exports/{newest.id}?done=made"
    return newest


def copy(client: httpx.Client, each: Export) -> httpx.Response:
    return client.get(f"{AT}/exports/{each.id}/file")


ALL = [(kind, form) for kind, forms in (OF_A_PERSON | OF_THE_REGISTER).items() for form in forms]


@pytest.mark.parametrize(("kind", "form"), ALL)
def test_every_document_is_made_recorded_and_taken_away(
    o: Office, dora: httpx.Client, kind: str, form: str
) -> None:
    each = made(o, dora, make=f"{kind}.{form}", address=ANNA, language="sv")
    assert (each.kind, each.made_by) == (KINDS[kind], "staff:dora")
    answer = copy(dora, each)
    assert answer.status_code == 200
    assert answer.content.lower().startswith(STARTS[form].lower())
    name = answer.headers["content-disposition"]
    assert name.startswith('attachment; filename="')
    assert "anna" not in name
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    told = json.loads(dora.get(f"{AT}/exports/{each.id}/manifest").content)
    assert (told["sha256"], told["kind"], told["made_by"]) == (each.sha256, each.kind, "staff:dora")
    assert (each.subject_ref is not None) == (kind in OF_A_PERSON)


def test_a_document_about_a_person_is_a_look_and_a_copy_is_another(o: Office, dora: httpx.Client) -> None:
    before = len(o.w.log(ANNA))
    each = made(o, dora, make="receipt.html", address=ANNA)
    assert copy(dora, each).status_code == 200
    said = o.w.log(ANNA)[before:]
    assert [(event.type, event.detail.get("command")) for event in said] == [
        (EventType.ACCESSED, "receipt"), (EventType.EXPORTED, None), (EventType.ACCESSED, "download"),
    ]  # fmt: skip
    assert {(event.actor, event.source) for event in said} == {("staff:dora", Source.DASHBOARD)}


def test_from_the_persons_page_the_address_is_typed_by_nobody(o: Office, dora: httpx.Client) -> None:
    person = o.w.person(ANNA)
    assert person is not None
    place = f"{AT}/people/{person.ref}/documents"
    assert "Documents about the person" in dora.get(place).text
    answer = post(dora, place, make="receipt.json")
    assert answer.status_code == 303
    o.settle()
    with o.w.mirror.read(o.w.desk.portal) as work:
        assert work.exports.every()[0].subject_ref == person.ref


def test_the_audience_is_a_sheet_that_excel_reads_as_text(o: Office, dora: httpx.Client) -> None:
    each = made(o, dora, f"{PAGE}/audience", purpose="newsletter", grade="E2")
    rows = list(csv.DictReader(io.StringIO(copy(dora, each).content.decode("utf-8-sig"))))
    assert (each.purpose, each.count) == ("newsletter", len(rows))
    assert rows
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    nobody = made(o, dora, f"{PAGE}/audience", purpose="newsletter", older_than="90 years")
    assert nobody.count == 0


def test_a_list_in_hubspot_is_kept_in_step_and_let_go(o: Office, dora: httpx.Client) -> None:
    answer = post(dora, f"{PAGE}/list", PAGE, purpose="newsletter", list="Who may")
    o.settle()
    assert answer.headers["location"].endswith(("done=list", "done=being_made"))
    assert "Who may" in dora.get(PAGE).text
    assert (
        post(dora, f"{PAGE}/list", PAGE, purpose="newsletter", list="x", older_than="1 year").status_code
        == 400
    )
    post(dora, f"{PAGE}/list/forget", PAGE, list="Who may")
    assert "Who may</th>" not in dora.get(PAGE).text


def test_a_night_that_was_kept_and_today(o: Office, dora: httpx.Client) -> None:
    today, *kept = re.findall(r'<option value="(\d{4}-\d\d-\d\d)">', dora.get(PAGE).text)
    assert len(kept) >= 2
    for night in (today, kept[0]):
        each = made(o, dora, f"{PAGE}/report", night=night, language="en")
        assert str(int(night[-2:])).encode() + b" June 2026" in copy(dora, each).content
    assert post(dora, f"{PAGE}/report", PAGE, night="2020-01-01").status_code == 400
    assert post(dora, f"{PAGE}/report", PAGE, night="yesterday").status_code == 400


@pytest.mark.parametrize("said", [{"make": "access.exe", "address": ANNA}, {"make": "../etc.json"}, {}])
def test_what_is_not_on_the_page_is_not_made(o: Office, dora: httpx.Client, said: dict[str, str]) -> None:
    with o.w.mirror.read(o.w.desk.portal) as work:
        before = len(work.exports.every())
    assert post(dora, PAGE, **said).status_code == 400
    with o.w.mirror.read(o.w.desk.portal) as work:
        assert len(work.exports.every()) == before


def test_a_stranger_gets_no_document_and_leaves_no_file(o: Office, dora: httpx.Client) -> None:
    assert post(dora, PAGE, make="access.html", address="nobody@example.org").status_code == 404


@pytest.mark.parametrize("name", ["vera", "olle"])
def test_only_who_answers_for_data_protection_makes_and_takes(
    o: Office, dora: httpx.Client, name: str
) -> None:
    each = made(o, dora, make="receipt.html", address=ANNA)
    client = o.signed_in(name)
    for path in (PAGE, f"{AT}/exports/{each.id}", f"{AT}/exports/{each.id}/file"):
        assert client.get(path).status_code == 403
    assert post(client, PAGE, AT, make="receipt.html", address=ANNA).status_code == 403


def test_a_file_that_is_not_ours_changed_or_over_is_not_handed_out(
    o: Office, dora: httpx.Client, tmp_path: Path
) -> None:
    elsewhere = exports.Wanted(path=tmp_path / "x.csv", kind=exports.FileKind.GAPS, by="staff:cli")
    number = exports.write(o.w.desk, elsewhere, b"x")
    assert dora.get(f"{AT}/exports/{number}/file").status_code == 404
    each = made(o, dora, make="threats.html")
    assert each.path is not None
    path = Path(each.path)
    assert (path.parent, path.stat().st_mode & 0o777) == (folder_of(o.w.settings), 0o600)
    whole = path.read_bytes()
    path.write_bytes(whole + b" ")
    assert copy(dora, each).status_code == 404
    path.write_bytes(whole)
    assert copy(dora, each).status_code == 200
    assert post(dora, f"{AT}/exports/{each.id}", f"{AT}/exports/{each.id}").status_code == 303
    assert not path.exists()
    assert copy(dora, each).status_code == 404


def test_a_long_work_keeps_no_page_waiting_and_is_found_when_it_is_done(
    o: Office, dora: httpx.Client
) -> None:
    free = threading.Event()
    for _ in range(WORKERS):
        o.threads.begin(lambda: free.wait(120))
    try:
        for _ in range(MOST):
            answer = post(dora, PAGE, make="threats.html")
            assert answer.headers["location"].endswith("done=being_made")
        assert "Threat model: begun" in dora.get(PAGE).text
        assert post(dora, PAGE, make="threats.html").status_code == 409
    finally:
        free.set()
    o.settle()
    assert "Threat model: begun" not in dora.get(PAGE).text
    with o.w.mirror.read(o.w.desk.portal) as work:
        assert all(each.sha256 for each in work.exports.every()[:MOST])


def test_nothing_is_handed_out_after_its_day_or_after_an_erasure(tmp_path: Path) -> None:
    with office(tmp_path) as fresh:
        dora = fresh.signed_in("dora")
        each, other = (
            made(fresh, dora, make="receipt.html", address=ANNA),
            made(fresh, dora, make="dpia.html"),
        )
        person = fresh.w.person(ANNA)
        assert person is not None
        place = f"{AT}/people/{person.ref}/erase"
        assert post(dora, place, sure="yes", reason="asked").status_code == 303
        assert copy(dora, each).status_code == 404
        fresh.w.wait(31 * DAY)
        assert copy(fresh.signed_in("dora"), other).status_code == 404
