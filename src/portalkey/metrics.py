"""Prometheus metrics: ``Metrics(broker)`` counts, and ``metrics.wsgi_app`` serves the numbers.

Events are counted in the process where they happen, and prometheus-client adds up processes.
Connections are counted in the store at each scrape, so that every process gives the same numbers.
No label holds an owner, an account or anything else without a bound.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, cast
from wsgiref.types import StartResponse, WSGIEnvironment

from portalkey._support.telemetry import (
    INTERRUPTED,
    OK,
    Count,
    Counted,
    Measure,
    Measured,
    counted,
    measured,
)
from portalkey.errors import LibraryUnusable, PortalkeyError
from portalkey.model.events import Event, EventName, happened
from portalkey.model.stats import Stats
from portalkey.model.sweep import Outcome

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

try:
    from prometheus_client import (
        REGISTRY,
        CollectorRegistry,
        Counter,
        Gauge,
        Histogram,
        make_wsgi_app,
    )
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.multiprocess import MultiProcessCollector
except ImportError as missing:
    raise LibraryUnusable(
        "Metrics need prometheus-client; run: pip install 'portalkey[metrics]'"
    ) from missing

log = logging.getLogger("portalkey")

OTHER = "other"
"""Stands for every unknown label, so that the number of labels is bounded."""
_TROUBLES = (
    "hubspot_refused",
    "hubspot_unavailable",
    "rate_limited",
    "bad_answer",
    "no_key_opens",
    "store_busy",
    "store_unusable",
    INTERRUPTED,
    OTHER,
)
RESULTS = (OK, "lost", "needs_reconnect", "scopes_missing", *_TROUBLES)
"""Results of one try to renew a token."""
ENDS = (
    "connected",
    "reconnected",
    "cancelled",
    "expired",
    "declined",
    "attempt_expired",
    "attempt_mismatch",
    "too_many_attempts",
    "wrong_account",
    "scopes_missing",
    "session_full",
    *_TROUBLES,
)
"""Ends of one person's attempt to connect."""
_REFRESH_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
_WAIT_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

_DONE = {
    EventName.CONNECTED: "connected",
    EventName.RECONNECTED: "reconnected",
    EventName.ATTEMPT_CANCELLED: "cancelled",
    EventName.ATTEMPT_EXPIRED: "expired",
}
_FAILED = frozenset({EventName.ATTEMPT_FAILED, EventName.HUBSPOT_REFUSED, EventName.NO_KEY_OPENS})


