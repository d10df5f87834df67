"""The Flask skin, inside host apps of several kinds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template_string, session
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from jinja2 import DictLoader

from portalkey.broker import Broker
from portalkey.errors import NotConnected, StoreBusy
from portalkey.flask import HubSpotAuth
from portalkey.flask.hubspot_auth import hubspot_connect_url
from portalkey.model.counters import CounterKind
from portalkey.model.events import Event, EventName, happened
from portalkey.settings import Settings
from portalkey.vault import SQLStore, Vault
from portalkey.web.host import BROWSER_KEY
from portalkey_simulator import HubSpot
from support.hosting import leave_form

PAGE = '<a href="{{ hubspot_connect_url() }}">Connect</a>'


def host_app(broker: Broker, **options: Any) -> Flask:
    """An app of somebody else's, with a sign-in of its own."""
    app = Flask("host")
    app.config.update(SECRET_KEY="of-the-host", PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/", "front", lambda: render_template_string(PAGE))
    app.add_url_rule("/login/<name>", "login", lambda name: session.update(user=name) or "in")
    HubSpotAuth(app, broker, **{"owner": lambda: session.get("user"), **options})
    return app


def signed_in(app: Flask, broker: Broker, name: str = "ada") -> FlaskClient:
    """A browser in which *name* is signed in."""
    client = app.test_client()
    client.get(f"/login/{name}", base_url=broker.settings.public_url)
    return client


def link_of(client: FlaskClient) -> str:
    """The link into the journey on the host's own page."""
    link = BeautifulSoup(client.get("/").text, "html.parser").find("a")
    assert link is not None
    return str(link["href"])


def connect(client: FlaskClient, hubspot: HubSpot) -> None:
    """Go through the whole journey."""
    to_hubspot = client.get(link_of(client)).headers["Location"]
    back = hubspot.approve(to_hubspot)
    assert client.get(back.partition("/auth")[1] + back.partition("/auth")[2]).status_code == 303


def test_the_owner_cannot_be_left_out(broker: Broker) -> None:
    """It is never guessed whose connections a visitor sees."""
    with pytest.raises(TypeError):
        HubSpotAuth(Flask("host"), broker)


def test_the_five_lines_work(broker: Broker, hubspot: HubSpot) -> None:
    """The app's own page, its own sign-in, and a token for its own user id."""
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)

    assert broker.access_token("ada")
    assert "ada" in client.get("/connections/setup").text


def test_an_app_factory(broker: Broker) -> None:
    """One extension, made before any app, serves several apps."""
    auth = HubSpotAuth(owner=lambda: "ada")
    apps = [Flask("one"), Flask("two")]
    for app in apps:
        app.secret_key = "x"
        auth.init_app(app, broker)

    assert [app.test_client().get("/connections/setup").status_code for app in apps] == [200, 200]


@pytest.mark.parametrize(
    "path", ["/auth/hubspot/start", "/connections/setup", "/auth/hubspot/start?t=x&attempt=y"]
)
def test_signed_out_visitors_get_a_page_and_store_nothing(broker: Broker, path: str) -> None:
    """Nobody's attempt is nobody's: 401, no session value, no row."""
    answer = host_app(broker).test_client().get(path)

    assert answer.status_code == 401
    assert "Sign in" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert broker.vault.store.events() == []


def test_signed_out_visitors_can_be_led_to_the_sign_in(broker: Broker) -> None:
    """A setting says where the host's sign-in is."""
    answer = host_app(broker, login_url="/login").test_client().get("/connections/setup")

    where = "/login?next=%2Fconnections%2Fsetup"
    assert (answer.status_code, answer.headers["Location"]) == (303, where)


