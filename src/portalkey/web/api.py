"""The JSON side: status, connections, disconnect, cancel. No token ever leaves by it."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from portalkey.errors import NotConnected
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import find_difference
from portalkey.model.connection import Connection
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.csrf import CsrfGuard
from portalkey.web.disconnect_page import way_to_disconnect
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import Start, is_own_path

ASKING = AttemptStatus.ASKING
PENDING = "pending"
"""The status of an attempt under way, for another session of whoever began it."""


class Api:
    """Answers to pages and programs; each method handles one route."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._guard = CsrfGuard(context)

    def show_status(self, request: WebRequest) -> WebResponse:
        """Say whether the owner is connected, and where an attempt of theirs stands.

        ``?attempt=ID`` answers whoever began it; in another session than then it says no more than
        ``pending`` or how it ended. ``?check=1`` asks HubSpot whether it still honours the
        connections. ``connect_url`` is the link into the journey; ``?next=`` says where it leads
        back to, ``?another=1`` that it stands behind "Connect another account".
        """
        if request.owner is None:
            return self._context.problem("signed_out", 401)
        next_url = self._choose_next_url(request)
        if next_url is None:
            return self._context.problem("bad_next", 400)
        attempt, connections = None, None
        if any(name == "attempt" for name, _ in request.query):
            attempt, connections = self._find_status(request)
            if attempt is None:
                return self._context.problem("not_found", 404)
        if request.query_value("check") == "1":
            self._broker.check_connections(self._broker.connections(request.owner))
            connections = None
        if connections is None:
            connections = self._broker.connections(request.owner)
        link = {"connect_url": self._build_connect_url(request, next_url)}
        status = self._build_status(connections)
        told = {"attempt": attempt and self._describe_attempt(request, attempt, connections)}
        return WebResponse.json(status | told | link, headers.API)

    def _find_status(self, request: WebRequest) -> tuple[Attempt | None, Sequence[Connection]]:
        """Return the attempt that is asked for, and the connections beside it; None where none."""
        if request.attempt_id is None:
            return None, []
        return self._broker.find_status(request.attempt_id, request.visitor)

    def answer_preflight(self, request: WebRequest) -> WebResponse:
        """Say what a page on another origin may send; ``headers.cors`` says which pages."""
        del request
        return WebResponse(204, {**headers.API, **headers.PREFLIGHT})

    def list_connections(self, request: WebRequest) -> WebResponse:
        """List the owner's connections."""
        if request.owner is None:
            return self._context.problem("signed_out", 401)
        body = {"connections": self._describe_connections(self._broker.connections(request.owner))}
        return WebResponse.json(body, headers.API)

    def disconnect(self, request: WebRequest) -> WebResponse:
        """Forget one of the owner's connections; forms are led back to the page, which says so."""
        way_back = way_to_disconnect(self._context, request)
        owner = self._guard.authorize_post(request, way_back=way_back)
        if isinstance(owner, WebResponse):
            return owner
        connection_id = request.arguments["connection_id"]
        if not self._may_disconnect(owner, connection_id):
            return self._context.refuse(request, "may_not_disconnect", 403)
        try:
            self._broker.disconnect(owner, connection_id)
        except NotConnected:
            if request.wants_json:
                return self._context.problem("not_connected", 404)
        if request.wants_json:
            status = self._build_status(self._broker.connections(owner))
            return WebResponse.json(status, headers.API)
        told = {"disconnected": connection_id} if self._context.options.setup_page else {}
        back = self._context.way_back(request, self._context.entrance, **told)
        return WebResponse.redirect(back, headers.SETUP)

    def _may_disconnect(self, owner: str, connection_id: str) -> bool:
        """Return False where the app does not let whoever asks disconnect this connection."""
        return all(
            self._context.may_disconnect(connection)
            for connection in self._broker.connections(owner)
            if connection.id == connection_id
        )

    def cancel(self, request: WebRequest) -> WebResponse:
        """End an attempt of this browser; answer with what became of it."""
        owner = self._guard.authorize_post(request, accept_start_token=True)
        if isinstance(owner, WebResponse):
            return owner
        attempt = self._context.attempt_of_session(request, request.arguments["attempt_id"])
        if attempt is None:
            return self._context.problem("not_found", 404)
        self._broker.cancel(attempt)
        ended = self._context.attempt_of_session(request, attempt.id) or attempt
        connections = self._broker.connections(owner)
        told = {"attempt": self._describe_attempt(request, ended, connections)}
        return WebResponse.json(self._build_status(connections) | told, headers.API)

    def _choose_next_url(self, request: WebRequest) -> str | None:
        """Return where to lead back to, on the asking page's own origin; None if that is unsafe."""
        origins = self._broker.settings.allowed_origins
        origin, path = request.headers.get("origin"), request.query_value("next")
        if origin in origins[1:]:
            url, path = f"{origin}{path or '/'}", path or "/"
        else:
            url = path = self._context.home if path is None else path
        return url if is_own_path(path) else None

    def _build_connect_url(self, request: WebRequest, next_url: str) -> str:
        """Return the link into the journey; whole, where a page on another origin asks.

        Such a page may be one that nobody listed, and whose requests the app's own CORS lets pass:
        it would look for the rest of the address at itself.
        """
        start = Start(next_url, another=request.query_value("another") == "1")
        link = self._context.connect_url(request.owner, request.browser, start)
        own = self._broker.settings.allowed_origins[0]
        return link if request.headers.get("origin", own) == own else f"{own}{link}"

    def _build_status(self, connections: Sequence[Connection]) -> dict[str, Any]:
        live = next(filter(lambda connection: connection.is_authenticated, connections), None)
        return {
            "authenticated": live is not None,
            "portal_id": live.hub_id if live else None,
            "time_zone": live.account.time_zone if live else None,
            "connections": self._describe_connections(connections),
            "attempt": None,
        }

    def _describe_connections(self, connections: Sequence[Connection]) -> list[dict[str, Any]]:
        wanted = self._broker.settings.wanted_scopes
        return [
            {
                **self._context.describe(connection),
                "missing_scopes": connection.missing_scopes(wanted),
                "connected_at": connection.connected_at.isoformat(),
            }
            for connection in connections
        ]

    def _describe_attempt(
        self, request: WebRequest, attempt: Attempt, connections: Sequence[Connection]
    ) -> dict[str, Any]:
        """Return where the attempt stands, and in its own language what came of it.

        Another session of whoever began it hears whether it has ended, and how; not more.
        """
        is_own = find_difference(attempt, request.visitor) is None
        account = self._find_account(attempt, connections) if is_own else None
        return {
            "id": attempt.id,
            "status": attempt.status.value if is_own or not attempt.is_open else PENDING,
            "error": attempt.error,
            "message": self._build_message(attempt, account) if is_own else None,
            "account": account,
            "seconds_left": _count_seconds_left(attempt),
        }

    def _find_account(self, attempt: Attempt, connections: Sequence[Connection]) -> str | None:
        """Return the name of the account that the attempt connected, once it has."""
        if attempt.status is not AttemptStatus.CONNECTED:
            return None
        made = (each for each in connections if each.id == attempt.connection_id)
        connection = next(made, None) or self._broker.connection_of(attempt)
        return connection.account.name if connection else None

    def _build_message(self, attempt: Attempt, account: str | None) -> str | None:
        code = ASKING if attempt.status is ASKING else attempt.error
        if code:
            return self._context.explain(attempt, code, attempt.language)
        if account is None:
            return None
        strings = self._context.render.strings
        return strings.plain(strings.language(attempt.language), "connected_to", account=account)


def _count_seconds_left(attempt: Attempt) -> int:
    """Return how many seconds the attempt has yet; 0 once it has ended."""
    left = (attempt.expires_at - attempt.seen_at).total_seconds()
    return ceil(max(0.0, left)) if attempt.is_open else 0
