"""The JSON side: status, connections, disconnect, cancel. No token ever leaves by it."""

from typing import Any

from portalkey.errors import NotConnected
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.csrf import CsrfGuard
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import Start, is_own_path


class Api:
    """What pages and programs ask; each method takes a request and returns a response."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._guard = CsrfGuard(context)

    def status(self, request: WebRequest) -> WebResponse:
        """Whether the owner is connected, and where an attempt of this browser stands.

        ``?attempt=ID`` answers only the owner in the browser that began it; ``?check=1`` asks
        HubSpot whether it still honours the connections. ``connect_url`` is the link into the
        journey; ``?next=`` says where it leads back to.
        """
        if request.owner is None:
            return self._context.problem("signed_out", 401)
        onward = self._next(request)
        if onward is None:
            return self._context.problem("bad_next", 400)
        attempt = None
        if any(name == "attempt" for name, _ in request.query):
            attempt = self._attempt(request, request.owner, request.attempt_id)
            if attempt is None:
                return self._context.problem("not_found", 404)
        if request.one("check") == "1":
            self._broker.check_connections(self._broker.connections(request.owner))
        link = {"connect_url": self._connect_url(request, onward)}
        return WebResponse.json(self._status(request.owner, attempt) | link, headers.API)

    def preflight(self, request: WebRequest) -> WebResponse:
        """What a page on another origin of the app may send; ``headers.cors`` says which pages."""
        del request
        return WebResponse(204, {**headers.API, **headers.PREFLIGHT})

    def connections(self, request: WebRequest) -> WebResponse:
        """The owner's connections."""
        if request.owner is None:
            return self._context.problem("signed_out", 401)
        listed = [self._listed(each) for each in self._broker.connections(request.owner)]
        return WebResponse.json({"connections": listed}, headers.API)

    def disconnect(self, request: WebRequest) -> WebResponse:
        """Forget one of the owner's connections; forms are led back to the setup page."""
        refused = self._guard.refusal(request)
        if refused is not None or request.owner is None:
            return refused or self._context.problem("signed_out", 401)
        try:
            if not self._disconnected(request.owner, request.arguments["connection_id"]):
                return self._not_theirs(request)
        except NotConnected:
            if request.wants_json:
                return self._context.problem("not_connected", 404)
        if request.wants_json:
            return WebResponse.json(self._status(request.owner, None), headers.API)
        return WebResponse.to(self._context.home, headers.SETUP)

    def _disconnected(self, owner: str, connection_id: str) -> bool:
        """Disconnect, unless the app does not let whoever asks do it."""
        theirs = [each for each in self._broker.connections(owner) if each.id == connection_id]
        if any(not self._context.may_disconnect(owner, each) for each in theirs):
            return False
        self._broker.disconnect(owner, connection_id)
        return True

    def _not_theirs(self, request: WebRequest) -> WebResponse:
        if request.wants_json:
            return self._context.problem("may_not_disconnect", 403)
        return self._context.notice("may_not_disconnect", 403, back=self._context.home)

    def cancel(self, request: WebRequest) -> WebResponse:
        """End an attempt of this browser; answers with what became of it."""
        refused = self._guard.refusal(request, start_token_will_do=True)
        if refused is not None or request.owner is None:
            return refused or self._context.problem("signed_out", 401)
        attempt = self._attempt(request, request.owner, request.arguments["attempt_id"])
        if attempt is None:
            return self._context.problem("not_found", 404)
        self._broker.cancel(attempt)
        ended = self._attempt(request, request.owner, attempt.id)
        return WebResponse.json(self._status(request.owner, ended), headers.API)

    def _attempt(self, request: WebRequest, owner: str, attempt_id: str | None) -> Attempt | None:
        if attempt_id is None or request.browser is None:
            return None
        return self._broker.attempt_of_session(attempt_id, owner, request.browser)

    def _next(self, request: WebRequest) -> str | None:
        """Where to lead back to: what was asked for, on the asking page's own origin."""
        origins = self._broker.settings.allowed_origins
        origin = request.headers.get("origin", origins[0])
        wanted = request.one("next")
        if origin not in origins[1:]:
            return self._context.home if wanted is None else wanted if is_own_path(wanted) else None
        return f"{origin}{wanted or '/'}" if is_own_path(wanted or "/") else None

    def _connect_url(self, request: WebRequest, onward: str) -> str:
        """The link; whole, where a page on another origin asks."""
        link = self._context.connect_url(request.owner, request.browser, Start(onward))
        origins = self._broker.settings.allowed_origins
        return f"{origins[0]}{link}" if request.headers.get("origin") in origins[1:] else link

    def _status(self, owner: str, attempt: Attempt | None) -> dict[str, Any]:
        connections = self._broker.connections(owner)
        live = next((each for each in connections if each.is_authenticated), None)
        return {
            "authenticated": live is not None,
            "portal_id": live.hub_id if live else None,
            "time_zone": live.account.time_zone if live else None,
            "connections": [self._listed(each) for each in connections],
            "attempt": self._shown(attempt) if attempt else None,
        }

    def _listed(self, connection: Connection) -> dict[str, Any]:
        wanted = self._broker.settings.wanted_scopes
        return {
            "id": connection.id,
            "hub_id": connection.hub_id,
            "hub_domain": connection.account.hub_domain,
            "user_email": connection.account.user_email,
            "time_zone": connection.account.time_zone,
            "ui_domain": connection.account.ui_domain,
            "status": connection.status.value,
            "scopes": list(connection.scopes),
            "missing_scopes": list(connection.missing_scopes(wanted)),
            "may_disconnect": self._context.may_disconnect(connection.owner, connection),
            "connected_at": connection.connected_at.isoformat(),
        }

    def _shown(self, attempt: Attempt) -> dict[str, Any]:
        """Where the attempt stands, and in its own language what came of it."""
        return {
            "id": attempt.id,
            "status": attempt.status.value,
            "error": attempt.error,
            "message": self._message(attempt),
        }

    def _message(self, attempt: Attempt) -> str | None:
        if attempt.error:
            return self._context.sentence(attempt.error, attempt.language)
        connection = self._broker.connection_of(attempt)
        if connection is None:
            return None
        strings, account = self._context.render.strings, connection.account
        language = strings.language(attempt.language)
        return strings.plain(language, "connected_to", account=account.hub_domain or account.hub_id)
