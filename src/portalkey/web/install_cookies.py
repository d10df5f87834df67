"""Tickets of installs, in cookies of the browser that brought the code."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from portalkey.model.attempt import Attempt
from portalkey.web import headers
from portalkey.web.http import Cookie, WebRequest, WebResponse

if TYPE_CHECKING:
    from portalkey.web.context import Context

INSTALL = "/auth/hubspot/install"
_COOKIE = re.compile(r"(?:__Secure-)?portalkey_install_([A-Za-z0-9_-]{22})")
_MOST = 5
"""So many of a browser's tickets are looked up; more are somebody's game."""
_HOUR = 3600
_HERE = "here"


class InstallCookies:
    """Sets, reads and drops the tickets.

    ``SameSite=Lax``: a link at HubSpot leads to the question, which Strict would come without; in
    a frame, or with a request of another site's, there is no ticket.
    """

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._broker = context.broker

    def read(self, request: WebRequest) -> Mapping[str, str]:
        """Return the browser's tickets, by the id of their install.

        What is no ticket of ours counts for nothing: a neighbour may set cookies of any name.
        """
        found = ((_COOKIE.fullmatch(name), value) for name, value in request.cookies.items())
        named = ((match[1], value) for match, value in found if match)
        tickets = [each for each in named if self._broker.is_ticket(*each)]
        return dict(tickets[-_MOST:])

    def build(self, attempt: Attempt) -> Cookie:
        """Return the cookie with the ticket of *attempt*, for as long as that may wait."""
        ticket = self._broker.ticket_of_install(attempt)
        return self._cookie(attempt.id, ticket, self._broker.settings.pending_hours * _HOUR)

    def drop(self, attempt_id: str) -> Cookie:
        """Return the cookie that takes the ticket away."""
        return self._cookie(attempt_id, "", 0)

    def _cookie(self, attempt_id: str, value: str, max_age: int) -> Cookie:
        is_secure = self._broker.settings.is_secure
        return Cookie(
            name=f"{'__Secure-' if is_secure else ''}portalkey_install_{attempt_id}",
            value=value,
            path=self._context.path("/"),  # the setup page leads to the question
            max_age=max_age,
            secure=is_secure,
        )

    def bring_session(self, request: WebRequest, path: str) -> WebResponse | None:
        """Return a page that opens *path* once more, where the host's session was withheld.

        Browsers keep a ``SameSite=Strict`` session back on the way from HubSpot, and send it along
        from a page of ours. None where that was tried, or nothing is withheld.
        """
        if not request.is_session_withheld or request.query_value(_HERE) is not None:
            return None
        again = f"{path}{'&' if '?' in path else '?'}{_HERE}=1"
        body = self._context.render(
            "popup/here.html", language=self._context.language_of(request), again=again
        )
        return WebResponse.page(body, {**headers.POPUP, "Refresh": f"0; url={again}"})
