"""The parts of a Broker, put together: the one place that knows what each of them needs."""

from dataclasses import dataclass

from portalkey._support.clock import Clock
from portalkey.broker.alarms import Alarms
from portalkey.broker.audit import Audit
from portalkey.broker.connect import Attempts
from portalkey.broker.disconnect import Disconnector
from portalkey.broker.exchange import Exchange
from portalkey.broker.introspect import Introspector
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh import Refresh
from portalkey.broker.token_cache import TokenCache
from portalkey.broker.waiting import Uniform
from portalkey.hubspot.client import Send, trace
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one Broker, which share its vault and its way to HubSpot."""

    audit: Audit
    alarms: Alarms
    outbox: Outbox
    attempts: Attempts
    refresh: Refresh
    tokens: TokenCache
    disconnector: Disconnector
    introspector: Introspector


def put_together(
    settings: Settings, vault: Vault, send: Send, clock: Clock, uniform: Uniform
) -> Parts:
    """Make the parts of a Broker; the arguments are those of its constructor."""
    send = trace(send)
    audit = Audit(vault)
    alarms = Alarms(audit)
    vault.store.health.listen(alarms.hear)
    outbox = Outbox(settings, vault, send, audit)
    exchange = Exchange(settings, vault, send, outbox)
    refresh = Refresh(
        settings,
        vault,
        send,
        audit,
        outbox,
        clock=clock,
        uniform=uniform,
        on_trouble=alarms.report,
    )
    tokens = TokenCache(vault, refresh, clock)
    return Parts(
        audit=audit,
        alarms=alarms,
        outbox=outbox,
        attempts=Attempts(settings, vault, exchange, audit),
        refresh=refresh,
        tokens=tokens,
        disconnector=Disconnector(vault, audit),
        introspector=Introspector(settings, vault, send, audit, evict=tokens.evict),
    )
