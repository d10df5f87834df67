"""Installs that begin in the marketplace; the tests play the app."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from bs4 import BeautifulSoup

from portalkey_simulator import DEFAULT_APP, App, HubSpot, StayedOnPage, running_hubspot

INSTALL = "http://localhost:6001/hubspot/install"
PLAIN = replace(
    DEFAULT_APP,
    redirect_uris=(*DEFAULT_APP.redirect_uris, INSTALL),
    install_url=INSTALL,
    optional_scopes=("tickets",),
)
SIGNED_IN = replace(PLAIN, client_id="with-sign-in", partner_sign_in=True)
UNLISTED = replace(DEFAULT_APP, client_id="unlisted")
USERS = replace(PLAIN, client_id="of-users", is_user_level=True)
COOP = "Cross-Origin-Opener-Policy"


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """A simulator with an app of each kind."""
    with running_hubspot(apps=[PLAIN, SIGNED_IN, UNLISTED, USERS]) as running:
        yield running


def query(url: str) -> dict[str, str]:
    """The query of a URL."""
    return dict(parse_qsl(urlsplit(url).query))


def exchanged(http: httpx2.Client, url: str, app: App = PLAIN) -> dict[str, Any]:
    """Exchange the code that came with this *url*."""
    form = {
        "grant_type": "authorization_code",
        "code": query(url)["code"],
        "redirect_uri": INSTALL,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
    }
    answer = http.post("/oauth/2026-09/token", data=form)
    return dict(answer.raise_for_status().json())


def test_without_partner_sign_in(hubspot: HubSpot, http: httpx2.Client) -> None:
    """The install URL is called with a code and ``returnUrl`` and no state; then it is finished."""
    install = hubspot.install_from_marketplace(hub_id=4410002)

    assert install.start_url.startswith(f"{INSTALL}?")
    assert list(query(install.start_url)) == ["code", "returnUrl"]
    assert not install.is_finished
    tokens = exchanged(http, install.start_url)
    assert tokens["hub_id"] == 4410002
    assert tokens["scopes"] == ["oauth", "tickets"]
    assert install.is_finished
    assert "is installed" in http.get(install.return_url).text


def test_with_partner_sign_in(hubspot: HubSpot, http: httpx2.Client) -> None:
    """The app signs in, gives a state, and gets it back with the code in the last step."""
    install = hubspot.install_from_marketplace(SIGNED_IN)
    assert install.start_url.startswith(f"{INSTALL}?step=authorize&returnUrl=")
    assert urlsplit(install.return_url).query == ""
    assert not install.is_finished

    last = install.approve(f"{install.return_url}?state=s%26t")
    assert list(query(last)) == ["step", "code", "state", "returnUrl"]
    assert (query(last)["step"], query(last)["state"]) == ("finalize", "s&t")
    assert not install.is_finished
    exchanged(http, last, SIGNED_IN)
    assert install.is_finished


def test_last_step_is_framed(hubspot: HubSpot, http: httpx2.Client) -> None:
    """One page may frame the app, and the page it leads back to may be framed by the simulator."""
    install = hubspot.install_from_marketplace(SIGNED_IN)
    consent = f"{install.return_url}?state=s"
    framing = http.post(consent, data={"decision": "approve"}).headers["location"]

    page = http.get(framing)
    policy = page.headers["Content-Security-Policy"]
    assert "frame-src 'self' http://localhost:6001" in policy
    assert "frame-ancestors 'none'" in policy
    frame = BeautifulSoup(page.text, "html.parser").select_one("iframe")
    assert frame is not None
    back = http.get(query(str(frame["src"]))["returnUrl"])
    assert "frame-ancestors 'self'" in back.headers["Content-Security-Policy"]
    assert "frame-src" not in back.headers["Content-Security-Policy"]


def test_last_step_at_the_top(hubspot: HubSpot, http: httpx2.Client) -> None:
    """A switch leads there without a frame."""
    hubspot.switches.finalize_in_frame = False
    install = hubspot.install_from_marketplace(SIGNED_IN)
    consent = f"{install.return_url}?state=s"

    answer = http.post(consent, data={"decision": "approve"})
    assert answer.headers["location"].startswith(f"{INSTALL}?step=finalize&")


def test_app_that_never_exchanges(hubspot: HubSpot, http: httpx2.Client) -> None:
    """The page says so, and nothing is installed."""
    install = hubspot.install_from_marketplace()

    page = http.get(install.return_url).text
    assert "is not installed" in page
    assert "has not exchanged its code" in page
    assert not install.is_finished


def test_cancelled(hubspot: HubSpot, http: httpx2.Client) -> None:
    """A person who cancels stays in the marketplace, and the app is sent nothing."""
    install = hubspot.install_from_marketplace(SIGNED_IN)

    answer = http.post(f"{install.return_url}?state=s", data={"decision": "deny"})
    assert "location" not in answer.headers
    assert "Nothing was sent to the app" in answer.text


def test_no_decision(hubspot: HubSpot, http: httpx2.Client) -> None:
    """A form without one leads nowhere."""
    install = hubspot.install_from_marketplace(SIGNED_IN)

    answer = http.post(f"{install.return_url}?state=s", data={})
    assert "choose Connect app or Cancel" in answer.text


def test_installed_already(hubspot: HubSpot, http: httpx2.Client) -> None:
    """The flow is for first installs: others meet the usual page, without ``returnUrl``."""
    exchanged(http, hubspot.install_from_marketplace().start_url)
    listing = http.get(f"{hubspot.url}/marketplace/{PLAIN.client_id}").text
    assert listing.count("has it already") == 1

    again = hubspot.install_from_marketplace()
    assert urlsplit(again.start_url).path == "/oauth/4410001/authorize"
    assert (again.return_url, again.is_finished) == ("", False)
    assert set(query(hubspot.approve(again.start_url))) == {"code"}


def test_app_of_users(hubspot: HubSpot, http: httpx2.Client) -> None:
    """An app that one person has installed for themselves is new to another."""
    first = hubspot.install_from_marketplace(USERS)
    exchanged(http, first.start_url, USERS)
    assert "has it already" not in http.get(f"/marketplace/{USERS.client_id}").text

    other = hubspot.install_from_marketplace(USERS, user_id=770102)
    assert "code" in query(other.start_url)
    assert (first.is_finished, other.is_finished) == (True, False)
    again = hubspot.install_from_marketplace(USERS)
    assert urlsplit(again.start_url).path == "/oauth/4410001/authorize"


def test_person_who_was_chosen(hubspot: HubSpot, http: httpx2.Client) -> None:
    """The consent is for the account and the person of the listing, and for no other."""
    install = hubspot.install_from_marketplace(SIGNED_IN, user_id=770102)

    page = http.get(f"{install.return_url}?state=s").text
    assert "theo@harbourpine.example" in page
    assert "maya@" not in page
    assert "Nordlicht" not in page


def test_person_without_the_right(hubspot: HubSpot) -> None:
    """A first install takes the permission here too."""
    with pytest.raises(StayedOnPage, match="You don't have permission"):
        hubspot.install_from_marketplace(user_id=770102)


def test_elsewhere(hubspot: HubSpot) -> None:
    """The walk leads nowhere but to the simulator that began it."""
    install = hubspot.install_from_marketplace(SIGNED_IN)

    with pytest.raises(ValueError, match="not at http://localhost"):
        install.approve("http://localhost:1/?state=s")


@pytest.mark.parametrize("client_id", ["nobody", "unlisted"])
def test_no_listing(http: httpx2.Client, client_id: str) -> None:
    """An app that is unknown, or has no install URL, has no page in the marketplace."""
    page = http.get(f"/marketplace/{client_id}")

    assert page.status_code == 200
    assert "no listing in the marketplace" in page.text


def test_opener_policies(hubspot: HubSpot, http: httpx2.Client) -> None:
    """Pages to decide on, ends and redirects have the policies of their kinds."""
    switches = hubspot.switches
    switches.consent_opener_policy = "same-origin"
    switches.refusal_opener_policy = "same-origin-allow-popups"
    switches.redirect_opener_policy = "noopener-allow-popups"
    install = hubspot.install_from_marketplace(SIGNED_IN)
    consent = f"{install.return_url}?state=s"
    agreed = http.post(consent, data={"decision": "approve"})

    pages = [http.get(f"{hubspot.url}/marketplace/{PLAIN.client_id}"), http.get(consent)]
    assert {one.headers[COOP] for one in pages} == {"same-origin"}
    assert agreed.headers[COOP] == "noopener-allow-popups"
    ends = [http.get(agreed.headers["location"]), http.get(consent.replace("consent?", "done?"))]
    assert {one.headers[COOP] for one in ends} == {"same-origin-allow-popups"}
