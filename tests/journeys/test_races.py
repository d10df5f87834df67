"""Somebody does something to a connection while HubSpot is being asked about it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.errors import BadAnswer, HubSpotUnavailable, NeedsReconnect, NotConnected
from portalkey.hubspot.client import HubSpotClient
from portalkey.hubspot.http import Request, Response, Send
from portalkey.model.connection import Connection, ConnectionStatus, Grant
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.patience import PATIENCE
from support.visitor import Visitor

Meanwhile = Callable[[Callable[[], object]], Broker]


@pytest.fixture
def meanwhile(settings: Settings, make_broker: Callable[..., Broker]) -> Meanwhile:
    """Makes a broker that gets its first renewal once something was done: ``meanwhile(act)``."""

    def make(act: Callable[[], object]) -> Broker:
        acts = [act]

        def through(send: Send) -> Send:
            def slow(request: Request) -> Response:
                response = send(request)
                if request.form.get("grant_type") == "refresh_token" and acts:
                    acts.pop()()
                return response

            return slow

        return make_broker(settings, through)

    return make


@pytest.fixture
def expired(visitor: Visitor, hubspot: HubSpot, ahead: Any, broker: Broker) -> Connection:
    """A connection whose token is over."""
    visitor.connect()
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    (connection,) = broker.connections(visitor.owner)
    return connection


def revoked(hubspot: HubSpot) -> list[str]:
    """The refresh tokens that HubSpot was told to forget."""
    return [a.form["token"] for a in hubspot.requests if a.path.endswith("/token/revoke")]


def asked(hubspot: HubSpot) -> int:
    """How often HubSpot was asked to renew."""
    return sum(a.form.get("grant_type") == "refresh_token" for a in hubspot.requests)


def test_a_reconnect_wins(
    expired: Connection, visitor: Visitor, broker: Broker, meanwhile: Meanwhile
) -> None:
    """A renewal that comes back after a reconnect undoes nothing, and the winner's is served."""
    slow = meanwhile(visitor.connect)

    token = slow.access_token(expired.owner)

    (connection,) = broker.connections(expired.owner)
    assert token == broker.access_token(expired.owner)
    assert connection.status is ConnectionStatus.CONNECTED
    assert connection.generation == expired.generation + 1


def test_a_disconnect_wins(
    expired: Connection, broker: Broker, hubspot: HubSpot, meanwhile: Meanwhile
) -> None:
    """What was renewed for a connection that is gone is revoked, and nobody gets it."""
    hubspot.switches.rotate_refresh_tokens = True
    slow = meanwhile(lambda: broker.disconnect(expired.owner, expired.id))

    with pytest.raises(NotConnected):
        slow.access_token(expired.owner)

    assert len(set(revoked(hubspot))) == 2


def test_a_token_that_lives_on_is_not_given_back(
    expired: Connection, broker: Broker, hubspot: HubSpot, meanwhile: Meanwhile
) -> None:
    """The loser does not revoke the refresh token that the winner's row bears."""
    winner = Grant(SecretStr("winner"), None, 1800)

    def renew() -> None:
        assert broker.vault.renew(expired, winner, sent_at=broker.vault.store.now())

    assert meanwhile(renew).access_token(expired.owner) == "winner"
    assert revoked(hubspot) == []


def test_a_losers_rejection_is_no_verdict(
    expired: Connection, visitor: Visitor, broker: Broker, hubspot: HubSpot, meanwhile: Meanwhile
) -> None:
    """``invalid_grant`` for a refresh token that was replaced meanwhile ends nothing."""
    hubspot.next_token_refusal("BAD_REFRESH_TOKEN")
    slow = meanwhile(visitor.connect)

    assert slow.access_token(expired.owner) == broker.access_token(expired.owner)
    assert broker.connections(expired.owner)[0].status is ConnectionStatus.CONNECTED


def test_a_rejection_without_a_rival_is_one(
    expired: Connection, broker: Broker, hubspot: HubSpot, meanwhile: Meanwhile
) -> None:
    """The control: the same answer ends the connection where nobody came between."""
    hubspot.next_token_refusal("BAD_REFRESH_TOKEN")
    slow = meanwhile(lambda: None)

    with pytest.raises(NeedsReconnect):
        slow.access_token(expired.owner)
    with pytest.raises(NeedsReconnect):
        broker.access_token(expired.owner)
    assert asked(hubspot) == 1


