"""The head of a request, checked before anything else is done with it (RFC 9112)."""

import re
from dataclasses import dataclass

MOST_LINE = 16 * 1024
"""The longest request line and the longest header line, in bytes."""
MOST_HEAD = 64 * 1024
"""All of it, in bytes."""
MOST_HEADERS = 100
MOST_BODY = 64 * 1024
"""The largest body, in bytes; what the app reads is smaller."""

END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"[!-~]+ [!-~]+ HTTP/[0-9]\.[0-9]")
# No folded line, no space ahead of the colon, no control character.
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")

_Values = dict[bytes, list[bytes]]


@dataclass(frozen=True, slots=True)
class Head:
    """A head that can be answered: its own size and its body's, in bytes."""

    size: int
    body_size: int
    wants_continue: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to what is not looked at any further, with a *sentence* for whoever sent it."""

    status: str
    sentence: str
    retry_after: int | None = None
    """Seconds."""

    @property
    def response(self) -> bytes:
        """The whole response."""
        body = f"{self.status}: {self.sentence}\n".encode()
        retry = f"Retry-After: {self.retry_after}\r\n" if self.retry_after else ""
        head = (
            f"HTTP/1.1 {self.status}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\n"
            f"{retry}"
            "X-Content-Type-Options: nosniff\r\n"
            "Connection: close\r\n\r\n"
        )
        return head.encode() + body


TOO_SLOW = Refusal("408 Request Timeout", "The request took too long to arrive; send it again.")
CUT_OFF = Refusal("400 Bad Request", "The request ended too early; send it again.")
TOO_BUSY = Refusal(
    "503 Service Unavailable", "Too many ask at once; try again in a moment.", retry_after=5
)
_TOO_LONG_ADDRESS = Refusal("414 URI Too Long", f"An address has at most {MOST_LINE} bytes.")
_TOO_LARGE_HEAD = Refusal(
    "431 Request Header Fields Too Large",
    f"At most {MOST_HEADERS} headers, {MOST_LINE} bytes each and {MOST_HEAD} together; "
    "if this is a browser, delete its cookies for this site.",
)
_TOO_LARGE_BODY = Refusal("413 Content Too Large", f"A body has at most {MOST_BODY} bytes.")
_NO_LENGTH = Refusal("411 Length Required", "Send the body with its Content-Length.")


def read_head(received: bytes | bytearray) -> Head | Refusal | None:
    """Return the head that *received* begins with; None where more of it has to come."""
    end = received.find(END)
    if end < 0 and len(received) <= MOST_HEAD:
        return None
    lines = bytes(received[: end if end >= 0 else None]).split(b"\r\n")
    refusal = _check_size(lines, len(received) if end < 0 else end)
    if refusal is not None:
        return refusal
    values = _read_values(lines)
    if isinstance(values, Refusal):
        return values
    return _check_values(values, end + len(END), is_old=lines[0].endswith(b"HTTP/1.0"))


def _check_size(lines: list[bytes], size: int) -> Refusal | None:
    if len(lines[0]) > MOST_LINE:
        return _TOO_LONG_ADDRESS
    if size > MOST_HEAD or len(lines) > 1 + MOST_HEADERS or max(map(len, lines)) > MOST_LINE:
        return _TOO_LARGE_HEAD
    return None


def _read_values(lines: list[bytes]) -> _Values | Refusal:
    """Return every header's values, by its name in lower case."""
    if not _REQUEST_LINE.fullmatch(lines[0]):
        return _refuse_malformed("The request line is not one.")
    values: _Values = {}
    for line in lines[1:]:
        header = _HEADER.fullmatch(line)
        if header is None:
            return _refuse_malformed("A header is malformed.")
        values.setdefault(header[1].lower(), []).append(header[2])
    return values


def _check_values(values: _Values, size: int, *, is_old: bool) -> Head | Refusal:
    hosts, lengths = values.get(b"host", []), values.get(b"content-length", [])
    if len(hosts) > 1 or not (hosts or is_old):
        return _refuse_malformed("A request names one Host.")
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        return _refuse_malformed("The Content-Length is not one number.")
    if encodings := values.get(b"transfer-encoding"):
        is_chunked = not lengths and [each.lower() for each in encodings] == [b"chunked"]
        return (
            _NO_LENGTH
            if is_chunked
            else _refuse_malformed("Send a Content-Length, and no Transfer-Encoding.")
        )
    body_size = int(lengths[0]) if lengths else 0
    if body_size > MOST_BODY:
        return _TOO_LARGE_BODY
    wants_continue = values.get(b"expect", [b""])[0].lower() == b"100-continue"
    return Head(size, body_size, wants_continue)


def _refuse_malformed(sentence: str) -> Refusal:
    return Refusal("400 Bad Request", sentence)
