"""The app's session, and the cookie that it is where Starlette's own middleware keeps it.

A session of somebody else's middleware has neither size nor signature here, nor is it known how its
cookie travels.
"""

import json
import re
import sys
from base64 import b64encode
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request

from portalkey.errors import SessionUnusable
from portalkey.settings.surroundings import Host
from portalkey.web.host import Session, is_session_withheld

if TYPE_CHECKING:
    from starlette.middleware.sessions import SessionMiddleware

_MODULE = "starlette.middleware.sessions"
_SAMESITE = re.compile(r"samesite=(\w+)")
_ADD_ONE = (
    'app.add_middleware(SessionMiddleware, secret_key="..."), of starlette.middleware.sessions, '
    "is the simplest; it may stand before or after HubSpotAuth."
)


def read_session(request: Request) -> Session:
    """Return the session of *request*.

    Raises:
        SessionUnusable: The app has none, or none that can be used; the message says what to do.
    """
    if "session" not in request.scope:
        raise SessionUnusable(f"This app has no sessions, and HubSpotAuth needs one; {_ADD_ONE}")
    session: object = request.scope["session"]
    if not isinstance(session, MutableMapping):
        raise SessionUnusable(
            f"This app's session is a value of type {type(session).__name__}, and HubSpotAuth "
            f"reads and writes one like a dict; {_ADD_ONE}"
        )
    return request.session


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie of Starlette's ``SessionMiddleware``."""

    middleware: "SessionMiddleware"

    @property
    def name(self) -> str:
        """Its name."""
        return self.middleware.session_cookie

    @property
    def samesite(self) -> str:
        """Its ``SameSite``."""
        found = _SAMESITE.search(self.middleware.security_flags)
        return found[1] if found else "lax"

    def describe(self, *, is_debug: bool) -> Host:
        """Return the facts that the app is warned by."""
        is_secure = "; secure" in self.middleware.security_flags
        return Host(is_debug=is_debug, is_secure=is_secure, samesite=self.samesite)

    def measure(self, session: Mapping[str, Any]) -> int:
        """Return the bytes of the cookie that *session* becomes; 0 where it becomes none."""
        middleware = self.middleware
        try:
            data = middleware.signer.sign(b64encode(json.dumps(session).encode()))
        except TypeError:  # the middleware itself says so as it is written
            return 0
        age = f"Max-Age={middleware.max_age}; " if middleware.max_age is not None else ""
        head = f"{self.name}=; path={middleware.path}; {age}{middleware.security_flags}"
        return len(head) + len(data)

    def is_foreign(self, request: Request) -> bool:
        """Return True where *request* has a cookie of this name that the app did not sign."""
        from itsdangerous import BadSignature, SignatureExpired  # noqa: PLC0415 - of the middleware

        value = request.cookies.get(self.name)
        if not value:
            return False
        try:
            self.middleware.signer.unsign(value.encode(), max_age=self.middleware.max_age)
        except SignatureExpired:
            return False
        except BadSignature:
            return True
        return False


def find_cookie(app: Starlette) -> SessionCookie | None:
    """Return the session's cookie of *app*, whose middleware is complete; None for another kind."""
    module = sys.modules.get(_MODULE)
    if module is None:
        return None
    for each in app.user_middleware:
        made_by: object = each.cls
        if isinstance(made_by, type) and issubclass(made_by, module.SessionMiddleware):
            # One of its own, which nothing is sent through: what it is made with may be anything.
            return SessionCookie(each.cls(_nowhere, *each.args, **each.kwargs))  # type: ignore[arg-type]
    return None


async def _nowhere(scope: object, receive: object, send: object) -> None:
    """Answer nothing."""


def is_withheld(request: Request, cookie: SessionCookie | None) -> bool:
    """Return True where the session may be ``SameSite=Strict`` and did not come along.

    Of an unknown *cookie* an empty session says as much: then a page of ours asks for it again, and
    where it was not held back, that page brings nothing new.
    """
    if cookie is None:
        return not request.scope.get("session")
    return is_session_withheld(request.cookies, cookie=cookie.name, samesite=cookie.samesite)
