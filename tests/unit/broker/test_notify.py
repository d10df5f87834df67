"""The webhook: what goes over the wire, and what is made of each answer."""

import base64
import json
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from portalkey.broker.notify import Undelivered, Webhook
from portalkey.model.events import EventName
from portalkey.model.notifications import Notification
from support.certificates import certificate, serves
from support.patience import PATIENCE
from support.peer import Peer, drip, http

Listen = Callable[..., Peer]
AT = datetime(2026, 11, 30, 12, 0, 0, 5, UTC)
NOTIFICATION = Notification(
    id="webhook evt_1_7",
    client_id="app",
    receiver="webhook",
    lane="row",
    number=7,
    event_id="evt_1_7",
    name=EventName.NEEDS_RECONNECT,
    at=AT,
    due_at=AT,
    tries=0,
    owner="Straße",
    connection_id="row",
    hub_id=4410001,
    facts={"error": "lost_in_flight"},
)


def new_secret() -> SecretStr:
    """As an operator makes one."""
    return SecretStr("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())


def webhook_to(peer: Peer, *given: SecretStr, **more: object) -> Webhook:
    """The webhook to *peer*, which knows it by these secrets."""
    keys = given or (new_secret(),)
    return Webhook(f"{peer.url}/hooks?tenant=7", keys, **{"seconds": PATIENCE, **more})  # type: ignore[arg-type]


def read(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """The first line, the headers and the body of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return first, {name.lower(): value for name, _, value in pairs}, body


def refusal(webhook: Webhook) -> Undelivered:
    """Why a notification does not arrive."""
    with pytest.raises(Undelivered) as trouble:
        webhook.deliver(NOTIFICATION)
    assert trouble.value.__context__ is None
    return trouble.value


def test_a_notification_is_what_others_verify(listen: Listen) -> None:
    """Signed in the form of Standard Webhooks, by each of several secrets; all of it is JSON."""
    peer, new, old = listen(http(204, "")), new_secret(), new_secret()
    webhook_to(peer, new, old).deliver(NOTIFICATION)

    first, headers, body = read(peer.requests[0])
    assert first == "POST /hooks?tenant=7 HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"localhost:{peer.port}"
    for secret in (new, old):
        told = Verifier(secret.get_secret_value()).verify(body, headers)
        assert told == {
            "type": "needs_reconnect",
            "timestamp": "2026-11-30T12:00:00.000005+00:00",
            "data": {
                "owner": "Straße",
                "connection_id": "row",
                "attempt_id": None,
                "hub_id": 4410001,
                "status": "needs_reconnect",
                "reason": "lost_in_flight",
                "facts": {"error": "lost_in_flight"},
            },
        }
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret().get_secret_value()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(new.get_secret_value()).verify(body.replace(b"row", b"raw"), headers)


def test_a_repeat_has_the_same_id_and_another_time(listen: Listen) -> None:
    """The time is that of the request, so that nobody can play an old one again."""
    peer, secret, now = listen(http(500)), new_secret(), time.time()
    for seconds in (now, now + 60):
        refusal(webhook_to(peer, secret, now=lambda seconds=seconds: seconds))

    (_, first, body), (_, second, again) = map(read, peer.requests)
    assert first["webhook-id"] == second["webhook-id"] == "evt_1_7"
    assert body == again
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_a_success(listen: Listen, status: int) -> None:
    """Whatever of 2xx, and whatever stands behind it."""
    webhook_to(listen(http(status, "x" * 100_000))).deliver(NOTIFICATION)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (500, {}, (0.0, False, False)),
        (400, {}, (0.0, False, False)),
        (404, {}, (0.0, False, False)),
        (410, {}, (0.0, False, True)),
        (429, {"Retry-After": "120"}, (120.0, True, False)),
        (503, {"Retry-After": "9999999"}, (86400.0, True, False)),
        (503, {"Retry-After": "soon"}, (0.0, True, False)),
        (
            503,
            {
                "Retry-After": "Mon, 30 Nov 2026 12:05:00 GMT",
                "Date": "Mon, 30 Nov 2026 12:00:00 GMT",
            },
            (300.0, True, False),
        ),
        (301, {"Location": "/"}, (0.0, False, False)),
    ],
)
def test_what_an_answer_means(
    listen: Listen,
    status: int,
    headers: dict[str, str],
    expected: tuple[float, bool, bool],
) -> None:
    """When to try again, if at all, and if others are worth a try just now."""
    trouble = refusal(webhook_to(listen(http(status, headers=headers))))

    assert (trouble.seconds, trouble.is_of_receiver, trouble.is_final) == expected
    assert str(status) in str(trouble)


def test_a_redirect_is_not_followed(listen: Listen) -> None:
    """What is signed for one place goes to no other."""
    other = listen(http())
    refusal(webhook_to(listen(http(307, headers={"Location": other.url}))))

    assert other.connections == 0


@pytest.mark.parametrize(
    "answer",
    [b"", b"SMTP ready\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000, b"HTTP/1.1 20"],
    ids=["none", "no HTTP", "endless head", "torn"],
)
def test_an_answer_that_is_none(listen: Listen, answer: bytes) -> None:
    """It is tried again, and others are not tried just now."""

    def script(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    assert refusal(webhook_to(listen(script))).is_of_receiver


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: "], ids=["silent", "dripping"])
def test_a_receiver_that_hangs_is_given_its_seconds(listen: Listen, start: bytes) -> None:
    """One deadline is for all of it, however slowly bytes come."""
    began = time.monotonic()
    trouble = refusal(webhook_to(listen(drip(start)), seconds=0.5))

    assert trouble.is_of_receiver
    assert 0.4 < time.monotonic() - began < PATIENCE


def test_nobody_listens(listen: Listen) -> None:
    """Nothing of the address is in what is said: it may hold a token."""
    peer = listen(http())
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    trouble = refusal(Webhook(f"http://localhost:{port}/canary", [new_secret()]))

    assert trouble.is_of_receiver
    assert "canary" not in str(trouble)
    assert peer.connections == 0


def test_over_tls_chain_and_name_are_verified(listen: Listen, tmp_path: Path) -> None:
    """By the system's authorities, and those that the operator names."""
    file = certificate("localhost", tmp_path)
    peer = listen(http(), context=serves(file))
    assert refusal(webhook_to(peer)).is_of_receiver
    assert peer.requests == []

    webhook_to(peer, authorities=file.read_text()).deliver(NOTIFICATION)
    assert len(peer.requests) == 1
    elsewhere = certificate("other.example", tmp_path)
    stranger = listen(http(), context=serves(elsewhere))
    context = ssl.create_default_context(cafile=str(elsewhere))
    assert refusal(webhook_to(stranger, ssl_context=context)).is_of_receiver


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("receiver.example", ["169.254.169.254"]),
        ("receiver.example", ["fd00:ec2::254"]),
        ("receiver.example", ["::ffff:169.254.169.254"]),
        ("receiver.example", ["100.100.100.200"]),
        ("receiver.example", ["127.0.0.1"]),
        ("receiver.example", ["::1"]),
        ("receiver.example", ["0.0.0.0"]),  # noqa: S104 - that is what is refused
        ("localhost", ["10.0.0.7"]),
        ("localhost", ["169.254.169.254"]),
    ],
)
def test_a_name_that_leads_elsewhere_by_now(
    listen: Listen, host: str, addresses: list[str]
) -> None:
    """Whatever it led to at start: it is looked at again, right before each connection."""
    peer = listen(http())
    url = f"https://{host}:{peer.port}/" if host != "localhost" else f"{peer.url}/"
    webhook = Webhook(url, [new_secret()], resolve=lambda *_: addresses)
    trouble = refusal(webhook)

    assert "no address" in str(trouble)
    assert peer.connections == 0


def test_of_several_addresses_the_allowed_one_is_used(listen: Listen) -> None:
    """One that is not does no harm to the others."""
    peer = listen(http())
    both = ["169.254.169.254", "127.0.0.1"]
    webhook_to(peer, resolve=lambda *_: both).deliver(NOTIFICATION)

    assert len(peer.requests) == 1


def test_half_a_character_arrives(listen: Listen) -> None:
    """What came from outside may hold one: it stops nothing, and is what it was."""
    peer = listen(http())
    webhook_to(peer).deliver(replace(NOTIFICATION, facts={"error": "\ud83d"}))

    assert json.loads(read(peer.requests[0])[2])["data"]["reason"] == "\ud83d"


def test_what_is_left_of_the_erased_is_sent(listen: Listen) -> None:
    """A body without anybody in it is a body."""
    peer = listen(http())
    webhook_to(peer).deliver(replace(NOTIFICATION, owner=None, connection_id=None, facts={}))

    told = json.loads(read(peer.requests[0])[2])["data"]
    assert (told["owner"], told["connection_id"], told["reason"]) == (None, None, None)
