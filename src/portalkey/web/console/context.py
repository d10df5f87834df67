"""Parts that the console's pages share: broker, renderer, links, and forms that can be trusted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from portalkey.model.connection import is_owner
from portalkey.web import headers
from portalkey.web.console.minute import Minute
from portalkey.web.http import Cookie, WebRequest, WebResponse
from portalkey.web.rendering import FindStaticFile, Renderer
from portalkey.web.signed_tokens import is_console_form_signed, sign_console_form
from portalkey.web.static_files import static_version

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.broker.health import Health
    from portalkey.broker.keys import KeyStatus

LEAVE = "leave"
"""Path below the console's that signs out."""
COOKIE_SECONDS = 12 * 3600
TOKEN_FIELD = "portalkey_token"  # noqa: S105 - a name
_PATH = re.compile(r"(/[A-Za-z0-9_-]+)+")


class Refused(Exception):
    """A request that is answered by a notice: its status, heading and sentence."""

    def __init__(self, status: int, title: str, sentence: str) -> None:
        super().__init__(title)
        self.status, self.title, self.sentence = status, title, sentence


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of an operator, who is known by name.

    ``browser`` is the random value of the console's own cookie, which forms are bound to.
    """

    request: WebRequest
    operator: str
    browser: str = field(repr=False)
    arguments: Mapping[str, str] = field(default_factory=dict)

    def query(self, name: str) -> str:
        """Return the query parameter *name* without spaces around it; "" where it is not given.

        Raises:
            Refused: It is given twice.
        """
        if sum(key == name for key, _ in self.request.query) > 1:
            raise Refused(400, "This address says it twice", f"It names “{name}” more than once.")
        return (self.request.query_value(name) or "").strip()


class ConsoleContext:
    """The parts that every page works with.

    Args:
        broker: The broker that is looked into.
        path: Path of the console, below the app's mount.
        find_static_file: Finds the app's logo, where it is a file of the app's.
    """

    def __init__(
        self, broker: "Broker", path: str, find_static_file: FindStaticFile | None = None
    ) -> None:
        if not _PATH.fullmatch(path):
            raise ValueError(f"path must be a path such as /console, not {path!r}")
        self.broker = broker
        self.root = f"{broker.settings.mount}{path}"
        self.has_door = False
        self._render = Renderer(broker.settings, find_static_file=find_static_file)
        self.key_status: Minute[KeyStatus] = Minute(self._count_keys)
        self.health: Minute[Health] = Minute(broker.check_health)

    def _count_keys(self) -> "KeyStatus":
        return self.broker.keys.status()

    def link(self, path: str = "", **query: object) -> str:
        """Return the address of a page of the console; what of *query* is empty is left out."""
        named = {name: str(value) for name, value in query.items() if value not in {None, ""}}
        address = f"{self.root}/{quote(path)}" if path else self.root
        return f"{address}?{urlencode(named)}" if named else address

    def page(
        self,
        visit: Visit | None,
        template: str,
        code: int = 200,
        **facts: Any,  # noqa: ANN401 - templates take anything
    ) -> WebResponse:
        """Return the page that *template* makes of *facts*."""
        body = self._render(
            f"console/{template}",
            language="en",
            pk_static=lambda name: f"{self.root}/static/{static_version()}/{name}",
            link=self.link,
            operator=visit.operator if visit else None,
            leave_token=self._leave_token(visit),
            exact=exact,
            exact_span=exact_span,
            code=mark_code,
            **facts,
        )
        return WebResponse.page(body, headers.CONSOLE, code)

    def word_done(self, visit: Visit) -> str:
        """Return which words say what was done: a copy has some of its own."""
        done = visit.query("done")
        is_copy = self.broker.settings.is_copy and done in {"disconnected", "erased", "given-back"}
        return f"{done}-in-copy" if is_copy else done

    def _leave_token(self, visit: Visit | None) -> str:
        """Return the token of the form that signs out; nothing where a host app does that."""
        if visit is None or not self.has_door:
            return ""
        return self.form_token(visit.browser, visit.operator, LEAVE)

    def notice(self, visit: Visit | None, refused: Refused) -> WebResponse:
        """Return the page that says why something was not done."""
        return self.page(
            visit,
            "notice.html",
            refused.status,
            title=refused.title,
            sentence=refused.sentence,
        )

    def redirect(self, path: str = "", **query: object) -> WebResponse:
        """Lead to another page of the console."""
        return WebResponse.redirect(self.link(path, **query), headers.CONSOLE)

    def form_token(self, browser: str, operator: str, path: str) -> str:
        """Return the token that the form of this *operator*, posted to *path*, carries."""
        return sign_console_form(self.broker, browser=browser, operator=operator, path=path)

    def require_own_form(self, request: WebRequest, operator: str, path: str) -> None:
        """Return where this console's own page posted to *path*.

        Raises:
            Refused: It did not, or another operator's did.
        """
        token, browser = request.form_value(TOKEN_FIELD), self.browser_of(request)
        check = None
        if not request.is_own_post(self.broker.settings.allowed_origins):
            check = "origin"
        elif not is_console_form_signed(
            self.broker, token, browser=browser, operator=operator, path=path
        ):
            check = "token"
        if check is not None:
            self.broker.count_forgery(None, check)
            raise Refused(
                403,
                "That was not done",
                "The form did not come from a page of this console in this browser, or is from "
                "before you signed in. Open the page again, and repeat it there.",
            )

    @property
    def cookie_name(self) -> str:
        """Name of the console's own cookie, which no page that came over http can set on https."""
        return f"{'__Secure-' if self.broker.settings.is_secure else ''}portalkey_console"

    def browser_of(self, request: WebRequest) -> str | None:
        """Return the value of this browser's cookie, where it is well-formed."""
        value = request.cookies.get(self.cookie_name, "")
        return value if re.fullmatch(r"[A-Za-z0-9_-]{43}", value) else None

    def cookie(self, name: str, value: str, seconds: int, *, samesite: str) -> Cookie:
        """Return a cookie of the console's; without a *value* it is dropped."""
        is_secure = self.broker.settings.is_secure
        return Cookie(name, value, self.root, seconds if value else 0, is_secure, samesite)


def read_operator(value: object) -> str | None:
    """Return the operator's name that the app's ``allow`` returned; None where it refuses.

    Raises:
        TypeError: It is something else, such as True: the app's mistake, and nobody comes in.
    """
    if value is None or is_owner(value):
        return value
    raise TypeError(
        "allow must return the operator's name, a non-empty string that the audit will hold, or "
        f"None where whoever asks is no operator; it returned a {type(value).__name__}"
    )


def exact(moment: datetime | None) -> str:
    """Return *moment* to the second, in UTC."""
    return f"{moment.day} {moment:%b %Y, %H:%M:%S}" if moment else ""


def exact_span(began: datetime, ended: datetime) -> str:
    """Return from when to when, with the day once where it is the same."""
    is_one_day = began.date() == ended.date()
    return f"{exact(began)} to {f'{ended:%H:%M:%S}' if is_one_day else exact(ended)}"


def mark_code(sentence: str) -> Markup:
    """Return *sentence*, escaped, with what stands in backticks as code."""
    parts = sentence.split("`")
    marked = [Markup("<code>{}</code>").format(each) for each in parts[1::2]]
    return Markup("").join(
        piece
        for pair in zip_longest(map(escape, parts[::2]), marked, fillvalue="")
        for piece in pair
    )
