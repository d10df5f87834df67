"""HubSpot's journal, read as ``portalkey work`` does it, at the pace of somebody who looks on."""

import logging
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from portalkey.errors import PortalkeyError

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

log = logging.getLogger("portalkey")

EVERY = 2.0
"""Seconds between two looks into HubSpot's journal; a worker in production takes thirty."""


class JournalWatch:
    """Reads HubSpot's journal on a thread of its own, so that an uninstall is soon noticed."""

    def __init__(self, broker: "Broker") -> None:
        """Subscribe to installs and uninstalls; reading begins with the ``with`` block."""
        broker.journal_setup.run()
        broker.journal.every = EVERY
        self._read, self._ended = broker.journal.read, threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="portalkey-demo-journal")

    def __enter__(self) -> Self:
        """Read in the background until the block ends."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let a look end, and look no more."""
        self._ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._ended.wait(EVERY):
            try:
                self._read()
            except PortalkeyError as trouble:  # whoever plays with faults has made it
                log.debug("the demo's journal was not read (%s)", trouble.code)
