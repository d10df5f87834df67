"""The standalone app's own routes, and the server around it."""

import gc
import logging
import socket
import threading
from typing import Any, Literal

import httpx2
import pytest
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet
from flask import Flask
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.cli.serve import warn_of_outsiders
from portalkey.cli.server import Listener, create_app
from portalkey.errors import BadSettings
from portalkey.settings import Key, Settings
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.web.static_files import STATIC_FOLDER, static_address
from support.patience import PATIENCE


def test_the_front_door_leads_to_the_setup_page(app_url: str) -> None:
    """Whoever opens the address sees where to click."""
    answer = httpx2.get(app_url)

    assert (answer.status_code, answer.headers["location"]) == (303, "/connections/setup")


def test_a_person_at_an_unknown_path_meets_a_page(app_url: str) -> None:
    """A page of the house with the way back; nothing is cached or framed."""
    answer = httpx2.get(f"{app_url}/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    page = BeautifulSoup(answer.text, "html.parser")

    assert answer.status_code == 404
    assert "Nothing was found here" in page.get_text()
    assert page.select("a[href='/connections/setup']")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_crash_is_a_page_without_a_word_of_it(settings: Settings, broker: Broker) -> None:
    """Whoever meets it is told that it can be looked up, and no more."""
    app = create_app(broker)
    app.add_url_rule("/crash", "crash", lambda: str(int("a secret of mine")))
    answer = app.test_client().get(
        "/crash", base_url=settings.public_url, headers={"Accept": "text/html"}
    )

    assert answer.status_code == 500
    assert "Something is in the way" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("store", ["session", None])
def test_a_session_in_use_goes_on(
    settings: Settings, broker: Broker, store: Literal["session"] | None
) -> None:
    """Each view prolongs it, wherever connections are: a renewed token no longer does."""
    client = create_app(broker, store=store).test_client()
    setup = {"path": "/connections/setup", "base_url": settings.public_url}
    first, again = client.get(**setup), client.get(**setup)

    for answer in (first, again):
        (cookie,) = answer.headers.getlist("Set-Cookie")
        assert cookie.startswith("portalkey_session=")
        assert "Expires" in cookie


def test_under_another_name_the_page_leads_to_the_right_one(
    settings: Settings, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Styled, in a browser; and in one line for a program."""
    client = create_app(broker).test_client()
    other = {"base_url": "http://elsewhere.test"}
    page = client.get("/", headers={"Accept": "text/html"}, **other)
    style = BeautifulSoup(page.text, "html.parser").select("link[rel=stylesheet]")[0]["href"]
    line = client.get("/", **other)
    with client.get(str(style), **other) as styled:
        assert styled.status_code == 200

    assert (page.status_code, line.status_code) == (421, 421)
    assert f'href="{settings.public_url}/connections/setup"' in page.text
    assert settings.public_url in line.text
    (said,) = (each for each in caplog.messages if "421" in each)  # once for each name
    assert "'elsewhere.test'" in said


def test_scripts_come_compressed_over_one_connection(app_url: str) -> None:
    """A look at the head, the file, and the question whether it is still so, one after another."""
    with httpx2.Client(base_url=app_url) as browser:
        head = browser.head(static_address("connect.js"))
        script = browser.get(static_address("connect.js"))
        known = {"If-None-Match": script.headers["etag"]}
        again = browser.get(static_address("connect.js"), headers=known)

    assert (head.status_code, script.status_code, again.status_code) == (200, 200, 304)
    assert script.content == (STATIC_FOLDER / "connect.js").read_bytes()
    assert head.headers["content-length"] == script.headers["content-length"]
    assert int(script.headers["content-length"]) < len(script.content) / 2
    assert head.content == again.content == b""
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_unknown_paths_are_answered_plainly(app_url: str) -> None:
    """One line for a program, nothing cached, nothing leaked; and 405 says what is allowed."""
    nothing = httpx2.get(f"{app_url}/api/hubspot/status/x.css")
    wrong = httpx2.post(f"{app_url}/healthz")

    assert (nothing.status_code, nothing.text) == (404, "404 Not Found\n")
    assert nothing.headers["cache-control"] == "no-store"
    assert "GET" in wrong.headers["allow"]


def test_it_is_ready_while_its_store_is(
    settings: Settings, broker: Broker, broken_store: SQLStore
) -> None:
    """A store in trouble is told to whoever watches; a restart would not mend it."""
    vault = Vault(broker.vault.keyring, broken_store, settings.client_id)
    sick = create_app(Broker(settings, vault, broker._send)).test_client()
    well = create_app(broker).test_client()

    by_address = {"base_url": "http://10.0.0.9:6001"}  # as whoever watches asks
    assert well.get("/readyz", **by_address).status_code == 200
    answer = sick.get("/readyz", **by_address)
    assert (answer.status_code, answer.json) == (503, {"status": "store_unusable"})
    assert sick.get("/healthz", **by_address).json == {"status": "ok"}


def test_a_crash_in_the_callback_still_leaves_its_address(
    settings: Settings, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Even then no page stands at an address with a code in it; elsewhere a crash is a crash."""

    class Crashing(SQLStore):
        def attempt_by_state(self, state_hash: str) -> Any:
            raise ZeroDivisionError

        def now(self) -> Any:
            raise ZeroDivisionError

    store = Crashing.open(settings.database_url)
    vault = Vault(broker.vault.keyring, store, settings.client_id)
    client = create_app(Broker(settings, vault, broker._send)).test_client()

    answer = client.get("/auth/hubspot/callback?code=a&state=b", base_url=settings.public_url)
    crash = client.get("/auth/hubspot/start", base_url=settings.public_url)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/auth/hubspot/done")
    assert crash.status_code == 500
    assert "Internal Server Error" in crash.text
    store.close()


def test_a_taken_port_is_the_operators_to_change(app_url: str, broker: Broker, port: int) -> None:
    """The error names the port."""
    with pytest.raises(BadSettings, match=f"Port {port}"):
        Listener(create_app(broker), broker, host="127.0.0.1", port=port)


def test_housekeeping_sends_what_is_owed_and_survives_trouble(
    settings: Settings, broker: Broker, broken_store: SQLStore
) -> None:
    """Once a minute, for as long as the server runs, whatever the store says."""
    rounds = threading.Semaphore(0)

    class Counted(Broker):
        def send_owed(self, at_most: int = 5) -> int:
            rounds.release()
            return super().send_owed(at_most)

    vault = Vault(broker.vault.keyring, broken_store, settings.client_id)
    counted = Counted(settings, vault, broker._send)
    listener = Listener(
        create_app(counted), counted, host="127.0.0.1", port=0, housekeeping_seconds=0.01
    )
    with listener:
        assert all(rounds.acquire(timeout=PATIENCE) for _ in range(3))


def test_the_servers_own_words_go_to_the_log(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is written past the log, where nobody looks or filters."""
    listener = Listener(create_app(broker), broker, host="127.0.0.1", port=0)
    with listener, caplog.at_level(logging.INFO, "portalkey"):
        listener._server.error_log("something about a socket")

    assert "something about a socket" in caplog.text


def test_a_visitor_who_hangs_up_leaves_nothing_behind(broker: Broker) -> None:
    """The rest of an answer goes with its connection, and nothing tries to send it later."""
    app = Flask("long")
    app.add_url_rule("/", "long", lambda: "x" * 5_000_000)
    listener = Listener(app, broker, host="127.0.0.1", port=0)
    with listener, socket.create_connection(("127.0.0.1", listener.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    gc.collect()


def test_a_visitor_stays_the_same_over_a_key_rotation(settings: Settings, broker: Broker) -> None:
    """A new key first, the old one still there: nobody loses their connections."""
    old = settings.keys[0]
    new = Key("new", SecretStr(Fernet.generate_key().decode()))
    clients = []
    for keys in ([old], [new, old]):
        vault = Vault(Keyring(keys), broker.vault.store, settings.client_id)
        clients.append(create_app(Broker(settings, vault, broker._send)).test_client())
    before, after = clients
    first = before.get("/connections/setup", base_url=settings.public_url)
    after.set_cookie("portalkey_session", session_of(first), domain="localhost")

    second = after.get("/connections/setup", base_url=settings.public_url)

    assert owner_in(first.text) == owner_in(second.text)


def test_the_session_cookie_is_narrow(app_url: str) -> None:
    """HttpOnly and Lax: other sites' forms do not bring it along."""
    cookie = httpx2.get(f"{app_url}/connections/setup").headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def session_of(answer: Any) -> str:
    """The session cookie that was set."""
    return str(answer.headers["Set-Cookie"]).partition("=")[2].partition(";")[0]


def owner_in(page: str) -> str:
    """Who the setup page is for."""
    return page.partition('data-owner="')[2].partition('"')[0]


def test_housekeeping_outlives_a_surprise(
    settings: Settings, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong once a minute is logged, and tried again."""
    rounds = threading.Semaphore(0)

    class Surprising(Broker):
        def send_owed(self, at_most: int = 5) -> int:
            rounds.release()
            raise ZeroDivisionError

    surprising = Surprising(settings, broker.vault, broker._send)
    listener = Listener(
        create_app(surprising), surprising, host="127.0.0.1", port=0, housekeeping_seconds=0.01
    )
    with listener:
        assert all(rounds.acquire(timeout=PATIENCE) for _ in range(3))
    assert "housekeeping stumbled" in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_a_server_for_this_machine_warns_of_nothing(host: str) -> None:
    """Nobody else reaches it."""
    assert warn_of_outsiders(host) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "app.example", ""])  # noqa: S104 - what to warn of
def test_a_server_for_others_says_what_it_is_not_for(host: str) -> None:
    """Whoever opens it to a network reads that a proxy belongs in front."""
    (warning,) = warn_of_outsiders(host)

    assert f"Other machines can reach {host}" in warning
    assert "put a proxy with https" in warning