class Metrics:
    """Counters of events, and gauges of connections at each scrape; make one a process.

    It is a collector of prometheus-client itself: its counts of the store go into every registry
    that it is registered with.
    """

    def __init__(self, broker: "Broker", registry: CollectorRegistry = REGISTRY) -> None:
        """Count what happens in this process, in *registry*, which keeps it alive.

        Args:
            broker: Its app's connections are counted.
            registry: Where the numbers go; prometheus-client's own by default.

        Raises:
            ValueError: *registry* has such metrics already; make them once, and give each
                app a ``CollectorRegistry()`` of its own where one process makes several.
        """
        self._broker = broker
        self._registry = registry
        self._events = _counter(registry, "events", "What happened, as the audit has it", "event")
        self._refreshes = _counter(registry, "refreshes", "Tries to renew a token", "result")
        self._attempts = _counter(registry, "attempts", "Tries at connecting that ended", "end")
        self._looks = _counter(registry, "looks", "Looks at idle connections", "outcome")
        self._seconds = {
            Measured.REFRESH: _histogram(
                registry, "refresh", "How long a try took that asked HubSpot", _REFRESH_SECONDS
            ),
            Measured.TOKEN_WAIT: _histogram(
                registry, "token_wait", "How long callers waited for a token", _WAIT_SECONDS
            ),
        }
        self._unsaved = Gauge(
            "portalkey_unsaved_grants",
            "Renewed grants that the store would not take, in memory only.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        _begin_at_zero(self._events, EventName)
        _begin_at_zero(self._refreshes, RESULTS)
        _begin_at_zero(self._attempts, ENDS)
        _begin_at_zero(self._looks, Outcome)
        registry.register(self)
        happened.connect(self._count_event)
        measured.connect(self._count_measure)
        counted.connect(self._set_count)

    def close(self) -> None:
        """Count no more, and leave the registry."""
        happened.disconnect(self._count_event)
        measured.disconnect(self._count_measure)
        counted.disconnect(self._set_count)
        self._registry.unregister(self)
        counters = (self._events, self._refreshes, self._attempts, self._looks)
        for each in (*counters, self._unsaved, *self._seconds.values()):
            self._registry.unregister(each)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a scrape, for all processes where ``PROMETHEUS_MULTIPROC_DIR`` is set."""
        answer = make_wsgi_app(self._choose_registry())(environ, start_response)
        return cast("Iterable[bytes]", answer)

    def _choose_registry(self) -> CollectorRegistry:
        shared = CollectorRegistry()
        with suppress(ValueError):  # the variable is not set: there is one process
            MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
            shared.register(self)
            return shared
        return self._registry

    def _count_event(self, event: Event) -> None:
        self._events.labels(event.name).inc()
        if event.attempt_id is None:
            return
        if event.name in _DONE:
            self._attempts.labels(_DONE[event.name]).inc()
        elif event.name in _FAILED:
            self._attempts.labels(_limit(event.facts.get("error"), ENDS)).inc()

    def _count_measure(self, measure: Measure) -> None:
        if measure.name is Measured.LOOK:
            self._looks.labels(_limit(measure.result, tuple(Outcome))).inc()
            return
        if measure.seconds is not None:
            self._seconds[measure.name].observe(measure.seconds)
        if measure.name is Measured.REFRESH:
            self._refreshes.labels(_limit(measure.result, RESULTS)).inc()

    def _set_count(self, count: Count) -> None:
        if count.name is Counted.UNSAVED:
            self._unsaved.set(count.number)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges without values, and without a look at the store."""
        return [_store_up(), *_gauges(Stats({}, 0, 0, is_breaker_open=False))]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Count connections in the store; while it is unusable, return the gauge of that only."""
        try:
            stats = self._broker.stats()
        except PortalkeyError as trouble:
            log.debug("not counted: %s", trouble.code)
            return [_store_up(0)]
        return [_store_up(float(self._broker.is_store_well())), *_gauges(stats)]


def _counter(registry: CollectorRegistry, name: str, about: str, label: str) -> Counter:
    return Counter(f"portalkey_{name}_total", f"{about}.", [label], registry=registry)


def _histogram(
    registry: CollectorRegistry, name: str, about: str, buckets: tuple[float, ...]
) -> Histogram:
    full = f"portalkey_{name}_seconds"
    return Histogram(full, f"{about}.", buckets=buckets, registry=registry)


def _begin_at_zero(counter: Counter, labels: Iterable[str]) -> None:
    # Otherwise the first event would create the series, and be no rise that an alarm could see.
    for label in labels:
        counter.labels(label)


def _limit(label: object, labels: tuple[str, ...]) -> str:
    return label if isinstance(label, str) and label in labels else OTHER


def _store_up(value: float | None = None) -> GaugeMetricFamily:
    about = "1 where the store can be read and written, 0 where it is busy or unusable."
    return GaugeMetricFamily("portalkey_store_up", about, value)


def _gauges(stats: Stats) -> Iterable[GaugeMetricFamily]:
    """Return one gauge for each of *stats* that is known."""
    if stats.connections is not None:
        by_status = GaugeMetricFamily(
            "portalkey_connections", "Connections by status.", labels=["status"]
        )
        for status, number in stats.connections.items():
            by_status.add_metric([status], number)
        yield by_status
    for name, about, value in (
        ("oldest_failing_seconds", "How long the oldest is failing.", stats.oldest_failing),
        ("outbox_length", "Revocations and uninstalls that HubSpot is still owed.", stats.outbox),
        ("notifications_pending", "Events that receivers have to hear of.", stats.notifications),
        ("oldest_notification_seconds", "Age of the oldest of these.", stats.oldest_notification),
        ("breaker_open", "1 while HubSpot is asked no more.", stats.is_breaker_open),
    ):
        if value is not None:
            yield GaugeMetricFamily(f"portalkey_{name}", about, value)
