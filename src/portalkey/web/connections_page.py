"""The setup page: an owner's connections, and what can be done about each."""

import re
from collections.abc import Mapping
from typing import Any

from portalkey.errors import HubSpotUnavailable, RateLimited, StoreBusy
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import Start
from portalkey.web.strings import is_error_code

PASSING = frozenset({HubSpotUnavailable.code, RateLimited.code, StoreBusy.code})
"""Reasons of a failed renewal that will work again without anybody's doing."""

_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

IN_HOST_LAYOUT: Mapping[str, str] = {
    name: value for name, value in headers.SETUP.items() if name != "Content-Security-Policy"
}
"""A page in the host's own layout needs what that loads: its policy is the host's to say."""


class ConnectionsPage:
    """``/connections/setup``; ``?reconnect=ID`` leads to one connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker

    def show(self, request: WebRequest) -> WebResponse:
        """Show the owner's connections, the one that was asked for first."""
        tag = request.query_value("language")
        if request.owner is None:
            return self._context.ask_to_sign_in(self._build_way_back(request), tag=tag)
        language = self._context.language(tag)
        cards = [
            self._build_card(request, connection, language)
            for connection in self._broker.connections(request.owner)
        ]
        cards.sort(key=lambda card: not card["is_asked_for"])
        settings, render = self._broker.settings, self._context.render
        body = render.in_host_layout(
            "connections/setup.html",
            language=language,
            pk_owner=request.owner,
            pk_owner_name=self._context.options.owner_name(request.owner),
            connect_url=self._build_connect_url(request, another=bool(cards)),
            form_token=self._context.form_token(request.owner, request.browser or ""),
            status_url=self._context.path("/api/hubspot/status"),
            wanted=settings.scopes,
            wanted_optional=settings.optional_scopes,
            connections=cards,
        )
        return WebResponse.page(body, IN_HOST_LAYOUT if render.extends_host else headers.SETUP)

    def _build_way_back(self, request: WebRequest) -> str:
        asked_for = request.query_value("reconnect") or ""
        is_id = _CONNECTION_ID.fullmatch(asked_for) is not None
        reconnect = asked_for if is_id else None
        return self._context.way_back(request, "/connections/setup", reconnect=reconnect)

    def _build_connect_url(
        self, request: WebRequest, hub_id: int | None = None, *, another: bool = False
    ) -> str:
        start = Start(self._context.home, hub_id, another)
        return self._context.connect_url(request.owner, request.browser, start)

    def _build_card(
        self, request: WebRequest, connection: Connection, language: str
    ) -> dict[str, Any]:
        """Return one connection as the page shows it."""
        settings, path = self._broker.settings, f"/api/hubspot/connections/{connection.id}"
        lacks_required = bool(connection.missing_scopes(settings.scopes))
        needs_reconnect = connection.status is ConnectionStatus.NEEDS_RECONNECT
        return {
            **self._context.describe(connection),
            "account_type": connection.account.account_type,
            "trouble": self._describe_trouble(connection, language),
            "missing": connection.missing_scopes(settings.wanted_scopes),
            "lacks_required": lacks_required,
            "needs_person": needs_reconnect or lacks_required,
            "is_asked_for": request.query_value("reconnect") == connection.id,
            "since": connection.connected_at,
            "disconnect_url": self._context.path(f"{path}/disconnect"),
            "reconnect_url": self._build_connect_url(request, connection.hub_id),
        }

    def _describe_trouble(self, connection: Connection, language: str) -> str | None:
        """Return a sentence about why the connection is not well; None where it is."""
        reason = connection.status_reason
        if connection.status is ConnectionStatus.CONNECTED:
            return None
        if connection.status is ConnectionStatus.FAILING and reason in PASSING:
            return self._context.sentence("failing", language)
        if reason is None or not is_error_code(reason):
            return self._context.sentence(connection.status.value, language)
        return self._context.sentence(reason, language)
