"""HubSpot's own typed 2026-03 client (hubspot-sdk) driven against a running sandbox.

Answers are validated strictly: a missing required field, an unknown enum word or a wrong type fails the call.
"""

from collections.abc import Iterator
from typing import Any

import hubspot_sdk
import pytest

from connector.sandbox import Running, Sandbox

NEW = "ny+tagg/ö%@example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with Sandbox(people=600).start() as started:
        started.sandbox.machine.options(limits=False)
        yield started


def connect(server: Running, token: str | None = None, *, strict: bool = True) -> Any:
    return hubspot_sdk.HubSpot(
        access_token=token or server.token,
        base_url=server.base_url,
        max_retries=0,
        _strict_response_validation=strict,
    )


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[Any]:
    with connect(server) as made:
        yield made


@pytest.fixture(scope="module")
def contacts(client: Any) -> Any:
    return client.crm.objects.contacts


def create(contacts: Any, email: str) -> str:
    return str(contacts.create(properties={"email": email}, associations=[]).id)


def test_the_list_is_read_to_its_end(contacts: Any) -> None:
    rows = list(contacts.list(limit=100, properties=["hs_object_source"]))
    assert [int(row.id) for row in rows[:600]] == [51 + 50 * n for n in range(600)]


def test_empty_values_come_as_null(server: Running) -> None:
    with connect(server, strict=False) as lenient:
        rows = lenient.crm.objects.contacts.list(limit=100, properties=["email", "hs_email_optout"]).results
    assert any(row.properties["email"] is None for row in rows)
    assert {row.properties["hs_email_optout"] for row in rows} == {None, "true", "false"}


def test_a_contact_is_made_changed_read_and_archived(contacts: Any) -> None:
    number = create(contacts, "dated@example.com")
    assert contacts.update(number, properties={"city": "Umeå"}).properties["city"] == "Umeå"
    found = contacts.get(number, properties=["email"], properties_with_history=["email", "city"])
    assert found.properties_with_history["city"][0].source_type == "INTEGRATION"
    contacts.delete(number)
    archived = contacts.get(number, archived=True, properties=["email"])
    assert (archived.archived, archived.archived_at is not None) == (True, True)
    with pytest.raises(hubspot_sdk.NotFoundError):
        contacts.get(number)


def test_a_contact_is_merged_and_erased(contacts: Any) -> None:
    winner, loser = create(contacts, "w@example.com"), create(contacts, "l@example.com")
    assert contacts.merge(primary_object_id=winner, object_id_to_merge=loser).id == winner
    contacts.gdpr_delete(object_id=winner)
    for archived in (False, True):
        with pytest.raises(hubspot_sdk.NotFoundError):
            contacts.get(winner, archived=archived)
    contacts.gdpr_delete(object_id="nobody@example.com", id_property="email")


def test_search_counts_and_pages(contacts: Any) -> None:
    rule = {"property_name": "hs_email_optout", "operator": "EQ", "value": "true"}
    found = contacts.search(
        filter_groups=[{"filters": [rule]}],
        limit=3,
        after="0",
        properties=["hs_email_optout"],
        sorts=["hs_object_id"],
    )
    assert found.total > 3
    assert found.paging.next.after == "3"
    assert all(row.properties["hs_email_optout"] == "true" for row in found.results)


def test_batches_of_contacts(contacts: Any) -> None:
    made = contacts.batch.create(inputs=[{"properties": {"email": "bd@example.com"}, "associations": []}])
    number = made.results[0].id
    read = contacts.batch.get(inputs=[{"id": number}], properties=["email"], properties_with_history=[])
    assert (read.status, read.results[0].properties["email"]) == ("COMPLETE", "bd@example.com")
    contacts.batch.update(inputs=[{"id": number, "properties": {"city": "Lund"}}])
    upserted = contacts.batch.upsert(
        inputs=[{"id": "bd@example.com", "id_property": "email", "properties": {"city": "Kiruna"}}]
    )
    assert upserted.results[0].new is False
    contacts.batch.delete(inputs=[{"id": number}])
    with pytest.raises(hubspot_sdk.NotFoundError):
        contacts.get(number)


