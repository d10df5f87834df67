"""What every goal is measured with: an endpoint, places to work at, and somebody to tell."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bench.askers import Asker
from bench.endpoint import Endpoint, running_endpoint
from bench.place import Place
from bench.postgres import new_database, running_durable_server

A = TypeVar("A", bound=Asker)

SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@dataclass(slots=True)
class Workbench:
    """The endpoint, and what else is opened on the way and closed at the end.

    *rounds* is how often everybody takes a turn; *size* is 1.0 for a whole run, and less for a look
    at it. *tell* shows what is being done.
    """

    endpoint: Endpoint
    stack: ExitStack
    rounds: int
    size: float
    tell: Callable[[str], None]
    _server_url: str | None = field(default=None)

    def times(self, number: int, least: int = 1) -> int:
        """So many times in a whole run, and less often in a quick one."""
        return max(least, int(number * self.size))

    def place(self, store: str = SQLITE) -> Place:
        """A new place over a *store* of its own."""
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        if store == SQLITE:
            return Place.over_sqlite(self.endpoint.port, folder)
        if self._server_url is None:
            self.tell("starting PostgreSQL")
            self._server_url = self.stack.enter_context(running_durable_server())
        url = self.stack.enter_context(new_database(self._server_url))
        return Place(self.endpoint.port, str(folder), url)

    def asker(self, kind: type[A], place: Place) -> A:
        """An asker of this *kind*, with its store made."""
        kind.prepare(place)
        asker = kind(place)
        self.stack.callback(asker.close)
        return asker

    def rested(self, **changes: object) -> None:
        """Let the endpoint be as it is at first, but for *changes*."""
        quiet = {"delay": 0.0, "api_delay": 0.0, "rotates": False}
        self.endpoint.set(**{**quiet, "requests": 0, "most_open": 0, "newest": {}, **changes})


@contextmanager
def workbench(rounds: int, size: float, tell: Callable[[str], None]) -> Iterator[Workbench]:
    """A workbench, cleared up at the end."""
    with running_endpoint() as endpoint, ExitStack() as stack:
        yield Workbench(endpoint, stack, rounds, size, tell)
