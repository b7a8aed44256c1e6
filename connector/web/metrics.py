"""`/metrics`: what the acts' gauges and this process's counts say, in Prometheus' words (reliability 7).

Everything is counted per portal or process, nothing per person. Figures of the store are read at each scrape:
they are right also for what other processes did.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from connector.acts.gauges import Gauges
from connector.errors import ConnectorError
from connector.meters import Meters

PREFIX: Final = "consent_mirror_"

#: Counters of this process: name -> (labels, what it counts). `_total` is added by the format.
COUNTERS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "push": (("kind", "result"), "Writes to HubSpot by how an attempt ended."),
    "push_ambiguous": ((), "Writes whose end was unknown and was read back."),
    "reconcile_drift": (("portal",), "Differences between HubSpot and the mirror that asked for a write."),
    "webhook": (("result",), "Webhook calls by what became of them."),
    "webhook_event": (("result",), "Events in webhooks by what became of each."),
    "journal_event": (("result",), "Events of the pull journal by what became of each."),
    "journal_gap": (
        ("portal",),
        "Times that the pull journal may have lost events; a sweep follows.",
    ),
    "hubspot_requests": (("endpoint", "code"), "Requests to HubSpot by route and answer."),
    "scheduler_missed": (("kind",), "Ticks that did not run when they should have."),
    "db_busy": ((), "Times another process held the database longer than we wait."),
    "lease_lost": ((), "Turns that ended because another worker took the portal over."),
    "sign_in": (("result",), "Attempts to sign in to the dashboard."),
}

Read = Callable[[], Gauges]


class Instruments(Collector):
    """All metrics of a process and the portals it serves."""

    def __init__(self, portals: Iterable[Read], meters: Meters, tick_age: Callable[[], float] | None) -> None:
        self._portals = portals
        self._meters = meters
        self._tick_age = tick_age

    def collect(self) -> Iterator[Metric]:
        """Asked at each scrape. A database that cannot be read leaves `up` 0 and the process's own counts."""
        found, up = self._found()
        yield _plain("up", "1: the mirror could be read for this scrape.", up)
        yield from _of_portals(found)
        if self._tick_age is not None:
            yield _plain(
                "scheduler_tick_age_seconds", "Seconds since the daemon last ticked.", self._tick_age()
            )
        yield from self._counters()
        yield from self._last_values()

    def _found(self) -> tuple[list[Gauges], int]:
        try:
            return [read() for read in self._portals], 1
        except ConnectorError:
            return [], 0

    def _counters(self) -> Iterator[Metric]:
        for name, (labels, told) in COUNTERS.items():
            family = CounterMetricFamily(PREFIX + name, told, labels=labels)
            if name == "push_ambiguous":
                family.add_metric((), self._ambiguous())
            else:
                counted = self._meters.counted(name)
                for said, value in (counted or ({} if labels else {(): 0.0})).items():
                    family.add_metric([dict(said)[label] for label in labels], value)
            yield family
        waited = CounterMetricFamily(
            f"{PREFIX}ratelimit_wait_seconds",
            "Seconds spent waiting for HubSpot's limits.",
            labels=("portal",),
        )
        for said, value in self._meters.counted("ratelimit_wait_seconds").items():
            waited.add_metric([dict(said)["portal"]], value)
        yield waited

    def _ambiguous(self) -> float:
        return sum(v for said, v in self._meters.counted("push").items() if ("result", "ambiguous") in said)

    def _last_values(self) -> Iterator[Metric]:
        family = _gauge("hubspot_quota_remaining", "Calls that HubSpot leaves the account today.", "portal")
        for said, value in self._meters.shown("hubspot_quota_remaining").items():
            family.add_metric([dict(said)["portal"]], value)
        yield family


def exposition(instruments: Instruments) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(instruments)
    return generate_latest(registry)


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, told, labels=labels)


def _plain(name: str, told: str, value: float) -> Metric:
    family = _gauge(name, told)
    family.add_metric((), value)
    return family


def _of_portals(found: Iterable[Gauges]) -> Iterator[Metric]:
    each_portal = list(found)
    yield from _streams(each_portal)
    yield from _queues(each_portal)
    for name, told, value in SINGLE:
        family = _gauge(name, told, "portal")
        for each in each_portal:
            if (number := value(each)) is not None:
                family.add_metric([each.portal], number)
        yield family


def _streams(found: Sequence[Gauges]) -> Iterator[Metric]:
    last = _gauge("sync_last_success_timestamp", "When a portal was last read well, Unix seconds.", "portal")
    lag = _gauge("sync_lag_seconds", "Seconds since a stream was last read well.", "portal", "stream")
    for each in found:
        for stream, at in each.last_success.items():
            if at is not None:
                lag.add_metric([each.portal, stream], _age(each, at))
        if (at := each.last_success["changes"]) is not None:
            last.add_metric([each.portal], at / 1000)
    yield last
    yield lag


def _queues(found: Sequence[Gauges]) -> Iterator[Metric]:
    pending = _gauge("outbox_pending", "Writes to HubSpot that wait.", "portal", "kind")
    oldest = _gauge("outbox_oldest_seconds", "Age of the oldest that waits; 0: none.", "portal", "kind")
    for each in found:
        for kind, count in each.pending.items():
            pending.add_metric([each.portal, kind], count)
        for kind, at in each.oldest.items():
            oldest.add_metric([each.portal, kind], 0 if at is None else _age(each, at))
    yield pending
    yield oldest


def _age(each: Gauges, at: int) -> float:
    return max(0, each.now - at) / 1000


def _since(each: Gauges, at: int | None) -> float | None:
    return None if at is None else _age(each, at)


#: One number per portal: name, what it says, how it is read. None: not shown.
SINGLE: Final[Sequence[tuple[str, str, Callable[[Gauges], float | None]]]] = (
    ("outbox_parked", "Writes that HubSpot will not take, for a person to look at.", lambda g: g.parked),
    ("imports_unfinished", "Imports that are at work, or were interrupted.", lambda g: g.imports),
    ("reviews_open", "Questions that wait for a person.", lambda g: g.reviews),
    (
        "review_oldest_seconds",
        "Age of the oldest open question; 0: none.",
        lambda g: _since(g, g.oldest_review) or 0,
    ),
    ("breaker_open", "1: a breaker is open and waits for a person.", lambda g: int(g.breaker)),
    ("contacts", "Contacts in the mirror.", lambda g: g.contacts),
    ("log_entries", "Entries in the log.", lambda g: g.entries),
    (
        "log_verify_ok",
        "1: the last check of the whole log found nothing.",
        lambda g: None if g.verified is None else int(g.verified),
    ),
    (
        "log_verify_age_seconds",
        "Seconds since the whole log was checked.",
        lambda g: _since(g, g.verified_at),
    ),
    (
        "report_last_sent_timestamp",
        "When the last report was mailed, Unix seconds.",
        lambda g: None if g.report_sent is None else g.report_sent / 1000,
    ),
    ("backup_age_seconds", "Seconds since `backup` last made a copy.", lambda g: _since(g, g.backup)),
    ("jobs_failing", "Jobs whose last run did not end well.", lambda g: g.failing),
    (
        "token_refused",
        "1: HubSpot refused the last reading for good (token, scope, portal).",
        lambda g: int(g.token_refused),
    ),
)
