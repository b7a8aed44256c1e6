"""From a form that somebody sends to a proved consent: versions, cursors, double opt-in, and every doubt."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connector.acts.forms import versions_of
from connector.acts.tally import Tally
from connector.consent.events import Event, Grade
from connector.errors import HubSpotUnreachable
from connector.sandbox.forms import SIGN_UP, form_id
from connector.sandbox.options import Tier
from connector.settings import load
from jobs.forms import read_forms
from jobs.turn import Plan, read, turn
from tests.world import (
    ANNA,
    BO,
    CARIN,
    DAY,
    EVENTS,
    HOUR,
    MINUTE,
    NEWSLETTER,
    OFFERS,
    SUBSCRIBED,
    UNSUBSCRIBED,
    World,
    world,
)

Make = Callable[..., World]
NEW = "ny@example.org"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:

        def made(**more: Any) -> World:
            w = stack.enter_context(world(tmp_path, **more))
            w.begin()
            return w

        yield made


@pytest.fixture
def w(make: Make) -> World:
    return make()


def send(w: World, address: str = ANNA, *types: int, form: str = SIGN_UP, at: int | None = None) -> None:
    w.sandbox.person.submit(form, {"email": address}, types or (NEWSLETTER,), at=at)
    w.wait(MINUTE)


def grants(w: World, address: str = ANNA) -> list[Event]:
    return [event for event in w.log(address) if event.type == "grant"]


def tell(w: World, *, forms: bool = True) -> None:
    """One turn: with the forms, or as the daemon's pull, which leaves them to their own job."""
    turn(w.desk, Plan(forms=forms))


def test_a_sent_form_is_a_proved_consent_with_everything_that_e2_asks_for(w: World) -> None:
    at = w.now
    send(w)
    w.sync()
    (grant,) = grants(w)
    assert (grant.grade, grant.by_person, grant.address, w.state(ANNA)) == (
        Grade.E2,
        True,
        w.ref(ANNA),
        "GRANTED",
    )
    assert grant.t_lo == grant.t_hi == at
    assert grant.detail["form"] == form_id(w.desk.portal, SIGN_UP)
    assert grant.evidence[0]["kind"] == "form_submission"
    with w.mirror.read(w.desk.portal) as work:
        blobs = work.blobs.get([grant.wording or "", grant.notice or ""])
    assert (
        "Ja, Exempel AB får skicka nyhetsbrevet till mig via e-post."
        in blobs[grant.wording or ""].data.decode()
    )
    assert "återkalla" in blobs[grant.notice or ""].data.decode()
    seen = next(event for event in w.log(ANNA) if event.detail.get("kind") == "form_submission")
    assert seen.detail["form"] == form_id(w.desk.portal, SIGN_UP)
    assert seen.detail["page"] == "https://www.example.com/nyhetsbrev"


def test_only_the_ticked_boxes_are_consents(w: World) -> None:
    send(w, ANNA, NEWSLETTER, EVENTS)
    w.sync()
    assert {grant.purpose for grant in grants(w)} == {"newsletter", "events"}
    assert w.state(ANNA, "offers") == "UNKNOWN"


def test_nothing_is_told_twice(w: World) -> None:
    send(w)
    w.sync()
    before = w.types(ANNA)
    for hours in (1, 30, 1):
        w.wait(hours * HOUR)
        w.sync()
    assert w.types(ANNA) == before


def test_somebody_new_comes_in_with_the_proof(w: World) -> None:
    send(w, NEW)
    w.sync()
    assert (w.state(NEW), len(grants(w, NEW))) == ("GRANTED", 1)