@pytest.mark.parametrize(
    ("connection_id", "way_back"),
    [("abc-1", "/connections/setup/abc-1/disconnect"), ("a%0Ab", "/connections/setup")],
)
def test_signed_out_visitors_come_back_to_what_they_wanted_to_disconnect(
    broker: Broker, connection_id: str, way_back: str
) -> None:
    """To the page that asks, whether they were led to it or pressed its button too late."""
    visitor = host_app(broker, login_url="/login").test_client()
    asked = visitor.get(f"/connections/setup/{connection_id}/disconnect")
    posted = visitor.post(f"/api/hubspot/connections/{connection_id}/disconnect", data={"x": "y"})

    for answer in (asked, posted):
        assert answer.status_code == 303
        assert unquote(answer.headers["Location"]) == f"/login?next={way_back}"


@pytest.mark.parametrize("path", ["status", "connections", "status?attempt=" + "A" * 22])
def test_signed_out_programs_get_json(broker: Broker, path: str) -> None:
    """An API never redirects to a page."""
    answer = host_app(broker).test_client().get(f"/api/hubspot/{path}")

    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json.keys() == {"error", "message"}


def test_the_setup_page_can_be_left_out(broker: Broker) -> None:
    """An app with a page of its own needs none of ours."""
    client = signed_in(host_app(broker, setup_page=False), broker)

    assert client.get("/connections/setup").status_code == 404
    assert client.get("/auth/hubspot/start").status_code == 200


def test_a_host_template_comes_before_ours(broker: Broker) -> None:
    """``portalkey/connections/setup.html`` among the host's templates is the setup page."""
    app = Flask("host")
    app.secret_key = "x"
    app.jinja_loader = DictLoader({"portalkey/connections/setup.html": "mine: {{ pk_owner }}"})
    HubSpotAuth(app, broker, owner=lambda: "ada")

    assert app.test_client().get("/connections/setup").text == "mine: ada"


@pytest.mark.parametrize("order", ["before", "after"])
def test_it_stands_beside_flask_wtf(broker: Broker, hubspot: HubSpot, order: str) -> None:
    """A host's CSRF extension guards the host's forms, and ours guard themselves."""
    csrf = CSRFProtect()
    app = Flask("host")
    app.config.update(SECRET_KEY="x")
    app.add_url_rule("/", "front", lambda: render_template_string(PAGE))
    app.add_url_rule("/own", "own", lambda: "done", methods=["POST"])
    if order == "before":
        csrf.init_app(app)
    HubSpotAuth(app, broker, owner=lambda: "ada")
    if order == "after":
        csrf.init_app(app)
    client = app.test_client()
    connect(client, hubspot)
    fields = leave_form(client)

    assert client.post("/own").status_code == 400
    assert client.post(fields.pop("action"), data=fields).status_code == 303
    assert broker.connections("ada") == []


FORGERIES: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("token", {}, {"portalkey_token": ""}),
    ("token", {}, {"portalkey_token": "made.up"}),
    ("origin", {"Origin": "https://evil.test"}, {}),
    ("origin", {"Origin": "null"}, {}),
    ("origin", {"Sec-Fetch-Site": "cross-site"}, {}),
    ("origin", {"Sec-Fetch-Site": "same-site"}, {}),
]


@pytest.mark.parametrize(("check", "headers", "fields"), FORGERIES)
def test_a_forged_post_changes_nothing(
    broker: Broker, hubspot: HubSpot, check: str, headers: dict[str, str], fields: dict[str, str]
) -> None:
    """Token, Origin and Fetch Metadata each stop a forgery; it is told and counted (R71)."""
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)
    form = {**leave_form(client), **fields}

    before, heard = broker.vault.store.events(), list[Event]()

    with happened.connected_to(heard.append):
        answer = client.post(form.pop("action"), data=form, headers=headers)

    assert answer.status_code == 403
    assert len(broker.connections("ada")) == 1
    (event,) = heard
    assert (event.name, event.facts["check"]) == (EventName.FORGERY_REFUSED, check)
    assert broker.vault.store.events() == before
    broker.close()
    (counter,) = broker.vault.store.counters(broker.settings.client_id)
    assert (counter.kind, counter.n) == (CounterKind.FORGERY_REFUSED, 1)


