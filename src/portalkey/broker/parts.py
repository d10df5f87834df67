"""The parts of a Broker, put together: the one place that knows what each of them needs."""

from dataclasses import dataclass

from portalkey._support.clock import Clock
from portalkey.broker.alarms import Alarms
from portalkey.broker.app_breaker import AppBreaker
from portalkey.broker.audit import Audit
from portalkey.broker.caller_gate import CallerGate
from portalkey.broker.connect import Attempts
from portalkey.broker.counters import Counters
from portalkey.broker.disconnect import Disconnector
from portalkey.broker.exchange import Exchange
from portalkey.broker.housekeeping import Housekeeping
from portalkey.broker.introspect import Introspector
from portalkey.broker.outbox import Outbox
from portalkey.broker.owed_uninstalls import OwedUninstalls
from portalkey.broker.reachability import PROBE_SECONDS, Reachability
from portalkey.broker.refresh import Refresh
from portalkey.broker.token_cache import TokenCache
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.broker.uninstaller import Uninstaller
from portalkey.broker.waiting import Check, Uniform
from portalkey.hubspot.client import Send, trace
from portalkey.hubspot.http import Request
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one Broker, which share its vault and its way to HubSpot."""

    audit: Audit
    reachability: Reachability
    gate: CallerGate
    alarms: Alarms
    outbox: Outbox
    uninstaller: Uninstaller
    attempts: Attempts
    refresh: Refresh
    tokens: TokenCache
    disconnector: Disconnector
    introspector: Introspector
    housekeeping: Housekeeping
    counters: Counters


def put_together(
    settings: Settings, vault: Vault, send: Send, clock: Clock, uniform: Uniform
) -> Parts:
    """Make the parts of a Broker; the arguments are those of its constructor."""
    counters, audit, alarms = _open_records(settings, vault)
    reachability, gate, send, check = _watch(settings, send, clock, uniform, alarms)
    endpoint = TokenEndpoint.of(settings, vault, audit, clock=clock, uniform=uniform)
    uninstaller = OwedUninstalls(settings, vault, send, audit, endpoint)
    outbox = Outbox(settings, vault, send, audit, uninstall=uninstaller.send_owed, check=check)
    exchange = Exchange(
        settings, vault, send, outbox, endpoint, clock=clock, gate=gate, check=check
    )
    refresh = Refresh(
        settings,
        vault,
        send,
        audit,
        outbox,
        clock=clock,
        uniform=uniform,
        endpoint=endpoint,
        check=check,
        alarms=alarms,
    )
    tokens = TokenCache(vault, refresh, clock, gate, counters)
    return Parts(
        audit=audit,
        reachability=reachability,
        gate=gate,
        alarms=alarms,
        outbox=outbox,
        uninstaller=uninstaller,
        attempts=Attempts(settings, vault, exchange, audit),
        refresh=refresh,
        tokens=tokens,
        disconnector=Disconnector(vault, audit),
        introspector=Introspector(settings, vault, send, audit, evict=tokens.evict),
        housekeeping=Housekeeping(settings, vault, counters, refresh.lease_owner),
        counters=counters,
    )


def _watch(
    settings: Settings, send: Send, clock: Clock, uniform: Uniform, alarms: Alarms
) -> tuple[Reachability, CallerGate, Send, Check]:
    """Make what watches the way to HubSpot, who waits there, and if HubSpot accepts the app."""
    probe = Request("GET", f"{settings.api_url}/", seconds=PROBE_SECONDS)
    way = Reachability(trace(send), probe, clock=clock, uniform=uniform)
    breaker = AppBreaker(
        way.send, way.check, clock=clock, uniform=uniform, on_refused=alarms.report_refused
    )
    return way, CallerGate(settings.hubspot_calls, clock), breaker.send, breaker.check


def _open_records(settings: Settings, vault: Vault) -> tuple[Counters, Audit, Alarms]:
    """Make what remembers: numbers, events, and the operator's alarms, which hear the store too."""
    counters = Counters(vault, label=settings.label)
    audit = Audit(vault, counters.add)
    alarms = Alarms(audit)
    vault.store.health.listen(alarms.hear)
    return counters, audit, alarms
