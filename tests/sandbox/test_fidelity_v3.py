"""HubSpot's own typed v3 client (hubspot-api-client) driven against a running sandbox.

Its models are lenient with answers, so `strictly` builds each anew with their own validation on: a missing
required field or an unknown enum word then fails. What they still let pass is asserted beside.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.communication_preferences import PublicUpdateSubscriptionStatusRequest
from hubspot.communication_preferences.exceptions import ApiException as PreferencesApiException
from hubspot.crm.contacts import (
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicGdprDeleteInput,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectBatchInput,
    SimplePublicObjectBatchInputForCreate,
    SimplePublicObjectBatchInputUpsert,
    SimplePublicObjectId,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.lists import ListCreateRequest, MembershipChangeRequest
from hubspot.crm.properties import PropertyCreate

from connector.sandbox import Running, Sandbox

BASIS = {"legal_basis": "CONSENT_WITH_NOTICE", "legal_basis_explanation": "evt:1"}


def strictly(model: Any) -> Any:
    """The same model; ValueError when its own rules find a required field missing or a word unknown."""
    if isinstance(model, list):
        return [strictly(entry) for entry in model]
    if isinstance(model, dict):
        return {name: strictly(entry) for name, entry in model.items()}
    if not hasattr(model, "openapi_types"):
        return model
    rules = model.local_vars_configuration.__class__()
    rules.client_side_validation = True
    values = {name: strictly(getattr(model, name)) for name in model.openapi_types}
    return type(model)(local_vars_configuration=rules, **values)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with Sandbox(people=600).start() as started:
        started.sandbox.machine.options(limits=False)
        yield started


@pytest.fixture
def client(server: Running) -> Iterator[HubSpot]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the client leaves its pools to the collector
        yield HubSpot(access_token=server.token, host=server.base_url)


@pytest.fixture
def contacts(client: HubSpot) -> Any:
    return client.crm.contacts.basic_api


def create(contacts: Any, email: str, **more: str) -> str:
    properties = {"email": email, **more}
    made = contacts.create(SimplePublicObjectInputForCreate(properties=properties, associations=[]))
    return str(made.id)


def test_the_list_is_read_page_by_page(contacts: Any) -> None:
    names = ["email", "hs_email_optout", "hs_email_optout_101", "hs_additional_emails"]
    page = strictly(contacts.get_page(limit=100, properties=names))
    assert len(page.results) == 100
    assert all(set(names) <= set(row.properties) and row.archived is False for row in page.results)
    assert page.paging.next.after == "5051"
    following = contacts.get_page(limit=100, after=page.paging.next.after, properties=names)
    assert following.results[0].id == "5051"


def test_a_page_with_history_has_fifty(contacts: Any) -> None:
    page = strictly(contacts.get_page(limit=50, properties=["email"], properties_with_history=["email"]))
    past = page.results[0].properties_with_history["email"][0]
    assert (past.value, past.source_type) == (page.results[0].properties["email"], past.source_type)
    assert past.timestamp is not None


def test_a_contact_lives_and_dies(contacts: Any, server: Running) -> None:
    number = create(contacts, "life@example.com")
    assert contacts.get_by_id("life@example.com", id_property="email").id == number
    assert (
        contacts.update(number, SimplePublicObjectInput(properties={"city": "Umeå"})).properties["city"]
        == "Umeå"
    )
    contacts.archive(number)
    assert contacts.get_by_id(number, archived=True).archived_at is not None
    with pytest.raises(ApiException) as raised:
        contacts.get_by_id(number)
    assert raised.value.status == 404
    server.sandbox.colleague.restore(number)
    contacts.purge(PublicGdprDeleteInput(object_id=number))
    for archived in (False, True):
        with pytest.raises(ApiException) as raised:
            contacts.get_by_id(number, archived=archived)
        assert raised.value.status == 404


def test_two_contacts_merge(contacts: Any) -> None:
    winner, loser = create(contacts, "winner@example.com"), create(contacts, "loser@example.com")
    merged = strictly(contacts.merge(PublicMergeInput(primary_object_id=winner, object_id_to_merge=loser)))
    assert merged.id == winner
    found = contacts.get_by_id(loser, properties=["hs_additional_emails", "hs_merged_object_ids"])
    assert (found.id, found.properties["hs_merged_object_ids"]) == (winner, loser)


def test_search_filters_and_sorts(client: HubSpot) -> None:
    wanted = Filter(property_name="hs_email_optout", operator="EQ", value="true")
    request = PublicObjectSearchRequest(
        filter_groups=[FilterGroup(filters=[wanted])],
        sorts=["hs_object_id"],
        properties=["hs_email_optout"],
        limit=5,
        after="0",
    )
    found = strictly(client.crm.contacts.search_api.do_search(request))
    assert found.total > 5
    assert found.paging.next.after == "5"
    assert all(row.properties["hs_email_optout"] == "true" for row in found.results)


def test_batches_of_contacts(client: HubSpot) -> None:
    batch: Any = client.crm.contacts.batch_api
    made = batch.create(
        BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                SimplePublicObjectBatchInputForCreate(
                    properties={"email": f"b{n}@example.com"}, associations=[]
                )
                for n in range(3)
            ]
        )
    )
    ids = [row.id for row in made.results]
    wanted = [SimplePublicObjectId(id=number) for number in [*ids, "7"]]
    asked = BatchReadInputSimplePublicObjectId(
        inputs=wanted, properties=["email"], properties_with_history=[]
    )
    read = strictly(batch.read(asked))
    assert (read.status, read.num_errors, len(read.results)) == ("COMPLETE", 1, 3)
    assert (read.errors[0].category, read.errors[0].context) == ("OBJECT_NOT_FOUND", {"ids": ["7"]})
    change = [SimplePublicObjectBatchInput(id=number, properties={"city": "Lund"}) for number in ids]
    updated = strictly(batch.update(BatchInputSimplePublicObjectBatchInput(inputs=change)))
    assert {row.properties["city"] for row in updated.results} == {"Lund"}
    upserted = batch.upsert(
        BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                SimplePublicObjectBatchInputUpsert(
                    id="b0@example.com", id_property="email", properties={"city": "Kiruna"}
                ),
                SimplePublicObjectBatchInputUpsert(id="b9@example.com", id_property="email", properties={}),
            ]
        )
    )
    assert [row.new for row in upserted.results] == [False, True]
    assert batch.archive(BatchInputSimplePublicObjectId(inputs=wanted)) is None


def test_properties_and_groups(client: HubSpot) -> None:
    found = strictly(client.crm.properties.core_api.get_all("contacts")).results
    assert {"email", "hs_email_optout", "hs_email_optout_102"} <= {row.name for row in found}
    one = strictly(client.crm.properties.core_api.get_by_name("contacts", "hs_legal_basis"))
    assert [option.value for option in one.options][2] == "Legitimate interest - other"
    assert client.crm.properties.groups_api.get_all("contacts").results
    made = client.crm.properties.core_api.create(
        "contacts",
        PropertyCreate(
            name="typed", label="Typed", type="string", field_type="text", group_name="contactinformation"
        ),
    )
    assert (made.name, made.hubspot_defined) == ("typed", False)


def test_preferences_v3(client: HubSpot) -> None:
    kinds = strictly(client.communication_preferences.definition_api.get_page()).subscription_definitions
    assert {kind.id for kind in kinds} >= {"101", "102", "103"}
    status: Any = client.communication_preferences.status_api
    wish = {"email_address": "v3@example.com", "subscription_id": "101"}
    row = strictly(status.subscribe(PublicUpdateSubscriptionStatusRequest(**wish, **BASIS)))
    assert (row.status, row.source_of_status, row.legal_basis) == (
        "SUBSCRIBED", "SUBSCRIPTION_STATUS", "CONSENT_WITH_NOTICE",
    )  # fmt: skip
    assert status.unsubscribe(PublicUpdateSubscriptionStatusRequest(**wish)).status == "NOT_SUBSCRIBED"
    with pytest.raises(PreferencesApiException) as raised:
        status.subscribe(PublicUpdateSubscriptionStatusRequest(**wish, **BASIS))
    assert raised.value.status == 400
    read = strictly(status.get_email_status("v3@example.com"))
    assert read.recipient == "v3@example.com"
    assert {row.id: row.status for row in read.subscription_statuses}["101"] == "NOT_SUBSCRIBED"


def test_forms_v3(client: HubSpot) -> None:
    forms: Any = client.marketing.forms.forms_api
    page = forms.get_page(limit=2)
    following = forms.get_page(limit=2, after=page.paging.next.after)
    assert following.paging is None
    kinds = {form.legal_consent_options.type for form in page.results + following.results}
    assert kinds == {
        "none",
        "legitimate_interest",
        "explicit_consent_to_process",
        "implicit_consent_to_process",
    }
    for form in page.results + following.results:
        one = forms.get_by_id(form.id)
        assert (one.form_type, one.archived, one.name) == ("hubspot", False, form.name)
        strictly(one.configuration)
        strictly(one.display_options)


def test_lists_v3(client: HubSpot) -> None:
    made = client.crm.lists.lists_api.create(
        ListCreateRequest(name="Typed", object_type_id="0-1", processing_type="MANUAL")
    )
    number = strictly(made).list.list_id
    members: Any = client.crm.lists.memberships_api
    assert members.add(number, ["51", "7"]).record_ids_missing == ["7"]
    change = MembershipChangeRequest(record_ids_to_add=["101"], record_ids_to_remove=["51"])
    assert members.add_and_remove(number, change).records_ids_added == ["101"]
    assert [row.record_id for row in members.get_page(number).results] == ["101"]


@pytest.mark.parametrize(
    ("status", "category", "act"),
    [
        pytest.param(400, "VALIDATION_ERROR", lambda api: api.get_page(limit=101), id="101 of a list"),
        pytest.param(404, "OBJECT_NOT_FOUND", lambda api: api.get_by_id("7"), id="unknown id"),
        pytest.param(
            409, "CONFLICT", lambda api: create(api, "jiri.goncalves0@skola.example"), id="taken address"
        ),
    ],
)
def test_errors_reach_the_client(
    contacts: Any, server: Running, status: int, category: str, act: Any
) -> None:
    if status == 409:
        taken = server.sandbox.machine.contact("51")["properties"]["email"]
        act = lambda api: create(api, taken)  # noqa: E731 - the table's signature
    with pytest.raises(ApiException) as raised:
        act(contacts)
    assert raised.value.status == status
    assert f'"category":"{category}"' in raised.value.body


def test_a_bad_token_reaches_the_client(server: Running) -> None:
    stranger = HubSpot(access_token="wrong", host=server.base_url)
    with pytest.raises(ApiException) as raised:
        stranger.crm.contacts.basic_api.get_page()
    assert raised.value.status == 401
