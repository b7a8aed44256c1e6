"""The account: whose token it is, what plan and token allow, subscription types, audit (HA 8.1, 9, 14)."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from connector.errors import RequestRejected
from connector.hubspot import families
from connector.hubspot.complaints import Forbidden, Overloaded
from connector.hubspot.days import iso
from connector.hubspot.families import Route
from connector.hubspot.gateway import PROBE, Gateway, any_json
from connector.hubspot.paging import pages
from connector.hubspot.wire import account as wire
from connector.hubspot.wire.contacts import Contacts
from mappings.records import Account, AuditRow, Capabilities, Definition
from mappings.words import CHANNEL

#: Nobody can have it (RFC 2606); reading its statuses creates nothing.
RESERVED: Final = "probe@consent-mirror.invalid"
GONE: Final = frozenset({404, 405, 410})
AUDIT_PAGE: Final = 100
PROBES: Final[tuple[tuple[Any, ...], ...]] = (
    (families.statuses_batch(), {"channel": CHANNEL}, {"inputs": [RESERVED]}),
    (families.forms(), {"limit": 1}),
    (families.timeline(), {"limit": 1}),
    (families.audit(), {"limit": 1}),
)


class AccountCalls(Gateway):
    """The account calls of one portal."""

    def details(self, *, urgent: bool = False) -> Account:
        """Which account the token belongs to. `urgent`: the last calls of a window may be used."""
        found = self._ask(families.details(), wire.account, urgent=urgent)
        self._transport.time_zone = found.time_zone
        return found

    def definitions(self) -> tuple[Definition, ...]:
        """The subscription types of the portal."""
        return self._ask(families.definitions(), wire.definitions)

    def capabilities(self) -> Capabilities:
        """What plan and token allow; probed once with harmless reads, then remembered (HQ 32).

        What answers with server errors is not there for now, and is asked again next time. Batch writing
        cannot be probed by reading, so it is never claimed: the connector writes one by one.
        """
        if self._learned.capabilities is not None:
            return self._learned.capabilities
        with ThreadPoolExecutor(len(PROBES), thread_name_prefix="probe") as pool:
            allowed = list(pool.map(lambda probe: self._allowed(*probe), PROBES))
        batches, forms, timeline, audit = map(bool, allowed)
        found = Capabilities(
            batch_statuses=batches, batch_writes=False, forms=forms, timeline=timeline, audit=audit
        )
        if None not in allowed:
            self._learned.capabilities = found
        return found

    def learned(self) -> Capabilities | None:
        """What has been found out so far; None where nobody asked yet, or HubSpot refused something since."""
        return self._learned.capabilities

    def recall(self, found: Capabilities) -> None:
        """What an earlier process found out: not probed again, until HubSpot refuses something."""
        self._learned.capabilities = self._learned.capabilities or found

    def missing_properties(self, subscriptions: Sequence[int]) -> tuple[str, ...]:
        """Properties that we read and the portal does not have (an unknown name reads as empty, HQ 14)."""
        have = self._ask(families.properties(), wire.property_names)
        wanted = Contacts(subscriptions, self._dates).properties
        return tuple(name for name in wanted if name not in have)

    def audit(self, since: int) -> tuple[AuditRow, ...]:
        """Audit log lines from `since` on, oldest first; empty where the plan has none."""
        query = {"occurredAfter": iso(since), "limit": AUDIT_PAGE}
        try:
            lines = [
                line
                for page in pages(families.audit(), lambda after: self._audit_page({**query, "after": after}))
                for line in page
            ]
        except Forbidden:
            return ()
        return tuple(sorted((line for line in lines if line.at >= since), key=lambda line: line.at))

    def _audit_page(self, query: Mapping[str, Any]) -> tuple[tuple[AuditRow, ...], str | None]:
        return self._ask(families.audit(), wire.audit_page, query=query)

    def _allowed(self, route: Route, query: Mapping[str, Any], body: object | None = None) -> bool | None:
        """403: not for this plan or token. Gone: not any more. A complaint about the input: it is there.

        None when HubSpot cannot say.
        """
        try:
            self._ask(route, any_json, query=query, body=body, patience=PROBE)
        except Forbidden:
            return False
        except RequestRejected as error:
            return error.status not in GONE
        except Overloaded:
            return None
        return True
