"""Requests that HubSpot signs, and those that somebody else sends, at a view of every skin."""

import re
from collections.abc import Callable
from threading import Thread

import httpx2
import pytest

from contract.skins.conftest import Open
from contract.skins.plan import HOOK, LENIENT, SMALL, Plan
from portalkey.broker import Broker
from portalkey.model.counters import CounterKind
from portalkey.model.events import Event, EventName, happened
from portalkey.settings import Settings
from portalkey.vault import SQLStore
from portalkey_simulator import HubSpot
from portalkey_simulator.signing import sign
from support.signed import BODY, counts, exchange, places_of, raw_request, send, sign_now

MOUNT = "/crm/eu"


def test_hubspot_sends(open_host: Open, hubspot: HubSpot) -> None:
    """By any method, with a query in its order and escapes that are those that HubSpot wrote."""
    host = open_host()
    url = f"{host.url}{HOOK}"
    answer = hubspot.send_signed(url, BODY)
    assert (answer.status, host.plan.heard) == (200, [BODY])
    assert b'"v3"' in answer.body.replace(b" ", b"")

    for method in ("GET", "PUT"):
        asked = f"{url}?b=2&a=1&q=%20%C3%A9%2f+"
        assert hubspot.send_signed(asked, b"", method=method).status == 200
    for rest in ("a:b", "a%20b", "caf%C3%A9", "%7Ea", "a%2Bb+c", "(x),y;z='w'"):
        assert hubspot.send_signed(f"{url}/{rest}", BODY).status == 200, rest


