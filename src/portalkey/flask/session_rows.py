"""Connections of one session, as this process knows them, and their value for the browser."""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import current_app, request

from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.flask.session_format import FORMAT, read_row, write_row
from portalkey.flask.visitor import APPS
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.notifications import Subject
from portalkey.vault.memory_connections import ConnectionsInMemory
from portalkey.vault.memory_throttles import MemoryThrottles
from portalkey.web.app_names import with_name

MOST_SESSIONS = 10_000
"""So many sessions are remembered in a process; one that is forgotten is read from its cookie."""

_HAS_LOOKED = "portalkey.has_looked"

log = logging.getLogger("portalkey")

SessionValue = dict[str, Any]


class SessionRows(ConnectionsInMemory):
    """One session's connections, from any thread; events are collected for whoever records them."""

    def __init__(self, name: str, now: Callable[[], datetime], throttles: MemoryThrottles) -> None:
        """Begin empty.

        Args:
            name: What the session calls it; nobody can guess it.
            now: The store's clock.
            throttles: The throttle of the token endpoint by app, the same for all sessions.
        """
        super().__init__(now)
        self.name = name
        self._unrecorded: list[tuple[Event, Subject | None]] = []
        self._throttles = throttles

    def _record(self, event: Event | None, subject: Subject | None = None) -> None:
        if event is not None:
            self._unrecorded.append((event, subject))

    def take_events(self) -> list[tuple[Event, Subject | None]]:
        """Return the events that happened since the last call, and what each is about."""
        with self._lock:
            events, self._unrecorded = self._unrecorded, []
        return events

    def adopt(self, connection: Connection) -> None:
        """Take *connection* from the session, where another process wrote it after us."""
        with self._lock:
            ours = self._connections.get(connection.id)
            if ours is None or ours.generation < connection.generation:
                self._connections[connection.id] = connection

    def put(
        self, connection: Connection, event: Event | None, *, is_meant: Callable[[], bool]
    ) -> bool:
        """Write *connection*; False where somebody else came first, or it is not meant any more."""
        with self._writing():
            if not self._is_next(connection) or not is_meant():
                return False
            self._write(connection)
            self._record(event, Subject(connection.client_id, connection.hub_id))
            return True

    def erase(self, connection: Connection, event: Event | None) -> bool:
        """Erase the grant, where it is still that one."""
        with self._writing():
            return self._erase(connection, event)

    def dump(self, instead: Connection | None = None) -> SessionValue | None:
        """Return the session's value, with the row *instead* in place of its own; None for none."""
        with self._lock:
            connections = dict(self._connections)
        if instead is not None:
            connections[instead.id] = instead
        live = [e for e in connections.values() if e.status is not ConnectionStatus.DISCONNECTED]
        rows = [write_row(each) for each in live]
        return {"v": FORMAT, "id": self.name, "rows": rows} if rows else None


class SessionRegistry:
    """Sessions of this process by name; the one nobody entered for longest is forgotten first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self.throttles = MemoryThrottles()
        self._sessions: OrderedDict[str, SessionRows] = OrderedDict()

    def enter(self, value: object) -> SessionRows:
        """Return the rows of the session that has this *value* for connections."""
        renew_inherited()
        name, connections = _read(value, self._now)
        with self._lock:
            rows = self._sessions.get(name) or SessionRows(name, self._now, self.throttles)
            if connections:  # under the lock, or another request of this session makes its own
                self._keep(rows)
        for connection in connections:
            rows.adopt(connection)
        return rows

    def merge(self, rows: SessionRows, value: object) -> None:
        """Give *rows* what is newer in a *value* of the same session."""
        for connection in _read(value, self._now)[1]:
            rows.adopt(connection)

    def keep(self, rows: SessionRows) -> None:
        """Remember *rows*, as there is something in them."""
        renew_inherited()
        with self._lock:
            self._keep(rows)

    def _keep(self, rows: SessionRows) -> None:
        self._sessions[rows.name] = rows
        self._sessions.move_to_end(rows.name)
        if len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def drop(self, rows: SessionRows) -> None:
        """Forget *rows*: their session is over."""
        renew_inherited()
        with self._lock:
            self._sessions.pop(rows.name, None)

    def all_rows(self) -> list[SessionRows]:
        """Return the rows of every session."""
        renew_inherited()
        with self._lock:
            return list(self._sessions.values())


def forget_another(name: str = "") -> None:
    """Leave no connection to whoever has signed in to this session after another; once a request.

    They are those of the HubSpot app *name*.
    Pages of ours see to that too, but a host's own may be the first that asks for a token.
    """
    _, visitors = current_app.extensions.get(APPS, {}).get(name, (None, None))
    has_looked = with_name(_HAS_LOOKED, name)
    # Noted first: the app's own function may ask for connections.
    if visitors is not None and has_looked not in request.environ:
        request.environ[has_looked] = True
        visitors.forget_another()


def _read(value: object, now: Callable[[], datetime]) -> tuple[str, list[Connection]]:
    """Return the session's name and its rows; a new name where there is no value we can read."""
    if isinstance(value, Mapping) and value.get("v") == FORMAT:
        seen_at = now()
        return value["id"], [read_row(row, seen_at) for row in value["rows"]]
    if value is not None:
        log.warning(
            "a session's connections were written by another version of portalkey and cannot be "
            "read; its visitor has to connect again"
        )
    return secrets.token_urlsafe(16), []
