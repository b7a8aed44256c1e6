"""What the precedence table looks at: one person, one purpose, HubSpot on one side, the mirror on the other.

Each field is a column of consent-domain 4 or a context that its rows name. `connector.consent.situate`
builds it from a reading and a standing.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from connector.consent.events import Grade, Overlay, State
from mappings.sources import SourceKind


class Seen(StrEnum):
    """What HubSpot holds for the subscription type."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    NOT_SPECIFIED = "not_specified"
    ABSENT = "absent"  # no row at all: nothing ever touched it, which says as little as NOT_SPECIFIED
    UNKNOWN_VALUE = "unknown_value"


class Wide(StrEnum):
    """The opt-out of everything that HubSpot holds and that reaches the purpose."""

    NONE = "none"
    OWN = "own"  # written by ourselves: an echo, no one's act
    PORTAL = "portal"
    UNIT = "unit"  # of the business unit that the purpose belongs to
    UNMAPPED_UNIT = "unmapped_unit"  # of a business unit that no purpose belongs to: taken as everything
    UNKNOWN_VALUE = "unknown_value"


#: Opt-outs of everything that are somebody's act.
SOMEONES: Final = (Wide.PORTAL, Wide.UNIT, Wide.UNMAPPED_UNIT)


class Time(StrEnum):
    """HubSpot's time beside the mirror's: clearly later or earlier means by more than sigma."""

    LATER = "later"
    TIE = "tie"
    EARLIER = "earlier"
    NONE = "none"
    FUTURE = "future"  # after our own clock by more than sigma


class Write(StrEnum):
    """What our own write has to do with it."""

    NONE = "none"
    ECHO = "echo"  # what we read is what we wrote: id, status, our source, inside the write's window
    FAILED = "failed"
    OVERWROTE = "overwrote"  # RESUBSCRIBE_OCCURRED without a resubscribe intent


class Identity(StrEnum):
    """What happened to the contact record."""

    NONE = "none"
    ABSENT = "absent"
    RESTORED = "restored"
    ADDRESS_CHANGED = "address_changed"


class Privacy(StrEnum):
    """A deletion for privacy seen from outside."""

    NONE = "none"
    VERIFIED = "verified"  # the event is genuine, the contact really gone, the breaker closed
    DOUBTFUL = "doubtful"  # the breaker trips, or the contact still exists


class Situation(NamedTuple):
    """One cell of the table.

    `time` relates HubSpot's time to the grant for a no, and to the last no (or the ended consent) for a yes.
    `evidence`, `source`: of HubSpot's yes. `grade`, `by_person`: of the mirror's grant. `own`: HubSpot's
    UNSUBSCRIBED is no one's standing no: our own write, or a sighting that two people annulled.
    `wide_no`: a no to everything stands against this purpose; `wide_stands`: and no marketing purpose was
    granted since. `confirmed`: HubSpot once showed SUBSCRIBED for it. `signup`: a new sign-up at E3, clearly
    later than the erasure. `policy`: soft opt-ins of this purpose may be pushed. `drift`: HubSpot holds
    another legal basis than ours.
    """

    status: Seen = Seen.ABSENT
    wide: Wide = Wide.NONE
    state: State = State.UNKNOWN
    overlay: Overlay | None = None
    time: Time = Time.LATER
    source: SourceKind = SourceKind.UNKNOWN
    evidence: Grade = Grade.E0
    grade: Grade = Grade.E0
    by_person: bool = False
    write: Write = Write.NONE
    identity: Identity = Identity.NONE
    privacy: Privacy = Privacy.NONE
    signup: bool = False
    own: bool = False
    wide_no: bool = False
    wide_stands: bool = False
    has_no: bool = False
    no_dated: bool = True
    confirmed: bool = False
    marketing: bool = True
    policy: bool = False
    drift: bool = False

    @property
    def covered(self) -> bool:
        """HubSpot holds someone's opt-out of everything, and the purpose is among it (design 4.13)."""
        return self.wide in SOMEONES and self.marketing

    @property
    def newer_yes(self) -> bool:
        """The person's own, proved consent is clearly newer than HubSpot's no."""
        return (
            self.state is State.GRANTED
            and self.by_person
            and self.grade >= Grade.E2
            and self.time is Time.EARLIER
        )
