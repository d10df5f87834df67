"""What every page and every API answer needs: the broker, the renderer and the app's own links."""

from dataclasses import dataclass

from portalkey.broker import Broker
from portalkey.web import headers
from portalkey.web.render import Renderer
from portalkey.web.sentences import sentence, title
from portalkey.web.signed import Start, sign_form, sign_start
from portalkey.web.values import WebResponse


@dataclass(frozen=True, slots=True)
class Desk:
    """What the web face works with.

    ``login_url`` is where a signed-out visitor is sent, or None to show a page that says so.
    ``has_setup_page`` is False where the app shows connections on a page of its own.
    """

    broker: Broker
    render: Renderer
    login_url: str | None = None
    has_setup_page: bool = True

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
        keyring, now = self.broker.vault.keyring, self.broker.vault.store.now()
        return f"{url}?t={sign_start(keyring, start, browser=browser, owner=owner, now=now)}"

    def form_token(self, owner: str, browser: str) -> str:
        """The token that this visitor's forms carry."""
        return sign_form(self.broker.vault.keyring, browser=browser, owner=owner)

    def notice(self, code: str, status: int, *, back: str | None = None) -> WebResponse:
        """A page that says one thing, and leads back."""
        said = {"title": title(code), "sentence": sentence(code), "back": back}
        return WebResponse.page(self.render("popup/notice.html", **said), headers.POPUP, status)

    def refused(self, status: int) -> WebResponse:
        """The page of a callback that is not ours to finish.

        It stands at an address that may hold a code, so it loads nothing.
        """
        body = self.render("popup/refused.html", sentence=sentence("not_from_here"), back=self.home)
        return WebResponse.page(body, headers.POPUP, status)

    def signed_out(self) -> WebResponse:
        """To the host's sign-in, or a page that asks for it."""
        if self.login_url is not None:
            return WebResponse.to(self.login_url, headers.POPUP)
        return self.notice("signed_out", 401)