def test_properties_and_groups(client: Any) -> None:
    found = client.crm.properties.list("contacts").results
    assert {"email", "hs_email_optout", "hs_email_optout_103"} <= {row.name for row in found}
    assert client.crm.properties.get("email", object_type="contacts").has_unique_value is True
    assert client.crm.properties.groups.list("contacts").results


def test_definitions(client: Any) -> None:
    found = client.communication_preferences.definitions.list(include_translations=True)
    kinds = {row.id: row for row in found.results}
    assert kinds["101"].subscription_translations[0].language_code == "sv"
    assert kinds["104"].is_internal is True
    assert found.status == "COMPLETE"


def test_one_persons_preferences(client: Any) -> None:
    preferences = client.communication_preferences
    assert preferences.get_unsubscribe_all_status(NEW, channel="EMAIL").results == []
    written = preferences.update_status(
        NEW,
        channel="EMAIL",
        status_state="SUBSCRIBED",
        subscription_id=101,
        legal_basis="CONSENT_WITH_NOTICE",
        legal_basis_explanation="evt:1",
    )
    assert written.results[0].set_status_success_reason == "REQUESTED_CHANGE_OCCURRED"
    read = {row.subscription_id: row for row in preferences.get_statuses(NEW, channel="EMAIL").results}
    assert (read[101].status, read[101].source, read[101].subscriber_id_string) == (
        "SUBSCRIBED", "Public status API", NEW,
    )  # fmt: skip
    assert (read[102].status, read[102].source) == ("NOT_SPECIFIED", "Not specified")
    told = preferences.unsubscribe_all(NEW, channel="EMAIL", verbose=True)
    assert {row.set_status_success_reason for row in told.results} == {"UNSUBSCRIBE_FROM_ALL_OCCURRED"}
    (wide,) = preferences.get_unsubscribe_all_status(NEW, channel="EMAIL").results
    assert (wide.wide_status_type, wide.status) == ("PORTAL_WIDE", "UNSUBSCRIBED")


def test_preferences_of_many(client: Any) -> None:
    batch = client.communication_preferences.statuses.batch
    addresses = [f"many{n}@example.com" for n in range(100)]
    wishes = [
        {
            "subscriber_id_string": a,
            "subscription_id": 101,
            "status_state": "UNSUBSCRIBED",
            "channel": "EMAIL",
        }
        for a in addresses
    ]
    written = batch.update_statuses(inputs=wishes)
    assert [row.subscriber_id_string for row in written.results] == addresses
    read = batch.read(channel="EMAIL", inputs=addresses)
    assert {row.statuses[0].status for row in read.results} == {"UNSUBSCRIBED"}
    opted_out = batch.unsubscribe_all(channel="EMAIL", inputs=addresses[:2], verbose=True)
    assert len(opted_out.results[0].statuses) == 4
    wide = batch.get_unsubscribe_all_statuses(channel="EMAIL", inputs=addresses[:3])
    assert [len(row.wide_statuses) for row in wide.results] == [1, 1, 0]


def test_links(client: Any) -> None:
    links = client.communication_preferences.generate_links(
        channel="EMAIL", subscriber_id_string=NEW, subscription_id=101
    )
    assert links.unsubscribe_single_url.startswith("https://")


def test_account_usage_and_audit(client: Any, server: Running) -> None:
    details = client.account.get()
    assert (details.portal_id, details.account_type, details.time_zone) == (
        62515,
        "STANDARD",
        "Europe/Stockholm",
    )
    (usage,) = client.account.get_daily_private_apps_usage().results
    assert (usage.usage_limit, usage.fetch_status) == (1_000_000, "SUCCESS")
    server.sandbox.colleague.audit("GDPR_TOGGLE_DISABLED")
    found = list(client.account.activity.list_audit_logs(limit=100))
    assert "GDPR_TOGGLE_DISABLED" in {row.sub_category for row in found}
    assert all(row.acting_user.user_id for row in found)


