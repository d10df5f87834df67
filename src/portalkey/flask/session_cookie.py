"""The cookie that a host's session is: how large it would be, and if this app signed it.

A session that is kept on the server has neither size nor signature here.
"""

from typing import Any

from flask import current_app, request, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from werkzeug.http import dump_cookie

_NGINX, _OTHERS, _ADDRESS = 4096, 1000, 400
"""Bytes of headers that nginx takes by default, those of an answer of ours beside the session (the
popup's, a cookie, and what the host and the server add), and of a usual address at HubSpot."""
MOST_BESIDE_HEADERS = _NGINX - _OTHERS - _ADDRESS
"""Bytes that the session's cookie may have once an account is in it."""


def most_beside(address: str) -> int:
    """Return the bytes of the session's cookie that pass with a redirect to this *address*."""
    return min(MOST_BESIDE_HEADERS, _NGINX - _OTHERS - len(address))


def find_serializer() -> URLSafeTimedSerializer | None:
    """Return what signs the session's cookie; None where it is no cookie, or nothing signs it."""
    interface = current_app.session_interface
    if not isinstance(interface, SecureCookieSessionInterface):
        return None
    return interface.get_signing_serializer(current_app)


def cookie_attributes() -> dict[str, Any]:
    """Return the attributes of the session's cookie, but for the time that it is kept."""
    interface = current_app.session_interface
    return {
        "path": interface.get_cookie_path(current_app),
        "domain": interface.get_cookie_domain(current_app),
        "secure": interface.get_cookie_secure(current_app),
        "httponly": True,
        "samesite": interface.get_cookie_samesite(current_app),
        "partitioned": interface.get_cookie_partitioned(current_app),
    }


def measure_cookie(*without: str) -> int:
    """Return the bytes of the session's cookie, *without* some values; 0 where it is no cookie."""
    serializer = find_serializer()
    if serializer is None:  # without a secret key, Flask itself says so as it is written
        return 0
    interface = current_app.session_interface
    cookie = dump_cookie(
        interface.get_cookie_name(current_app),
        str(serializer.dumps({key: session[key] for key in session if key not in without})),
        expires=interface.get_expiration_time(current_app, session),
        max_size=0,
        **cookie_attributes(),
    )
    return len(cookie)


def is_session_foreign() -> bool:
    """Return True where the request has a cookie of our session's name that we did not sign."""
    interface = current_app.session_interface
    value = request.cookies.get(interface.get_cookie_name(current_app))
    if not value or not isinstance(interface, SecureCookieSessionInterface):
        return False
    serializer = interface.get_signing_serializer(current_app)
    try:
        if serializer is not None:
            serializer.loads(value, int(current_app.permanent_session_lifetime.total_seconds()))
    except SignatureExpired:
        return False
    except BadSignature:
        return True
    return False
