"""Somebody with a browser, as far as HTTP goes: cookies kept by path, redirects seen one by one."""

import re
import secrets
import ssl
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx2
from bs4 import BeautifulSoup

from portalkey_simulator import HubSpot
from support.patience import PATIENCE


class Visitor:
    """One browser, on the app's pages and at the simulator."""

    def __init__(
        self, app_url: str, hubspot: HubSpot, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.app_url = app_url
        self.hubspot = hubspot
        self._mount = urlsplit(app_url).path
        # A context of its own: reading the system's authorities takes longer than a journey.
        tls = tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.http = httpx2.Client(base_url=app_url, timeout=PATIENCE, verify=tls)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """The answer of the app to a navigation, to a path below its mount or from the root."""
        path = path.removeprefix(self._mount)
        return self.http.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def setup(self) -> BeautifulSoup:
        """The setup page."""
        return BeautifulSoup(self.get("/connections/setup").text, "html.parser")

    def leave_form(self) -> dict[str, str]:
        """The form that disconnects the first account on the page: its fields, and ``action``."""
        link = self.setup().select_one("a.pk-leave")
        assert link is not None
        form = BeautifulSoup(self.get(str(link["href"])).text, "html.parser").form
        assert form is not None
        fields = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
        return {"action": str(form["action"]), **fields}

    @property
    def owner(self) -> str:
        """Who the app says this visitor is."""
        element = self.setup().select_one("[data-owner]")
        assert element is not None
        return str(element["data-owner"])

    @property
    def connect_link(self) -> str:
        """The link into the journey."""
        link = self.setup().find("a", href=re.compile(r"/auth/hubspot/start"))
        assert link is not None
        return str(link["href"])

    def begin(self, attempt: str | None = None) -> str:
        """Click the link, as ``connect.js`` does; the address at HubSpot that one is led to."""
        link = f"{self.connect_link}&attempt={attempt or secrets.token_urlsafe(16)}"
        answer = self.get(link, sec_fetch_site="same-origin")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def agree(self, authorize_url: str, hub_id: int | None = None) -> str:
        """Agree at HubSpot; the callback address that one is led to, without the origin."""
        parts = urlsplit(self.hubspot.approve(authorize_url, hub_id))
        return f"{parts.path}?{parts.query}"

    def connect(self, hub_id: int | None = None) -> httpx2.Response:
        """The whole journey; the page at its end."""
        callback = self.get(self.agree(self.begin(), hub_id))
        assert callback.status_code == 303, callback.text
        return self.get(callback.headers["location"])

    def status(self, attempt: str | None = None) -> dict[str, Any]:
        """What the status endpoint says."""
        query = f"?attempt={attempt}" if attempt else ""
        answer = self.get(f"/api/hubspot/status{query}")
        return {"http": answer.status_code, **answer.json()}

    def post(self, path: str, **headers: str) -> httpx2.Response:
        """The answer of the app to a program's POST from its own page."""
        own = {"x-portalkey-token": query_of(self.connect_link)["t"], "origin": self.app_url}
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.http.post(path, headers={**own, **given})


def query_of(url: str) -> dict[str, str]:
    """The query of *url*."""
    return dict(parse_qsl(urlsplit(url).query))
