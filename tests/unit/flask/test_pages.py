"""The pages inside a host app: its language, its words, its layout."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response, session
from flask.testing import FlaskClient
from jinja2 import FunctionLoader

from portalkey.broker import Broker
from portalkey.web.host import BROWSER_KEY
from portalkey.web.static_files import static_address
from portalkey_simulator import HubSpot
from support.hosting import FIRST, SETUP, connect, host_app, link_named, page_of, said, signed_in

LAYOUT = """<!doctype html><html><head><title>{% block title %}Host{% endblock %}</title>
{% block head %}<link rel="icon" href="{{ url_for('static', filename='host.ico') }}">{% endblock %}
</head><body><nav>{{ who | shout }} {{ request.path }}</nav>
{% block content %}{% endblock %}</body></html>"""


@pytest.fixture
def client(broker: Broker) -> FlaskClient:
    """Ada's browser."""
    return signed_in(host_app(broker))


def test_the_host_speaks_german(broker: Broker) -> None:
    """Without a wish of the visitor's, the host's language decides."""
    page = page_of(signed_in(host_app(broker, language="de-AT")))

    assert page.html is not None
    assert page.html["lang"] == "de"
    assert "Mit HubSpot verbinden" in page.text


def test_the_host_decides_at_each_request(broker: Broker) -> None:
    """Flask-Babel's locale, for one, is known in a request only."""
    languages = iter(["de", "fr", "de_CH"])
    client = signed_in(host_app(broker, language=lambda: next(languages)))
    langs = [page_of(client).select_one("html[lang]") for _ in range(3)]

    assert [each["lang"] if each else None for each in langs] == ["de", "en", "de"]


def test_the_popup_stays_in_its_language(broker: Broker, hubspot: HubSpot) -> None:
    """A language asked for at the start holds to the end, and for the program that asks."""
    client = signed_in(host_app(broker))
    link = page_of(client).select_one("hubspot-connect a")
    assert link is not None
    attempt = "A" * 22
    away = client.get(f"{link['href']}&attempt={attempt}&language=de-CH").headers["Location"]
    back = urlsplit(hubspot.deny(away))
    done = client.get(f"{back.path}?{back.query}").headers["Location"]

    assert "Nicht verbunden" in client.get(done).text


@pytest.mark.parametrize(
    "path", [f"{SETUP}?language=de", "/auth/hubspot/start?language=de"], ids=["setup", "start"]
)
def test_a_visitor_asks_for_german(client: FlaskClient, path: str) -> None:
    """Pages without an attempt follow the request."""
    assert '<html lang="de"' in client.get(path).text


def test_a_signed_out_visitor_asks_for_german(broker: Broker) -> None:
    """Before anything else, too."""
    answer = host_app(broker).test_client().get(f"{SETUP}?language=de")

    assert "Bitte melden Sie sich an" in answer.text


@pytest.mark.parametrize("path", [SETUP, "/auth/hubspot/start", "/auth/hubspot/refused"])
def test_a_browser_asks_for_german(client: FlaskClient, path: str) -> None:
    """Where neither the address nor the app says a language; the address comes first."""
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}

    assert '<html lang="de"' in client.get(path, headers=german).text
    if path != "/auth/hubspot/refused":
        assert '<html lang="en"' in client.get(f"{path}?language=en", headers=german).text


def test_a_browser_does_not_overrule_the_app(broker: Broker) -> None:
    """Whose own pages around ours are in that language."""
    client = signed_in(host_app(broker, language="en"))

    assert '<html lang="en"' in client.get(SETUP, headers={"Accept-Language": "de"}).text


def test_a_journey_stays_in_the_browsers_language(client: FlaskClient) -> None:
    """The attempt keeps it, for the page at its end."""
    link = page_of(client).select_one("hubspot-connect a")
    assert link is not None
    attempt = "A" * 22
    client.get(f"{link['href']}&attempt={attempt}", headers={"Accept-Language": "de"})

    assert '<html lang="de"' in client.get(f"/auth/hubspot/done?attempt={attempt}").text


