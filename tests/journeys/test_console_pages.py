"""Pages of the operator's console in a host app: what is seen and found, and who sees nothing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth, HubSpotConsole
from portalkey.model.connection import Account, Connection
from portalkey.model.events import Event, EventName
from portalkey.testing import Ahead
from portalkey.testing.samples import connect, new_attempt
from portalkey.vault import SQLStore, Vault
from support.operating import (
    PEOPLE,
    connect_to_another_app,
    live_a_while,
    make_broker,
    settings_of,
)
from support.operating_console import HEADER, Operator, host_app, names, words

LIVE = sorted(str(domain or hub_id) for _, domain, hub_id, *_ in PEOPLE if hub_id != 4410044)


@pytest.fixture(scope="module")
def ahead() -> Ahead:
    """How far the store's clock is ahead."""
    return Ahead()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, ahead: Ahead) -> Iterator[Broker]:
    """One for all of these tests: pages change nothing."""
    with closing(make_broker(settings_of(tmp_path_factory.mktemp("console")), ahead)) as broker:
        yield broker


@pytest.fixture(scope="module")
def rows(broker: Broker, ahead: Ahead) -> dict[str, Connection]:
    """Connections that have seen something, by owner; and one of another app."""
    connect_to_another_app(broker)
    return live_a_while(broker, ahead, days=3)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Broker]:
    """A broker of an app that nobody has connected to."""
    with closing(make_broker(settings_of(tmp_path), Ahead())) as broker:
        yield broker


@pytest.fixture(scope="module")
def app(broker: Broker) -> Flask:
    """A host app."""
    return host_app(broker)


@pytest.fixture
def operator(app: Flask, broker: Broker) -> Operator:
    """Grace, who may."""
    return Operator(app, broker)


def test_all_connections_of_this_app_are_listed(operator: Operator, rows: Any) -> None:
    """With their numbers by status; another app's are not there."""
    page = operator.page()

    assert names(page) == LIVE
    chips = [words(each) for each in page.select(".pc-chip")]
    assert chips == ["All 6", "Connected 4", "Retrying 1", "Reconnect needed 1", "Disconnected 1"]
    assert "foreign.example" not in str(page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=4410001", ["harbourpine.example"]),
        ("q=+Nordlicht.example+", ["nordlicht.example"]),
        ("q=mei.tanaka@quietriver.example", ["quietriver.example"]),
        ("q=ravi", ["brightfield.example"]),  # disconnected: nobody else is called so
        ("q=nobody", []),
        ("q=foreign.example", []),
        ("q=owner-of-another-app", []),
        ("q=a%00b", []),
        ("q=%EF%BF%BD%27%22%3Cb%3E", []),
        ("q=999999999999999999999999", []),
        ("owner=ada", ["harbourpine.example"]),
        ("hub_id=4410002&status=failing", ["nordlicht.example"]),
        ("hub_id=4410002&status=connected", []),
        ("status=disconnected", ["brightfield.example"]),
        ("domain=veldhuis.example", ["veldhuis.example"]),
        ("key=test&status=needs_reconnect", ["harbourpine.example"]),
    ],
)
def test_connections_are_found(operator: Operator, rows: Any, query: str, found: list[str]) -> None:
    """By what people say of them, in one box; or by what the address narrows it to."""
    answer = operator.get(f"?{query}")

    assert answer.status_code == 200
    assert names(operator.page(f"?{query}")) == found
    if not found:
        assert "Nothing was found" in answer.text


def test_words_may_mean_two_things(empty: Broker) -> None:
    """An owner may be called like an account's number: both are shown the way to."""
    operator = Operator(host_app(empty), empty)
    app_id = empty.settings.client_id
    connect(empty.vault.store, client_id=app_id, account=Account(77, hub_domain="one.example"))
    connect(empty.vault.store, client_id=app_id, owner="77", account=Account(5))
    page = operator.page("?q=77")

    assert names(page) == ["one.example"]
    (other,) = [each for each in page.select(".pc-narrowing a") if words(each) == "77"]
    assert names(operator.page(str(other["href"]))) == ["5"]


