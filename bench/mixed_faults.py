"""What goes wrong in the mixed load: HubSpot and the database going away in every way."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench.mixed_vitals import children_of
from bench.postgres import DurableServer
from portalkey_simulator import HubSpot

Trouble = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the run: what is wrong, and for how large a share of the time."""

    name: str
    share: float
    trouble: Trouble = nullcontext

    @property
    def is_well(self) -> bool:
        """True where nothing is wrong."""
        return self.trouble is nullcontext


def phases(hubspot: HubSpot, database: "Path | DurableServer") -> list[Phase]:
    """Return the phases of one run, over a file or over a server."""
    kinds = {
        "HubSpot answers 503": ("unavailable", 0.0),
        "HubSpot answers 429, Retry-After 5": ("rate_limited", 5.0),
        "HubSpot answers a page with 200": ("not_json", 0.0),
        "HubSpot answers 403 with a page": ("html_403", 0.0),
        "HubSpot hangs for 30 s": ("late", 30.0),
        "HubSpot breaks off": ("drop_before", 0.0),
    }
    troubles = [
        Phase(name, 0.08, lambda kind=kind, seconds=seconds: _at_hubspot(hubspot, kind, seconds))  # type: ignore[misc]
        for name, (kind, seconds) in kinds.items()
    ]
    away = Phase("HubSpot cannot be reached", 0.08, lambda: _stopped(hubspot))
    return [
        Phase("well", 0.12),
        *troubles,
        away,
        *(_at_file(database) if isinstance(database, Path) else _at_server(database)),
        Phase("well again", 0.16),
    ]


def _at_file(file: Path) -> list[Phase]:
    return [
        Phase("another program locks the file", 0.08, lambda: _locked(file)),
        Phase("well in between", 0.08),
    ]


def _at_server(server: DurableServer) -> list[Phase]:
    return [
        Phase("PostgreSQL is restarted", 0.04, lambda: _away(server, server.stop)),
        Phase("PostgreSQL crashes", 0.04, lambda: _away(server, server.kill)),
        Phase("PostgreSQL says nothing", 0.04, lambda: _silent(server)),
        Phase("well in between", 0.08),
    ]


@contextmanager
def _at_hubspot(hubspot: HubSpot, kind: str, seconds: float) -> Iterator[None]:
    rule = hubspot.faults.add(kind, "api", times=None, seconds=seconds)  # type: ignore[arg-type]
    try:
        yield
    finally:
        hubspot.faults.remove(rule.number)


@contextmanager
def _stopped(hubspot: HubSpot) -> Iterator[None]:
    hubspot.stop()
    try:
        yield
    finally:
        hubspot.start()


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@contextmanager
def _away(server: DurableServer, end: Callable[[], None]) -> Iterator[None]:
    end()
    try:
        yield
    finally:
        server.start()


@contextmanager
def _silent(server: DurableServer) -> Iterator[None]:
    """Stop every process of the server, which keeps its sockets and says nothing."""
    processes = [server.pid, *children_of(server.pid)]
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(processes):
            os.kill(pid, signal.SIGCONT)
