"""The standalone server among callers who are slow, greedy or malformed."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Semaphore, Thread

import pytest
from flask import Flask, request

from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.cli.server.listen import MOST_IN_LINE, MOST_WAITING, THREADS
from portalkey.cli.server.request_head import MOST_BODY
from support.patience import PATIENCE

START = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
LARGE = 8_000_000
"""Bytes: more than the system takes of an answer that nobody reads."""

Dial = Callable[[], socket.socket]


@pytest.fixture
def app() -> Flask:
    """An app that says what came."""
    app = Flask("plain")
    app.add_url_rule("/", "home", lambda: "fine")
    app.add_url_rule("/large", "large", lambda: "x" * LARGE)
    app.add_url_rule("/body", "body", lambda: request.get_data(), methods=["POST"])  # noqa: PLW0108 - needs the request
    app.add_url_rule("/seen", "seen", lambda: dict(request.headers))
    return app


@contextmanager
def running(app: Flask, broker: Broker, seconds: float = PATIENCE) -> Iterator[Dial]:
    """A server of *app*; makes connections to it."""
    with (
        ExitStack() as stack,
        Listener(app, broker, host="127.0.0.1", port=0, request_seconds=seconds) as listener,
    ):

        def dial() -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", listener.port), PATIENCE)
            return stack.enter_context(connection)

        yield dial


def ask(connection: socket.socket, request: bytes) -> bytes:
    """Everything that is answered until the connection is closed."""
    connection.sendall(request)
    return rest_of(connection)


def rest_of(connection: socket.socket) -> bytes:
    """What still comes."""
    with suppress(ConnectionResetError):
        return b"".join(iter(lambda: connection.recv(65536), b""))
    return b""


def asks_once(dial: Dial, path: str = "/") -> bytes:
    """The answer to an ordinary request."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return ask(dial(), head.encode())


def test_forty_sockets_that_drip_stop_nobody(app: Flask, broker: Broker) -> None:
    """Whoever sends a byte now and then holds a socket, and no thread of ours."""
    ended = Event()

    def drip(connection: socket.socket) -> None:
        while not ended.wait(0.05):
            connection.sendall(b"x")

    with running(app, broker, seconds=10 * PATIENCE) as dial:
        slow = [dial() for _ in range(40)]
        threads = [Thread(target=drip, args=[each], daemon=True) for each in slow]
        for each, thread in zip(slow, threads, strict=True):
            each.sendall(START + b"X-Slow: ")
            thread.start()
        try:
            assert all(b"fine" in asks_once(dial) for _ in range(20))
        finally:
            ended.set()
            for thread in threads:
                thread.join()