def test_the_host_header_says_nothing(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """The address is the public one; a signature for another holds at no Host."""
    host = open_host()
    evil = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    theirs = sign_now(hubspot, f"http://evil.example{HOOK}")
    ours = sign_now(hubspot, f"{host.url}{HOOK}")

    assert send(port, HOOK, {**theirs, **evil}, host="127.0.0.1") == 401
    whole = exchange(port, raw_request(port, f"http://evil.example{HOOK}", theirs, BODY))
    assert b" 200 " not in whole
    assert host.plan.heard == []
    assert send(port, HOOK, {**ours, **evil}, host="127.0.0.1") == 200


def test_the_second_time(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """Whoever has seen a request sends it again, and again."""
    host, heard = open_host(), list[Event]()
    headers = sign_now(hubspot, f"{host.url}{HOOK}")

    with happened.connected_to(heard.append):
        assert [send(port, HOOK, headers) for _ in range(3)] == [200, 401, 401]
    assert host.plan.heard == [BODY]
    assert {(each.name, each.facts["check"]) for each in heard} == {
        (EventName.SIGNATURE_REFUSED, "replayed")
    }
    assert counts(host.broker)[CounterKind.SIGNATURE_REFUSED] == 2
    assert host.broker.vault.store.events() == []


def test_many_at_once_of_one_signature(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """One of them gets in, whichever."""
    host = open_host()
    headers = sign_now(hubspot, f"{host.url}{HOOK}")
    statuses = list[int]()
    threads = [Thread(target=lambda: statuses.append(send(port, HOOK, headers))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(statuses) == [200, *[401] * 7]
    assert len(host.plan.heard) == 1


@pytest.mark.parametrize("seconds", [-301, 301])
def test_too_old_or_from_far_ahead(open_host: Open, hubspot: HubSpot, seconds: int) -> None:
    """HubSpot's five minutes, by the store's clock."""
    host = open_host()
    hubspot.clock.move(seconds)

    assert hubspot.send_signed(f"{host.url}{HOOK}", BODY).status == 401
    assert host.plan.heard == []


def test_a_weaker_version(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """Only where the app accepts it, and never in the place of a stronger one that is wrong."""
    host = open_host()
    for version in ("v1", "v2"):
        strict, lenient = (
            sign(hubspot.app, version, "POST", f"{host.url}{path}", body=BODY, timestamp=0)
            for path in (HOOK, LENIENT)
        )
        assert send(port, HOOK, strict) == 401
        assert send(port, LENIENT, lenient) == 200
    wrong = {
        "X-HubSpot-Signature-v3": "A" * 43 + "=",
        "X-HubSpot-Request-Timestamp": "1767225600000",
    }
    assert send(port, LENIENT, {**lenient, **wrong}) == 401


def test_one_bit_over_a_real_socket(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """In method, address, timestamp, signature or body: nothing is done, whatever is answered."""
    host, body, target = open_host(), b'[{"portalId":1}]', f"{HOOK}?x=1"
    headers = sign_now(hubspot, f"{host.url}{target}", body)
    raw = raw_request(port, target, headers, body)
    values = (value.encode() for value in headers.values())
    flipped = [
        raw[:place] + bytes([raw[place] ^ (1 << (place + turn) % 8)]) + raw[place + 1 :]
        for place in places_of(raw, b"POST", target.encode(), *values, body)
        for turn in range(3)
    ]

    assert len(flipped) > 250
    answers = [exchange(port, each) for each in flipped]
    assert [each for each in answers if b" 200 " in each] == []
    assert host.plan.heard == []
    assert b" 200 " in exchange(port, raw)


def test_truncated(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """Whether its length says so or not."""
    host = open_host()
    headers = sign_now(hubspot, f"{host.url}{HOOK}")
    short = raw_request(port, HOOK, headers, BODY)[:-1]

    assert b" 200 " not in exchange(port, short, ends=True)
    assert b" 401 " in exchange(port, raw_request(port, HOOK, headers, BODY[:-1]))
    assert host.plan.heard == []


def test_encoded_anew(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """What means the same is not the same: JSON, its spaces, its escapes, and those of a query."""
    host, target = open_host(), f"{HOOK}?q=%7E"
    headers = sign_now(hubspot, f"{host.url}{target}")
    spaced, escaped = BODY.replace(b":", b": "), BODY.decode().encode("ascii", "backslashreplace")

    for body in (spaced, escaped, BODY + b"\n", BODY.decode().encode("utf-16")):
        assert send(port, target, headers, body) == 401
    assert send(port, f"{HOOK}?q=~", headers) == 401
    assert send(port, target, headers) == 200


def test_a_large_body(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """It is bounded, as the view says; a byte more is too much."""
    host = open_host()
    for size, status in ((SMALL, 200), (SMALL + 1, 413)):
        body = b" " * size
        headers = sign_now(hubspot, f"{host.url}{LENIENT}", body)
        assert send(port, LENIENT, headers, body) == status
    assert [len(each) for each in host.plan.heard] == [SMALL]


def test_strangers_are_counted_and_not_written(
    open_host: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """They fill neither the audit nor the log, and are told nothing but that."""
    host = open_host()
    answers = [httpx2.post(f"{host.url}{HOOK}", content=b"x") for _ in range(20)]

    assert {each.status_code for each in answers} == {401}
    assert {each.content for each in answers} == {answers[0].content}
    assert answers[0].headers["www-authenticate"] == "HubSpot-Signature"
    assert answers[0].headers["cache-control"] == "no-store"
    assert answers[0].json()["error"] == "not_from_hubspot"
    assert counts(host.broker) == {CounterKind.SIGNATURE_REFUSED: 20}
    assert host.broker.vault.store.events() == []
    said = [each.message for each in caplog.records if each.name == "portalkey"]
    lines = [re.match(r"signature_refused n=(\d+): ", each) for each in said]
    # One line; or two, where the minute of it ended between them.
    assert len(lines) <= 2
    assert sum(int(each[1]) for each in lines if each) == 20


def test_a_store_in_trouble(
    open_host: Open,
    hubspot: HubSpot,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    broken_store: SQLStore,
) -> None:
    """Nobody knows whether it came before, so it has to come again; a stranger's need not."""
    broker = make_broker(settings)
    host = open_host(broker=broker)
    broker.vault.store = broken_store
    url = f"{host.url}{HOOK}"
    headers = sign_now(hubspot, url)

    answer = httpx2.post(url, content=BODY, headers=headers)
    assert (answer.status_code, host.plan.heard) == (503, [])
    assert int(answer.headers["retry-after"]) >= 1
    assert httpx2.post(url, content=b"x", headers=headers).status_code == 401


def test_below_a_path(open_host: Open, hubspot: HubSpot, port: int) -> None:
    """The settings say what the path is below; what a stranger says of it counts for nothing."""
    host, below = open_host(Plan(mount=MOUNT)), f"{HOOK}/a%20b?x=%2f"
    headers, wrong = (
        sign_now(hubspot, each)
        for each in (f"{host.url}{below}", f"{host.url.removesuffix(MOUNT)}/evil{below}")
    )

    assert send(port, f"{MOUNT}{below}", {**wrong, "X-Forwarded-Prefix": "/evil"}) == 401
    assert send(port, f"{MOUNT}{below}", headers) == 200