@pytest.mark.parametrize(
    "spoilt",
    [
        {"access_token": ""},
        {"access_token": 7},
        {"token_type": "mac"},
        {"token_type": None, "expires_in": "soon"},
    ],
)
def test_a_new_refresh_token_is_kept_out_of_a_spoilt_answer(
    expired: Connection, broker: Broker, hubspot: HubSpot, ahead: Any, spoilt: dict[str, Any]
) -> None:
    """It may be the only one HubSpot still honours, whatever else is wrong with the answer."""
    before = broker.vault.open_refresh(expired)
    rotated = {
        "token_type": "bearer",
        "access_token": "access",
        "refresh_token": "na1-rotated",
        "expires_in": 1800,
    }
    hubspot.next_token_answer(status=200, body=rotated | spoilt)

    with pytest.raises(BadAnswer):
        broker.access_token(expired.owner)

    (connection,) = broker.connections(expired.owner)
    assert connection.status is ConnectionStatus.FAILING
    assert broker.vault.open_refresh(connection).get_secret_value() == "na1-rotated"
    assert before.get_secret_value() != "na1-rotated"


@pytest.mark.parametrize("refresh_token", [None, "", "absent"])
def test_a_refresh_token_that_is_not_sent_goes_on(
    expired: Connection, broker: Broker, hubspot: HubSpot, refresh_token: str | None
) -> None:
    """An answer without one, or with an empty one, means the one that is held."""
    body = {"token_type": "bearer", "access_token": "new-access", "expires_in": 1800}
    if refresh_token != "absent":
        body["refresh_token"] = refresh_token
    hubspot.next_token_answer(status=200, body=body)

    assert broker.access_token(expired.owner) == "new-access"

    (connection,) = broker.connections(expired.owner)
    assert broker.vault.open_refresh(connection) == broker.vault.open_refresh(expired)


@pytest.mark.parametrize(
    ("expires_in", "lives"),
    [(None, 1800), ("soon", 1800), (True, 1800), (-5, 1), (10**12, 86400), ("60", 60)],
)
def test_an_absurd_lifetime_costs_no_grant(
    expired: Connection, broker: Broker, hubspot: HubSpot, expires_in: Any, lives: int
) -> None:
    """It is taken for a usual one, or for the nearest that makes sense."""
    body = {"token_type": "bearer", "access_token": "new-access", "expires_in": expires_in}
    hubspot.next_token_answer(status=200, body=body)

    assert broker.access_token(expired.owner) == "new-access"

    (connection,) = broker.connections(expired.owner)
    assert connection.granted_at
    assert (connection.access_expires_at - connection.granted_at).total_seconds() == lives


@pytest.mark.parametrize("where", ["no name", "nobody listens", "no TLS"])
def test_no_way_to_hubspot_ends_nothing(
    expired: Connection,
    broker: Broker,
    settings: Settings,
    hubspot: HubSpot,
    make_broker: Callable[..., Broker],
    where: str,
) -> None:
    """Neither a name that does not resolve, nor a closed port, nor a failed handshake is final."""
    resolve = {"no name": lambda *_: list[str](), "nobody listens": lambda *_: ["127.0.0.2"]}
    url = hubspot.url.replace("http:", "https:") if where == "no TLS" else hubspot.url
    wire = HubSpotClient(resolve=resolve.get(where, lambda *_: ["127.0.0.1"]), connect=1.0)

    def through(_: Send) -> Send:
        return lambda request: wire.send(
            replace(request, url=request.url.replace(hubspot.url, url))
        )

    lost = make_broker(settings, through)
    with pytest.raises(HubSpotUnavailable):
        lost.access_token(expired.owner)

    (connection,) = broker.connections(expired.owner)
    # What only one machine meets is not the connection's: another renews it at once.
    assert (connection.status, connection.is_leased) == (ConnectionStatus.CONNECTED, False)
    assert broker.access_token(expired.owner)


def test_an_interrupted_leader_takes_nobody_along(
    expired: Connection, broker: Broker, hubspot: HubSpot, settings: Settings, make_broker: Any
) -> None:
    """A time limit of one caller is that caller's own: the others begin anew."""
    first, gate = Event(), Event()

    def through(send: Send) -> Send:
        def interrupted(request: Request) -> Response:
            if request.form.get("grant_type") == "refresh_token" and not first.is_set():
                first.set()
                gate.wait(PATIENCE)
                raise TimeLimit
            return send(request)

        return interrupted

    shared = make_broker(settings, through)
    with ThreadPoolExecutor(4) as pool:
        leader = pool.submit(shared.access_token, expired.owner)
        first.wait(PATIENCE)
        others = [pool.submit(shared.access_token, expired.owner) for _ in range(3)]
        gate.set()
        with pytest.raises(TimeLimit):
            leader.result()
        assert len({other.result() for other in others}) == 1
    assert asked(hubspot) == 1


class TimeLimit(BaseException):
    """As a worker's soft time limit, or a green thread's time-out."""


def test_a_failed_forced_renewal_does_not_use_up_the_next(
    visitor: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """HubSpot was down at the first 401; once it is back, the token is renewed."""
    visitor.connect()
    token = broker.access_token(visitor.owner)
    hubspot.next_token_answer(status=503)

    assert broker.report_unauthorized(visitor.owner, token) == token
    ahead.seconds += 70
    assert broker.report_unauthorized(visitor.owner, token) != token
