"""Who a visitor of the standalone app is."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.cli.server import create_app
from portalkey.cli.server.owners import (
    PEOPLE,
    Owners,
    named_by_proxy,
    one_per_session,
    people_of_demo,
    single,
)

PROXIES = ("10.0.0.7", "192.0.2.0/24", "2001:db8::/32")


def client_of(broker: Broker, owners: Owners) -> FlaskClient:
    """A browser at an app with these *owners*."""
    return create_app(broker, owners=owners).test_client()


def owner_at(client: FlaskClient, broker: Broker, peer: str = "127.0.0.1", **sent: str) -> str:
    """The owner that the page is for; empty where it asks to sign in."""
    page = client.get(
        "/connections/setup",
        base_url=broker.settings.public_url,
        environ_base={"REMOTE_ADDR": peer},
        headers={name.replace("_", "-"): value for name, value in sent.items()},
    )
    part = BeautifulSoup(page.text, "html.parser").select_one("[data-owner]")
    assert (part is None) is (page.status_code == 401)
    return str(part["data-owner"]) if part else ""


def test_each_session_is_an_owner_of_its_own(broker: Broker) -> None:
    """Two browsers never see each other's connections."""
    app = create_app(broker, owners=one_per_session())
    first, second = app.test_client(), app.test_client()
    owner = owner_at(first, broker)

    assert owner.startswith("visitor-")
    assert owner_at(first, broker) == owner != owner_at(second, broker)


def test_the_demo_has_people_with_names(broker: Broker) -> None:
    """Each browser is somebody, and stays it."""
    owners = people_of_demo()
    app = create_app(broker, owners=owners)
    browsers = [app.test_client() for _ in PEOPLE]
    found = [owner_at(browser, broker) for browser in browsers]

    assert [owners.name(owner) for owner in found] == list(PEOPLE)
    assert found[0] == "ada-lindqvist" == owner_at(browsers[0], broker)


def test_a_tool_of_one_person_has_one_owner(broker: Broker) -> None:
    """Whichever browser it is."""
    clients = [client_of(broker, single("ada")) for _ in range(2)]

    assert [owner_at(client, broker) for client in clients] == ["ada", "ada"]


@pytest.mark.parametrize("peer", ["10.0.0.7", "192.0.2.200", "2001:db8::5"])
def test_the_proxy_says_who_is_signed_in(broker: Broker, peer: str) -> None:
    """oauth2-proxy and Authelia sign people in and name them in a header."""
    client = client_of(broker, named_by_proxy("X-Forwarded-User", PROXIES))

    assert owner_at(client, broker, peer, X_Forwarded_User="ada") == "ada"
    assert owner_at(client, broker, peer, X_Forwarded_User="ben") == "ben"
    assert owner_at(client, broker, peer) == ""
    assert owner_at(client, broker, peer, X_Forwarded_User=" ") == ""


@pytest.mark.parametrize("peer", ["10.0.0.8", "127.0.0.1", "2001:db9::5"])
def test_nobody_else_says_it(broker: Broker, peer: str) -> None:
    """Whoever comes past the proxy is signed out, whatever the request says of its way."""
    client = client_of(broker, named_by_proxy("X-Forwarded-User", PROXIES))
    forged = {"X_Forwarded_User": "ada", "X_Forwarded_For": "10.0.0.7", "Forwarded": "for=10.0.0.7"}

    assert owner_at(client, broker, peer, **forged) == ""


def test_a_name_that_is_sent_twice_is_nobodys(broker: Broker) -> None:
    """A proxy that adds its header to the visitor's own would let the visitor choose."""
    client = client_of(broker, named_by_proxy("X-Forwarded-User", PROXIES))
    answer = client.get(
        "/connections/setup",
        base_url=broker.settings.public_url,
        environ_base={"REMOTE_ADDR": "10.0.0.7"},
        headers=[("X-Forwarded-User", "eve"), ("X-Forwarded-User", "ada")],
    )

    assert answer.status_code == 401
