"""The operator's proxy on the way to HubSpot, and the authority of one that looks into TLS."""

import base64
import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from portalkey.errors import BadSettings, HubSpotUnavailable, HubSpotUnreachable, PortalkeyError
from portalkey.hubspot.authorities import read_authorities
from portalkey.hubspot.client import HubSpotClient
from portalkey.hubspot.deadline import Connector, resolve
from portalkey.hubspot.failures import LateAnswer, LateConnection, ProxyFailed
from portalkey.hubspot.http import Request
from portalkey.hubspot.proxy import LONGEST_HEAD, Proxy, parse_proxy
from portalkey.hubspot.tunnel import Tunnels
from portalkey.settings import Settings
from support.certificates import certificate, serves
from support.connect_proxy import OPEN, ConnectProxy
from support.patience import PATIENCE, with_time_enough
from support.peer import Peer, drip, http

Listen = Callable[..., Peer]
PASSWORD = secrets.token_hex(8)
SOON = 0.3
"""Seconds of a deadline that a test lets pass."""
LATE = 8.0
"""Seconds that only a broken deadline takes."""


def settings(**values: object) -> Settings:
    """An operator's settings."""
    keys = f"a:{Fernet.generate_key().decode()}"
    return Settings(client_id="c", client_secret="s" * 20, keys=keys, **values)


def client_by(proxy: ConnectProxy | int, authority: Path | None = None) -> HubSpotClient:
    """A client whose operator has named this proxy, with a password, and this authority."""
    port = proxy if isinstance(proxy, int) else proxy.port
    url = f"http://ada:{PASSWORD}@localhost:{port}"
    return HubSpotClient.of(settings(proxy_url=url, ca_file=authority))


def error_of(client: HubSpotClient, url: str = "https://api.hubapi.com") -> PortalkeyError:
    """The error that a request meets; it says nothing of the password."""
    with closing(client), pytest.raises(PortalkeyError) as caught:
        client.send(Request("GET", f"{url}/x"))
    basic = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    assert PASSWORD not in f"{caught.value} {vars(caught.value)}"
    assert basic not in f"{caught.value}"
    return caught.value


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """An authority of this network's own."""
    return certificate("authority.example", tmp_path)


@pytest.fixture
def hubspot(listen: Listen, authority: Path, tmp_path: Path) -> Peer:
    """A server over TLS whose certificate that authority signed."""
    signed = certificate("localhost", tmp_path, signer=authority)
    peer = listen(http(), serves(signed))
    assert isinstance(peer, Peer)
    return peer


@pytest.fixture
def proxy() -> Iterator[ConnectProxy]:
    """A proxy that opens tunnels."""
    with ConnectProxy() as proxy:
        yield proxy


