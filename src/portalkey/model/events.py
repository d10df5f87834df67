"""Events as frozen values, read by the audit, hooks, metrics and logs alike.

An event never carries a secret: ids, codes and counts only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from blinker import Signal

from portalkey.model.attempt import Attempt

Fact = str | int | float | bool | None


class EventName(StrEnum):
    """Every kind of event; the names are a contract with dashboards and alarms."""

    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_FAILED = "attempt_failed"
    ATTEMPT_CANCELLED = "attempt_cancelled"
    ATTEMPT_EXPIRED = "attempt_expired"
    ACCOUNT_ASKED = "account_asked"
    CALLBACK_REFUSED = "callback_refused"
    FORGERY_REFUSED = "forgery_refused"
    CONNECTED = "connected"
    RECONNECTED = "reconnected"
    DELIVERED = "delivered"
    REFRESHED = "refreshed"
    REFRESH_FAILED = "refresh_failed"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"
    UNINSTALLED = "uninstalled"
    UNINSTALL_OWED = "uninstall_owed"
    UNINSTALL_GIVEN_UP = "uninstall_given_up"
    REVOKED = "revoked"
    REVOCATION_OWED = "revocation_owed"
    REVOCATION_RETRIED = "revocation_retried"
    REVOCATION_FORGOTTEN = "revocation_forgotten"
    OWNER_ERASED = "owner_erased"
    KEYS_ROTATED = "keys_rotated"
    BREAKER_OPENED = "breaker_opened"
    BREAKER_CLOSED = "breaker_closed"
    STORE_FAILED = "store_failed"
    STORE_RECOVERED = "store_recovered"
    STORE_TIGHTENED = "store_tightened"
    HUBSPOT_REFUSED = "hubspot_refused"
    NO_KEY_OPENS = "no_key_opens"


@dataclass(frozen=True, slots=True)
class Event:
    """One event, such as a connection made or a token refused.

    ``at`` is UTC by the store's clock. It is None until the store has saved the event, and for
    receivers of an event that was saved in one transaction with the change that it reports.
    """

    name: EventName
    owner: str | None = None
    attempt_id: str | None = None
    connection_id: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    at: datetime | None = None


def cancelled_event(attempt: Attempt) -> Event:
    """Return the event of an *attempt* that was cancelled."""
    return Event(EventName.ATTEMPT_CANCELLED, owner=attempt.owner, attempt_id=attempt.id)


happened = Signal("portalkey-happened")
"""Sent once an event is saved: ``happened.connect(receiver)``; the sender is the ``Event``."""
