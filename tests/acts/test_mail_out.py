"""Letters to people: queued with their cause, screened twice, sent once, wiped with the person. A real mail
server receives them."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from connector.acts.mail_out import Letter, Post, Queued, send_letters, totals
from connector.acts.restrict import restrict
from connector.consent.events import ALL_MARKETING, Event, EventType
from connector.consent.letters import LetterKind, Stop
from connector.errors import MailUnavailable
from connector.report.letters import Attachment
from connector.report.outcome import MailRefused
from connector.report.smtp import MailServer
from connector.store.mail import MailRow, MailState
from connector.store.people import NewAddress
from connector.store.suppression import SuppressionKind
from jobs.post import post_of, run_post
from mappings.addresses import normalise
from tests.acts.post import letters, post_world, text_of
from tests.report.mailbox import Box, serving
from tests.world import ANNA, BO, CARIN, DAY, HOUR, MINUTE, START, World

FACTS = {"right": "access", "received": START, "due": START + 30 * DAY}
STRANGER = "ny.anmalan@example.org"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def w(tmp_path: Path, box: Box) -> Iterator[World]:
    with post_world(tmp_path, box, contacts=(ANNA, BO)) as made:
        made.sync()
        yield made


def queue(w: World, address: str = ANNA, *, known: bool = True, **more: Any) -> Queued | Stop:
    from connector.acts.mail_out import queue as queue_act

    person = w.person(address) if known else None
    letter = Letter(
        **{
            "kind": LetterKind.REQUEST_RECEIVED,
            "key": "request:1:received",
            "address": address,
            "person_id": person.id if person else None,
            "facts": FACTS,
        }
        | more
    )
    with w.mirror.write(w.desk.portal) as work:
        return queue_act(w.desk, work, letter)


def notice(w: World, address: str = ANNA, **more: Any) -> Queued | Stop:
    facts = {"notice": "Vi har din adress.", "source": "En lista.", "collected": START}
    return queue(
        w, address, **{"kind": LetterKind.NOTICE, "key": f"notice:{address[:2]}", "facts": facts} | more
    )


def rows(w: World, address: str = ANNA) -> list[MailRow]:
    person = w.person(address)
    assert person is not None
    with w.mirror.read(w.desk.portal) as work:
        return list(work.mail.of_people([person.id]).get(person.id, []))


def test_a_letter_arrives_and_the_log_holds_the_hash_of_what_was_sent(w: World, box: Box) -> None:
    assert queue(w) is Queued.WAITING
    done = run_post(w.settings, w.desk)
    (mail,), ((recipients, content),) = letters(box), box.mails
    assert (done.sent, done.waiting, recipients) == (1, 0, (ANNA,))
    assert mail["From"] == "Exempel AB <consent-mirror@exempel.example>"
    assert "we received your request for a copy of your data on 15 June 2026" in text_of(mail)
    event = w.log(ANNA)[-1]
    assert event.type is EventType.MAIL_SENT
    assert event.detail["sha256"] == sha256(content).hexdigest()
    with w.mirror.read(w.desk.portal) as work:
        template = work.blobs.get([str(event.detail["template"])])[str(event.detail["template"])]
    assert b"{{ received | day }}" in template.data
    assert b"@" not in template.data


def test_the_same_key_is_one_letter_also_after_it_was_sent(w: World, box: Box) -> None:
    assert (queue(w), queue(w)) == (Queued.WAITING, Queued.REPEATED)
    run_post(w.settings, w.desk)
    assert queue(w) is Queued.REPEATED
    assert run_post(w.settings, w.desk).sent == 0
    assert len(box.mails) == 1


def test_a_transaction_that_is_undone_queues_nothing(w: World, box: Box) -> None:
    from connector.acts.mail_out import queue as queue_act

    person = w.person(ANNA)
    assert person is not None
    letter = Letter(kind=LetterKind.REQUEST_RECEIVED, key="k", address=ANNA, person_id=person.id, facts=FACTS)
    with pytest.raises(ZeroDivisionError), w.mirror.write(w.desk.portal) as work:
        work.log.append([(person.id, Event(type=EventType.REQUEST))])
        queue_act(w.desk, work, letter)
        raise ZeroDivisionError
    assert run_post(w.settings, w.desk).sent == 0
    assert box.mails == []


def test_what_is_sealed_goes_when_it_was_sent(w: World) -> None:
    queue(w)
    run_post(w.settings, w.desk)
    with w.mirror.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM mail WHERE sealed IS NOT NULL").scalar() == 0
    assert [row.state for row in rows(w)] == [MailState.SENT]


def test_a_file_goes_with_it(w: World, box: Box) -> None:
    queue(w, attachments=(Attachment("kvitto.html", "text/html", "<p>åäö</p>".encode()),))
    run_post(w.settings, w.desk)
    (file,) = letters(box)[0].iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("kvitto.html", "<p>åäö</p>")


# --- screening ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "stop"), [(each, Stop(str(each))) for each in SuppressionKind], ids=str)
def test_the_suppression_list_stops_a_notice_before_and_after_it_was_queued(
    kind: SuppressionKind, stop: Stop, w: World, box: Box
) -> None:
    assert notice(w) is Queued.WAITING
    w.mirror.suppress(w.desk.portal, normalise(ANNA), kind, ALL_MARKETING)
    assert notice(w, key="another") is stop
    done = run_post(w.settings, w.desk)
    assert (done.dropped, box.mails) == (1, [])
    assert [(row.state, row.reason) for row in rows(w)] == [(MailState.DROPPED, str(stop))]


def test_somebody_restricted_gets_an_answer_but_no_notice(w: World, box: Box) -> None:
    notice(w)
    restrict(w.desk, ANNA, "staff:dora")
    assert notice(w, key="another") is Stop.RESTRICTED
    assert queue(w) is Queued.WAITING
    run_post(w.settings, w.desk)
    assert [mail["Subject"] for mail in letters(box)] == ["We received your request for a copy of your data"]


def test_an_address_that_is_the_persons_no_longer_gets_nothing(w: World, box: Box) -> None:
    queue(w)
    person = w.person(ANNA)
    assert person is not None
    with w.mirror.write(w.desk.portal) as work:
        work.people.add_addresses([(person.id, NewAddress("ny@example.org", "ny@example.org"))])
        work.people.remove_addresses([(person.id, work.people.address_ref(ANNA))])
    assert run_post(w.settings, w.desk).dropped == 1
    assert box.mails == []


def test_a_letter_that_is_too_old_is_dropped(w: World, box: Box) -> None:
    queue(w, expires_at=w.now + HOUR)
    w.wait(HOUR)
    assert run_post(w.settings, w.desk).dropped == 1
    assert box.mails == []


def test_somebody_merged_away_is_judged_as_who_they_are_now(w: World, box: Box) -> None:
    notice(w)
    anna, bo = w.person(ANNA), w.person(BO)
    assert anna is not None
    assert bo is not None
    with w.mirror.write(w.desk.portal) as work:
        work.people.merge(anna.id, bo.id)
    restrict(w.desk, BO, "staff:dora")
    assert run_post(w.settings, w.desk).dropped == 1
    assert box.mails == []


def test_somebody_merged_twice_in_a_row_is_judged_as_who_they_are_in_the_end(w: World, box: Box) -> None:
    notice(w)
    with w.mirror.write(w.desk.portal) as work:
        (carin,) = work.people.create([[NewAddress(CARIN, CARIN)]])
    people = [w.person(each) for each in (ANNA, BO)]
    anna, bo = (each.id for each in people if each is not None)
    with w.mirror.write(w.desk.portal) as work:
        work.people.merge(bo, carin.id)
        work.people.merge(anna, bo)
    restrict(w.desk, CARIN, "staff:dora")
    assert run_post(w.settings, w.desk).dropped == 1
    assert box.mails == []


# --- erasure -----------------------------------------------------------------------------------------------


def shred(w: World, *, farewell: bool = True) -> None:
    from connector.acts.mail_out import queue as queue_act

    person = w.person(ANNA)
    assert person is not None
    last = Letter(
        kind=LetterKind.ERASURE_DONE,
        key="erase:1:done",
        address=ANNA,
        facts={"at": w.now, "suppressed": True, "purging": False},
    )
    w.suppress(ANNA)
    with w.mirror.write(w.desk.portal) as work:
        work.people.shred(person.id)
        if farewell:
            assert queue_act(w.desk, work, last) is Queued.WAITING


def test_an_erasure_wipes_what_waits_and_only_its_own_confirmation_leaves(w: World, box: Box) -> None:
    queue(w)
    queue(w, known=False, key="request:2:received")  # to the same address, of nobody in particular
    queue(w, BO, key="request:3:received")
    shred(w)
    assert run_post(w.settings, w.desk).sent == 2
    assert sorted(str(mail["To"]) for mail in letters(box)) == [ANNA, BO]
    farewell = next(mail for mail in letters(box) if mail["To"] == ANNA)
    assert "erased" in farewell["Subject"]


def test_nothing_finds_the_erased_address_once_the_last_letter_was_sent(w: World) -> None:
    queue(w)
    before = w.ref(ANNA)
    shred(w)
    run_post(w.settings, w.desk)
    with w.mirror.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT person_id, ref, sealed FROM mail").all()
    assert [tuple(row) for row in kept] == [(None, None, None)]
    with w.mirror.read(w.desk.portal) as work:
        sent = work.log.of_nobody(EventType.MAIL_SENT)
    assert [event.address for event in sent] == [None]
    assert before not in json.dumps([dict(event.detail) for event in sent])
    w.wait(31 * DAY)
    queue(w, BO, key="request:3:received")
    run_post(w.settings, w.desk)
    with w.mirror.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM mail WHERE person_id IS NULL").scalar() == 0


def test_a_sign_up_of_nobody_is_sealed_with_the_mirrors_own_key(w: World, box: Box) -> None:
    facts = {"purpose": "Newsletter", "at": w.now, "link": "https://x.example/d/1", "until": w.now + 7 * DAY}
    assert queue(w, STRANGER, known=False, kind=LetterKind.DOI, key="doi:1", facts=facts) is Queued.WAITING
    assert w.person(STRANGER) is None
    run_post(w.settings, w.desk)
    assert [str(mail["To"]) for mail in letters(box)] == [STRANGER]


# --- what the server says ----------------------------------------------------------------------------------


def test_put_off_is_tried_again_ever_later_for_a_day_and_then_a_person_looks(w: World, box: Box) -> None:
    box.refuse[ANNA] = "451 greylisted"
    queue(w)
    queue(w, BO, key="request:2:received")
    done = run_post(w.settings, w.desk)
    assert (done.put_off, done.sent) == (1, 1), "one letter's trouble is not the other's"
    tries = 1
    while rows(w)[0].state is MailState.WAITING:
        w.wait(10 * MINUTE)
        tries += run_post(w.settings, w.desk).put_off
        assert tries < 200
    row = rows(w)[0]
    assert (row.state, row.reason) == (MailState.PARKED, "put_off_too_long")
    assert DAY <= (row.ended_at or 0) - START <= DAY + HOUR
    assert 20 <= tries <= 40


def test_refused_for_good_is_parked_and_seen_and_can_be_tried_anew(w: World, box: Box) -> None:
    box.refuse[ANNA] = "550 no such user"
    queue(w)
    assert run_post(w.settings, w.desk).parked == 1
    w.wait(DAY)
    assert run_post(w.settings, w.desk).parked == 0
    status = w.cli("status", "--json").json["portals"][0]["mail"]
    assert (status["configured"], status["waiting"], status["parked"]) == (True, 0, 1)
    box.refuse.clear()
    with w.mirror.write(w.desk.portal) as work:
        assert work.mail.unpark(w.now) == 1
    assert run_post(w.settings, w.desk).sent == 1


def test_an_address_that_no_mail_can_carry_holds_up_nobody(w: World, box: Box) -> None:
    queue(w, "anna..berg@example.org", known=False, key="request:8:received")
    queue(w, BO, key="request:9:received")
    done = run_post(w.settings, w.desk)
    assert (done.sent, done.parked, done.waiting) == (1, 1, 0)
    assert [recipients for recipients, _ in box.mails] == [(BO,)]


def test_an_address_in_swedish_letters_is_carried_where_the_server_can(w: World, box: Box) -> None:
    queue(w, "åsa@example.org", known=False, key="request:8:received")
    assert run_post(w.settings, w.desk).sent == 1
    assert [recipients for recipients, _ in box.mails] == [("åsa@example.org",)]


def test_where_it_cannot_that_letter_is_parked_with_the_reason(w: World) -> None:
    queue(w, "åsa@example.org", known=False, key="request:8:received")
    queue(w, BO, key="request:9:received")
    with serving(Box(), utf8=False) as port:
        server = MailServer(host="127.0.0.1", port=port, security="none")
        done = send_letters(w.desk, Post(server=server, sender="consent-mirror@exempel.example"))
    assert (done.sent, done.parked) == (1, 1)
    with w.mirror.read(w.desk.portal) as work:
        assert [row.reason for row in work.mail.parked(10)] == ["server_without_utf8_addresses"]


def test_a_server_that_is_away_holds_every_letter_and_blames_none(w: World, box: Box) -> None:
    queue(w)
    away = Post(
        server=MailServer(host="127.0.0.1", port=1, security="none"), sender="consent-mirror@exempel.example"
    )
    for _ in range(3):
        with pytest.raises(MailUnavailable):
            send_letters(w.desk, away)
        w.wait(DAY)
    assert totals(w.desk).trouble is not None
    assert [(row.state, row.attempts) for row in rows(w)] == [(MailState.WAITING, 0)]
    assert run_post(w.settings, w.desk).sent == 1
    assert totals(w.desk).trouble is None


def test_a_server_that_refuses_us_is_told_and_parks_nothing(w: World, box: Box) -> None:
    queue(w)
    strict = Post(
        server=MailServer(host="localhost", port=post_port(w)), sender="consent-mirror@exempel.example"
    )
    with pytest.raises(MailRefused):  # it knows no STARTTLS
        send_letters(w.desk, strict)
    trouble = w.cli("status", "--json").json["portals"][0]["mail"]["trouble"]
    assert trouble["code"] == "mail_refused"
    assert [row.state for row in rows(w)] == [MailState.WAITING]


def post_port(w: World) -> int:
    post = post_of(w.settings)
    assert post is not None
    return post.server.port


def test_an_answer_that_got_lost_sends_the_same_message_again(w: World, box: Box) -> None:
    box.drop_after_data = True
    queue(w)
    with pytest.raises(MailUnavailable):
        run_post(w.settings, w.desk)
    box.drop_after_data = False
    assert run_post(w.settings, w.desk).sent == 1
    one, other = box.mails
    assert one == other, "the same bytes, so that a mailbox shows one"


def test_a_process_that_died_with_a_letter_in_hand_leaves_it_to_the_next(w: World, box: Box) -> None:
    queue(w)
    with w.mirror.write(w.desk.portal) as work:
        row = work.mail.due(w.now)
        assert row is not None
        work.mail.claim(row, "dead", w.now + HOUR)
    assert run_post(w.settings, w.desk).sent == 0, "it may still be on its way"
    w.wait(HOUR)
    assert run_post(w.settings, w.desk).sent == 1


def test_without_a_mail_server_letters_wait_and_status_says_so(tmp_path: Path) -> None:
    from tests.world import world

    with world(tmp_path) as w:
        w.sync()
        queue(w)
        assert post_of(w.settings) is None
        done = run_post(w.settings, w.desk)
        assert (done.configured, done.sent, done.waiting) == (False, 0, 1)
        told = w.cli("status", "--json").json["portals"][0]["mail"]
        assert (told["configured"], told["waiting"]) == (False, 1)
        assert w.cli("sync", "--json").code in {0, 4}
        assert "no mail server" in w.cli("status").out


def test_no_log_line_names_anybody(w: World, box: Box) -> None:
    box.refuse[BO] = "550 bo@example.org is unknown here"
    queue(w)
    queue(w, BO, key="request:2:received")
    ran = w.cli("sync", "--json")
    assert len(box.mails) == 1
    assert ANNA not in ran.out + ran.err
    assert BO not in ran.out + ran.err
    assert ran.json["mail"]["sent"] == 1
