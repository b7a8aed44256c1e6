"""The sandbox itself: switches, faults, time, tokens, its record of requests, and what it holds."""

from typing import Any

import msgspec

from connector.sandbox.actors import Actors, Who
from connector.sandbox.faults import FaultRule
from connector.sandbox.forms import Form
from connector.sandbox.options import Options, Tier
from connector.sandbox.portal import Portal
from connector.sandbox.records import Contact
from connector.sandbox.webhooks import Subscriptions


class Machine(Actors):
    """The sandbox itself: switches, faults, time, tokens, its record and what it holds."""

    def options(self, **values: Any) -> dict[str, Any]:
        """Set switches (names of `Options`); answers all of them. ValueError for a bad one."""
        with self._engine.lock:
            changed: Options = self._portal.options.changed(**values)
            self._portal.set_options(changed)
            self._rooms.limits.options = changed
            answer: dict[str, Any] = msgspec.to_builtins(changed)
            return answer

    def tier(self, tier: str) -> None:
        """Another plan: limits and scopes follow."""
        with self._engine.lock:
            self._rooms.access.set_tier(Tier(tier))
            self._rooms.limits.tier = Tier(tier)

    def fault(self, **rule: Any) -> None:
        """Add a fault rule (fields of `FaultRule`)."""
        made = msgspec.convert(rule, FaultRule)
        with self._engine.lock:
            if made.effect == "stale_search":
                self._portal.keeps_index = True
            self._engine.faults.add(made)

    def clear_faults(self, name: str | None = None) -> None:
        with self._engine.lock:
            self._engine.faults.clear(name)

    def faults(self) -> list[dict[str, object]]:
        """The rules in force, with how often each met a request and fired."""
        return self._engine.faults.rules()

    def webhooks(self, url: str = "", **settings: Any) -> None:
        """Tell an app by push webhook (fields of `Subscriptions`); without a URL nobody is told any more."""
        app = msgspec.convert({"url": url, **settings}, Subscriptions) if url else None
        self._engine.postman.subscribe(app)

    def deliver(self) -> int:
        """Send the webhooks that are due, in this thread; how many bodies there were."""
        return self._engine.postman.deliver()

    def deliveries(self) -> dict[str, Any]:
        """What was sent by webhook, oldest first, what waits and what was given up."""
        with self._engine.lock:
            postman = self._engine.postman
            return {
                "sent": list(postman.deliveries),
                "waiting": postman.waiting(),
                "given_up": postman.given_up,
            }

    def advance(self, ms: int) -> int:
        """Move the portal's clock; answers its time. Late requests that are due are carried out."""
        with self._engine.lock:
            self._portal.clock.offset_ms += ms
            self._engine.settle()
            return self._portal.clock.now()

    def use_up_day(self, calls: int) -> None:
        """Pretend that this many calls were made today."""
        with self._engine.lock:
            self._rooms.limits.used_today = calls

    def rotate_token(self, app: str = "consent-mirror") -> str:
        """A new token; the old one answers 401."""
        with self._engine.lock:
            return self._rooms.access.rotate(app)

    def add_token(self, app: str, scopes: list[str] | None = None) -> str:
        """A token of another app, with exactly these scopes (None: all that the plan grants)."""
        with self._engine.lock:
            granted = frozenset(scopes) if scopes is not None else None
            return self._rooms.access.add_app(app, granted)

    def set_scopes(self, scopes: list[str], app: str = "consent-mirror") -> None:
        with self._engine.lock:
            self._rooms.access.set_scopes(app, frozenset(scopes))

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The sandbox's own record of requests, oldest first."""
        with self._engine.lock:
            return [entry._asdict() for entry in self._engine.ledger.since(since)]

    def clear_requests(self) -> None:
        with self._engine.lock:
            self._engine.ledger.clear()

    def worst_window(self, ms: int = 10_000, *, search: bool = False) -> int:
        """The most counted requests of one app within any `ms`."""
        with self._engine.lock:
            return self._engine.ledger.worst_window(ms, search=search)

    def totals(self) -> dict[str, Any]:
        """Counts of what the portal holds and of what was asked of it."""
        with self._engine.lock:
            portal = self._portal
            touched = portal.contacts.values()
            archived = sum(1 for contact in touched if contact.archived_at is not None)
            new = sum(1 for contact in touched if portal.people.index_of(contact.id) is None)
            gone = sum(1 for i in portal.dirty if portal.contact(portal.people.contact_id(i)) is None)
            return {
                "contacts": portal.people.count - gone + new - archived,
                "archived": archived,
                "erased": len(portal.erased),
                "merged": len(portal.merged_into),
                "blocklisted": len(portal.blocklist),
                "touched_addresses": len(portal.addresses),
                "used_today": self._rooms.limits.used_today,
                **self._engine.ledger.totals(),
            }

    def contact(self, contact: Who) -> dict[str, Any]:
        """All that is held of a contact, live or archived. LookupError when there is none."""
        with self._engine.lock:
            try:
                found = self._found(contact, archived=False)
            except LookupError:
                found = self._found(contact, archived=True)
            return _contact_dump(self._portal, found)

    def address(self, address: str) -> dict[str, Any]:
        """All that is held for an address, and which contact has it."""
        with self._engine.lock:
            held = self._portal.address(address)
            owner = self._portal.owner(address)
            rows = {str(number): row._asdict() for number, row in held.rows.items()} if held else {}
            wide = [{**w._asdict(), "kind": w.kind.value} for w in held.wide.values()] if held else []
            return {
                "address": address,
                "contact": str(owner) if owner is not None else None,
                "statuses": rows,
                "wide": wide,
                "blocklisted": address.lower() in self._portal.blocklist,
            }

    def form(self, form: str) -> dict[str, Any]:
        """A form with its former versions."""
        with self._engine.lock:
            found: Form = self._rooms.forms.named(form)
            past = [{"updated": at, "legalConsentOptions": consent} for at, consent in found.past]
            return {**self._rooms.forms.document(found), "past": past, "doubleOptIn": found.double_opt_in}


def _contact_dump(portal: Portal, contact: Contact) -> dict[str, Any]:
    return {
        "id": str(contact.id),
        "properties": contact.props,
        "optOuts": portal.flags(contact),
        "additional": list(contact.additional),
        "created": contact.created,
        "modified": contact.modified,
        "archivedAt": contact.archived_at,
        "merged": [str(lost) for lost, _ in contact.merged],
    }