def test_a_host_has_words_of_its_own(broker: Broker) -> None:
    """One text changed, all others as they were."""
    words = {"en": {"connect": "Bring your CRM"}}
    page = page_of(signed_in(host_app(broker, strings=words)))

    assert link_named(page, "Bring your CRM")
    assert "HubSpot connection" in page.text


def test_a_word_that_does_not_exist_is_refused_at_start(broker: Broker) -> None:
    """A typing mistake is told to the developer, with what was meant."""
    with pytest.raises(ValueError, match="did you mean 'connect'"):
        host_app(broker, strings={"en": {"conect": "x"}})


def layout_app(broker: Broker, **templates: str) -> Flask:
    """A host with a layout that needs its own filters and context."""
    app = host_app(
        broker, templates={"layout.html": LAYOUT, **templates}, base_template="layout.html"
    )
    app.jinja_env.filters["shout"] = str.upper
    app.context_processor(lambda: {"who": session["user"]})
    return app


def test_the_setup_page_in_the_hosts_layout(broker: Broker, hubspot: HubSpot) -> None:
    """The host's context and blocks around our content, with our styles, which leave it alone."""
    client = signed_in(layout_app(broker))
    connect(client, hubspot, FIRST)
    page = page_of(client)

    assert said(page.nav) == "ADA /connections/setup"
    assert said(page.title) == "HubSpot connection"
    assert page.select("link[rel=icon]")
    assert [link["href"] for link in page.select("link[rel=stylesheet]")] == [
        static_address("portalkey.css")
    ]
    assert page.select("script[type=module][src$='connect.js']")
    assert page.select(".pk-on-host[data-owner=ada][lang=en] article.pk-account a.pk-leave")
    assert "Simulator." in page.text


LACKING = [
    ({}, "is not there"),
    ({"layout.html": "<head>{% block head %}{% endblock %}</head>"}, "has no block content"),
    ({"layout.html": "<main>{% block content %}{% endblock %}</main>"}, "has no block head"),
    ({"layout.html": "<p>ours</p>"}, "has no block content and no block head"),
    (
        {"layout.html": "{% extends 'site.html' %}", "site.html": "{% block head %}{% endblock %}"},
        "has no block content",
    ),
]