@pytest.mark.parametrize(
    "sent",
    [START + b"X: ", b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["head", "body"],
)
def test_a_request_that_does_not_end_ends_with_its_deadline(
    app: Flask, broker: Broker, sent: bytes
) -> None:
    """However busily its bytes drip: 408, and closed."""
    with running(app, broker, seconds=0.2) as dial:
        slow = dial()
        slow.sendall(sent)
        until = time.monotonic() + PATIENCE
        slow.settimeout(0.02)
        answer = b""
        while not answer and time.monotonic() < until:
            with suppress(TimeoutError):
                answer = slow.recv(65536)
            with suppress(OSError):
                slow.send(b"x" if sent is not None and b"POST" not in sent else b"")

        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b"send it again" in answer


def test_a_connection_that_says_nothing_is_closed_without_a_word(
    app: Flask, broker: Broker
) -> None:
    """A browser's spare one."""
    with running(app, broker, seconds=0.1) as dial:
        assert rest_of(dial()) == b""


def test_whoever_takes_an_answer_too_slowly_is_let_go(app: Flask, broker: Broker) -> None:
    """A thread is not held for as long as somebody reads a little now and then."""
    with running(app, broker, seconds=0.3) as dial:
        slow = dial()
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        taken = 0
        with suppress(ConnectionResetError):
            while more := slow.recv(20_000):
                taken += len(more)
                time.sleep(0.01)

    assert 0 < taken < LARGE


def test_a_line_of_many_megabytes_is_not_read(app: Flask, broker: Broker) -> None:
    """It is refused after the first bytes; what follows is not kept."""
    with running(app, broker) as dial:
        greedy = dial()
        with suppress(OSError):
            greedy.sendall(START + b"X: ")
            for _ in range(200):
                greedy.sendall(b"x" * 1_000_000)

        assert rest_of(greedy)[:12] in {b"", b"HTTP/1.1 431"}
        assert b"fine" in asks_once(dial)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (START + b"X: " + b"x" * 64 * 1024, b"431"),
        (START + b"X: a\r\n" * 1000 + b"\r\n", b"431"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"414"),
        (START + b"Host: evil.test\r\n\r\n", b"400"),
        (b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n", b"413"),
        (b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
    ],
    ids=["header", "headers", "address", "hosts", "body", "chunks"],
)
def test_what_is_too_much_is_refused_and_closed(
    app: Flask, broker: Broker, sent: bytes, status: bytes
) -> None:
    """A status, a sentence, and the end, however much was still to come."""
    with running(app, broker) as dial:
        answer = ask(dial(), sent)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert b"Connection: close" in head
    assert body.startswith(status)


def test_a_request_that_is_cut_off_is_answered(app: Flask, broker: Broker) -> None:
    """Half a request, and then no more: 400."""
    with running(app, broker) as dial:
        half = dial()
        half.sendall(START)
        half.shutdown(socket.SHUT_WR)

        assert rest_of(half).startswith(b"HTTP/1.1 400")


def test_requests_that_come_together_are_answered_in_order(app: Flask, broker: Broker) -> None:
    """Empty lines between them, bodies and all, on one connection."""
    post = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s\r\n"
    end = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with running(app, broker) as dial:
        answer = ask(dial(), b"".join(post % (len(each), each) for each in (b"one", b"two")) + end)

    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.index(b"one") < answer.index(b"two") < answer.index(b"fine")


def test_a_large_body_is_asked_for_and_taken_whole(app: Flask, broker: Broker) -> None:
    """``Expect: 100-continue`` is answered while the body is still at home."""
    with running(app, broker) as dial:
        polite = dial()
        polite.sendall(
            b"POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % MOST_BODY
        )
        assert polite.recv(100).startswith(b"HTTP/1.1 100 ")

        assert ask(polite, b"y" * MOST_BODY).endswith(b"y" * MOST_BODY)


def test_a_name_that_only_looks_like_a_proxys_header_is_dropped(app: Flask, broker: Broker) -> None:
    """``X_User`` would become the same variable as ``X-User`` (CGI)."""
    lines = b"GET /seen HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX_User: eve\r\n\r\n"
    with running(app, broker) as dial:
        assert b"eve" not in ask(dial(), lines)


def test_too_many_who_wait_end_the_longest_wait(app: Flask, broker: Broker) -> None:
    """Descriptors stay for those whose requests arrive."""
    with running(app, broker, seconds=10 * PATIENCE) as dial:
        first = dial()
        for _ in range(MOST_WAITING):
            dial().sendall(START)

        assert rest_of(first) == b""
        assert b"fine" in asks_once(dial)


def test_a_line_that_is_too_long_is_told_to_come_back(app: Flask, broker: Broker) -> None:
    """Every thread at work, and as many in line as may be: 503 and when to come back."""
    begun, ended = Semaphore(0), Event()

    def work() -> str:
        begun.release()
        ended.wait(PATIENCE)
        return "late"

    app.add_url_rule("/work", "work", work)
    with running(app, broker, seconds=10 * PATIENCE) as dial:
        busy = [dial() for _ in range(THREADS)]
        for each in busy:
            each.sendall(b"GET /work HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert all(begun.acquire(timeout=PATIENCE) for _ in busy)
        # One after another, so that the line is full when the last one comes.
        in_line = [dial() for _ in range(MOST_IN_LINE + 1)]
        for each in in_line:
            each.sendall(START + b"Connection: close\r\n\r\n")
        answers = [in_line[-1].recv(65536)]
        ended.set()
        answers += [rest_of(each) for each in busy + in_line[:-1]]

    assert answers[0].startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 5" in answers[0]
    assert all(b"200 OK" in each for each in answers[1:])
