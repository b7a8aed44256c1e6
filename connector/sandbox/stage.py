"""Everybody who acts in a portal besides the API under test: persons, colleagues, imports, other apps."""

from collections.abc import Iterable, Mapping
from typing import Any

from connector.sandbox import sources
from connector.sandbox.actors import COLLEAGUE, IMPORT, Actors, Moment, Who, moment
from connector.sandbox.events import Actor
from connector.sandbox.portal import Portal
from connector.sandbox.preferences import Wish
from connector.sandbox.records import Contact
from connector.sandbox.times import iso
from mappings.words import EMAIL, LegalBasis, Status


class Person(Actors):
    """The data subject."""

    def unsubscribe(
        self,
        address: str,
        subscription: int | None = None,
        at: Moment = None,
        source: str = sources.PREFERENCE_PAGE,
    ) -> None:
        """Opts out on the preference page, of one type or of everything."""
        actor = Actor(source, "SOURCE_RECIPIENT", "EMAIL")
        with self._engine.lock:
            if subscription is None:
                self._rooms.preferences.unsubscribe_all(address, actor, at=moment(at))
            else:
                wish = Wish(address, subscription, Status.UNSUBSCRIBED.value, at=moment(at))
                self._rooms.preferences.set(wish, actor)

    def resubscribe(
        self, address: str, subscription: int, at: Moment = None, source: str = sources.SELF_SERVICE
    ) -> None:
        """Comes back on the preference page."""
        basis, explanation = LegalBasis.CONSENT_WITH_NOTICE.value, "Resubscribed on the preference page"
        wish = Wish(address, subscription, Status.SUBSCRIBED.value, basis, explanation, moment(at))
        self._set(wish, Actor(source, "SOURCE_RECIPIENT", "EMAIL"))

    def submit(
        self,
        form: str,
        values: Mapping[str, str],
        subscriptions: Iterable[int] = (),
        at: Moment = None,
    ) -> str:
        """Sends a form (name or id); answers the contact's id. Double opt-in waits for `confirm`."""
        with self._engine.lock:
            forms = self._rooms.forms
            contact = forms.submit(forms.named(form), dict(values), tuple(subscriptions), at=moment(at))
            return str(contact.id)

    def click(self, address: str, at: Moment = None) -> None:
        """Clicks in a mail: HubSpot dates it on the contact."""
        with self._engine.lock:
            when = moment(at)
            kept = self._portal.touch(self._contact(address))
            clicked = iso(self._portal.clock.now() if when is None else when)
            kept.props = {**kept.props, "hs_email_last_click_date": clicked}
            kept.modified = max(kept.modified + 1, self._portal.clock.now())

    def confirm(self, address: str, at: Moment = None) -> None:
        """Presses the button of the confirmation mail. KeyError when none was sent."""
        with self._engine.lock:
            self._rooms.forms.confirm(address, moment(at))


