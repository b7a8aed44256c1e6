"""Things that happen to the register as a whole, or beneath HubSpot's rules."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connector.sandbox import sources
from connector.sandbox.actors import IMPORT, Actors, Moment, Who, moment
from connector.sandbox.preferences import Wish
from connector.sandbox.records import Contact, Row, SubscriptionType
from connector.sandbox.rooms import Rooms
from mappings.words import Status


class Register(Actors):
    """Things that happen to the register as a whole, or beneath HubSpot's rules."""

    def clear_status(self, address: str, subscription: int | None = None) -> None:
        """One type, or everything that is held for the address, becomes as if never set."""
        with self._engine.lock:
            self._rooms.preferences.forget(address, subscription)

    def put_status(
        self,
        address: str,
        subscription: int,
        status: str,
        *,
        at: Moment = None,
        source: str = sources.API,
        basis: str | None = None,
        explanation: str | None = None,
    ) -> None:
        """A row exactly as given: any word, any time, past or future."""
        when = moment(at)
        row = Row(status, self._portal.clock.now() if when is None else when, source, basis, explanation)
        with self._engine.lock:
            self._rooms.preferences.put(address, subscription, row)

    def lift_all(self, address: str) -> None:
        """The opt-out of all disappears; the types are as they were."""
        with self._engine.lock:
            self._rooms.preferences.lift_all(address)

    def mass(self, share: float, change: str, subscription: int = 101) -> int:
        """A mass change; answers how many contacts were asked to change.

        `share` of the made-up people, spread evenly. `change`: `empty` (nothing is held any more),
        `not_specified`, `subscribed`, `unsubscribed`, `opted_out_of_all`, `archived`.
        """
        act = _mass_change(self._rooms, change, subscription)
        met = 0
        with self._engine.lock:
            for contact in self._spread(share):
                if contact.email is not None or change == "archived":
                    act(contact)
                    met += 1
        return met

    def stamp(self, count: int, at: Moment = None) -> int:
        """HubSpot's own job: `count` contacts get the very same `lastmodifieddate` (quirk 2)."""
        when = moment(at)
        with self._engine.lock:
            same = self._portal.clock.now() if when is None else when
            for number in list(self._live_ids(count)):
                contact = self._portal.live(number)
                if contact is not None:
                    self._portal.touch(contact).modified = same
        return same

    def _live_ids(self, count: int) -> Iterable[int]:
        found = 0
        for number in self._portal.ids_from(0):
            if found == count:
                return
            if self._portal.live(number) is not None:
                found += 1
                yield number

    def _spread(self, share: float) -> Iterator[Contact]:
        people = self._portal.people
        for index in range(people.count):
            if int((index + 1) * share) > int(index * share):
                contact = self._portal.live(people.contact_id(index))
                if contact is not None:
                    yield contact

    def put_properties(self, contact: Who, properties: Mapping[str, str | None]) -> None:
        """Values as given, read-only ones such as bounces included; the change date moves."""
        with self._engine.lock:
            kept = self._portal.touch(self._contact(contact))
            kept.props = {**kept.props, **properties}
            kept.modified = max(kept.modified + 1, self._portal.clock.now())

    def add_type(
        self, subscription: int, name: str, *, unit: int = 0, internal: bool = False, active: bool = True
    ) -> None:
        """A new subscription type, with its `hs_email_optout_<id>`."""
        now = self._portal.clock.now()
        with self._engine.lock:
            made = SubscriptionType(
                subscription, name, name, now, now, unit=unit, internal=internal, active=active
            )
            self._portal.types[subscription] = made
            self._portal.add_opt_out_property(made)

    def retire_type(self, subscription: int) -> None:
        """The type becomes inactive."""
        with self._engine.lock:
            kind = self._portal.types[subscription]
            kind.active, kind.updated = False, self._portal.clock.now()

    def add_form(
        self, name: str, consent: dict[str, Any], kind: str = "hubspot", *, double_opt_in: bool = False
    ) -> str:
        """A new form; answers its id."""
        with self._engine.lock:
            return self._rooms.forms.add(name, consent, kind=kind, double_opt_in=double_opt_in).id

    def edit_form(self, form: str, changes: dict[str, Any]) -> None:
        """New consent texts; `double_opt_in` and `archived` among the changes switch those."""
        with self._engine.lock:
            found = self._rooms.forms.named(form)
            texts = {k: v for k, v in changes.items() if k not in {"double_opt_in", "archived"}}
            found.double_opt_in = bool(changes.get("double_opt_in", found.double_opt_in))
            if "archived" in changes:
                found.archived_at = self._portal.clock.now() if changes["archived"] else None
            self._rooms.forms.edit(found, texts)


def _mass_change(rooms: Rooms, change: str, subscription: int) -> Callable[[Contact], Any]:
    words = {"subscribed": Status.SUBSCRIBED, "unsubscribed": Status.UNSUBSCRIBED}
    if change in words:
        return lambda c: rooms.preferences.set(Wish(c.email or "", subscription, words[change].value), IMPORT)
    acts: dict[str, Callable[[Contact], Any]] = {
        "empty": lambda c: rooms.preferences.forget(c.email or ""),
        "not_specified": lambda c: rooms.preferences.forget(c.email or "", subscription),
        "opted_out_of_all": lambda c: rooms.preferences.unsubscribe_all(c.email or "", IMPORT),
        "archived": rooms.contacts.archive,
    }
    if change not in acts:
        raise ValueError(f"unknown mass change {change!r}: {sorted({*acts, *words})}")
    return acts[change]
