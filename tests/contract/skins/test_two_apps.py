"""Two HubSpot apps in one process, over one store: each has its own, and neither the other's."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from playwright.sync_api import BrowserContext
from pydantic import SecretStr

from browser.places import AGREE, decide
from contract.skins.test_in_a_browser import chromium, playwright  # noqa: F401 - fixtures
from contract.skins.two_apps import EU, HEARD, SERVES, Brokers
from portalkey.broker import Broker
from portalkey.model.attempt import AttemptStatus
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from support.patience import PATIENCE
from support.visitor import Visitor, query_of

pytest_plugins = ("browser.surroundings",)

CALLBACK = "/auth/hubspot/callback"


@dataclass(frozen=True)
class Two:
    """The host, answering, with its two HubSpot apps."""

    url: str
    brokers: Brokers
    hubspot: HubSpot

    def visit(self, stack: ExitStack, owner: str | None = "ada") -> dict[str, Visitor]:
        """One browser, in which *owner* is signed in or nobody, on the pages of each of the two."""
        first = stack.enter_context(Visitor(self.url, self.hubspot))
        second = stack.enter_context(Visitor(f"{self.url}/{EU}", self.hubspot))
        second.http.cookies.jar = first.http.cookies.jar
        if owner is not None:
            first.get(f"/as/{owner}")
        return {"": first, EU: second}


@pytest.fixture(params=SERVES)
def two(
    request: pytest.FixtureRequest,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    port: int,
) -> Iterator[Two]:
    """Such a host of each skin, at a HubSpot that is another site to a browser."""
    uris = {"": f"{settings.public_url}{CALLBACK}", EU: f"{settings.public_url}/{EU}{CALLBACK}"}
    apps = {
        name: App(f"app-{name}", secrets.token_hex(16), (uri,), install_url=uri)
        for name, uri in uris.items()
    }
    with running_hubspot(apps=list(apps.values())) as hubspot:
        places = {"api_url": hubspot.url, "app_url": hubspot.url.replace("localhost", "127.0.0.1")}
        brokers = {
            name: make_broker(
                settings.model_copy(
                    update={
                        "client_id": app.client_id,
                        "client_secret": SecretStr(app.client_secret),
                        "redirect_uri": uris[name],
                        **places,
                    }
                )
            )
            for name, app in apps.items()
        }
        with SERVES[request.param](brokers, port):
            yield Two(settings.public_url, brokers, hubspot)


def test_one_person_connects_both(two: Two) -> None:
    """Each has its own pages, and a connection of its own client id in the one store."""
    with ExitStack() as stack:
        visitors = two.visit(stack)
        for name, visitor in visitors.items():
            page = visitor.connect()
            assert (page.status_code, "harbourpine.example" in page.text) == (200, True), name
            assert visitor.status()["authenticated"] is True
        front = visitors[""].get("/").text
        console = visitors[EU].get("/console")
        static = visitors[EU].get("/auth/hubspot/static/connect.js")
        lost = visitors[EU].get("/auth/hubspot/no-such-page")

    ids = {
        name: [row.client_id for row in each.connections("ada")]
        for name, each in two.brokers.items()
    }
    assert ids == {"": ["app-"], EU: ["app-eu"]}
    assert two.brokers[""].access_token("ada") != two.brokers[EU].access_token("ada")
    assert front.count('data-state="connected"') == 2
    assert "/eu/auth/hubspot/start" in front
    assert console.status_code == 200
    assert "/eu/console" in console.text
    assert static.status_code == 200
    assert (lost.status_code, lost.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize(("own", "other"), [("", EU), (EU, "")], ids=["first's", "eu's"])
def test_what_is_of_one_is_refused_by_the_other(two: Two, own: str, other: str) -> None:
    """Each route, with the other's attempt, cookie, token or connection; nothing of it changes."""
    with ExitStack() as stack:
        visitors = two.visit(stack)
        mine, theirs = visitors[own], visitors[other]
        mine.connect()
        theirs.connect()
        before, form_token = kept(two), theirs.leave_form()["portalkey_token"]
        (connection,) = two.brokers[own].connections("ada")
        asked = len(two.hubspot.requests)
        attempt = secrets.token_urlsafe(16)
        my_token = query_of(mine.connect_link)["t"]
        their_token = query_of(theirs.connect_link)["t"]
        back = mine.agree(mine.begin(attempt))
        query = back.partition("?")[2]
        send = sender(two, mine, prefix=f"/{other}" if other else "")

        def is_untouched() -> bool:
            found = two.brokers[own].vault.store.attempt(attempt)
            is_open = found is not None and found.status is AttemptStatus.AT_HUBSPOT
            return is_open and kept(two) == before

        at = f"attempt={attempt}"
        pages = {
            f"/auth/hubspot/callback?{query}": 303,
            f"/auth/hubspot/complete?{at}": 404,
            f"/auth/hubspot/confirm?{at}": 404,
            f"/auth/hubspot/done?{at}": 404,
            f"/api/hubspot/status?{at}": 404,
        }
        for path, code in pages.items():
            answer = send("GET", path)
            assert answer.status_code == code, (path, answer.status_code, answer.text)
            assert "Connected to" not in answer.text
            assert is_untouched(), path
        assert (
            "/auth/hubspot/refused"
            in send("GET", f"/auth/hubspot/callback?{query}").headers["location"]
        )
        start = send("GET", f"/auth/hubspot/start?t={my_token}&{at}")
        assert start.status_code != 303 or "/oauth/authorize" not in start.headers["location"]
        posts = {
            f"/api/hubspot/attempts/{attempt}/cancel": 404,
            f"/api/hubspot/attempts/{attempt}/token": 404,
            f"/api/hubspot/connections/{connection.id}/disconnect": 404,
        }
        for path, code in posts.items():
            # Where no token is delivered, there is no such route for anybody.
            refused = 404 if path.endswith("/token") else 403
            assert send("POST", path, token=my_token).status_code == refused, path
            answer = send("POST", path, token=form_token)
            assert answer.status_code in {code, 403}, (path, answer.status_code, answer.text)
            answer = send("POST", path, token=their_token)
            assert answer.status_code in {code, 403}, (path, answer.status_code, answer.text)
            assert is_untouched(), path
        for path in ("/auth/hubspot/complete", "/auth/hubspot/confirm"):
            answer = send("POST", path, data={"attempt": attempt, "portalkey_token": form_token})
            assert answer.status_code in {403, 404}, (path, answer.status_code)
            assert is_untouched(), path
        leave = send("GET", f"/connections/setup/{connection.id}/disconnect")
        assert str(connection.hub_id) not in leave.text
        # What the page says of one that ended a moment ago goes by its id.
        assert two.brokers[other].connection_of_owner("ada", connection.id) is None
        assert two.brokers[own].connection_of_owner("ada", connection.id) is not None
        assert len(two.hubspot.requests) == asked

        done = mine.get(mine.get(back).headers["location"])
        assert "Connected to" in done.text


