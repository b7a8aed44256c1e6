"""The whole far side over HTTP against the sandbox portal: its rules, its open questions, its faults."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connector.errors import (
    AmbiguousWrite,
    ConnectorError,
    HubSpotBusy,
    HubSpotRefused,
    HubSpotUnreachable,
)
from connector.hubspot.feeds import all_contacts, changed_since, opted_out
from connector.hubspot.portal import Portal
from connector.sandbox.options import Options
from connector.sandbox.server import Running, Sandbox
from mappings.records import Contact
from mappings.words import LegalBasis, Status, WideType, WriteOutcome
from tests.hubspot.helpers import START, ToldClock, transport

SUBSCRIPTIONS = (101, 102, 103)
NEWS = 101


@dataclass
class World:
    """A sandbox and our portal object, on the same told time."""

    running: Running
    portal: Portal
    clock: ToldClock

    @property
    def sandbox(self) -> Sandbox:
        return self.running.sandbox

    def requests(self) -> list[tuple[str, str, int]]:
        return [(each["method"], each["route"], each["status"]) for each in self.sandbox.machine.requests()]

    def everybody(self) -> list[Contact]:
        return [each for page in all_contacts(self.portal) for each in page.contacts]


def world(people: int = 300, tier: str = "enterprise", **options: Any) -> Iterator[World]:
    clock = ToldClock()
    options.setdefault("limits", False)
    sandbox = Sandbox(people, 5, tier, options=Options(**options), clock=clock)
    with sandbox.start() as running:
        through = transport(running.base_url, read=lambda: running.token, clock=clock)
        portal = Portal(through, clock=clock, subscriptions=SUBSCRIPTIONS)
        yield World(running, portal, clock)
        portal.close()


@pytest.fixture(scope="module")
def calm() -> Iterator[World]:
    """A portal that nobody changes: for reading only."""
    yield from world()


@pytest.fixture
def fresh() -> Iterator[World]:
    """A portal of one's own."""
    yield from world()


def someone(world: World) -> Contact:
    """The first contact with an address and nothing said about it."""
    return next(
        each
        for each in world.everybody()
        if each.email and not each.opted_out_of_all and not each.opted_out_of and not each.additional
    )


# --- reading


def test_the_list_holds_everybody_once(calm: World) -> None:
    contacts = calm.everybody()
    assert len(contacts) == len({each.id for each in contacts}) == calm.sandbox.machine.totals()["contacts"]
    assert all(len(each.fingerprint) == 8 and each.modified_at and not each.drift for each in contacts)


def test_list_batch_and_single_reads_say_the_same(calm: World) -> None:
    contacts = calm.everybody()[:60]
    found, missing = calm.portal.contacts_by_id([each.id for each in contacts])
    assert list(found) == contacts
    assert missing == ()
    assert [calm.portal.contact(each.id) for each in contacts[:5]] == contacts[:5]
    by_email = [calm.portal.contact_by_email(each.email) for each in contacts[:20] if each.email]
    assert by_email == [each for each in contacts[:20] if each.email]


def test_batches_and_single_reads_of_statuses_say_the_same(calm: World) -> None:
    emails = [each.email for each in calm.everybody()[:20] if each.email]
    found = calm.portal.batch_preferences(emails)
    assert found.failed == {}
    assert list(found.read.values()) == [calm.portal.preferences(email) for email in emails]


def test_the_opt_out_properties_agree_with_the_statuses(calm: World) -> None:
    contacts = [each for each in calm.everybody() if each.email]
    read = calm.portal.batch_preferences([each.email or "" for each in contacts]).read
    for contact in contacts:
        said = read[contact.email or ""]
        noes = {row.subscription for row in said.statuses if row.status is Status.UNSUBSCRIBED}
        assert contact.opted_out_of <= noes
        assert contact.opted_out_of_all == bool(said.wide)


