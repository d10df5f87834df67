"""The simulator, and the callback URL of whoever comes back from it.

What is imported here is a client that somebody else wrote, as its own documentation uses it; the
one thing that differs in a test is where HubSpot is. ``make interop`` has the environment for it.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portalkey_simulator import App, HubSpot, running_hubspot

HERE = Path(__file__).parent
NODE = shutil.which("node") or "node"
REDIRECT_URI = "https://app.example.com/callback"
DJANGO_URIS = (
    "http://localhost/accounts/hubspot/login/callback/",
    "http://localhost/complete/hubspot/",
)
NODE_URIS = tuple(
    f"https://app.example.com{path}/callback/hubspot" for path in ("/auth", "/api/auth")
)
Node = Callable[..., dict[str, Any]]
# A bare `pytest` runs in the environment of the other tests, which has none of these clients.
collect_ignore_glob = [] if find_spec("authlib") else ["test_*.py"]


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """A simulator that knows one app."""
    app = App(
        client_id="client-of-others",
        client_secret="secret-of-others",
        redirect_uris=(REDIRECT_URI, *DJANGO_URIS, *NODE_URIS),
    )
    with running_hubspot(apps=[app]) as running:
        yield running


@pytest.fixture
def code_of(hubspot: HubSpot) -> Callable[[str], str]:
    """Walks through the consent of an authorize URL, and returns the code."""

    def walk(authorize_url: str) -> str:
        callback = hubspot.approve(authorize_url)
        return parse_qs(urlsplit(callback).query)["code"][0]

    return walk


def known_to(hubspot: HubSpot) -> dict[str, str]:
    """What a script is told of the app."""
    return {
        "url": hubspot.url,
        "clientId": hubspot.app.client_id,
        "clientSecret": hubspot.app.client_secret,
        "redirectUri": REDIRECT_URI,
    }


@pytest.fixture
def node(hubspot: HubSpot) -> Node:
    """Runs a script beside this file in Node, which gets the arguments as JSON and prints JSON."""

    def run(script: str, **given: str) -> dict[str, Any]:
        told = {**known_to(hubspot), **given}
        ran = subprocess.run(
            [NODE, str(HERE / script), json.dumps(told)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer

    return run


class Dialogue:
    """A script in Node that prints a line of JSON, and goes on with the line that it gets."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self._running = running

    def hear(self) -> dict[str, Any]:
        """What it says next."""
        assert self._running.stdout is not None
        line = self._running.stdout.readline()
        if not line and self._running.stderr is not None:
            pytest.fail(self._running.stderr.read())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def answer(self, line: str = "") -> dict[str, Any]:
        """What it says after this line."""
        assert self._running.stdin is not None
        self._running.stdin.write(f"{line}\n")
        self._running.stdin.flush()
        return self.hear()


@pytest.fixture
def talk(hubspot: HubSpot) -> Iterator[Callable[[str], Dialogue]]:
    """Begins a dialogue with a script beside this file, and ends it with the test."""
    begun: list[subprocess.Popen[str]] = []

    def begin(script: str) -> Dialogue:
        command = [NODE, str(HERE / script), json.dumps(known_to(hubspot))]
        pipe = subprocess.PIPE
        running = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        begun.append(running)
        return Dialogue(running)

    yield begin
    for each in begun:
        each.kill()
        each.communicate()
