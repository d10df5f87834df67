"""A connection to PostgreSQL that gives up in time, whatever the network does.

A server that has died may be told by the kernel (``tcp_user_timeout``). A pooler, a proxy or a load
balancer that still acknowledges packets never is: so whoever waits for an answer looks at the clock
as well.
"""

import math
from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg

from portalkey._support.time_limit import is_lifted, seconds_left

R = TypeVar("R")
Waiting = Generator[Any, Any, R]
"""Work of psycopg's on a socket: it yields what it waits for, and is sent whether that came."""


class NoAnswer(psycopg.OperationalError):
    """The server said nothing for as long as the call under way could wait."""


class TimedConnection(psycopg.Connection[Any]):
    """A connection that waits for an answer no longer than the call under way may."""

    answer_seconds = math.inf
    """For one answer, at most, so that time is left to try another connection."""

    def wait(self, gen: Waiting[R], *args: Any, **options: Any) -> R:  # noqa: ANN401 - as psycopg has them
        """Wait for what *gen* waits for; the connection is closed where that does not come."""
        if is_lifted():
            return super().wait(gen, *args, **options)
        limited = _limit(gen, monotonic() + seconds_left(self.answer_seconds))
        try:
            return super().wait(limited, *args, **options)
        except NoAnswer:
            self.close()  # its answer may still come, and would be taken for another's
            raise

    @classmethod
    def _connect_gen(cls, conninfo: str = "", **options: Any) -> Waiting[Any]:  # noqa: ANN401 - as psycopg has them
        """Connect to one of the host's addresses; they have the call's time together."""
        return _limit(super()._connect_gen(conninfo, **options), monotonic() + seconds_left())


def _limit(gen: Waiting[R], until: float) -> Waiting[R]:
    """Do what *gen* does, but raise ``NoAnswer`` where it still waits after *until*."""
    ready = None
    while True:
        try:
            wanted = gen.send(ready)
        except StopIteration as done:
            result: R = done.value
            return result
        # psycopg looks up ten times a second, and says then that nothing came.
        ready = yield wanted
        if not ready and monotonic() > until:
            gen.close()
            raise NoAnswer("the server did not answer in time")