def layout_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of the layout."""
    return [each for each in caplog.messages if each.startswith("base_template: ")]


@pytest.mark.parametrize(("templates", "problem"), LACKING)
def test_a_layout_that_holds_no_page_is_named(
    broker: Broker, caplog: pytest.LogCaptureFixture, templates: dict[str, str], problem: str
) -> None:
    """Never an empty page: ours is shown in its own layout, and the log says once what lacks."""
    client = signed_in(host_app(broker, templates=templates, base_template="layout.html"))
    pages = [page_of(client) for _ in range(2)]
    (line,) = layout_lines(caplog)

    assert all(page.select("hubspot-connect a") for page in pages)
    assert f"layout.html {problem}, so" in line
    assert "title, head and content" in line


@pytest.mark.parametrize(("templates", "problem"), LACKING)
@pytest.mark.parametrize("path", ["/api/hubspot/status", "/auth/hubspot/refused"])
def test_a_layout_that_holds_no_page_is_named_at_the_first_request(
    broker: Broker,
    caplog: pytest.LogCaptureFixture,
    templates: dict[str, str],
    problem: str,
    path: str,
) -> None:
    """Whoever asks for whatever, before anybody needs the setup page; the doctor reads it there."""
    app = host_app(broker, templates=templates, base_template="layout.html")
    app.test_client().get(path)
    (line,) = layout_lines(caplog)
    mark = page_of(app.test_client(), "/auth/hubspot/refused").select_one("[name=portalkey-layout]")

    assert f"layout.html {problem}, so" in line
    assert mark is not None
    assert mark["content"] == problem


@pytest.mark.parametrize(
    "templates",
    [
        {"layout.html": LAYOUT},
        {"layout.html": "{% extends 'site.html' %}", "site.html": LAYOUT},
        {"layout.html": "{% extends parent or 'site.html' %}", "site.html": LAYOUT},
    ],
    ids=["whole", "inherited", "decided in the page"],
)
def test_a_layout_that_holds_a_page_is_not_named(
    broker: Broker, caplog: pytest.LogCaptureFixture, templates: dict[str, str]
) -> None:
    """Blocks may stand in a template that it extends, and which one that is may be decided late."""
    app = layout_app(broker, **templates)
    first = page_of(app.test_client(), "/auth/hubspot/refused")
    page = page_of(signed_in(app))

    assert layout_lines(caplog) == []
    assert not first.select("[name=portalkey-layout]")
    assert page.select("nav + .pk-setup")


def test_a_layout_that_is_mended_is_named_no_more(broker: Broker) -> None:
    """In the next page, without a restart."""
    templates = {"layout.html": "<p>ours</p>"}
    app = host_app(broker, base_template="layout.html")
    app.jinja_loader = FunctionLoader(templates.get)
    app.context_processor(lambda: {"who": session["user"]})
    app.jinja_env.filters["shout"] = str.upper
    client = signed_in(app)
    marks = [page_of(client, "/auth/hubspot/refused").select("[name=portalkey-layout]")]
    templates["layout.html"] = LAYOUT
    page = page_of(client)
    marks.append(page_of(client, "/auth/hubspot/refused").select("[name=portalkey-layout]"))

    assert page.nav is not None
    assert [len(each) for each in marks] == [1, 0]


def test_the_hosts_policy_holds_on_the_hosts_layout(broker: Broker) -> None:
    """Its layout loads what we know nothing of; it is still not framed."""

    def lay(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "img-src https://cdn.test"
        return response

    app = layout_app(broker)
    app.after_request(lay)
    answer = signed_in(app).get(SETUP)
    start = signed_in(app).get("/auth/hubspot/start")

    assert answer.headers["Content-Security-Policy"] == "img-src https://cdn.test"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in start.headers["Content-Security-Policy"]


def test_popups_keep_their_own_base(broker: Broker) -> None:
    """A popup has no room for a site's navigation."""
    page = page_of(signed_in(layout_app(broker)), "/auth/hubspot/start")

    assert page.nav is None
    assert page.select("body.pk-popup")


BLOCKS = {
    "heading": "<h1>Mine</h1>",
    "account": "<p>{{ connection.hub_id }}</p>",
    "missing": "<p>later</p>",
    "actions": "<p>none</p>",
}


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("make", [host_app, layout_app])
def test_a_host_changes_one_block(
    broker: Broker, hubspot: HubSpot, make: Callable[..., Flask], block: str
) -> None:
    """``!portalkey/...`` is our template, for one of the same name to extend."""
    ours = "connections/setup.html"
    own = f'{{% extends "!portalkey/{ours}" %}}{{% block {block} %}}{BLOCKS[block]}{{% endblock %}}'
    templates = {f"portalkey/{ours}": own}
    app = make(broker, **({"templates": templates} if make is host_app else templates))
    client = signed_in(app)
    connect_without_page(client, hubspot, broker)
    page = page_of(client)

    assert BLOCKS[block].replace("{{ connection.hub_id }}", str(FIRST)) in str(page)
    assert page.select("[data-owner=ada]")


def connect_without_page(client: FlaskClient, hubspot: HubSpot, broker: Broker) -> None:
    """Connect without the page, which may not show how."""
    client.get(SETUP)
    with client.session_transaction() as session:
        started = broker.begin("ada", session[BROWSER_KEY])
    back = urlsplit(hubspot.approve(started.authorize_url, FIRST))
    client.set_cookie(f"portalkey_attempt_{started.attempt.id}", started.cookie.get_secret_value())
    client.get(f"{back.path}?{back.query}")
