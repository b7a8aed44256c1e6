"""An address that had a no, in another record: HubSpot forgets the no once anybody subscribes it again.

Rows 32 and 33: noes follow, yeses do not; in doubt nobody is mailed (consent-domain 0, rule 1).
"""

from collections.abc import Callable

import pytest

from connector.consent.events import EventType
from tests.scenarios.conftest import Make
from tests.world import ANNA, BO, CARIN, DAY, HOUR, NEWSLETTER, OFFERS, SUBSCRIBED, UNSUBSCRIBED, World


def said_no(make: Make, *contacts: str) -> World:
    """Anna said no to the newsletter, here and in HubSpot."""
    w = make(contacts=(ANNA, *contacts))
    w.begin()
    w.withdraw(ANNA, "newsletter")
    w.sync()
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    return w


def settle(w: World) -> None:
    for _ in range(2):
        w.wait(HOUR)
        w.sync(full=True)


def to_another_address(w: World) -> None:
    w.sandbox.colleague.edit_email(w.contact_ids[ANNA], BO)


def to_no_address(w: World) -> None:
    w.sandbox.colleague.edit(w.contact_ids[ANNA], {"email": "", "firstname": "Anna"})


@pytest.mark.parametrize("goes", [to_another_address, to_no_address])
@pytest.mark.parametrize("seen_between", [True, False])
def test_who_gets_an_address_gets_its_noes(
    make: Make, goes: Callable[[World], None], seen_between: bool
) -> None:
    w = said_no(make)
    goes(w)
    if seen_between:
        settle(w)
    w.create(ANNA)
    w.sandbox.app.set_status(ANNA, NEWSLETTER, SUBSCRIBED, basis="CONSENT_WITH_NOTICE", explanation="by file")
    settle(w)
    assert w.hubspot(ANNA, NEWSLETTER) == UNSUBSCRIBED
    assert w.state(ANNA) == "WITHDRAWN"
    assert not w.may_send(ANNA)
    assert w.hubspot(ANNA, OFFERS) != UNSUBSCRIBED
    assert w.cli("log", "verify", "--payloads").code == 0


def test_who_moves_to_an_address_gets_its_noes(make: Make) -> None:
    w = said_no(make, CARIN)
    to_another_address(w)
    w.sandbox.colleague.edit_email(w.contact_ids[CARIN], ANNA)
    w.sandbox.colleague.resubscribe(ANNA, NEWSLETTER)
    settle(w)
    assert w.hubspot(ANNA, NEWSLETTER) == w.hubspot(BO, NEWSLETTER) == UNSUBSCRIBED
    assert not w.may_send(ANNA)


def test_an_opt_out_of_everything_comes_along_as_a_whole(make: Make) -> None:
    w = said_no(make)
    w.withdraw(ANNA)
    w.sync()
    to_another_address(w)
    settle(w)
    w.create(ANNA)
    w.sandbox.colleague.resubscribe(ANNA, OFFERS)
    settle(w)
    assert w.hubspot(ANNA, OFFERS) == UNSUBSCRIBED
    assert w.opted_out_of_all(ANNA)


def test_what_they_say_after_they_have_left_counts_for_whoever_gets_the_address(make: Make) -> None:
    """An old list brings back the address that they have left: it may be theirs still."""
    w = said_no(make)
    to_another_address(w)
    settle(w)
    w.withdraw(BO, "offers")
    settle(w)
    w.sandbox.importer.contacts([{"email": ANNA}])
    w.sandbox.importer.statuses([ANNA], OFFERS, basis="CONSENT_WITH_NOTICE", explanation="Fair")
    settle(w)
    assert w.state(ANNA, "offers") == w.state(BO, "offers") == "WITHDRAWN"
    assert w.hubspot(ANNA, OFFERS) == w.hubspot(BO, OFFERS) == UNSUBSCRIBED


def by_us(w: World) -> None:
    w.withdraw(BO, "offers")


def in_hubspot(w: World) -> None:
    w.sandbox.person.unsubscribe(BO, OFFERS)


def to_everything(w: World) -> None:
    w.withdraw(BO)


def brought_back(make: Make) -> World:
    """Anna's record has another address; a list brought the old one back before she said anything more."""
    w = said_no(make)
    to_another_address(w)
    settle(w)
    w.sandbox.importer.contacts([{"email": ANNA}])
    w.sandbox.importer.statuses([ANNA], OFFERS, basis="CONSENT_WITH_NOTICE", explanation="Fair")
    settle(w)
    assert w.hubspot(ANNA, OFFERS) == SUBSCRIBED
    return w


@pytest.mark.parametrize("says_no", [by_us, in_hubspot, to_everything])
def test_what_they_say_later_counts_for_whoever_has_the_address_by_then(
    make: Make, says_no: Callable[[World], None]
) -> None:
    w = brought_back(make)
    says_no(w)
    settle(w)
    assert w.state(ANNA, "offers") == "WITHDRAWN"
    assert w.hubspot(ANNA, OFFERS) == UNSUBSCRIBED
    w.sandbox.importer.statuses([ANNA], OFFERS, basis="CONSENT_WITH_NOTICE", explanation="Fair")
    settle(w)
    assert w.hubspot(ANNA, OFFERS) == UNSUBSCRIBED
    assert w.cli("log", "verify", "--payloads").code == 0


def test_a_no_is_passed_on_once(make: Make) -> None:
    w = brought_back(make)
    w.withdraw(BO, "offers")
    settle(w)
    before = w.types(ANNA)
    w.withdraw(BO, "newsletter")
    settle(w)
    assert w.types(ANNA).count("withdraw") == before.count("withdraw") + 1
    w.wait(DAY)
    w.grant(ANNA, "offers")
    w.grant(BO, "events")
    assert w.state(ANNA, "offers") == "GRANTED"


def test_a_no_that_two_people_annulled_does_not_come_along(make: Make) -> None:
    w = said_no(make)
    (no,) = (event for event in w.log(ANNA) if event.type is EventType.WITHDRAW)
    w.add(
        ANNA,
        EventType.ANNUL,
        actor="staff:dora",
        target=no.id,
        reason="a scanner pressed the button",
        approved_by=("staff:adam",),
    )
    to_another_address(w)
    settle(w)
    w.sandbox.register.clear_status(ANNA)
    w.create(ANNA)
    settle(w)
    assert w.state(ANNA) == "UNKNOWN"


def test_the_later_consent_of_whoever_has_it_now_counts_as_after_any_no(make: Make) -> None:
    w = said_no(make)
    to_another_address(w)
    settle(w)
    w.create(ANNA)
    settle(w)
    w.wait(DAY)
    w.grant(ANNA)
    assert w.state(ANNA) == "GRANTED"
    assert w.state(BO) == "WITHDRAWN"
    settle(w)
    assert w.hubspot(BO, NEWSLETTER) == UNSUBSCRIBED


def test_seeing_it_again_writes_nothing(make: Make) -> None:
    w = said_no(make)
    to_another_address(w)
    w.create(ANNA)
    settle(w)
    before = w.types(ANNA)
    assert before.count("withdraw") == 1
    settle(w)
    assert w.types(ANNA) == before
