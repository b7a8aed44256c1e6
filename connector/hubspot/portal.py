"""One HubSpot portal: answers in our words, raises our errors. No status code or JSON gets past it."""

from connector.hubspot.account import AccountCalls
from connector.hubspot.forms import FormCalls
from connector.hubspot.lists import ListCalls
from connector.hubspot.marks import MarkCalls
from connector.hubspot.office import OfficeCalls
from connector.hubspot.preferences import PreferenceCalls
from connector.hubspot.whole import WholeCalls


class Portal(OfficeCalls, PreferenceCalls, AccountCalls, FormCalls, ListCalls, MarkCalls, WholeCalls):
    """Everything that may be asked of one portal; it is what `connector.acts.ports.HubSpot` describes.

    Safe for several threads. Raises HubSpotUnreachable, HubSpotBusy, HubSpotRefused and RequestRejected;
    writes also AmbiguousWrite, when it is not known whether they were applied.
    """

    def clock_skew_ms(self) -> int | None:
        """Our clock minus HubSpot's as of the last answer; None where HubSpot never dated one."""
        return self._transport.skew_ms

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()
