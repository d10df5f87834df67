"""A journey that begins in a terminal: an app of its own, for one person and one connection."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Response, redirect, request, session
from werkzeug.wrappers import Response as Answer

from portalkey.cli.server.app import create_app
from portalkey.cli.server.error_pages import context_of
from portalkey.cli.server.owners import Owners
from portalkey.model.events import Event, EventName, happened

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_FROM_HERE = "portalkey_terminal"
_CONNECTED = "/connected"
_ENDS = {
    EventName.CONNECTED: True,
    EventName.RECONNECTED: True,
    EventName.ATTEMPT_FAILED: False,
    EventName.ATTEMPT_CANCELLED: False,
    EventName.ATTEMPT_EXPIRED: False,
    EventName.HUBSPOT_REFUSED: False,
    EventName.NO_KEY_OPENS: False,
}
_LAST_PAGE_SECONDS = 10.0
"""Time for the browser to ask for the last page."""
_PARTS_SECONDS = 1.0
"""Time for it to ask for what that page is made of."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a journey: the connection's id, or the code of what was in the way."""

    connection_id: str | None = None
    code: str = ""


class TerminalJourney:
    """One journey of *owner*'s, for whichever browser opens ``link``, and for no other."""

    def __init__(self, broker: "Broker", owner: str) -> None:
        self._broker, self._owner = broker, owner
        self._secret = secrets.token_urlsafe(24)
        self._end: End | None = None
        self._ended, self._shown = threading.Event(), threading.Event()
        self.app = create_app(
            broker,
            session_cookie="portalkey_terminal_session",
            owners=Owners(self._find_owner, str),
        )
        path = f"/from-terminal/{self._secret}"
        self.app.add_url_rule(path, "from_terminal", self._begin)
        self.app.add_url_rule(_CONNECTED, "connected", self._show_connected)
        self.app.after_request(self._note_last_page)
        settings = broker.settings
        self.link = f"{settings.public_url}{settings.mount}{path}"

    def wait(self, seconds: float) -> End | None:
        """Return the end once its page is in the browser; None where none comes in *seconds*."""
        happened.connect(self._note_end)
        try:
            if not self._ended.wait(seconds):
                return None
            if self._shown.wait(_LAST_PAGE_SECONDS):
                threading.Event().wait(_PARTS_SECONDS)
        finally:
            happened.disconnect(self._note_end)
        return self._end

    def _find_owner(self) -> str | None:
        # Whoever else reaches this machine's port is nobody.
        is_from_here = secrets.compare_digest(session.get(_FROM_HERE, ""), self._secret)
        return self._owner if is_from_here else None

    def _begin(self) -> Answer:
        session[_FROM_HERE] = self._secret
        connect_url = cast("Callable[..., str]", self.app.jinja_env.globals["hubspot_connect_url"])
        mount = self._broker.settings.mount
        return redirect(connect_url(next=f"{mount}{_CONNECTED}"), 303)

    def _show_connected(self) -> str:
        context = context_of(self.app)
        language = context.language()
        say = context.render.strings.say
        return context.render(
            "popup/notice.html",
            language=language,
            title=say(language, "connected"),
            sentence=say(language, "may_close"),
            back=None,
            has_retry=False,
        )

    def _note_end(self, event: Event) -> None:
        is_good = _ENDS.get(event.name)
        if event.owner != self._owner or event.attempt_id is None or is_good is None:
            return
        self._end = (
            End(connection_id=event.connection_id)
            if is_good
            else End(code=str(event.facts.get("error", event.name.value)))
        )
        self._ended.set()

    def _note_last_page(self, response: Response) -> Response:
        if request.endpoint in {"connected", "hubspot_auth.done"} and self._ended.is_set():
            self._shown.set()
        return response
