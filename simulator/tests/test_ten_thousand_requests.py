"""Ten thousand requests that no honest client makes, from a seed that can be given again.

``HOSTILE_SEED`` is the seed, and ``HOSTILE_REQUESTS`` how many there are.
"""

import os
import random
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO

import httpx2

from portalkey_simulator import HubSpot
from portalkey_simulator.endpoints import list_routes
from portalkey_simulator.world import World

Grant = Callable[..., dict[str, str]]

SEED = int(os.environ.get("HOSTILE_SEED", secrets.randbelow(10**9)))
REQUESTS = int(os.environ.get("HOSTILE_REQUESTS", "10000"))
EACH = 50
"""How many requests go over one connection, where the server does not close it before."""

METHODS = ("GET", "POST", "DELETE", "HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "get", "X" * 4096)
PARTS = (
    *("%00", "%0a.png", "%c0%af", "%2e%2e", "..;", "x.css", ";jsessionid=1", "%ff%fe", "%2563"),
    *("'%20OR%201=1--", "{{7*7}}", "$%7Bjndi:x%7D", "__class__", "%E2%80%AE", "9" * 400, "-0"),
    *("1e0", "0x1", "+1", "a" * 3000, "//evil.test", "%5c%5cevil.test", "x"),
)

PATIENCE = 60.0
"""Seconds that only what is broken takes."""
VALUES = (
    *("", "null", "undefined", "true", "[]", "{}", "NaN", "-1", "1e309", "9" * 5000, "\0", "\x80"),
    *("' OR '1'='1", "\r\nX: y", "<script>", "../../etc/passwd", "${jndi:x}", "%s%n", "\u202e"),
    *(
        "refresh_token",
        "authorization_code",
        "client_credentials",
        "developer.webhooks_journal.read",
    ),
)
NAMES = (
    *("grant_type", "client_id", "client_secret", "code", "refresh_token", "redirect_uri", "scope"),
    *("token", "limit", "after", "properties", "archived", "app", "until", "signature", "state"),
    *("installPortalId", "hub_id", "decision", "state[]", "__proto__", "_method", "\xe9"),
)
KINDS = (
    *("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"),
    *("text/plain", "application/json; charset=utf-7", "text/xml", "nonsense", ""),
)
BODIES = (
    *(b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe\x00", b"{} trailing", b"[" * 20_000),
    *(b"1" * 5000, b'{"a": NaN}', b'{"a": 1, "a": 2}', b'{"query": "\\ud800"}', b"&&==&"),
    *(b'\xef\xbb\xbf{"limit": 1}', b'{"limit": 1e400}', b'{"filterGroups": [[[]]]}'),
    *(b'{"after": "\xd9\xa3"}', b'{"__proto__": {}}', b'{"eventTypeId": {}}', b"a=%zz&b=%"),
)
HEADERS = (
    *("X-HTTP-Method-Override: DELETE", "X-Forwarded-Host: evil.test", "Range: bytes=0-0,-1"),
    *("If-None-Match: *", "Cookie: a=b; =; \x80", "Accept: */*;q=NaN", "Origin: null"),
    *("Expect: nothing", "X-Original-URL: /x", "Content-Encoding: gzip", "Authorization: Basic !!"),
    *(
        "Authorization: Bearer \x80",
        "Authorization: Bearer",
        "Authorization:",
        "Referer: ${jndi:x}",
    ),
    *("Accept-Language: {{7*7}}", f"X: {'x' * 60_000}"),
)


class Hostile:
    """Makes requests out of all that is bad, with here and there something good among it."""

    def __init__(self, dice: random.Random, hubspot: HubSpot, tokens: list[str]) -> None:
        self._dice, self._hubspot = dice, hubspot
        self._tokens = [f"Authorization: Bearer {each}" for each in tokens]
        app = hubspot.app
        self._good = (app.client_id, app.client_secret, app.redirect_uris[0], "oauth", *tokens)
        self._routes = [
            (one.method, one.path.replace("<any(", "\0(").split("\0"))
            for one in list_routes(World([]))
        ]

    def request(self) -> bytes:
        """The bytes of one."""
        dice = self._dice
        body = dice.choice((b"", dice.choice(BODIES), self._form()))
        method, parts = dice.choice(self._routes)
        lines = [
            f"{dice.choice((method, method, dice.choice(METHODS)))} {self._target(parts)} HTTP/1.1",
            f"Host: localhost:{self._hubspot.port}",
            f"Content-Type: {dice.choice(KINDS)}",
            f"Content-Length: {len(body)}",
            *dice.sample(HEADERS, dice.choice((0, 0, 0, 1, 2))),
            *dice.sample(self._tokens, dice.choice((0, 1))),
        ]
        return "\r\n".join((*lines, "", "")).encode("latin-1", "replace") + body

    def _target(self, parts: list[str]) -> str:
        path = "".join(map(self._part, parts))
        if self._dice.random() < 0.1:
            path = f"{path}/{self._dice.choice(PARTS)}"
        return path + self._dice.choice(("", "", f"?{self._form().decode()}", "?", "?&=&%", "#x"))

    def _part(self, part: str) -> str:
        """Fill in ``(a,b:name)/rest<name>/...``: one of them, or something bad."""
        dice = self._dice
        if part.startswith("("):
            words, _, rest = part[1:].partition(">")
            allowed = [word.strip("'") for word in words.partition(")")[0].split(",")]
            part = dice.choice((*allowed * 5, dice.choice(PARTS))) + rest
        before, mark, after = part.partition("<")
        return f"{before}{dice.choice(PARTS)}{after.partition('>')[2]}" if mark else before

    def _form(self) -> bytes:
        dice = self._dice
        pairs = {
            dice.choice(NAMES): dice.choice((*VALUES, *self._good))
            for _ in range(dice.randrange(7))
        }
        return str(httpx2.QueryParams(pairs)).encode()


def answers(hubspot: HubSpot, hostile: Hostile, amount: int) -> Iterator[tuple[int, bytes]]:
    """The status of each answer, and what was asked."""
    while amount > 0:
        with socket.create_connection(("127.0.0.1", hubspot.port), timeout=PATIENCE) as connection:
            stream = connection.makefile("rb")
            for _ in range(min(EACH, amount)):
                asked = hostile.request()
                connection.sendall(asked)
                amount -= 1
                status, is_open = read(stream, is_head=asked.startswith(b"HEAD"))
                yield status, asked
                if not is_open:
                    break


def read(stream: BinaryIO, *, is_head: bool) -> tuple[int, bool]:
    """The status of an answer, once all of it is read, and whether more can be asked."""
    status = int(stream.readline().split()[1])
    headers = dict(
        line.lower().split(b": ", 1) for line in iter(stream.readline, b"\r\n") if b": " in line
    )
    length = headers.get(b"content-length", b"")
    if length.strip() and not is_head:
        stream.read(int(length))
    # What the server itself answers has none of the simulator's headers, and ends the connection.
    is_its_own = b"x-content-type-options" not in headers
    return status, b"close" not in headers.get(b"connection", b"") and not is_its_own


def test_ten_thousand_requests(
    hubspot: HubSpot, http: httpx2.Client, grant: Grant, app_token: Grant
) -> None:
    """Each is answered, none with a server error, and the simulator lives on."""
    hubspot.switches.json_bodies = "read"
    hubspot.switches.basic_authentication = "read"
    hubspot.switches.calls_per_ten_seconds = REQUESTS
    hubspot.switches.searches_per_second = REQUESTS
    account = grant("oauth", "crm.objects.contacts.read", "crm.objects.deals.read")
    app = app_token("read", "subscriptions.read", "subscriptions.write")
    tokens = [each["Authorization"].removeprefix("Bearer ") for each in (account, app)]
    print(f"HOSTILE_SEED={SEED}")  # noqa: T201 - shown where the test fails
    hostile = Hostile(random.Random(SEED), hubspot, tokens)  # noqa: S311 - to be given again

    statuses: Counter[int] = Counter()
    for status, asked in answers(hubspot, hostile, REQUESTS):
        statuses[status] += 1
        assert status < 500, asked

    assert statuses.total() == REQUESTS
    assert {200, 400, 401, 404, 405} <= set(statuses)
    assert http.get("/isalive").status_code == 200
