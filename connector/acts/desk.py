"""What every act needs for one portal, put together by wiring."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connector.acts.ports import HubSpot, Journal, Recipient, Recipients
from connector.clock import Chance, Clock
from connector.consent.breaker import Limits
from connector.consent.events import Source
from connector.consent.retention import Policy
from connector.proof.links import Signer
from connector.store.mirror import Mirror
from mappings.purposes import Purposes

NO_POLICY = Policy()
EXPORT_MS = 30 * 86_400_000  # a file that we wrote is to be gone after this, unless configured otherwise
SIGMA_MS = 300_000  # how far two clocks may differ before "later" means later (consent-domain 3.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Who answers for it all, as people are told (Art. 4(7), 13(1)(a)); the first language is the usual."""

    name: str
    contact: str
    languages: tuple[str, ...] = ("sv", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One portal's mirror, its HubSpot, its purposes and its rules."""

    portal: int
    name: str
    mirror: Mirror
    hubspot: HubSpot
    purposes: Purposes
    limits: Limits
    clock: Clock
    chance: Chance
    zone: ZoneInfo
    controller: Controller
    subject_sources: frozenset[str] = frozenset()
    sigma_ms: int = SIGMA_MS
    statuses_per_day: int = 25_000
    export_ms: int = EXPORT_MS
    recipients: tuple[Recipient, ...] = ()
    outside: Recipients | None = None  # how those are reached
    own_sources: tuple[str, ...] = ()  # object sources of which the operator says: the person's own
    block_overdue: bool = False  # nobody is sendable whose notice is overdue (policy)
    retention: Policy = NO_POLICY
    retention_calls: int = 100
    signer: Signer | None = None  # makes and reads the links of people
    public_url: str | None = None  # where their pages are
    mails: bool = False  # there is a mail server: letters to people can leave
    erase_again: bool = False  # somebody erased who is in HubSpot again is erased there again (row 34)
    door: Source = Source.CLI  # by which staff come who act at this desk: commands, or the dashboard
    journal: Journal | None = None  # where HubSpot's pull journal is set up
