"""How old what we know is, per purpose, added up in either database."""

from connector.consent.events import State
from connector.store.contacts import ContactRow
from connector.store.coverage import NEVER, NOBODY
from connector.store.observed import WIDE, ObservedRow
from connector.store.people import NewAddress
from connector.store.states import StateRow
from mappings.words import Status

from .conftest import NOW

DAY = 86_400_000
NEWS, OFFERS = 101, 102
READ = [NOW - 1, NOW - 2 * DAY, NOW - 8 * DAY, NOW - 40 * DAY, None, None, None]
NAMES = [f"person{number}@example.se" for number in range(len(READ))]


def register(work):
    """One person for each reading above, with a record and an address of their own; their address refs."""
    people = work.people.create([[NewAddress(name, name)] for name in NAMES])
    work.contacts.put([ContactRow(n + 1, each.id, statuses_read_at=READ[n]) for n, each in enumerate(people)])
    refs = work.people.address_refs(NAMES)
    return people, [refs[name] for name in NAMES]


def test_everybody_by_the_age_of_the_last_full_read(work):
    assert work.ages.of_everybody(NOW) == NOBODY
    register(work)
    work.contacts.put([ContactRow(90, None), ContactRow(91, 1, statuses_read_at=NOW, gone_at=NOW)])
    found = work.ages.of_everybody(NOW)
    assert found.within == {"day": 1, "week": 1, "month": 1, "older": 1, NEVER: 3}
    assert (found.total, found.oldest) == (7, NOW - 40 * DAY), "neither nobody's records nor those gone"


def test_a_no_known_without_a_full_read_belongs_to_its_purpose(work):
    _, refs = register(work)
    out = Status.UNSUBSCRIBED
    work.observed.put(
        [
            ObservedRow(refs[0], NEWS, out),  # was read in full
            ObservedRow(refs[4], NEWS, out, dated=False),
            ObservedRow(refs[5], WIDE, out, dated=False),  # everything: a no to each purpose
            ObservedRow(refs[5], NEWS, out, dated=False),  # and nobody is counted twice
            ObservedRow(refs[6], OFFERS, Status.SUBSCRIBED),  # a yes is no knowledge without a full read
        ]
    )
    assert work.ages.noes_of_unread({"news": NEWS, "offers": OFFERS}) == {"news": 2, "offers": 1}
    assert work.ages.noes_of_unread({}) == {}


def test_who_may_be_mailed_by_the_oldest_reading_of_their_records(work):
    people, _ = register(work)
    may, may_not = StateRow(state=State.GRANTED, sendable=True), StateRow(state=State.GRANTED)
    work.states.put(
        {
            (people[0].id, "news"): may,
            (people[1].id, "news"): may,
            (people[3].id, "news"): may_not,
            (people[1].id, "offers"): may,
        }
    )
    work.contacts.put([ContactRow(50, people[0].id, statuses_read_at=NOW - 9 * DAY)])
    found = work.ages.of_mailable(NOW)
    assert found["news"].within == {"day": 0, "week": 1, "month": 1, "older": 0, NEVER: 0}
    assert (found["news"].oldest, found["offers"].oldest) == (NOW - 9 * DAY, NOW - 2 * DAY)