@pytest.mark.parametrize("subscription", [None, NEWS])
def test_the_count_of_opt_outs_is_the_list_of_them(calm: World, subscription: int | None) -> None:
    listed = [each for page in opted_out(calm.portal, subscription) for each in page.contacts]
    contacts = calm.everybody()
    expected = [
        each
        for each in contacts
        if (each.opted_out_of_all if subscription is None else subscription in each.opted_out_of)
    ]
    assert {each.id for each in listed} == {each.id for each in expected}
    assert calm.portal.count_opted_out(subscription) == len(listed)
    assert listed


def test_the_account_tells_what_it_is(calm: World) -> None:
    assert calm.portal.details().portal_id == calm.running.portal_id
    definitions = calm.portal.definitions()
    assert {each.id for each in definitions} >= set(SUBSCRIPTIONS)
    assert calm.portal.missing_properties(SUBSCRIPTIONS) == ()
    assert calm.portal.missing_properties([999]) == ("hs_email_optout_999",)


def test_forms_come_with_their_texts(calm: World) -> None:
    forms = calm.portal.forms()
    assert any(each.texts and each.subscriptions for each in forms)
    assert all(each.id and each.updated_at for each in forms)


@pytest.mark.parametrize(
    ("tier", "batch", "audit"),
    [("enterprise", True, True), ("professional", False, False), ("starter", False, False)],
)
def test_the_plan_decides_what_is_possible(tier: str, batch: bool, audit: bool) -> None:
    for its in world(5, tier):
        found = its.portal.capabilities()
        assert (found.batch_statuses, found.audit) == (batch, audit)
        before = its.portal.calls_made
        assert its.portal.capabilities() is found
        assert its.portal.calls_made == before


# --- HubSpot's open questions


@pytest.mark.parametrize("unseen", ["not_specified", "empty", "not_found"])
@pytest.mark.parametrize("email", ["never.seen+x@exempel.se", "a/b%c@exempel.se", "åsa@köping.se"])
def test_an_address_never_seen_says_neither_yes_nor_no(unseen: str, email: str) -> None:
    for its in world(1, unseen_address=unseen):
        single = its.portal.preferences(email)
        batch = its.portal.batch_preferences([email])
        said = [*single.statuses, *(row for each in batch.read.values() for row in each.statuses)]
        assert {row.status for row in said} <= {Status.NOT_SPECIFIED}
        assert single.wide == ()
        assert {*batch.read, *batch.failed} == {email}


@pytest.mark.parametrize(
    "email", ["Anna+Tag@Exempel.se", "a/b%c@exempel.se", "åsa@köping.se", "o'brien@x.se"]
)
def test_a_status_is_written_and_read_back_whatever_the_address_looks_like(fresh: World, email: str) -> None:
    row = fresh.portal.set_status(email, NEWS, Status.UNSUBSCRIBED)
    assert row.outcome is WriteOutcome.REQUESTED_CHANGE_OCCURRED
    again = fresh.portal.set_status(email, NEWS, Status.UNSUBSCRIBED)
    assert again.outcome is WriteOutcome.NO_STATUS_CHANGE
    for said in (fresh.portal.preferences(email), fresh.portal.batch_preferences([email]).read[email]):
        assert [each.status for each in said.statuses if each.subscription == NEWS] == [Status.UNSUBSCRIBED]


def test_a_resubscription_is_told_by_its_outcome(fresh: World) -> None:
    fresh.portal.set_status("a@b.se", NEWS, Status.UNSUBSCRIBED)
    row = fresh.portal.set_status(
        "a@b.se", NEWS, Status.SUBSCRIBED, basis=LegalBasis.CONSENT_WITH_NOTICE, explanation="form 7"
    )
    assert row.outcome is WriteOutcome.RESUBSCRIBE_OCCURRED
    assert (row.status, row.basis, row.explanation) == (
        Status.SUBSCRIBED,
        LegalBasis.CONSENT_WITH_NOTICE,
        "form 7",
    )