def test_an_id_leads_to_what_it_is_of(operator: Operator, broker: Broker, rows: Any) -> None:
    """A connection's, or an attempt's that somebody quotes."""
    row = rows["ada"]
    begun = broker.begin("ada", "browser").attempt.id

    assert operator.get(f"?q={row.id}").headers["Location"] == f"/console/connections/{row.id}"
    way = operator.get(f"?q={begun}").headers["Location"]
    assert way == f"/console/attempts?reference={begun}"


def test_pages_lead_to_one_another(empty: Broker) -> None:
    """Fifty to a page, each connection once, and back to the first."""
    operator = Operator(host_app(empty), empty)
    for number in range(120):
        connect(
            empty.vault.store,
            client_id=empty.settings.client_id,
            account=Account(number, hub_domain=f"{number:03}.example"),
        )
    seen: list[str] = []
    path, sizes = "?status=connected", []
    while True:
        page = operator.page(path)
        sizes.append(len(names(page)))
        seen += names(page)
        onward = page.select_one("a[rel=next]")
        if onward is None:
            break
        path = str(onward["href"])

    assert sizes == [50, 50, 20]
    assert sorted(seen) == [f"{number:03}.example" for number in range(120)]
    first = next(each for each in page.select("a") if words(each) == "First page")
    assert len(names(operator.page(str(first["href"])))) == 50


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("?status=gone", 400, "There is no such status"),
        ("?hub_id=ada", 400, "That is no HubSpot account"),
        ("?hub_id=٣", 400, "That is no HubSpot account"),
        (f"?owner={'x' * 1001}", 400, "That is no owner"),
        ("?key=nokey", 404, "There is no such key"),
        ("?cursor=nonsense", 400, "This page is of another search"),
        ("?owner=ada&owner=eve", 400, "This address says it twice"),
        ("/connections/nobody", 404, "There is no such connection"),
        ("/connections/a%00b", 404, "There is no such connection"),
        ("/connections/nobody/disconnect", 404, "There is no such connection"),
        ("/attempts?reference=nobody", 404, "There is no such attempt"),
        ("/erase", 400, "No owner is named"),
        ("/erase?owner=nobody", 404, "Nothing is kept of this owner"),
        ("/nowhere", 404, "Nothing is here"),
        ("/connections", 404, "Nothing is here"),
    ],
)
def test_what_is_not_there_is_said(
    operator: Operator, rows: Any, path: str, status: int, title: str
) -> None:
    """On a page with what to do, and never as an empty list or a crash."""
    answer = operator.get(path)

    assert answer.status_code == status
    assert title in answer.text
    assert operator.page(path).select("nav a[href='/console']")


def test_a_cursor_of_another_search_is_refused(empty: Broker) -> None:
    """And so is one of another connection's timeline."""
    operator = Operator(host_app(empty), empty)
    for number in range(60):
        connect(empty.vault.store, client_id=empty.settings.client_id, account=Account(number))
    onward = str(operator.page().select_one("a[rel=next]")["href"])  # type: ignore[index]

    assert operator.get(onward).status_code == 200
    assert operator.get(f"{onward}&status=connected").status_code == 400
    row = empty.find(limit=1).connections[0]
    assert operator.get(f"/connections/{row.id}?cursor=x").status_code == 400


def test_one_connection_is_shown_whole(operator: Operator, rows: Any) -> None:
    """What is known of it, how it renews, and what happened, the newest first."""
    page = operator.page(f"/connections/{rows['ada'].id}")
    titles = [words(each) for each in page.select(".pc-line strong")]

    assert titles[0] == "Ended by HubSpot: reconnecting is needed"
    assert titles[-1] == "Connected"
    chart = page.select_one("svg[role=img]")
    assert chart is not None
    assert "renewed; began to fail 0 times" in str(chart["aria-label"])
    text = words(page.select_one("main"))
    for shown in ("maya@harbourpine.example", "web, 1,240 times", "test", "HubSpot ended it"):
        assert shown in text


