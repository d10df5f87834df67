"""Requests that no page of ours makes, at every route of the standalone app, from a seed.

Each has a flaw that has to be enough: it comes without the visitor's session, or with it and
without a token or cookie that is right. All else may be good, and much of it is bad.
"""

import random
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol
from urllib.parse import urlencode

from portalkey.model.attempt import NOBODY
from portalkey.web.routes import API, PAGES, PREFLIGHTS, SETUP
from support.patience import PATIENCE
from support.visitor import Visitor, query_of

EACH = 50
"""Requests over one connection, where the server does not close it before."""
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "X" * 300)
PARTS = (
    *("%00", "%0a.png", "%c0%af", "%2e%2e", "..;", "x.css", ";jsessionid=1", "%ff%fe", "%2563"),
    *("'%20OR%201=1--", "{{7*7}}", "$%7Bjndi:x%7D", "__class__", "%E2%80%AE", "9" * 400, "-0"),
    *("1e0", "0x1", "+1", "a" * 3000, "//evil.test", "%5c%5cevil.test", "x", "%f0%9f%94%91"),
)
VALUES = (
    *("", "null", "undefined", "true", "[]", "{}", "NaN", "-1", "1e309", "9" * 5000, "\0", "\x80"),
    *("' OR '1'='1", "\r\nX: y", "<script>", "../../etc/passwd", "${jndi:x}", "%s%n", "\u202e"),
    *(
        "//evil.test",
        "/\\evil.test",
        "javascript:alert(1)",
        "https://evil.test",
        "/x\u00fc",
        "A" * 22,
    ),
    *("access_denied", "server_error", "connected", "de", "tlh", "x" * 9000, "\ud83d\udd11"),
)
NAMES = (
    *("attempt", "t", "next", "origin", "hub_id", "language", "state", "code", "error", "trouble"),
    *("error_description", "iss", "portalkey_token", "token", "check", "reconnect", "owner"),
    *("state[]", "Code", "__proto__", "_method", "callback", "\xe9", ""),
)
KINDS = (
    *("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"),
    *("text/plain", "application/json; charset=utf-7", "text/xml", "nonsense", ""),
)
BODIES = (
    *(b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe\x00", b"{} trailing", b"[" * 10_000),
    *(b"--x\r\n", b"--x--", b"--x\r\nContent-Disposition: form-data; name=\x00\r\n\r\ny\r\n--x--"),
    *(b"a=%zz&b=%", b"&&==&", b"a" * 20_000, b"=&" * 4000, b'{"__proto__": {}}'),
)
HEADERS = (
    *("X-HTTP-Method-Override: DELETE", "X-Forwarded-Host: evil.test", "Range: bytes=0-0,-1"),
    *("If-None-Match: *", "Accept: */*;q=NaN", "Origin: null", "Origin: https://evil.test"),
    *("Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Dest: iframe"),
    *("Sec-Purpose: prefetch", "Accept: application/json", "Accept-Language: {{7*7}}, de;q=x"),
    *("X-Original-URL: /x", "Content-Encoding: gzip", "Authorization: Basic !!", "Expect: nothing"),
    *("Referer: ${jndi:x}", "X-Forwarded-For: 127.0.0.1", "Cache-Control: only-if-cached"),
)
OTHERS = (("GET", "/"), ("GET", "/healthz"), ("GET", "/auth/hubspot/static/{file}"))
TABLES = ("connections", "attempts", "events", "outbox")


@dataclass(frozen=True, slots=True)
class Victim:
    """All that is good of a visitor who is connected, and on the way back from HubSpot."""

    session: str = field(repr=False)
    cookie: str = field(repr=False)
    callback: str = field(repr=False)
    tokens: tuple[str, ...] = field(repr=False)
    values: tuple[str, ...] = field(repr=False)
    ids: tuple[str, ...] = ()


def prepare(visitor: Visitor) -> Victim:
    """Connect the *visitor*, and let them agree once more, without coming back yet."""
    visitor.connect()
    attempt = "V" * 22
    callback = visitor.agree(visitor.begin(attempt))
    back = query_of(callback)
    (connection,) = visitor.status()["connections"]
    jar = {each.name: str(each.value) for each in visitor.http.cookies.jar}
    cookie = next(f"{name}={value}" for name, value in jar.items() if name.endswith(attempt))
    session = next(f"{name}={value}" for name, value in jar.items() if "session" in name)
    form_token = visitor.leave_form()["portalkey_token"]
    return Victim(
        session=session,
        cookie=cookie,
        callback=callback,
        tokens=(query_of(visitor.connect_link)["t"], form_token),
        values=(back["state"], back["code"], attempt, connection["id"]),
        ids=(attempt, connection["id"]),
    )


class Maker:
    """Makes requests out of what is bad, with here and there something good among it."""

    def __init__(self, dice: random.Random, host: str, victim: Victim) -> None:
        self._dice, self._host, self._victim = dice, host, victim
        routes = (*PAGES, *SETUP, *API, *PREFLIGHTS)
        self._routes = [*((each.method, each.path) for each in routes), *OTHERS]
        self._tampered = tuple(map(self._tamper, victim.tokens))

    def request(self) -> bytes:
        """Return the bytes of one."""
        dice = self._dice
        is_strangers = dice.random() < 0.5
        tokens = self._victim.tokens if is_strangers else self._tampered
        method, path = dice.choice(self._routes)
        body = dice.choice((b"", dice.choice(BODIES), self._form(tokens).encode()))
        lines = [
            f"{dice.choice((method,) * 20 + METHODS)} {self._target(path, tokens)} HTTP/1.1",
            f"Host: {dice.choice((self._host,) * 30 + ('evil.test',))}",
            f"Content-Length: {len(body)}",
            *([f"Content-Type: {dice.choice(KINDS)}"] if dice.random() < 0.8 else []),
            *dice.sample(HEADERS, dice.choice((0, 0, 1, 2, 3))),
            *([f"X-Portalkey-Token: {dice.choice(tokens)}"] if dice.random() < 0.4 else []),
            *self._cookies(is_strangers=is_strangers),
        ]
        return "\r\n".join((*lines, "", "")).encode("latin-1", "replace") + body

    def _cookies(self, *, is_strangers: bool) -> Iterator[str]:
        """Yield a line of cookies: the session or none, and never the attempt's own."""
        dice, cookie = self._dice, self._victim.cookie
        name = cookie.partition("=")[0]
        pool = (self._tamper(cookie), f"{name}=", f"{name}=x; {name}=y", "a=b; =; \x80", "=x")
        session = self._victim.session
        mine = self._tamper(session) if is_strangers else session
        parts = dice.sample(pool, dice.choice((0, 0, 1, 2)))
        if not is_strangers or dice.random() < 0.3:
            parts = [mine, *parts]
        if parts:
            yield f"Cookie: {'; '.join(parts)}"

    def _tamper(self, text: str) -> str:
        """Return *text* with one character of its value changed, dropped or doubled."""
        at = self._dice.randrange(text.find("=") + 1, len(text))
        changed = text[:at] + self._dice.choice("AzQ7-_") + text[at + 1 :]
        way = self._dice.choice(
            (changed, text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:])
        )
        return way if way != text else f"{text}x"

    def _target(self, path: str, tokens: Sequence[str]) -> str:
        dice = self._dice
        before, mark, after = path.partition("{")
        if mark:
            part = dice.choice((*self._victim.ids * 3, *PARTS))
            path = f"{before}{part}{after.partition('}')[2]}"
        if dice.random() < 0.1:
            path = f"{path}/{dice.choice(PARTS)}"
        query = self._form(tokens)
        return path + dice.choice(("", f"?{query}", f"?{query}", f"?{query}", "?", "?&=&%", "#x"))

    def _form(self, tokens: Sequence[str]) -> str:
        dice = self._dice
        good = (*self._victim.values, *tokens)
        pairs = [
            (dice.choice(NAMES), dice.choice((*VALUES, *good * 3)))
            for _ in range(dice.randrange(6))
        ]
        return urlencode(pairs, errors="surrogatepass")


@dataclass(slots=True)
class Found:
    """What came of many requests: how often each status, and what should not have been."""

    statuses: Counter[int] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)


