"""The setup page: an owner's connections, and what can be done about each."""

from collections.abc import Mapping

from portalkey.errors import HubSpotUnavailable, RateLimited, StoreBusy
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import Start
from portalkey.web.strings import knows

PASSING = frozenset({HubSpotUnavailable.code, RateLimited.code, StoreBusy.code})
"""Why a renewal failed that will work again without anybody's doing."""

ON_HOST: Mapping[str, str] = {
    name: value for name, value in headers.SETUP.items() if name != "Content-Security-Policy"
}
"""A page of the host's own layout needs what that loads: its policy is the host's to say."""


class ConnectionsPage:
    """``/connections/setup``; ``?reconnect=ID`` leads to one connection."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker

    def show(self, request: WebRequest) -> WebResponse:
        """The page, the connection that was asked for first."""
        tag = request.one("language")
        if request.owner is None:
            return self._context.signed_out(language=tag)
        cards = [
            self._card(request, each, self._context.language(tag))
            for each in self._broker.connections(request.owner)
        ]
        cards.sort(key=lambda card: not card["is_asked_for"])
        settings, render = self._broker.settings, self._context.render
        body = render.setup(
            "connections/setup.html",
            language=tag,
            pk_owner=request.owner,
            pk_owner_name=self._context.owner_name(request.owner),
            connect_url=self._link(request),
            form_token=self._context.form_token(request.owner, request.browser or ""),
            status_url=self._context.path("/api/hubspot/status"),
            wanted=settings.scopes,
            wanted_optional=settings.optional_scopes,
            connections=cards,
        )
        return WebResponse.page(body, ON_HOST if render.extends_host else headers.SETUP)

    def _link(self, request: WebRequest, hub_id: int | None = None) -> str:
        return self._context.connect_url(
            request.owner, request.browser, Start(self._context.home, hub_id)
        )

    def _card(
        self, request: WebRequest, connection: Connection, language: str
    ) -> dict[str, object]:
        """One connection as the page shows it."""
        account, settings = connection.account, self._broker.settings
        needs_reconnect = connection.status is ConnectionStatus.NEEDS_RECONNECT
        lacks_required = bool(connection.missing_scopes(settings.scopes))
        return {
            "id": connection.id,
            "hub_id": account.hub_id,
            "hub_domain": account.hub_domain,
            "user_email": account.user_email,
            "time_zone": account.time_zone,
            "ui_domain": account.ui_domain,
            "account_type": account.account_type,
            "status": connection.status.value,
            "trouble": self._trouble(connection, language),
            "scopes": connection.scopes,
            "missing": connection.missing_scopes(settings.wanted_scopes),
            "lacks_required": lacks_required,
            "needs_person": needs_reconnect or lacks_required,
            "is_asked_for": request.one("reconnect") == connection.id,
            "since": connection.connected_at,
            "disconnect_url": self._context.path(
                f"/api/hubspot/connections/{connection.id}/disconnect"
            ),
            "may_disconnect": self._context.may_disconnect(connection.owner, connection),
            "reconnect_url": self._link(request, connection.hub_id),
        }

    def _trouble(self, connection: Connection, language: str) -> str | None:
        """Why the connection is not well, in a sentence."""
        reason = connection.status_reason
        if connection.status is ConnectionStatus.CONNECTED:
            return None
        if connection.status is ConnectionStatus.FAILING and reason in PASSING:
            return self._context.sentence("failing", language)
        if reason is None or not knows(reason):
            return self._context.sentence(connection.status.value, language)
        return self._context.sentence(reason, language)
