"""Place of a visitor's connections: a cookie beside Flask's session, or that session on the server.

Flask writes a session as a whole: an answer that was begun before somebody connected and ends after
that brings the browser the session from before. So connections are in a cookie of their own, which
is sent only where they changed. It counts only in the session that it was made in: it bears a hash
of this browser's value there, which goes with ``session.clear()`` and with every sign-out.

A session that is kept on the server has room for all, so they are there. It is written as a whole,
too: what it has by now is read again before that, and taken over.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, request, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadData
from werkzeug.http import dump_cookie

from portalkey.errors import SessionFull
from portalkey.flask.session_cookie import cookie_attributes, find_serializer, measure_cookie
from portalkey.flask.session_rows import SessionValue
from portalkey.web.app_names import with_name
from portalkey.web.host import MOST_COOKIE_BYTES, browser_key, connections_key

_SUFFIX, _SALT = "_portalkey", "portalkey-connections"
_ABOUT_SESSION = {"of", "lasts"}
"""Parts of the cookie beside the value: a hash of its session, and if that is permanent."""
_PAYLOADS = "portalkey.session_payloads"
_MOST_SECONDS = 400 * 24 * 3600
"""No browser keeps a cookie for longer; the session that it belongs to ends it before."""
_MOST_REQUEST_BYTES = 7000
"""nginx, gunicorn and others take 8 KB of one header, which has other cookies of the app, too."""


class _Payloads:
    """Content of the cookie, as the request brought it and as it is to be after it."""

    def __init__(self, came: SessionValue | None) -> None:
        self.came = self.held = came
        self.is_written = False


class SessionPlace:
    """The place of connections with one HubSpot app, in the request at hand."""

    def __init__(self, name: str) -> None:
        self._name, self._key, self._browser_key = name, connections_key(name), browser_key(name)
        self._payloads_key = with_name(_PAYLOADS, name)

    def read(self) -> SessionValue | None:
        """Return the value for connections; None where the session at hand has none."""
        payload = self._valid_payload() if _is_cookie() else None
        if payload is None:
            value: SessionValue | None = session.get(self._key)
            return value
        return {key: payload[key] for key in payload if key not in _ABOUT_SESSION}

    def is_moving(self) -> bool:
        """Return True where the value is in the session's cookie, as older versions had it."""
        return _is_cookie() and self._key in session

    def write(self, value: SessionValue | None) -> None:
        """Keep *value* from here on; None takes it away."""
        payloads = self._payloads()
        payloads.is_written = True
        if _is_cookie():
            session.pop(self._key, None)
            if value is not None:
                self.bind()
            payloads.held = self._to_payload(value)
        elif value is None:
            session.pop(self._key, None)
        else:
            session[self._key] = value

    def bind(self) -> None:
        """Give the session a value of this browser's, where no page of ours has yet.

        It is in the form that whoever is signed in takes over.
        """
        if _is_cookie() and self._browser_key not in session:
            session[self._browser_key] = secrets.token_urlsafe(32)

    def require_fit(self, value: SessionValue | None, most: int = MOST_COOKIE_BYTES) -> None:
        """Raise ``SessionFull`` where an answer, or the next request, has no room for *value*.

        An answer may bring the session and this cookie, of *most* bytes in all. A request brings
        those of other HubSpot apps along.
        """
        if value is None or not _is_cookie():
            return
        size = measure_cookie(self._key) + len(self._dump(self._to_payload(value)))
        others = sum(len(name) + len(cookie) for name, cookie in self._others())
        if size > most:
            raise SessionFull(size, most)
        if others and size + others > _MOST_REQUEST_BYTES:
            raise SessionFull(size + others, _MOST_REQUEST_BYTES)

    def send(self, response: Response) -> None:
        """Let *response* bring the cookie, where this request changed it, or ended its session."""
        has_come = self._cookie in request.cookies
        is_asked = self._payloads_key in request.environ
        # Looking at the session makes an answer vary by it, which a file's should not.
        if not _is_cookie() or not (is_asked or (has_come and not _is_file())):
            return
        payloads, payload = self._payloads(), self._valid_payload()
        if payload is not None:
            payload = {**payload, "lasts": session.permanent}
            if payload != payloads.came:
                max_age = _MOST_SECONDS if session.permanent else None
                value = _sign(payload)
                response.set_cookie(self._cookie, value, max_age, **cookie_attributes())
        elif has_come and (payloads.is_written or session.modified):
            # Only then: an answer from before a sign-in would take away what came after it.
            response.delete_cookie(self._cookie, **cookie_attributes())

    def catch_up(self) -> SessionValue | None:
        """Take over what the server's session has by now; return it where this request wrote, too.

        Another request may have written it since this one was begun.
        """
        if _is_cookie() or _is_file() or not _is_saved():
            return None
        saved = current_app.session_interface.open_session(current_app, request)
        if saved is None or self._binding() is None or self._binding(saved) != self._binding():
            return None
        newest: SessionValue | None = saved.get(self._key)
        if newest == session.get(self._key):
            return None
        if self._payloads().is_written:
            return newest
        if newest is None:
            session.pop(self._key)
        else:
            session[self._key] = newest
        return None

    @property
    def _cookie(self) -> str:
        return with_name(_prefix(), self._name)

    def _others(self) -> list[tuple[str, str]]:
        """Return the cookies of other HubSpot apps that came along, by their names."""
        cookies, ours = request.cookies.items(), self._cookie
        return [each for each in cookies if each[0].startswith(_prefix()) and each[0] != ours]

    def _payloads(self) -> _Payloads:
        payloads: _Payloads | None = request.environ.get(self._payloads_key)
        if payloads is None:
            payloads = _Payloads(_verify(request.cookies.get(self._cookie, "")))
            request.environ[self._payloads_key] = payloads
        return payloads

    def _valid_payload(self) -> SessionValue | None:
        """Return the payload, where it was made in the session as that is by now."""
        held = self._payloads().held
        binding = self._binding()
        return held if held and binding and held["of"] == binding else None

    def _to_payload(self, value: SessionValue | None) -> SessionValue | None:
        if value is None:
            return None
        return {**value, "of": self._binding(), "lasts": session.permanent}

    def _binding(self, of: Mapping[str, Any] = session) -> str | None:
        """Return a hash of what tells a session, that at hand; None where nothing does."""
        value = of.get(self._browser_key)
        if value is None:
            return None
        # What follows the random part says whose it is: one of an older portalkey has that later.
        random, _, _ = str(value).partition(".")
        return hashlib.sha256(f"{_SALT} {random}".encode()).hexdigest()[:32]

    def _dump(self, payload: SessionValue | None) -> str:
        return _dump(self._cookie, _sign(payload))


