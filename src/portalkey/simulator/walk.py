"""Through the consent page over HTTP, as a person would go, without a browser."""

from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from portalkey.simulator.pages.sign_in import SIGNED_IN

_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Cookie": f"{SIGNED_IN}=1",
}


class StayedOnPage(Exception):
    """HubSpot's page said this, and nothing was sent to the app.

    ``sentence`` is what the page says.
    """

    def __init__(self, sentence: str) -> None:
        """Keep the page's *sentence*."""
        super().__init__(sentence)
        self.sentence = sentence


def decide(authorize_url: str, *, decision: str, hub_id: int | None) -> str:
    """The callback URL that a browser would be sent to by this *decision*.

    Without *hub_id* the account is taken that the page has preselected.

    Raises:
        StayedOnPage: There was no callback.
    """
    chosen = hub_id or _ask("GET", authorize_url).account
    answer = _ask("POST", authorize_url, {"hub_id": str(chosen), "decision": decision})
    if answer.location is None:
        raise StayedOnPage(answer.sentence)
    return answer.location


@dataclass(slots=True)
class _Page:
    """What matters of one answer."""

    location: str | None
    account: str = ""
    sentence: str = ""


def _ask(method: str, url: str, form: dict[str, str] | None = None) -> _Page:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        target = parts._replace(scheme="", netloc="", fragment="").geturl()
        connection.request(method, target, urlencode(form or {}), _HEADERS)
        answer = connection.getresponse()
        return _Reader(_Page(answer.getheader("Location"))).read(answer.read().decode())
    finally:
        connection.close()


class _Reader(HTMLParser):
    """Finds the preselected account, and the sentence where the page is an end."""

    def __init__(self, page: _Page) -> None:
        super().__init__()
        self._page = page
        self._in_sentence = False

    def read(self, html: str) -> _Page:
        self.feed(html)
        self.close()
        return self._page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self._in_sentence = attributes.get("id") == "sentence"
        if tag == "input" and "checked" in attributes:
            self._page.account = attributes["value"] or ""

    def handle_data(self, data: str) -> None:
        if self._in_sentence:
            self._page.sentence += data.strip()
