"""From the click to a working token, over real sockets."""

from collections.abc import Callable

import httpx2
import pytest
from bs4 import BeautifulSoup

from portalkey.broker import Broker
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import Visitor, query_of

POPUP_HEADERS = {
    "cross-origin-opener-policy": "unsafe-none",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
    "cross-origin-resource-policy": "same-origin",
}


def test_a_person_connects_and_the_app_gets_a_working_token(
    visitor: Visitor, broker: Broker, hubspot: HubSpot
) -> None:
    """The whole point: click, agree, and code gets a token that HubSpot accepts."""
    page = visitor.connect()

    assert page.status_code == 200
    assert "harbourpine.example" in page.text
    token = broker.access_token(visitor.owner)
    details = httpx2.get(
        f"{hubspot.url}/account-info/2026-09/details", headers={"Authorization": f"Bearer {token}"}
    )
    assert details.json()["portalId"] == 4410001


def test_the_setup_page_shows_who_is_connected(visitor: Visitor) -> None:
    """Account, hub id, who agreed, scopes and a way to disconnect are all there."""
    visitor.connect()

    text = visitor.setup().get_text(" ")

    for shown in ("harbourpine.example", "4410001", "maya@harbourpine.example", "Disconnect"):
        assert shown in text
    for permission in ("See contacts and their details", "See deals"):
        assert permission in text


def test_a_scope_the_account_lacks_is_shown_as_missing(visitor: Visitor) -> None:
    """A tier that lacks an optional scope connects with what it has, and the page says so."""
    visitor.connect(hub_id=4410003)

    connection = visitor.status()["connections"][0]

    assert connection["missing_scopes"] == ["crm.objects.deals.read"]
    assert "See deals" in str(visitor.setup().select_one("article > details"))


def test_the_status_tells_account_and_time_zone(visitor: Visitor) -> None:
    """Identity comes from the token response, introspection and account info together."""
    visitor.connect(hub_id=4410002)

    status = visitor.status()

    assert status["authenticated"] is True
    assert (status["portal_id"], status["time_zone"]) == (4410002, "Europe/Berlin")
    assert status["connections"][0]["user_email"] == "jonas@nordlicht.example"
    assert status["connections"][0]["ui_domain"] == "app-eu1.hubspot.com"


def test_several_accounts_stand_side_by_side(visitor: Visitor, broker: Broker) -> None:
    """One owner may connect several accounts; each has its own token."""
    visitor.connect(hub_id=4410001)
    visitor.connect(hub_id=4410002)

    owner = visitor.owner

    assert [each.hub_id for each in broker.connections(owner)] == [4410001, 4410002]
    assert broker.access_token(owner, 4410001) != broker.access_token(owner, 4410002)


def test_connecting_the_same_account_again_keeps_one_connection(
    visitor: Visitor, broker: Broker
) -> None:
    """A reconnect is the next generation of the same row."""
    visitor.connect()
    visitor.connect()

    connections = broker.connections(visitor.owner)

    assert [each.generation for each in connections] == [2]


def test_the_popups_own_attempt_id_is_kept(visitor: Visitor) -> None:
    """The page names the attempt, so that it can ask for just that one."""
    attempt = "A" * 22
    callback = visitor.get(visitor.agree(visitor.begin(attempt)))

    assert callback.headers["location"] == f"/auth/hubspot/done?attempt={attempt}"
    shown = visitor.status(attempt)["attempt"]
    assert (shown["id"], shown["status"], shown["error"]) == (attempt, "connected", None)


def test_hubspot_is_asked_for_what_the_settings_say(visitor: Visitor, settings: Settings) -> None:
    """Scopes, redirect URI and PKCE are the operator's; a visitor's parameters are inert."""
    link = f"{visitor.connect_link}&scope=all&client_id=evil&redirect_uri=https://evil.test&state=x"
    asked = query_of(visitor.get(link).headers["location"])

    assert asked["scope"] == " ".join(settings.scopes)
    assert asked["optional_scope"] == " ".join(settings.optional_scopes)
    assert asked["redirect_uri"] == settings.redirect_uri
    assert asked["code_challenge_method"] == "S256"
    assert asked["state"] != "x"


def test_secrets_go_to_hubspot_in_form_bodies_only(visitor: Visitor, hubspot: HubSpot) -> None:
    """No secret, code or token stands in any address that HubSpot was asked at."""
    visitor.connect()

    paths = [asked.path for asked in hubspot.requests]

    assert paths[0] == "/oauth/2026-09/token"
    assert sorted(paths[1:]) == [
        "/account-info/2026-09/details",
        "/oauth/2026-09/token/introspect",
    ]


def test_every_response_of_the_chain_carries_the_popup_headers(visitor: Visitor) -> None:
    """Redirects and pages alike: one response without them would cut the opener off."""
    start = visitor.get(f"{visitor.connect_link}&attempt={'A' * 22}")
    callback = visitor.get(visitor.agree(start.headers["location"]))
    done = visitor.get(callback.headers["location"])
    refused = visitor.get("/auth/hubspot/callback?code=x")
    asking = visitor.get("/auth/hubspot/start")

    for answer in (start, callback, done, refused, asking):
        assert POPUP_HEADERS.items() <= dict(answer.headers).items()
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_attempt_cookie_is_small_and_narrow(visitor: Visitor) -> None:
    """HttpOnly, Lax, for the journey's paths only; not Secure on plain localhost."""
    cookies = visitor.get(visitor.connect_link).headers.get_list("set-cookie")
    (cookie,) = [each for each in cookies if each.startswith("portalkey_attempt_")]

    for part in ("HttpOnly", "SameSite=Lax", "Path=/auth/hubspot"):
        assert part in cookie
    assert "Secure" not in cookie


def test_the_journey_leaves_its_story_in_the_audit(visitor: Visitor, broker: Broker) -> None:
    """Who connected what, by which attempt, without a secret."""
    visitor.connect()

    names = [event.name for event in broker.vault.store.events(owner=visitor.owner)]

    assert names == [EventName.ATTEMPT_STARTED, EventName.CONNECTED]


def test_the_done_page_loads_only_our_own_files(visitor: Visitor) -> None:
    """No inline script or style, and nothing from elsewhere (default-src 'self')."""
    page = BeautifulSoup(visitor.connect().text, "html.parser")

    assert not page.find_all("style")
    assert not page.find_all(style=True)
    for script in page.find_all("script"):
        assert str(script["src"]).startswith("/auth/hubspot/static/")
        assert not script.get_text(strip=True)


@pytest.mark.parametrize("how_many", [2, 3])
def test_two_tabs_both_finish_in_reverse_order(visitor: Visitor, how_many: int) -> None:
    """Attempts of one browser never mix (R107)."""
    begun = [visitor.begin(f"{number}" * 22) for number in range(how_many)]

    for url in reversed(begun):
        visitor.get(visitor.agree(url))

    for number in range(how_many):
        assert visitor.status(f"{number}" * 22)["attempt"]["status"] == "connected"


def test_a_sixth_attempt_ends_the_oldest(visitor: Visitor, ahead: Callable[[], float]) -> None:
    """At most five attempts of a browser are alive at once."""
    for number in range(6):
        visitor.begin(f"{number}" * 22)

    states = [visitor.status(f"{number}" * 22)["attempt"]["status"] for number in range(6)]

    assert states == ["expired", *["at_hubspot"] * 5]
