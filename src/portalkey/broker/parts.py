"""The parts of a Broker, put together: the one place that knows what each of them needs."""

from dataclasses import dataclass
from typing import NamedTuple

from portalkey._support.clock import Clock
from portalkey.broker.alarms import Alarms
from portalkey.broker.app_breaker import AppBreaker
from portalkey.broker.audit import Audit
from portalkey.broker.caller_gate import CallerGate
from portalkey.broker.counters import Counters
from portalkey.broker.deliveries import Deliveries
from portalkey.broker.disconnect import Disconnector
from portalkey.broker.exchange import Exchange
from portalkey.broker.housekeeping import Housekeeping
from portalkey.broker.installs import Installs
from portalkey.broker.introspect import Introspector
from portalkey.broker.notify import Webhook
from portalkey.broker.outbox import Outbox
from portalkey.broker.owed_uninstalls import OwedUninstalls
from portalkey.broker.reachability import PROBE_SECONDS, Reachability
from portalkey.broker.refresh import Refresh
from portalkey.broker.sweep import Sweep
from portalkey.broker.token_cache import TokenCache
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.broker.uninstall import Uninstaller
from portalkey.broker.waiting import Check, Uniform
from portalkey.hubspot.authorities import read_authorities
from portalkey.hubspot.client import Send, trace
from portalkey.hubspot.http import Request
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


class Way(NamedTuple):
    """The way to HubSpot, and its token endpoint.

    ``send`` asks HubSpot where that can be reached and accepts the app, which ``check`` says;
    ``fetch`` reads what lies elsewhere.
    """

    send: Send
    check: Check
    fetch: Send
    endpoint: TokenEndpoint


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one Broker, which share its vault and its way to HubSpot."""

    way: Way
    audit: Audit
    reachability: Reachability
    gate: CallerGate
    alarms: Alarms
    outbox: Outbox
    uninstaller: Uninstaller
    attempts: Installs
    refresh: Refresh
    tokens: TokenCache
    disconnector: Disconnector
    introspector: Introspector
    sweep: Sweep
    housekeeping: Housekeeping
    counters: Counters
    deliveries: Deliveries


def put_together(
    settings: Settings, vault: Vault, send: Send, clock: Clock, uniform: Uniform
) -> Parts:
    """Make the parts of a Broker; the arguments are those of its constructor."""
    counters, audit, alarms = records = _open_records(settings, vault)
    reachability, gate, way = _watch(settings, vault, send, records, clock=clock, uniform=uniform)
    send, check, _, endpoint = way
    app = (settings, vault, send)
    uninstaller = OwedUninstalls(*app, audit, endpoint)
    outbox = Outbox(*app, audit, uninstall=uninstaller.send_owed, check=check)
    codes = Exchange(*app, outbox, endpoint, clock=clock, gate=gate, check=check)
    refresh = Refresh(
        *(*app, audit, outbox),
        clock=clock,
        uniform=uniform,
        endpoint=endpoint,
        check=check,
        alarms=alarms,
    )
    tokens = TokenCache(vault, refresh, clock, gate, counters)
    introspector = Introspector(*app, audit, evict=tokens.evict)
    looks = (vault, introspector, endpoint, audit, alarms)
    return Parts(
        way=way,
        audit=audit,
        reachability=reachability,
        gate=gate,
        alarms=alarms,
        outbox=outbox,
        uninstaller=uninstaller,
        attempts=Installs(settings, vault, codes, audit),
        refresh=refresh,
        tokens=tokens,
        disconnector=Disconnector(vault, audit),
        introspector=introspector,
        sweep=Sweep(*looks, check=check, clock=clock, uniform=uniform),
        housekeeping=Housekeeping(settings, vault, counters, refresh.lease_owner, clock),
        counters=counters,
        deliveries=_open_deliveries(settings, vault, audit, alarms, times=(clock, uniform)),
    )


def _open_deliveries(
    settings: Settings,
    vault: Vault,
    audit: Audit,
    alarms: Alarms,
    *,
    times: tuple[Clock, Uniform],
) -> Deliveries:
    """Make what tells receivers, among them the app's own, where one is set."""
    webhook, (clock, uniform) = None, times
    if settings.webhook_url:
        secrets, authorities = settings.webhook_secrets, read_authorities(settings.ca_file)
        webhook = Webhook(settings.webhook_url, secrets, authorities=authorities).deliver
    return Deliveries(
        vault,
        audit,
        clock=clock,
        uniform=uniform,
        webhook=webhook,
        on_trouble=alarms.report,
    )


def _watch(
    settings: Settings,
    vault: Vault,
    send: Send,
    records: tuple[Counters, Audit, Alarms],
    *,
    clock: Clock,
    uniform: Uniform,
) -> tuple[Reachability, CallerGate, Way]:
    """Make what watches the way to HubSpot, who waits there, and if HubSpot accepts the app."""
    _, audit, alarms = records
    probe = Request("GET", f"{settings.api_url}/", seconds=PROBE_SECONDS)
    fetch = trace(send)
    way = Reachability(fetch, probe, clock=clock, uniform=uniform)
    breaker = AppBreaker(
        way.send, way.check, clock=clock, uniform=uniform, on_refused=alarms.report_refused
    )
    endpoint = TokenEndpoint.of(settings, vault, audit, clock=clock, uniform=uniform)
    gate = CallerGate(settings.hubspot_calls, clock)
    return way, gate, Way(breaker.send, breaker.check, fetch, endpoint)


def _open_records(settings: Settings, vault: Vault) -> tuple[Counters, Audit, Alarms]:
    """Make what remembers: numbers, events, and the operator's alarms, which hear the store too."""
    counters = Counters(vault, label=settings.label)
    audit = Audit(vault, counters.add)
    alarms = Alarms(audit)
    vault.store.health.listen(alarms.hear)
    return counters, audit, alarms
