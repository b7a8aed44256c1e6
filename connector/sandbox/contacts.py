"""The rules of contact records: create, change, archive, restore, merge, erase (hubspot-api, 5 and 7)."""

from collections.abc import Mapping
from typing import Any

from connector.sandbox import replies
from connector.sandbox.digits import natural
from connector.sandbox.events import Actor, AuditEntry
from connector.sandbox.portal import Portal
from connector.sandbox.records import Contact, Past, Properties
from connector.sandbox.values import checked
from mappings.words import EMAIL

MAX_MERGED = 250
_ONE_OF = (EMAIL, "firstname", "lastname")


class Contacts:
    """What may happen to a contact record."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    # Finding ---------------------------------------------------------------------------------------------

    def resolve(self, contact_id: int) -> int:
        """The winner of a merged id, where the switch says that HubSpot answers so."""
        while self._portal.options.merged_id_resolves and contact_id in self._portal.merged_into:
            contact_id = self._portal.merged_into[contact_id]
        return contact_id

    def find(self, key: str, id_property: str | None = None, *, archived: bool = False) -> Contact | None:
        """By record id, by address, or by a unique property of the portal's own."""
        if id_property in {None, "", "hs_object_id"}:
            number = natural(key)
            return None if number is None else self._of_kind(self.resolve(number), archived=archived)
        if id_property == EMAIL:
            return self._by_address(key, archived=archived)
        return self._by_unique(str(id_property), key, archived=archived)

    def _of_kind(self, contact_id: int, *, archived: bool) -> Contact | None:
        if archived and self._portal.options.erased_shows_archived and contact_id in self._portal.erased:
            return self._ghost(contact_id)
        found = self._portal.contact(contact_id)
        if found is None or (found.archived_at is not None) != archived:
            return None
        return found

    def _ghost(self, contact_id: int) -> Contact:
        at = self._portal.erased[contact_id]
        ghost = Contact(contact_id, {}, at, at)
        ghost.archived_at = at
        return ghost

    def _by_address(self, address: str, *, archived: bool) -> Contact | None:
        if archived:
            return self._archived_with(address)
        owner = self._portal.owner(address)
        return self._portal.live(owner) if owner is not None else None

    def _archived_with(self, address: str) -> Contact | None:
        wanted = address.lower()
        for contact in self._portal.contacts.values():
            if contact.archived_at is not None and wanted in {a.lower() for a in contact.addresses}:
                return contact
        return None

    def _by_unique(self, name: str, key: str, *, archived: bool) -> Contact | None:
        definition = self._portal.definitions.get(name)
        if definition is None or not definition["hasUniqueValue"]:
            raise replies.invalid(f"{name} is not a unique property of 0-1")
        for contact in self._portal.contacts.values():
            if contact.props.get(name) == key and (contact.archived_at is not None) == archived:
                return contact
        return None

    # Creating and changing -------------------------------------------------------------------------------

    def create(self, given: Mapping[str, Any], actor: Actor, *, enforce_required: bool) -> Contact:
        """A new record. Refusal 400 for bad values, 409 when the address is somebody's already."""
        props = self.checked(given)
        if enforce_required:
            self._demand_required(props)
        if not any(props.get(name) for name in _ONE_OF):
            raise replies.invalid("Contact needs at least one of: email, firstname, lastname")
        email = props.get(EMAIL)
        if email:
            self._demand_free(email, None)
        return self._made(props, actor)

    def _made(self, props: Properties, actor: Actor) -> Contact:
        portal = self._portal
        now = portal.clock.now()
        source = {
            "hs_object_source": actor.property_source,
            "hs_object_source_label": actor.property_source.title(),
        }
        contact = Contact(portal.new_id(), {**source, **props}, now, now)
        if contact.email:
            portal.claim(contact.email, contact.id)
        self._write_history(contact, {}, props, actor)
        portal.tell("CREATE", contact.id, actor, changes=props)
        return portal.touch(contact)

    def update(self, contact: Contact, given: Mapping[str, Any], actor: Actor) -> Contact:
        """Change values; a changed address leaves its statuses behind (HA 8.2)."""
        props = self.checked(given)
        email = props.get(EMAIL)
        if EMAIL in props and (email or "").lower() != (contact.email or "").lower():
            if email:
                self._demand_free(email, contact.id)
            return self._write(contact, props, actor, moved=True)
        return self._write(contact, props, actor)

    def _write(self, contact: Contact, props: Properties, actor: Actor, *, moved: bool = False) -> Contact:
        portal = self._portal
        before = contact.props
        kept = portal.touch(contact)
        if moved:
            self._move(kept, props.get(EMAIL))
        kept.props = {**before, **props}
        kept.modified = max(kept.modified + 1, portal.clock.now())
        self._write_history(kept, before, props, actor)
        changed = {name: value for name, value in props.items() if before.get(name) != value}
        portal.tell("UPDATE", kept.id, actor, changes=changed)
        return kept

    def _move(self, contact: Contact, email: str | None) -> None:
        """The old address becomes free; when a further one of the same person takes its place they swap."""
        rest = tuple(a for a in contact.additional if a.lower() != (email or "").lower())
        swapped = len(rest) < len(contact.additional)
        if contact.email and not swapped:
            self._portal.release(contact.email)
        if contact.email and swapped:
            self._portal.claim(contact.email, contact.id)
            rest = (contact.email, *rest)
        contact.slot, contact.additional = -1, rest
        if email:
            self._portal.claim(email, contact.id)

    def checked(self, given: Mapping[str, Any]) -> Properties:
        """The values as HubSpot stores them: strings. Refusal 400 names each property that cannot be."""
        return checked(self._portal.definitions, given)

    def _demand_required(self, props: Properties) -> None:
        missing = [name for name in self._portal.options.required_properties if not props.get(name)]
        if missing:
            text = f"Error creating CONTACT. Some required properties were not set: [{', '.join(missing)}]"
            details = [
                replies.detail(f"{name} is required", "MISSING_REQUIRED_PROPERTY", name=name)
                for name in missing
            ]
            raise replies.invalid(text, *details)

    def _demand_free(self, email: str, contact_id: int | None) -> None:
        owner = self._portal.owner(email)
        if owner is not None and owner != contact_id:
            raise replies.conflict(owner)
        if self._portal.options.blocklist_stops_api and email.lower() in self._portal.blocklist:
            raise replies.invalid("This contact was permanently deleted and cannot be added again.")

    def _write_history(self, contact: Contact, before: Properties, props: Properties, actor: Actor) -> None:
        for name, value in props.items():
            past = contact.history.get(name) or self._original(contact, name, before)
            if not past or past[0].value != (value or ""):
                entry = Past(
                    value or "", contact.modified, actor.property_source, actor.source_id, actor.user
                )
                contact.history = {**contact.history, name: (entry, *past)}

    @staticmethod
    def _original(contact: Contact, name: str, before: Properties) -> tuple[Past, ...]:
        value = before.get(name)
        return (Past(value, contact.created, before.get("hs_object_source") or "IMPORT"),) if value else ()

    # Archiving and restoring -----------------------------------------------------------------------------

    def archive(self, contact: Contact) -> None:
        """Into the recycle bin: the addresses become free, the statuses stay (HA 5)."""
        kept = self._portal.touch(contact)
        kept.archived_at = self._portal.clock.now()
        if self._portal.options.archive_moves_modified:
            kept.modified = kept.archived_at
        for address in kept.addresses:
            self._portal.release(address)
        self._portal.tell("DELETE", kept.id)

    def restore(self, contact: Contact) -> Contact:
        """Out of the recycle bin. Refusal 409 when somebody else has the address by now."""
        for address in contact.addresses:
            self._demand_free(address, contact.id)
        kept = self._portal.touch(contact)
        kept.archived_at = None
        kept.modified = self._portal.clock.now()
        for address in kept.addresses:
            self._portal.claim(address, kept.id)
        self._portal.tell("RESTORE", kept.id)
        return kept

    # Merging ---------------------------------------------------------------------------------------------

    def merge(self, winner: Contact, loser: Contact, actor: Actor) -> Contact:
        """Two records become one: the primary's values and its address's status stay (HA 5, quirk 18)."""
        if winner.id == loser.id:
            raise replies.invalid("Cannot merge an object with itself")
        if 1 + len(winner.merged) + 1 + len(loser.merged) > MAX_MERGED:
            raise replies.Refusal(414, "VALIDATION_ERROR", f"More than {MAX_MERGED} merged identities")
        kept = (
            self._third(winner) if self._portal.options.merge_makes_new_record else self._portal.touch(winner)
        )
        now = max(kept.modified + 1, self._portal.clock.now())
        kept.merged = (*kept.merged, *loser.merged, (loser.id, now))
        self._take_addresses(kept, loser)
        filled: Properties = {
            name: value for name, value in loser.props.items() if value and not kept.props.get(name)
        }
        before = kept.props
        kept.props = {**kept.props, **filled}
        kept.modified = now
        self._write_history(kept, before, filled, actor)
        self._vanish(loser.id, kept.id)
        self._portal.tell("MERGE", kept.id, actor, merged=(winner.id, loser.id), changes=filled)
        return kept

    def _take_addresses(self, kept: Contact, loser: Contact) -> None:
        """The loser's addresses become further ones, or the primary one where there was none."""
        moved = loser.addresses
        if kept.email is None and moved:
            kept.props = {**kept.props, EMAIL: moved[0]}
            kept.slot = -1
            self._portal.claim(moved[0], kept.id)
            moved = moved[1:]
        kept.additional = (*kept.additional, *moved)
        for address in moved:
            self._portal.claim(address, kept.id)

    def _third(self, winner: Contact) -> Contact:
        """HubSpot sometimes makes a new record of two (webhook field `newObjectId`)."""
        portal = self._portal
        new = Contact(
            portal.new_id(),
            winner.props,
            winner.created,
            winner.modified,
            additional=winner.additional,
            slot=winner.slot,
        )
        new.history = winner.history
        new.merged = (*winner.merged, (winner.id, portal.clock.now()))
        for address in winner.addresses:
            portal.claim(address, new.id)
        self._vanish(winner.id, new.id)
        return portal.touch(new)

    def _vanish(self, lost: int, winner: int) -> None:
        self._portal.remember(lost)
        self._portal.forget(lost)
        self._portal.merged_into[lost] = winner

    # Erasing ---------------------------------------------------------------------------------------------

    def erase(self, contact: Contact, actor: Actor) -> None:
        """Permanently delete (HA 7): not restorable, its addresses blocklisted, the id never answers."""
        portal = self._portal
        portal.erased[contact.id] = portal.clock.now()
        portal.gone.add(contact.id)
        for address in contact.addresses:
            self._block(address, was_live=contact.archived_at is None)
        portal.forget(contact.id)
        portal.tell("GDPR_DELETE", contact.id, actor)
        self.record("GDPR_DELETE", actor, str(contact.id))

    def erase_address(self, address: str, actor: Actor) -> None:
        """By address: whoever has it, and 204 all the same for a stranger, who is blocklisted (HA 7)."""
        found = self._by_address(address, archived=False) or self._archived_with(address)
        if found is not None:
            self.erase(found, actor)
            return
        self._block(address, was_live=False)
        self.record("GDPR_DELETE", actor, None)

    def _block(self, address: str, *, was_live: bool) -> None:
        self._portal.blocklist.add(address.lower())
        if was_live:
            self._portal.release(address)
        if self._portal.options.erase_clears_preferences:
            held = self._portal.own_address(address)
            held.rows, held.wide = {}, {}

    def record(self, kind: str, actor: Actor, object_id: str | None) -> None:
        """A line of the audit log."""
        log = self._portal.audit
        log.append(
            AuditEntry(
                len(log) + 1,
                kind,
                self._portal.clock.now(),
                actor.user or 1,
                object_id,
                actor.property_source,
            )
        )
