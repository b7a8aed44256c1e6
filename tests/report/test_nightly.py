"""The night from the timetable to the inbox: exactly one mail, whatever the mail server does."""

from datetime import date
from email import message_from_bytes, policy

import pytest

from connector.clock import SeededChance
from connector.errors import MailUnavailable
from connector.proof.keys import generate
from connector.report.archive import stored
from connector.report.mail import Envelope
from connector.report.night import DAY_MS, MINUTE_MS, Outcome
from connector.report.nightly import Mailing, Nightly
from connector.report.outcome import MailRefused
from connector.report.smtp import MailServer
from connector.store.mirror import Mirror
from tests.report.examples import HOUR_MS, NOW
from tests.report.mailbox import Box, serving
from tests.report.test_gather import ABOUT, PORTAL

TODAY = date(2026, 11, 24)  # 06:00 in Stockholm is NOW


class Wall:
    """A wall clock that the test moves; waiting for a server is real."""

    def __init__(self, now):
        self.at = now

    def now(self):
        return self.at

    def monotonic(self):
        return self.at / 1000

    def sleep(self, seconds, wake=None):
        return wake is not None and wake.wait(seconds)


@pytest.fixture
def clock():
    return Wall(NOW)


@pytest.fixture
def mirror(tmp_path, clock):
    chance = SeededChance("nightly")
    made = Mirror.create(f"sqlite:///{tmp_path}/mirror.db", generate(chance), clock, chance)
    yield made
    made.close()


def nightly(mirror, clock, port, *, to=("dataskydd@exempel.se",), since=NOW - DAY_MS):
    mailing = None
    if port is not None:
        server = MailServer(host="127.0.0.1", port=port, security="none")
        mailing = Mailing(server=server, envelope=Envelope(sender="mirror@exempel.se", recipients=to))
    return Nightly(mirror, ABOUT, mailing, clock, SeededChance("jitter"), since=since)


def night_of(mirror, day=TODAY):
    with mirror.read(PORTAL) as work:
        return stored(work, day), work.reports.get(day.isoformat())


def test_a_night_is_sent_once_however_often_it_is_asked(mirror, clock):
    box = Box()
    with serving(box) as port:
        job = nightly(mirror, clock, port)
        assert job.run().delivery.accepted == 1
        for _ in range(3):
            clock.at += 7 * HOUR_MS
            assert job.run().made is False
        clock.at = NOW + DAY_MS
        assert job.run().day == date(2026, 11, 25)
    assert len(box.mails) == 2
    subjects = [message_from_bytes(content, policy=policy.default)["Subject"] for _, content in box.mails]
    assert subjects == ["[main] Inga avvikelser · 2026-11-24", "[main] Inga avvikelser · 2026-11-25"]


def test_before_its_time_nothing_is_sent(mirror, clock):
    clock.at = NOW - 1
    with serving(Box()) as port:
        job = nightly(mirror, clock, port, since=NOW - HOUR_MS)
        assert job.run().made is False


def test_a_server_that_puts_off_gets_it_later(mirror, clock):
    box = Box(replies=["451 later", "451 later"])
    with serving(box) as port:
        job = nightly(mirror, clock, port)
        for _ in range(2):
            with pytest.raises(MailUnavailable):
                job.run()
            assert job.run().made is False  # not at once
            clock.at += 5 * MINUTE_MS
        assert job.run().delivery.accepted == 1
    night, row = night_of(mirror)
    assert (night.tries.outcome, night.tries.count) == (Outcome.SENT, 3)
    assert row.sent_at == clock.at
    assert len(box.mails) == 1


def test_a_server_that_refuses_is_not_asked_again_that_day(mirror, clock):
    box = Box(replies=["550 no"])
    with serving(box) as port:
        job = nightly(mirror, clock, port)
        with pytest.raises(MailRefused):
            job.run()
        clock.at += HOUR_MS
        assert job.run().made is False
        night, row = night_of(mirror)
        assert night.tries.outcome is Outcome.FAILED
        assert row.error == "mail_refused"
        clock.at = NOW + DAY_MS
        assert job.run().delivery.accepted == 1
    text = message_from_bytes(box.mails[0][1], policy=policy.default).get_body(("plain",)).get_content()
    assert "Rapporten gick inte att skicka dessa nätter: 2026-11-24." in text


def test_a_broken_mail_path_is_given_up_after_a_day_and_told_the_next(mirror, clock):
    with serving(Box()) as port:
        pass  # nobody listens there any more
    job = nightly(mirror, clock, port)
    tries = 0
    while clock.at < NOW + DAY_MS:
        try:
            job.run()
        except MailUnavailable:
            tries += 1
        clock.at = night_of(mirror)[0].tries.next
    assert 20 <= tries <= 40
    with pytest.raises(MailUnavailable):
        job.run()  # the next day's
    assert night_of(mirror, date(2026, 11, 25))[0].report.missed_nights == ("2026-11-24",)


def test_refused_recipients_are_recorded_masked(mirror, clock):
    box = Box(refuse={"it@exempel.se": "550 unknown"})
    with serving(box) as port:
        night = nightly(mirror, clock, port, to=("dataskydd@exempel.se", "it@exempel.se")).run()
    assert night.delivery.refused == {"i•••@e•••.se": 550}
    assert night_of(mirror)[0].refused == {"i•••@e•••.se": 550}


def test_without_recipients_nights_are_kept_for_history_and_none_is_missed(mirror, clock):
    job = nightly(mirror, clock, None)
    assert job.run().made is True
    assert job.run().made is False
    clock.at = NOW + 2 * DAY_MS
    assert job.run().made is True
    night, _ = night_of(mirror, date(2026, 11, 26))
    assert night.wanted is False
    assert night.report.missed_nights == ()


def test_asked_by_hand_it_is_sent_again_as_the_same_mail(mirror, clock):
    box = Box()
    with serving(box) as port:
        job = nightly(mirror, clock, port)
        job.run()
        assert job.send_now().delivery.accepted == 1
    ids = {message_from_bytes(content, policy=policy.default)["Message-ID"] for _, content in box.mails}
    assert len(box.mails) == 2
    assert ids == {"<report.2026-11-24.62515@exempel.se>"}
