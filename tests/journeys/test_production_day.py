"""docs/production-day.md, done as it stands there: each command is read out of the page."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from portalkey_simulator import App, HubSpot, running_hubspot
from support.certificates import certificate
from support.commands import clean_environment
from support.nginx import running_nginx_with
from support.patience import PATIENCE
from support.ports import free_port
from support.postgres_server import programs
from support.visitor import Visitor

pytest_plugins = ("support.postgres",)

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^## ([^\n]+)$|^```(sh|ini)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS, BEHIND = "https://www.example.com", "127.0.0.1:6001"
DATABASE = "postgresql://portalkey:PASSWORD@127.0.0.1/portalkey"
OWNERS = ("ada-lovelace", "bob-of-the-harbour")
HEADINGS = ("Settings", "Start", "Look", "Back up", "Restore", "Another key", "Somebody leaves")


def blocks_of(page: str) -> dict[str, list[str]]:
    """The blocks of the page, below their headings; what is before the first installs."""
    found: dict[str, list[str]] = {"": []}
    heading = ""
    for title, _, block in BLOCK.findall(page):
        heading = title or heading
        found.setdefault(heading, [])
        if block:
            found[heading].append(block)
    return found


class Day:
    """Somebody in a shell on the server, with the page before them."""

    def __init__(self, folder: Path, replaced: Mapping[str, str], env: Mapping[str, str]) -> None:
        self.folder = folder
        self.blocks = blocks_of((ROOT / "docs" / "production-day.md").read_text())
        self._replaced = dict(replaced)
        self._env = {**clean_environment(), **env}

    def read(self, heading: str, number: int = 0, **names: str) -> str:
        """A block as one types it here, with *names* in the place of those in capitals."""
        text = self.blocks[heading][number]
        for old, new in {**self._replaced, **names}.items():
            text = text.replace(old, new)
        return text

    def follow(self, heading: str, number: int = 0, **names: str) -> str:
        """Type a block; what it says."""
        return self.type(self.read(heading, number, **names))

    def type(self, script: str) -> str:
        """Type some lines, the first of which that fails is the last."""
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def fill_in(self, block: str, more: Mapping[str, str]) -> None:
        """Write the settings of a *block*, and *more*, in the place of those in ``.env``."""
        named = dict(line.split("=", 1) for line in block.splitlines())
        path = self.folder / ".env"
        lines = [
            line
            for line in path.read_text().splitlines()
            if line.partition("=")[0] not in {**named, **more}
        ]
        lines += [f"{name}={value}" for name, value in {**named, **more}.items()]
        path.write_text("\n".join(lines) + "\n")

    def status(self) -> Any:
        """What ``keys status`` tells programs."""
        return json.loads(self.type("portalkey keys status --json"))

    def wait_until_processes(self, keys: list[str]) -> None:
        """Return once each process that lives has these keys, and no others are there."""
        until = time.monotonic() + PATIENCE
        while True:
            rings = [each["keys"] for each in self.status()["processes"]]
            if len(rings) == 2 and all(ring == keys for ring in rings):
                return
            assert time.monotonic() < until, rings
            time.sleep(0.2)

    def labels(self) -> list[str]:
        """The labels in ``.env``, in their order."""
        line = re.search(r"^PORTALKEY_KEYS=(.*)$", (self.folder / ".env").read_text(), re.MULTILINE)
        assert line
        return [key.partition(":")[0] for key in line[1].split(",")]


@contextmanager
def ending_gunicorn(folder: Path) -> Iterator[None]:
    """End what the page started, whatever comes."""
    try:
        yield
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((folder / "gunicorn.pid").read_text()), signal.SIGTERM)


@pytest.fixture
def address() -> str:
    """Where the app is, from outside."""
    return f"https://localhost:{free_port()}"


@pytest.fixture
def secret_app(address: str) -> App:
    """The app at HubSpot."""
    return App(
        client_id="a-production-day",
        client_secret="s" * 20,
        redirect_uris=(f"{address}/crm/auth/hubspot/callback",),
    )


@pytest.fixture
def simulated(secret_app: App) -> Iterator[HubSpot]:
    """HubSpot, with that app."""
    with running_hubspot(apps=[secret_app]) as running:
        yield running


@contextmanager
def nginx_of(folder: Path, authority: Path, address: str, behind: str) -> Iterator[None]:
    """Nginx with the page's file, changed as it says."""
    port = int(address.rpartition(":")[2])
    config = (ROOT / "deploy" / "nginx" / "prefix.conf").read_text()
    for old, new in {
        "listen 80;": f"listen 127.0.0.1:{free_port(port)};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "server_name www.example.com;": "server_name localhost;",
        "/etc/ssl/portalkey.pem": str(authority),
        "/etc/ssl/portalkey.key": str(authority),
        "/var/log/nginx/portalkey.log": str(folder / "access.log"),
        BEHIND: behind,
        "Host $http_host;": (
            "Host $http_host;\n        proxy_set_header X-Forwarded-User $http_x_who;"
        ),
    }.items():
        assert old in config, old
        config = config.replace(old, new)
    with running_nginx_with(folder, config, port):
        yield


