"""Lines of the log are ours: nobody outside writes one, or paints on a terminal."""

import logging
import threading
from collections.abc import Iterator

import pytest

from portalkey.broker import Broker
from support.visitor import Visitor, query_of

HOSTILE = "x\r\nINFO portalkey planted\x1b[2J\x00\x85\u2028\u202e planted"
CONTROL = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u2028", "\u2029", "\u202e"} - {"\t"}


class Lines(logging.Handler):
    """Keeps the messages of every logger, at DEBUG, but of the test's own client."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.messages: list[str] = []
        self._own = threading.current_thread().ident

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        if record.thread != self._own:
            self.messages.append(record.getMessage())


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All messages from now on."""
    root, lines = logging.getLogger(), Lines()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(lines)
    yield lines
    root.removeHandler(lines)
    root.setLevel(level)


def painted(messages: list[str]) -> list[str]:
    """The messages with a character that ends a line or paints."""
    return [each for each in messages if CONTROL & set(each)]


def test_a_stranger_writes_no_line_of_their_own(
    visitor: Visitor, broker: Broker, lines: Lines
) -> None:
    """Not by any parameter, header, path or answer that is spoken of."""
    callback = visitor.agree(visitor.begin())
    path, known = callback.partition("?")[0], query_of(callback)
    for name in ("state", "code", "error", "error_description", "attempt", "language", "trouble"):
        visitor.http.get(path, params={**known, name: HOSTILE})
        visitor.http.get("/auth/hubspot/done", params={name: HOSTILE})
    for name in ("attempt", "t", "origin", "language", "hub_id"):
        visitor.http.get("/auth/hubspot/start", params={name: HOSTILE})
    for name in ("accept-language", "user-agent", "referer", "x-portalkey-token", "x-request-id"):
        latin = HOSTILE.encode("latin-1", "ignore").replace(b"\r\n", b" ").replace(b"\0", b"")
        visitor.http.get("/api/hubspot/status", headers=[(name.encode(), latin)])
    visitor.http.get("/api/hubspot/attempts/%0d%0aplanted%1b[2J/cancel")
    visitor.post("/api/hubspot/attempts/%0d%0aplanted%1b[2J/cancel")
    visitor.hubspot.next_token_answer(status=400, body=HOSTILE.encode())
    visitor.get(visitor.agree(visitor.begin()))
    broker.counters()

    assert len(lines.messages) > 5
    assert painted(lines.messages) == []


def test_a_line_of_theirs_would_be_seen(lines: Lines) -> None:
    """The negative control."""
    thread = threading.Thread(target=lambda: logging.getLogger("x").info("said %s", HOSTILE))
    thread.start()
    thread.join()

    assert len(painted(lines.messages)) == 1
