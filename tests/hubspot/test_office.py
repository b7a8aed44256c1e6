"""The calls about people, properties and mails, against the sandbox over HTTP: no stand-in between."""

from pathlib import Path

import pytest

from connector.sandbox.options import Tier
from mappings.office import HubSpotUser, MarketingEmail
from tests.world import ANNA, BO, DAY, NEWSLETTER, World, world


def _users(made: World) -> dict[str, HubSpotUser]:
    found = made.desk.hubspot.users()
    assert found is not None
    return {user.id: user for user in found}


def test_users_come_with_the_names_of_their_roles(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        assert _users(made)["1002"] == HubSpotUser(
            id="1002", email="user1002@example.com", name="Mio Marknad", roles=("Marknad",)
        )
        assert _users(made)["1001"].super_admin


def test_more_users_than_a_page_are_all_read(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        for number in range(150):
            made.sandbox.office.hire("Ny", str(number), f"ny{number}@example.com")
        assert len(_users(made)) == 153


def test_only_sign_ins_that_succeeded_count(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.sandbox.office.sign_in(1003, succeeded=False)
        logins = made.desk.hubspot.last_logins()
        assert logins is not None
        assert set(logins) == {"1001", "1002"}
        assert logins["1001"] == made.now - 20 * 3_600_000


def test_what_a_plan_does_not_show_is_none_and_not_nothing(tmp_path: Path) -> None:
    with world(tmp_path, tier=Tier.STARTER) as made:
        hubspot = made.desk.hubspot
        assert hubspot.users() is not None
        assert hubspot.last_logins() is None
        assert hubspot.marketing_emails() is None
        assert hubspot.sent_events(0, made.now) is None
        assert hubspot.api_usage() is not None


def test_a_token_without_the_scope_for_users_says_so(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.sandbox.machine.set_scopes(["crm.objects.contacts.read"])
        assert made.desk.hubspot.users() is None


def test_properties_of_every_sensitivity_are_listed_and_counted(tmp_path: Path) -> None:
    with world(tmp_path, contacts=(ANNA, BO)) as made:
        made.sandbox.office.define("halsa", "Hälsa", sensitivity="highly_sensitive")
        made.sandbox.office.fill(ANNA, "halsa", "ont i ryggen")
        found = {each.name: each for each in made.desk.hubspot.properties()}
        assert found["halsa"].sensitivity == "highly_sensitive"
        assert not found["halsa"].hubspot_defined
        assert found["email"].hubspot_defined
        assert made.desk.hubspot.count_filled("halsa") == 1
        assert made.desk.hubspot.count_filled("email") == 2
        assert made.desk.hubspot.count_filled("no_such_property") is None


@pytest.mark.parametrize("count", [1, 3])
def test_who_was_mailed_since_is_read_by_id(tmp_path: Path, count: int) -> None:
    people = tuple(f"p{number}@example.org" for number in range(count))
    with world(tmp_path, contacts=(*people, BO)) as made:
        made.sandbox.office.mail("Juni", people, NEWSLETTER, at=made.now - DAY)
        page = made.desk.hubspot.mailed_since(made.now - 2 * DAY, 0)
        assert page is not None
        assert [(mail.email, mail.at, mail.name) for mail in page.mails] == [
            (email, made.now - DAY, "Juni") for email in people
        ]
        assert page.after is None
        later = made.desk.hubspot.mailed_since(made.now, 0)
        assert later is not None
        assert later.mails == ()


def test_a_mail_and_its_events_name_their_subscription_type(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.sandbox.office.mail("Juni", [ANNA], NEWSLETTER)
        mails = made.desk.hubspot.marketing_emails()
        assert mails == (MarketingEmail(name="Juni", subscription=NEWSLETTER, campaigns=(70_001,)),)
        sent = made.desk.hubspot.sent_events(0, made.now)
        assert sent is not None
        assert [(mail.email, mail.campaign, mail.subject) for mail in sent.mails] == [(ANNA, 70_001, "Juni")]
        assert sent.offset is None
