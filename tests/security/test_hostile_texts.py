"""Text of any kind at every place that takes text, over HTTP, on both databases.

It is refused clearly, or the whole journey works and the text comes back as it was, encoded for
where it stands. Never a server error, and nothing half stored.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

import httpx2
import psycopg
import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask, request, session

from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth
from portalkey.model.connection import is_owner
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from security.malformed import TABLES, answers, read_rows
from security.texts import ALIKE, ELSEWHERE, ODD, OWN, TEXTS, UNSTORABLE
from support.visitor import Visitor, query_of

pytest_plugins = ("support.postgres",)

IN_A_FILE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what no database has a part in."""
TOO_LONG = 414
LONGEST_ADDRESS = 8000
"""Characters; servers refuse those over about 8190."""


@dataclass
class Place:
    """An app that takes whatever its users are called, and one browser before it."""

    broker: Broker
    hubspot: HubSpot
    visitor: Visitor
    names: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """The port that the app answers at."""
        return urlsplit(self.visitor.app_url).port or 0

    def sign_in(self, owner: str) -> None:
        """Sign *owner* in, in a session of their own."""
        self.visitor.http.cookies.clear()
        body = json.dumps({"owner": owner})
        self.visitor.http.post("/login", content=body, headers={"Content-Type": "application/json"})

    def half(self, texts: Sequence[str], number: int) -> Sequence[str]:
        """Return every other of *texts*; those between are for the other database."""
        is_file = self.broker.settings.database_url.startswith("sqlite")
        return texts[(number + is_file) % 2 :: 2]

    def setup(self) -> Tag:
        """The setup page's own part."""
        page = self.visitor.get("/connections/setup")
        assert page.status_code == 200, page.text[:300]
        part = BeautifulSoup(page.content, "html.parser").select_one("[data-owner]")
        assert part is not None
        return part

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All that is stored."""
        url = self.broker.settings.database_url
        if url.startswith("sqlite:///"):
            return read_rows(url.removeprefix("sqlite:///"))
        with psycopg.connect(url) as connection:
            tables = {name: f"portalkey.portalkey_{name}" for name in TABLES}
            return {
                name: sorted(connection.execute(f"TABLE {table}".encode()), key=repr)
                for name, table in tables.items()
            }


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Each kind of database; None is the one of the settings."""
    is_file = request.param == "sqlite"
    return None if is_file else str(request.getfixturevalue("migrated_postgres_url"))