def test_an_opt_out_of_all_is_seen_in_every_way(fresh: World) -> None:
    person = someone(fresh)
    email = person.email or ""
    before = fresh.portal.count_opted_out(None)
    fresh.portal.unsubscribe_all(email)
    assert [each.kind for each in fresh.portal.preferences(email).wide] == [WideType.PORTAL_WIDE]
    assert fresh.portal.batch_preferences([email]).read[email].wide
    after = fresh.portal.contact(person.id)
    assert after is not None
    assert after.opted_out_of_all
    assert after.fingerprint != person.fingerprint
    assert fresh.portal.count_opted_out(None) == before + 1


@pytest.mark.parametrize("resolves", [False, True])
@pytest.mark.parametrize("new_record", [False, True])
def test_a_merged_contact_is_known_by_its_winner(resolves: bool, new_record: bool) -> None:
    for its in world(20, merged_id_resolves=resolves, merge_makes_new_record=new_record):
        first, second = [each for each in its.everybody() if each.email][:2]
        winner = int(its.sandbox.colleague.merge(first.id, second.id))
        read = its.portal.contact(winner)
        assert read is not None
        assert second.id in read.merged_ids
        loser = its.portal.contact(second.id)
        assert (loser.id if loser else None) == (winner if resolves else None)
        assert second.id not in {each.id for each in its.everybody()}


def test_an_archived_contact_is_in_the_bin_and_nowhere_else(fresh: World) -> None:
    person = someone(fresh)
    fresh.sandbox.colleague.archive(person.id)
    assert fresh.portal.contact(person.id) is None
    archived = fresh.portal.contact(person.id, archived=True)
    assert archived is not None
    assert archived.archived
    bin_ = [each for page in all_contacts(fresh.portal, archived=True) for each in page.contacts]
    assert [each.id for each in bin_ if each.id == person.id] == [person.id]
    assert fresh.portal.contacts_by_id([person.id]) == ((), (person.id,))
    fresh.sandbox.colleague.restore(person.id)
    assert fresh.portal.contact(person.id) is not None


def test_an_erased_contact_is_gone_both_ways_and_in_the_audit_log(fresh: World) -> None:
    person = someone(fresh)
    fresh.portal.erase(person.id)
    assert fresh.portal.contact(person.id) is None
    assert fresh.portal.contact(person.id, archived=True) is None
    assert ("GDPR_DELETE", str(person.id)) in [
        (row.type, row.object_id) for row in fresh.portal.audit(START - 1)
    ]


def test_the_timeline_tells_by_whose_act(fresh: World) -> None:
    email = someone(fresh).email or ""
    fresh.sandbox.person.unsubscribe(email, NEWS)
    changes = fresh.portal.timeline(START - 1, fresh.clock.now() + 1).changes
    assert (email, "UNSUBSCRIBED", "SOURCE_RECIPIENT", NEWS) in [
        (each.address, each.change, each.source, each.subscription) for each in changes
    ]


def test_a_sent_form_is_read_with_its_values(fresh: World) -> None:
    form = next(each for each in fresh.portal.forms() if each.subscriptions)
    email = "nova@exempel.se"
    fresh.sandbox.person.submit(form.id, {"email": email})
    [newest, *_] = fresh.portal.submissions(form.id).submissions
    assert ("email", email) in newest.values
    assert newest.submitted_at is not None


# --- changes


def test_a_change_is_found_by_search(fresh: World) -> None:
    person = someone(fresh)
    fresh.clock.at += 60_000
    since = fresh.clock.now()
    fresh.sandbox.colleague.edit(person.id, {"firstname": "Ny"})
    pages = list(changed_since(fresh.portal, since, overlap_ms=0))
    assert [each.id for page in pages for each in page.contacts] == [person.id]


def test_a_month_end_job_that_stamps_everybody_is_drained() -> None:
    for its in world(1_300):
        at = its.sandbox.register.stamp(1_250, START - 5_000)
        pages = list(changed_since(its.portal, at, overlap_ms=0))
        assert len({each.id for page in pages for each in page.contacts if each.modified_at == at}) == 1_250