def test_the_token_of_another_session_is_a_forgery(broker: Broker, hubspot: HubSpot) -> None:
    """A form token is bound to session and owner."""
    app = host_app(broker)
    client, other = signed_in(app, broker), signed_in(app, broker, "bob")
    connect(client, hubspot)
    connect(other, hubspot)
    action, token = leave_form(client)["action"], leave_form(other)["portalkey_token"]

    answer = client.post(action, headers={"X-Portalkey-Token": token})

    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["error"] == "forgery_refused"


def test_another_owners_connection_is_not_found(broker: Broker, hubspot: HubSpot) -> None:
    """An id of somebody else's gets the answer of an unknown one (R79)."""
    app = host_app(broker)
    ada, bob = signed_in(app, broker), signed_in(app, broker, "bob")
    connect(ada, hubspot)
    connect(bob, hubspot)
    action, token = leave_form(ada)["action"], leave_form(bob)["portalkey_token"]

    for path in (action, "/api/hubspot/connections/unknown/disconnect"):
        answer = bob.post(path, headers={"X-Portalkey-Token": token})
        assert (answer.status_code, answer.json) == (
            404,
            {"error": "not_connected", "message": NotConnected().for_person()},
        )
    assert len(broker.connections("ada")) == 1


def test_a_program_disconnects_with_a_header(broker: Broker, hubspot: HubSpot) -> None:
    """fetch() sends the token as a header and gets the status back."""
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)
    form = leave_form(client)

    answer = client.post(form["action"], headers={"X-Portalkey-Token": form["portalkey_token"]})

    assert answer.json is not None
    assert answer.json["authenticated"] is False


@pytest.mark.parametrize(
    "path", ["/api/hubspot/connections/x/disconnect", f"/api/hubspot/attempts/{'A' * 22}/cancel"]
)
def test_a_signed_out_post_is_refused(broker: Broker, path: str) -> None:
    """Nobody can do nothing: a page for forms, JSON for programs."""
    client = host_app(broker).test_client()

    assert client.post(path).status_code == 401
    program = client.post(path, headers={"X-Portalkey-Token": "x"})
    assert program.json is not None
    assert program.json["error"] == "signed_out"


def test_an_attempt_is_shown_to_its_owner_only(broker: Broker) -> None:
    """Another owner gets the 404 of an unknown id, and the same elsewhere hears that it goes on."""
    app, attempt = host_app(broker), "A" * 22
    client = signed_in(app, broker)
    client.get(f"{link_of(client)}&attempt={attempt}")
    elsewhere, bob = signed_in(app, broker), signed_in(app, broker, "bob")
    link_of(elsewhere)

    assert client.get(f"/api/hubspot/status?attempt={attempt}").status_code == 200
    assert bob.get(f"/api/hubspot/status?attempt={attempt}").status_code == 404
    told = elsewhere.get(f"/api/hubspot/status?attempt={attempt}").get_json()["attempt"]
    assert told.pop("seconds_left") > 500
    nothing = dict.fromkeys(("error", "message", "account"))
    assert told == {"id": attempt, "status": "pending", **nothing}
    for odd in ("", "x", f"{attempt}&attempt={attempt}"):
        assert client.get(f"/api/hubspot/status?attempt={odd}").status_code == 404


def test_cancelling_an_unknown_attempt(broker: Broker, hubspot: HubSpot) -> None:
    """There is nothing to cancel, and nothing is told about it."""
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)
    token = {"X-Portalkey-Token": leave_form(client)["portalkey_token"]}

    answer = client.post(f"/api/hubspot/attempts/{'B' * 22}/cancel", headers=token)

    assert answer.status_code == 404


