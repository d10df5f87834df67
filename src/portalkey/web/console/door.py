"""Sign-in to the standalone app's console: by a password, or by a link that works once."""

import hashlib
import hmac
import logging
import secrets
from collections import deque
from collections.abc import Callable

from pydantic import SecretStr

from portalkey._support.clock import Clock, boot_time
from portalkey._support.fork import ProcessLock
from portalkey.model.connection import is_owner
from portalkey.settings.operator import MOST_NAME
from portalkey.web.console.context import LEAVE, ConsoleContext, Refused
from portalkey.web.http import WebRequest, WebResponse

log = logging.getLogger("portalkey")

ENTER = "enter"
"""Path below the console's for whoever is not signed in."""
DOOR_PATHS = (ENTER, LEAVE)
"""Paths at which a form is read before anybody is known."""
SESSION_HOURS = 8
"""Hours after which an operator signs in again."""
TRIES, TRY_SECONDS = 5, 300.0
"""So many wrong passwords may come from one address within so many seconds."""
LINK_SECONDS = 3600.0
"""Seconds for which a link works that nobody has used."""

_COST = {"n": 2**14, "r": 8, "p": 1}
_SALT_BYTES = 16
_MOST_ADDRESSES = 1000


class Password:
    """The operator's password, compared in constant time and after work that takes a while."""

    def __init__(self, password: SecretStr, clock: Clock = boot_time) -> None:
        self._salt = secrets.token_bytes(_SALT_BYTES)
        self._hash = self._stretch(password.get_secret_value())
        self._clock, self._lock = clock, ProcessLock()
        self._tries: dict[str, deque[float]] = {}

    def is_right(self, given: str, address: str) -> bool:
        """Return True where *given* is the password; one of *address* after another.

        Raises:
            Refused: Too many wrong ones came from there.
        """
        with self._lock:
            tries = self._recent_tries(address)
            if len(tries) >= TRIES:
                wait = round(TRY_SECONDS - (self._clock() - tries[0]))
                raise Refused(
                    429,
                    "Too many wrong passwords",
                    f"Nobody can sign in from here for another {max(1, wait)} seconds.",
                )
            is_right = hmac.compare_digest(self._stretch(given), self._hash)
            if not is_right:
                tries.append(self._clock())
            return is_right

    def _recent_tries(self, address: str) -> deque[float]:
        if len(self._tries) >= _MOST_ADDRESSES and address not in self._tries:
            self._tries.pop(next(iter(self._tries)))
        tries = self._tries.setdefault(address, deque())
        while tries and self._clock() - tries[0] >= TRY_SECONDS:
            tries.popleft()
        return tries

    def _stretch(self, password: str) -> bytes:
        text = password.encode(errors="replace")
        return hashlib.scrypt(text, salt=self._salt, n=_COST["n"], r=_COST["r"], p=_COST["p"])


class OneTimeLink:
    """A secret in a link that whoever starts the app reads in its terminal; it works once."""

    def __init__(self, operator: str, clock: Clock = boot_time) -> None:
        """Let *operator* in, who has started the app."""
        self.operator = operator
        self._clock, self._lock = clock, ProcessLock()
        self._make()

    def _make(self) -> None:
        self.secret = SecretStr(secrets.token_urlsafe(32))
        self._is_used, self._until = False, self._clock() + LINK_SECONDS

    def renew(self) -> None:
        """Take another secret where this one is used up, or was left for long."""
        with self._lock:
            if not self.fits(self.secret.get_secret_value()):
                self._make()

    def fits(self, given: str) -> bool:
        """Return True where *given* is the secret, and it was neither used nor left for long."""
        expected = self.secret.get_secret_value().encode()
        is_over = self._is_used or self._clock() >= self._until
        return not is_over and hmac.compare_digest(given.encode(errors="replace"), expected)

    def use(self, given: str) -> bool:
        """Use it up; True for the first who has it."""
        with self._lock:
            is_first = self.fits(given)
            self._is_used = self._is_used or is_first
            return is_first


