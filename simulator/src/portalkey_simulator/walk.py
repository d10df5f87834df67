"""Through the consent page over HTTP, as a person would go, without a browser."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import TypeAlias
from urllib.parse import urlencode, urlsplit

from flask import Flask

from portalkey_simulator.pages.sign_in import SIGNED_IN

_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Cookie": f"{SIGNED_IN}=1",
}


class StayedOnPage(Exception):
    """HubSpot's page refused, and nothing was sent to the app.

    ``sentence`` is what the page says.
    """

    def __init__(self, sentence: str) -> None:
        """Keep the page's *sentence*."""
        super().__init__(sentence)
        self.sentence = sentence


def decide(
    authorize_url: str,
    *,
    decision: str,
    hub_id: int | None = None,
    user_id: int | None = None,
    via: "Ask | None" = None,
) -> str:
    """Make this *decision*, and return the callback URL that a browser would be sent to.

    Without *hub_id* the account of *user_id* is taken, and without both the one that the page
    has preselected; without *user_id* the first person there. *via* is how it is asked, and over
    HTTP by default.

    Raises:
        StayedOnPage: There was no callback.
    """
    fields = choose_account(authorize_url, hub_id, user_id, via)
    return submit_form(authorize_url, {**fields, "decision": decision}, via)


def choose_account(
    url: str, hub_id: int | None, user_id: int | None, via: "Ask | None" = None
) -> dict[str, str]:
    """Choose an account, and a person in it, on the page at *url*; return the form's fields."""
    account = str(hub_id) if hub_id else (via or ask)("GET", url, {}).account_of(user_id)
    person = {f"user_{account}": str(user_id)} if user_id else {}
    return {"hub_id": account, **person}


def submit_form(url: str, form: dict[str, str], via: "Ask | None" = None) -> str:
    """Submit *form*, and return the address that it leads to.

    Raises:
        StayedOnPage: It leads nowhere.
    """
    answer = (via or ask)("POST", url, form)
    if answer.location is None:
        raise StayedOnPage(answer.sentence)
    return answer.location


@dataclass(slots=True)
class Page:
    """The parts of an answer that the walk needs.

    ``account`` is the one preselected, ``people`` are the user ids by the account's number,
    ``frame`` is what the page shows in a frame, and ``sentence`` is there where it is an end.
    """

    location: str | None
    account: str = ""
    people: dict[str, set[str]] = field(default_factory=dict)
    frame: str = ""
    sentence: str = ""
    is_installed: bool = False

    def account_of(self, user_id: int | None) -> str:
        """Return the account in which this person is, or the one preselected."""
        places = (hub_id for hub_id, people in self.people.items() if str(user_id) in people)
        return next(places, self.account)


Ask: TypeAlias = Callable[[str, str, dict[str, str]], Page]
"""One request of somebody who is signed in: method, URL and form in, the page out."""


def ask_within(application: Flask) -> Ask:
    """Ask the *application* itself, in the thread that asks.

    What it answers a request with may ask it so; over HTTP that would need a second thread, which
    many such requests at once would not leave.
    """

    def ask_it(method: str, url: str, form: dict[str, str]) -> Page:
        parts = urlsplit(url)
        answer = application.test_client(use_cookies=False).open(
            parts.path,
            method=method,
            base_url=f"http://{parts.netloc}",
            query_string=parts.query,
            data=urlencode(form),
            headers=_HEADERS,
        )
        return _Reader(Page(answer.headers.get("Location"))).read(answer.get_data(as_text=True))

    return ask_it


def ask(method: str, url: str, form: dict[str, str] | None = None) -> Page:
    """Send one request of somebody who is signed in."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        target = parts._replace(scheme="", netloc="", fragment="").geturl()
        connection.request(method, target, urlencode(form or {}), _HEADERS)
        answer = connection.getresponse()
        return _Reader(Page(answer.getheader("Location"))).read(answer.read().decode())
    finally:
        connection.close()


class _Reader(HTMLParser):
    """Parses a page for a ``Page``."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._in_sentence = False
        self._field = ""

    def read(self, html: str) -> Page:
        self.feed(html)
        self.close()
        return self._page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._in_sentence = attributes.get("id") == "sentence"
        self._page.is_installed |= attributes.get("id") == "installed"
        self._field = attributes.get("name", self._field)
        value = attributes.get("value", "")
        if "checked" in attributes:
            self._page.account = value
        if tag in {"input", "option"} and self._field.startswith("user_"):
            self._page.people.setdefault(self._field.removeprefix("user_"), set()).add(value)
        if tag == "iframe":
            self._page.frame = attributes["src"]

    def handle_data(self, data: str) -> None:
        if self._in_sentence:
            self._page.sentence += data.strip()
