"""Browsers of the matrix's host, whichever framework it is made with."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.test import Client, override_settings
from flask import Flask, session
from flask.testing import FlaskClient
from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotAuth as HubSpotAuthOfASGI
from portalkey.flask import HubSpotAuth
from portalkey.web.host import BROWSER_KEY
from support.django_hosting import set_up

Cookie = tuple[str, str, str]
"""A cookie's name, value and path."""


class Browser(ABC):
    """One browser: requests, and cookies as whoever tosses some can set them."""

    @abstractmethod
    def get(self, path: str) -> Any:
        """The answer to a navigation."""

    @abstractmethod
    def post(self, path: str, **given: Any) -> Any:
        """The answer to a form, or to a script's own request."""

    @abstractmethod
    def cookies(self) -> list[Cookie]:
        """All that it has."""

    @abstractmethod
    def toss(self, cookie: Cookie) -> None:
        """Put a cookie of somebody else's into it."""


class App(ABC):
    """A host with a Strict session that delivers tokens.

    ``/login/OWNER/PERSON`` signs in, in whichever session there is. ``/value`` shows the value
    that tells this session apart, and ``/value/X`` puts another in its place.
    """

    @abstractmethod
    def new_browser(self) -> Browser:
        """A browser that was never here."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Give back what it holds."""


class FlaskApp(App):
    """Such a host of Flask's."""

    def __init__(self, broker: Broker) -> None:
        self.app = Flask("matrix")
        self.app.config.update(SECRET_KEY="of-the-host", SESSION_COOKIE_SAMESITE="Strict")
        self.app.add_url_rule("/login/<owner>/<person>", "login", self._sign_in)
        self.app.add_url_rule("/value", "value", lambda: session[BROWSER_KEY])
        self.app.add_url_rule("/value/<value>", "toss", self._put)
        owner, person = lambda: session.get("owner"), lambda: session.get("person")
        HubSpotAuth(self.app, broker, owner=owner, person=person, deliver="access_token")

    def new_browser(self) -> Browser:
        """A client of Flask's."""
        return FlaskBrowser(self.app.test_client())

    def _sign_in(self, owner: str, person: str) -> str:
        session.update(owner=owner, person=person)
        return "in"

    def _put(self, value: str) -> str:
        session[BROWSER_KEY] = value
        return "put"


class FlaskBrowser(Browser):
    """A client of Flask's."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> Any:
        """The answer to a navigation."""
        return self.client.get(path)

    def post(self, path: str, **given: Any) -> Any:
        """The answer to a form, or to a script's own request."""
        return self.client.post(path, **given)

    def cookies(self) -> list[Cookie]:
        """All that it has."""
        return [(each.key, each.value, each.path) for each in (self.client._cookies or {}).values()]

    def toss(self, cookie: Cookie) -> None:
        """Put a cookie of somebody else's into it."""
        name, value, path = cookie
        self.client.set_cookie(name, value, path=path)


class ASGIApp(App):
    """Such a host of Starlette's, whose functions are awaited."""

    def __init__(self, broker: Broker) -> None:
        self.app, self.url = Starlette(), broker.settings.public_url
        self.app.add_middleware(SessionMiddleware, secret_key="of-the-host", same_site="strict")
        self.app.add_route("/login/{owner}/{person}", self._sign_in)
        self.app.add_route("/value", self._show)
        self.app.add_route("/value/{value}", self._put)

        async def owner(request: Request) -> str | None:
            return str(request.session["owner"]) if "owner" in request.session else None

        async def person(request: Request) -> str | None:
            return str(request.session["person"])

        HubSpotAuthOfASGI(self.app, broker, owner=owner, person=person, deliver="access_token")

    def new_browser(self) -> Browser:
        """A client of Starlette's."""
        return ASGIBrowser(TestClient(self.app, self.url, follow_redirects=False))

    async def _sign_in(self, request: Request) -> Response:
        request.session.update(request.path_params)
        return PlainTextResponse("in")

    async def _show(self, request: Request) -> Response:
        return PlainTextResponse(request.session[BROWSER_KEY])

    async def _put(self, request: Request) -> Response:
        request.session[BROWSER_KEY] = request.path_params["value"]
        return PlainTextResponse("put")


class ASGIBrowser(Browser):
    """A client of Starlette's."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str) -> Any:
        """The answer to a navigation."""
        return self.client.get(path)

    def post(self, path: str, **given: Any) -> Any:
        """The answer to a form, or to a script's own request."""
        return self.client.post(path, **given)

    def cookies(self) -> list[Cookie]:
        """All that it has."""
        return [(each.name, each.value or "", each.path) for each in self.client.cookies.jar]

    def toss(self, cookie: Cookie) -> None:
        """Put a cookie of somebody else's into it."""
        name, value, path = cookie
        self.client.cookies.set(name, value, domain="localhost.local", path=path)


class DjangoApp(App):
    """Such a host of Django's, of which there is one a process."""

    def __init__(self, broker: Broker) -> None:
        set_up()
        from portalkey.django.testing import use_broker  # noqa: PLC0415 - Django is set up by now

        self._host = broker.settings.public_url.partition("://")[2]
        self._held = ExitStack()
        self._held.enter_context(override_settings(**DJANGO))
        self._held.enter_context(use_broker(broker))

    def new_browser(self) -> Browser:
        """A client of Django's."""
        return DjangoBrowser(Client(headers={"host": self._host}))

    def close(self) -> None:
        """Let another be served."""
        self._held.close()


DJANGO = {
    "PORTALKEY": {
        "owner": lambda request: request.session.get("owner"),
        "person": lambda request: request.session["person"],
        "deliver": "access_token",
    },
    "ROOT_URLCONF": "security.django_urls",
    "SESSION_COOKIE_SAMESITE": "Strict",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "LOGIN_URL": "/no-such-page",
}


class DjangoBrowser(Browser):
    """A client of Django's, before a site whose own forgery check is on."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.client.handler.enforce_csrf_checks = True

    def get(self, path: str) -> Any:
        """The answer to a navigation."""
        return self.client.get(path)

    def post(self, path: str, **given: Any) -> Any:
        """The answer to a form, or to a script's own request."""
        return self.client.post(path, **given)

    def cookies(self) -> list[Cookie]:
        """All that it has."""
        return [(each.key, each.value, each["path"]) for each in self.client.cookies.values()]

    def toss(self, cookie: Cookie) -> None:
        """Put a cookie of somebody else's into it."""
        name, value, path = cookie
        self.client.cookies[name] = value
        self.client.cookies[name]["path"] = path


APPS: dict[str, Callable[[Broker], App]] = {
    "flask": FlaskApp,
    "fastapi": ASGIApp,
    "django": DjangoApp,
}
"""By skin."""
