"""Communication preferences: reading and writing the statuses of addresses (HA 8)."""

from collections.abc import Sequence
from typing import Any, Final

from connector.hubspot import families
from connector.hubspot.batches import in_batches
from connector.hubspot.gateway import QUICK, Gateway
from connector.hubspot.transport import Patience, Unreadable
from connector.hubspot.wire import preferences as wire
from connector.hubspot.wire.values import folded
from mappings.records import Answer, BatchAnswers, BatchReading, Preferences, StatusRow, WideRow
from mappings.words import CHANNEL, LegalBasis, Status

ASKED: Final = {"channel": CHANNEL}
#: A yes rests on a reading of less than 10 s ago (consent-domain 4): it does not queue, it is asked anew.
PROMPT: Final = Patience(attempts=2, deadline_s=8.0)


class PreferenceCalls(Gateway):
    """The preference calls of one portal."""

    def preferences(
        self, email: str, *, statuses: bool = True, wide: bool = True, urgent: bool = False
    ) -> Preferences:
        """All statuses and wide opt-outs of one address, with HubSpot's times (two calls).

        `wide` or `statuses` False spares a call: where a property read just now shows no opt-out of
        everything, or where nothing else is asked about. `urgent`: the last calls of a window may be used.

        Empty, rows of NOT_SPECIFIED and 404 all mean "never touched" (HA 8.1). `read_at` is before the
        first call: what changes after it may be missing.
        """
        read_at = self._clock.now()
        rows, unreadable = self._statuses(email, urgent=urgent) if statuses else ((), 0)
        found = self._wide(email, urgent=urgent) if wide else ()
        return Preferences(address=email, statuses=rows, wide=found, read_at=read_at, unreadable=unreadable)

    def batch_preferences(self, emails: Sequence[str]) -> BatchReading:
        """The same for many addresses where the plan has batches (two calls for each batch).

        Every input ends in `read`, `without_wide` or `failed` under its own spelling; what HubSpot answers
        neither way is failed as MISSING (HQ 34).
        """
        return wire.reading(self.batch_answers(emails))

    def batch_answers(self, emails: Sequence[str]) -> BatchAnswers:
        """The same before it is taken apart, for those who can tell that nothing changed without that."""
        return in_batches(emails, self._learned, self._read_batch)

    def taken_apart(self, answer: Answer) -> Preferences | None:
        """One of these answers; None where it does not hold this address's rows. Nothing is asked."""
        return wire.taken_apart(answer)

    def set_status(
        self,
        email: str,
        subscription: int,
        status: Status,
        *,
        basis: LegalBasis | None = None,
        explanation: str | None = None,
    ) -> StatusRow:
        """Write one absolute status; the row that HubSpot answers, with its `outcome`.

        ValueError for NOT_SPECIFIED, and for SUBSCRIBED without basis and explanation: HubSpot itself takes
        a subscription without either (HQ 29). A no may use the last calls of a window.
        """
        status = Status(status)
        if status is Status.NOT_SPECIFIED:
            raise ValueError("NOT_SPECIFIED cannot be written")
        if status is Status.SUBSCRIBED and not (basis and (explanation or "").strip()):
            raise ValueError("SUBSCRIBED needs a legal basis and its explanation")
        return self._ask(
            families.set_status(email),
            lambda body: _written(email, subscription, body),
            body=_status(subscription, status, basis, explanation),
            urgent=status is Status.UNSUBSCRIBED,
            patience=PROMPT if status is Status.SUBSCRIBED else None,
        )

    def unsubscribe_all(self, email: str) -> None:
        """Opt an address out of everything. A no may use the last calls of a window."""
        self._ask(
            families.unsubscribe_all(email),
            lambda body: wire.STATUSES(body) if body else None,
            query={**ASKED, "verbose": "true"},
            urgent=True,
        )

    def _statuses(self, email: str, *, urgent: bool) -> tuple[tuple[StatusRow, ...], int]:
        def rows(body: bytes) -> tuple[tuple[StatusRow, ...], int]:
            return wire.status_rows(email, wire.STATUSES(body).items)

        return self._find(families.statuses(email), rows, query=ASKED, urgent=urgent) or ((), 0)

    def _wide(self, email: str, *, urgent: bool) -> tuple[WideRow, ...]:
        def rows(body: bytes) -> tuple[WideRow, ...]:
            return wire.wide_rows(email, wire.WIDES(body).items) if body else ()

        return self._find(families.wide(email), rows, query=ASKED, urgent=urgent) or ()

    def _read_batch(self, emails: Sequence[str]) -> BatchAnswers:
        read_at = self._clock.now()
        body = {"inputs": list(emails)}
        statuses = self._ask(
            families.statuses_batch(), wire.STATUSES_BATCH, query=ASKED, body=body, patience=QUICK
        )
        wides = self._ask(families.wide_batch(), wire.WIDES_BATCH, query=ASKED, body=body, patience=QUICK)
        return wire.answers(emails, statuses, wides, read_at)


def _status(
    subscription: int, status: Status, basis: LegalBasis | None, explanation: str | None
) -> dict[str, Any]:
    body: dict[str, Any] = {"subscriptionId": subscription, "statusState": status, "channel": CHANNEL}
    if basis is not None:
        body |= {"legalBasis": basis, "legalBasisExplanation": explanation or ""}
    return body


def _written(email: str, subscription: int, body: bytes) -> StatusRow:
    """The row written. An answer about anything else says nothing about our write."""
    item = wire.written_row(body)
    row = wire.status_row(email, item) if item else None
    if item is None or row is None or row.subscription != subscription:
        raise Unreadable("not the row that was written")
    said = item.subscriber_id_string
    if isinstance(said, str) and folded(said) != folded(email):
        raise Unreadable("a row of another address")
    return row