STALE: list[tuple[str, dict[str, str]]] = [
    ("/auth/hubspot/start", {}),
    ("/auth/hubspot/start?t=made~up", {}),
    ("LINK", {"Sec-Fetch-Site": "cross-site"}),
    ("LINK&attempt=short", {}),
    (f"LINK&attempt={'A' * 22}&attempt={'B' * 22}", {}),
    ("LINK&t=twice", {}),
]


@pytest.mark.parametrize(("path", "headers"), STALE)
def test_a_visit_that_may_not_be_meant_asks_first(
    broker: Broker, path: str, headers: dict[str, str]
) -> None:
    """Cross-site, stale, bare or malformed: a page names the owner and holds one link, no row."""
    client = signed_in(host_app(broker), broker)

    answer = client.get(path.replace("LINK", link_of(client)), headers=headers)

    assert answer.status_code == 200
    assert "ada" in answer.text
    assert "/auth/hubspot/start?t=" in answer.text
    assert broker.vault.store.events() == []


def test_the_pages_link_goes_on(broker: Broker) -> None:
    """Whoever did mean it is one click away."""
    client = signed_in(host_app(broker), broker)
    page = BeautifulSoup(client.get("/auth/hubspot/start").text, "html.parser")
    links = [str(a["href"]) for a in page.find_all("a")]
    (link,) = [each for each in links if each.startswith("/auth/hubspot/start")]

    assert client.get(link).headers["Location"].startswith(broker.settings.app_url)


def test_a_taken_attempt_id_asks_first(broker: Broker) -> None:
    """An id is used once; a reloaded popup does not mix two attempts up."""
    client = signed_in(host_app(broker), broker)
    link = f"{link_of(client)}&attempt={'A' * 22}"

    assert client.get(link).status_code == 303
    assert client.get(link).status_code == 200


def test_head_begins_nothing(broker: Broker) -> None:
    """HEAD has no side effects."""
    client = signed_in(host_app(broker), broker)

    assert client.head(link_of(client)).status_code == 200
    assert broker.vault.store.events() == []


def test_other_methods_are_refused(broker: Broker) -> None:
    """Only declared methods (R83)."""
    client = signed_in(host_app(broker), broker)

    for path in ("/auth/hubspot/start", "/auth/hubspot/callback", "/api/hubspot/status"):
        assert client.post(path).status_code == 405
    assert client.get("/api/hubspot/connections/x/disconnect").status_code == 405


@pytest.mark.parametrize("wrong", [7, "", "  ", b"x"])
def test_an_owner_function_that_is_wrong_is_told(broker: Broker, wrong: Any) -> None:
    """A mistake in the host's code is no anonymous visitor."""
    client = host_app(broker, owner=lambda: wrong).test_client()

    assert client.get("/connections/setup").status_code == 500


def test_the_link_helper_refuses_other_sites(broker: Broker) -> None:
    """``next`` is the developer's, and an own path."""
    app = host_app(broker, owner=lambda: "ada")
    with app.test_request_context():
        assert hubspot_connect_url(next="/settings").startswith("/auth/hubspot/start?t=")
        with pytest.raises(ValueError, match="must be a path"):
            hubspot_connect_url(next="//evil.test")


def test_the_done_page_leads_back_to_next(broker: Broker, hubspot: HubSpot) -> None:
    """Without a popup the journey ends where the app wanted, and a popup's page links there."""
    app = host_app(broker)
    app.add_url_rule("/mine", "mine", lambda: hubspot_connect_url(next="/after?x=1"))
    client = signed_in(app, broker)
    ends = []
    for popup in ("", f"&attempt={'A' * 22}"):
        back = hubspot.approve(client.get(client.get("/mine").text + popup).headers["Location"])
        ends.append(client.get("/auth" + back.partition("/auth")[2]).headers["Location"])

    assert ends[0] == "/after?x=1"
    assert 'href="/after?x=1"' in client.get(ends[1]).text


