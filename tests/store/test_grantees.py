"""The access register and the mails without consent in the database: sealed, upserted, wiped."""

from connector.store.grantees import GranteeKind, Spotted
from connector.store.mailed import MailedRow, MailedWhy
from connector.store.people import NewAddress

from .conftest import NOW, PORTAL, raw

STAFF = "mio.marknad@hemlig-exempel.se"
MAIL = "Juni till hemliga kunder"


def columns(url):
    """Every byte of both tables."""
    with raw(url) as connection:
        rows = [
            row
            for table in ("grantee", "mailed")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]
    return b"|".join(
        bytes(c) if isinstance(c, bytes | memoryview) else str(c).encode() for r in rows for c in r
    )


def user(**more):
    told = {"name": "Mio Hemlig", "address": STAFF, "id": "1002"}
    return Spotted(
        **{"kind": GranteeKind.HUBSPOT_USER, "identity": "1002", "address": STAFF, "told": told, **more}
    )


def test_staff_and_motive_are_sealed(mirror, url):
    with mirror.write(PORTAL) as work:
        work.grantees.see({GranteeKind.HUBSPOT_USER}, [user()], NOW)
        number = work.grantees.all()[0].id
        work.grantees.justify(number, "Hemlig skriver nyhetsbrevet", NOW + 1, "dora", NOW)
    with mirror.read(PORTAL) as work:
        (held,) = work.grantees.all()
        assert held.told["address"] == STAFF
        assert held.motive == "Hemlig skriver nyhetsbrevet"
    assert b"emlig" not in columns(url)


def test_a_reading_that_does_not_list_a_kind_leaves_it_alone(mirror):
    with mirror.write(PORTAL) as work:
        work.grantees.see({GranteeKind.HUBSPOT_USER}, [user()], NOW)
        work.grantees.see({GranteeKind.FILE}, [], NOW + 1)
        assert len(work.grantees.all()) == 1
        work.grantees.see({GranteeKind.HUBSPOT_USER}, [], NOW + 2)
        assert work.grantees.all() == []
        assert work.grantees.all(gone=True)[0].gone_at == NOW + 2


def test_a_sign_in_that_hubspot_has_forgotten_is_kept(mirror):
    with mirror.write(PORTAL) as work:
        work.grantees.see({GranteeKind.HUBSPOT_USER}, [user(last_login=NOW)], NOW)
        work.grantees.see({GranteeKind.HUBSPOT_USER}, [user(last_login=None)], NOW + 1)
        assert work.grantees.all()[0].last_login == NOW


def test_an_erasure_takes_what_is_readable_and_leaves_the_access(mirror):
    with mirror.write(PORTAL) as work:
        (mio,) = work.people.create([[NewAddress(STAFF, STAFF)]])
        work.grantees.see({GranteeKind.HUBSPOT_USER}, [user()], NOW)
        work.grantees.justify(work.grantees.all()[0].id, "Mio", NOW + 1, "dora", NOW)
        work.people.shred(mio.id)
        (held,) = work.grantees.all()
        assert (held.told, held.motive, held.justified_by, held.review_at) == ({}, None, None, None)


def test_the_last_mail_of_a_purpose_stands_and_goes_with_the_person(mirror, url):
    with mirror.write(PORTAL) as work:
        (anna,) = work.people.create([[NewAddress("anna@exempel.se", "anna@exempel.se")]])
        rows = [
            MailedRow(
                person_id=anna.id,
                purpose="news",
                reason=MailedWhy.AFTER_NO,
                sent_at=NOW + n,
                name=f"{MAIL} {n}",
            )
            for n in (2, 1)
        ]
        assert work.mailed.put(rows, NOW) == 1
        assert work.mailed.put(rows, NOW) == 0
        assert [row.name for row in work.mailed.since(NOW, 10)] == [f"{MAIL} 2"]
        assert work.mailed.counts(NOW) == {MailedWhy.AFTER_NO: (1, NOW + 2)}
    assert MAIL.encode() not in columns(url)
    with mirror.write(PORTAL) as work:
        work.people.shred(anna.id)
        assert work.mailed.since(0, 10) == []