def kept(two: Two) -> list[tuple[object, ...]]:
    """What each of the two has stored of its connections."""
    return [
        (each.id, each.client_id, each.status, each.sealed)
        for broker in two.brokers.values()
        for each in broker.connections("ada")
    ]


def sender(two: Two, visitor: Visitor, *, prefix: str) -> Callable[..., httpx2.Response]:
    """Sends to one app below *prefix*, with every cookie that the browser has for the other."""
    cookies = "; ".join(f"{each.name}={each.value}" for each in visitor.http.cookies.jar)

    def send(method: str, path: str, *, token: str = "", **more: Any) -> httpx2.Response:
        headers = {"cookie": cookies, "sec-fetch-site": "same-origin", "origin": two.url}
        if token:
            headers |= {"x-portalkey-token": token, "accept": "application/json"}
        with httpx2.Client(timeout=PATIENCE) as http:
            return http.request(method, f"{two.url}{prefix}{path}", headers=headers, **more)

    return send


def test_each_hears_hubspot_by_its_own_secret(two: Two) -> None:
    """A view for HubSpot is the host's, below no app's prefix, which the signature is over."""
    answers = {}
    for sender_, broker in two.brokers.items():
        settings = broker.settings
        secret = settings.client_secret.get_secret_value()
        app = App(settings.client_id, secret, (settings.redirect_uri,))
        for hearer in two.brokers:
            url = f"{two.url}{HEARD}{hearer or 'first'}"
            answers[sender_, hearer] = two.hubspot.send_signed(url, b"[]", app=app).status

    assert answers == {("", ""): 200, ("", EU): 401, (EU, ""): 401, (EU, EU): 200}


def test_another_sign_in_forgets_both(two: Two) -> None:
    """Whoever signs in next in this browser finishes neither app's attempt."""
    with ExitStack() as stack:
        visitors = two.visit(stack)
        backs = {name: visitor.agree(visitor.begin()) for name, visitor in visitors.items()}
        visitors[""].get("/as/grace")
        for name, visitor in visitors.items():
            done = visitor.get(visitor.get(backs[name]).headers["location"])
            assert "Connected to" not in done.text
    for broker in two.brokers.values():
        assert [broker.connections(each) for each in ("ada", "grace")] == [[], []]


def test_two_popups_at_once(two: Two, person: BrowserContext, remarks: list[str]) -> None:
    """Both are open together, each ends in its own element, and both are connected."""
    tab = person.new_page()
    tab.goto(f"{two.url}/as/ada")
    tab.goto(f"{two.url}/")
    popups = {}
    for name in ("first", EU):
        with tab.expect_popup() as opened:
            tab.click(f"#{name} > a")
        popups[name] = opened.value
        popups[name].wait_for_selector(AGREE)
    for name in (EU, "first"):
        with popups[name].expect_event("close"):
            decide(popups[name], "approve")
    for name in ("first", EU):
        tab.wait_for_selector(f"#{name}[state=connected]")

    assert all(broker.access_token("ada") for broker in two.brokers.values())
    assert remarks == []
