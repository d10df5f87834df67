"""A browser of few words, to ask the app's own public address what a person's would meet."""

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from portalkey.hubspot.authorities import system_context

SECONDS = 10.0
"""Seconds that the app has for each answer."""
_MOST = 200_000


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its status, its headers by their names in lower case, and its beginning."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return what the header *name* says, all its lines together; None where it is missing."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def all(self, name: str) -> list[str]:
        """Return each line of the header *name*."""
        return [value for each, value in self.headers if each == name]


class Visit(Protocol):
    """Gets the page at a path, as it is: no redirect is followed."""

    def __call__(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        """Return the page at *path*; raises ``OSError`` where there is no answer."""


def open_browser(origin: str, authorities: str = "") -> Visit:
    """Return what gets pages of *origin*.

    Certificates are verified by the system's authorities, and those in PEM in *authorities*.
    """
    parts = urlsplit(origin)

    def connect() -> http.client.HTTPConnection:
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                parts.netloc, timeout=SECONDS, context=system_context(authorities)
            )
        return http.client.HTTPConnection(parts.netloc, timeout=SECONDS)

    def visit(path: str, headers: Mapping[str, str] | None = None) -> Page:
        connection = connect()
        sent = {"User-Agent": "portalkey-doctor", "Accept": "text/html", **(headers or {})}
        try:
            connection.request("GET", path, headers=sent)
            answer = connection.getresponse()
            names = [(name.lower(), value) for name, value in answer.getheaders()]
            return Page(answer.status, names, answer.read(_MOST))
        except http.client.HTTPException as error:
            raise OSError(type(error).__name__) from None
        finally:
            connection.close()

    return visit
