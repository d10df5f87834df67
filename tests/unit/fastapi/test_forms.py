"""Bodies that are too long, too slow, broken off, or no forms."""

from collections.abc import AsyncIterator

import anyio
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from portalkey.broker import Broker
from portalkey.fastapi import HubSpotConsole
from portalkey.fastapi.forms import read_form
from portalkey.web.http import MOST_FORM_BYTES, Pairs
from support.hosting_asgi import client_of, host_app
from support.loops import run

FORM = "application/x-www-form-urlencoded"
LEAVE = "/api/hubspot/connections/x/disconnect"


def read(
    messages: AsyncIterator[Message], kind: str = FORM, seconds: float = 60.0, method: str = "POST"
) -> Pairs:
    """The form that these messages of a server carry."""
    scope = {
        "type": "http",
        "method": method,
        "headers": [(b"content-type", kind.encode())],
        "app": None,
    }
    return run(read_form(Request(scope, messages.__anext__), seconds))


async def body(*chunks: bytes) -> AsyncIterator[Message]:
    """A body that arrives whole."""
    for chunk in chunks:
        yield {"type": "http.request", "body": chunk, "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}


async def endless(sent: list[int]) -> AsyncIterator[Message]:
    """A body without an end; *sent* has the bytes of each piece that was asked for."""
    while True:
        sent.append(1000)
        yield {"type": "http.request", "body": b"a" * 1000, "more_body": True}


async def hanging() -> AsyncIterator[Message]:
    """A body of which nothing comes."""
    await anyio.sleep_forever()
    yield {}


async def broken_off() -> AsyncIterator[Message]:
    """A body that its browser gives up."""
    yield {"type": "http.request", "body": b"a=", "more_body": True}
    yield {"type": "http.disconnect"}


def test_pairs_in_their_order() -> None:
    """Doubled ones too, so that they can be seen."""
    assert read(body(b"a=1&b=2", b"&a=%C3%A9")) == (("a", "1"), ("b", "2"), ("a", "é"))


def test_a_body_without_an_end_is_read_no_further() -> None:
    """413, once it has more than any form of ours."""
    sent: list[int] = []
    with pytest.raises(HTTPException) as refused:
        read(endless(sent))

    assert refused.value.status_code == 413
    assert sum(sent) <= MOST_FORM_BYTES + 1000


def test_a_body_that_does_not_come() -> None:
    """408: it held up nobody else meanwhile."""
    with pytest.raises(HTTPException) as refused:
        read(hanging(), seconds=0.01)

    assert refused.value.status_code == 408


def test_a_browser_that_leaves() -> None:
    """400, which nobody reads; no trace of it is a crash."""
    with pytest.raises(HTTPException) as refused:
        read(broken_off())

    assert refused.value.status_code == 400


def test_only_a_post_has_a_form() -> None:
    """Nothing else is even waited for."""
    assert read(hanging(), method="GET") == ()


@pytest.mark.parametrize(
    ("kind", "sent", "status"),
    [
        ("multipart/form-data", b"--x", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken", 403),
        ("application/json", b'{"portalkey_token": "x"}', 403),
        (FORM, b"\xff\xfe=%ff&&&=&a", 403),
        (FORM, b"a=1&" * 4000, 400),
    ],
)
def test_what_is_no_form_of_ours(broker: Broker, kind: str, sent: bytes, status: int) -> None:
    """It is refused, and nothing crashes."""
    client = client_of(host_app(broker), broker, "ada")
    answer = client.post(LEAVE, content=sent, headers={"Content-Type": kind})

    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_strangers_body_is_not_read_at_the_console(broker: Broker) -> None:
    """They meet the app's own 404 before."""
    app, statuses = FastAPI(), list[int]()
    HubSpotConsole(app, broker, allow=lambda _: None)

    async def receive() -> Message:
        pytest.fail("the body was read")

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/console/erase",
        "query_string": b"",
        "headers": [(b"content-length", b"10")],
    }
    run(app(scope, receive, send))

    assert statuses == [404]
