"""Everybody at everybody else's attempts and connections, by every route.

A cell is who asks (owner, browser, person), whose attempt or connection it is, by which route, and
whose tokens come along. Off the diagonal nobody may get anything. Owners are teams, whose members
share its connections and nothing of an attempt.
"""

import itertools
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup

from portalkey.broker import Broker
from portalkey_simulator import HubSpot
from security.browsers import APPS, Browser

ROOM = {"attempts_per_browser": 1000}
"""Settings with which nobody's attempt makes room for another: many are begun here."""
OWNERS, BROWSERS, PERSONS = ("acme", "globex"), (1, 2), ("ada", "bob")


@dataclass(frozen=True, slots=True)
class Who:
    """The coordinates of a visitor; each has a session of their own in that browser."""

    owner: str
    browser: int
    person: str

    def is_member_with(self, other: "Who") -> bool:
        """Return True where *other* is the same person of the same team, in whichever browser."""
        return (self.owner, self.person) == (other.owner, other.person)


EVERYBODY = [Who(*each) for each in itertools.product(OWNERS, BROWSERS, PERSONS)]
NEIGHBOURS = [*EVERYBODY[:3], EVERYBODY[4]]
"""One, and whoever differs from them in one coordinate."""


@dataclass(slots=True)
class Tokens:
    """The links' and the forms' token of one session."""

    start: str = field(default="", repr=False)
    form: str = field(default="", repr=False)


@dataclass(slots=True)
class Visit:
    """One visitor: connected, with one attempt at HubSpot, one parked, and one that has ended."""

    who: Who
    client: Browser
    tokens: Tokens = field(default_factory=Tokens)
    connection: str = ""
    ended: str = ""
    open: str = ""
    callback: str = field(default="", repr=False)
    parked: str = ""
    form: dict[str, str] = field(default_factory=dict, repr=False)


class Place:
    """An app of this *skin* with a Strict session that delivers tokens, and who visits it."""

    def __init__(self, broker: Broker, hubspot: HubSpot, skin: str = "flask") -> None:
        self.broker, self.hubspot = broker, hubspot
        self.app = APPS[skin](broker)

    def visits(self, everybody: Iterable[Who]) -> list[Visit]:
        """Let *everybody* visit, each with all that they can have."""
        return [self.visit(who) for who in everybody]

    def sign_in(self, who: Who) -> Browser:
        """Return a new browser in which that person is signed in."""
        client = self.app.new_browser()
        client.get(f"/login/{who.owner}/{who.person}")
        return client

    def visit(self, who: Who) -> Visit:
        """Let somebody connect, begin one attempt more, and park a third."""
        visit = Visit(who, self.sign_in(who))
        account = self.hubspot.accounts[OWNERS.index(who.owner)].hub_id
        visit.tokens = self.tokens_of(visit.client)
        visit.ended, callback = self.begin(visit, account)
        self.come_back(visit, callback, visit.ended)
        visit.tokens = self.tokens_of(visit.client)
        listed = json.loads(visit.client.get("/api/hubspot/connections").text)["connections"]
        visit.connection = listed[0]["id"]
        visit.open, visit.callback = self.begin(visit, account)
        visit.parked, parked = self.begin(visit, account)
        visit.form = self.park(visit, parked, visit.parked)
        return visit

    def tokens_of(self, client: Browser) -> Tokens:
        """Read the tokens of a session off its page."""
        page = client.get("/connections/setup").text
        leave = re.findall(r'href="(/connections/setup/[^"]+/disconnect)"', page)
        page = client.get(leave[0]).text if leave else ""
        forms = re.findall(r'name="portalkey_token" value="([^"]+)"', page)
        link = json.loads(client.get("/api/hubspot/status").text)["connect_url"]
        start = parse_qs(urlsplit(link).query)["t"][0]
        return Tokens(start, forms[0] if forms else "")

    def begin(self, visit: Visit, account: int | None = None) -> tuple[str, str]:
        """Begin an attempt and agree at HubSpot; return its id, and the way back."""
        attempt = secrets.token_urlsafe(16)
        url = f"/auth/hubspot/start?t={visit.tokens.start}&attempt={attempt}"
        away = visit.client.get(url).headers["Location"]
        back = urlsplit(self.hubspot.approve(away, account))
        return attempt, f"{back.path}?{back.query}"

    def park(self, visit: Visit, callback: str, attempt: str) -> dict[str, str]:
        """Come back without the Strict session; return the form of the page between."""
        bare = self.app.new_browser()
        copy_attempts(visit.client, bare)
        bare.get(callback)
        page = bare.get(f"/auth/hubspot/complete?attempt={attempt}").text
        fields = BeautifulSoup(page, "html.parser").find_all("input")
        return {str(each["name"]): str(each["value"]) for each in fields}

    def come_back(self, visit: Visit, callback: str, attempt: str) -> None:
        """Finish an attempt, by the page between."""
        visit.client.post("/auth/hubspot/complete", data=self.park(visit, callback, attempt))

    def state(self, visits: list[Visit]) -> list[object]:
        """What there is of everybody's, which no cell off the diagonal may change."""
        store = self.broker.vault.store
        attempts = [store.attempt(each) for v in visits for each in (v.ended, v.open, v.parked)]
        rows = [store.connection(each.connection) for each in visits]
        return [
            *[(each.status, each.error, each.claimed_at) for each in attempts if each],
            *[(each.status, each.generation) for each in rows if each],
        ]