class Requests(Protocol):
    """What makes requests."""

    def request(self) -> bytes:
        """Return the bytes of one."""


def attack(port: int, maker: Requests, amount: int) -> Found:
    """Send so many requests, and look at each answer."""
    found = Found()
    for status, asked in answers(port, maker, amount):
        found.statuses[status] += 1
        if not 200 <= status < 500:
            found.bad.append(f"{status} for {asked[:300]!r}")
    return found


def answers(port: int, maker: Requests, amount: int) -> Iterator[tuple[int, bytes]]:
    """Yield the status of each answer, 0 where there is none, and what was asked."""
    while amount > 0:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            stream = connection.makefile("rb")
            for _ in range(min(EACH, amount)):
                asked = maker.request()
                connection.sendall(asked)
                amount -= 1
                status, is_open = read(stream, is_head=asked.startswith(b"HEAD"))
                yield status, asked
                if not is_open:
                    break


def read(stream: BinaryIO, *, is_head: bool) -> tuple[int, bool]:
    """Return the status of an answer, once all of it is read, and whether more can be asked."""
    words = stream.readline().split()
    if len(words) < 2:
        return 0, False
    headers: dict[bytes, bytes] = {}
    # Until the empty line, or the end of what a server cut off sent.
    while line := stream.readline().strip():
        name, _, value = line.lower().partition(b":")
        headers[name] = value.strip()
    status, length = int(words[1]), headers.get(b"content-length")
    has_body = not is_head and status not in {204, 304}
    if has_body and length is None:
        stream.read()
        return status, False
    if has_body and length:
        stream.read(int(length))
    # What the server itself answers has none of our headers, and ends the connection.
    is_its_own = b"x-content-type-options" not in headers
    return status, b"close" not in headers.get(b"connection", b"") and not is_its_own


def read_rows(database: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all that is stored in an SQLite file but counts: what no such request may change.

    Nor what strangers have brought: a code without a state is an install that begins at HubSpot,
    which ``read_ends_of_strangers`` looks at.
    """
    with closing(sqlite3.connect(database)) as connection:
        return {
            name: sorted(
                connection.execute(
                    f"SELECT * FROM portalkey_{name}"  # noqa: S608 - names of our own
                    + (f" WHERE owner <> '{NOBODY}'" if name == "attempts" else "")
                ),
                key=repr,
            )
            for name in TABLES
        }


def read_ends_of_strangers(database: str) -> set[str]:
    """Return the statuses of what came with a code and no state: each has to have failed."""
    query = f"SELECT DISTINCT status FROM portalkey_attempts WHERE owner = '{NOBODY}'"  # noqa: S608 - a constant of our own
    with closing(sqlite3.connect(database)) as connection:
        return {status for (status,) in connection.execute(query)}
