"""Forms, their consent texts and their submissions (hubspot-api, 11)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from connector.sandbox import sources
from connector.sandbox.contacts import Contacts
from connector.sandbox.events import Actor
from connector.sandbox.form_texts import (
    CONFIGURATION,
    DEFAULTS,
    DISPLAY,
    FIELDS,
    SIGN_UP,
    Document,
    field_group,
)
from connector.sandbox.portal import Portal
from connector.sandbox.preferences import Preferences, Wish
from connector.sandbox.records import Contact
from connector.sandbox.times import DAY, MINUTE, iso
from mappings.words import LegalBasis, Status

CONFIRMATION = "hs_emailconfirmationstatus"


class Submission(NamedTuple):
    """What somebody sent; `key` makes the order total where two share a millisecond."""

    at: int
    key: str
    values: tuple[tuple[str, str], ...]
    page: str

    def document(self) -> Document:
        return {
            "conversionId": self.key,
            "submittedAt": self.at,
            "values": [{"name": n, "value": v, "objectTypeId": "0-1"} for n, v in self.values],
            "pageUrl": self.page,
        }


@dataclass(slots=True)
class Form:
    """A form. HubSpot answers the present version only; `past` is for whoever plays the editor."""

    id: str
    name: str
    kind: str
    consent: Document
    created: int
    updated: int
    double_opt_in: bool = False
    archived_at: int | None = None
    submissions: list[Submission] = field(default_factory=list)
    past: list[tuple[int, Document]] = field(default_factory=list)


class Pending(NamedTuple):
    """A sign-up that waits for its double opt-in."""

    subscriptions: tuple[int, ...]
    explanation: str


class Forms:
    """The portal's forms and what people do with them."""

    def __init__(self, portal: Portal, contacts: Contacts, preferences: Preferences) -> None:
        self._portal = portal
        self._contacts = contacts
        self._preferences = preferences
        self._pending: dict[str, Pending] = {}
        self.all: dict[str, Form] = {form.id: form for form in _default_forms(portal.id, portal.born)}

    # Definitions -----------------------------------------------------------------------------------------

    def named(self, name_or_id: str) -> Form:
        """By id or name. KeyError when there is none."""
        if name_or_id in self.all:
            return self.all[name_or_id]
        return (
            next(f for f in self.all.values() if f.name == name_or_id) if name_or_id else self.all[name_or_id]
        )

    def add(
        self, name: str, consent: Document, *, kind: str = "hubspot", double_opt_in: bool = False
    ) -> Form:
        now = self._portal.clock.now()
        form = Form(form_id(self._portal.id, name), name, kind, consent, now, now, double_opt_in)
        self.all[form.id] = form
        return form

    def edit(self, form: Form, changes: Document) -> Form:
        """New texts: only the new version is answered from now on, and `updatedAt` moves."""
        form.past.append((form.updated, form.consent))
        form.consent = {**form.consent, **changes}
        form.updated = max(form.updated + 1, self._portal.clock.now())
        return form

    def document(self, form: Form) -> Document:
        """A definition as the v3 API shows it."""
        answer: Document = {
            "id": form.id,
            "name": form.name,
            "formType": form.kind,
            "createdAt": iso(form.created),
            "updatedAt": iso(form.updated),
            "archived": form.archived_at is not None,
            "fieldGroups": [field_group(name, label) for name, label in FIELDS],
            "configuration": CONFIGURATION,
            "displayOptions": DISPLAY,
            "legalConsentOptions": form.consent,
        }
        if form.archived_at is not None:
            answer["archivedAt"] = iso(form.archived_at)
        return answer

    # Submissions -----------------------------------------------------------------------------------------

    def page(self, form: Form, limit: int, after: tuple[int, str] | None) -> tuple[list[Submission], bool]:
        """Newest first, those older than `after`; and whether there are more."""
        entries = [s for s in self._newest_first(form, after) if after is None or (s.at, s.key) < after]
        made = self._made(form, after)
        page = list(islice(_merged(entries, made), limit + 1))
        return page[:limit], len(page) > limit

    def submit(
        self,
        form: Form,
        values: dict[str, str],
        subscriptions: tuple[int, ...] = (),
        *,
        at: int | None = None,
        page: str = "https://www.example.com/nyhetsbrev",
    ) -> Contact:
        """Somebody sends the form: the contact is made or updated, ticked types are subscribed.

        With double opt-in the types wait until the person confirms.
        """
        when = self._portal.clock.now() if at is None else at
        key = _guid(f"{form.id}/{when}/{len(form.submissions)}")
        form.submissions.append(Submission(when, key, tuple(values.items()), page))
        contact = self._person(values, form, when)
        explanation = str(form.consent.get("communicationConsentText") or form.name)[:200]
        if form.double_opt_in:
            self._wait(contact, Pending(subscriptions, explanation))
        else:
            self._subscribe(contact.email or "", subscriptions, FORM_ACTOR, explanation, when)
        return contact

    def confirm(self, address: str, at: int | None = None) -> None:
        """The person presses the button in the confirmation mail. KeyError when nothing waits."""
        pending = self._pending.pop(address.lower())
        owner = self._portal.owner(address)
        contact = self._portal.live(owner) if owner is not None else None
        if contact is not None:
            self._set_confirmation(contact, "Confirmed")
        when = self._portal.clock.now() if at is None else at
        self._subscribe(address, pending.subscriptions, CONFIRM_ACTOR, pending.explanation, when)

    def _person(self, values: dict[str, str], form: Form, when: int) -> Contact:
        owner = self._portal.owner(values.get("email", ""))
        contact = self._portal.live(owner) if owner is not None else None
        known = {name: value for name, value in values.items() if name in self._portal.definitions}
        if contact is None:
            contact = self._contacts.create(known, FORM_ACTOR, enforce_required=False)
        else:
            contact = self._contacts.update(
                contact, {k: v for k, v in known.items() if k != "email"}, FORM_ACTOR
            )
        converted = {"recent_conversion_date": iso(when), "recent_conversion_event_name": form.name}
        contact.props = {**contact.props, **converted}
        return contact

    def _wait(self, contact: Contact, pending: Pending) -> None:
        self._pending[(contact.email or "").lower()] = pending
        self._set_confirmation(contact, "Pending")

    def _set_confirmation(self, contact: Contact, word: str) -> None:
        kept = self._portal.touch(contact)
        kept.props = {**kept.props, CONFIRMATION: word}
        kept.modified = max(kept.modified, self._portal.clock.now())

    def _subscribe(
        self, address: str, subscriptions: tuple[int, ...], actor: Actor, explanation: str, when: int
    ) -> None:
        for subscription in subscriptions:
            basis = LegalBasis.CONSENT_WITH_NOTICE.value
            wish = Wish(address, subscription, Status.SUBSCRIBED.value, basis, explanation, when)
            self._preferences.set(wish, actor)

    def _newest_first(self, form: Form, after: tuple[int, str] | None) -> list[Submission]:
        del after
        return sorted(form.submissions, reverse=True)

    def _made(self, form: Form, after: tuple[int, str] | None) -> Iterator[Submission]:
        """Submissions of made-up people whose consent came by form, by arithmetic."""
        people = self._portal.people
        if form.name != SIGN_UP or not people.count:
            return
        top = people.count if after is None else people.first_rank(after[0] + 10 * MINUTE)
        for rank in range(top - 1, -1, -1):
            index = people.at_rank(rank)
            if people.profile(index).by_form:
                yield self._made_submission(form, index)

    def _made_submission(self, form: Form, index: int) -> Submission:
        contact = self._portal.people.contact(index)
        names = ("email", "firstname", "lastname")
        values = tuple((name, contact.props[name] or "") for name in names if contact.props[name])
        at = self._portal.people.acted(index)
        return Submission(at, _guid(f"{form.id}/made/{index}"), values, "https://www.example.com/nyhetsbrev")


FORM_ACTOR = Actor(sources.FORM, "SOURCE_RECIPIENT", "FORM")
CONFIRM_ACTOR = Actor(sources.DOUBLE_OPT_IN, "SOURCE_RECIPIENT", "EMAIL")


def _merged(given: list[Submission], made: Iterator[Submission]) -> Iterator[Submission]:
    """Two newest-first streams as one."""
    waiting = list(reversed(given))
    for entry in made:
        while waiting and waiting[-1] > entry:
            yield waiting.pop()
        yield entry
    while waiting:
        yield waiting.pop()


def form_id(portal_id: int, name: str) -> str:
    return _guid(f"form/{portal_id}/{name}")


def _guid(text: str) -> str:
    digits = sha256(text.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


def _default_forms(portal_id: int, born: int) -> Iterator[Form]:
    for name, consent in DEFAULTS.items():
        created = born - 900 * DAY
        yield Form(form_id(portal_id, name), name, "hubspot", consent, created, created)