def copy_attempts(source: Browser, target: Browser) -> None:
    """Give *target* the attempts' cookies of *source*, as a tosser of cookies would."""
    for cookie in source.cookies():
        if "portalkey_attempt_" in cookie[0]:
            target.toss(cookie)


@dataclass(slots=True)
class Cell:
    """One request: who asks, whose it is, and whose tokens are sent with it."""

    place: Place
    client: Browser
    tokens: Tokens
    target: Visit

    def post(self, path: str, token: str) -> Any:
        """Post as a page of the app does."""
        headers = {"Origin": self.place.broker.settings.public_url, "X-Portalkey-Token": token}
        return self.client.post(path, headers=headers)


def status(cell: Cell) -> bool:
    """Ask where the attempt stands."""
    answer = cell.client.get(f"/api/hubspot/status?attempt={cell.target.open}")
    return bool(answer.status_code == 200)


def cancel(cell: Cell) -> bool:
    """End the attempt."""
    answer = cell.post(f"/api/hubspot/attempts/{cell.target.open}/cancel", cell.tokens.start)
    return bool(answer.status_code == 200)


def token(cell: Cell) -> bool:
    """Fetch the access token."""
    answer = cell.post(f"/api/hubspot/attempts/{cell.target.ended}/token", cell.tokens.start)
    return bool(answer.status_code == 200 or "access_token" in answer.text)


def disconnect(cell: Cell) -> bool:
    """Take the connection away."""
    path = f"/api/hubspot/connections/{cell.target.connection}/disconnect"
    return bool(cell.post(path, cell.tokens.form).status_code == 200)


def start(cell: Cell) -> bool:
    """Begin by the link of another page."""
    attempt = secrets.token_urlsafe(16)
    url = f"/auth/hubspot/start?t={cell.tokens.start}&attempt={attempt}"
    return bool(cell.client.get(url).status_code == 303)


def callback(cell: Cell) -> bool:
    """Come back from HubSpot by the address that is the other's."""
    return exchanges(cell, lambda: cell.client.get(cell.target.callback))


def completed(cell: Cell) -> bool:
    """Post the form of the page between."""
    return exchanges(
        cell, lambda: cell.client.post("/auth/hubspot/complete", data=cell.target.form)
    )


def done(cell: Cell) -> bool:
    """Look at the last page of the popup."""
    answer = cell.client.get(f"/auth/hubspot/done?attempt={cell.target.ended}")
    return bool(answer.status_code == 200)


def account(cell: Cell) -> bool:
    """Read on the last page of the popup which account it was."""
    answer = cell.client.get(f"/auth/hubspot/done?attempt={cell.target.ended}")
    return "Connected by" in answer.text


def complete(cell: Cell) -> bool:
    """Look at the page between, which holds the form."""
    answer = cell.client.get(f"/auth/hubspot/complete?attempt={cell.target.parked}")
    return bool(answer.status_code == 200)


