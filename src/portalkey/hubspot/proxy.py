"""The operator's proxy on the way to HubSpot: its address, and what is said to it.

It is asked by CONNECT for a tunnel (RFC 9110 section 9.3.6), in which TLS is spoken with HubSpot
itself: it sees a host's name and no request.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote

from pydantic import SecretStr

NAME = "PORTALKEY_PROXY_URL"
"""The setting that names it."""
LONGEST_HEAD = 16 * 1024
"""Bytes of the head of its answer."""

_ADDRESS = re.compile(
    r"http://(?:(?P<user>[^:@/?#\s]+)(?::(?P<password>[^:@/?#\s]*))?@)?"
    r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[1-9][0-9]{0,4})/?"
)
_LAST_PORT = 65535
_STATUS = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: |\r|$)")

_HOW = (
    "must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with %40 for @, %3A for : and "
    "%2F for / in user and password"
)
_KIND = (
    "names a proxy that is itself spoken to by TLS or SOCKS, which portalkey does not do; name one "
    "that takes CONNECT over http://HOST:PORT"
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: where it is, and what its ``Proxy-Authorization`` says, where it asks for that."""

    host: str
    port: int
    authorization: SecretStr | None = None

    @property
    def place(self) -> str:
        """Host and port, without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_proxy(text: str) -> Proxy:
    """Return the proxy at the address *text*.

    Raises:
        ValueError: It is no such address; nothing of it is quoted, as it may hold a password.
    """
    if re.match(r"(?i)(https|socks[45]?[ah]?)://", text):
        raise ValueError(_KIND)
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > _LAST_PORT:
        raise ValueError(_HOW)
    host, user = match["host"].strip("[]"), match["user"]
    if user is None:
        return Proxy(host, int(match["port"]))
    pair = f"{unquote(user)}:{unquote(match['password'] or '')}"
    basic = b64encode(pair.encode()).decode("ascii")
    return Proxy(host, int(match["port"]), SecretStr(f"Basic {basic}"))


def connect_request(proxy: Proxy, host: str, port: int) -> bytes:
    """Return the request for a tunnel to *host*."""
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization.get_secret_value()}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")


def read_status(head: bytes) -> int | None:
    """Return the status of the answer that begins with *head*; None where that is not HTTP."""
    match = _STATUS.match(head)
    return int(match[1]) if match else None
