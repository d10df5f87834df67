"""A host app with one user after another, and what a browser sees of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask, session
from flask.testing import FlaskClient
from jinja2 import DictLoader
from werkzeug.test import TestResponse

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey_simulator import HubSpot

SETUP = "/connections/setup"
FIRST, SECOND, SMALL = 4410001, 4410002, 4410003
"""The simulator's accounts; the last one's edition has no deals."""


def host_app(
    broker: Broker, *, templates: Mapping[str, str] | None = None, **options: Any
) -> Flask:
    """An app of somebody else's."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    app.jinja_loader = DictLoader(dict(templates or {}))
    app.add_url_rule("/login/<name>", "login", lambda name: session.update(user=name) or "in")
    HubSpotAuth(app, broker, owner=lambda: session.get("user"), **options)
    return app


def signed_in(app: Flask, name: str = "ada") -> FlaskClient:
    """A browser in which *name* is signed in."""
    client = app.test_client()
    client.get(f"/login/{name}")
    return client


def page_of(client: FlaskClient, path: str = SETUP) -> BeautifulSoup:
    """The page at *path*, read."""
    return BeautifulSoup(client.get(path).text, "html.parser")


def said(element: Tag | None) -> str:
    """The text of an element, its spaces in order."""
    assert element is not None
    return " ".join(element.get_text(" ").split())


def link_named(page: Tag, name: str) -> str:
    """Where the link of this name leads."""
    link = next(each for each in page.find_all("a") if said(each) == name)
    return str(link["href"])


def come_back(client: FlaskClient, hubspot: HubSpot, link: str, hub_id: int | None) -> str:
    """Agree at HubSpot for an account, whichever was asked for; where one is led to."""
    away = urlsplit(where_to(client.get(link)))
    plain = away._replace(path="/oauth/authorize").geturl()
    back = urlsplit(hubspot.approve(plain, hub_id))
    return client.get(f"{back.path}?{back.query}").headers["Location"]


def where_to(answer: TestResponse) -> str:
    """Where a start leads: by itself, or by a page that a sign-in's form may lead to."""
    if answer.status_code != 200:
        return answer.headers["Location"]
    refresh = BeautifulSoup(answer.text, "html.parser").select_one("meta[http-equiv=refresh]")
    assert refresh is not None, answer.text
    return str(refresh["content"]).removeprefix("0; url=")


def connect(client: FlaskClient, hubspot: HubSpot, hub_id: int | None = None) -> str:
    """Connect an account from the setup page, in one tab."""
    page = page_of(client)
    link = page.select_one("hubspot-connect[data-key=new] a")
    assert link is not None
    return come_back(client, hubspot, str(link["href"]), hub_id)


def leave_form(client: FlaskClient) -> dict[str, str]:
    """The form that disconnects the first account on the page: its fields, and ``action``."""
    link = page_of(client).select_one("a.pk-leave")
    assert link is not None
    form = page_of(client, str(link["href"])).form
    assert form is not None
    fields = {str(each["name"]): str(each["value"]) for each in form.find_all("input")}
    return {"action": str(form["action"]), **fields}


def cards(page: Tag) -> list[Tag]:
    """The connections on the page, in their order."""
    return page.select("article")
