"""Who has been told what and when; the month of Art. 14; notices and receipts by mail to a real server."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from connector.acts.notices import for_the_report
from connector.consent.events import EventType
from connector.consent.notice_text import Lack, lacks
from connector.report.discrepancies import Kind
from mappings.purposes import Purpose
from tests.acts.post import letters, post_world, text_of
from tests.report.mailbox import Box
from tests.world import ANNA, BO, CARIN, DAVID, DAY, EVA, START, World

TEXT = """Exempel AB holds your e-mail address. This tells you why, as Art. 14 of the GDPR requires.

# Why

- Newsletter: news about our courses, with your consent
- Offers: to customers, about products like those they bought
- Events: invitations, with your consent

# Where the data come from

From lists, other systems and our own staff; your own source is named below.

# Your rights

- access to your data and a copy of them
- rectification, erasure and restriction
- to object to direct marketing at any time

Write to dataskydd@exempel.example. You may complain to the supervisory authority.
"""


SOURCES = TEXT[TEXT.index("# Where") : TEXT.index("# Your rights")]


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def w(tmp_path: Path, box: Box) -> Iterator[World]:
    (tmp_path / "notice.en.txt").write_text(TEXT, "utf-8")
    extra = f'[notices]\nen = "{tmp_path}/notice.en.txt"\n'
    with post_world(tmp_path, box, contacts=(ANNA, BO), extra=extra) as made:
        made.sync()
        yield made


def due(w: World) -> dict[str, Any]:
    found = w.cli("notices", "--due", "--json").json
    return {each["subject"]: each for each in found["people"]}


def ref(w: World, address: str) -> str:
    person = w.person(address)
    assert person is not None
    return person.ref


def test_the_month_runs_for_those_whose_data_came_from_elsewhere(w: World) -> None:
    found = due(w)[ref(w, ANNA)]
    assert (found["article"], found["clock"], found["object_source"]) == (14, "open", "CRM_UI")
    assert (found["obtained_at"], found["due_at"]) == ("2026-06-15T10:00:00.000Z", "2026-07-15T21:59:59.999Z")
    assert found["address"] == "a•••@e•••.org"


@pytest.mark.parametrize(
    ("days", "clock"),
    [(0, "open"), (19, "open"), (20, "alarm"), (30, "alarm"), (31, "overdue")],
)
def test_alarm_at_day_20_and_overdue_after_a_calendar_month(days: int, clock: str, w: World) -> None:
    w.wait(days * DAY)
    assert due(w)[ref(w, ANNA)]["clock"] == clock
    told = w.cli("status", "--json").json["portals"][0]["notices"]
    assert told == {
        "waiting": 2,
        "alarm": 2 * (clock == "alarm"),
        "overdue": 2 * (clock == "overdue"),
        "oldest": "2026-06-15T10:00:00.000Z",
    }
    late = [each for each in for_the_report(w.desk) if each.kind is Kind.NOTICE_OVERDUE]
    assert len(late) == 2 * (clock == "overdue")


def test_the_database_counts_by_the_same_rule_as_the_list(w: World) -> None:
    for address, days in ((CARIN, 9), (DAVID, 10), (EVA, 11)):
        w.wait((days - 8) * DAY)
        w.create(address)
        w.sync(full=True)
    w.wait(20 * DAY)
    counts = w.cli("notices", "list", "--json").json["counts"]
    told = w.cli("status", "--json").json["portals"][0]["notices"]
    assert (counts["alarm"], counts["overdue"]) == (told["alarm"], told["overdue"])
    assert counts["open"] + counts["alarm"] + counts["overdue"] == told["waiting"] == 5


def test_a_dry_run_sends_nothing_and_tells_how_many(w: World, box: Box) -> None:
    ran = w.cli("notices", "send", "--json")
    assert (ran.code, ran.json["queued"], ran.json["dry_run"]) == (0, 2, True)
    assert box.mails == []
    assert len(due(w)) == 2


def test_a_notice_is_sent_once_and_is_in_the_log_with_its_hashes(w: World, box: Box) -> None:
    ran = w.cli("notices", "send", "--confirm", "--json")
    assert (ran.json["queued"], ran.json["sent"]["sent"]) == (2, 2)
    assert w.cli("notices", "send", "--confirm", "--json").json["queued"] == 0
    assert sorted(str(mail["To"]) for mail in letters(box)) == [ANNA, BO]
    content = next(data for to, data in box.mails if to == (ANNA,))
    event = w.log(ANNA)[-1]
    assert (event.type, event.detail["sha256"]) == (
        EventType.NOTICE_DELIVERED,
        sha256(content).hexdigest(),
    )
    assert event.notice == sha256(TEXT.encode()).hexdigest()
    with w.mirror.read(w.desk.portal) as work:
        assert work.blobs.get([event.notice])[event.notice].data == TEXT.encode()
    assert due(w) == {}
    everyone = w.cli("notices", "list", "--json").json
    assert everyone["counts"]["told"] == 2
    assert {t["notice"] for each in everyone["people"] for t in each["told"]} == {event.notice}


def test_the_letter_says_where_that_persons_data_came_from(w: World, box: Box) -> None:
    w.cli("notices", "send", "--confirm")
    text = text_of(letters(box)[0])
    assert "Art. 14 of the GDPR" in text
    assert "One of our staff entered them into our customer register." in text
    assert "We have had them since 15 June 2026." in text


def test_what_was_shown_at_a_sign_up_counts_as_told(w: World) -> None:
    w.grant(ANNA, notice="b" * 64)
    assert list(due(w)) == [ref(w, BO)]


def test_what_somebody_was_told_who_was_merged_into_another_counts(w: World) -> None:
    w.grant(ANNA, notice="b" * 64)
    anna, bo = w.person(ANNA), w.person(BO)
    assert anna is not None
    assert bo is not None
    with w.mirror.write(w.desk.portal) as work:
        work.people.merge(anna.id, bo.id)
    assert due(w) == {}
    assert w.cli("status", "--json").json["portals"][0]["notices"]["waiting"] == 0


def test_a_source_that_the_operator_vouches_for_starts_no_clock(w: World, box: Box) -> None:
    text = w.config.read_text("utf-8")
    w.config.write_text(text.replace("[notices]\n", '[notices]\nown_sources = ["crm_ui"]\n'), "utf-8")
    assert due(w) == {}
    assert w.cli("status", "--json").json["portals"][0]["notices"]["waiting"] == 0


def test_nobody_restricted_or_suppressed_is_written_to(w: World, box: Box) -> None:
    assert w.cli("restrict", ANNA).code == 0
    w.suppress(BO)
    found = due(w)
    assert {each["stop"] for each in found.values()} == {"restricted", "erased"}
    ran = w.cli("notices", "send", "--confirm", "--json")
    assert (ran.json["queued"], ran.json["stopped"]) == (0, {"restricted": 1, "erased": 1})
    assert box.mails == []
    counts = w.cli("notices", "--json").json["counts"]
    waiting = w.cli("status", "--json").json["portals"][0]["notices"]["waiting"]
    assert (counts["open"], counts["stopped"], waiting) == (1, 2, 1), "somebody restricted has no clock"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("Exempel AB holds", "We hold"), "controller"),
        (("dataskydd@exempel.example", "us"), "contact"),
        (("Offers: to customers, about products like those they bought", "and more"), "purpose"),
        (("erasure", "removal"), "rights"),
        (("complain to", "call"), "complain"),
        ((SOURCES, "You"), "come from"),
        (("Write to", "Shop now: 20 % off with our discount code! Write to"), "advertising"),
        (("Write to", "See https://exempel.example/offers?utm_source=mail. Write to"), "advertising"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_text_that_lacks_something_or_sells_is_sent_to_nobody(
    change: tuple[str, str], word: str, w: World, box: Box
) -> None:
    (w.folder / "notice.en.txt").write_text(TEXT.replace(*change), "utf-8")
    ran = w.cli("notices", "send", "--confirm", "--json")
    assert ran.code == 3
    assert word in ran.json["error"]["problem"]
    assert box.mails == []
    checked = w.cli("notices", "text", "--json")
    assert (checked.code, checked.json["ok"]) == (3, False)


def test_a_sound_text_passes_and_a_missing_one_is_told(w: World) -> None:
    assert w.cli("notices", "text", "--json").json == {"ok": True, "lacks": {"en": []}}
    w.config.write_text(w.config.read_text("utf-8").replace("\nen = ", "\n# "), "utf-8")
    ran = w.cli("notices", "send", "--json")
    assert (ran.code, ran.json["error"]["where"]) == (3, "notices")


def test_a_swedish_notice_is_read_as_one() -> None:
    text = (
        "Exempel AB har din adress för utskick av nyhetsbrev. Uppgifterna kommer från en lista som vi fått. "
        "Du kan få ett registerutdrag, rätta och radera uppgifterna och när som helst invända mot "
        "direktmarknadsföring. Skriv till dataskydd@exempel.se. Du kan klaga hos IMY."
    )
    purpose = Purpose(key="newsletter", subscription_id=1, title={"sv": "Nyhetsbrev", "en": "Newsletter"})
    said = {"controller": "Exempel AB", "contact": "dataskydd@exempel.se", "purposes": [purpose]}
    assert lacks(text, "sv", **said) == []
    assert Lack.LANGUAGE in lacks(text, "en", **said)


def test_a_person_gets_their_own_receipt(w: World, box: Box) -> None:
    w.grant(ANNA)
    assert w.cli("notices", "send", "--receipt", ANNA, "--json").json["dry_run"] is True
    assert box.mails == []
    ran = w.cli("notices", "send", "--receipt", ANNA, "--confirm", "--json")
    assert ran.json["sent"]["sent"] == 1
    (mail,) = letters(box)
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()[:5]) == ("consent-receipt.pdf", b"%PDF-")
    assert w.log(ANNA)[-1].type is EventType.MAIL_SENT
    again = w.cli("notices", "send", "--receipt", ANNA, "--confirm", "--json")
    assert again.json["letter"] == "repeated", "the same acts are the same letter"


def test_no_receipt_for_somebody_who_may_not_be_mailed_or_is_unknown(w: World, box: Box) -> None:
    w.grant(ANNA)
    assert w.cli("restrict", ANNA).code == 0
    assert w.cli("notices", "send", "--receipt", ANNA, "--confirm").code == 3
    assert w.cli("notices", "send", "--receipt", "nobody@example.org", "--confirm").code == 3
    assert w.cli("notices", "send", "--receipt", BO, "--confirm").code == 3, "no consent, no receipt"
    assert box.mails == []


def test_by_policy_nobody_is_sendable_whose_notice_is_overdue(tmp_path: Path, box: Box) -> None:
    (tmp_path / "notice.en.txt").write_text(TEXT, "utf-8")
    extra = f'[notices]\nen = "{tmp_path}/notice.en.txt"\nblock_overdue = true\n'
    with post_world(tmp_path, box, extra=extra) as w:
        w.begin()
        w.grant(ANNA)
        w.sync()
        assert w.may_send(ANNA)
        w.wait(31 * DAY)
        assert not w.may_send(ANNA)
        assert w.cli("check", ANNA, "--purpose", "newsletter", "--json").json["reason"] == "notice_overdue"
        w.sync()
        row = w.row(ANNA)
        assert row is not None
        assert not row.sendable, "lists are made from the projection"
        w.cli("notices", "send", "--confirm")
        assert w.may_send(ANNA)
        row = w.row(ANNA)
        assert row is not None
        assert row.sendable


def test_refused_letters_are_listed_reported_and_tried_anew(w: World, box: Box) -> None:
    box.refuse[ANNA] = "550 no"
    assert w.cli("notices", "send", "--confirm", "--json").json["sent"]["parked"] == 1
    listed = w.cli("notices", "list", "--json").json["refused_letters"]
    assert [(each["kind"], each["reason"]) for each in listed] == [("notice", "mail_refused")]
    kinds = [each["kind"] for each in w.cli("report", "--json").json["discrepancies"] if each["count"]]
    assert Kind.LETTER_REFUSED in kinds
    box.refuse.clear()
    assert w.cli("notices", "retry", "--json").json["retried"] == 1
    assert w.cli("notices", "list", "--json").json["counts"]["told"] == 2


def test_the_table_reads_well(w: World) -> None:
    w.wait(40 * DAY)
    ran = w.cli("notices")
    assert "2 overdue" in ran.out
    assert w.now > START
