"""Methods of the Broker for whoever runs the app: who is connected, and what happened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar, Unpack

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus, require_owner
from portalkey.model.events import Event
from portalkey.model.search import (
    END,
    MOST,
    AttemptPage,
    AttemptPlace,
    AttemptSearch,
    ConnectionPage,
    ConnectionSearch,
    EventPage,
    EventPlace,
    EventSearch,
    Narrowing,
    place_of,
    read_cursor,
    write_cursor,
)
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

S = TypeVar("S", ConnectionStatus, AttemptStatus)


class FindMethods:
    """The Broker's methods that look at more than one owner; none is for a visitor's request."""

    settings: Settings
    vault: Vault

    def find(
        self, *, cursor: str | None = None, limit: int = 100, **narrowing: Unpack[Narrowing]
    ) -> ConnectionPage:
        """Return one page of this app's connections, whoever's they are.

        Args:
            cursor: The last page's, with the same arguments; None begins.
            limit: How many connections to a page, from 1 to 1000.
            narrowing: By ``owner``, ``hub_id``, ``domain``, ``status``, ``key`` (the label of the
                one that sealed it) and ``connected_before``, a moment with a time zone. Without a
                status they are those that are not disconnected.

        Raises:
            ValueError, TypeError: An argument is none that can be looked for.
            NoSession: Connections are in visitors' sessions, which nobody can list.
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        _require_arguments(limit, narrowing.get("owner"), narrowing.get("hub_id"))
        search = _build_search(self.settings.client_id, **narrowing)
        (after,) = ("",) if cursor is None else read_cursor(search, cursor, str)
        page = self.vault.store.find(search, limit, after=after)
        last = page.cursor
        return replace(page, cursor=None if last is None else write_cursor(search, [last]))

    def find_connection(self, connection_id: str) -> Connection | None:
        """Return this app's connection of this id, whoever's it is and whatever its status.

        Raises:
            NoSession: Connections are in visitors' sessions.
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        row = self.vault.store.connection(connection_id)
        return row if row is not None and row.client_id == self.settings.client_id else None

    def find_attempt(self, reference: str) -> Attempt | None:
        """Return the attempt that a person quotes from a page; one that is overdue is ended first.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        return self.vault.store.attempt(reference)

    def find_attempts(
        self,
        *,
        owner: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> AttemptPage:
        """Return one page of the attempts of the last 30 days, the newest first.

        Args:
            owner: Only this owner's.
            status: Only those that stand there now, such as ``failed``.
            since: Only what began then or later; it may be another one for each page.
            cursor: The last page's, with the same arguments; None begins.
            limit: How many attempts to a page, from 1 to 1000.

        Raises:
            ValueError, TypeError: An argument is none that can be looked for.
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        _require_arguments(limit, owner)
        stands_at = None if status is None else _status(AttemptStatus, status)
        search = AttemptSearch(owner=owner, status=stands_at)
        before = search.before
        if cursor is not None:
            before = AttemptPlace(*read_cursor(search, cursor, float, str))
        moment = since.timestamp() if since else None
        search_now = replace(search, before=before, since=moment)
        found = self.vault.store.find_attempts(search_now, limit + 1)
        if len(found) <= limit:
            return AttemptPage(found)
        last = place_of(found[limit - 1])
        return AttemptPage(found[:limit], write_cursor(search, [last.at, last.id]))

    def find_own_attempt(self, reference: str) -> Attempt | None:
        """Return the same, but only one of this app, where another app uses the same store.

        It is known by the connection that it made, or else by the redirect URI that it began with.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        attempt = self.vault.store.attempt(reference)
        if attempt is None or attempt.connection_id is None or self.vault.store.is_personal:
            is_own = attempt is not None and attempt.redirect_uri == self.settings.redirect_uri
        else:
            is_own = self.find_connection(attempt.connection_id) is not None
        return attempt if is_own else None

    def find_events_of_attempt(self, attempt_id: str) -> Sequence[Event]:
        """Return what happened to one attempt, oldest first.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        return self.vault.store.events(attempt_id=attempt_id)

    def find_events(
        self,
        *,
        owner: str | None = None,
        connection_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> EventPage:
        """Return one page of the audit, oldest first.

        Args:
            owner: Only what concerns this owner.
            connection_id: Only what concerns this connection.
            since: Only what happened then or later.
            until: Only what happened then or earlier; it may be another one for each page.
            cursor: The last page's, with the same arguments; None begins.
            limit: How many events to a page, from 1 to 1000.
            newest_first: The other way round; without *since* then.

        Raises:
            ValueError, TypeError: An argument is none that can be looked for.
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        _require_arguments(limit, owner)
        if newest_first and since is not None:
            raise ValueError("newest_first goes back from the end; leave out since")
        search = EventSearch(owner=owner, connection_id=connection_id, is_backward=newest_first)
        begin = [END.at, END.number] if newest_first else [since.timestamp() if since else 0.0, -1]
        place = begin if cursor is None else read_cursor(search, cursor, float, int)
        search_now = replace(
            search, after=EventPlace(*place), until=until.timestamp() if until else None
        )
        found = self.vault.store.find_events(search_now, limit)
        if found:
            last = found[-1][0]
            cursor = write_cursor(search, [last.at, last.number])
        return EventPage([event for _, event in found], cursor, is_full=len(found) == limit)


def _build_search(
    client_id: str,
    *,
    owner: str | None = None,
    hub_id: int | None = None,
    domain: str | None = None,
    status: str | None = None,
    key: str | None = None,
    connected_before: datetime | None = None,
) -> ConnectionSearch:
    return ConnectionSearch(
        client_id,
        owner,
        hub_id,
        domain=None if domain is None else domain.strip().lower(),
        status=None if status is None else _status(ConnectionStatus, status),
        key_name=key,
        connected_before=connected_before,
    )


def _require_arguments(limit: object, owner: object, hub_id: object = None) -> None:
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise ValueError(f"limit must be a number from 1 to {MOST}")
    if owner is not None:
        require_owner(owner)
    if hub_id is not None and type(hub_id) is not int:
        raise TypeError(f"hub_id must be a number such as 4410001, not {type(hub_id).__name__}")


def _status(kind: type[S], status: str) -> S:
    try:
        return kind(status)
    except ValueError:
        pass  # raised below, with what there is
    raise ValueError(f"status must be one of {', '.join(kind)}")
