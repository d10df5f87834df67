"""What begins outside of the host, by a link or at HubSpot: of two apps, each has its own."""

from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx2
import pytest
from bs4 import BeautifulSoup

from contract.skins.test_two_apps import Two, sender, two  # noqa: F401 - a fixture
from contract.skins.two_apps import EU
from portalkey.broker import Broker
from portalkey.model.attempt import NOBODY, AttemptStatus
from portalkey.model.authorization import Visitor as SignedIn
from portalkey.model.installs import CODES_A_MINUTE
from portalkey_simulator.marketplace_walk import MarketplaceInstall
from support.visitor import Visitor, query_of

pytest_plugins = ("browser.surroundings",)

BOTH = pytest.mark.parametrize(("own", "other"), [("", EU), (EU, "")], ids=["first's", "eu's"])
CALLBACK, INSTALL = "/auth/hubspot/callback", "/auth/hubspot/install"
INVITE, INVITED = "/auth/hubspot/invite", "/auth/hubspot/invited"


def prefix_of(name: str) -> str:
    """What stands before the paths of the app *name*."""
    return f"/{name}" if name else ""


def connected(two: Two) -> dict[str, int]:  # noqa: F811 - the fixture
    """How many accounts each of the two has connected for Ada."""
    return {name: len(broker.connections("ada")) for name, broker in two.brokers.items()}


def press(visitor: Visitor, path: str, form: dict[str, str]) -> httpx2.Response:
    """The answer to a *form* that a page of ours posts."""
    own = {"origin": "/".join(visitor.app_url.split("/")[:3]), "sec-fetch-site": "same-origin"}
    return visitor.http.post(path, data=form, headers=own)


@BOTH
def test_a_link_connects_an_account_of_its_own_app(two: Two, own: str, other: str) -> None:  # noqa: F811 - the fixture
    """It leads below its app's prefix; by the other it is no link, and its attempt no attempt."""
    invited = two.brokers[own].invite("ada", name="Studio Lindqvist")
    path, query = urlsplit(invited.link).path, urlsplit(invited.link).query
    assert path == f"{prefix_of(own)}{INVITE}"
    with ExitStack() as stack:
        guests = two.visit(stack, owner=None)
        mine, theirs = guests[own], guests[other]
        form = {**query_of(invited.link), "answer": "yes"}
        assert theirs.get(f"{INVITE}?{query}").status_code == 410
        assert press(theirs, INVITE, form).status_code == 410

        assert "Studio Lindqvist asks to connect" in mine.get(f"{INVITE}?{query}").text
        on = press(mine, INVITE, form).headers["location"]
        assert on.startswith(f"{prefix_of(own)}{INVITED}?")
        with_all_cookies = sender(two, mine, prefix=prefix_of(other))
        begin = f"{INVITED}?{urlsplit(on).query}&go=1"
        assert with_all_cookies("GET", begin).status_code == 403
        away = mine.get(f"{on}&go=1", sec_fetch_site="same-origin").headers["location"]
        back = mine.agree(away)
        with_all_cookies = sender(two, mine, prefix=prefix_of(other))
        refused = with_all_cookies("GET", f"{CALLBACK}?{urlsplit(back).query}")
        assert "/auth/hubspot/refused" in refused.headers["location"]
        assert connected(two) == {own: 0, other: 0}
        end = mine.get(mine.get(back).headers["location"])

    assert query_of(away)["redirect_uri"] == two.brokers[own].settings.redirect_uri
    assert "Connected to" in end.text
    assert connected(two) == {own: 1, other: 0}


def arrive(two: Two, visitor: Visitor, broker: Broker) -> httpx2.Response:  # noqa: F811 - the fixture
    """Install the app of *broker* at HubSpot; its answer to the code."""
    settings = broker.settings
    listing = f"{settings.app_url}/marketplace/{settings.client_id}"
    install = MarketplaceInstall(listing, None, None)
    parts = urlsplit(install.start_url)
    assert f"{two.url}{parts.path}" == settings.redirect_uri
    return visitor.get(f"{parts.path}?{parts.query}")


@BOTH
def test_an_install_is_attached_by_its_own_app(two: Two, own: str, other: str) -> None:  # noqa: F811 - the fixture
    """Its ticket opens nothing at the other, whoever says yes there; nor does it wait there."""
    with ExitStack() as stack:
        visitors = two.visit(stack)
        mine, theirs = visitors[own], visitors[other]
        theirs.connect()
        token = theirs.leave_form()["portalkey_token"]
        leaving = arrive(two, mine, two.brokers[own])
        assert leaving.headers["location"].startswith(two.brokers[own].settings.app_url)
        (install,) = two.brokers[own].pending_installs()
        assert install.redirect_uri == two.brokers[own].settings.redirect_uri
        assert two.brokers[other].pending_installs() == []

        send = sender(two, mine, prefix=prefix_of(other))
        ticket = two.brokers[own].ticket_of_install(install)
        said = {"attempt": install.id, "answer": "yes", "portalkey_token": token}
        opened = {"attempt": install.id, "ticket": ticket}
        assert send("GET", INSTALL).status_code == 404
        assert send("POST", INSTALL, data=said).status_code == 403
        assert send("POST", f"{INSTALL}/open", data=opened).status_code == 403
        assert connected(two) == {own: 0, other: 1}
        assert [(each.id, each.owner) for each in two.brokers[own].pending_installs()] == [
            (install.id, NOBODY)
        ]

        page = BeautifulSoup(mine.get(INSTALL).text, "html.parser").form
        assert page is not None
        form = {str(each["name"]): str(each["value"]) for each in page.find_all("input")}
        end = mine.get(press(mine, INSTALL, {**form, "answer": "yes"}).headers["location"])

    assert end.status_code == 200
    assert connected(two) == {own: 1, other: 1}


@BOTH
def test_a_state_of_an_install_is_of_its_own_app(two: Two, own: str, other: str) -> None:  # noqa: F811 - the fixture
    """With it the other exchanges no code; the install goes on."""
    broker = two.brokers[own]
    state = broker.begin_install(SignedIn("ada", "of-a-browser"), next_url="/", language="en")
    query = f"step=finalize&code=c&state={state.get_secret_value()}"
    asked = len(two.hubspot.requests)
    with ExitStack() as stack:
        theirs = two.visit(stack)[other]
        page = f"{CALLBACK}?{query}&returnUrl={broker.settings.app_url}/on"
        answer = theirs.get(page, sec_fetch_mode="navigate", sec_fetch_dest="iframe")

    assert answer.status_code == 409
    assert len(two.hubspot.requests) == asked
    (attempt,) = broker.vault.store.attempts_of("ada")
    assert attempt.status is AttemptStatus.AT_HUBSPOT


def test_what_strangers_send_to_one(two: Two) -> None:  # noqa: F811 - the fixture
    """It uses up what may be exchanged in a minute, and none of the other's."""
    with ExitStack() as stack:
        visitors = two.visit(stack)
        for number in range(CODES_A_MINUTE + 1):
            late = visitors[""].get(f"{CALLBACK}?code=never-given-{number}")
        arrive(two, visitors[EU], two.brokers[EU])

    assert late.headers["location"] == f"{INSTALL}?trouble=too_many_attempts"
    assert len(two.brokers[EU].pending_installs()) == 1
