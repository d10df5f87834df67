"""Headers of ours that a bare WSGI app lays its own over."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from portalkey.web.host import HEADERS_KEY, WsgiHeaderMiddleware, replace_headers


def headers_of(path: str, ours: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Return the headers that an app's response at *path* ends with; a skin left *ours*."""
    started: list[list[tuple[str, str]]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if ours is not None:
            environ[HEADERS_KEY] = ours
        start_response("200 OK", [("cache-control", "public"), ("X-Host", "yes")])
        return [b"body"]

    def start(_status: str, headers: list[tuple[str, str]], _exc_info: object = None, /) -> Any:
        started.append(headers)

    assert WsgiHeaderMiddleware(app)({"PATH_INFO": path}, start) == [b"body"]
    return started[0]


def test_the_hosts_own_paths_are_left_alone() -> None:
    """Nothing of ours is laid on them."""
    assert headers_of("/own") == [("cache-control", "public"), ("X-Host", "yes")]


@pytest.mark.parametrize("path", ["/auth/hubspot/nothing", "/api/hubspot/nothing"])
def test_our_paths_have_our_headers_whoever_answers(path: str) -> None:
    """A 404 of the host's is cached no more than a page of ours."""
    headers = headers_of(path)

    assert ("Cache-Control", "no-store") in headers
    assert ("cache-control", "public") not in headers
    assert ("X-Host", "yes") in headers


def test_the_responses_own_headers_come_before_the_paths() -> None:
    """A skin leaves them in the environment, as the setup page's path is not one of ours alone."""
    assert headers_of("/connections/setup", {"Cache-Control": "no-store"}) == [
        ("X-Host", "yes"),
        ("Cache-Control", "no-store"),
    ]


def test_names_are_compared_without_case() -> None:
    """Two spellings of one header would leave the choice to the browser."""
    assert replace_headers([("vary", "a"), ("VARY", "b")], {"Vary": "Cookie"}) == [
        ("Vary", "Cookie")
    ]
