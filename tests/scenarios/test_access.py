"""Who and what can reach the register: read from HubSpot, justified by a person, told every night."""

import os
from pathlib import Path
from typing import Any

import pytest

from connector.sandbox.options import Tier
from connector.store.users import Role
from jobs.watch import watch
from tests.world import ANNA, DAY, World, world

PASSWORD = "correct horse battery"


def nothing() -> None:
    """No beat is needed."""


def rows(made: World, *words: str) -> dict[str, Any]:
    """By HubSpot's number for people, else by name."""
    found = made.cli("access", "--json", *words)
    assert found.code == 0, found.err
    return {each["hubspot_id"] or each["name"]: each for each in found.json["grantees"]}


def dora(made: World) -> None:
    with made.mirror.write(made.desk.portal) as work:
        work.users.add("dora", Role.DPO, PASSWORD, made.now)
    os.environ["CONSENT_MIRROR_PASSWORD"] = PASSWORD


@pytest.fixture
def w(tmp_path: Path) -> Any:
    with world(tmp_path) as made:
        made.begin()
        dora(made)
        yield made
    os.environ.pop("CONSENT_MIRROR_PASSWORD", None)


def kinds(made: World) -> dict[str, list[str]]:
    """Discrepancies of tonight about access: kind -> references."""
    found = made.cli("report", "--json").json["discrepancies"]
    return {
        each["kind"]: sorted(item["reference"] for item in each["items"])
        for each in found
        if each["kind"].startswith("access_")
    }


@pytest.mark.sqlite
def test_everything_that_reaches_the_register_is_listed(w: World) -> None:
    w.withdraw(ANNA)  # the first no makes the journal
    w.sandbox.colleague.audit("SERVICE_KEY_CREATE", "881")
    found = rows(w, "--names")
    assert found["1002"]["roles"] == "Marknad"
    assert found["1002"]["address"] == "user1002@example.com"
    assert found["1001"]["admin"]
    assert found["1003"]["last_login"] is None
    assert found["dora"]["roles"] == "dpo"
    assert found["Service 881"]["kind"] == "key"
    assert found["consent-mirror (main)"]["kind"] == "key"
    files = {each["roles"]: each for each in found.values() if each["kind"] == "file"}
    assert set(files) == {"database", "keys", "journal"}
    assert files["keys"]["mode"] == "0600"
    assert files["keys"]["doubts"] == []


def test_without_names_nobody_is_named(w: World) -> None:
    found = w.cli("access")
    assert "example.com" not in found.out
    assert "Mio Marknad" not in found.out
    assert "M. M." in found.out


def test_what_nobody_justified_is_a_discrepancy_until_somebody_does(w: World) -> None:
    numbers = {key: each["id"] for key, each in rows(w).items() if each["kind"] != "file"}
    assert kinds(w)["access_unjustified"] == sorted(
        f"{each['kind']}:{each['id']}" for each in rows(w).values() if each["kind"] != "file"
    )
    words = ("--motive", "Runs the newsletter", "--review", "2026-12-31", "--user", "dora", "--json")
    done = w.cli("access", "justify", str(numbers["1002"]), *words)
    assert done.code == 0, done.err
    assert done.json["review"] == "2026-12-31T22:59:59.999Z"
    assert f"hubspot_user:{numbers['1002']}" not in kinds(w)["access_unjustified"]
    assert rows(w)["1002"]["motive"] == "Runs the newsletter"
    assert w.nobodys()[-1] == "access.justified"
    w.wait(365 * DAY)
    assert rows(w)["1002"]["doubts"] == ["review_due", "dormant"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--motive", " ", "--user", "dora"), 2),
        (("--motive", "x", "--review", "2020-01-01", "--user", "dora"), 2),
        (("--motive", "x", "--review", "soon", "--user", "dora"), 2),
        (("--motive", "x", "--user", "nobody"), 2),
    ],
)
def test_a_motive_needs_its_words_a_day_to_come_and_a_known_user(
    words: tuple[str, ...], code: int, w: World
) -> None:
    number = rows(w)["1002"]["id"]
    assert w.cli("access", "justify", str(number), *words).code == code
    assert rows(w)["1002"]["motive"] is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_a_right_password_is_not_enough_it_takes_the_role(w: World, role: Role) -> None:
    with w.mirror.write(w.desk.portal) as work:
        work.users.set_role("dora", role)
        before = work.log.size()
    number = rows(w)["1002"]["id"]
    done = w.cli("access", "justify", str(number), "--motive", "x", "--user", "dora")
    assert (done.code, "may not decide" in done.err) == (3, True)
    assert rows(w)["1002"]["motive"] is None
    with w.mirror.read(w.desk.portal) as work:
        assert work.log.size() == before


def test_an_unknown_number_is_refused(w: World) -> None:
    assert w.cli("access", "justify", "999", "--motive", "x", "--user", "dora").code == 3


