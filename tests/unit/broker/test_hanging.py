"""HubSpot hangs or is out of reach: who waits, who hears, and what a healthy machine does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from socket import socket
from threading import Event
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask import request as flask_request
from pydantic import SecretStr

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.broker.token_cache import _Lookup
from portalkey.broker.waiting import LONGEST
from portalkey.errors import HubSpotUnavailable, HubSpotUnreachable, NotConnected, TryLater
from portalkey.flask import HubSpotAuth
from portalkey.hubspot.client import HubSpotClient, Send
from portalkey.hubspot.http import Request, Response
from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.testing.samples import new_attempt
from portalkey.vault import Keyring, MemoryStore, SQLStore, Vault
from portalkey.vault.store import Store
from support.certificates import certificate, serves
from support.patience import PATIENCE
from support.peer import Peer

pytest_plugins = ("support.postgres",)

GOOD = b'{"token_type": "bearer", "access_token": "new", "refresh_token": "r", "hub_id": 1}'
THREADS = 8


def settings_at(api_url: str = "http://localhost:1", calls: int = 4) -> Settings:
    """Settings of an app whose API is at *api_url*."""
    return Settings(
        client_id="app-of-tests",
        client_secret="s" * 20,
        keys=f"a:{Fernet.generate_key().decode()}",
        app_url=api_url,
        api_url=api_url,
        refresh_rate=1000,
        refresh_burst=1000,
        hubspot_calls=calls,
    )


def broker_over(settings: Settings, store: Store, send: Send, ahead: Ahead) -> Broker:
    """A process over *store*, whose waits are half of the longest."""
    vault = Vault(Keyring(settings.keys), store, settings.client_id)
    return Broker(
        settings,
        vault,
        send,
        clock=lambda: boot_time() + ahead.seconds,
        uniform=lambda low, high: (low + high) / 2,
    )


def connect(broker: Broker, owner: str, hub_id: int = 1) -> Connection:
    """Connect an account for *owner*, past HubSpot."""
    vault = broker.vault
    attempt = new_attempt(vault.store, owner=owner)
    claimed = vault.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
    assert claimed
    grant = Grant(SecretStr("old"), SecretStr(f"refresh of {owner}"), 1800)
    kept = vault.save(claimed, grant, Account(hub_id), ("oauth",), sent_at=vault.store.now())
    assert kept
    return kept


def memory_store(ahead: Ahead) -> MemoryStore:
    """A store whose clock a test moves."""
    start = MemoryStore().now()
    began = boot_time()
    return MemoryStore(lambda: start + timedelta(seconds=boot_time() - began + ahead.seconds))


def patient(send: Send) -> Send:
    """Sends what waits for as long as the client does, however little time its caller has.

    What a test does while HubSpot hangs takes a busy machine longer than the caller waits.
    """
    return lambda request: send(replace(request, seconds=None))


def until(is_so: Callable[[], bool]) -> None:
    """Wait patiently until something is so."""
    end, pause = boot_time() + PATIENCE, Event()
    while not is_so():
        assert boot_time() < end
        pause.wait(0.01)


class Hanging:
    """A HubSpot that takes requests and answers them only once a test lets it."""

    def __init__(self) -> None:
        self.goes_on = Event()

    def __call__(self, connection: socket, stop: Event) -> None:
        """Wait, and answer then."""
        while not (self.goes_on.is_set() or stop.wait(0.01)):
            pass
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(GOOD)}\r\n\r\n"
        connection.sendall(head.encode() + GOOD)


@pytest.fixture
def hanging() -> Iterator[tuple[Hanging, Peer]]:
    """A HubSpot that hangs, on a real socket."""
    script = Hanging()
    with Peer(script) as peer:
        yield script, peer
        script.goes_on.set()


def test_a_web_server_whose_hubspot_hangs(hanging: tuple[Hanging, Peer], ahead: Ahead) -> None:
    """Of eight threads half are kept waiting; the others serve what has nothing to do with it."""
    script, peer = hanging
    settings = settings_at(peer.url)
    with closing(HubSpotClient(deadline=PATIENCE)) as client:
        broker = broker_over(settings, memory_store(ahead), patient(client.send), ahead)
        owners = [f"owner {number}" for number in range(THREADS)]
        for owner in owners:
            connect(broker, owner)
        ahead.passes(1801)
        app = Flask(__name__)
        app.secret_key = "of no consequence"
        HubSpotAuth(app, broker, owner=lambda: flask_request.args.get("owner"))

        @app.get("/token")
        def token() -> str:
            """Answer with the owner's token."""
            return broker.access_token(flask_request.args["owner"])

        @app.errorhandler(TryLater)
        def later(trouble: TryLater) -> tuple[str, int, dict[str, str]]:
            """Say when to come back."""
            return str(trouble), 503, {"Retry-After": f"{trouble.retry_after:.0f}"}

        app.add_url_rule("/plain", view_func=lambda: "served", endpoint="plain")

        def get(path: str) -> tuple[int, str]:
            answer = app.test_client().get(path)
            return answer.status_code, answer.text

        with ThreadPoolExecutor(THREADS) as server:
            first, others = owners[: THREADS // 2], owners[THREADS // 2 :]
            tokens = [server.submit(get, f"/token?owner={owner}") for owner in first]
            # Past the throttle: whoever comes back from its queue takes a place in any case.
            until(lambda: len(peer.requests) == THREADS // 2)
            assert broker._gate.callers == THREADS // 2
            late = [server.submit(get, f"/token?owner={owner}") for owner in others]
            refused = [each.result(PATIENCE)[0] for each in late]
            assert server.submit(get, "/plain").result(PATIENCE) == (200, "served")
            at_once = [server.submit(get, f"/token?owner={owner}") for owner in owners]
            assert {each.result(PATIENCE)[0] for each in at_once} == {503}
            script.goes_on.set()
            answers = {each.result(PATIENCE) for each in tokens}

    assert refused == [503] * (THREADS // 2)
    assert answers == {(200, "new")}
    assert len(peer.requests) == THREADS // 2


def test_a_living_token_is_served_past_the_gate(
    hanging: tuple[Hanging, Peer], ahead: Ahead
) -> None:
    """Nobody waits for what it can do without: in its last minute a token still lives."""
    script, peer = hanging
    settings = settings_at(peer.url, calls=1)
    with closing(HubSpotClient(deadline=PATIENCE)) as client:
        broker = broker_over(settings, memory_store(ahead), client.send, ahead)
        connect(broker, "first")
        ahead.passes(1801 - 30)
        connection = connect(broker, "second")
        ahead.passes(30)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(broker.access_token, "first")
            until(lambda: bool(peer.requests))
            ahead.passes(2)

            assert broker.access_token("second") == "old"
            assert broker.report_unauthorized("second", "old") == "old"
            ahead.passes(1800 - 40)
            assert connection.is_authenticated
            assert broker.access_token("second") == "old"
            ahead.passes(60)
            with pytest.raises(HubSpotUnavailable, match="PORTALKEY_HUBSPOT_CALLS"):
                broker.access_token("second")
            with pytest.raises(NotConnected):
                broker.access_token("third")
            broker.check_connections([connection])
            broker.disconnect("second", connection.id)
            script.goes_on.set()
            first.exception(PATIENCE)  # an hour has passed for it

    assert len(broker.vault.store.pending(9)) == 1


@pytest.fixture(params=["memory", "file", "server"])
def shared(request: pytest.FixtureRequest, ahead: Ahead, tmp_path: Path) -> Store:
    """A store of each kind that several machines, or processes, can share."""
    if request.param == "memory":
        return memory_store(ahead)
    url = f"sqlite:///{tmp_path / 'portalkey.db'}"
    if request.param == "server":
        url = request.getfixturevalue("migrated_postgres_url")
    return SQLStore.open(url, ahead=ahead)


def test_one_machine_cannot_reach_hubspot(shared: Store, ahead: Ahead) -> None:
    """The other one renews everything and meets no error; neither waits for the lost one."""
    settings, renewals = settings_at(), list[Request]()

    def answer(request: Request) -> Response:
        renewals.append(request)
        return Response(200, {}, GOOD)

    lost_client = HubSpotClient(resolve=lambda *_: [])
    lost = broker_over(settings, shared, lost_client.send, ahead)
    well = broker_over(settings, shared, answer, ahead)
    owners = [f"owner {number}" for number in range(12)]
    for owner in owners:
        connect(well, owner)
    with closing(lost), closing(well), ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            ahead.passes(1801)
            failing = [pool.submit(lost.access_token, owner) for owner in owners[:6]]
            troubles = [each.exception(PATIENCE) for each in failing]
            tokens = [pool.submit(well.access_token, owner) for owner in owners]

            assert [each.result(PATIENCE) for each in tokens] == ["new"] * len(owners)
            assert all(getattr(each, "is_local", False) for each in troubles)
            # What the other has fetched, this one hands out too.
            ahead.passes(2)
            assert lost.access_token(owners[0]) == "new"
        rows = [well.connections(owner)[0] for owner in owners]
        throttle = well.vault.store.update_throttle(settings.client_id, lambda each, _: each)

    assert len(renewals) == 2 * len(owners)
    assert {row.status for row in rows} == {ConnectionStatus.CONNECTED}
    assert {row.failures for row in rows} == {0}
    assert throttle
    assert throttle[0].is_well


def test_no_lease_is_taken_while_hubspot_is_out_of_reach(ahead: Ahead) -> None:
    """The error says that it is this machine, and since nobody waits, it comes at once."""
    client, store = HubSpotClient(resolve=lambda *_: []), memory_store(ahead)
    lost = broker_over(settings_at(), store, client.send, ahead)
    connections = [connect(lost, str(number)) for number in range(9)]
    ahead.passes(1801)
    for connection in connections:
        with pytest.raises(HubSpotUnavailable, match="This machine cannot reach HubSpot"):
            lost.access_token(connection.owner)

    fences = [lost.connections(each.owner)[0].lease_fence for each in connections]
    assert sum(fences) == 3
    assert max(fences) == 1


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[Send]:
    """Sends to a HubSpot whose certificate nobody has named an authority of."""
    with (
        Peer(b"", serves(certificate("localhost", tmp_path))) as peer,
        closing(HubSpotClient()) as client,
    ):
        yield lambda request: client.send(replace(request, url=f"{peer.url}/x"))


def test_a_certificate_that_is_not_trusted(untrusted: Send, ahead: Ahead) -> None:
    """It is the operator's at once: what lives is served on, and no row tells of it."""
    broker = broker_over(settings_at(), memory_store(ahead), untrusted, ahead)
    with closing(broker):
        mine, other = connect(broker, "ada"), connect(broker, "eve", 2)
        ahead.passes(1700)
        assert broker.access_token("ada") == "old"
        ahead.passes(101)
        for owner in ("ada", "eve"):
            with pytest.raises(HubSpotUnreachable, match="PORTALKEY_CA_FILE"):
                broker.access_token(owner)
        rows = [broker.vault.store.connection(each.id) for each in (mine, other)]
        throttle = broker.vault.store.update_throttle("app-of-tests", lambda each, _: each)

    assert {(row.status, row.failures) for row in rows if row} == {(ConnectionStatus.CONNECTED, 0)}
    assert not any(row.is_leased for row in rows if row)
    assert throttle
    assert throttle[0].is_well


def test_a_code_waits_until_the_way_is_open(untrusted: Send, ahead: Ahead) -> None:
    """For the person who connects it passes: the code is kept until the operator is done."""
    broker = broker_over(settings_at(), memory_store(ahead), untrusted, ahead)
    with closing(broker):
        connect(broker, "ada")
        ahead.passes(1801)
        with pytest.raises(HubSpotUnreachable):
            broker.access_token("ada")
        started = broker.begin("eve", "browser", AuthorizationOptions())
        state = parse_qs(urlsplit(started.authorize_url).query)["state"][0]
        query = (("code", "a-code"), ("state", state))
        cookies, eve = {started.attempt.id: [started.cookie]}, Visitor("eve", "browser")
        attempt = broker.finish(Callback(query, cookies, eve))
        assert attempt.status is AttemptStatus.RETURNED
        with pytest.raises(HubSpotUnavailable, match="PORTALKEY_CA_FILE"):
            broker.complete(attempt, eve)


def test_what_is_owed_waits_until_the_way_is_open(untrusted: Send, ahead: Ahead) -> None:
    """No revocation is given up, and the round ends at the first: another machine may send it."""
    broker = broker_over(settings_at(), memory_store(ahead), untrusted, ahead)
    with closing(broker):
        for number in range(3):
            mine = connect(broker, str(number), number + 1)
            broker.disconnect(mine.owner, mine.id)
        ahead.passes(3600)
        assert broker.send_owed() == 0
        ahead.passes(31)
        assert len(broker.vault.store.pending(9)) == 3


def test_pages_where_json_should_be(ahead: Ahead) -> None:
    """HubSpot is not well, whatever the status: the rows wait, and soon nobody asks any more."""
    sent = list[Request]()

    def answer(request: Request) -> Response:
        sent.append(request)
        return Response(200, {}, b"<html>We will be back soon</html>")

    broker = broker_over(settings_at(), memory_store(ahead), answer, ahead)
    owners = [f"owner {number}" for number in range(30)]
    for owner in owners:
        connect(broker, owner)
    ahead.passes(1801)
    for owner in owners * 2:
        with pytest.raises(HubSpotUnavailable):
            broker.access_token(owner)

    assert len(sent) <= 10
    first = broker.connections(owners[0])[0]
    assert (first.status, first.failures) == (ConnectionStatus.FAILING, 1)
    assert first.unanswered_since  # the page may stand in place of a refresh token


class Clocked:
    """A HubSpot each of whose answers takes so long, by the test's clock, as its path says."""

    def __init__(self, ahead: Ahead, **takes: float) -> None:
        self.ahead, self.takes, self.sent = ahead, takes, list[Request]()

    def __call__(self, request: Request) -> Response:
        """Let the time pass that this request takes, or has."""
        self.sent.append(request)
        name = request.url.rsplit("/", 1)[-1]
        seconds, takes = request.seconds or 0.0, self.takes.get(name, 0.0)
        self.ahead.passes(min(seconds, takes))
        if takes >= seconds:
            trouble = HubSpotUnavailable()
            trouble.is_timeout = True
            raise trouble
        return Response(200, {}, GOOD)

    @property
    def names(self) -> list[str]:
        """The last part of each address that was asked."""
        return [request.url.rsplit("/", 1)[-1] for request in self.sent]


def callback_of(
    broker: Broker, owner: str, options: AuthorizationOptions | None = None
) -> Callback:
    """A return of *owner* from HubSpot, with a code."""
    started = broker.begin(owner, "browser", options)
    state = started.authorize_url.partition("state=")[2].partition("&")[0]
    query = (("code", "c"), ("state", state))
    return Callback(query, {started.attempt.id: (started.cookie,)}, Visitor(owner, "browser"))


@pytest.mark.parametrize(
    ("takes", "names", "status"),
    [
        ({}, ["details", "introspect", "token"], "connected"),
        ({"token": 7}, ["details", "introspect", "token"], "connected"),
        ({"token": 9}, ["token"], "connected"),
        ({"token": 60}, ["token"], "failed"),
    ],
)
def test_an_exchange_has_one_deadline(
    takes: dict[str, float], names: list[str], status: str, ahead: Ahead
) -> None:
    """Who agreed, and where, is asked at once within what the exchange has left, or not at all."""
    hubspot = Clocked(ahead, **takes)
    broker = broker_over(settings_at(), memory_store(ahead), hubspot, ahead)
    callback, began = callback_of(broker, "ada"), ahead.seconds

    attempt = broker.finish(callback)

    assert (sorted(hubspot.names), attempt.status) == (names, status)
    assert ahead.seconds - began <= LONGEST


def test_a_grant_that_is_not_wanted_and_no_time_left(ahead: Ahead) -> None:
    """Its revocation is owed, and does not keep the person waiting."""
    hubspot = Clocked(ahead, token=9)
    broker = broker_over(settings_at(), memory_store(ahead), hubspot, ahead)

    attempt = broker.finish(callback_of(broker, "ada", AuthorizationOptions(hub_id=2)))

    assert (attempt.error, hubspot.names) == ("wrong_account", ["token"])
    assert len(broker.vault.store.pending(9)) == 1
    assert broker.send_owed() == 1


def test_a_caller_that_joins_another_of_the_same_owner(
    hanging: tuple[Hanging, Peer], ahead: Ahead
) -> None:
    """It gives up in its own time."""
    script, peer = hanging
    with closing(HubSpotClient(deadline=PATIENCE)) as client, ThreadPoolExecutor(1) as pool:
        broker = broker_over(settings_at(peer.url), memory_store(ahead), client.send, ahead)
        connect(broker, "ada")
        ahead.passes(1801)
        first = pool.submit(broker.access_token, "ada")
        until(lambda: bool(peer.requests))
        soon = broker._clock() + 0.05
        lookup = _Lookup(("ada", None), lambda: broker.connections("ada")[0], soon)

        with pytest.raises(HubSpotUnavailable, match="Another thread or process"):
            broker._tokens._check_together(lookup)
        script.goes_on.set()
        assert first.result(PATIENCE) == "new"


@pytest.mark.parametrize(("connections", "spent"), [(0, 2), (2, 2), (9, 3)])
def test_codes_are_kept_while_hubspot_hangs(connections: int, spent: int, ahead: Ahead) -> None:
    """As few are spent as tell that HubSpot hangs; who tries again as told is connected later."""
    hubspot = Clocked(ahead, token=60)
    broker = broker_over(settings_at(), memory_store(ahead), hubspot, ahead)
    for number in range(connections):
        connect(broker, f"connected {number}")
    callbacks = [callback_of(broker, f"owner {number}") for number in range(6)]
    attempts = [broker.finish(each) for each in callbacks * 2]

    # A code that was sent may be spent; what was not sent is as good as before.
    statuses = [AttemptStatus.FAILED] * spent + [AttemptStatus.RETURNED] * (6 - spent)
    assert [each.status for each in attempts] == statuses * 2
    assert len(hubspot.sent) == spent
    hubspot.takes = {}
    for attempt in attempts[spent:6]:
        finished, began = attempt, ahead.seconds
        while finished.status is AttemptStatus.RETURNED:
            try:
                finished = broker.complete(attempt, Visitor(attempt.owner, "browser"))
            except HubSpotUnavailable as trouble:
                ahead.passes(trouble.retry_after)
        assert finished.status is AttemptStatus.CONNECTED
        assert ahead.seconds - began < 30


def test_codes_that_no_machine_could_send_are_no_evidence(ahead: Ahead) -> None:
    """It tells of this machine: the others go on."""
    client, store = HubSpotClient(resolve=lambda *_: []), memory_store(ahead)
    lost = broker_over(settings_at(), store, client.send, ahead)
    well = broker_over(settings_at(), store, Clocked(ahead), ahead)
    with closing(lost):
        statuses = [lost.finish(callback_of(lost, str(number))).status for number in range(6)]

    assert statuses == [AttemptStatus.FAILED] * 3 + [AttemptStatus.RETURNED] * 3
    throttle = store.update_throttle(well.settings.client_id, lambda each, _: each)
    assert throttle
    assert throttle[0].is_well
    assert well.finish(callback_of(well, "ada")).status is AttemptStatus.CONNECTED


def test_questions_about_many_connections_have_one_deadline(ahead: Ahead) -> None:
    """A page that has them checked waits no longer than for one."""
    hubspot = Clocked(ahead, introspect=60)
    broker = broker_over(settings_at(), memory_store(ahead), hubspot, ahead)
    connections = [connect(broker, "ada", hub_id) for hub_id in range(1, 6)]
    began = ahead.seconds

    broker.check_connections(connections)
    broker.check_connections([])

    assert ahead.seconds - began <= LONGEST
    assert hubspot.names == ["introspect"]


def test_a_clock_that_was_set_back_hands_out_no_dead_token(ahead: Ahead) -> None:
    """A token that was granted in the future is renewed before anybody gets it."""
    broker = broker_over(settings_at(), memory_store(ahead), Clocked(ahead), ahead)
    connect(broker, "ada")
    ahead.passes(-3600)
    broker._tokens.clear()

    assert broker.access_token("ada") == "new"