# --- limits


def test_the_burst_limit_is_waited_for(fresh: World) -> None:
    fresh.sandbox.machine.options(limits=True, burst_limit=20)
    for number in range(25):
        fresh.portal.preferences(f"p{number}@exempel.se")
    assert fresh.clock.slept
    assert fresh.sandbox.machine.worst_window() <= 20
    refused = sum(status == 429 for _, _, status in fresh.requests())
    assert refused == len(fresh.clock.slept)


def test_the_search_limit_is_waited_for(fresh: World) -> None:
    fresh.sandbox.machine.options(limits=True)
    for _ in range(20):
        fresh.portal.count_opted_out(None)
    assert 3 <= sum(fresh.clock.slept) <= 10


def test_a_day_that_is_used_up_ends_at_once(fresh: World) -> None:
    fresh.portal.details()
    fresh.sandbox.machine.options(limits=True)
    fresh.sandbox.machine.use_up_day(1_000_000)
    with pytest.raises(HubSpotBusy) as caught:
        fresh.portal.definitions()
    assert caught.value.wait_s == 28_000  # midnight in Stockholm


# --- credentials


def test_a_rotated_token_is_read_again(fresh: World) -> None:
    fresh.portal.details()
    fresh.sandbox.machine.rotate_token()
    assert fresh.portal.details().portal_id == fresh.running.portal_id
    assert [status for _, _, status in fresh.requests()] == [200, 401, 200]


def test_a_missing_scope_is_named(fresh: World) -> None:
    fresh.sandbox.machine.set_scopes(["crm.objects.contacts.read"])
    with pytest.raises(HubSpotRefused) as caught:
        fresh.portal.set_status("a@b.se", NEWS, Status.UNSUBSCRIBED)
    assert any("communication_preferences" in each for each in caught.value.scopes)


# --- faults

READ_FAULTS: list[dict[str, Any]] = [
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 502},
    {"effect": "status", "status": 504},
    {"effect": "status", "status": 423},
    {"effect": "status", "status": 429},
    {"effect": "status", "status": 429, "retry_after": 4},
    {"effect": "status", "status": 429, "policy": "SECONDLY"},
    {"effect": "status", "status": 524},
    {"effect": "drop"},
    {"effect": "cut"},
    {"effect": "truncated"},
    {"effect": "html"},
]


@pytest.mark.parametrize("fault", READ_FAULTS, ids=[str(each) for each in READ_FAULTS])
def test_a_read_survives_three_faults_in_a_row(fresh: World, fault: dict[str, Any]) -> None:
    person = someone(fresh)
    fresh.sandbox.machine.fault(count=3, **fault)
    assert fresh.portal.contact(person.id) == person


WRITE_FAULTS: list[tuple[dict[str, Any], bool]] = [
    ({"effect": "status", "status": 500, "applied": True}, True),
    ({"effect": "status", "status": 500}, False),
    ({"effect": "status", "status": 504, "applied": True}, True),
    ({"effect": "drop", "applied": True}, True),
    ({"effect": "drop"}, False),
    ({"effect": "cut"}, True),
    ({"effect": "truncated"}, True),
    ({"effect": "html"}, True),
]


@pytest.mark.parametrize(("fault", "applied"), WRITE_FAULTS, ids=[str(each[0]) for each in WRITE_FAULTS])
def test_a_write_with_an_unknown_end_is_sent_once_and_read_back(
    fresh: World, fault: dict[str, Any], applied: bool
) -> None:
    fresh.sandbox.machine.fault(method="POST", count=1, **fault)
    with pytest.raises(AmbiguousWrite):
        fresh.portal.set_status("a@b.se", NEWS, Status.UNSUBSCRIBED)
    assert len(fresh.requests()) == 1
    rows = fresh.portal.preferences("a@b.se").statuses
    assert [row.status for row in rows if row.subscription == NEWS] == [
        Status.UNSUBSCRIBED if applied else Status.NOT_SPECIFIED
    ]


