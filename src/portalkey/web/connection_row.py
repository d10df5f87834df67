"""One connection as the setup page shows it."""

from typing import TYPE_CHECKING, Any

from portalkey.errors import HubSpotUnavailable, RateLimited, StoreBusy
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.web.http import WebRequest
from portalkey.web.permissions import show
from portalkey.web.signed_tokens import Start
from portalkey.web.strings import is_error_code

if TYPE_CHECKING:
    from portalkey.web.context import Context

PASSING = frozenset({HubSpotUnavailable.code, RateLimited.code, StoreBusy.code})
"""Reasons of a failed renewal that will work again without anybody's doing."""
ENDED = frozenset({"inactive", "needs_reconnect"})
"""Reasons that say no more than the status."""


class ConnectionRows:
    """Describes connections for the template."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._settings = context.broker.settings

    def build(self, request: WebRequest, connection: Connection, language: str) -> dict[str, Any]:
        """Return the facts of one connection."""
        context = self._context
        asked = self._find_asked(request, connection)
        return {
            **context.describe(connection),
            **self._describe_state(connection, language, asked),
            "account_type": connection.account.account_type,
            "is_asked_for": request.query_value("reconnect") == connection.id,
            "connected_at": connection.connected_at,
            "renewed_at": connection.granted_at,
            "now": connection.seen_at,
            "granted": show(connection.scopes or ()),
            "missing": show(connection.missing_scopes(self._settings.wanted_scopes)),
            "disconnect_url": context.way_back(
                request, f"/connections/setup/{connection.id}/disconnect"
            ),
            "reconnect_url": self.build_connect_url(request, connection.hub_id, scopes=asked),
        }

    def _find_asked(self, request: WebRequest, connection: Connection) -> tuple[str, ...]:
        """Return the scopes that a ``ScopesMissing`` has led here for; none that others name."""
        scopes = tuple((request.query_value("scopes") or "").split())
        signature = request.query_value("signed")
        if not (scopes and signature) or request.query_value("reconnect") != connection.id:
            return ()
        is_signed = self._context.broker.is_asking_for(connection.id, scopes, signature)
        return scopes if is_signed else ()

    def build_connect_url(
        self,
        request: WebRequest,
        hub_id: int | None = None,
        *,
        another: bool = False,
        scopes: tuple[str, ...] = (),
    ) -> str:
        """Return the link into the journey that leads back to the page."""
        start = Start(self._context.home, hub_id, another, scopes)
        return self._context.connect_url(request.owner, request.browser, start)

    def _describe_state(
        self, connection: Connection, language: str, asked: tuple[str, ...]
    ) -> dict[str, Any]:
        """Return how the connection is, and whether somebody has to do something about it."""
        lacking = connection.missing_scopes(dict.fromkeys((*self._settings.scopes, *asked)))
        is_over = connection.status is ConnectionStatus.NEEDS_RECONNECT
        needs_person = is_over or bool(lacking)
        return {
            "lacking": show(lacking),
            "needs_person": needs_person,
            "shown_status": "needs_reconnect" if needs_person else connection.status.value,
            "has_reconnect": needs_person or connection.status is ConnectionStatus.CONNECTED,
            "trouble": self._explain(connection, language),
        }

    def _explain(self, connection: Connection, language: str) -> str | None:
        """Return a sentence about why the connection is not well; None where it is."""
        status, reason = connection.status, connection.status_reason
        if status is ConnectionStatus.CONNECTED:
            return None
        is_known = reason is not None and is_error_code(reason)
        if is_known and reason not in PASSING | ENDED:
            return self._context.sentence(reason, language)
        key = "retrying" if status is ConnectionStatus.FAILING else "ended"
        strings, app = self._context.render.strings, self._settings.app_name
        return strings.plain(self._context.language(language), key, app=app)
