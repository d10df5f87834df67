"""Journeys of every skin, as far as HTTP tells: each with a server and a browser's cookies."""

import secrets
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from contract.skins.conftest import Open
from contract.skins.plan import BETWEEN, Plan
from portalkey.settings import Settings
from portalkey.web.static_files import static_version
from portalkey_simulator import App, HubSpot, running_hubspot
from support.visitor import Visitor, query_of

MOUNT = "/crm/eu"
FRONT_END = "http://localhost:5173"
NewVisitor = Callable[..., Visitor]


def test_one_tab_leads_through_and_back(open_host: Open, new_visitor: NewVisitor) -> None:
    """Connected, shown on the page and by the API, and the app has a token."""
    host = open_host()
    visitor = new_visitor(host)
    page = visitor.connect()

    assert (page.status_code, "harbourpine.example" in page.text) == (200, True)
    assert visitor.status()["authenticated"] is True
    assert host.broker.access_token("ada")
    assert "data-state=" in visitor.get("/").text


def test_a_poll_gives_a_session_nothing(open_host: Open, new_visitor: NewVisitor) -> None:
    """It may be answered after the start that a sign-in led on to, with the session from before."""
    visitor = new_visitor(open_host())
    poll = f"/api/hubspot/status?attempt={secrets.token_urlsafe(16)}"
    polled, asked = visitor.get(poll), visitor.get("/api/hubspot/status")

    assert (polled.status_code, polled.headers.get_list("set-cookie")) == (404, [])
    assert (asked.status_code, len(asked.headers.get_list("set-cookie"))) == (200, 1)


def test_a_link_asks_for_further_scopes(open_host: Open, new_visitor: NewVisitor) -> None:
    """Beside those of the settings, whichever function of the skin's made the link."""
    host = open_host()
    visitor = new_visitor(host)
    link = BeautifulSoup(visitor.get("/").text, "html.parser").select_one("#further")
    assert link
    answer = visitor.get(str(link["href"]), sec_fetch_site="same-origin")
    callback = visitor.agree(answer.headers["location"])

    assert visitor.get(callback).status_code == 303
    assert host.broker.access_token("ada", scopes=["tickets"])


def test_somebody_without_a_login_connects_by_a_link(
    open_host: Open, new_visitor: NewVisitor
) -> None:
    """Whichever framework has the pages: no session of the host's is needed, or asked for."""
    host = open_host(Plan(samesite="Strict"))
    guest, other = new_visitor(host, None), new_visitor(host, None)
    invited = host.broker.invite("ada", name="Studio Lindqvist")
    path = invited.link.removeprefix(host.url)
    page = guest.get(path)
    form = {"link": query_of(invited.link)["link"], "answer": "yes"}
    own = {"origin": host.broker.settings.public_url, "sec-fetch-site": "same-origin"}
    pressed = guest.http.post("/auth/hubspot/invite", data=form, headers=own)
    on = f"{pressed.headers['location']}&go=1"
    away = guest.get(on, sec_fetch_site="same-origin").headers["location"]
    end = guest.get(guest.get(guest.agree(away)).headers["location"])

    assert "Studio Lindqvist asks to connect" in page.text
    assert "Connected to harbourpine.example" in end.text
    assert host.broker.access_token("ada")
    assert [guest.get(path).status_code, other.get(path).status_code] == [410, 410]
    assert other.get(on, sec_fetch_site="same-origin").status_code == 403


def test_a_browser_that_did_not_begin_finishes_nothing(
    open_host: Open, new_visitor: NewVisitor, hubspot: HubSpot
) -> None:
    """Somebody's link binds no account of a stranger's; what the stranger did ends nothing."""
    host = open_host()
    visitor, stranger = new_visitor(host), new_visitor(host, "eve")
    callback = visitor.agree(visitor.begin())
    answer = stranger.get(callback)

    assert answer.status_code == 303
    assert stranger.get(answer.headers["location"]).status_code == 403
    assert hubspot.requests == ()
    assert visitor.get(callback).status_code == 303
    assert host.broker.connections("eve") == []
    assert host.broker.access_token("ada")


def test_another_owner_in_the_same_browser_finishes_nothing(
    open_host: Open, new_visitor: NewVisitor
) -> None:
    """Whoever signs in meanwhile starts once more."""
    host = open_host()
    visitor = new_visitor(host)
    callback = visitor.agree(visitor.begin())
    visitor.get("/as/grace")
    done = visitor.get(visitor.get(callback).headers["location"])

    assert "Connected to" not in done.text
    assert [host.broker.connections(each) for each in ("ada", "grace")] == [[], []]


