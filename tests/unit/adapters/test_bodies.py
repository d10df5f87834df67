"""What becomes of a request's body where the request has to be repeated."""

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import httpx2
import pytest
import requests

from portalkey.adapters.httpx import HttpxAuth
from portalkey.adapters.httpx2 import HttpxAuth as Httpx2Auth
from portalkey.adapters.requests import RequestsAuth
from portalkey.broker import Broker
from support.front import NO_TLS, Front
from support.patience import PATIENCE

NOTES = "/crm/v3/objects/notes"
Post = Callable[..., Any]


def pieces() -> Iterator[bytes]:
    """A body that can be read only once."""
    yield b"one"
    yield b"two"


class Once(io.BytesIO):
    """A file that cannot be rewound, as a pipe cannot."""

    def seekable(self) -> bool:
        """It is not."""
        return False

    def seek(self, *_: Any) -> int:
        """Refuse."""
        raise io.UnsupportedOperation

    def tell(self) -> int:
        """Refuse."""
        raise io.UnsupportedOperation


@pytest.fixture
def dead(owner: str, broker: Broker, front: Front) -> str:
    """The owner's token, which HubSpot honours no longer."""
    front.dead.add(token := broker.access_token(owner))
    return token


@pytest.fixture(params=["httpx", "httpx2"])
def post(
    request: pytest.FixtureRequest, broker: Broker, owner: str, front: Front, stack: ExitStack
) -> Post:
    """Posts with httpx and with httpx2."""
    module: Any = {"httpx": httpx, "httpx2": httpx2}[request.param]
    auth: Any = {"httpx": HttpxAuth, "httpx2": Httpx2Auth}[request.param]
    client = stack.enter_context(module.Client(auth=auth(broker, owner), verify=NO_TLS))
    return lambda **body: client.post(f"{front.url}{NOTES}", **body)


@pytest.fixture
def requests_post(broker: Broker, owner: str, front: Front, stack: ExitStack) -> Post:
    """Posts with requests."""
    session = stack.enter_context(requests.Session())
    session.auth = RequestsAuth(broker, owner)
    return lambda **body: session.post(f"{front.url}{NOTES}", timeout=PATIENCE, **body)


HTTPX_AGAIN: list[dict[str, Any]] = [
    {"json": {"a": 1}},
    {"data": {"a": "1"}},
    {"content": b"x" * 70_000},
    {"files": {"file": b"all of it"}},
    {"files": {"file": io.BytesIO(b"all of it")}, "data": {"name": "it"}},
]
HTTPX_ONCE: list[Callable[[], dict[str, Any]]] = [
    lambda: {"content": pieces()},
    lambda: {"content": io.BytesIO(b"some")},
    lambda: {"files": {"file": Once(b"some")}},
]


@pytest.mark.parametrize("body", HTTPX_AGAIN, ids="+".join)
def test_what_is_in_memory_or_rewinds_is_sent_again(
    dead: str, post: Post, front: Front, body: dict[str, Any]
) -> None:
    """The whole of it, and not the rest."""
    assert post(**body).status_code == 200
    first, second = front.seen
    assert first.body == second.body != b""
    assert first.token == dead != second.token


@pytest.mark.parametrize("body", HTTPX_ONCE, ids=["generator", "file", "form with a pipe"])
def test_what_can_be_read_once_is_not_sent_again(
    dead: str,
    post: Post,
    broker: Broker,
    owner: str,
    front: Front,
    caplog: pytest.LogCaptureFixture,
    body: Callable[[], dict[str, Any]],
) -> None:
    """The 401 is returned, and a warning says so; the token is renewed for the next time."""
    assert post(**body()).status_code == 401
    assert len(front.seen) == 1
    assert broker.access_token(owner) != dead
    (warning,) = [each for each in caplog.records if each.name == "portalkey.adapters"]
    assert warning.levelno == logging.WARNING
    assert "POST" in warning.getMessage()
    assert dead not in warning.getMessage()


REQUESTS_AGAIN: list[dict[str, Any]] = [
    {"json": {"a": 1}},
    {"data": {"a": "1"}},
    {"data": b"bytes"},
    {"files": {"file": b"all of it"}},
]


@pytest.mark.parametrize("body", REQUESTS_AGAIN, ids="+".join)
def test_requests_sends_what_is_in_memory_again(
    dead: str, requests_post: Post, front: Front, body: dict[str, Any]
) -> None:
    """The whole of it; the first answer is in the history."""
    answer = requests_post(**body)

    assert [answer.status_code, *(each.status_code for each in answer.history)] == [200, 401]
    first, second = front.seen
    assert first.body == second.body != b""
    assert first.token == dead != second.token


def test_requests_rewinds_a_file(dead: str, requests_post: Post, front: Front) -> None:
    """To where it stood, which may not be its beginning."""
    file = io.BytesIO(b"skipped, sent")
    file.seek(9)

    assert requests_post(data=file).status_code == 200
    assert [each.body for each in front.seen] == [b"sent", b"sent"]


@pytest.mark.parametrize("body", [pieces, lambda: Once(b"some")], ids=["generator", "pipe"])
def test_requests_does_not_send_again_what_can_be_read_once(
    dead: str,
    requests_post: Post,
    front: Front,
    caplog: pytest.LogCaptureFixture,
    body: Callable[[], Any],
) -> None:
    """The 401 is returned, and a warning says so."""
    assert requests_post(data=body()).status_code == 401
    assert len(front.seen) == 1
    assert [each.levelno for each in caplog.records if each.name == "portalkey.adapters"] == [
        logging.WARNING
    ]


def test_what_was_done_is_not_done_twice(
    owner: str, broker: Broker, post: Post, front: Front
) -> None:
    """After a redirect, only the request that was refused is repeated."""
    front.moved[NOTES] = f"{front.url}/crm/v4/notes"
    front.dead.add(broker.access_token(owner))

    assert post(json={}, follow_redirects=True).status_code == 200
    assert [each.path for each in front.seen] == [NOTES, "/crm/v4/notes", "/crm/v4/notes"]
