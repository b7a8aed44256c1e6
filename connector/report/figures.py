"""The figures of one portal and one local day. Pure: values in, one `Report` out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from connector.report.discrepancies import Before, Discrepancy, Group, Urgency

HOUR_MS: Final = 3_600_000
#: A no that HubSpot has not confirmed after an hour is an alarm (consent-domain 10).
LATE_MS: Final = HOUR_MS


def iso(at: int | None) -> str | None:
    """Milliseconds UTC as the contract spells times (design 1.1): ISO 8601 with Z, whole seconds."""
    return None if at is None else datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much is known of one purpose, and how old that is.

    `read`: people whose statuses were read in full, the oldest at `oldest_read`; `within`: by age of that
    reading. `noes_only`: never read in full, but their no is known from the contact's property. `mailable`:
    how many may be mailed, the oldest of whose readings was at `mailable_oldest`.
    """

    purpose: str
    read: int
    total: int
    oldest_read: int | None = None
    within: Mapping[str, int] = field(default_factory=dict)
    noes_only: int = 0
    mailable: int = 0
    mailable_oldest: int | None = None

    @property
    def share(self) -> float:
        """0 to 1; 1 where there is nothing to read."""
        return self.read / self.total if self.total else 1.0

    def document(self) -> dict[str, Any]:
        """As `status` and `report` print it."""
        return {
            "purpose": self.purpose,
            "read": self.read,
            "total": self.total,
            "share": round(self.share, 4),
            "oldest_read": iso(self.oldest_read),
            "read_within": dict(self.within),
            "noes_only": self.noes_only,
            "sendable": self.mailable,
            "sendable_oldest_read": iso(self.mailable_oldest),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many people are in one state for one purpose, by basis and grade of the evidence."""

    purpose: str
    state: str
    basis: str
    grade: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Writes that wait: `noes` of them are opt-outs, `oldest` is when the oldest was queued."""

    count: int = 0
    noes: int = 0
    oldest: int | None = None
    oldest_no: int | None = None

    def late(self, now: int) -> bool:
        """A no has waited for an hour or more (consent-domain 10)."""
        return self.oldest_no is not None and now - self.oldest_no >= LATE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From a no in the mirror to its confirmation in HubSpot, milliseconds; None: none was confirmed."""

    count: int = 0
    p50: int | None = None
    p95: int | None = None
    over_1_h: int = 0


def latency(waits: Iterable[int]) -> Latency:
    """The nearest-rank percentiles of the waits (milliseconds), and how many took an hour or more."""
    ordered = sorted(waits)
    return Latency(
        count=len(ordered),
        p50=_rank(ordered, 50),
        p95=_rank(ordered, 95),
        over_1_h=sum(each >= LATE_MS for each in ordered),
    )


def _rank(ordered: Sequence[int], percent: int) -> int | None:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """The log: how many entries, its RFC 6962 root in hex, the last signed checkpoint."""

    entries: int = 0
    root: str = ""
    checkpoint_size: int | None = None
    checkpoint_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One earlier night, for the charts: people per state, all purposes together."""

    date: str
    states: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One portal, one local day. Times are milliseconds UTC; addresses are masked; tokens are nowhere.

    `previous_at` is when the last report was made: pushed, confirmed, withdrawals, erased, latency and
    calls count from there (from the beginning where there was none).
    """

    portal: str
    portal_id: int
    date: str
    made_at: int
    time_zone: str
    controller: str
    several_portals: bool = False
    previous_at: int | None = None
    last_pull: int | None = None
    last_sweep: int | None = None
    contacts: int = 0
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    coverage: tuple[Coverage, ...] = ()
    states: tuple[StateCount, ...] = ()
    sendable: Mapping[str, int] = field(default_factory=dict)
    pending: Pending = field(default_factory=Pending)
    pushed: int = 0
    confirmed: int = 0
    withdrawals: int = 0
    latency: Latency = field(default_factory=Latency)
    erased: int = 0
    reviews: int = 0
    breakers: tuple[str, ...] = ()
    log: LogHead = field(default_factory=LogHead)
    missed_nights: tuple[str, ...] = ()
    calls: int = 0
    groups: tuple[Group, ...] = ()
    history: tuple[Day, ...] = ()

    @property
    def total(self) -> int:
        """All discrepancies of today."""
        return sum(group.count for group in self.groups)

    @property
    def new(self) -> int:
        """Those that the last report did not have."""
        return sum(group.new for group in self.groups)

    @property
    def resolved(self) -> int:
        """Those that only the last report had."""
        return sum(group.resolved for group in self.groups)

    @property
    def urgent(self) -> int:
        """Those that somebody has to act on now."""
        return sum(group.count for group in self.groups if group.kind.urgency is Urgency.ACT)

    @property
    def portal_option(self) -> str:
        """What the commands in the report need where several portals are configured."""
        return f" --portal {self.portal}" if self.several_portals else ""

    def by_state(self) -> dict[str, int]:
        """People per state, all purposes together."""
        counts: dict[str, int] = {}
        for each in self.states:
            counts[each.state] = counts.get(each.state, 0) + each.count
        return counts

    def today(self) -> Day:
        """This report as a point of the chart."""
        return Day(date=self.date, states=self.by_state())

    def kept(self) -> dict[str, Before]:
        """What tomorrow's report compares with, by kind."""
        return {str(group.kind): group.kept() for group in self.groups if group.count}

    def without_people(self) -> "Report":
        """The same figures with nobody in them: what is stored, so that an erasure has nothing to find."""
        return replace(self, groups=tuple(replace(each, items=()) for each in self.groups), history=())

    def document(self) -> dict[str, Any]:
        """What `report --json` prints (design 1.1). Addresses are masked."""
        return {
            "date": self.date,
            "portal": self.portal,
            "portal_id": self.portal_id,
            "made_at": iso(self.made_at),
            "previous_at": iso(self.previous_at),
            "discrepancies": [self._group(each) for each in self.groups],
            "total": self.total,
            "new": self.new,
            "resolved": self.resolved,
            "data_as_of": {"last_pull": iso(self.last_pull), "last_sweep": iso(self.last_sweep)},
            "contacts": self.contacts,
            **self._standing(),
            **self._work_done(),
        }

    def _group(self, group: Group) -> dict[str, Any]:
        return {
            "kind": str(group.kind),
            "count": group.count,
            "oldest": iso(group.oldest),
            "new": group.new,
            "unchanged": group.unchanged,
            "resolved": group.resolved,
            "complete": group.complete,
            "items": [_item(each, self.portal_option) for each in group.items],
        }

    def _standing(self) -> dict[str, Any]:
        return {
            "coverage": [each.document() for each in self.coverage],
            "states": [
                {
                    "purpose": each.purpose,
                    "state": each.state,
                    "basis": each.basis,
                    "grade": each.grade,
                    "count": each.count,
                }
                for each in self.states
            ],
            "sendable": dict(self.sendable),
            "log": {
                "entries": self.log.entries,
                "root": self.log.root,
                "checkpoint_size": self.log.checkpoint_size,
                "checkpoint_at": iso(self.log.checkpoint_at),
            },
        }

    def _work_done(self) -> dict[str, Any]:
        return {
            "pending": {
                "count": self.pending.count,
                "noes": self.pending.noes,
                "oldest": iso(self.pending.oldest),
                "late": self.pending.late(self.made_at),
            },
            "pushed": self.pushed,
            "confirmed": self.confirmed,
            "withdrawals": {
                "count": self.withdrawals,
                "confirmed": self.latency.count,
                "p50_s": _seconds(self.latency.p50),
                "p95_s": _seconds(self.latency.p95),
                "over_1_h": self.latency.over_1_h,
            },
            "erased": self.erased,
            "reviews": self.reviews,
            "breaker": list(self.breakers),
            "missed_nights": list(self.missed_nights),
            "api_calls": self.calls,
        }


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _item(item: Discrepancy, portal_option: str) -> dict[str, Any]:
    return {
        "subject": item.subject_ref or None,
        "address": item.address or None,
        "contact": item.contact_id,
        "purpose": item.purpose or None,
        "since": iso(item.since),
        "row": item.row,
        "reference": item.reference or None,
        "new": item.new,
        "what_to_do": item.command(portal_option) or None,
    }
