"""Numbers for Prometheus: ``Metrics(broker)``, and ``metrics.wsgi_app`` serves them.

What happens is counted in the process where it happens, and prometheus-client adds up processes.
How connections are doing is counted in the store when somebody asks, so it is the same whoever
answers. No label holds an owner, an account or anything else that there is no end of.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, cast
from wsgiref.types import StartResponse, WSGIEnvironment

from portalkey._support.timing import INTERRUPTED, OK, Measure, Measured, measured
from portalkey.errors import LibraryUnusable, PortalkeyError
from portalkey.model.events import Event, EventName, happened
from portalkey.vault.store import Stats

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, make_wsgi_app
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.multiprocess import MultiProcessCollector
except ImportError as missing:
    raise LibraryUnusable(
        "Metrics need prometheus-client; run: pip install 'portalkey[metrics]'"
    ) from missing

log = logging.getLogger("portalkey")

OTHER = "other"
"""Stands for every label that is not known here, so that there are never more of them."""
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
"""How one try to renew a token ends."""
ENDS = (
    "connected",
    "reconnected",
    "cancelled",
    "expired",
    "declined",
    "attempt_expired",
    "attempt_mismatch",
    "wrong_account",
    "scopes_missing",
    "session_full",
    *_TROUBLES,
)
"""How one person's try at connecting ends."""
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
    """Counts from here on, and tells a scrape how connections are doing; one a process.

    It is a collector of prometheus-client itself: what it counts in the store at each scrape goes
    into every registry that it is registered with.
    """

    def __init__(self, broker: "Broker", registry: CollectorRegistry = REGISTRY) -> None:
        """Count what happens in this process, in *registry*, which keeps it alive.

        Args:
            broker: Whose store is looked at; its app's connections are counted.
            registry: Where the numbers go; prometheus-client's own by default.

        Raises:
            ValueError: There are such metrics in *registry* already; make them once, and give each
                app a ``CollectorRegistry()`` of its own where one process makes several.
        """
        self._broker = broker
        self._registry = registry
        self._events = _counter(registry, "events", "What happened, as the audit has it", "event")
        self._refreshes = _counter(registry, "refreshes", "Tries to renew a token", "result")
        self._attempts = _counter(registry, "attempts", "Tries at connecting that ended", "end")
        self._seconds = {
            Measured.REFRESH: _histogram(
                registry, "refresh", "How long a try took that asked HubSpot", _REFRESH_SECONDS
            ),
            Measured.TOKEN_WAIT: _histogram(
                registry, "token_wait", "How long callers waited for a token", _WAIT_SECONDS
            ),
        }
        _begin_at_zero(self._events, EventName)
        _begin_at_zero(self._refreshes, RESULTS)
        _begin_at_zero(self._attempts, ENDS)
        registry.register(self)
        happened.connect(self._happened)
        measured.connect(self._measured)

    def close(self) -> None:
        """Count no more, and leave the registry."""
        happened.disconnect(self._happened)
        measured.disconnect(self._measured)
        self._registry.unregister(self)
        for each in (self._events, self._refreshes, self._attempts, *self._seconds.values()):
            self._registry.unregister(each)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a scrape, for all processes where ``PROMETHEUS_MULTIPROC_DIR`` is set."""
        answer = make_wsgi_app(self._everybodys())(environ, start_response)
        return cast("Iterable[bytes]", answer)

    def _everybodys(self) -> CollectorRegistry:
        together = CollectorRegistry()
        with suppress(ValueError):  # the variable is not set: there is one process
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            together.register(self)
            return together
        return self._registry

    def _happened(self, event: Event) -> None:
        self._events.labels(event.name).inc()
        if event.attempt_id is None:
            return
        if event.name in _DONE:
            self._attempts.labels(_DONE[event.name]).inc()
        elif event.name in _FAILED:
            self._attempts.labels(_known(event.facts.get("error"), ENDS)).inc()

    def _measured(self, measure: Measure) -> None:
        if measure.seconds is not None:
            self._seconds[measure.name].observe(measure.seconds)
        if measure.name is Measured.REFRESH:
            self._refreshes.labels(_known(measure.result, RESULTS)).inc()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """What there may be, without a look at the store."""
        return [_store_up(), *_gauges(Stats({}, 0, 0, is_breaker_open=False))]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """How connections are doing now; a store in trouble leaves out all but that it is."""
        try:
            stats = self._broker.stats()
        except PortalkeyError as trouble:
            log.debug("not counted: %s", trouble.code)
            return [_store_up(0)]
        return [_store_up(1), *_gauges(stats)]


def _counter(registry: CollectorRegistry, name: str, told: str, label: str) -> Counter:
    return Counter(f"portalkey_{name}_total", f"{told}.", [label], registry=registry)


def _histogram(
    registry: CollectorRegistry, name: str, told: str, buckets: tuple[float, ...]
) -> Histogram:
    full = f"portalkey_{name}_seconds"
    return Histogram(full, f"{told}.", buckets=buckets, registry=registry)


def _begin_at_zero(counter: Counter, labels: Iterable[str]) -> None:
    # The first of anything would be no rise otherwise, and no alarm.
    for label in labels:
        counter.labels(label)


def _known(label: object, known: tuple[str, ...]) -> str:
    return label if isinstance(label, str) and label in known else OTHER


def _store_up(value: float | None = None) -> GaugeMetricFamily:
    told = "1 where the store could be counted, 0 where it is busy or unusable."
    return GaugeMetricFamily("portalkey_store_up", told, value)


def _gauges(stats: Stats) -> Iterable[GaugeMetricFamily]:
    """What *census* knows, each a gauge."""
    if stats.connections is not None:
        by_status = GaugeMetricFamily(
            "portalkey_connections", "Connections by status.", labels=["status"]
        )
        for status, number in stats.connections.items():
            by_status.add_metric([status], number)
        yield by_status
    for name, told, value in (
        ("oldest_failing_seconds", "How long the oldest is failing.", stats.oldest_failing),
        ("outbox_length", "Revocations that HubSpot is still owed.", stats.outbox),
        ("breaker_open", "1 while HubSpot is asked no more.", stats.is_breaker_open),
    ):
        if value is not None:
            yield GaugeMetricFamily(f"portalkey_{name}", told, value)