@pytest.mark.parametrize("status", [423, 429])
def test_a_write_that_was_certainly_not_applied_is_repeated(fresh: World, status: int) -> None:
    fresh.sandbox.machine.fault(effect="status", status=status, method="POST", count=2)
    row = fresh.portal.set_status("a@b.se", NEWS, Status.UNSUBSCRIBED)
    assert row.outcome is WriteOutcome.REQUESTED_CHANGE_OCCURRED
    assert len(fresh.requests()) == 3


def test_an_erasure_with_an_unknown_end_is_sent_once(fresh: World) -> None:
    person = someone(fresh)
    fresh.sandbox.machine.fault(effect="drop", method="POST", applied=True, count=1)
    with pytest.raises(AmbiguousWrite):
        fresh.portal.erase(person.id)
    assert fresh.portal.contact(person.id) is None


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_a_batch_done_in_part_accounts_for_every_input(fresh: World, share: float) -> None:
    emails = [each.email for each in fresh.everybody()[:50] if each.email]
    fresh.sandbox.machine.fault(effect="partial", path="*/statuses/batch/read", share=share)
    found = fresh.portal.batch_preferences(emails)
    assert sorted([*found.read, *found.failed]) == sorted(emails)
    assert len(found.failed) == pytest.approx(share * len(emails), abs=1)


def test_a_batch_that_is_too_large_is_halved_until_it_fits(fresh: World) -> None:
    fresh.sandbox.machine.options(status_batch_max=30)
    emails = [f"p{number}@exempel.se" for number in range(200)]
    found = fresh.portal.batch_preferences(emails)
    assert list(found.read) == emails


@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "missing_field", "field": "results.*.id"},
        {"effect": "missing_field", "field": "results.*.properties"},
        {"effect": "wrong_type", "field": "results.*.id", "value": {"odd": 1}},
    ],
    ids=str,
)
def test_a_page_without_readable_records_never_passes_for_an_empty_one(
    fresh: World, fault: dict[str, Any]
) -> None:
    fresh.sandbox.machine.fault(count=2, **fault)
    assert fresh.portal.contacts_page(None).contacts
    fresh.sandbox.machine.fault(**fault)
    with pytest.raises(HubSpotUnreachable):
        fresh.portal.contacts_page(None)


def test_a_flag_of_another_type_is_drift_and_never_a_yes(fresh: World) -> None:
    fresh.sandbox.machine.fault(effect="wrong_type", field="results.*.properties.hs_email_optout", value=1)
    page = fresh.portal.contacts_page(None)
    assert page.unreadable == 0
    assert {each.drift for each in page.contacts} <= {("hs_email_optout",), ()}
    assert any(each.drift for each in page.contacts)


@pytest.mark.parametrize("field", ["results", "results.*.subscriberIdString"])
def test_an_answer_of_another_shape_is_no_answer(fresh: World, field: str) -> None:
    fresh.sandbox.machine.fault(effect="wrong_type", field=field, value="someone@else.se")
    with pytest.raises(HubSpotUnreachable):
        fresh.portal.preferences("a@b.se")


@pytest.mark.parametrize("effect", ["stuck_cursor", "out_of_order"])
def test_a_list_that_goes_nowhere_stops(fresh: World, effect: str) -> None:
    fresh.sandbox.machine.fault(effect=effect, path="*/contacts")
    with pytest.raises(HubSpotUnreachable):
        list(itertools.islice(all_contacts(fresh.portal), 50))


def test_a_host_that_is_down_is_told_without_the_address(fresh: World) -> None:
    fresh.running.stop()
    with pytest.raises(ConnectorError) as caught:
        fresh.portal.preferences("canary@exempel.se")
    assert isinstance(caught.value, HubSpotUnreachable)
    assert "canary" not in f"{caught.value!r}{caught.value.document()}"