@pytest.fixture
def place(
    database_url: str | None,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    hubspot: HubSpot,
    port: int,
) -> Iterator[Place]:
    """The app, answering, over each database."""
    if database_url is not None:
        settings = settings.model_copy(update={"database_url": database_url})
    broker, app, names = make_broker(settings), Flask("texts"), dict[str, str]()
    app.secret_key = "of-the-host"
    app.add_url_rule("/login", "login", sign_in, methods=["POST"])
    HubSpotAuth(
        app,
        broker,
        owner=lambda: session.get("owner"),
        owner_name=lambda owner: names.get(owner, owner),
    )
    with (
        Listener(app, broker, host="127.0.0.1", port=port),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        yield Place(broker, hubspot, visitor, names)


def sign_in() -> str:
    """Sign in whoever the body names."""
    session["owner"] = request.get_json()["owner"]
    return "in"


def link(place: Place, next_path: str | None = None) -> httpx2.Response:
    """Ask the status for the link into the journey, which leads back to *next_path*."""
    query = f"?next={quote(next_path, errors='surrogatepass')}" if next_path is not None else ""
    return place.visitor.get(f"/api/hubspot/status{query}")


def journey(place: Place, url: str) -> str:
    """Go from the link at *url* to HubSpot and back, in one tab; where it ends."""
    away = place.visitor.get(url)
    assert away.status_code == 303, away.text[:300]
    end = place.visitor.get(place.visitor.agree(away.headers["location"]))
    assert end.status_code == 303, end.text[:300]
    return end.headers["location"]


def test_a_path_comes_back_or_is_refused(place: Place) -> None:
    """Where a journey leads to is a path of this site, quoted for its header and its page."""
    place.sign_in("ada")

    before = place.rows()
    # An address has no halves of pairs: servers put a sign in their place.
    for text in (each for each in ELSEWHERE if set(each).isdisjoint("\ud800\udfff")):
        answer = link(place, text)
        if answer.status_code != TOO_LONG:
            assert (answer.status_code, answer.json().get("error")) == (400, "bad_next"), text
    assert place.rows() == before
    for text in OWN:
        url = link(place, text).json()["connect_url"]
        assert len(url) < LONGEST_ADDRESS
        end = journey(place, url)
        assert end.isascii()
        assert unquote(end) == unquote(text)
        assert urlsplit(end)[:2] == ("", "")
    assert [row.owner for row in place.broker.connections("ada")] == ["ada"]


def test_a_popups_last_page_leads_back_to_a_path(place: Place) -> None:
    """In the page it is the link's, whatever else it looks like."""
    place.sign_in("ada")
    for number, text in enumerate(OWN[8:13]):
        attempt = f"{number:022}"
        url = link(place, text).json()["connect_url"]
        end = journey(place, f"{url}&attempt={attempt}")
        assert end == f"/auth/hubspot/done?attempt={attempt}"
        page = BeautifulSoup(place.visitor.get(end).content, "html.parser")
        assert text in [each["href"] for each in page.select("a[href]")]
        assert not page.select("[onload], [onerror]")


def test_an_owner_connects_by_any_name(place: Place) -> None:
    """The whole journey works, and each is nobody else, however alike two of them look."""
    owners = [*ALIKE, *filter(is_owner, place.half(ODD, 0))]
    for text in owners:
        place.sign_in(text)
        led = journey(place, link(place).json()["connect_url"])
        assert led.startswith("/connections/setup?connected=")
        part = place.setup()
        assert part["data-owner"] == text
        assert shown(part) == text
        assert not part.select("[onload], [onerror]")
        assert place.broker.access_token(text)

    for text in owners:
        (row,) = place.broker.connections(text)
        assert row.owner == text
        names = [event.name for event in place.broker.vault.store.events(owner=text)]
        assert names == ["attempt_started", "connected"]


def shown(part: Tag) -> str:
    """The owner's name, as the page has it."""
    name = part.select_one(".pk-head strong")
    assert name is not None
    return name.get_text()


@IN_A_FILE
def test_an_owner_that_cannot_be_kept_is_the_apps_mistake(place: Place) -> None:
    """The app hears of its kind in the log; visitors get a page of ours, and nothing is stored."""
    before = place.rows()
    for text in (*UNSTORABLE, "x" * 5000):
        place.sign_in(text)
        for path in ("/connections/setup", "/auth/hubspot/start", "/api/hubspot/status"):
            answer = place.visitor.get(path)
            assert answer.status_code == 500
            assert "could not say who is signed in" in answer.text
            assert "TypeError" not in answer.text

    assert place.rows() == before


@IN_A_FILE
def test_a_name_to_show_may_be_anything(place: Place) -> None:
    """It is shown as it is; what no page can hold has a sign in its place."""
    place.sign_in("ada")
    for text in (*ODD, *UNSTORABLE):
        place.names["ada"] = text
        expected = "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)
        assert shown(place.setup()) == expected
        asked = place.visitor.get("/auth/hubspot/start", sec_fetch_site="cross-site")
        assert asked.status_code == 200
        name = BeautifulSoup(asked.content, "html.parser").select_one(".pk-owner")
        assert name is not None
        assert name.get_text() == expected


@dataclass(frozen=True)
class Known:
    """What is good of somebody who is connected, and has agreed at HubSpot once more."""

    host: str
    cookies: str
    token: str
    callback: str


Make = Callable[[Known, str, bytes], tuple[str, dict[str, bytes]]]
"""Makes a target and headers of what is known and a text, quoted and raw."""

ATTEMPT, OPEN = "K" * 22, "L" * 22
NAMES = (
    *("Origin", "Accept-Language", "Referer", "X-Portalkey-Token", "Accept", "Sec-Fetch-Site"),
    *("X-Forwarded-Host", "Forwarded", "Authorization", "If-None-Match"),
)
POSTED = "POST "


def target(path: str) -> Make:
    """A place in the target, with the visitor's own session and token."""
    return lambda known, quoted, _: (
        path.replace("*", quoted),
        {"Cookie": known.cookies.encode(), "X-Portalkey-Token": known.token.encode()},
    )


def headers(*names: str) -> Make:
    """Places in headers."""
    return lambda known, _, raw: (
        "/api/hubspot/status",
        {"Cookie": known.cookies.encode(), **dict.fromkeys(names, raw)},
    )


def cookie(name: str) -> Make:
    """A place in a cookie, on the way back from HubSpot."""
    return lambda known, _, raw: (known.callback, {"Cookie": name.encode() + b"=" + raw})


PLACES: dict[str, tuple[Make, set[int]]] = {
    "status of an attempt": (target("/api/hubspot/status?attempt=*"), {404}),
    "done": (target("/auth/hubspot/done?attempt=*"), {404}),
    "complete": (target("/auth/hubspot/complete?attempt=*"), {404}),
    "confirm": (target("/auth/hubspot/confirm?attempt=*"), {404}),
    "invitation": (target("/auth/hubspot/invite?link=*"), {410}),
    "way on of an invitation": (target("/auth/hubspot/invited?link=*&go=*"), {403}),
    "cancel": (target(f"{POSTED}/api/hubspot/attempts/*/cancel"), {404, 405}),
    "token": (target(f"{POSTED}/api/hubspot/attempts/*/token"), {404, 405}),
    "disconnect": (target(f"{POSTED}/api/hubspot/connections/*/disconnect"), {403, 404, 405}),
    "start": (target("/auth/hubspot/start?t=*&attempt=*&language=*"), {200}),
    "origin": (target("/auth/hubspot/start?origin=*"), {403}),
    "hub_id": (target("/connections/setup?reconnect=*&hub_id=*"), {200}),
    "hub_id of a status": (target("/api/hubspot/status?hub_id=*"), {200}),
    "state": (target("/auth/hubspot/callback?state=*&code=*&hub_id=*"), {303}),
    "headers": (headers(*NAMES), {200}),
    "user agent": (headers("User-Agent"), {200}),
    "attempt's cookie": (cookie(f"portalkey_attempt_{OPEN}"), {303}),
    "session's cookie": (cookie("session"), {303}),
}
BY_THE_SERVER = {308, 400, 414, 431}
"""A path with two slashes in it, what is no request, and what is too long for one."""


class Listed:
    """Requests, one after another."""

    def __init__(self, requests: Iterable[bytes]) -> None:
        self._requests = iter(requests)

    def request(self) -> bytes:
        """Return the next."""
        return next(self._requests)


def known_of(place: Place) -> Known:
    """Connect, and agree once more without coming back."""
    place.sign_in("ada")
    journey(place, f"{link(place).json()['connect_url']}&attempt={ATTEMPT}")
    url = link(place).json()["connect_url"]
    away = place.visitor.get(f"{url}&attempt={OPEN}").headers["location"]
    callback = place.visitor.agree(away)
    (own,) = (each for each in place.visitor.http.cookies.jar if each.name == "session")
    host = urlsplit(place.visitor.app_url).netloc
    return Known(host, f"session={own.value}", query_of(url)["t"], callback)


def build(known: Known, make: Make, text: str) -> bytes:
    """Return the bytes of one request with *text* in it."""
    raw = text.encode("utf-8", "surrogatepass")
    path, headers = make(known, quote(text, safe="", errors="surrogatepass"), raw)
    method = "POST" if path.startswith(POSTED) else "GET"
    lines = [f"{method} {path.removeprefix(POSTED)} HTTP/1.1", f"Host: {known.host}"]
    lines += ["Content-Length: 0"] if method == "POST" else []
    sent = [each.encode() for each in lines]
    sent += [name.encode() + b": " + value for name, value in headers.items()]
    return b"\r\n".join([*sent, b"", b""])


def test_no_text_at_any_place_does_anything(place: Place) -> None:
    """Ids, accounts, states, headers and cookies that are none: no error, and nothing changes."""
    known = known_of(place)
    before, wrong = place.rows(), []

    for number, (name, (make, expected)) in enumerate(PLACES.items()):
        texts = place.half(TEXTS, number)
        listed = Listed(build(known, make, text) for text in texts)
        for status, asked in answers(place.port, listed, len(texts)):
            if status not in expected | BY_THE_SERVER:
                wrong.append(f"{status} at {name}: {asked[:200]!r}")

    assert wrong == []
    assert place.rows() == before
    assert place.visitor.get(known.callback).headers["location"].endswith(OPEN)
    assert place.visitor.status(OPEN)["attempt"]["status"] == "connected"


@IN_A_FILE
def test_a_place_that_takes_text_would_be_seen(place: Place) -> None:
    """The negative control: with what is right at a place, it answers otherwise."""
    known = known_of(place)
    right = {
        "status of an attempt": OPEN,
        "done": OPEN,
        "cancel": OPEN,
        "origin": f"http://{known.host}",
    }
    before = place.rows()

    for name, text in right.items():
        make, expected = PLACES[name]
        asked = build(known, make, text).replace(known.cookies.encode(), cookies_of(place))
        ((status, _),) = answers(place.port, Listed([asked]), 1)
        assert status not in expected | BY_THE_SERVER, name

    assert place.rows() != before


def cookies_of(place: Place) -> bytes:
    """All cookies of the browser."""
    pairs = [f"{each.name}={each.value}" for each in place.visitor.http.cookies.jar]
    return "; ".join(pairs).encode()