def test_who_has_not_signed_in_for_ninety_days_is_dormant(w: World) -> None:
    found = rows(w)
    assert "dormant" in found["1003"]["doubts"]
    assert "dormant" not in found["1002"]["doubts"]
    assert kinds(w)["access_dormant"] == [f"hubspot_user:{found['1003']['id']}"]
    w.sandbox.office.sign_in(1003)
    assert "dormant" not in rows(w)["1003"]["doubts"]
    w.wait(91 * DAY)
    assert "dormant" in rows(w)["1003"]["doubts"], "HubSpot's history is over, ours is not"


def test_who_left_is_gone_and_has_to_be_justified_anew(w: World) -> None:
    new = w.sandbox.office.hire("Nya", "Ny", "nya@example.com")
    number = rows(w)[str(new)]["id"]
    w.cli("access", "justify", str(number), "--motive", "Summer job", "--user", "dora")
    user = w.sandbox.engine.rooms.portal.staff.users[new]
    w.sandbox.office.leave(new)
    assert str(new) not in rows(w)
    w.sandbox.engine.rooms.portal.staff.users[new] = user
    assert rows(w)[str(new)]["doubts"] == ["no_motive", "dormant"]


def test_a_revoked_key_is_gone(w: World) -> None:
    w.sandbox.colleague.audit("SERVICE_KEY_CREATE", "881")
    assert "Service 881" in rows(w)
    w.wait()
    w.sandbox.colleague.audit("SERVICE_KEY_REVOKE", "881")
    assert "Service 881" not in rows(w)


@pytest.mark.sqlite
def test_a_file_that_others_can_read_is_a_discrepancy(w: World) -> None:
    w.settings.mirror.keys.chmod(0o600)
    rows(w)
    before = kinds(w)["access_unjustified"]
    (w.folder / "mirror.db").chmod(0o644)
    found = next(each for each in rows(w).values() if each["roles"] == "database")
    assert found["doubts"] == ["open_file"]
    assert set(kinds(w)["access_unjustified"]) - set(before) == {f"file:{found['id']}"}


def test_a_plan_that_shows_less_says_so(tmp_path: Path) -> None:
    with world(tmp_path, tier=Tier.STARTER) as made:
        made.begin()
        found = made.cli("access", "--json").json
        assert found["shown"] == {"users": True, "logins": False, "audit": False}
        assert found["activity"] is None
        assert found["dormant"] == 0, "what is not shown is not held against anyone"
        assert "not shown by this plan" in made.cli("access").out
        made.sandbox.machine.set_scopes(["oauth", "crm.objects.contacts.read"])
        kept = made.cli("access", "--json").json
        assert kept["shown"]["users"] is False
        assert {each["hubspot_id"] for each in kept["grantees"]} >= {"1001", "1002"}, "not gone: not shown"


def test_reads_and_exports_are_told_from_the_audit_log(w: World) -> None:
    for kind in ("EXPORT", "CONTACT_DATA_EXPORT", "CONTACT_DATA_EXPORT", "GDPR_TOGGLE_DISABLED", "LOGIN"):
        w.sandbox.colleague.audit(kind)
    told = {(each["type"], each["count"]) for each in w.cli("access", "--json").json["activity"]}
    assert told == {("EXPORT", 1), ("CONTACT_DATA_EXPORT", 2), ("GDPR_TOGGLE_DISABLED", 1)}


def test_when_hubspot_cannot_be_asked_the_last_look_stands(w: World) -> None:
    before = rows(w)
    w.sandbox.machine.fault(effect="status", status=500, path="*", name="down")
    found = w.cli("access", "--json")
    assert found.code == 0
    assert found.json["problem"]
    assert {each["id"] for each in found.json["grantees"]} == {each["id"] for each in before.values()}


def test_of_a_colleague_who_was_erased_nothing_readable_is_left(w: World) -> None:
    w.create("user1002@example.com")
    w.sync()
    number = rows(w)["1002"]["id"]
    w.cli("access", "justify", str(number), "--motive", "Mio Marknad writes", "--user", "dora")
    erased = w.cli("erase", "user1002@example.com", "--confirm", "--json")
    assert erased.code == 0, erased.err
    row = rows(w, "--names", "--stored")["hubspot_user " + str(number)]
    assert (row["address"], row["motive"]) == (None, None)
    again = rows(w, "--names")["1002"]
    assert again["address"] is None, "the next reading does not bring the name back"
    assert again["roles"] == "Marknad"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_document_says_what_the_json_says(w: World, language: str) -> None:
    w.sandbox.colleague.audit("EXPORT")
    page = w.folder / "access.html"
    found = w.cli("access", "--html", str(page), "--language", language, "--json").json
    text = page.read_text("utf-8")
    assert page.stat().st_mode & 0o777 == 0o600
    assert f'lang="{language}"' in text
    assert "EXPORT" in text
    for each in found["grantees"]:
        assert each["name"] in text
    assert "user1002@" not in text


@pytest.mark.sqlite
def test_the_nightly_job_reads_it_and_the_mail_tells_of_it(w: World) -> None:
    figures = watch(w.desk, w.settings, nothing)
    assert figures["grantees"] == 7
    text = w.cli("report").out
    assert "Access that nobody has justified" in text
    assert "consent-mirror access" in text
    assert ANNA not in text
