"""The pages of the acts: each does what its command does, and says what is wrong beside the field."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from connector.acts import breakers
from connector.acts.requests import shown
from connector.consent.events import EventType
from connector.store.reviews import NewReview
from connector.web.dashboard import words, words_acts
from tests.acts.post import letters, post_world
from tests.acts.test_notices import TEXT as NOTICE
from tests.report.mailbox import Box
from tests.web.office import AT, WEB, Office, add_users, office, post, serve, token
from tests.world import ANNA, BO, CARIN, DAVID, DAY, NEWSLETTER

NEW = "new.person@example.org"
TEXT = "Yes, Exempel AB may send me the newsletter by e-mail. I can take it back at any time."


@pytest.fixture(name="o")
def _o(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def place(o: Office, address: str = ANNA) -> str:
    found = o.w.person(address)
    assert found is not None
    return f"{AT}/people/{found.ref}"


def send(client: httpx.Client, path: str, files: dict[str, tuple[str, bytes]] | None = None, **fields: str):
    """A form with a file as a browser sends it: a part without a name where none is chosen."""
    said = token(client.get(path).text)
    return client.post(path, data={"token": said} | fields, files=files or {"evidence": ("", b"")})


NO = {"type": "object", "source": "phone", "actor": "subject", "at": "2026-06-16", "purpose": "*"}
YES = {
    "type": "grant",
    "source": "paper",
    "actor": "subject",
    "at": "2026-06-16",
    "purpose": "newsletter",
    "wording": TEXT,
    "signed": "yes",
    "sure": "yes",
}


def entries(o: Office) -> int:
    with o.w.mirror.read(o.w.desk.portal) as work:
        return work.log.size()


# --- record ------------------------------------------------------------------------------------------------


def test_a_no_by_phone_is_recorded_with_its_door_and_pushed(o: Office) -> None:
    answer = send(o.signed_in("olle"), f"{AT}/record/no", address=ANNA, **NO)
    assert answer.headers["location"] == f"{place(o)}?done=recorded"
    event = next(each for each in reversed(o.w.log(ANNA)) if each.is_no)
    assert (event.type, event.source, event.purpose) == (EventType.OBJECT, "phone", "*")
    assert o.w.hubspot(ANNA, NEWSLETTER) == "UNSUBSCRIBED"


def test_a_no_of_a_stranger_is_honoured_too(o: Office) -> None:
    answer = send(o.signed_in("olle"), f"{AT}/record/no", address=NEW, **NO)
    assert answer.status_code == 303
    assert not o.w.may_send(NEW)
    assert o.w.opted_out_of_all(NEW)


def test_a_yes_on_paper_has_the_grade_of_its_evidence_and_keeps_the_scan(o: Office) -> None:
    client, here = o.signed_in("dora"), f"{place(o, BO)}/record/yes"
    scan = {"evidence": ("scan.pdf", b"%PDF-1.7 signed")}
    answer = send(client, here, scan, **YES, keep="yes", notice="How we use your data.")
    assert answer.status_code == 303, answer.text
    event = next(each for each in reversed(o.w.log(BO)) if each.type is EventType.GRANT)
    assert (event.grade.name, event.source, event.actor) == ("E3", "paper", "subject")
    assert event.evidence[0]["stored"] is True
    out = o.w.folder / "back.pdf"
    assert o.w.cli("record-file", BO, str(event.evidence[0]["sha256"]), "--out", str(out)).code == 0
    assert out.read_bytes() == b"%PDF-1.7 signed"


def test_a_typed_note_is_kept_for_a_fingerprint_alone_says_nothing(o: Office) -> None:
    fields = YES | {"source": "phone", "signed": "", "note": "Called back on 08-123 45 67."}
    assert send(o.signed_in("dora"), f"{place(o)}/record/yes", **fields).status_code == 303
    event = next(each for each in reversed(o.w.log(ANNA)) if each.type is EventType.GRANT)
    assert event.grade.name == "E2"
    assert [(each["kind"], each["stored"]) for each in event.evidence] == [("call_note", True)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"at": "yesterday"}, "at"),
        ({"at": "2999-01-01"}, "at"),
        ({"address": "no address"}, "address"),
        ({"purpose": "nothing"}, "purpose"),
        ({"type": "annul"}, "type"),
        ({"source": "cli"}, "source"),
        ({"actor": "staff:eva"}, "actor"),
        ({"sure": ""}, "sure"),
        ({"valid_until": "soon"}, "valid_until"),
        ({"subject": "x"}, "subject"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    o: Office, wrong: dict[str, str], field: str
) -> None:
    client, before = o.signed_in("dora"), entries(o)
    answer = send(client, f"{AT}/record/yes", **({"address": ANNA} | YES | wrong))
    assert answer.status_code == 400
    assert f'id="{field}_wrong"' in answer.text
    assert f'aria-invalid="true" aria-describedby="{field}_' in answer.text
    assert TEXT in answer.text  # what was typed is still there
    assert entries(o) == before


def test_a_yes_needs_the_role_and_an_operator_is_not_led_to_it(o: Office) -> None:
    client = o.signed_in("olle")
    assert "record/yes" not in client.get(f"{AT}/record/no").text
    answer = client.post(
        f"{AT}/record/yes", data={"token": token(client.get(f"{AT}/record/no").text), "address": ANNA} | YES
    )
    assert answer.status_code == 403


def test_the_form_for_a_no_records_no_yes(o: Office) -> None:
    answer = send(o.signed_in("olle"), f"{AT}/record/no", address=ANNA, **(NO | {"type": "grant"}))
    assert answer.status_code == 400


@pytest.mark.parametrize("place_of", ["/search", "/requests/new"])
def test_other_forms_take_no_file(o: Office, place_of: str) -> None:
    client = o.signed_in("dora")
    said = token(client.get(f"{AT}{place_of}").text)
    sent = {"evidence": ("scan.pdf", b"x")}
    assert (
        client.post(f"{AT}{place_of}", data={"token": said, "address": ANNA}, files=sent).status_code == 400
    )


def test_a_file_that_is_too_large_is_refused_before_the_page(o: Office) -> None:
    client, before = o.signed_in("dora"), entries(o)
    said = token(client.get(f"{AT}/record/yes").text)
    for size, status in ((1_100_000, 400), (1_400_000, 413)):
        sent = {"evidence": ("call.wav", b"x" * size)}
        fields = {"token": said, "address": ANNA, "keep": "yes"} | YES
        assert client.post(f"{AT}/record/yes", data=fields, files=sent).status_code == status
    assert entries(o) == before


# --- rectify -----------------------------------------------------------------------------------------------


def test_a_correction_is_shown_before_it_is_written(o: Office) -> None:
    client, here = o.signed_in("dora"), f"{place(o)}/rectify"
    shown_first = post(client, here, property="lastname", value="Öberg", reason="letter")
    assert shown_first.status_code == 200
    assert "Öberg" in shown_first.text
    assert EventType.RECTIFIED not in o.w.types(ANNA)
    done = post(client, here, property="lastname", value="Öberg", reason="letter", sure="yes")
    assert done.headers["location"].endswith("done=rectified")
    event = next(each for each in o.w.log(ANNA) if each.type is EventType.RECTIFIED)
    assert (event.actor, event.source, event.detail["property"]) == ("staff:dora", "dashboard", "lastname")


def test_noes_follow_a_corrected_address(o: Office) -> None:
    client, here = o.signed_in("dora"), f"{place(o, CARIN)}/rectify"
    done = post(client, here, email=NEW, sure="yes")
    assert done.status_code == 303, done.text
    assert o.w.hubspot(NEW, NEWSLETTER) == "UNSUBSCRIBED"


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"property": "nothing_such", "value": "x"}, 400, "property"),
        ({"property": "email", "value": NEW}, 400, "property"),
        ({"email": "no address"}, 400, "email"),
        ({"email": BO}, 409, "email"),
        ({"email": NEW, "property": "lastname", "value": "x"}, 400, None),
        ({}, 400, None),
    ],
)
def test_a_correction_that_cannot_be_is_told_at_the_form(
    o: Office, fields: dict[str, str], status: int, field: str | None
) -> None:
    answer = post(o.signed_in("dora"), f"{place(o)}/rectify", **fields, sure="yes")
    assert answer.status_code == status
    assert (f'id="{field}_wrong"' in answer.text) == (field is not None)
    assert 'role="alert"' in answer.text
    assert EventType.RECTIFIED not in o.w.types(ANNA)


# --- requests ----------------------------------------------------------------------------------------------


def new(o: Office, kind: str, address: str = ANNA, **more: str) -> str:
    answer = post(
        o.signed_in("dora"), f"{AT}/requests/new", address=address, kind=kind, via="phone", at="", **more
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def test_a_request_is_written_down_and_what_protects_is_done_at_once(o: Office) -> None:
    new(o, "objection", note="No more mail")
    assert o.w.state(ANNA) == "WITHDRAWN"
    assert o.w.hubspot(ANNA, NEWSLETTER) == "UNSUBSCRIBED"
    entry = next(each for each in reversed(o.w.log(ANNA)) if each.type is EventType.RIGHT_RECEIVED)
    assert {"right": "objection", "via": "phone"}.items() <= entry.detail.items()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"address": "nobody"}, "address"), ({"kind": "x"}, "kind"), ({"via": "x"}, "via"), ({"at": "x"}, "at")],
)
def test_a_request_that_cannot_be_written_down_is_told_at_its_field(
    o: Office, wrong: dict[str, str], field: str
) -> None:
    fields = {"address": ANNA, "kind": "access", "via": "mail", "note": "all of it"} | wrong
    answer = post(o.signed_in("dora"), f"{AT}/requests/new", **fields)
    assert answer.status_code == 400
    assert f'id="{field}_wrong"' in answer.text
    assert "all of it" in answer.text


def test_an_erasure_is_carried_out_from_the_desk_after_its_dry_run(o: Office) -> None:
    client, here = o.signed_in("dora"), new(o, "erasure")
    assert "Contacts in HubSpot" in client.get(f"{here}/run").text
    assert post(client, f"{here}/run").status_code == 400
    assert o.w.person(ANNA) is not None
    done = post(client, f"{here}/run", sure="yes")
    assert done.headers["location"].endswith("done=run_done")
    assert o.w.person(ANNA) is None
    assert "granted" in client.get(here).text


def test_what_is_doubted_is_not_carried_out_before_it_is_clear_who_asks(o: Office) -> None:
    client, here = o.signed_in("dora"), new(o, "erasure", doubted="yes")
    assert "not clear who asks" in client.get(f"{here}/run").text
    other = post(client, f"{here}/run", here, sure="yes")
    assert other.status_code == 409
    assert o.w.person(ANNA) is not None
    post(client, here, act="verify")
    assert post(client, f"{here}/run", sure="yes").status_code == 303
    assert o.w.person(ANNA) is None


def test_a_rectification_is_carried_out_with_what_is_right(o: Office) -> None:
    client, here = o.signed_in("dora"), new(o, "rectification")
    assert post(client, f"{here}/run", sure="yes").status_code == 400
    done = post(client, f"{here}/run", sure="yes", property="lastname", value="Öberg")
    assert done.headers["location"].endswith("done=run_done")
    assert EventType.RECTIFIED_CONFIRMED in o.w.types(ANNA)


@pytest.mark.parametrize("kind", ["access", "portability"])
def test_what_is_asked_for_is_shown_can_be_made_a_file_and_waits_to_be_handed_over(
    o: Office, kind: str
) -> None:
    client, here = o.signed_in("dora"), new(o, kind)
    page = post(client, f"{here}/run", sure="yes")
    assert page.status_code == 200
    assert ANNA in page.text
    assert f'href="{place(o)}/documents"' in page.text
    assert client.get(f"{place(o)}/documents").status_code == 200
    told = shown(o.w.desk, int(here.rpartition("/")[2]), "dora")
    assert (told["carried_out_at"] is not None, told["outcome"]) == (True, None)
    looks = [each.detail["command"] for each in o.w.log(ANNA) if each.type is EventType.ACCESSED]
    assert "access" in looks


@pytest.mark.parametrize("kind", ["restriction", "objection"])
def test_a_request_that_protects_is_carried_out(o: Office, kind: str) -> None:
    here = new(o, kind)
    done = post(o.signed_in("dora"), f"{here}/run", sure="yes")
    assert done.headers["location"].endswith("done=run_done")
    assert not o.w.may_send(ANNA)


# --- notices and letters -----------------------------------------------------------------------------------


@pytest.fixture(name="box")
def _box() -> Box:
    return Box()


@pytest.fixture(name="mailing")
def _mailing(tmp_path: Path, box: Box) -> Iterator[Office]:
    (tmp_path / "notice.en.txt").write_text(NOTICE, "utf-8")
    extra = WEB + f'[notices]\nen = "{tmp_path}/notice.en.txt"\n'
    with post_world(tmp_path, box, contacts=(ANNA, BO), extra=extra) as w:
        w.begin()
        add_users(w)
        with serve(w) as made:
            yield made


def test_the_notice_is_counted_first_and_sent_when_the_box_is_ticked(mailing: Office, box: Box) -> None:
    client, here = mailing.signed_in("dora"), f"{AT}/notices"
    assert "Nothing is missing in the text." in client.get(here).text
    counted = post(client, f"{here}/send", here, limit="1")
    assert counted.status_code == 200
    assert "1 people would get the letter" in counted.text
    assert letters(box) == []
    done = post(client, f"{here}/send", here, limit="1", sure="yes")
    assert done.headers["location"].endswith("done=notices_sent")
    assert len(letters(box)) == 1
    wrong = post(client, f"{here}/send", here, limit="-3", sure="yes")
    assert (wrong.status_code, 'id="limit_wrong"' in wrong.text) == (400, True)
    assert len(letters(box)) == 1


def test_only_who_may_decide_can_send_but_an_operator_sees_who_waits(mailing: Office) -> None:
    client = mailing.signed_in("olle")
    page = client.get(f"{AT}/notices")
    assert page.status_code == 200
    assert "/notices/send" not in page.text
    assert ANNA not in page.text
    assert post(client, f"{AT}/notices/send", AT, sure="yes").status_code == 403


def test_letters_that_were_refused_are_tried_again(mailing: Office, box: Box) -> None:
    client, here = mailing.signed_in("dora"), f"{AT}/notices"
    box.replies = ["550 no such mailbox"]
    post(client, f"{here}/send", here, limit="1", sure="yes")
    assert "refused by the mail server" in client.get(here).text
    assert post(client, f"{here}/retry", here).headers["location"].endswith("done=letters_retried")
    assert len(letters(box)) == 1


def test_somebodys_own_receipt_is_shown_and_then_sent(mailing: Office, box: Box) -> None:
    mailing.w.grant(ANNA)
    client, here = mailing.signed_in("dora"), f"{place(mailing)}/send-receipt"
    assert ANNA in client.get(here).text
    assert letters(box) == []
    assert post(client, here).headers["location"].endswith("done=receipt_sent")
    (letter,) = letters(box)
    assert letter["To"] == ANNA
    mailing.w.withdraw(ANNA)
    restricted = post(client, f"{place(mailing)}/restrict", place(mailing), reason="x")
    assert restricted.status_code == 303
    assert "cannot be sent" in client.get(here).text
    assert post(client, here, AT).status_code == 404
    assert len(letters(box)) == 1


# --- retention ---------------------------------------------------------------------------------------------


def test_the_plan_names_proof_of_ended_consents_and_a_question_says_what_it_is_about(o: Office) -> None:
    o.w.grant(CARIN)
    o.w.wait(DAY)
    o.w.withdraw(CARIN, "newsletter")
    o.w.wait(25 * 31 * DAY)
    o.w.grant(CARIN, "events")  # somebody who stays
    client = o.signed_in("dora", "sv")
    page = client.get(f"{AT}/retention/plan").text
    assert "Underlag som har haft sin tid" in page
    assert "upphörde 20" in page
    question = NewReview(
        kind="proofs", key="proofs:1", question="?", options=("approve", "reject"), detail={"people": 7}
    )
    with o.w.mirror.write(o.w.desk.portal) as work:
        work.reviews.open([question], o.w.now)
    assert "underlaget för 7 upphörda samtycken" in client.get(f"{AT}/retention").text


def test_retention_is_run_with_the_box_ticked_and_leaves_a_line_in_the_runs(o: Office) -> None:
    client = o.signed_in("dora")
    o.w.confirm()
    assert "has not run yet" in client.get(f"{AT}/retention").text
    assert client.get(f"{AT}/retention/plan").status_code == 200
    assert post(client, f"{AT}/retention").status_code == 400
    done = post(client, f"{AT}/retention", sure="yes")
    assert done.headers["location"].endswith("done=retention_ran"), done.text
    assert "The last run" in client.get(f"{AT}/retention").text
    with o.w.mirror.read(o.w.desk.portal) as work:
        assert work.runs.last("retention", "ok") is not None


# --- wordings ----------------------------------------------------------------------------------------------


def wording_of(o: Office) -> str:
    grant = next(each for each in o.w.log(DAVID) if each.wording)
    return f"{AT}/wordings/{grant.wording[:16]}"


def test_a_wording_is_found_invalid_by_two_people_with_a_reason(o: Office) -> None:
    first, second, here = o.signed_in("dora"), o.signed_in("eva"), wording_of(o)
    assert o.w.state(DAVID) == "GRANTED"
    for fields in ({"reason": "", "sure": "yes"}, {"reason": "names nobody"}):
        assert post(first, here, **fields).status_code == 400
    done = post(first, here, reason="names nobody", sure="yes")
    assert done.headers["location"].endswith("done=invalidate_waits")
    assert o.w.state(DAVID) == "GRANTED"
    assert "waits for another" in second.get(here).text
    done = post(second, here, reason="agreed", sure="yes")
    assert done.headers["location"].endswith("done=invalidated")
    assert o.w.state(DAVID) == "INVALIDATED"
    page = second.get(f"{AT}/reask").text
    assert place(o, DAVID).rpartition("/")[2][:8] in page
    assert DAVID not in page
    assert "Found invalid" in second.get(here).text


# --- breaker -----------------------------------------------------------------------------------------------


def test_a_breaker_that_somebody_kept_open_can_be_asked_about_again(o: Office) -> None:
    with o.w.mirror.write(o.w.desk.portal) as work:
        breakers.open_breaker(o.w.desk, work, breakers.VANISHED, vanished=4)
    first, second = o.signed_in("dora"), o.signed_in("eva")
    number = next(each.id for each in o.w.reviews() if each.kind == breakers.KIND)
    assert "A breaker is open" in first.get(f"{AT}/reviews").text
    post(first, f"{AT}/reviews/{number}", answer="reject", reason="not understood yet")
    done = post(first, f"{AT}/reviews/breaker", f"{AT}/reviews")
    again = done.headers["location"]
    assert again != f"{AT}/reviews/{number}"
    assert post(second, f"{AT}/reviews/breaker", AT).headers["location"] == again  # asked once
    for client in (first, second):
        post(client, again, answer="approve", reason="a list was archived on purpose")
    assert "A breaker is open" not in first.get(f"{AT}/reviews").text
    assert post(first, f"{AT}/reviews/breaker", AT).status_code == 404


# --- access ------------------------------------------------------------------------------------------------


def test_an_access_is_justified_by_who_may(o: Office) -> None:
    client = o.signed_in("dora")
    assert post(client, f"{AT}/access").status_code == 303
    found = o.w.cli("access", "--stored", "--json").json["grantees"]
    number = next(each["id"] for each in found if each["kind"] == "key")
    here = f"{AT}/access/{number}"
    empty = post(client, here, f"{AT}/access", motive="")
    assert empty.status_code == 400
    assert f'id="motive_{number}_wrong"' in empty.text
    past = post(client, here, f"{AT}/access", motive="the mirror itself", review="2020-01-01")
    assert (past.status_code, f'id="review_{number}_wrong"' in past.text) == (400, True)
    done = post(client, here, f"{AT}/access", motive="the mirror itself")
    assert done.headers["location"].endswith("done=justified")
    assert "the mirror itself" in client.get(f"{AT}/access").text
    assert o.w.nobodys()[-1] == "access.justified"


# --- words -------------------------------------------------------------------------------------------------


def test_every_word_of_the_acts_is_there_in_both_languages_and_once() -> None:
    assert words_acts.SWEDISH.keys() == words_acts.ENGLISH.keys()
    for own, all_words in ((words_acts.SWEDISH, words.SWEDISH), (words_acts.ENGLISH, words.ENGLISH)):
        assert not own.keys() & all_words.texts.keys()