@pytest.mark.parametrize(
    ("next_path", "location"),
    [
        ("/kunden/müller", "/kunden/m%C3%BCller"),
        ("/日本語?q=ü&r=%20#ä", "/%E6%97%A5%E6%9C%AC%E8%AA%9E?q=%C3%BC&r=%20#%C3%A4"),
        ("/a'b(c)[d]~e", "/a'b(c)[d]~e"),
    ],
)
def test_a_journey_ends_at_any_path_of_the_apps(
    broker: Broker, hubspot: HubSpot, next_path: str, location: str
) -> None:
    """What a header cannot hold is quoted, and what is quoted stays as it is."""
    app = host_app(broker)
    app.add_url_rule("/mine", "mine", lambda: hubspot_connect_url(next=next_path))
    client = signed_in(app, broker)
    back = hubspot.approve(client.get(client.get("/mine").text).headers["Location"])

    ended = client.get("/auth" + back.partition("/auth")[2])

    assert ended.headers["Location"] == location


def test_a_mounted_app_keeps_its_prefix(
    settings: Settings, hubspot: HubSpot, make_broker: Callable[[Settings], Broker]
) -> None:
    """Below ``/crm`` every link, cookie path and redirect says so."""
    uri = f"{settings.public_url}/crm/auth/hubspot/callback"
    broker = make_broker(settings.model_copy(update={"redirect_uri": uri}))
    client = host_app(broker, owner=lambda: "ada").test_client()
    mounted = {"SCRIPT_NAME": "/crm"}

    page = client.get("/connections/setup", environ_overrides=mounted)
    asking = client.get("/auth/hubspot/start", environ_overrides=mounted)

    assert 'href="/crm/auth/hubspot/start?t=' in page.text
    assert '"/crm/auth/hubspot/static/' in asking.text


def test_a_store_in_trouble_is_told_apart(broker: Broker, settings: Settings) -> None:
    """A page for people, JSON for programs, 503, and nothing begun."""
    client = signed_in(host_app(broker), broker)
    link = link_of(client)
    path = settings.database_url.removeprefix("sqlite:///")
    broker.close()
    for file in Path(path).parent.glob("portalkey.db*"):
        file.unlink()
    Path(path).mkdir()

    assert client.get(link).status_code == 503
    assert client.get("/api/hubspot/status").status_code == 503
    callback = client.get("/auth/hubspot/callback?code=x&state=y")
    assert (callback.status_code, "code=" in callback.headers["Location"]) == (303, False)


def test_a_busy_store_says_when_to_come_back(broker: Broker) -> None:
    """503 with Retry-After."""

    class Busy(SQLStore):
        def connections(self, owner: str, client_id: str) -> Any:
            raise StoreBusy(retry_after=7)

    store = Busy.open(broker.settings.database_url)
    vault = Vault(broker.vault.keyring, store, broker.settings.client_id)
    app = host_app(Broker(broker.settings, vault, broker._send), owner=lambda: "ada")

    answer = app.test_client().get("/api/hubspot/connections")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    store.close()


def test_disconnecting_twice_by_form_ends_on_the_page(broker: Broker, hubspot: HubSpot) -> None:
    """A double click or a stale page is no error to a person."""
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)
    form = leave_form(client)
    action = form.pop("action")

    assert [client.post(action, data=form).status_code for _ in range(2)] == [303, 303]


def test_the_link_of_a_signed_out_page_is_bare(broker: Broker) -> None:
    """It leads to the sign-in and on from there."""
    assert link_of(host_app(broker).test_client()) == "/auth/hubspot/start"


def test_a_start_token_does_not_disconnect(broker: Broker, hubspot: HubSpot) -> None:
    """It stands in addresses and histories; it can end only what it can begin."""
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)
    token = {"X-Portalkey-Token": link_of(client).partition("?t=")[2]}

    assert client.post(leave_form(client)["action"], headers=token).status_code == 403
    assert len(broker.connections("ada")) == 1