@pytest.mark.parametrize("pull_first", [False, True], ids=["form job first", "pull first"])
def test_a_form_over_an_older_no_is_proved_whichever_is_read_first(w: World, pull_first: bool) -> None:
    w.withdraw(ANNA, "newsletter")
    w.wait()
    send(w)
    if pull_first:
        tell(w, forms=False)
        assert (w.state(ANNA), w.held(ANNA, NEWSLETTER)) == ("WITHDRAWN", UNSUBSCRIBED)
        w.wait()
    w.sync()
    assert (w.state(ANNA), len(grants(w))) == ("GRANTED", 1)
    assert w.may_send(ANNA) is not pull_first  # after our own UNSUB a person looks first (row 6)
    if not pull_first:
        assert w.held(ANNA, NEWSLETTER) == SUBSCRIBED


def test_an_older_form_lifts_no_no(w: World) -> None:
    at = w.now
    w.wait(DAY)
    w.withdraw(ANNA, "newsletter")
    w.wait()
    send(w, at=at)
    w.sync()
    assert (w.state(ANNA), w.held(ANNA, NEWSLETTER)) == ("WITHDRAWN", UNSUBSCRIBED)


def test_between_two_looks_at_an_edited_form_a_yes_is_a_claim(w: World) -> None:
    send(w)
    w.wait(HOUR)
    w.sandbox.register.edit_form(SIGN_UP, {"privacyText": "Helt ny text. www.example.com/x"})
    w.wait(HOUR)
    w.sync()
    assert (w.state(ANNA), grants(w)) == ("CLAIMED", [])
    (claim,) = [e for e in w.log(ANNA) if e.type == "claim" and e.source == "form"]
    assert (claim.reason, claim.grade, claim.wording) == ("wording_may_have_changed", Grade.E1, None)


def test_after_the_edit_the_new_wording_counts_and_both_are_kept(w: World) -> None:
    send(w, ANNA)
    w.sync()
    w.sandbox.register.edit_form(SIGN_UP, {"communicationConsentText": "Nytt från Exempel AB:"})
    w.wait(HOUR)
    w.sandbox.colleague.create({"email": BO})
    send(w, BO)
    w.sync()
    (old,), (new,) = grants(w, ANNA), grants(w, BO)
    assert old.wording != new.wording
    with w.mirror.read(w.desk.portal) as work:
        texts = work.blobs.get([old.wording or "", new.wording or ""])
        assert len(versions_of(work, form_id(w.desk.portal, SIGN_UP))) == 2
    assert "Nytt från Exempel AB:" in texts[new.wording or ""].data.decode()
    assert "Nytt från Exempel AB:" not in texts[old.wording or ""].data.decode()


@pytest.mark.parametrize("form", ["Price list: download", "Contact us"])
def test_forms_without_a_box_are_never_a_consent(w: World, form: str) -> None:
    send(w, ANNA, OFFERS, form=form)
    w.sync()
    assert grants(w) == []
    assert w.state(ANNA, "offers") in {"CLAIMED", "UNKNOWN"}


def test_a_box_that_had_to_be_ticked_is_a_claim(w: World) -> None:
    boxes = [{"subscriptionTypeId": NEWSLETTER, "label": "Ja till nyhetsbrev", "required": True}]
    consent = {"type": "explicit_consent_to_process", "communicationsCheckboxes": boxes, "privacyText": "x"}
    w.sandbox.register.add_form("Bundled", consent)
    w.wait()
    send(w, form="Bundled")
    w.sync()
    assert (w.state(ANNA), grants(w)) == ("CLAIMED", [])
    assert "box_was_required" in {event.reason for event in w.log(ANNA)}


def waiting_for_confirmation(make: Make) -> World:
    w = make()
    text = w.config.read_text("utf-8").replace(
        'key = "newsletter"\n', 'key = "newsletter"\ndouble_opt_in = true\n'
    )
    w.config.write_text(text, "utf-8")
    w.settings = load(w.config)
    w.__dict__.pop("desk")
    w.sandbox.register.edit_form(SIGN_UP, {"double_opt_in": True})
    w.wait()
    send(w)
    w.sync()
    assert (w.state(ANNA), w.may_send(ANNA)) == ("PENDING", False)
    return w


