"""An operator before the console of a host app, as far as HTTP goes."""

from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portalkey.broker import Broker
from portalkey.flask import HubSpotConsole

HEADER = "X-Operator"
"""Header by which the host app of these tests knows its operators."""


def host_app(broker: Broker, **options: Any) -> Flask:
    """A host app with a console, and nothing else."""
    app = Flask("host")
    HubSpotConsole(app, broker, allow=lambda request: request.headers.get(HEADER), **options)
    return app


class Operator:
    """Somebody of a *name* in front of a browser; None is somebody who is no operator."""

    def __init__(self, app: Flask, broker: Broker, name: str | None = "grace") -> None:
        self.broker, self.name = broker, name
        self.http: FlaskClient = app.test_client()
        self.own = {"Origin": broker.settings.public_url, "Sec-Fetch-Site": "same-origin"}
        self.host = urlsplit(broker.settings.public_url).netloc

    def get(self, path: str = "") -> TestResponse:
        """The answer to a navigation to *path*, below the console's or from the root."""
        return self.http.get(self._address(path), headers=self._headers({}))

    def post(self, path: str, form: dict[str, str], **headers: str) -> TestResponse:
        """The answer to a form; *headers* come in the place of a browser's own."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        own = {name.lower(): value for name, value in self.own.items()}
        return self.http.post(
            self._address(path), data=form, headers=self._headers({**own, **given})
        )

    def page(self, path: str = "") -> BeautifulSoup:
        """The page at *path*, read."""
        return BeautifulSoup(self.get(path).text, "html.parser")

    def form(self, path: str) -> dict[str, str]:
        """The fields of the form in the page's middle at *path*."""
        form = self.page(path).select_one("main form")
        assert form is not None
        return {str(each["name"]): str(each.get("value", "")) for each in form.select("input")}

    def confirm(self, path: str, **more: str) -> TestResponse:
        """Press the button on the page at *path*."""
        return self.post(path, {**self.form(path), **more})

    def _address(self, path: str) -> str:
        return path if path.startswith("/console") else f"/console{path}"

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        named = {} if self.name is None else {HEADER: self.name}
        return {"Host": self.host, **named, **headers}


def words(element: Tag | None) -> str:
    """The text of an element, its spaces in order."""
    assert element is not None
    return " ".join(element.get_text(" ").split())


def names(page: BeautifulSoup) -> list[str]:
    """The connections on a page, by what they are called."""
    return sorted(words(each) for each in page.select("tbody td:first-child > a"))