def test_a_page_that_asks_first_keeps_the_openers_attempt(broker: Broker) -> None:
    """Whoever opened the popup goes on being told about it, by the id and origin it knows."""
    client, attempt = signed_in(host_app(broker), broker), "A" * 22
    origin = broker.settings.public_url
    stale = f"/auth/hubspot/start?t=stale&attempt={attempt}&origin={origin}"
    page = BeautifulSoup(client.get(stale).text, "html.parser")
    (link,) = [str(a["href"]) for a in page.find_all("a") if "start?t=" in str(a["href"])]

    assert client.get(link).status_code == 303
    row = broker.vault.store.attempt(attempt)
    assert row is not None
    assert row.opener_origin == origin


@pytest.mark.parametrize("origin", ["https://evil.test", "null", ""])
def test_an_origin_that_is_not_allowed_begins_nothing(broker: Broker, origin: str) -> None:
    """The page may only select from the operator's list, and is told so at once."""
    client, attempt = signed_in(host_app(broker), broker), "A" * 22

    answer = client.get(f"{link_of(client)}&attempt={attempt}&origin={origin}")

    assert answer.status_code == 403
    assert broker.vault.store.attempt(attempt) is None


def test_a_popup_without_an_origin_is_our_own(broker: Broker) -> None:
    """A page that opens the popup by hand and names an attempt is told about it."""
    client, attempt = signed_in(host_app(broker), broker), "A" * 22

    client.get(f"{link_of(client)}&attempt={attempt}")

    row = broker.vault.store.attempt(attempt)
    assert row is not None
    assert row.opener_origin == broker.settings.public_url


def test_an_owner_function_that_crashes_leaves_the_callbacks_address(broker: Broker) -> None:
    """Even the host's mistake does not leave a page at an address with a code in it."""

    def crash() -> str:
        raise ZeroDivisionError

    client = host_app(broker, owner=crash).test_client()

    answer = client.get("/auth/hubspot/callback?code=a&state=b")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/auth/hubspot/done")


class Busy(SQLStore):
    """A store in which whatever the test names is busy."""

    busy: frozenset[str] = frozenset()

    def __getattribute__(self, name: str) -> Any:
        """Another process always has the lock."""
        if name in super().__getattribute__("busy"):
            raise StoreBusy(retry_after=7)
        return super().__getattribute__(name)


@pytest.fixture
def busy_at(broker: Broker) -> Iterator[Callable[..., Broker]]:
    """Makes brokers over the same file, with a store that is busy where named; closes them."""
    with ExitStack() as stack:

        def make(*names: str) -> Broker:
            store = Busy.open(broker.settings.database_url)
            store.busy = frozenset(names)
            vault = Vault(broker.vault.keyring, store, broker.settings.client_id)
            busy = Broker(broker.settings, vault, broker._send, close=broker.close)
            stack.callback(busy.close)
            return busy

        yield make


def same_browser(client: FlaskClient, app: Flask) -> FlaskClient:
    """The browser of *client*, on another app at the same address."""
    other = app.test_client()
    for cookie in (client._cookies or {}).values():
        other.set_cookie(cookie.key, cookie.value, path=cookie.path)
    return other


def test_only_our_own_words_for_trouble_are_shown(broker: Broker) -> None:
    """The parameter chooses from a closed list."""
    client, attempt = signed_in(host_app(broker), broker), "A" * 22
    client.get(f"{link_of(client)}&attempt={attempt}")

    done = client.get(f"/auth/hubspot/done?attempt={attempt}&trouble=declined")

    assert "Waiting for HubSpot" in done.text


@pytest.mark.parametrize(
    ("broken", "status"),
    [("add_attempt", 503), ("now", 503), ("claims", 503), ("last_connection", 503)],
)
def test_a_busy_store_at_start_begins_nothing(
    broker: Broker, busy_at: Callable[..., Broker], broken: str, status: int
) -> None:
    """A page says so, with the popup's headers and when to come back."""
    client = host_app(broker, owner=lambda: "ada").test_client()
    link = f"{link_of(client)}&attempt={'A' * 22}"
    busy = same_browser(client, host_app(busy_at(broken), owner=lambda: "ada"))

    answer = busy.get(link)

    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    assert answer.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert broker.vault.store.attempt("A" * 22) is None