def exchanges(cell: Cell, work: Callable[[], object]) -> bool:
    """Return True where *work* had a code exchanged; revocations are sent on the side meanwhile."""
    before = len(cell.place.hubspot.requests)
    work()
    sent = cell.place.hubspot.requests[before:]
    return any(each.form.get("grant_type") == "authorization_code" for each in sent)


Act = Callable[[Cell], bool]
"""Tries one route, and returns True where it gave or did anything."""
BY_TOKEN: tuple[Act, ...] = (status, cancel, token, disconnect)
BY_LINK: tuple[Act, ...] = (start,)
BY_COOKIE: tuple[Act, ...] = (callback, done, account, complete, completed)
ALL = (*BY_TOKEN, *BY_LINK, *BY_COOKIE)
ENDING: tuple[Act, ...] = (callback, completed)
"""With the attempt's cookie and another owner these end the attempt, without an exchange."""


@dataclass(slots=True)
class Found:
    """How many cells were tried by each route, and those that gave something."""

    tried: dict[str, int] = field(default_factory=dict)
    gave: list[str] = field(default_factory=list)

    def put(self, act: Act, cell: Cell, how: str) -> None:
        """Try one cell."""
        name = act.__name__
        self.tried[name] = self.tried.get(name, 0) + 1
        if act(cell):
            self.gave.append(f"{name} of {cell.target.who} by {how}")


def try_all(place: Place, visits: list[Visit]) -> Found:
    """Try every cell off the diagonal."""
    found = Found()
    for target in visits:
        for act, cell, how in cells(place, visits, target):
            found.put(act, cell, how)
    return found


def cells(place: Place, visits: list[Visit], target: Visit) -> Iterator[tuple[Act, Cell, str]]:
    """Yield each way to somebody else's: others, nobody, and others in the target's browser."""
    for other in visits:
        if other is not target:
            yield from by_others(place, other, target)
    for act in ALL:
        yield act, Cell(place, place.app.new_browser(), target.tokens, target), "nobody"
    for owner, person in itertools.product(OWNERS, PERSONS):
        yield from in_the_browser(place, Who(owner, target.who.browser, person), target)


def is_free(act: Act, asker: Who, target: Who) -> bool:
    """Return True where that is the asker's to do, from any session of theirs.

    A team's connection is every member's to disconnect, unless the app has it otherwise; how an
    attempt ended is its person's to hear.
    """
    is_theirs = asker.owner == target.owner and act is disconnect
    return is_theirs or (asker.is_member_with(target) and act is status)


def by_others(place: Place, other: Visit, target: Visit) -> Iterator[tuple[Act, Cell, str]]:
    """Yield what *other* can try from their own browser, with either's tokens."""
    for act in (each for each in ALL if not is_free(each, other.who, target.who)):
        if act in BY_TOKEN:
            yield act, Cell(place, other.client, other.tokens, target), f"{other.who}"
        yield act, Cell(place, other.client, target.tokens, target), f"{other.who}, their tokens"


def in_the_browser(place: Place, who: Who, target: Visit) -> Iterator[tuple[Act, Cell, str]]:
    """Yield what *who* can try with the attempts' cookies: tossed, or signed in later."""
    is_same = who.is_member_with(target.who)
    for way in ("signed in anew",) if is_same else ("tossed", "later"):
        client = place.sign_in(who)
        if way == "later":
            client.get(f"/value/{target.client.get('/value').text}")
        tokens = place.tokens_of(client)
        copy_attempts(target.client, client)
        for act in (*BY_TOKEN, account):
            if not is_free(act, who, target.who):
                yield act, Cell(place, client, tokens, target), f"{who}, {way}"
        for act in (*BY_TOKEN, *BY_LINK):
            if not is_free(act, who, target.who):
                yield act, Cell(place, client, target.tokens, target), f"{who}, {way}, their tokens"
        for act in ENDING:
            aim = fresh(place, target, is_parked=act is completed)
            copy_attempts(target.client, client)
            yield act, Cell(place, client, tokens, aim), f"{who}, {way}"


def fresh(place: Place, target: Visit, *, is_parked: bool) -> Visit:
    """Return the *target* with one more attempt, which may end: on its way back, or parked."""
    attempt, back = place.begin(target)
    form = place.park(target, back, attempt) if is_parked else {}
    return Visit(target.who, target.client, open=attempt, callback=back, parked=attempt, form=form)
