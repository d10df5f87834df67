"""Words for statuses and events, as operators read them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import Event, EventName


class Mark(NamedTuple):
    """Words, with the drawing and the tone that stand beside them."""

    words: str
    icon: str
    tone: str = ""


_E = EventName
_S = ConnectionStatus

STATUSES: Mapping[ConnectionStatus, Mark] = {
    _S.CONNECTED: Mark("Connected", "connected", "good"),
    _S.FAILING: Mark("Retrying", "failing", "warn"),
    _S.NEEDS_RECONNECT: Mark("Reconnect needed", "needs_reconnect", "bad"),
    _S.DISCONNECTED: Mark("Disconnected", "rest"),
}

EVENTS: Mapping[EventName, Mark] = {
    _E.ATTEMPT_STARTED: Mark("Attempt begun", "ask"),
    _E.ATTEMPT_FAILED: Mark("Attempt failed", "stop", "bad"),
    _E.ATTEMPT_CANCELLED: Mark("Attempt cancelled", "rest"),
    _E.ATTEMPT_EXPIRED: Mark("Attempt ran out of time", "clock"),
    _E.ACCOUNT_ASKED: Mark("Asked about another account", "clock"),
    _E.CALLBACK_REFUSED: Mark("Callback refused", "stop", "warn"),
    _E.FORGERY_REFUSED: Mark("Forged request refused", "stop", "warn"),
    _E.SIGNATURE_REFUSED: Mark("Request without HubSpot's signature refused", "stop", "warn"),
    _E.CONNECTED: Mark("Connected", "connected", "good"),
    _E.RECONNECTED: Mark("Reconnected", "connected", "good"),
    _E.DELIVERED: Mark("Access token handed to the page", "ask"),
    _E.REFRESHED: Mark("Renewed", "connected", "good"),
    _E.REFRESH_FAILED: Mark("Renewal failed", "failing", "warn"),
    _E.HEALED: Mark("Works again", "connected", "good"),
    _E.NEEDS_RECONNECT: Mark("Ended by HubSpot: reconnecting is needed", "needs_reconnect", "bad"),
    _E.SCOPES_CHANGED: Mark("Scopes changed at HubSpot", "ask", "warn"),
    _E.SWEEP_STOPPED: Mark("HubSpot called too many connections ended", "stop", "bad"),
    _E.DISCONNECTED: Mark("Disconnected", "rest"),
    _E.INSTALLED: Mark("App installed in a HubSpot account", "rest"),
    _E.INSTALL_PENDING: Mark("Install begun at HubSpot, which nobody has claimed yet", "clock"),
    _E.INSTALL_SHARED: Mark("Install of an account that another owner has", "stop", "warn"),
    _E.INSTALL_WITHDRAWN: Mark("Install given back before anybody claimed it", "rest"),
    _E.UNINSTALLED: Mark("App taken out of the HubSpot account", "rest"),
    _E.UNINSTALL_OWED: Mark("HubSpot could not be asked to take the app out", "failing", "warn"),
    _E.UNINSTALL_GIVEN_UP: Mark("Taking the app out was given up", "stop", "bad"),
    _E.REVOKED: Mark("HubSpot was told to forget the token", "done"),
    _E.REVOCATION_OWED: Mark("HubSpot could not be told to forget the token", "failing", "warn"),
    _E.REVOCATION_RETRIED: Mark("HubSpot was asked again at once", "failing"),
    _E.REVOCATION_FORGOTTEN: Mark("Revocation given up with its key", "stop", "warn"),
    _E.INVITED: Mark("Link made for somebody without a login", "ask"),
    _E.INVITATION_OPENED: Mark("Link opened", "ask"),
    _E.INVITATION_WITHDRAWN: Mark("Link withdrawn", "rest"),
    _E.OWNER_ERASED: Mark("An owner was erased", "rest"),
    _E.KEYS_ROTATED: Mark("Sealed anew with another key", "failing"),
    _E.BREAKER_OPENED: Mark("Requests to HubSpot held back", "stop", "warn"),
    _E.BREAKER_CLOSED: Mark("Requests to HubSpot let through again", "done", "good"),
    _E.STORE_FAILED: Mark("Store in trouble", "stop", "bad"),
    _E.STORE_RECOVERED: Mark("Store well again", "done", "good"),
    _E.STORE_TIGHTENED: Mark("Store's file closed to others", "done"),
    _E.HUBSPOT_REFUSED: Mark("HubSpot refused the app", "stop", "bad"),
    _E.NO_KEY_OPENS: Mark("No key opens it", "stop", "bad"),
    _E.JOURNAL_RESTARTED: Mark("HubSpot's journal is read from its beginning", "clock", "warn"),
    _E.JOURNAL_SKIPPED: Mark("Entries of HubSpot's journal could not be read", "stop", "warn"),
    _E.NOTIFICATION_GIVEN_UP: Mark("A receiver was not told of events in time", "stop", "bad"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline: one event, or several of a kind in a row.

    ``began`` is the moment of the first of several, and None where there is but one.
    """

    mark: Mark
    detail: str
    at: datetime | None
    began: datetime | None
    number: int
    attempt_id: str | None


def make_timeline(newest_first: Iterable[Event]) -> Sequence[Entry]:
    """Return the lines of these events, those of one kind in a row put together."""
    return [_make_entry(list(group)) for _, group in groupby(newest_first, _kind)]


def _kind(event: Event) -> tuple[object, ...]:
    named = {name: value for name, value in event.facts.items() if name != "wait"}
    return (event.name, event.attempt_id, tuple(sorted(named.items(), key=lambda each: each[0])))


def _make_entry(events: Sequence[Event]) -> Entry:
    newest, oldest = events[0], events[-1]
    return Entry(
        mark=EVENTS[newest.name],
        detail=" · ".join(_describe(newest)),
        at=newest.at,
        began=oldest.at if len(events) > 1 else None,
        number=len(events),
        attempt_id=newest.attempt_id,
    )


def _describe(event: Event) -> Iterable[str]:
    for name, value in event.facts.items():
        if name == "operator":
            yield f"by {value}"
        elif name == "wait":
            yield f"tried again after {value:.0f} s" if isinstance(value, float) else ""
        elif value is not None:
            yield f"{name.replace('_', ' ')} {value}"


def humanize(code: str | None) -> str:
    """Return an error's *code* as words."""
    return (code or "").replace("_", " ")