def _is_cookie() -> bool:
    return isinstance(current_app.session_interface, SecureCookieSessionInterface)


def _is_saved() -> bool:
    """Return True where this answer writes a session that is on the server already."""
    cookie = current_app.config["SESSION_COOKIE_NAME"]
    is_always = current_app.config["SESSION_REFRESH_EACH_REQUEST"]
    return cookie in request.cookies and (is_always or session.modified)


def _is_file() -> bool:
    return (request.endpoint or "").rpartition(".")[2] == "static"


def _prefix() -> str:
    return f"{current_app.session_interface.get_cookie_name(current_app)}{_SUFFIX}"


def _dump(name: str, value: str) -> str:
    """Return the cookie as an answer has it, at most."""
    return dump_cookie(name, value, max_age=_MOST_SECONDS, max_size=0, **cookie_attributes())


def _sign(payload: SessionValue | None) -> str:
    serializer = find_serializer()
    # Without a secret key there is no session that it could belong to, as Flask itself says.
    return "" if serializer is None else str(serializer.dumps(payload, salt=_SALT))


def _verify(cookie: str) -> SessionValue | None:
    """Return the payload of *cookie*, where this app signed it for connections."""
    serializer = find_serializer()
    if serializer is None or not cookie:
        return None
    try:
        payload: SessionValue = serializer.loads(cookie, salt=_SALT)
    except BadData:
        return None
    return payload
