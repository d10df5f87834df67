"""The setup page: an owner's connections, and what can be done about each."""

import re
from datetime import datetime, timedelta
from typing import Any

from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.installs import is_claimable
from portalkey.model.invitation import Invitation
from portalkey.web.connection_row import ConnectionRows
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.install_cookies import INSTALL, InstallCookies
from portalkey.web.permissions import show

NEWS_SECONDS = 120
"""For so long what has happened is news."""

INVITATIONS, USED_LATELY = 20, timedelta(days=7)
"""So many links are looked at, and a used one is told of for so long."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_KEPT = 1500
"""Characters that are led through a sign-in: an address has its bounds."""


class ConnectionsPage:
    """``/connections/setup``; ``?reconnect=ID`` leads to one connection.

    ``?connected=ATTEMPT`` and ``?disconnected=ID`` say once what has just happened: what the store
    knows of it, to whoever did it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._rows = ConnectionRows(context)
        self._installs = InstallCookies(context)

    def show(self, request: WebRequest) -> WebResponse:
        """Show the owner's connections: the one that was asked for, and those that need somebody.

        Whoever is signed out is led through the sign-in and back.
        """
        owner, settings = request.owner, self._broker.settings
        if owner is None:
            return self._context.ask_to_sign_in(request, self._build_way_back(request))
        language = self._context.language_of(request)
        rows = [
            self._rows.build(request, connection, language)
            for connection in self._broker.connections(owner)
        ]
        rows.sort(key=lambda row: (not row["is_asked_for"], not row["needs_person"]))
        return self._context.page_of_connections(
            request,
            "connections/setup.html",
            language,
            connect_url=self._rows.build_connect_url(request, another=bool(rows)),
            status_url=self._context.path("/api/hubspot/status"),
            wanted=show(settings.scopes),
            wanted_optional=show(settings.optional_scopes),
            connections=rows,
            news=self._find_news(request, owner),
            invitations=self._find_invitations(owner),
            install_url=self._find_install_url(request),
        )

    def _find_invitations(self, owner: str) -> list[dict[str, Any]]:
        """Return the owner's links that are on the way, and those that were used lately."""
        return [
            {"hub_id": each.hub_id, "status": each.status.value, "at": _moment_of(each)}
            for each in self._broker.invitations(owner, limit=INVITATIONS)
            if each.is_live or (each.used_at and each.seen_at - each.used_at < USED_LATELY)
        ]

    def _find_install_url(self, request: WebRequest) -> str | None:
        """Return where an install waits for this person's yes; None where none does."""
        waiting = self._broker.find_installs(self._installs.read(request))
        is_theirs = any(is_claimable(each, request.visitor) for each in waiting)
        return self._context.path(INSTALL) if is_theirs else None

    def _build_way_back(self, request: WebRequest) -> str:
        asked_for = request.query_value("reconnect") or ""
        is_id = _ID.fullmatch(asked_for) is not None
        reconnect = asked_for if is_id else None
        kept = {name: request.query_value(name) for name in ("scopes", "signed") if is_id}
        if len("".join(each or "" for each in kept.values())) > _LONGEST_KEPT:
            kept = {}
        return self._context.way_back(request, "/connections/setup", reconnect=reconnect, **kept)

    def _find_news(self, request: WebRequest, owner: str) -> dict[str, Any] | None:
        """Return what has just happened to which account; None where it did not, or long ago."""
        if connected := request.query_value("connected"):
            connection = self._find_connected(request, connected)
            status = ConnectionStatus.CONNECTED
        else:
            connection = self._find_disconnected(owner, request.query_value("disconnected"))
            status = ConnectionStatus.DISCONNECTED
        if connection is None or connection.owner != owner or connection.status is not status:
            return None
        return {"what": status.value, "account": connection.account}

    def _find_connected(self, request: WebRequest, attempt_id: str) -> Connection | None:
        """Return the connection that this session's attempt has made a moment ago."""
        is_id = _ID.fullmatch(attempt_id) is not None
        attempt = self._context.attempt_of_session(request, attempt_id) if is_id else None
        if attempt is None or attempt.ended_at is None:
            return None
        is_new = (attempt.seen_at - attempt.ended_at).total_seconds() <= NEWS_SECONDS
        return self._broker.connection_of(attempt) if is_new else None

    def _find_disconnected(self, owner: str, connection_id: str | None) -> Connection | None:
        """Return the connection where it has ended a moment ago."""
        if connection_id is None or not _ID.fullmatch(connection_id):
            return None
        found = self._broker.connection_of_owner(owner, connection_id)
        if found is None or (found.seen_at - found.updated_at).total_seconds() > NEWS_SECONDS:
            return None
        return found


def _moment_of(invitation: Invitation) -> datetime:
    """Return the moment that its status speaks of."""
    return invitation.used_at or invitation.bound_at or invitation.expires_at
