"""The session where it is the cookie itself: how large it would be, and if this site signed it.

A session that is kept on the server has neither size nor signature here.
"""

from django.conf import settings
from django.contrib.sessions.backends import signed_cookies
from django.core import signing
from django.http import HttpRequest

_ATTRIBUTES = 150
"""Bytes of name, path, date and flags, where a domain is not long."""
_SALT = "django.contrib.sessions.backends.signed_cookies"


def measure_cookie(request: HttpRequest) -> int:
    """Return the bytes of the session's cookie as it is now; 0 where the session is no cookie."""
    session = request.session
    if not isinstance(session, signed_cookies.SessionStore):
        return 0
    held = {name: session[name] for name in session.keys()}  # noqa: SIM118 - no mapping, it says
    value = signing.dumps(held, compress=True, salt=_SALT, serializer=session.serializer)
    return len(settings.SESSION_COOKIE_NAME) + len(value) + _ATTRIBUTES


def is_session_foreign(request: HttpRequest) -> bool:
    """Return True where the request has a cookie of our session's name that we did not sign."""
    session = request.session
    value = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not value or not isinstance(session, signed_cookies.SessionStore):
        return False
    try:
        signing.loads(value, salt=_SALT, serializer=session.serializer)
    except signing.BadSignature:
        return True
    return False
