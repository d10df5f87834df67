"""An answer that began before something happened to a connection ends after it, and undoes nothing.

Two processes serve one host over real sockets, so that nothing is remembered from one to the other:
whoever connects does so at one, and the slow request is at the other.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask, session
from flask_session import Session

from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.errors import PortalkeyError
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.herd import expire, renewals
from support.hosting import FIRST, SECOND
from support.patience import PATIENCE
from support.ports import free_port
from support.visitor import Visitor

KINDS = ["sent each time", "changed by the app", "on the server"]


@dataclass
class Host:
    """A host of two processes, and somebody who is signed in to it."""

    visitor: Visitor
    other_url: str
    brokers: list[Broker]
    has_begun: Event = field(default_factory=Event)
    may_end: Event = field(default_factory=Event)

    @contextmanager
    def slow_request(self, path: str) -> Iterator[Future[str]]:
        """While a request is under way at the other process; it ends behind what happens here."""
        with ThreadPoolExecutor(1) as threads:
            text = threads.submit(lambda: self.visitor.http.get(f"{self.other_url}{path}").text)
            try:
                assert self.has_begun.wait(PATIENCE)
                yield text
            finally:
                self.may_end.set()
        assert text.result() == "slow"

    def tokens(self) -> list[str]:
        """What the pages of each process get of the account that is connected.

        The other is asked first: the one where somebody connected remembers that, and mends it.
        """
        return [self.visitor.http.get(f"{url}/token").text for url in (self.other_url, "")]

    def accounts(self) -> set[int]:
        """The accounts that the other process finds connected."""
        status = self.visitor.http.get(f"{self.other_url}/api/hubspot/status").json()
        return {each["hub_id"] for each in status["connections"]}

    def leave(self) -> None:
        """Disconnect the first account."""
        form = self.visitor.leave_form()
        own = {"sec-fetch-site": "same-origin"}
        self.visitor.http.post(form.pop("action"), data=form, headers=own)


def make_app(broker: Broker, host: Host, kind: str, sessions: SimpleCache) -> Flask:
    """One process of the host."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    if kind == "on the server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=sessions)
        Session(app)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = kind != "changed by the app"
    HubSpotAuth(app, broker, owner=lambda: session.get("user"), store="session")

    def sign_in() -> str:
        session["user"] = "ada"
        session.permanent = True
        return "in"

    def token() -> str:
        try:
            return broker.access_token("ada")
        except PortalkeyError as error:
            return error.code

    def slow(asks: str) -> str:
        session.get("user")
        asked = token() if asks == "asks" else ""
        host.has_begun.set()
        assert host.may_end.wait(PATIENCE)
        if kind == "changed by the app":
            session["seen"] = asked
        return "slow"

    app.add_url_rule("/in", "in", sign_in)
    app.add_url_rule("/token", "token", token)
    app.add_url_rule("/slow/<asks>", "slow", slow)
    return app


@pytest.fixture(params=KINDS)
def host(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    hubspot: HubSpot,
    port: int,
    request: pytest.FixtureRequest,
) -> Iterator[Host]:
    """Such a host, by why an answer brings the whole session."""
    other, sessions = free_port(port), SimpleCache(default_timeout=0)
    with ExitStack() as stack:
        visitor = stack.enter_context(Visitor(settings.public_url, hubspot))
        brokers = [make_broker(settings) for _ in range(2)]
        host = Host(visitor, f"http://localhost:{other}", brokers)
        for broker, at in zip(brokers, (port, other), strict=True):
            app = make_app(broker, host, request.param, sessions)
            listener = Listener(app, broker, host="127.0.0.1", port=at, housekeeping_seconds=None)
            stack.enter_context(listener)
        visitor.get("/in")
        visitor.setup()
        yield host


@pytest.mark.parametrize("asks", ["asks", "asks not"])
def test_an_answer_from_before_a_connect_loses_no_connection(host: Host, asks: str) -> None:
    """Whether or not it asked for a token, when there was none."""
    with host.slow_request(f"/slow/{asks}"):
        host.visitor.connect(FIRST)
        first, again = host.tokens()

    assert first == again != "not_connected"
    assert host.tokens() == [first, first]
    assert host.visitor.status()["authenticated"]


def test_an_answer_from_before_a_second_account_loses_neither(host: Host) -> None:
    """It knew of the first."""
    host.visitor.connect(FIRST)
    with host.slow_request("/slow/asks"):
        host.visitor.connect(SECOND)

    assert host.accounts() == {FIRST, SECOND}


def test_an_answer_from_before_a_disconnect_brings_nothing_back(host: Host) -> None:
    """It had the token when that was still connected."""
    host.visitor.connect(FIRST)
    with host.slow_request("/slow/asks"):
        host.leave()

    assert host.tokens() == ["not_connected"] * 2
    assert not host.visitor.status()["authenticated"]


@pytest.mark.parametrize("host", ["on the server"], indirect=True)
def test_a_renewal_from_before_a_second_account_loses_neither(
    host: Host, hubspot: HubSpot, ahead: Any
) -> None:
    """Both are written to the server: what was renewed, and what came meanwhile."""
    hubspot.switches.rotate_refresh_tokens = True
    host.visitor.connect(FIRST)
    expire(hubspot, ahead)
    with host.slow_request("/slow/asks"):
        host.visitor.connect(SECOND)
    assert renewals(hubspot) == 1

    assert host.accounts() == {FIRST, SECOND}