def test_trouble_of_one_connection_is_shown(operator: Operator, rows: Any) -> None:
    """How often it failed, when it is tried again, and what HubSpot is owed."""
    failing = words(operator.page(f"/connections/{rows['jonas'].id}").select_one("main"))
    gone = operator.page(f"/connections/{rows['ravi'].id}")

    assert "hubspot unavailable, 3 tries in a row" in failing
    assert "Failures in a row 3 Tried again" in failing
    assert "A token to forget: 2 failed tries" in words(gone.select_one("main"))
    assert not [a for a in gone.select("a") if "/disconnect" in str(a["href"])]


def test_a_long_timeline_has_pages(operator: Operator, broker: Broker, rows: Any) -> None:
    """Each event once, and the facts on the first page only."""
    row = rows["sam"]
    for number in range(70):
        facts = {"number": number}
        broker.vault.store.record(
            Event(EventName.DELIVERED, "sam", connection_id=row.id, facts=facts)
        )
    first = operator.page(f"/connections/{row.id}")
    older = first.select_one("a[rel=next]")
    assert older is not None
    second = operator.page(str(older["href"]))

    found = [page.select("ol.pc-line li") for page in (first, second)]
    assert [len(lines) for lines in found] == [50, 21]
    assert "number 69" in words(found[0][0])
    assert first.select("#about")
    assert not second.select("#about")


def test_an_attempt_is_told_in_words(operator: Operator, broker: Broker) -> None:
    """What happened, what to answer, and whose it was."""
    attempt = broker.begin("ada", "browser").attempt
    line = f"{attempt.id} · declined"  # as a page has it at its foot, and a person copies it
    text = words(operator.page(f"/attempts?reference={line}").select_one("main"))
    assert attempt.id in str(operator.get(f"/?q={line}").headers["location"])

    assert "The person was sent to HubSpot and has not come back." in text
    assert "Go on in HubSpot's window" in text
    assert "Attempt begun" in text
    assert "Owner ada" in text


def test_an_attempt_of_another_app_is_nobodys(operator: Operator, broker: Broker) -> None:
    """One that connected there, and one that leads back there."""
    store = broker.vault.store
    theirs = connect(store, client_id="another-app", owner="theirs")
    (done,) = [each for each in store.attempts_of("ada") if each.connection_id == theirs.id]
    begun = new_attempt(store, redirect_uri="https://elsewhere.example/auth/hubspot/callback")

    for each in (done, begun):
        assert broker.find_attempt(each.id) is not None
        assert operator.get(f"/attempts?reference={each.id}").status_code == 404


def test_keys_and_health_are_shown(operator: Operator, broker: Broker, rows: Any) -> None:
    """What a key seals, which processes live, and how the store is."""
    broker.announce()
    keys = words(operator.page("/keys").select_one("main"))
    health = words(operator.page("/health").select_one("main"))

    assert "test Seals new tokens 6 connections," in keys
    assert "1 owed to HubSpot · Show the connections" in keys
    assert "test seals" in keys
    assert "Store, keys and the way to HubSpot are well." in health
    assert "Owed to HubSpot 1" in health
    assert "attempts" in health


NOBODY_MAY = ("", "/health", "/keys", "/attempts", "/connections/x", "/nowhere", "/erase?owner=ada")


@pytest.mark.parametrize("path", NOBODY_MAY)
def test_whoever_is_no_operator_meets_the_apps_own_404(
    app: Flask, broker: Broker, path: str
) -> None:
    """As if there were no console, whatever is asked for and however."""
    stranger = Operator(app, broker, None)
    nothing = stranger.http.get("/nothing-at-all")

    for answer in (stranger.get(path), stranger.post(path, {"a": "b"})):
        assert answer.status_code == 404
        assert answer.data == nothing.data
        assert "Set-Cookie" not in answer.headers


def test_there_is_no_console_that_is_open(broker: Broker) -> None:
    """Neither by leaving out who may, nor by an answer without a name."""
    wrongs: list[dict[str, Any]] = [{}, {"allow": None}, {"allow": True}, {"allow": "grace"}]
    for wrong in wrongs:
        with pytest.raises(TypeError, match="allow"):
            HubSpotConsole(Flask("host"), broker, **wrong)
    app = Flask("host")
    app.testing = True  # or the error would be logged, and answered by a 500
    everybody: Any = lambda _: True  # noqa: E731 - the mistake itself
    HubSpotConsole(app, broker, allow=everybody)
    with pytest.raises(TypeError, match="operator's name"):
        app.test_client().get("/console")


