"""The customer's own office: colleagues come and go, sign in, mail, and make properties."""

from collections.abc import Iterable

from connector.sandbox import properties
from connector.sandbox.actors import COLLEAGUE, Actors, Moment, Who, moment
from connector.sandbox.portal import Portal
from connector.sandbox.records import Contact
from connector.sandbox.staff import Mail, Sent, User
from connector.sandbox.times import iso

LAST_SENT, LAST_MAIL = "hs_email_last_send_date", "hs_email_last_email_name"


class Office(Actors):
    """The customer's own office: colleagues come and go, sign in, mail, and make properties."""

    def hire(self, first: str, last: str, email: str, role: str | None = None, *, admin: bool = False) -> int:
        """A new user; answers the id."""
        with self._engine.lock:
            staff = self._portal.staff
            number = max(staff.users, default=1_000) + 1
            staff.users[number] = User(number, first, last, email, (role,) if role else (), admin)
            return number

    def leave(self, user: int) -> None:
        """A user is removed."""
        with self._engine.lock:
            del self._portal.staff.users[user]

    def sign_in(self, user: int, at: Moment = None, *, succeeded: bool = True) -> None:
        """Signs in, or fails to."""
        with self._engine.lock:
            when = moment(at)
            now = self._portal.clock.now()
            self._portal.staff.sign_in(user, now if when is None else when, succeeded=succeeded)

    def mail(
        self,
        name: str,
        to: Iterable[Who],
        subscription: int | None = None,
        at: Moment = None,
        *,
        against_a_no: bool = False,
    ) -> int:
        """A marketing e-mail; answers how many got it.

        HubSpot itself leaves out who is opted out there; `against_a_no`: one that goes out all the same, as
        a mail queued before the opt-out or sent as transactional does.
        """
        with self._engine.lock:
            when = moment(at)
            portal = self._portal
            sent_at = portal.clock.now() if when is None else when
            mail = _mail_named(portal, name, subscription, sent_at)
            contacts = [self._contact(who) for who in to]
            kept = [each for each in contacts if against_a_no or not _is_out(portal, each, subscription)]
            for contact in kept:
                _deliver(portal, contact, mail, sent_at)
            return len(kept)

    def define(
        self, name: str, label: str, *, sensitivity: str = "non_sensitive", kind: str = "string"
    ) -> None:
        """A property of the account's own."""
        with self._engine.lock:
            document = {"name": name, "label": label, "type": kind, "fieldType": "text"}
            made = properties.custom({**document, "groupName": properties.CONTACT}, self._portal.clock.now())
            made["dataSensitivity"] = sensitivity
            self._portal.definitions[name] = made

    def fill(self, contact: Who, name: str, value: str) -> None:
        """A value on a record, as a colleague types it."""
        with self._engine.lock:
            self._rooms.contacts.update(self._contact(contact), {name: value}, COLLEAGUE)


def _mail_named(portal: Portal, name: str, subscription: int | None, at: int) -> Mail:
    staff = portal.staff
    known = next((mail for mail in staff.mails if mail.name == name), None)
    if known is None:
        number = len(staff.mails) + 1
        known = Mail(9_000 + number, 70_000 + number, name, subscription, at)
        staff.mails.append(known)
    return known


def _is_out(portal: Portal, contact: Contact, subscription: int | None) -> bool:
    flags = portal.flags(contact)
    names = ["hs_email_optout", *([] if subscription is None else [f"hs_email_optout_{subscription}"])]
    return contact.email is None or any(flags.get(name) == "true" for name in names)


def _deliver(portal: Portal, contact: Contact, mail: Mail, at: int) -> None:
    kept = portal.touch(contact)
    kept.props = {**kept.props, LAST_SENT: iso(at), LAST_MAIL: mail.name}
    kept.modified = max(kept.modified + 1, portal.clock.now())
    sent = portal.staff.sent
    sent.append(Sent(len(sent) + 1, at, contact.email or "", mail.campaign, mail.name))