def test_a_busy_store_answers_a_form_with_a_page(
    broker: Broker, busy_at: Callable[..., Broker], hubspot: HubSpot
) -> None:
    """A person who pressed *Disconnect* is shown a page, not JSON, and is still connected."""
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)
    form = leave_form(client)
    busy = same_browser(client, host_app(busy_at("disconnect")))

    answer = busy.post(form.pop("action"), data=form)

    assert answer.status_code == 503
    assert answer.content_type.startswith("text/html")
    assert len(broker.connections("ada")) == 1


def test_over_https_the_attempt_cookie_is_secure(
    settings: Settings, make_broker: Callable[[Settings], Broker]
) -> None:
    """It never travels in clear."""
    https = {
        "public_url": "https://app.test",
        "redirect_uri": "https://app.test/auth/hubspot/callback",
    }
    client = host_app(
        make_broker(settings.model_copy(update=https)), owner=lambda: "ada"
    ).test_client()

    cookies = client.get(link_of(client)).headers.getlist("Set-Cookie")

    (cookie,) = [each for each in cookies if "portalkey_attempt_" in each]
    assert cookie.startswith("__Secure-portalkey_attempt_")
    assert "; Secure" in cookie


def test_an_attempt_begun_under_the_old_name_finishes(
    settings: Settings, make_broker: Callable[[Settings], Broker], hubspot: HubSpot
) -> None:
    """Whoever is at HubSpot while the app is brought up to date comes back to it."""
    broker = make_broker(settings.model_copy(update={"public_url": "https://app.test"}))
    client = signed_in(host_app(broker), broker)
    base = {"base_url": broker.settings.public_url}
    client.get("/", **base)
    with client.session_transaction(**base) as held:
        begun = broker.begin("ada", held[BROWSER_KEY])
    parts = urlsplit(hubspot.approve(begun.authorize_url))
    name, value = f"portalkey_attempt_{begun.attempt.id}", begun.cookie.get_secret_value()
    client.set_cookie(name, value, domain="app.test", path="/auth/hubspot")

    client.get(f"{parts.path}?{parts.query}", **base)

    attempt = broker.vault.store.attempt(begun.attempt.id)
    assert attempt
    assert attempt.status == "connected"


def test_a_huge_form_is_refused(broker: Broker) -> None:
    """A form of ours is small; nobody is read megabytes from."""
    client = signed_in(host_app(broker), broker)

    answer = client.post("/api/hubspot/connections/x/disconnect", data={"x": "y" * 100_000})

    assert answer.status_code == 413


def test_a_missing_required_scope_offers_to_connect_again(
    settings: Settings, make_broker: Callable[[Settings], Broker], hubspot: HubSpot
) -> None:
    """A person can agree to what the app needs, not to what the account's edition lacks."""
    broker = make_broker(settings)
    client = signed_in(host_app(broker), broker)
    connect(client, hubspot)
    more = make_broker(settings.model_copy(update={"scopes": (*settings.scopes, "crm.lists.read")}))
    page = same_browser(client, host_app(more)).get("/connections/setup").text
    status = same_browser(client, host_app(more)).get("/api/hubspot/status").json

    assert "did not grant what" in page
    assert "Reconnect needed" in page
    assert status is not None
    assert status["connections"][0]["missing_scopes"] == ["crm.lists.read"]


def test_an_owner_function_that_needs_the_store_crashes_as_the_hosts(broker: Broker) -> None:
    """An error of the host's own code is the host's to answer, whatever it is."""

    def crash() -> str:
        raise StoreBusy

    client = host_app(broker, owner=crash).test_client()

    assert client.get("/api/hubspot/status").status_code == 500
