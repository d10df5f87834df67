"""Sends many requests over a few kept connections, as browsers and proxies do."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BODILESS = re.compile(rb"HTTP/1\.\d (204|304)")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: the head as it came, and the body."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status."""
        return int(self.head.split(b" ", 2)[1])

    def headers(self, name: str) -> list[str]:
        """The values of each header *name*."""
        found = re.findall(rb"\r\n" + name.encode() + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return [each.decode() for each in found]


@dataclass(slots=True)
class Load:
    """How long it all took, and each request."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds


def send(
    port: int,
    requests: Iterator[tuple[bytes, T]],
    take: Callable[[T, Reply], None],
    connections: int = 16,
) -> Load:
    """Send the *requests* over so many *connections*.

    Each comes with what it is about, which *take* is given with the answer.
    """
    return asyncio.run(_send(port, requests, take, connections))


def get(path: str, *headers: str) -> bytes:
    """A GET of *path* with more *headers*."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost:6001", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def _send(
    port: int,
    requests: Iterator[tuple[bytes, T]],
    take: Callable[[T, Reply], None],
    connections: int,
) -> Load:
    load, began = Load(), time.perf_counter()

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request, about in requests:
            sent = time.perf_counter()
            writer.write(request)
            reply = await _read(reader)
            load.latencies.append(time.perf_counter() - sent)
            take(about, reply)
            if b"\r\nconnection: close" in reply.head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    await asyncio.gather(*[work() for _ in range(connections)])
    load.seconds = time.perf_counter() - began
    return load


async def _read(reader: asyncio.StreamReader) -> Reply:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if length is None:
        assert _BODILESS.match(head), head
        return Reply(head, b"")
    return Reply(head, await reader.readexactly(int(length[1])))