def test_lists(client: Any) -> None:
    made = client.crm.lists.create(name="Typed", object_type_id="0-1", processing_type="MANUAL")
    number = made.list.list_id
    assert client.crm.lists.add_memberships(number, body=["51", "7"]).record_ids_missing == ["7"]
    changed = client.crm.lists.add_and_remove_memberships(
        number, record_ids_to_add=["101"], record_ids_to_remove=["51"]
    )
    assert (changed.records_ids_added, changed.record_ids_removed) == (["101"], ["51"])
    assert [row.record_id for row in client.crm.lists.list_memberships(number).results] == ["101"]


def test_tokens(client: Any, server: Running) -> None:
    made = client.auth.oauth.create_token(grant_type="client_credentials", client_id="app", client_secret="s")
    seen = client.auth.oauth.introspect_token(token=made.access_token, client_id="app", client_secret="s")
    assert (seen.active, seen.hub_id) == (True, server.portal_id)


@pytest.mark.parametrize(
    ("error", "act"),
    [
        pytest.param(
            hubspot_sdk.BadRequestError, lambda c: c.crm.objects.contacts.list(limit=101), id="101 of a list"
        ),
        pytest.param(
            hubspot_sdk.BadRequestError,
            lambda c: c.crm.objects.contacts.batch.get(
                inputs=[{"id": str(n)} for n in range(101)], properties=[], properties_with_history=[]
            ),
            id="batch of 101",
        ),
        pytest.param(
            hubspot_sdk.BadRequestError,
            lambda c: c.communication_preferences.statuses.batch.read(
                channel="EMAIL", inputs=[f"p{n}@example.com" for n in range(101)]
            ),
            id="statuses of 101",
        ),
        pytest.param(
            hubspot_sdk.BadRequestError,
            lambda c: c.crm.objects.contacts.search(
                filter_groups=[], limit=100, after="9950", properties=[], sorts=[]
            ),
            id="page past 10,000",
        ),
        pytest.param(hubspot_sdk.NotFoundError, lambda c: c.crm.objects.contacts.get("7"), id="unknown id"),
    ],
)
def test_refusals_reach_the_client(client: Any, error: type[Exception], act: Any) -> None:
    with pytest.raises(error):
        act(client)


def test_a_bad_token_and_a_missing_scope_reach_the_client(server: Running) -> None:
    with connect(server, "wrong") as stranger, pytest.raises(hubspot_sdk.AuthenticationError):
        stranger.account.get()
    narrow = server.sandbox.machine.add_token("narrow", ["communication_preferences.read"])
    with connect(server, narrow) as limited:
        assert limited.communication_preferences.definitions.list().results
        with pytest.raises(hubspot_sdk.PermissionDeniedError) as raised:
            limited.communication_preferences.statuses.batch.read(channel="EMAIL", inputs=[NEW])
    body: Any = raised.value.body
    assert body["category"] == "MISSING_SCOPES"
    assert body["errors"][0]["context"]["requiredGranularScopes"] == [
        "communication_preferences.statuses.batch.read"
    ]


def test_a_limit_reaches_the_client_with_its_headers() -> None:
    with Sandbox(people=1).start() as server, connect(server) as client:
        server.sandbox.machine.options(burst_limit=1)
        assert client.account.with_raw_response.get().headers["X-HubSpot-RateLimit-Remaining"] == "0"
        with pytest.raises(hubspot_sdk.RateLimitError) as raised:
            client.account.get()
    body: Any = raised.value.body
    assert body["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "retry-after" not in raised.value.response.headers
