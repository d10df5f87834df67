"""Alarms of what no caller is left to hear of: once for each cause, and again once it lasts.

A trouble of the store is a warning in the log and an event; whoever asked at that moment is served
on from what is open, and would keep quiet about it.
"""

import itertools
import logging
import threading
from dataclasses import dataclass

from portalkey._support.background import Background
from portalkey._support.clock import Clock, boot_time
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.broker.audit import Audit, event_facts
from portalkey.errors import HubSpotRefused, NoKeyOpens, PersonMustAct, PortalkeyError, StoreIsCopy
from portalkey.model.connection import Connection
from portalkey.model.events import EventName, Fact
from portalkey.vault.health import StoreCause

log = logging.getLogger("portalkey")

AGAIN_SECONDS = 600.0
"""Seconds after which a trouble that lasts is told again."""
NEWS_SECONDS = 60.0
"""Seconds after which one is told again that was over meanwhile."""


@dataclass(slots=True)
class _Told:
    at: float
    is_over: bool = False


class Alarms:
    """Tells of each trouble once, however many calls meet it."""

    def __init__(self, audit: Audit, *, clock: Clock = boot_time) -> None:
        self._audit = audit
        self._clock = clock
        self._told: dict[tuple[str, ...], _Told] = {}
        self._background = Background(at_once=len(StoreCause))
        self._numbers = itertools.count()
        self._renew()
        renew_after_fork(self._renew)

    def hear(self, trouble: PortalkeyError | None) -> None:
        """Tell of a *trouble* of the store, or with None that it works again.

        Called in the middle of a call to the store: what is recorded is recorded by a thread of
        its own, and announced in this process where the store does not take it.
        """
        if trouble is None:
            self._end_all()
        elif self._is_news(trouble):
            log.warning(
                "the store is in trouble (%s, %s): %s", trouble.code, trouble.cause, trouble
            )
            self._record(EventName.STORE_FAILED, {"error": trouble.code, "cause": trouble.cause})

    def report(self, trouble: PortalkeyError) -> None:
        """Tell of a *trouble* that ended work in the background."""
        if isinstance(trouble, PersonMustAct | StoreIsCopy):
            log.debug("background work ended: %s", trouble.code)
        elif isinstance(trouble, NoKeyOpens):
            self.report_missing_key(trouble)
        elif self._is_news(trouble):
            log.warning("background work ended in trouble (%s): %s", trouble.code, trouble)

    def report_missing_key(self, trouble: NoKeyOpens, connection: Connection | None = None) -> None:
        """Tell that no key of this process opens *connection*, once for each label.

        It is this process that lacks the key: nothing is written on the row, which others open.
        """
        if self._is_news(trouble):
            log.critical("a key is missing or wrong in this process: %s", trouble)
            self._audit.record(
                EventName.NO_KEY_OPENS,
                owner=connection.owner if connection else None,
                connection_id=connection.id if connection else None,
                facts=event_facts(trouble),
            )

    def report_refused(self, trouble: HubSpotRefused) -> None:
        """Tell that HubSpot refuses the app to this process, once for each of its words."""
        if self._is_news(trouble):
            log.error("HubSpot refuses the app to this process: %s", trouble)
            self._audit.record(EventName.HUBSPOT_REFUSED, facts=event_facts(trouble))

    def close(self) -> None:
        """Wait for the events that are being recorded."""
        self._background.join()

    def _is_news(self, trouble: PortalkeyError) -> bool:
        # Each row that cannot be read is a matter of its own, and so is each key.
        which = str(trouble) if trouble.cause == StoreCause.BAD_ROW else ""
        which = trouble.key_name if isinstance(trouble, NoKeyOpens) else which
        which = trouble.status if isinstance(trouble, HubSpotRefused) else which
        key, now = (trouble.code, trouble.cause, which), self._clock()
        renew_inherited()
        with self._lock:
            told = self._told.get(key)
            if told is not None:
                quiet = NEWS_SECONDS if told.is_over else AGAIN_SECONDS
                if now - told.at < quiet:
                    return False
            self._told[key] = _Told(now)
            self._forget_old(now)
        return True

    def _forget_old(self, now: float) -> None:
        for key in [key for key, told in self._told.items() if now - told.at >= AGAIN_SECONDS]:
            del self._told[key]

    def _end_all(self) -> None:
        renew_inherited()
        with self._lock:
            ended = [
                told
                for (_, cause, row), told in self._told.items()
                if cause and not row and not told.is_over
            ]
            for told in ended:
                told.is_over = True
        if ended:
            self._record(EventName.STORE_RECOVERED, {})

    def _record(self, name: EventName, facts: dict[str, Fact]) -> None:
        number = next(self._numbers)
        self._background.start(f"{name} {number}", lambda: self._audit.record(name, facts=facts))

    def _renew(self) -> None:
        # Another thread may have held it as this process was forked.
        self._lock = threading.Lock()