def test_acts_are_posts_and_pages_are_not(operator: Operator, rows: Any, broker: Broker) -> None:
    """No link does anything, and no page takes a form."""
    for path in ("", "/health", "/keys", "/attempts", f"/connections/{rows['ada'].id}"):
        answer = operator.post(path, {})
        assert answer.status_code == 405, path
    named = {HEADER: "grace"}
    assert operator.http.delete("/console", headers=named).status_code == 405


def test_every_answer_has_our_headers(operator: Operator, rows: Any) -> None:
    """Nothing is stored, framed, indexed or told to another site; no script runs."""
    paths = ["", "/health", "/nowhere", "?status=x", f"/connections/{rows['ada'].id}/disconnect"]
    for path in paths:
        answer = operator.get(path)
        got = answer.headers
        assert got["Cache-Control"] == "no-store"
        assert got["X-Frame-Options"] == "DENY"
        assert got["X-Robots-Tag"] == "noindex"
        assert got["X-Content-Type-Options"] == "nosniff"
        assert got["Referrer-Policy"] == "same-origin"
        policy = got["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "<script" not in answer.text
        assert " style=" not in answer.text


def test_the_cookie_of_forms_is_narrow(operator: Operator) -> None:
    """For the console's path, unreadable for scripts, and kept as it is."""
    cookie = operator.get().headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "Path=/console" in cookie
    assert "SameSite=Lax" in cookie
    assert "Set-Cookie" not in operator.get().headers


def test_styles_are_the_consoles_own(operator: Operator) -> None:
    """An app of operators alone has no other routes of ours."""
    for link in operator.page().select("link[href]"):
        answer = operator.get(str(link["href"]))
        assert answer.status_code == 200, link
        assert "immutable" in answer.headers["Cache-Control"]
        assert operator.http.get(str(link["href"])).status_code == 404  # no operator
    assert operator.get("/static/abc/connect.js").status_code == 404


def test_it_stands_beside_the_visitors_pages_and_anywhere(broker: Broker) -> None:
    """One app has both; the path is the app's choice, and one that is none is refused."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    HubSpotAuth(app, broker, owner=lambda: "ada")
    HubSpotConsole(app, broker, allow=lambda _: "grace", path="/admin/hubspot")
    http = app.test_client()

    page = http.get("/admin/hubspot/")
    assert page.status_code == 200
    assert 'href="/admin/hubspot/health"' in page.text
    assert http.get("/connections/setup").status_code == 200
    for wrong in ("", "console", "/a b", "/a/../b", "/x/"):
        with pytest.raises(ValueError, match="path"):
            HubSpotConsole(Flask("other"), broker, allow=lambda _: "grace", path=wrong)


def test_a_store_in_trouble_is_said(broker: Broker, broken_store: SQLStore, tmp_path: Path) -> None:
    """Health shows it as its finding; other pages say that they cannot look just now."""
    url = f"sqlite:///{tmp_path / 'broken.db'}"
    settings = broker.settings.model_copy(update={"database_url": url})
    vault = Vault(broker.vault.keyring, broken_store, settings.client_id)
    operator = Operator(host_app(Broker(settings, vault, broker._send)), broker)

    for path in ("", "/keys", "/connections/x", "/attempts?reference=x"):
        answer = operator.get(path)
        assert (answer.status_code, "cannot look just now" in answer.text) == (503, True), path
    health = operator.get("/health")
    assert (health.status_code, "Trouble" in health.text) == (200, True)


def test_connections_in_sessions_are_nobodys_to_list(empty: Broker) -> None:
    """It is said; attempts and keys are shown all the same."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    HubSpotAuth(app, empty, owner=lambda: "ada", store="session")
    HubSpotConsole(app, empty, allow=lambda _: "grace")
    operator = Operator(app, empty)

    for path in ("", "?q=ada"):
        assert "Nobody can list those" in operator.get(path).text
    for path in ("/attempts", "/keys", "/health"):
        assert operator.get(path).status_code == 200
    assert operator.get("/connections/x").status_code == 404
    assert operator.get("/erase?owner=ada").status_code == 409