def test_a_sign_up_that_nobody_confirms_is_shredded_once(make: Make) -> None:
    """The form's submission still tells of it: nothing is made of it anew."""
    w = waiting_for_confirmation(make)
    for _ in range(3):
        w.wait(8 * DAY)
        w.sync(full=True)
        types = w.types(ANNA)
        assert (types.count("request"), types.count("expire")) == (0, 1)
    assert w.state(ANNA) != "PENDING"
    assert w.cli("log", "verify", "--payloads").code == 0


def test_double_opt_in_waits_for_the_person_and_is_e3(make: Make) -> None:
    w = waiting_for_confirmation(make)
    w.wait(HOUR)
    w.sandbox.person.confirm(ANNA)
    w.wait(MINUTE)
    tell(w, forms=False)
    row = w.row(ANNA)
    assert row is not None
    assert (w.state(ANNA), row.grade, row.sendable) == ("GRANTED", Grade.E3, True)


def test_a_confirmation_in_hubspot_is_e3_for_any_purpose(w: World) -> None:
    w.sandbox.register.edit_form(SIGN_UP, {"double_opt_in": True})
    w.wait()
    send(w)
    w.sync()
    assert w.state(ANNA) == "UNKNOWN"
    w.sandbox.person.confirm(ANNA)
    w.wait(MINUTE)
    w.sync()
    assert [grant.grade for grant in grants(w)] == [Grade.E3]


def test_a_suppressed_address_leaves_no_trace_of_its_form(w: World) -> None:
    w.suppress(NEW)
    send(w, NEW)
    w.sync()
    assert w.person(NEW) is None


def test_nobody_is_made_of_a_form_whose_contact_is_gone(w: World) -> None:
    number = w.sandbox.person.submit(SIGN_UP, {"email": NEW}, (NEWSLETTER,))
    w.sandbox.colleague.archive(number)
    w.wait(MINUTE)
    w.sync()
    assert w.person(NEW) is None


def test_a_submission_that_a_program_dates_back_is_found_within_a_day(w: World) -> None:
    send(w, CARIN)
    w.sync()
    w.wait(2 * HOUR)
    at = w.now - 20 * DAY
    w.sandbox.person.submit(SIGN_UP, {"email": ANNA}, (NEWSLETTER,), at=at)
    w.wait(DAY)
    w.sync()
    assert [grant.t_lo for grant in grants(w)] == [at]