def test_requests_go_through_the_tunnel(
    hubspot: Peer, proxy: ConnectProxy, authority: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The proxy is asked once for all requests, by name and password, and sees none of them."""
    caplog.set_level(logging.DEBUG)
    with closing(client_by(proxy, authority)) as client:
        for _ in range(2):
            request = Request("POST", f"{hubspot.url}/oauth", {"code": "canary"})
            assert client.send(request).status == 200

    basic = base64.b64encode(f"ada:{PASSWORD}".encode())
    target = f"localhost:{hubspot.port}".encode()
    assert proxy.heads == [
        b"CONNECT %b HTTP/1.1\r\nHost: %b\r\nProxy-Authorization: Basic %b\r\n\r\n"
        % (target, target, basic)
    ]
    assert b"canary" not in proxy.relayed
    assert not any(each in caplog.text for each in ("canary", PASSWORD, basic.decode()))
    assert len(hubspot.requests) == 2
    assert b"Proxy-Authorization" not in b"".join(hubspot.requests)


def test_a_simulator_on_this_machine_needs_no_proxy(listen: Listen, proxy: ConnectProxy) -> None:
    """It is reached without TLS, and the proxy may be on another machine."""
    with closing(client_by(proxy)) as client:
        assert client.send(Request("GET", listen(http()).url)).status == 200

    assert proxy.heads == []


def test_a_proxy_of_other_programs_is_not_asked(
    hubspot: Peer, proxy: ConnectProxy, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the operator's to say who may stand on the way of a client secret."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://localhost:{proxy.port}")

    with closing(HubSpotClient.of(settings(ca_file=authority))) as client:
        assert client.send(Request("GET", hubspot.url)).status == 200

    assert proxy.heads == []


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (407, "write http://USER:PASSWORD@HOST:PORT in PORTALKEY_PROXY_URL"),
        (403, "have it allow CONNECT to api.hubapi.com, or name another in PORTALKEY_PROXY_URL"),
        (405, "PORTALKEY_PROXY_URL"),
    ],
)
def test_a_proxy_that_refuses(status: int, advice: str) -> None:
    """It will until somebody changes something: the operator hears which setting it is."""
    with ConnectProxy(http(status, "<html>")) as proxy:
        error = error_of(client_by(proxy))

    assert isinstance(error, HubSpotUnreachable)
    assert error.is_local
    assert f"the proxy localhost:{proxy.port}, which refuses it ({status}); " in str(error)
    assert advice in str(error)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(502), "it answered with status 502"),
        (http(429), "it answered with status 429"),
        (http(302), "it answered with status 302"),
        (b"220 ready\r\n\r\n", "does not speak HTTP"),
        (b"", "it broke off"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * LONGEST_HEAD, "it broke off"),
    ],
    ids=["502", "429", "redirect", "not HTTP", "nothing", "endless"],
)
def test_a_proxy_that_is_not_well(answer: bytes, words: str) -> None:
    """It may pass, and nothing of the request was sent."""
    with ConnectProxy(answer) as proxy:
        error = error_of(client_by(proxy))

    assert isinstance(error, HubSpotUnavailable)
    assert error.is_local
    assert words in str(error)
    assert "PORTALKEY_PROXY_URL" in str(error)


def test_a_proxy_that_is_away(port: int) -> None:
    """The sentence names the proxy, not HubSpot, as what cannot be reached."""
    error = error_of(client_by(port))

    assert isinstance(error, HubSpotUnavailable)
    assert f"through the proxy localhost:{port}: the connection was refused" in str(error)


def test_a_proxy_whose_name_is_not_resolved() -> None:
    """Likewise."""
    proxy = Proxy("proxy.invalid", 3128)
    error = error_of(HubSpotClient(proxy=proxy, resolve=lambda *_: []))

    assert "the proxy proxy.invalid:3128: its name cannot be resolved" in str(error)


@pytest.mark.parametrize("answer", [b"", OPEN[:-4] + b"x" * 9999], ids=["silent", "drips"])
def test_a_proxy_that_takes_its_time(answer: bytes) -> None:
    """Its answer belongs to what has to be over before a request is sent, however it comes."""

    def ask(seconds: float) -> ProxyFailed:
        tunnels = Tunnels(connector, Proxy("127.0.0.1", slow.port), before_sending=seconds)
        with pytest.raises(ProxyFailed) as caught:
            tunnels.connect("api.hubapi.com", 443, time.monotonic() + PATIENCE)
        return caught.value

    connector, start = Connector(PATIENCE, resolve), time.monotonic()
    with ConnectProxy(answer, pieces=0.02) as slow:
        failed = with_time_enough(ask, lambda each: isinstance(each.cause, LateConnection))

    assert isinstance(failed.cause, LateAnswer)
    assert time.monotonic() - start < PATIENCE


def test_the_deadline_of_a_request_holds_through_the_proxy() -> None:
    """A caller waits no longer because there is one."""

    def ask(seconds: float) -> HubSpotUnavailable:
        with closing(client_by(silent)) as client, pytest.raises(HubSpotUnavailable) as caught:
            client.send(Request("GET", "https://api.hubapi.com/x"), deadline=seconds)
        return caught.value

    def wait(seconds: float) -> ProxyFailed:
        tunnels = Tunnels(connector, Proxy("127.0.0.1", silent.port), before_sending=PATIENCE)
        with pytest.raises(ProxyFailed) as caught:
            tunnels.connect("api.hubapi.com", 443, time.monotonic() + seconds)
        return caught.value

    connector, start = Connector(PATIENCE, resolve, before_sending=PATIENCE), time.monotonic()
    with ConnectProxy(b"", pieces=0.02) as silent:
        failed = with_time_enough(wait, lambda each: isinstance(each.cause, LateConnection))
        took = time.monotonic() - start
        trouble = with_time_enough(ask, lambda each: "no connection came about" in str(each))

    assert isinstance(failed.cause, LateAnswer)
    assert took < PATIENCE
    assert "no whole answer came in time" in str(trouble)
    assert (trouble.is_local, trouble.is_timeout) == (True, False)


def test_tls_in_the_tunnel_takes_its_time(listen: Listen, proxy: ConnectProxy) -> None:
    """TLS gets what name, connection and proxy have left."""
    silent = listen(drip(b"", every=60))
    start = time.monotonic()
    with closing(client_by(proxy)) as client, pytest.raises(HubSpotUnavailable) as caught:
        client.send(Request("GET", f"https://localhost:{silent.port}/x"), deadline=SOON)

    assert caught.value.is_local
    assert time.monotonic() - start < LATE


def test_a_proxy_that_looks_into_tls(hubspot: Peer, proxy: ConnectProxy) -> None:
    """Its authority is nobody's until the operator names it, and the sentence says where."""
    error = error_of(client_by(proxy), hubspot.url)

    assert isinstance(error, HubSpotUnreachable)
    assert "its certificate cannot be trusted" in str(error)
    assert "PORTALKEY_CA_FILE" in str(error)
    assert hubspot.requests == []


def test_an_authority_stands_beside_the_systems(authority: Path) -> None:
    """Nobody whom the system trusts is trusted less; chain and name are verified as before."""
    plain, more = HubSpotClient(), HubSpotClient.of(settings(ca_file=authority))
    counts = []
    for client in (plain, more):
        with closing(client):
            client._new_pool(encrypted=True)
            assert client._context
            assert client._context.check_hostname
            counts.append(len(client._context.get_ca_certs()))

    assert counts[1] == counts[0] + 1


def test_an_authority_between(listen: Listen, authority: Path, tmp_path: Path) -> None:
    """What is handed out is often no root; the one that is named is enough."""
    between = certificate("between.example", tmp_path, signer=authority)
    peer = listen(http(), serves(certificate("localhost", tmp_path, signer=between)))

    with closing(HubSpotClient.of(settings(ca_file=between))) as client:
        assert client.send(Request("GET", peer.url)).status == 200


def test_a_file_of_authorities_with_words_between(authority: Path, tmp_path: Path) -> None:
    """Bundles have comments, in every language; a key in them is not read."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"# Autorit\xe9 de la maison\n" + authority.read_bytes() * 2)

    assert read_authorities(bundle).count("-----BEGIN CERTIFICATE-----") == 2
    assert "PRIVATE" not in read_authorities(bundle)
    assert read_authorities(None) == ""


@pytest.mark.parametrize(
    "content",
    [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ids=["empty", "none"],
)
def test_a_file_without_an_authority(content: bytes, tmp_path: Path) -> None:
    """It is said as the app starts, not as the first person connects."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(content)

    with pytest.raises(BadSettings, match="PORTALKEY_CA_FILE names a file that no authority"):
        read_authorities(bundle)


def test_user_and_password_are_unquoted() -> None:
    """What a URL cannot hold is written as %40, and sent as it is."""
    proxy = parse_proxy("http://a%3Ab:p%40%C3%A9@[::1]:3128")

    assert (proxy.host, proxy.port, proxy.place) == ("::1", 3128, "[::1]:3128")
    encoded = base64.b64encode("a:b:p@é".encode()).decode()
    assert proxy.authorization == SecretStr(f"Basic {encoded}")
    assert encoded not in repr(proxy)
    assert parse_proxy("http://h:1").authorization is None


def test_a_hang_up_of_the_proxy(listen: Listen) -> None:
    """It broke the connection before it had said anything."""

    def reset(connection: socket.socket, _: object) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()

    error = error_of(client_by(listen(reset).port))

    assert isinstance(error, HubSpotUnavailable)
    assert error.is_local
