"""The JSON side: status, connections, disconnect, cancel. No token ever leaves by it."""

from typing import Any

from portalkey.attempt import Attempt
from portalkey.connection import Connection
from portalkey.errors import NotConnected, PortalkeyError
from portalkey.events import EventName
from portalkey.web import headers
from portalkey.web.desk import Desk
from portalkey.web.sentences import sentence
from portalkey.web.signed import is_form_signed, read_start
from portalkey.web.values import WebRequest, WebResponse


def problem(code: str, status: int) -> WebResponse:
    """A JSON error: ``{"error": code, "message": sentence}``."""
    return WebResponse.json({"error": code, "message": sentence(code)}, headers.API, status)


class Api:
    """What pages and programs ask; each method takes a request and returns a response."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._broker = desk.broker

    def status(self, request: WebRequest) -> WebResponse:
        """Whether the owner is connected, and where an attempt of this browser stands.

        ``?attempt=ID`` answers only the owner in the browser that began it; ``?check=1`` asks
        HubSpot whether it still honours the connections.
        """
        if request.owner is None:
            return problem("signed_out", 401)
        attempt = None
        if any(name == "attempt" for name, _ in request.query):
            attempt = self._attempt(request, request.owner, request.attempt_id)
            if attempt is None:
                return problem("not_found", 404)
        if request.one("check") == "1":
            self._check(request.owner)
        return WebResponse.json(self._status(request.owner, attempt), headers.API)

    def connections(self, request: WebRequest) -> WebResponse:
        """The owner's connections."""
        if request.owner is None:
            return problem("signed_out", 401)
        listed = [self._listed(each) for each in self._broker.connections(request.owner)]
        return WebResponse.json({"connections": listed}, headers.API)

    def disconnect(self, request: WebRequest) -> WebResponse:
        """Forget one of the owner's connections; forms are led back to the setup page."""
        refused = self._refusal(request)
        if refused is not None or request.owner is None:
            return refused or problem("signed_out", 401)
        try:
            self._broker.disconnect(request.owner, request.arguments["connection_id"])
        except NotConnected:
            if request.wants_json:
                return problem("not_connected", 404)
        if request.wants_json:
            return WebResponse.json(self._status(request.owner, None), headers.API)
        return WebResponse.to(self._desk.home, headers.SETUP)

    def cancel(self, request: WebRequest) -> WebResponse:
        """End an attempt of this browser; answers with what became of it."""
        refused = self._refusal(request, start_token_will_do=True)
        if refused is not None or request.owner is None:
            return refused or problem("signed_out", 401)
        attempt = self._attempt(request, request.owner, request.arguments["attempt_id"])
        if attempt is None:
            return problem("not_found", 404)
        self._broker.attempts.cancel(attempt)
        ended = self._attempt(request, request.owner, attempt.id)
        return WebResponse.json(self._status(request.owner, ended), headers.API)

    def _refusal(
        self, request: WebRequest, *, start_token_will_do: bool = False
    ) -> WebResponse | None:
        """The answer to a POST that did not come from a page of this app in this session.

        A start token stands in addresses, so it will do only for ending what it can begin.
        """
        if request.owner is None:
            return problem("signed_out", 401) if request.wants_json else self._desk.signed_out()
        check = self._forged(request, request.owner)
        if check == "token" and start_token_will_do and self._has_start_token(request):
            check = None
        if check is None:
            return None
        self._broker.journal.note(
            EventName.FORGERY_REFUSED, owner=request.owner, facts={"check": check}
        )
        if request.wants_json:
            return problem("forgery_refused", 403)
        return self._desk.notice("forgery_refused", 403, back=self._desk.home)

    def _forged(self, request: WebRequest, owner: str) -> str | None:
        """The name of the check that failed, if one did."""
        if not request.is_own_post(self._broker.settings.public_url):
            return "origin"
        token = request.headers.get("x-portalkey-token") or request.one_in_form("portalkey_token")
        keyring = self._broker.vault.keyring
        signed = is_form_signed(keyring, token, browser=request.browser, owner=owner)
        return None if signed else "token"

    def _has_start_token(self, request: WebRequest) -> bool:
        keyring, now = self._broker.vault.keyring, self._broker.vault.store.now()
        token, owner = request.headers.get("x-portalkey-token"), request.owner or ""
        start = read_start(keyring, token, browser=request.browser, owner=owner, now=now)
        return start is not None

    def _attempt(self, request: WebRequest, owner: str, attempt_id: str | None) -> Attempt | None:
        if attempt_id is None or request.browser is None:
            return None
        return self._broker.attempts.begun_by(attempt_id, owner, request.browser)

    def _check(self, owner: str) -> None:
        for connection in self._broker.connections(owner):
            if connection.is_authenticated:
                try:
                    self._broker.check(connection)
                except PortalkeyError:
                    continue  # HubSpot did not say; what the store says stands

    def _status(self, owner: str, attempt: Attempt | None) -> dict[str, Any]:
        connections = self._broker.connections(owner)
        live = next((each for each in connections if each.is_authenticated), None)
        return {
            "authenticated": live is not None,
            "portal_id": live.hub_id if live else None,
            "time_zone": live.account.time_zone if live else None,
            "connections": [self._listed(each) for each in connections],
            "attempt": _shown(attempt) if attempt else None,
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
            "connected_at": connection.connected_at.isoformat(),
        }


def _shown(attempt: Attempt) -> dict[str, Any]:
    return {"id": attempt.id, "status": attempt.status.value, "error": attempt.error}
