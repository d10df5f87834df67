"""The rows of one session, as this process knows them, and how they stand in the session."""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import current_app, session
from flask.sessions import SecureCookieSessionInterface
from werkzeug.http import dump_cookie

from portalkey._support.fork import renew_after_fork
from portalkey.errors import SessionFull
from portalkey.flask.session_format import FORMAT, read_row, write_row
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.throttle import Throttle
from portalkey.vault.memory_connections import ConnectionsInMemory

KEY = "portalkey_connections"
"""The name in the session under which its rows stand."""
ROOMS = 10_000
"""So many sessions are remembered in a process; of one that is forgotten, its cookie tells."""
MOST_COOKIE_BYTES = 4093
"""What every browser keeps of one cookie, attributes included (RFC 6265 section 6.1, Werkzeug)."""

log = logging.getLogger("portalkey")

Written = dict[str, Any]


class Room(ConnectionsInMemory):
    """One session's connections, from any thread; events are collected for whoever records them."""

    def __init__(
        self, name: str, now: Callable[[], datetime], providers: dict[str, Throttle]
    ) -> None:
        """Begin empty.

        Args:
            name: What the session calls it; nobody can guess it.
            now: The store's clock.
            providers: How the token endpoint is doing: the same for all rooms.
        """
        super().__init__(now)
        self.name = name
        self._told: list[Event] = []
        self._providers = providers

    def _record(self, event: Event | None) -> None:
        if event is not None:
            self._told.append(event)

    def take_told(self) -> list[Event]:
        """What happened and was not taken yet."""
        with self._lock:
            told, self._told = self._told, []
        return told

    def adopt(self, connection: Connection) -> None:
        """Take what the session says, where another process wrote it after us."""
        with self._lock:
            known = self._connections.get(connection.id)
            if known is None or known.generation < connection.generation:
                self._connections[connection.id] = connection

    def put(
        self, connection: Connection, event: Event | None, *, is_meant: Callable[[], bool]
    ) -> bool:
        """Write *connection*; False where somebody else came first, or it is not meant any more."""
        with self._writing():
            if not self._fits(connection) or not is_meant():
                return False
            self._put(connection)
            self._record(event)
            return True

    def erase(self, connection: Connection, event: Event | None) -> bool:
        """Erase the grant, where it is still that one."""
        with self._writing():
            return self._erase(connection, event)

    def written(self, instead: Connection | None = None) -> Written | None:
        """What the session is to say, with the row *instead* in place of its own; None for none."""
        with self._lock:
            known = dict(self._connections)
        if instead is not None:
            known[instead.id] = instead
        live = [e for e in known.values() if e.status is not ConnectionStatus.DISCONNECTED]
        rows = [write_row(each) for each in live]
        return {"v": FORMAT, "id": self.name, "rows": rows} if rows else None


class Rooms:
    """The rooms of this process, by name; the one nobody entered for longest is forgotten first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._providers: dict[str, Throttle] = {}
        self._rooms: OrderedDict[str, Room] = OrderedDict()

    def enter(self, said: object) -> Room:
        """The room of the session that *said* this under ``KEY``."""
        name, found = _read(said, self._now)
        with self._lock:
            room = self._rooms.get(name) or Room(name, self._now, self._providers)
            if found:  # in one go, or another request of this session makes a room of its own
                self._keep(room)
        for each in found:
            room.adopt(each)
        return room

    def keep(self, room: Room) -> None:
        """Remember *room*, as there is something in it."""
        with self._lock:
            self._keep(room)

    def _keep(self, room: Room) -> None:
        self._rooms[room.name] = room
        self._rooms.move_to_end(room.name)
        if len(self._rooms) > ROOMS:
            self._rooms.popitem(last=False)

    def drop(self, room: Room) -> None:
        """Forget *room*: its session is over."""
        with self._lock:
            self._rooms.pop(room.name, None)

    def everybodys(self) -> list[Room]:
        """All of them."""
        with self._lock:
            return list(self._rooms.values())


def require_fit(written: Written | None) -> None:
    """Raise ``SessionFull`` where the session's cookie could not hold what is *written*."""
    interface = current_app.session_interface
    if not isinstance(interface, SecureCookieSessionInterface) or written is None:
        return
    serializer = interface.get_signing_serializer(current_app)
    if serializer is None:  # no secret key: Flask itself says so as it is written
        return
    cookie = dump_cookie(
        interface.get_cookie_name(current_app),
        str(serializer.dumps({**session, KEY: written})),
        expires=interface.get_expiration_time(current_app, session),
        path=interface.get_cookie_path(current_app),
        domain=interface.get_cookie_domain(current_app),
        secure=interface.get_cookie_secure(current_app),
        httponly=True,
        samesite=interface.get_cookie_samesite(current_app),
        max_size=0,
    )
    if len(cookie) > MOST_COOKIE_BYTES:
        raise SessionFull(len(cookie), MOST_COOKIE_BYTES)


def _read(said: object, now: Callable[[], datetime]) -> tuple[str, list[Connection]]:
    """Return the room's name and its rows; a new name where nothing was said that we understand."""
    if isinstance(said, Mapping) and said.get("v") == FORMAT:
        seen_at = now()
        return said["id"], [read_row(row, seen_at) for row in said["rows"]]
    if said is not None:
        log.warning("the session's connections are of another portalkey, and were not read")
    return secrets.token_urlsafe(16), []
