"""One person's journey on every server that the docs name, with the Flask example app."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.environment import environment_of
from support.patience import PATIENCE
from support.visitor import Visitor

pytest_plugins = ["support.postgres"]

ROOT = Path(__file__).parents[2]
APP = "processes.server_app"
UWSGI = ["uwsgi", "--http-socket=127.0.0.1:{port}", f"--module={APP}:app", "--master"]
UWSGI += [f"--home={sys.prefix}", "--processes=2", "--need-app", "--die-on-term"]
# It ends each connection without saying so before, which only a proxy expects.
UWSGI += ["--add-header=Connection: close"]
GUNICORN = ["gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket"]
UVICORN = ["uvicorn", "--host=127.0.0.1", "--port={port}", "--log-level=warning"]
LAMBDA = [sys.executable, "-m", "processes.lambda_front"]
SERVERS = {
    "gunicorn, sync": [*GUNICORN, "--workers=2", f"{APP}:app"],
    "gunicorn, gthread": [*GUNICORN, "--worker-class=gthread", "--threads=4", f"{APP}:app"],
    "gunicorn, gevent": [*GUNICORN, "--worker-class=gevent", f"{APP}:app"],
    "uWSGI": UWSGI,
    "uWSGI, `enable-threads`": [*UWSGI, "--enable-threads"],
    "waitress": ["waitress-serve", "--listen=127.0.0.1:{port}", f"{APP}:app"],
    "uvicorn, a2wsgi": [*UVICORN, f"{APP}:through_a2wsgi"],
    # On a connection that is used again asgiref fails now and then (its issue 491).
    "uvicorn, asgiref": [
        *UVICORN,
        "--header=Connection:close",
        f"{APP}:through_asgiref",
    ],
    "AWS Lambda, apig-wsgi": [*LAMBDA, "handle_apig_wsgi", "{port}"],
    "AWS Lambda, awsgi2": [*LAMBDA, "handle_awsgi2", "{port}"],
    "AWS Lambda, Mangum and a2wsgi": [*LAMBDA, "handle_mangum", "{port}"],
}
"""The docs' name of each, and its command."""
BY_HAND = {"mod_wsgi"}
"""The docs say how these were tried."""
BY_SKIN = {
    "uvicorn, for [FastAPI and Starlette](fastapi.md#servers-and-workers)",
    "hypercorn, for the same",
}
"""Tried with a skin of their own, by its tests."""
NEEDS_POSTGRES = {"gunicorn, gevent"}
TELL_NO_REQUEST_LINE = {name for name in SERVERS if name.startswith(("uvicorn", "AWS Lambda"))}
"""Behind these an app does not learn how the address was written."""
LEAVE_ESCAPES = {"AWS Lambda, awsgi2"}
"""These take the escapes of a path for letters of it."""


@contextmanager
def running(
    command: list[str], environment: dict[str, str], port: int, log: Path
) -> Iterator[None]:
    """The server, from its first answer on."""
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "examples" / "plain")])
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, **environment, "PYTHONPATH": path, "PATH": programs}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [part.format(port=port) for part in command],
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_for(port, process, log)
            yield
        finally:
            # With its workers, and without the seconds that some take to say goodbye.
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once somebody listens."""
    until = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The app's settings, as every process of a server has them."""
    return environment_of(settings) | {"APP_SECRET": "the same in every process"}


@pytest.mark.parametrize("name", SERVERS)
def test_a_person_connects_works_and_disconnects(
    name: str,
    environment: dict[str, str],
    hubspot: HubSpot,
    port: int,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The journey ends connected, the app's code has a token that works, and the form ends it."""
    command = SERVERS[name]
    if name in NEEDS_POSTGRES:
        environment["PORTALKEY_DATABASE_URL"] = request.getfixturevalue("migrated_postgres_url")
    with ExitStack() as stack:
        stack.enter_context(running(command, environment, port, tmp_path / "log"))
        visitor = stack.enter_context(Visitor(environment["PORTALKEY_PUBLIC_URL"], hubspot))
        assert visitor.get("/").status_code == 200

        page = visitor.connect()
        status = visitor.status()
        account = visitor.get(f"/account/{status['portal_id']}")
        after = disconnect(visitor)
        heard = send_as_hubspot(hubspot, f"{environment['PORTALKEY_PUBLIC_URL']}/hubspot/webhook")

        assert "Connected to HubSpot" in page.text
        assert status["authenticated"] is True
        assert account.json()["portalId"] == status["portal_id"]
        assert (after.status_code, visitor.status()["authenticated"]) == (303, False)
        needed = 401 if name in LEAVE_ESCAPES else 200
        assert heard == [200, 401, 401, needed, 401 if name in TELL_NO_REQUEST_LINE else 200]


def disconnect(visitor: Visitor) -> httpx2.Response:
    """Press the button of the page that asks first; the answer."""
    form = visitor.leave_form()
    return visitor.http.post(form.pop("action"), data=form)


def send_as_hubspot(hubspot: HubSpot, hook: str) -> list[int]:
    """What becomes of a request of HubSpot's, of the same again, of a stranger's, and of two whose
    address has escapes: those that it needs, and others.
    """
    moment, body = int(hubspot.clock.now() * 1000), b'[{"name":"Zo\xc3\xab"}]'
    stranger = replace(hubspot.app, client_secret="of-a-stranger")
    answers = [
        hubspot.send_signed(f"{hook}/a?x=1", body, timestamp=moment),
        hubspot.send_signed(f"{hook}/a?x=1", body, timestamp=moment),
        hubspot.send_signed(f"{hook}/a?x=1", body, app=stranger),
        hubspot.send_signed(f"{hook}/caf%C3%A9%20a", body),
        hubspot.send_signed(f"{hook}/%7Ea", body),
    ]
    assert answers[0].body == body
    return [each.status for each in answers]


def test_the_docs_name_what_was_tried() -> None:
    """A row for each server above and for each that was tried by hand; no other."""
    text = (ROOT / "docs" / "servers.md").read_text()
    table = text.partition("| server")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)

    assert rows[0].startswith("---")
    assert set(rows[1:]) == {*SERVERS, *BY_HAND, *BY_SKIN}
