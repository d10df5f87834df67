"""The page that asks before an account is disconnected, and says what that means."""

import re

from portalkey.model.connection import Connection
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def way_to_disconnect(context: Context, request: WebRequest) -> str | None:
    """Return the path of the page about the connection that *request* names, where it names one."""
    connection_id = request.arguments["connection_id"]
    if not context.options.setup_page or not _ID.fullmatch(connection_id):
        return None
    return context.way_back(request, f"/connections/setup/{connection_id}/disconnect")


class DisconnectPage:
    """``/connections/setup/ID/disconnect``: nothing but a form, so that it needs no script."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker

    def show(self, request: WebRequest) -> WebResponse:
        """Ask whoever is signed in about one connection of the owner's."""
        context, owner = self._context, request.owner
        if owner is None:
            return context.ask_to_sign_in(request, way_to_disconnect(context, request))
        connection = self._find(owner, request.arguments["connection_id"])
        if connection is None:
            return context.lead_home(request, "not_connected", 404)
        if not context.may_disconnect(connection):
            return context.lead_home(request, "may_not_disconnect", 403)
        return context.page_of_connections(
            request,
            "connections/disconnect.html",
            context.language_of(request),
            account=connection.account,
            action=context.way_back(
                request, f"/api/hubspot/connections/{connection.id}/disconnect"
            ),
            form_token=context.form_token(owner, request.browser or ""),
            back=context.way_back(request, "/connections/setup"),
        )

    def _find(self, owner: str, connection_id: str) -> Connection | None:
        connections = self._broker.connections(owner)
        return next((each for each in connections if each.id == connection_id), None)
