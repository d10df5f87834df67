"""Everything that pages and API answers share: the broker, the renderer and the app's options."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from portalkey.errors import TooManyAttempts
from portalkey.hubspot.scopes import parse_further
from portalkey.model.attempt import MINUTE, Attempt, AttemptStatus
from portalkey.model.authorization import LinkCookies
from portalkey.model.connection import Connection
from portalkey.sentences import ENGLISH
from portalkey.web import headers
from portalkey.web.http import Cookie, WebRequest, WebResponse, attempt_cookie
from portalkey.web.options import WebOptions, add_next
from portalkey.web.rendering import Renderer
from portalkey.web.signed_tokens import Signer, Start, sign_form, sign_start

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that every handler works with, and the answers that several of them give."""

    broker: "Broker"
    render: Renderer
    options: WebOptions

    def path(self, path: str) -> str:
        """Return *path* under the prefix that the app is mounted at."""
        return f"{self.broker.settings.mount}{path}"

    @property
    def entrance(self) -> str:
        """The setup page, or without one the app's front door; below the app's prefix."""
        return "/connections/setup" if self.options.setup_page else "/"

    @property
    def home(self) -> str:
        """Path to lead visitors back to."""
        return self.path(self.entrance)

    def start(
        self,
        next_url: str | None,
        hub_id: int | None,
        *,
        another: bool = False,
        scopes: Iterable[str] = (),
    ) -> Start:
        """Return what a link begins; raises ``ValueError`` where *scopes* cannot be any."""
        return Start(next_url or self.home, hub_id, another, parse_further(scopes))

    def connect_url(
        self, owner: str | None, browser: str | None, start: Start, signer: Signer | None = None
    ) -> str:
        """Return the link into the journey: signed for this visitor, bare where nobody is in.

        The broker signs it, and says what time it is, where no other *signer* does.
        """
        url = self.path("/auth/hubspot/start")
        if owner is None or browser is None:
            return url
        token = sign_start(
            signer or self.broker,
            start,
            browser=browser,
            owner=owner,
            origins=self.broker.settings.allowed_origins,
        )
        return f"{url}?t={token}"

    def form_token(self, owner: str, browser: str) -> str:
        """Return the token that this visitor's forms carry."""
        return sign_form(self.broker, browser=browser, owner=owner)

    def attempt_of_session(self, request: WebRequest, attempt_id: str | None) -> Attempt | None:
        """Return the attempt if whoever is signed in began it, in this very session; else None."""
        if attempt_id is None:
            return None
        return self.broker.attempt_of_session(attempt_id, request.visitor)

    def attempt_of_cookie(self, request: WebRequest, attempt_id: str | None) -> Attempt | None:
        """Return the attempt if this browser has its cookie, and that of its link; else None."""
        cookies = request.attempt_cookies
        if attempt_id is None or attempt_id not in cookies:
            return None
        return self.broker.attempt_of_browser(attempt_id, cookies, self.link_cookies(request))

    def link_cookies(self, request: WebRequest) -> LinkCookies:
        """Return the cookies of links that the browser of *request* went on with."""
        return request.link_cookies(is_secure=self.broker.settings.is_secure)

    def attempt_cookie(self, attempt_id: str, value: str, max_age: int) -> Cookie:
        """Return the cookie of an attempt, which the callback and what follows it get."""
        is_secure = self.broker.settings.is_secure
        return Cookie(
            name=attempt_cookie(attempt_id, is_secure=is_secure),
            value=value,
            path=self.path("/auth/hubspot"),
            max_age=max_age,
            secure=is_secure,
        )

    def may_disconnect(self, connection: Connection) -> bool:
        """Return True where whoever asks may disconnect *connection*; by default everybody may."""
        allows = self.options.may_disconnect
        return allows is None or allows(connection.owner, connection)

    def describe(self, connection: Connection) -> dict[str, Any]:
        """Return the facts of *connection* that the page and the API both show."""
        account = connection.account
        return {
            "id": connection.id,
            "hub_id": account.hub_id,
            "hub_domain": account.hub_domain,
            "user_email": account.user_email,
            "time_zone": account.time_zone,
            "ui_domain": account.ui_domain,
            "status": connection.status.value,
            "scopes": connection.scopes or None,
            "may_disconnect": self.may_disconnect(connection),
        }

    def language(self, tag: str | None = None) -> str:
        """Return the language for somebody who asked for *tag*; the host's where none will do."""
        return self.render.strings.language(tag)

    def language_of(self, request: WebRequest) -> str:
        """Return the language that a *request* asks for: itself, or else by its browser."""
        accepts = request.headers.get("accept-language")
        return self.render.strings.language(request.query_value("language"), accepts)

    def sentence(
        self,
        code: str | None,
        language: str = ENGLISH,
        *,
        cause: str = "",
        wait: float | None = None,
    ) -> str:
        """Return the sentence for an error *code*, or one that fits any."""
        strings = self.render.strings
        return strings.sentence(code, strings.language(language), cause=cause, wait=wait)

    def heading(self, code: str, language: str) -> str:
        """Return the heading over the *code* that ended an attempt."""
        strings = self.render.strings
        if strings.has(f"title:{code}", language):
            return strings.title(code, language)
        return strings.plain(language, "not_connected_heading")

    def explain(self, attempt: Attempt, code: str, language: str) -> str:
        """Return the sentence for the *code* that an *attempt* is shown with."""
        cause = (attempt.failed_check or "") if code == attempt.error else ""
        return self.sentence(code, language, cause=cause, wait=wait_of(attempt))

    def notice(
        self,
        code: str,
        status: int,
        *,
        back: str | None = None,
        address: str | None = None,
        tag: str | None = None,
        cause: str = "",
        wait: float | None = None,
        has_retry: bool = False,
    ) -> WebResponse:
        """Return a page that says one thing, in the language of *tag*, and leads *back*.

        *address* is the origin that *back* leads to, where that is another than the page's own.
        *wait* is in how many seconds it is worth trying again. With *has_retry* it has a link to
        its own address, too.
        """
        language = self.language(tag)
        body = self.render(
            "popup/notice.html",
            language=language,
            title=self.render.strings.title(code, language),
            sentence=self.sentence(code, language, cause=cause, wait=wait),
            back=back,
            address=address,
            has_retry=has_retry,
        )
        return WebResponse.page(body, headers.POPUP, status)

    def page_of_connections(
        self,
        request: WebRequest,
        template: str,
        language: str,
        **facts: Any,  # noqa: ANN401 - templates take anything
    ) -> WebResponse:
        """Return a page about connections, in the host's layout where it has named one."""
        owner = request.owner or ""
        values = {
            "pk_owner": owner,
            "pk_owner_name": self._name_owner(owner),
            "app_url": self.path("/"),
            **facts,
        }
        page = self.render.in_host_layout(template, language=language, **values)
        if page is not None:
            return WebResponse.page(page, headers.IN_HOST_LAYOUT)
        return WebResponse.page(self.render(template, language=language, **values), headers.SETUP)

    def _name_owner(self, owner: str) -> str:
        """Return what people call *owner*; nothing where the app says none, as an id says none."""
        is_named = self.options.owner_name is not str
        return self.options.owner_name(owner) if is_named else ""

    def problem(
        self, code: str, status: int, *, cause: str = "", wait: float | None = None
    ) -> WebResponse:
        """Return the same as JSON: ``{"error": code, "message": sentence}``."""
        body = {"error": code, "message": self.sentence(code, cause=cause, wait=wait)}
        return WebResponse.json(body, headers.API, status)

    def refuse(self, request: WebRequest, code: str, status: int) -> WebResponse:
        """Return the problem to a program, and to a person the notice that leads back home."""
        if request.wants_json:
            return self.problem(code, status)
        return self.lead_home(request, code, status)

    def lead_home(self, request: WebRequest, code: str, status: int) -> WebResponse:
        """Return the notice that leads back home."""
        return self.notice(code, status, back=self.home, tag=self.language_of(request))

    def lead_to_address(self, request: WebRequest) -> WebResponse:
        """Refuse what comes from a page of ours under another name, and lead to the public URL."""
        code, status, public_url = "other_address", 421, self.broker.settings.public_url
        if request.wants_json:
            return self.problem(code, status)
        tag = self.language_of(request)
        back = f"{public_url}{self.home}"
        return self.notice(code, status, back=back, address=public_url, tag=tag)

    def lead_to_question(self, attempt: Attempt) -> WebResponse:
        """Lead on to the page that asks whether the account that came back is meant."""
        path = self.path(f"/auth/hubspot/confirm?attempt={attempt.id}")
        return WebResponse.redirect(path, headers.POPUP)

    def ask_to_sign_in(self, request: WebRequest, way_back: str | None = None) -> WebResponse:
        """Lead a signed-out visitor to the host's sign-in, or show a page that asks for it.

        *way_back* is the path to go on at, by default home.
        """
        login = self.options.login_url
        if login is None:
            return self.notice("signed_out", 401, tag=self.language_of(request))
        back = way_back or self.home
        url = add_next(login, back) if isinstance(login, str) else login(back)
        return WebResponse.redirect(url, headers.POPUP)

    def way_on(self, attempt: Attempt) -> str:
        """Return where an *attempt* leads back to; our own page says there what has connected."""
        is_ours = self.options.setup_page and attempt.next == self.home
        if attempt.status is not AttemptStatus.CONNECTED or not is_ours:
            return attempt.next
        return f"{attempt.next}?{urlencode({'connected': attempt.id})}"

    def way_back(self, request: WebRequest, path: str, **query: str | None) -> str:
        """Return *path* and what of *query* there is, in the language that *request* asks for."""
        tag = request.query_value("language")
        wanted = {**query, "language": tag and self.language(tag)}
        kept = urlencode({name: value for name, value in wanted.items() if value})
        return f"{self.path(path)}?{kept}" if kept else self.path(path)


def wait_of(attempt: Attempt) -> float | None:
    """Return the seconds after which another attempt may begin, where this one was one too many."""
    if attempt.error != TooManyAttempts.code or attempt.ended_at is None:
        return None
    return max(1.0, MINUTE - (attempt.seen_at - attempt.ended_at).total_seconds())