def test_below_a_path(
    open_host: Open, new_visitor: NewVisitor, settings: Settings, port: int
) -> None:
    """Every address has the prefix, wherever the app is mounted."""
    uri = f"http://localhost:{port}{MOUNT}/auth/hubspot/callback"
    app = App("below-a-path", secrets.token_hex(16), (uri,))
    with running_hubspot(apps=[app]) as hubspot:
        host = open_host(
            Plan(mount=MOUNT),
            client_id=app.client_id,
            client_secret=settings.client_secret.__class__(app.client_secret),
            app_url=hubspot.url,
            api_url=hubspot.url,
        )
        with Visitor(host.url, hubspot) as visitor:
            visitor.get("/as/ada")
            page = visitor.setup()
            addresses = [str(each["src"]) for each in page.select("script[src]")]
            connected = visitor.connect()
            static = visitor.get(addresses[0])

        assert connected.status_code == 200, connected.text
        assert host.broker.access_token("ada")
        assert addresses
        assert all(each.startswith(f"{MOUNT}/auth/hubspot/static/v-") for each in addresses)
        assert static.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_the_apps_own_layout(open_host: Open, new_visitor: NewVisitor) -> None:
    """The setup page stands in it, with styles and scripts; a page of the chain does not."""
    visitor = new_visitor(open_host(Plan(has_layout=True)))
    page = visitor.get("/connections/setup")

    assert "Layout of the host's" in page.text
    assert all(mark in page.text for mark in ('class="pk-setup', "portalkey.css", "connect.js"))
    assert "content-security-policy" not in page.headers
    assert "Layout of the host's" not in visitor.get("/auth/hubspot/done").text


def test_disconnecting(open_host: Open, new_visitor: NewVisitor) -> None:
    """A page asks first; the form that it has takes the account away."""
    host = open_host()
    visitor = new_visitor(host)
    visitor.connect()
    form = visitor.leave_form()
    answer = visitor.http.post(form.pop("action"), data=form, headers={"Origin": host.url})

    assert answer.status_code == 303
    assert host.broker.connections("ada") == []
    assert visitor.status()["authenticated"] is False


def test_disconnecting_by_a_pages_own_request(open_host: Open, new_visitor: NewVisitor) -> None:
    """A script that posts the same form as ``FormData`` does the same (multipart/form-data)."""
    host = open_host()
    visitor = new_visitor(host)
    visitor.connect()
    form = visitor.leave_form()
    parts = {name: (None, value) for name, value in form.items() if name != "action"}
    answer = visitor.http.post(
        form["action"], files=parts, headers={"Origin": host.url, "Accept": "application/json"}
    )

    assert answer.status_code == 200, answer.text
    assert host.broker.connections("ada") == []


def test_who_may_not_disconnect(open_host: Open, new_visitor: NewVisitor) -> None:
    """The app is asked; the form of somebody else's page is of no use."""
    host = open_host(Plan(allows=False))
    visitor = new_visitor(host)
    visitor.connect()
    (connection,) = host.broker.connections("ada")

    assert visitor.setup().select("a.pk-leave") == []
    path = f"/connections/setup/{connection.id}/disconnect"
    assert visitor.get(path).status_code == 403
    assert [each.id for each in host.broker.connections("ada")] == [connection.id]