class Colleague(Actors):
    """A user in HubSpot's own pages."""

    def resubscribe(
        self,
        address: str,
        subscription: int,
        basis: str = LegalBasis.LEGITIMATE_INTEREST_OTHER.value,
        explanation: str = "Asked on the phone",
        at: Moment = None,
    ) -> None:
        """Subscribes somebody on the contact record, a former no notwithstanding."""
        wish = Wish(address, subscription, Status.SUBSCRIBED.value, basis, explanation, moment(at))
        self._set(wish, COLLEAGUE)

    def unsubscribe(self, address: str, subscription: int | None = None, at: Moment = None) -> None:
        """Opts somebody out on the contact record."""
        if subscription is not None:
            self._set(Wish(address, subscription, Status.UNSUBSCRIBED.value, at=moment(at)), COLLEAGUE)
            return
        with self._engine.lock:
            self._rooms.preferences.unsubscribe_all(address, COLLEAGUE, at=moment(at))

    def create(self, properties: Mapping[str, Any]) -> str:
        """A new record; answers its id. LookupError for an address on the blocklist: the pages refuse it."""
        with self._engine.lock:
            _refuse_blocked(self._portal, properties)
            return str(self._rooms.contacts.create(properties, COLLEAGUE, enforce_required=False).id)

    def edit(self, contact: Who, properties: Mapping[str, Any]) -> None:
        """Changes values; a changed address leaves its statuses behind."""
        with self._engine.lock:
            self._rooms.contacts.update(self._contact(contact), properties, COLLEAGUE)

    def edit_email(self, contact: Who, email: str) -> None:
        self.edit(contact, {EMAIL: email})

    def archive(self, contact: Who) -> None:
        """Into the recycle bin."""
        with self._engine.lock:
            self._rooms.contacts.archive(self._contact(contact))

    def restore(self, contact: Who) -> None:
        """Out of the recycle bin."""
        with self._engine.lock:
            self._rooms.contacts.restore(self._found(contact, archived=True))

    def purge(self, contact: Who) -> None:
        """The recycle bin lets go after 90 days: from outside like an erasure, without its traces."""
        with self._engine.lock:
            found = self._found(contact, archived=True)
            self._portal.forget(found.id)
            self._portal.gone.add(found.id)

    def merge(self, winner: Who, loser: Who) -> str:
        """Answers the id of the record that remains."""
        with self._engine.lock:
            merged = self._rooms.contacts.merge(self._contact(winner), self._contact(loser), COLLEAGUE)
            return str(merged.id)

    def privacy_delete(self, contact: Who) -> None:
        """Permanently deletes, with a line in the audit log."""
        with self._engine.lock:
            self._rooms.contacts.erase(self._contact(contact), COLLEAGUE)

    def audit(self, type: str, object_id: str | None = None) -> None:
        """Some other line of the audit log, such as GDPR_TOGGLE_DISABLED or EXPORT."""
        with self._engine.lock:
            self._rooms.contacts.record(type, COLLEAGUE, object_id)


class Importer(Actors):
    """A file that somebody uploads."""

    def contacts(self, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Creates or updates by address; blocklisted addresses are left out. Answers the ids."""
        with self._engine.lock:
            return [str(self._one(row).id) for row in rows if not _blocked(self._portal, row)]

    def statuses(
        self,
        addresses: Iterable[str],
        subscription: int,
        status: str = Status.SUBSCRIBED.value,
        *,
        basis: str | None = None,
        explanation: str | None = None,
        at: Moment = None,
    ) -> None:
        """Sets one type for many: an import with a subscription column."""
        for address in addresses:
            self._set(Wish(address, subscription, status, basis, explanation, moment(at)), IMPORT)

    def _one(self, row: Mapping[str, Any]) -> Contact:
        owner = self._portal.owner(str(row.get(EMAIL) or ""))
        contact = self._portal.live(owner) if owner is not None else None
        if contact is None:
            return self._rooms.contacts.create(row, IMPORT, enforce_required=False)
        return self._rooms.contacts.update(contact, {k: v for k, v in row.items() if k != EMAIL}, IMPORT)


class OtherApp(Actors):
    """Another integration with its own token."""

    def set_status(
        self,
        address: str,
        subscription: int,
        status: str,
        *,
        basis: str | None = None,
        explanation: str | None = None,
        source: str = "Mail tool integration",
        at: Moment = None,
    ) -> None:
        """Writes a status with a source text of its own."""
        actor = Actor(source, "SOURCE_API", "INTEGRATION", source_id="other-app")
        self._set(Wish(address, subscription, status, basis, explanation, moment(at)), actor)

    def update(self, contact: Who, properties: Mapping[str, Any]) -> None:
        actor = Actor(sources.API, "SOURCE_API", "INTEGRATION", source_id="other-app")
        with self._engine.lock:
            self._rooms.contacts.update(self._contact(contact), properties, actor)


def _blocked(portal: Portal, properties: Mapping[str, Any]) -> bool:
    return str(properties.get(EMAIL) or "").lower() in portal.blocklist


def _refuse_blocked(portal: Portal, properties: Mapping[str, Any]) -> None:
    if _blocked(portal, properties):
        raise LookupError("the address was permanently deleted: HubSpot's pages and imports refuse it")
