"""Audit writer: events go to the audit, the log and the receivers, in that order."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from portalkey.errors import HubSpotRefused, NoKeyOpens, PortalkeyError
from portalkey.model.counters import CounterKind
from portalkey.model.events import Event, EventName, Fact, happened
from portalkey.model.notifications import Subject

if TYPE_CHECKING:
    from portalkey.vault.vault import Vault

log = logging.getLogger("portalkey")
_PLAIN = re.compile(r"[^\s\"=\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_KINDS = {
    EventName.REFRESHED: CounterKind.RENEWED,
    EventName.CALLBACK_REFUSED: CounterKind.CALLBACK_REFUSED,
    EventName.FORGERY_REFUSED: CounterKind.FORGERY_REFUSED,
    EventName.SIGNATURE_REFUSED: CounterKind.SIGNATURE_REFUSED,
}
"""Events that are counted, as a rule, in place of being written down."""
_ALARMS = frozenset(
    {
        EventName.HUBSPOT_REFUSED,
        EventName.NO_KEY_OPENS,
        EventName.BREAKER_OPENED,
        EventName.SWEEP_STOPPED,
    }
)
_WARNINGS = frozenset(
    {
        EventName.CALLBACK_REFUSED,
        EventName.FORGERY_REFUSED,
        EventName.SIGNATURE_REFUSED,
        EventName.REFRESH_FAILED,
        EventName.NEEDS_RECONNECT,
        EventName.INSTALL_SHARED,
        EventName.UNINSTALL_GIVEN_UP,
        EventName.JOURNAL_RESTARTED,
        EventName.JOURNAL_SKIPPED,
        EventName.NOTIFICATION_GIVEN_UP,
    }
)


Tally = Callable[[CounterKind, str | None], None]


def _nowhere(kind: CounterKind, connection_id: str | None) -> None:
    del kind, connection_id


class Audit:
    """Writes events; nothing else does."""

    def __init__(self, vault: "Vault", tally: Tally = _nowhere) -> None:
        """Write into the store of *vault*, whichever it is at that moment.

        *tally* is called with the kind of what is only counted, and with its connection.
        """
        self._vault = vault
        self._tally = tally
        self._hear: Callable[[Event], object] = _ignore

    def tell(self, hear: Callable[[Event], object]) -> None:
        """Call *hear* with each event that the store has, once it has it; it starts work only."""
        self._hear = hear

    def record(
        self,
        name: EventName,
        *,
        owner: str | None = None,
        attempt_id: str | None = None,
        connection_id: str | None = None,
        facts: Mapping[str, Fact] | None = None,
    ) -> None:
        """Record the event, log it and send it to the receivers of ``events.happened``.

        Never raises: the event has already happened, and neither a store in trouble nor a
        receiver's mistake may undo it. Both are logged.
        """
        event = Event(name, owner, attempt_id, connection_id, facts or {})
        try:
            event = self._vault.store.record(event, Subject(self._vault.client_id))
        except PortalkeyError as trouble:
            log.error("event not kept (%s): %s", trouble.code, name)  # noqa: TRY400 - the code says it
        self.announce(event)

    def count(self, event: Event) -> None:
        """Count an *event* that is not written down, and send it to the receivers; never raises.

        Strangers cause as many as they like of some, so the log hears of those in sum.
        """
        kind = _KINDS[event.name]
        self._tally(kind, event.connection_id)
        self._announce(event, logging.INFO if kind is CounterKind.RENEWED else logging.DEBUG)

    def announce(self, event: Event) -> None:
        """Log an *event* that was recorded with its change, and send it to the receivers."""
        self._announce(event, _level(event.name))

    def _announce(self, event: Event, level: int) -> None:
        log.log(
            level,
            "%s%s",
            event.name,
            _list_known(event),
            extra={"event": event},  # for formatters, which can do better than this line
        )
        try:
            happened.send(event)
        except Exception:
            log.exception("a receiver of %s failed", event.name)
        self._hear(event)


def _list_known(event: Event) -> str:
    """Return what is known of *event*, but its owner, as ``key=value`` pairs."""
    known = {"attempt": event.attempt_id, "connection": event.connection_id, **event.facts}
    return "".join(f" {name}={_write(value)}" for name, value in known.items() if value is not None)


def _write(value: Fact) -> str:
    # What could be taken for another pair, or for another line, is quoted.
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _ignore(event: Event) -> None:
    del event


def event_name_of(trouble: PortalkeyError, otherwise: EventName) -> EventName:
    """Return the event that *trouble* is: an alarm for the operator, or else *otherwise*."""
    if isinstance(trouble, HubSpotRefused):
        return EventName.HUBSPOT_REFUSED
    return EventName.NO_KEY_OPENS if isinstance(trouble, NoKeyOpens) else otherwise


def event_facts(trouble: PortalkeyError) -> dict[str, Fact]:
    """Return the facts of *trouble* for an event: its code, and what the operator needs."""
    facts: dict[str, Fact] = {"error": trouble.code}
    if trouble.cause:
        facts["check"] = trouble.cause
    if isinstance(trouble, HubSpotRefused):
        facts["status"] = trouble.status
    if isinstance(trouble, NoKeyOpens):
        facts["key_name"] = trouble.key_name
    return facts


def operator_facts(operator: str | None) -> dict[str, Fact]:
    """Return the fact that this *operator* did it; none where nobody is named."""
    return {} if operator is None else {"operator": operator}


def _level(name: EventName) -> int:
    if name in _ALARMS:
        return logging.ERROR
    return logging.WARNING if name in _WARNINGS else logging.INFO