def test_a_newcomers_production_day(
    postgres_url: str, simulated: HubSpot, address: str, tmp_path: Path
) -> None:
    """From an empty folder to somebody who was forgotten, by the page alone."""
    authority, behind = certificate("localhost", tmp_path), f"127.0.0.1:{free_port()}"
    (folder := tmp_path / "server").mkdir()
    path = (str(programs(tmp_path)), str(Path(sys.executable).parent), os.environ["PATH"])
    day = Day(
        folder,
        {
            ADDRESS: address,
            BEHIND: behind,
            DATABASE: postgres_url,
            "your-client-id": simulated.app.client_id,
            "your-client-secret": simulated.app.client_secret,
        },
        {"PATH": os.pathsep.join(path), "COLUMNS": "100"},
    )
    assert tuple(heading for heading in day.blocks if heading) == HEADINGS
    tls = ssl.create_default_context(cafile=authority)
    with ExitStack() as stack:
        stack.enter_context(ending_gunicorn(folder))
        day.follow("Settings")
        hub = {"HUBSPOT_APP_URL": simulated.url, "HUBSPOT_API_URL": simulated.url}
        hub["PORTALKEY_CA_FILE"] = str(authority)
        day.fill_in(day.read("Settings", 1), hub)
        assert '"ok"' in day.follow("Start")
        stack.enter_context(nginx_of(tmp_path, authority, address, behind))
        mount = f"{address}/crm"
        for owner in OWNERS:
            visitor = stack.enter_context(Visitor(mount, simulated, tls=tls))
            visitor.http.headers["X-Who"] = owner  # as nginx would know it
            assert "Connected to HubSpot" in visitor.connect().text
            assert visitor.owner == owner

        said = day.follow("Look")
        assert all(owner in said for owner in OWNERS)

        back_up_and_restore(day)
        change_the_key(day)
        somebody_leaves(day)


def back_up_and_restore(day: Day) -> None:
    """The backup is what the command says, and what is restored is whole."""
    printed = day.type("portalkey db backup portalkey.dump 2>&1 || true")
    flags = ("--schema=portalkey", "--format=custom", "--file=")
    assert all(flag in printed and flag in day.read("Back up") for flag in flags)
    day.follow("Back up")
    assert (day.folder / "portalkey.dump").stat().st_mode & 0o777 == 0o600
    said = day.follow("Restore")
    assert all(owner in said for owner in OWNERS)


def change_the_key(day: Day) -> None:
    """Both processes know it, then seal with it; the old one may go, and does."""
    (old,) = day.labels()
    day.follow("Another key", 0)
    _, new = day.labels()
    day.wait_until_processes([old, new])
    day.follow("Another key", 1)
    day.wait_until_processes([new, old])
    assert f"bears {old} any more" in day.follow("Another key", 2, **{"OLD-LABEL": old})
    day.wait_until_processes([new])
    assert [each["label"] for each in day.status()["keys"]] == [new]


def somebody_leaves(day: Day) -> None:
    """Ada's connection ends, Bob is forgotten, and the doctor finds nothing to do."""
    ada, gone = OWNERS
    rows = json.loads(day.type("portalkey connections list --json"))["connections"]
    by_owner = {each["owner"]: each["id"] for each in rows}
    said = day.follow("Somebody leaves", ID=by_owner[ada], OWNER=gone)

    assert "Erased: 1 connection" in said
    assert gone not in day.type("portalkey connections list --status disconnected")
    assert json.loads((day.folder / "kept.json").read_text())["owner"] == gone
    assert not (day.folder / "new-key").exists()
    assert "code=" not in (day.folder.parent / "access.log").read_text()
