"""The far side as the acts see it: what may be asked of a HubSpot portal (design 2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mappings.journal import JournalPage
from mappings.office import (
    ApiUsage,
    HubSpotUser,
    MailedPage,
    MarketingEmail,
    Origin,
    PropertyInfo,
    SentPage,
)
from mappings.records import (
    Account,
    Answer,
    AuditRow,
    BatchAnswers,
    BatchReading,
    Capabilities,
    Contact,
    ContactPage,
    Definition,
    FormDefinition,
    ListInfo,
    Preferences,
    StatusRow,
    SubmissionPage,
    TimelinePage,
    WholeRecord,
)
from mappings.words import LegalBasis, Status


class Journal(Protocol):
    """HubSpot's pull journal, file by file (HA 13.3)."""

    def earliest(self) -> JournalPage | None: ...

    def latest(self) -> JournalPage | None: ...

    def after(self, offset: str) -> JournalPage | None:
        """Raises JournalGap where HubSpot does not know the offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody whom the controller discloses data to (Art. 4(9)) and tells what becomes of it (Art. 19).

    `purposes`: for which they get it; none: for all. `country` and `transfer`: where they are, and what a
    transfer to a third country rests on (Art. 30(1)(d) and (e), 15(2)).
    """

    name: str
    kind: str  # webhook or mail
    role: str  # processor or controller
    purposes: tuple[str, ...] = ()
    country: str = ""
    transfer: str = ""


class Recipients(Protocol):
    """How the recipients of the configuration are reached."""

    def tell(self, name: str, number: str, body: bytes) -> None:
        """Hand one message over; it returns when the recipient has confirmed it.

        `number` is the same for every try, so that the recipient can tell a repeat. Raises Temporary where a
        later try may work, and what it is where a person has to change something.
        """


