"""What every page and every API answer needs: the broker, the renderer and the app's own links."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from portalkey.model.connection import Connection
from portalkey.web import headers
from portalkey.web.http import WebResponse
from portalkey.web.rendering import Renderer
from portalkey.web.signed_tokens import Start, sign_form, sign_start
from portalkey.web.strings import ENGLISH

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

MayDisconnect = Callable[[str, Connection], bool]
"""Whether whoever asks may disconnect this *owner*'s connection; the app knows who that is."""


def anybody(owner: str, connection: Connection) -> bool:
    """Whoever stands for the *owner* may disconnect."""
    del owner, connection
    return True


@dataclass(frozen=True, slots=True)
class Context:
    """What the web face works with.

    ``login_url`` is where a signed-out visitor is sent, or None to show a page that says so.
    ``has_setup_page`` is False where the app shows connections on a page of its own. ``deliver``
    says what the page that opened the popup may fetch. ``may_disconnect`` is asked in a request, as
    is ``owner_name``: what people call an owner.
    """

    broker: "Broker"
    render: Renderer
    login_url: str | None = None
    has_setup_page: bool = True
    deliver: Literal["access_token"] | None = None
    may_disconnect: MayDisconnect = anybody
    owner_name: Callable[[str], str] = str

    def path(self, path: str) -> str:
        """*path* under the prefix that the app is mounted at."""
        return f"{self.broker.settings.mount}{path}"

    @property
    def home(self) -> str:
        """Where a visitor is led back to: the setup page, or the app's front door without one."""
        return self.path("/connections/setup" if self.has_setup_page else "/")

    def connect_url(self, owner: str | None, browser: str | None, start: Start) -> str:
        """The link into the journey: signed for this owner and browser, bare where nobody is in."""
        url = self.path("/auth/hubspot/start")
        if owner is None or browser is None:
            return url
        token = sign_start(
            self.broker,
            start,
            browser=browser,
            owner=owner,
            origins=self.broker.settings.allowed_origins,
        )
        return f"{url}?t={token}"

    def form_token(self, owner: str, browser: str) -> str:
        """The token that this visitor's forms carry."""
        return sign_form(self.broker, browser=browser, owner=owner)

    def language(self, tag: str | None = None) -> str:
        """The language to speak to somebody who asked for *tag*; the host's where none will do."""
        return self.render.strings.language(tag)

    def sentence(self, code: str | None, language: str = ENGLISH) -> str:
        """The sentence for an error *code*, or one that fits any."""
        return self.render.strings.sentence(code, self.language(language))

    def notice(
        self, code: str, status: int, *, back: str | None = None, language: str | None = None
    ) -> WebResponse:
        """A page that says one thing, and leads back."""
        spoken = self.language(language)
        body = self.render(
            "popup/notice.html",
            language=spoken,
            title=self.render.strings.title(code, spoken),
            sentence=self.sentence(code, spoken),
            back=back,
        )
        return WebResponse.page(body, headers.POPUP, status)

    def problem(self, code: str, status: int) -> WebResponse:
        """The same as JSON: ``{"error": code, "message": sentence}``."""
        said = {"error": code, "message": self.sentence(code)}
        return WebResponse.json(said, headers.API, status)

    def signed_out(self, *, language: str | None = None) -> WebResponse:
        """To the host's sign-in, or a page that asks for it."""
        if self.login_url is not None:
            return WebResponse.to(self.login_url, headers.POPUP)
        return self.notice("signed_out", 401, language=language)