class Interrupted:
    """HubSpot goes away at the second page of submissions, once."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.down = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def submissions(self, form: str, after: str | None = None) -> Any:
        if self.down and after is not None:
            self.down = False
            raise HubSpotUnreachable("gone", next_step="wait")
        return self._real.submissions(form, after)


def test_an_interrupted_reading_goes_on_and_loses_nobody(make: Make) -> None:
    w = make()
    people = [f"p{number}@example.org" for number in range(70)]
    for each in people:
        send(w, each)
    tell(w, forms=False)
    desk = w.wrapped(Interrupted)
    with pytest.raises(HubSpotUnreachable):
        read_forms(desk, Tally())
    send(w, NEW)
    w.sync()
    assert {w.state(each) for each in (*people, NEW)} == {"GRANTED"}


def test_the_loss_of_the_timeline_changes_nothing_else(make: Make) -> None:
    w = make()
    w.sandbox.machine.fault(effect="status", status=410, path="*/subscriptions/timeline*", name="gone")
    send(w)
    w.sync()
    assert (w.state(ANNA), len(grants(w))) == ("GRANTED", 1)


def test_a_portal_below_enterprise_reads_the_same(make: Make) -> None:
    w = make(tier=Tier.PROFESSIONAL)
    send(w)
    w.sync()
    assert (w.state(ANNA), len(grants(w))) == ("GRANTED", 1)


def test_a_first_reading_proves_what_the_forms_prove_and_claims_the_rest(tmp_path: Path) -> None:
    with world(tmp_path, people=80) as w:
        assert w.cli("backfill").code == 0
        gaps = w.cli("gaps", "--json").json
    news = next(each for each in gaps["purposes"] if each["purpose"] == "newsletter")
    assert news["proved"] > 0
    assert news["without"] == sum(each["purpose"] == "newsletter" for each in gaps["people"]) > 0
    assert gaps["coverage"] == 1.0
    assert all("•" in each["address"] for each in gaps["people"])
    assert all("wording" in each["missing"] for each in gaps["people"])


def test_gaps_as_a_file_and_the_wordings_as_commands(w: World) -> None:
    w.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
    send(w, NEW, OFFERS)
    w.sync()
    file = w.folder / "gaps.csv"
    assert w.cli("gaps", "--legacy", "--csv", str(file)).code == 0
    assert len(file.read_text("utf-8-sig").splitlines()) == 1  # what we saw happen is no legacy
    assert w.cli("gaps", "--csv", str(file)).code == 0
    assert "a•••@e•••.org" in file.read_text("utf-8-sig")
    found = w.cli("wording", "list", "--json").json
    used = next(each for each in found if each["kind"] == "wording" and each["people"] == 1)
    assert used["places"][0]["place"].endswith(f":{OFFERS}")
    shown = w.cli("wording", "show", used["hash"][:10], "--json").json
    assert "erbjudanden" in shown["text"]
    assert w.cli("wording", "show", "ffff0000").code == 3
    lint = w.cli("wording", "lint", "--json").json
    assert {"controller", "withdraw", "notice_link"}.isdisjoint(
        flaw["flaw"] for each in lint["findings"] for flaw in each["lacks"]
    )


def test_a_flaw_in_a_wording_in_force_is_in_the_report(w: World) -> None:
    boxes = [{"subscriptionTypeId": NEWSLETTER, "label": "OK", "required": False}]
    w.sandbox.register.add_form(
        "Poor", {"type": "explicit_consent_to_process", "communicationsCheckboxes": boxes}
    )
    w.sync()
    kinds = {each["kind"] for each in w.cli("report", "--json").json["discrepancies"]}
    assert "wording" in kinds


class NoSearch:
    """HubSpot answers, but not its search."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def search_changed(self, *_words: Any, **_more: Any) -> Any:
        raise HubSpotUnreachable("gone", next_step="wait")


def lifted_no(make: Make, *contacts: str) -> World:
    """Anna consented, opted out, and an app subscribed her before anybody read: the timeline alone tells."""
    w = make(contacts=(ANNA, *contacts))
    w.grant(ANNA)
    w.sync()
    w.wait(2 * HOUR)
    w.sandbox.person.unsubscribe(ANNA, NEWSLETTER)
    w.wait(5 * MINUTE)
    w.sandbox.app.set_status(ANNA, NEWSLETTER, SUBSCRIBED, basis="CONSENT_WITH_NOTICE", explanation="by file")
    w.wait(5 * MINUTE)
    return w


def test_a_no_of_the_timeline_does_not_wait_for_a_search_that_fails(make: Make) -> None:
    w = lifted_no(make)
    with pytest.raises(HubSpotUnreachable):
        read(w.wrapped(NoSearch), Tally(), full=False)
    assert w.state(ANNA) == "WITHDRAWN"


def test_a_no_of_the_timeline_is_the_winners_where_its_speaker_is_merged_meanwhile(make: Make) -> None:
    w = lifted_no(make, BO)
    read_forms(w.desk, Tally())
    assert w.state(ANNA) == "GRANTED", "its time comes after the statuses"
    w.sandbox.colleague.merge(w.contact_ids[BO], w.contact_ids[ANNA])
    w.wait(5 * MINUTE)
    w.sync()
    w.sync()
    assert w.state(ANNA) == "WITHDRAWN"
    assert not w.may_send(ANNA)
    assert not w.may_send(BO)
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