def test_a_page_of_another_origin_reads_the_status(
    open_host: Open,
    new_visitor: NewVisitor,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An origin that the app allows, with the session; no other, and preflights say the same.

    Where the app's own CORS lets a page in that nobody listed, its link is whole all the same.
    """
    visitor = new_visitor(open_host(allowed_origins=(settings.public_url, FRONT_END)))
    allowed, other = (
        visitor.get("/api/hubspot/status", origin=origin)
        for origin in (FRONT_END, "http://evil.example")
    )
    asks = {"Origin": FRONT_END, "Access-Control-Request-Method": "POST"}
    preflight = visitor.http.options("/api/hubspot/attempts/x/cancel", headers=asks)

    assert allowed.headers["access-control-allow-origin"] == FRONT_END
    assert allowed.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in other.headers
    whole = f"{settings.public_url}/auth/hubspot/start?t="
    assert [each.json()["connect_url"].startswith(whole) for each in (allowed, other)] == [True] * 2
    (line,) = (each for each in caplog.messages if each.startswith("unknown_origin: "))
    assert f"set PORTALKEY_ALLOWED_ORIGINS={FRONT_END} http://evil.example if" in line
    assert preflight.headers["access-control-allow-headers"] == "X-Portalkey-Token"


@pytest.mark.parametrize("allows", [True, False])
def test_a_token_is_delivered(
    open_host: Open,
    new_visitor: NewVisitor,
    allows: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """Once, to the page that began, where the app wants it and has nothing against it."""
    host = open_host(Plan(options={"deliver": "access_token"}, allows=allows))
    visitor = new_visitor(host)
    attempt = secrets.token_urlsafe(16)
    link = f"{visitor.connect_link}&attempt={attempt}&origin={host.url}"
    away = visitor.get(link, sec_fetch_site="same-origin").headers["location"]
    visitor.get(visitor.agree(away))
    first = visitor.post(f"/api/hubspot/attempts/{attempt}/token")
    second = visitor.post(f"/api/hubspot/attempts/{attempt}/token")

    if allows:
        assert first.json()["access_token"] == host.broker.access_token("ada")
        assert (second.status_code, second.json()["error"]) == (409, "already_delivered")
    else:
        assert (first.status_code, first.json()["error"]) == (403, "may_not_deliver")


def test_cancelling(open_host: Open, new_visitor: NewVisitor) -> None:
    """A page's own request ends the attempt."""
    visitor = new_visitor(open_host())
    attempt = secrets.token_urlsafe(16)
    visitor.begin(attempt)

    assert visitor.post(f"/api/hubspot/attempts/{attempt}/cancel").status_code == 200
    assert visitor.status(attempt)["attempt"]["status"] == "cancelled"


def test_a_bare_link_asks_first(open_host: Open, new_visitor: NewVisitor) -> None:
    """Whose account it is, and one link that is signed."""
    visitor = new_visitor(open_host())
    page = visitor.get("/auth/hubspot/start", sec_fetch_site="cross-site")
    links = BeautifulSoup(page.text, "html.parser").select("a[href*='start?t=']")

    assert (page.status_code, "ada" in page.text, len(links)) == (200, True, 1)
    assert query_of(str(links[0]["href"]))["t"]


def test_scripts_are_kept_by_their_version(open_host: Open, new_visitor: NewVisitor) -> None:
    """Compressed, for ever, without a cookie; known ones are not sent again."""
    visitor = new_visitor(open_host())
    path = str(visitor.setup().select("script[src]")[0]["src"])
    first = visitor.get(path, accept_encoding="gzip")
    again = visitor.get(path, accept_encoding="gzip", if_none_match=first.headers["etag"])
    bare = visitor.get("/auth/hubspot/static/connect.js")

    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in first.headers
    assert (again.status_code, again.content) == (304, b"")
    assert bare.headers["cache-control"] == "no-cache"
    assert "/v-" in bare.text
    assert visitor.get("/auth/hubspot/static/nothing.js").status_code == 404
    assert visitor.get("/auth/hubspot/static/../connect.js").status_code == 404


def test_another_signs_in_within_a_request(open_host: Open, new_visitor: NewVisitor) -> None:
    """What a page shows afterwards is theirs, and nothing of whoever was there before."""
    visitor = new_visitor(open_host())
    visitor.connect()
    before, after = visitor.get("/then/eve").text.split(BETWEEN)

    assert 'data-state="connected"' in before
    assert "data-state" not in after
    assert link_of(before) != link_of(after)
    assert visitor.get(link_of(after), sec_fetch_site="same-origin").status_code == 303


def link_of(page: str) -> str:
    """The link into the journey that a page has."""
    link = BeautifulSoup(page, "html.parser").select_one("hubspot-connect a")
    assert link is not None
    return str(link["href"])


def test_the_operators_console(open_host: Open, new_visitor: NewVisitor) -> None:
    """Whom the app knows as an operator sees and ends; others meet the app's own 404."""
    host = open_host()
    new_visitor(host).connect()
    grace, eve = new_visitor(host, "grace"), new_visitor(host, "eve")
    (connection,) = host.broker.connections("ada")
    path = f"/console/connections/{connection.id}/disconnect"
    form = BeautifulSoup(grace.get(path).text, "html.parser").select_one("main form")
    assert form is not None
    fields = {str(each["name"]): str(each.get("value", "")) for each in form.select("input")}

    refused = eve.http.post(path, data=fields, headers={"Origin": host.url})
    assert (refused.status_code, refused.text) == (404, eve.get("/nowhere").text)
    assert [grace.get(each).status_code for each in ("/console", "/console/keys")] == [200, 200]
    assert grace.get("/console").headers["cross-origin-opener-policy"] == "same-origin"
    assert grace.http.post(path, data=fields, headers={"Origin": host.url}).status_code == 303
    assert host.broker.connections("ada") == []
    assert "grace" in {each.facts.get("operator") for each in host.broker.vault.store.events()}


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")


@pytest.mark.parametrize("name", [None, "eve"])
def test_a_stranger_sees_no_console(
    open_host: Open, new_visitor: NewVisitor, name: str | None
) -> None:
    """By no method, and at none of its paths: all is as where the app has nothing."""
    visitor = new_visitor(open_host(), name)
    style = f"/console/static/{static_version()}/console.css"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    wrong = []
    for method in METHODS:
        body = b"a=" + b"x" * 17_000 if method == "POST" else None
        nothing = visitor.http.request(method, "/nowhere", content=body, headers=form)
        for path in ("/console", "/console/keys", "/console/nothing", style):
            answer = visitor.http.request(method, path, content=body, headers=form)
            if (answer.status_code, answer.text) != (404, nothing.text):
                wrong.append((method, path, answer.status_code, answer.text))

    assert wrong == []


def test_an_operator_is_told_of_a_wrong_method(open_host: Open, new_visitor: NewVisitor) -> None:
    """By a page of the console's own."""
    operator = new_visitor(open_host(), "grace")

    assert operator.http.request("DELETE", "/console").status_code == 405
    assert operator.http.request("POST", "/console/keys").status_code == 405
