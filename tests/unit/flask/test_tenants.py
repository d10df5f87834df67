"""An owner that is a tenant: several users stand for it, and not all may do everything."""

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.model.connection import Connection
from portalkey.web.host import BROWSER_KEY
from portalkey.web.signed_tokens import sign_form
from portalkey_simulator import HubSpot
from support.hosting import (
    FIRST,
    SETUP,
    cards,
    come_back,
    connect,
    host_app,
    leave_form,
    page_of,
    said,
)

ADMINS = {"ada"}


def is_admin(owner: str, connection: Connection) -> bool:
    """Return True where an administrator is signed in."""
    assert (owner, connection.owner) == ("acme", "acme")
    return session.get("user") in ADMINS


@pytest.fixture
def app(broker: Broker) -> Flask:
    """An app whose users all belong to Acme."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    app.add_url_rule("/login/<name>", "login", lambda name: session.update(user=name) or "in")

    def owner() -> str | None:
        return "acme" if "user" in session else None

    HubSpotAuth(app, broker, owner=owner, may_disconnect=is_admin)
    return app


def signed_in(app: Flask, name: str) -> FlaskClient:
    """A browser in which *name* is signed in."""
    client = app.test_client()
    client.get(f"/login/{name}")
    return client


def leave(
    client: FlaskClient, broker: Broker, connection: Connection, **headers: str
) -> tuple[int, str]:
    """Post the button's form, even where the page has none."""
    page_of(client)
    with client.session_transaction() as session:
        browser = session[BROWSER_KEY]
    token = sign_form(broker, browser=browser, owner="acme")
    answer = client.post(
        f"/api/hubspot/connections/{connection.id}/disconnect",
        data={"portalkey_token": token},
        headers={"Sec-Fetch-Site": "same-origin", **headers},
    )
    return answer.status_code, answer.text


def test_users_share_their_tenants_connection(app: Flask, broker: Broker, hubspot: HubSpot) -> None:
    """A connection of one is seen and used by the others."""
    ada, bob = signed_in(app, "ada"), signed_in(app, "bob")
    connect(ada, hubspot)

    assert len(cards(page_of(bob))) == 1
    assert bob.get("/api/hubspot/status").get_json()["authenticated"]
    assert broker.access_token("acme")


def test_an_owner_has_a_name_on_pages(broker: Broker) -> None:
    """The id stays where programs look for it."""
    app = host_app(broker, owner_name=lambda owner: f"<{owner.title()}> & Co")
    client = signed_in(app, "ada")

    page = page_of(client)

    assert said(page.select_one(".pk-head strong")) == "<Ada> & Co"
    assert page.select("[data-owner=ada]")


def test_an_attempt_is_its_own_users(app: Flask, broker: Broker, hubspot: HubSpot) -> None:
    """One user's link does not work in another's browser, though both stand for one owner."""
    ada, bob = signed_in(app, "ada"), signed_in(app, "bob")
    link = page_of(ada).select_one("hubspot-connect[data-key=new] a")
    assert link is not None

    assert bob.get(str(link["href"])).status_code != 303
    assert "trouble" not in come_back(ada, hubspot, str(link["href"]), FIRST)


def test_who_may_not_disconnect_is_shown_no_button(
    app: Flask, broker: Broker, hubspot: HubSpot
) -> None:
    """And who may is shown one; both see which of the two they are in the API."""
    ada, bob = signed_in(app, "ada"), signed_in(app, "bob")
    connect(ada, hubspot)

    assert [len(page_of(each).select("a.pk-leave")) for each in (ada, bob)] == [1, 0]
    listed = [
        user.get("/api/hubspot/connections").get_json()["connections"][0] for user in (ada, bob)
    ]
    assert [connection["may_disconnect"] for connection in listed] == [True, False]
    assert page_of(bob).select("article hubspot-connect a"), "to reconnect is everybody's"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_who_may_not_disconnect_cannot(
    app: Flask, broker: Broker, hubspot: HubSpot, accept: str
) -> None:
    """Whatever they post: the connection lives, and they are told whom to ask."""
    ada, bob = signed_in(app, "ada"), signed_in(app, "bob")
    connect(ada, hubspot)
    (connection,) = broker.connections("acme")

    status, text = leave(bob, broker, connection, accept=accept)

    assert status == 403
    assert "Ask whoever looks after it" in text
    assert broker.access_token("acme")


def test_who_may_disconnect_does(app: Flask, broker: Broker, hubspot: HubSpot) -> None:
    """The hook says yes, and nothing else has changed."""
    ada = signed_in(app, "ada")
    connect(ada, hubspot)
    (connection,) = broker.connections("acme")

    assert leave(ada, broker, connection)[0] == 303
    assert broker.connections("acme") == []


def test_anybody_may_disconnect_by_default(broker: Broker, hubspot: HubSpot) -> None:
    """Without a hook, whoever stands for the owner may."""
    ada = signed_in(host_app(broker), "ada")
    connect(ada, hubspot)

    assert said(page_of(ada, SETUP).select_one("a.pk-leave")) == "Disconnect…"
    assert leave_form(ada)["portalkey_token"]