class Door:
    """Lets operators in, and out.

    Args:
        context: What the console's pages share.
        key: The password, or the link that works once.
    """

    def __init__(self, context: ConsoleContext, key: Password | OneTimeLink, way: str) -> None:
        self._context, self._key = context, key
        context.has_door = True
        self._sessions = context.broker.console_sessions
        # With another password, or after a restart with another link, sessions of before are over.
        self._way = way

    @classmethod
    def with_password(cls, password: SecretStr) -> Callable[[ConsoleContext], "Door"]:
        """Return what makes a door that a password opens."""

        def make(context: ConsoleContext) -> Door:
            way = context.broker.sign("console password", password.get_secret_value())
            return cls(context, Password(password), way)

        return make

    @classmethod
    def with_link(cls, link: OneTimeLink) -> Callable[[ConsoleContext], "Door"]:
        """Return what makes a door that *link* opens once."""
        return lambda context: cls(context, link, f"link {secrets.token_urlsafe(16)}")

    def find_operator(self, request: WebRequest) -> str | None:
        """Return who is signed in, by the cookie of *request*."""
        token = request.cookies.get(self._cookie_name, "")
        return self._sessions.find(token, self._way) if token else None

    def link_of(self, link: OneTimeLink) -> str:
        """Return the address to print."""
        origin = self._context.broker.settings.public_url
        return f"{origin}{self._context.link(ENTER, once=link.secret.get_secret_value())}"

    def answer(self, request: WebRequest, path: str) -> WebResponse | None:
        """Return the answer to whoever comes in or goes out; None for all other paths."""
        try:
            if path == ENTER and request.method in {"GET", "HEAD"}:
                return self._show(request)
            if path == ENTER and request.method == "POST":
                return self._enter(request)
            if path == LEAVE and request.method == "POST":
                return self._leave(request)
        except Refused as refused:
            return self._context.notice(None, refused)
        return None

    def lead_in(self, request: WebRequest) -> WebResponse | None:
        """Lead a signed-out visitor to the password; None where only a link leads in."""
        if isinstance(self._key, OneTimeLink) or request.method not in {"GET", "HEAD"}:
            return None
        return self._context.redirect(ENTER)

    def _show(self, request: WebRequest, wrong: str = "", status: int = 200) -> WebResponse:
        """Ask for the password, or for the click that uses the link up: no preview of it does."""
        once = request.query_value("once") or request.form_value("once") or ""
        has_password = isinstance(self._key, Password)
        if isinstance(self._key, OneTimeLink) and not self._key.fits(once):
            raise _OVER
        browser = self._context.browser_of(request) or secrets.token_urlsafe(32)
        page = self._context.page(
            None,
            "enter.html",
            status,
            action=self._context.link(ENTER),
            token=self._context.form_token(browser, "", ENTER),
            once="" if has_password else once,
            has_password=has_password,
            wrong=wrong,
            name=request.form_value("name") or "",
            hours=SESSION_HOURS,
        )
        name = self._context.cookie_name
        return page.with_cookies(
            self._context.cookie(name, browser, SESSION_HOURS * 3600, samesite="Lax")
        )

    def _enter(self, request: WebRequest) -> WebResponse:
        self._context.require_own_form(request, "", ENTER)
        operator = self._identify(request)
        if not isinstance(operator, str):
            return operator
        log.info("%r has signed in to the console", operator)
        token = self._sessions.begin(operator, self._way, hours=SESSION_HOURS).get_secret_value()
        cookie = self._context.cookie(
            self._cookie_name, token, SESSION_HOURS * 3600, samesite="Strict"
        )
        return self._context.redirect().with_cookies(cookie)

    def _identify(self, request: WebRequest) -> str | WebResponse:
        if isinstance(self._key, OneTimeLink):
            if not self._key.use(request.form_value("once") or ""):
                raise _OVER
            return self._key.operator
        name = (request.form_value("name") or "").strip()[:MOST_NAME]
        if not is_owner(name):
            return self._show(request, "Say who you are: the audit names you.", 400)
        if not self._key.is_right(request.form_value("password") or "", request.peer or ""):
            log.warning("a wrong password was given at the console, from %s", request.peer)
            return self._show(request, "That is not the password.", 403)
        return name

    def _leave(self, request: WebRequest) -> WebResponse:
        operator = self.find_operator(request)
        if operator is None:
            raise _OVER
        self._context.require_own_form(request, operator, LEAVE)
        self._sessions.end(request.cookies.get(self._cookie_name, ""))
        page = self._context.notice(None, _LEFT)
        return page.with_cookies(self._context.cookie(self._cookie_name, "", 0, samesite="Strict"))

    @property
    def _cookie_name(self) -> str:
        return f"{self._context.cookie_name}_session"


_OVER = Refused(
    404,
    "Nothing is here",
    "A link to the console works once, and for an hour. Start the app again for another one.",
)
_LEFT = Refused(200, "You are signed out", "This browser can do nothing in the console any more.")
