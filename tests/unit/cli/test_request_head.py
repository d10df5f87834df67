"""Heads of requests: what is answered, and what is refused before it is read on."""

import pytest

from portalkey.cli.server.request_head import (
    MOST_BODY,
    MOST_HEAD,
    MOST_HEADERS,
    MOST_LINE,
    Head,
    Refusal,
    read_head,
)

START = b"GET / HTTP/1.1\r\nHost: a\r\n"
LONG = b"x" * MOST_LINE

REFUSED = {
    "a doubled Host": (START + b"Host: b\r\n\r\n", "400"),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", "400"),
    "a doubled Content-Length": (START + b"Content-Length: 1\r\ncontent-length: 1\r\n\r\n", "400"),
    "two lengths in one": (START + b"Content-Length: 1, 1\r\n\r\n", "400"),
    "a signed length": (START + b"Content-Length: +1\r\n\r\n", "400"),
    "a negative length": (START + b"Content-Length: -1\r\n\r\n", "400"),
    "a length beyond all numbers": (START + b"Content-Length: " + b"9" * 99 + b"\r\n\r\n", "400"),
    "both ways to tell a length": (
        START + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "400",
    ),
    "an encoding of another kind": (START + b"Transfer-Encoding: chunked, identity\r\n\r\n", "400"),
    "a body without a length": (START + b"Transfer-Encoding: chunked\r\n\r\n", "411"),
    "a bare line feed": (START + b"X: a\nY: b\r\n\r\n", "400"),
    "a bare carriage return": (START + b"X: a\rY: b\r\n\r\n", "400"),
    "a NUL": (START + b"X: a\0b\r\n\r\n", "400"),
    "a control character": (START + b"X: a\x1b[31mb\r\n\r\n", "400"),
    "a folded line": (START + b"X: a\r\n b\r\n\r\n", "400"),
    "a space ahead of the colon": (START + b"X : a\r\n\r\n", "400"),
    "a nameless header": (START + b": a\r\n\r\n", "400"),
    "no colon": (START + b"X\r\n\r\n", "400"),
    "no version": (b"GET /\r\nHost: a\r\n\r\n", "400"),
    "a space in the address": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "a tab in the request line": (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "a NUL in the address": (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "bytes of TLS": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", "400"),
    "a long address": (b"GET /" + LONG + b" HTTP/1.1\r\nHost: a\r\n\r\n", "414"),
    "a long header": (START + b"X: " + LONG + b"\r\n\r\n", "431"),
    "many headers": (START + b"X: a\r\n" * MOST_HEADERS + b"\r\n", "431"),
    "a large head": (START + (b"X: " + LONG[:8000] + b"\r\n") * 9 + b"\r\n", "431"),
    "an address without an end": (b"GET /" + b"x" * MOST_HEAD, "414"),
    "a header without an end": (START + b"X: " + b"x" * MOST_HEAD, "431"),
    "a large body": (START + b"Content-Length: %d\r\n\r\n" % (MOST_BODY + 1), "413"),
}


@pytest.mark.parametrize(("received", "status"), REFUSED.values(), ids=REFUSED)
def test_a_head_that_two_readers_may_read_differently_is_refused(
    received: bytes, status: str
) -> None:
    """A plain sentence, the status of the field, and nothing of what came."""
    refusal = read_head(received)

    assert isinstance(refusal, Refusal)
    assert refusal.status.startswith(status)
    assert b"Connection: close" in refusal.response
    assert b"xxxx" not in refusal.response


@pytest.mark.parametrize("received", [b"", b"GET", START, START + b"X: a\r\n\r"])
def test_a_head_that_has_not_ended_is_waited_for(received: bytes) -> None:
    """Nothing is said about it yet."""
    assert read_head(received) is None


@pytest.mark.parametrize(
    ("received", "body_size"),
    [
        (START + b"\r\nbody", 0),
        (START + b"Content-Length: %d\r\n\r\n" % MOST_BODY, MOST_BODY),
        (START + b"X: a\r\n" * (MOST_HEADERS - 1) + b"\r\n", 0),
        (START + b"X: " + LONG[:-3] + b"\r\n\r\n", 0),
        (START + "X: \u00e9\t\r\nY:\r\n\r\n".encode("latin-1"), 0),
        (b"GET / HTTP/1.0\r\n\r\n", 0),
    ],
)
def test_a_head_at_the_limits_is_answered(received: bytes, body_size: int) -> None:
    """Its size ends with the empty line."""
    head = read_head(received)

    assert isinstance(head, Head)
    assert (head.size, head.body_size) == (received.index(b"\r\n\r\n") + 4, body_size)


def test_who_waits_to_be_asked_for_the_body_is_seen() -> None:
    """``Expect: 100-continue``, in whatever case."""
    head = read_head(START + b"Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n")

    assert isinstance(head, Head)
    assert head.wants_continue
