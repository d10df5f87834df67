"""Connections of the visitor's own Flask session: sealed, beside it, and gone with it.

For apps that want no database of grants. What a session cannot keep stays in the broker's own
store: attempts (a state and a code are used once), the audit and what HubSpot is still owed; no
token of a live connection is there.

A session is read and written by one request at a time, and a browser sends several at once. So the
rows in use are kept in this process too, one set a session: requests of one session meet there, and
as each of them ends, the session is given what is newest. Between processes nothing is shared but
the cookie, so that two of them may renew one grant at the same moment. ``SessionPlace`` is where.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, TypeVar

from flask import Response, has_request_context, request

from portalkey.errors import AccountTaken, NoSession, PortalkeyError, SessionFull
from portalkey.flask.session_attempts import SessionAttempts
from portalkey.flask.session_cookie import MOST_BESIDE_HEADERS
from portalkey.flask.session_events import SessionEvents
from portalkey.flask.session_invitations import SessionInvitations
from portalkey.flask.session_outbox import SessionOutbox
from portalkey.flask.session_owed import OwedBySessions
from portalkey.flask.session_owners import SessionOwners
from portalkey.flask.session_place import SessionPlace
from portalkey.flask.session_rows import SessionRegistry, SessionRows, forget_another
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.notifications import Subject
from portalkey.model.stats import Stats
from portalkey.model.throttle import Portion, PortionRequest, Throttle, Throttled
from portalkey.vault.health import StoreHealth
from portalkey.vault.store import Mark, OwedRevocation, Store, Tell, TellRenewal
from portalkey.web.app_names import with_name

log = logging.getLogger("portalkey")

T = TypeVar("T")
_ROWS, _WRITTEN = "portalkey.session_rows", "portalkey.session_written"


class SessionStore(
    SessionAttempts, SessionEvents, SessionInvitations, SessionOutbox, SessionOwners, Store
):
    """Connections in the current request's session, all else in another *store*.

    What each method promises stands in ``Store``. Whatever is about connections raises
    ``NoSession`` outside of a request; ``connect`` raises ``SessionFull`` where the cookie cannot
    hold one more. A renewal that it cannot hold is kept in this process, which logs an error.
    """

    is_personal: ClassVar[bool] = True

    def __init__(self, store: Store, most: int = MOST_BESIDE_HEADERS, *, name: str = "") -> None:
        """Keep in *store* what no session can; *most* are its bytes with a further account.

        *name* is the HubSpot app's, each of which has a value of its own in the session.
        """
        self._name, self._place = name, SessionPlace(name)
        self._rows_key, self._written_key = with_name(_ROWS, name), with_name(_WRITTEN, name)
        self._store = store
        self._most = most
        self._sessions = SessionRegistry(store.now)
        self._owed = OwedBySessions(store)

    def write_back(self, response: Response) -> Response:
        """Give the session what is newest before it is written; another request may have it."""
        if self._rows_key in request.environ:
            self._write(self._rows())
            self._owed.hand_over()
        newest = self._place.catch_up()
        if newest is not None:
            rows = self._rows()
            self._sessions.merge(rows, newest)
            self._write(rows)
        self._place.send(response)
        return response

    def _rows(self) -> SessionRows:
        if not has_request_context():
            raise NoSession
        forget_another(self._name)
        value = self._place.read()
        rows: SessionRows | None = request.environ.get(self._rows_key)
        was_written = rows is not None and rows.name in request.environ[self._written_key]
        if rows is not None and was_written and (value is None or value.get("id") != rows.name):
            # The app has cleared the session meanwhile: what was in it is gone with it.
            self._sessions.drop(rows)
            rows = None
        if rows is None:
            rows = request.environ[self._rows_key] = self._sessions.enter(value)
            request.environ[self._written_key] = {rows.name} if value is not None else set()
        return rows

    def _write(self, rows: SessionRows) -> None:
        value = rows.dump()
        if value == self._place.read() and not self._place.is_moving():
            return
        if value is None:
            self._place.write(None)
            request.environ[self._written_key].clear()
            return
        try:
            self._place.require_fit(value)
        except SessionFull as trouble:
            # The session stays as it was: a browser would drop all of it, the app's own part too.
            log.error("the session was left as it is (%s): %s", trouble.code, trouble)  # noqa: TRY400 - expected
            return
        self._place.write(value)
        request.environ[self._written_key].add(rows.name)
        self._sessions.keep(rows)

    def _do(self, work: Callable[[SessionRows], T]) -> T:
        """Do *work* on the rows, then write them to the session and their events to the audit."""
        rows = self._rows()
        result = work(rows)
        self._write(rows)
        for event, subject in rows.take_events():
            self._record(event, subject)
        return result

    def _record(self, event: Event, subject: Subject | None) -> None:
        try:
            self._store.record(event, subject)
        except PortalkeyError as trouble:
            # It has happened all the same.
            log.error("event not kept (%s)", trouble.code)  # noqa: TRY400 - the code says it

    # In the session

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
        is_sole: bool = False,
    ) -> bool:
        """Write *connection*, move its attempt to ``CONNECTED``, and then keep *owed*.

        *is_sole* is heeded as far as this process knows its sessions.
        """
        if is_sole and any(rows.is_anothers(connection) for rows in self._known_rows()):
            raise AccountTaken
        rows = self._rows()
        self._place.bind()
        value = rows.dump(connection)
        is_further = value is not None and len(value["rows"]) > 1
        most = self._most if is_further else MOST_BESIDE_HEADERS
        try:
            self._place.require_fit(value, most)
        except SessionFull as full:
            full.cause = "accounts" if is_further else ""
            log.warning("nothing was connected (%s): %s", full.code, full)
            raise

        def is_meant() -> bool:
            to, ours = AttemptStatus.CONNECTED, connection.id
            if attempt_id is None:
                return True
            return self._store.move_attempt(attempt_id, to, connection_id=ours) is not None

        is_put = self._do(lambda rows: rows.put(connection, event, is_meant=is_meant))
        if is_put:
            # Not before: what is owed is sent by processes that cannot see who still holds it.
            self._settle(owed, settled)
        return is_put

    def _settle(self, owed: OwedRevocation | None, settled: str | None) -> None:
        """Keep *owed* and forget what is *settled*; whatever fails, it is connected."""
        if owed is not None:
            self._owed.keep(owed)
        if settled is not None:
            try:
                self._store.complete(settled)
            except PortalkeyError as trouble:
                log.error("%s not settled (%s)", settled, trouble.code)  # noqa: TRY400 - the code says it

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of this id, if it is in this session."""
        return self._rows().connection(connection_id)

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """The *owner*'s live connections in this session."""
        return self._rows().connections(owner, client_id)

    def last_connection(self, owner: str, client_id: str) -> Connection | None:
        """The *owner*'s connection that came last, as far as this session knows."""
        return self._rows().last_connection(owner, client_id)

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """The owner's connection to that account in this session."""
        return self._rows().connection_to(owner, client_id, hub_id)

    def lease(self, connection: Connection, request: LeaseRequest) -> Lease | LeaseDenied:
        """The lease among the threads of this process."""
        return self._rows().lease(connection, request)

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back."""
        return self._rows().release(connection, is_unanswered=is_unanswered)

    def update_throttle(
        self,
        client_id: str,
        change: Callable[[Throttle, datetime], Throttle],
        tell: Tell | None = None,
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's ``Throttle`` in its place, for this process."""
        changed = self._sessions.throttles.update(client_id, change, self.now())
        event = tell(*changed) if changed is not None and tell is not None else None
        if event is not None:
            self._record(event, Subject(client_id))
        return changed

    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """Permits for requests to the token endpoint, of this process."""
        return self._sessions.throttles.take(client_id, request, self.now())

    def count_authenticated(self, client_id: str, at_most: int) -> tuple[int, bool]:
        """The number of authenticated connections, as far as this process knows its sessions."""
        known = [rows.authenticated_owners(client_id) for rows in self._known_rows()]
        return min(sum(map(len, known)), at_most), len(set().union(*known)) > 1

    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Write the renewed *connection*."""
        return self._do(
            lambda rows: rows.renew(connection, instead_of=instead_of, status=status, tell=tell)
        )

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark*."""
        return self._do(lambda rows: rows.mark(connection, mark))

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant, and keep *owed*."""
        if owed is not None:
            self._store.enqueue(owed)
        is_erased = self._do(lambda rows: rows.erase(connection, event))
        if owed is not None and not is_erased:
            self._store.complete(owed.id)
        return is_erased

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return how many rows hold such a token, as far as this process knows its sessions."""
        return sum(rows.holders(fingerprints) for rows in self._known_rows())

    def _known_rows(self) -> list[SessionRows]:
        sessions = self._sessions.all_rows()
        # Only within a request: what is owed is sent outside of requests, too.
        if has_request_context() and self._rows() not in sessions:
            sessions.append(self._rows())
        return sessions

    # In the broker's own store

    @property
    def health(self) -> StoreHealth:
        """That of the other store."""
        return self._store.health

    def now(self) -> datetime:
        """Return the other store's clock."""
        return self._store.now()

    def close(self) -> None:
        """Close the other store."""
        self._store.close()

    def version(self) -> int | None:
        """Return None: no count tells of a session."""
        return None

    def stats(self, client_id: str) -> Stats:
        """Count what is owed; nobody can count sessions, and each process has its own breaker."""
        owed = self._store.stats(client_id)
        return replace(owed, connections=None, oldest_failing=None, is_breaker_open=None)

    def purge(self, at_most: int, *, events_days: int) -> bool:
        """Forget what is too old."""
        return self._store.purge(at_most, events_days=events_days)