class HubSpot(Protocol):
    """One portal: answers in our words, raises the errors of `connector.errors`.

    Reads raise HubSpotUnreachable or HubSpotBusy when HubSpot cannot be asked now and HubSpotRefused when
    it refuses for good. Writes raise AmbiguousWrite when it is unknown whether they were applied.
    """

    @property
    def calls_made(self) -> int:
        """Requests sent to HubSpot so far, repeats included."""

    def clock_skew_ms(self) -> int | None:
        """Our clock minus HubSpot's as of the last answer; None where HubSpot never dated one."""

    def details(self, *, urgent: bool = False) -> Account:
        """Which account the token belongs to. `urgent`: may use a window's last calls, here and below."""

    def definitions(self) -> tuple[Definition, ...]:
        """The subscription types of the portal."""

    def capabilities(self) -> Capabilities:
        """What plan and token allow; probed once, then remembered."""

    def learned(self) -> Capabilities | None:
        """What `capabilities` has found out so far, without asking."""

    def recall(self, found: Capabilities) -> None:
        """What an earlier process found out: not asked again, until HubSpot refuses something."""

    def missing_properties(self, subscriptions: Sequence[int]) -> tuple[str, ...]:
        """Properties that we read and the portal does not have (an unknown name reads as empty, HQ 14)."""

    def contacts_page(self, after: str | None, *, archived: bool = False) -> ContactPage:
        """One page of the list, by ascending id."""

    def contact(self, contact_id: int, *, archived: bool = False) -> Contact | None:
        """One contact by id, None on 404. A merged id answers with its winner: compare `id`."""

    def contact_by_email(self, email: str) -> Contact | None:
        """One contact by primary or additional address, None on 404."""

    def contacts_by_id(self, contact_ids: Sequence[int]) -> tuple[tuple[Contact, ...], tuple[int, ...]]:
        """Up to 100 contacts by id: those found, and the ids that HubSpot did not answer."""

    def search_changed(self, since: int, after_id: int, until: int | None = None) -> ContactPage:
        """Contacts whose `lastmodifieddate` >= since, ordered by (time, id), from (since, after_id) on."""

    def count_opted_out(self, subscription: int | None) -> int:
        """How many contacts carry the opt-out property of a type (None: of all e-mail)."""

    def search_opted_out(self, subscription: int | None, after_id: int) -> ContactPage:
        """The contacts behind `count_opted_out`, by ascending id from after_id on."""

    def preferences(
        self, email: str, *, statuses: bool = True, wide: bool = True, urgent: bool = False
    ) -> Preferences:
        """All statuses and opt-outs of everything of one address, with HubSpot's times (two calls; one
        without `wide` or without `statuses`)."""

    def batch_preferences(self, emails: Sequence[str]) -> BatchReading:
        """The same for up to 100 addresses where the plan has batches (two calls)."""

    def batch_answers(self, emails: Sequence[str]) -> BatchAnswers:
        """The same before it is taken apart."""

    def taken_apart(self, answer: Answer) -> Preferences | None:
        """One of these answers; None where it does not hold this address's rows. Nothing is asked."""

    def set_status(
        self,
        email: str,
        subscription: int,
        status: Status,
        *,
        basis: LegalBasis | None = None,
        explanation: str | None = None,
    ) -> StatusRow:
        """Write one absolute status. Never NOT_SPECIFIED; SUBSCRIBED needs basis and explanation."""

    def unsubscribe_all(self, email: str) -> None:
        """Opt an address out of everything."""

    def erase(self, contact_id: int) -> None:
        """Privacy-delete one contact by id, never by address (HA 7)."""

    def whole_record(
        self, contact_id: int, names: Sequence[str], *, archived: bool = False
    ) -> WholeRecord | None:
        """All values of one record, None where there is none. A merged id answers with its winner."""

    def correct(self, contact_id: int, values: Mapping[str, str]) -> None:
        """Overwrite properties of one record, by id (Art. 16)."""

    def holds_text(self, name: str) -> bool | None:
        """Whether a contact property is somebody's own text; None where there is no such property."""

    def create_text(self, name: str, label: str, description: str) -> None:
        """Make a text property of contacts."""

    def records(self, contact_ids: Sequence[int], names: Sequence[str]) -> tuple[WholeRecord, ...]:
        """Up to 100 records with these properties; those that HubSpot did not find are left out."""

    def write_property(self, name: str, values: Mapping[int, str]) -> frozenset[int]:
        """Write one property of up to 100 records; the ids that HubSpot shows with the new value."""

    def list_by_id(self, list_id: int) -> ListInfo | None:
        """One list of contacts, None on 404."""

    def list_named(self, name: str) -> ListInfo | None:
        """The same by its name, which is unique."""

    def create_list(self, name: str) -> ListInfo:
        """A list whose members are set by hand."""

    def list_members(self, list_id: int, after: str | None) -> tuple[tuple[int, ...], str | None]:
        """One page of record ids, and where the next begins."""

    def change_list(self, list_id: int, *, add: Sequence[int] = (), remove: Sequence[int] = ()) -> int:
        """Add and remove up to 500 records; how many that changed."""

    def audit(self, since: int) -> tuple[AuditRow, ...]:
        """Audit log lines from `since` on; empty where the plan has none."""

    def forms(self) -> tuple[FormDefinition, ...]:
        """All forms as they are now, archived ones left out."""

    def submissions(self, form: str, after: str | None = None) -> SubmissionPage:
        """One page of what was sent through a form, newest first; RequestRejected for some kinds."""

    def timeline(self, start: int, end: int, offset: str | None = None) -> TimelinePage:
        """One page of subscription changes between two times, both included, newest first (legacy v1)."""

    def users(self) -> tuple[HubSpotUser, ...] | None:
        """Everyone who can sign in to HubSpot; None, here and below: not shown to this plan or token."""

    def last_logins(self) -> dict[str, int] | None:
        """User id -> last sign-in within 90 days."""

    def register_pages(self) -> Iterator[tuple[tuple[Contact, ...], dict[int, Origin]]]:
        """Every contact by ascending id, and how each record began."""

    def properties(self) -> tuple[PropertyInfo, ...]:
        """Every contact property's definition."""

    def count_filled(self, name: str) -> int | None:
        """How many contacts have a value of this property."""

    def mailed_since(self, since: int, after_id: int) -> MailedPage | None:
        """Contacts whose last marketing e-mail left at `since` or later, by ascending id from after_id on."""

    def marketing_emails(self) -> tuple[MarketingEmail, ...] | None:
        """Every marketing e-mail with its subscription type."""

    def sent_events(self, start: int, end: int, offset: str | None = None) -> SentPage | None:
        """One page of mails that left between two times, newest first (legacy v1)."""

    def api_usage(self) -> tuple[ApiUsage, ...] | None:
        """Today's calls of the account's private apps."""
