"""Connections in the visitor's own Flask session: sealed, and gone with it.

For apps that want no database of grants. What a session cannot keep stays in the broker's own
store: attempts (a state and a code are used once), the audit and what HubSpot is still owed; no
token of a live connection is there.

A session is read and written by one request at a time, and a browser sends several at once. So the
rows in use stand in a room in this process, one a session: requests of one session meet there, and
as each of them ends, the session is given what is newest. Between processes nothing is shared but
the cookie, so that two of them may renew one grant at the same moment.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, TypeVar

from flask import Response, has_request_context, request, session

from portalkey.errors import NoSession, PortalkeyError, SessionFull
from portalkey.flask.session_rows import KEY, Room, Rooms, Written, require_fit
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Throttle
from portalkey.vault.store import Mark, OwedRevocation, Stats, Store

log = logging.getLogger("portalkey")

T = TypeVar("T")
_ROOM, _TOLD = "portalkey.room", "portalkey.told"


class SessionStore(Store):
    """Connections in the current request's session, all else in *kept*.

    What each method promises stands in ``Store``. Whatever is about connections raises
    ``NoSession`` outside of a request; ``connect`` raises ``SessionFull`` where the cookie cannot
    hold one more. A renewal that it cannot hold is kept in this process, which logs an error.
    """

    is_personal: ClassVar[bool] = True

    def __init__(self, kept: Store) -> None:
        self._kept = kept
        self._rooms = Rooms(kept.now)

    def write_back(self, response: Response) -> Response:
        """Before the session is written: give it what is newest; another request may have it."""
        if _ROOM in request.environ:
            self._write(self._room())
        return response

    def _room(self) -> Room:
        if not has_request_context():
            raise NoSession
        said: Written | None = session.get(KEY)
        room: Room | None = request.environ.get(_ROOM)
        is_told = room is not None and room.name in request.environ[_TOLD]
        if room is not None and is_told and (said is None or said.get("id") != room.name):
            # The app has cleared the session meanwhile: what was in it is gone with it.
            self._rooms.drop(room)
            room = None
        if room is None:
            room = request.environ[_ROOM] = self._rooms.enter(said)
            request.environ[_TOLD] = {room.name} if said is not None else set()
        return room

    def _write(self, room: Room) -> None:
        written = room.written()
        if written == session.get(KEY):
            return
        if written is None:
            session.pop(KEY)
            request.environ[_TOLD].clear()
            return
        try:
            require_fit(written)
        except SessionFull as trouble:
            # What the session said goes on; a browser would drop all of it, the app's own too.
            log.error("the session was left as it is (%s): %s", trouble.code, trouble)  # noqa: TRY400 - expected
            return
        session[KEY] = written
        request.environ[_TOLD].add(room.name)
        self._rooms.keep(room)

    def _do(self, work: Callable[[Room], T]) -> T:
        """What *work* does in the room; the session is given it, and the audit what happened."""
        room = self._room()
        done = work(room)
        self._write(room)
        for event in room.take_told():
            try:
                self._kept.record(event)
            except PortalkeyError as trouble:
                # It has happened all the same.
                log.error("event not kept (%s)", trouble.code)  # noqa: TRY400 - the code says it
        return done

    # In the session

    def connect(
        self, attempt_id: str | None, connection: Connection, *, event: Event | None = None
    ) -> bool:
        """Write *connection* and move its attempt to ``CONNECTED``."""
        require_fit(self._room().written(connection))

        def is_meant() -> bool:
            to, ours = AttemptStatus.CONNECTED, connection.id
            if attempt_id is None:
                return True
            return self._kept.move_attempt(attempt_id, to, connection_id=ours) is not None

        return self._do(lambda room: room.put(connection, event, is_meant=is_meant))

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of this id, if it is in this session."""
        return self._room().connection(connection_id)

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """The *owner*'s live connections in this session."""
        return self._room().connections(owner, client_id)

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """The owner's connection to that account in this session."""
        return self._room().connection_to(owner, client_id, hub_id)

    def lease(self, seen: Connection, ask: LeaseRequest) -> Lease | LeaseDenied:
        """The lease among the threads of this process."""
        return self._room().lease(seen, ask)

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back."""
        return self._room().release(connection, is_unanswered=is_unanswered)

    def update_throttle(
        self, client_id: str, change: Callable[[Throttle, datetime], Throttle]
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's provider in its place, for this process."""
        return self._room().update_throttle(client_id, change)

    def renew(self, connection: Connection, *, instead_of: str, event: Event | None = None) -> bool:
        """Write the renewed *connection*."""
        return self._do(lambda room: room.renew(connection, instead_of=instead_of, event=event))

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark*."""
        return self._do(lambda room: room.mark(connection, mark))

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant, and keep *owed*."""
        if owed is not None:
            self._kept.enqueue(owed)
        is_erased = self._do(lambda room: room.erase(connection, event))
        if owed is not None and not is_erased:
            self._kept.complete(owed.id)
        return is_erased

    def holders(self, fingerprints: Collection[str]) -> int:
        """How many rows hold such a token, as far as this process knows its sessions."""
        rooms = self._rooms.everybodys()
        # Not asked for elsewhere: what is owed is sent outside of requests, too.
        if has_request_context() and self._room() not in rooms:
            rooms.append(self._room())
        return sum(room.holders(fingerprints) for room in rooms)

    # In the broker's own store

    def now(self) -> datetime:
        """The kept store's clock."""
        return self._kept.now()

    def close(self) -> None:
        """Close the kept store."""
        self._kept.close()

    def version(self) -> int | None:
        """None: no count tells of a session."""
        return None

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep a new *attempt*."""
        self._kept.add_attempt(attempt)

    def attempt(self, attempt_id: str) -> Attempt | None:
        """The attempt of this id."""
        return self._kept.attempt(attempt_id)

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """The attempt begun with this state."""
        return self._kept.attempt_by_state(state_hash)

    def open_attempts(self, owner: str) -> Sequence[Attempt]:
        """The *owner*'s attempts that have not ended."""
        return self._kept.open_attempts(owner)

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        error: str | None = None,
        sealed_code: str | None = None,
        connection_id: str | None = None,
    ) -> Attempt | None:
        """Move an attempt."""
        return self._kept.move_attempt(
            attempt_id, to, error=error, sealed_code=sealed_code, connection_id=connection_id
        )

    def deliver(self, attempt_id: str) -> bool:
        """Note that the access token of a connected attempt is handed to the opening page."""
        return self._kept.deliver(attempt_id)

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        self._kept.enqueue(owed)

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Revocations that are due."""
        return self._kept.pending(at_most, client_id=client_id)

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due."""
        return self._kept.claim(owed_id, seconds)

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Make a revocation due again."""
        self._kept.reschedule(owed_id, seconds)

    def complete(self, owed_id: str) -> None:
        """Forget a revocation."""
        self._kept.complete(owed_id)

    def stats(self, client_id: str) -> Stats:
        """What is owed; nobody can count sessions, and each process has a breaker of its own."""
        owed = self._kept.stats(client_id)
        return replace(owed, connections=None, oldest_failing=None, is_breaker_open=None)

    def record(self, event: Event) -> Event:
        """Append *event* to the audit."""
        return self._kept.record(event)

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """The audit."""
        return self._kept.events(attempt_id=attempt_id, owner=owner)
