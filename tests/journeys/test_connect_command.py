"""``portalkey connect``, as somebody at a terminal runs it."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portalkey.cli.envfile import env_lines
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.commands import run, running
from support.visitor import Visitor


@pytest.fixture
def env_file(settings: Settings, tmp_path: Path) -> Path:
    """The settings of a script of one person."""
    path = tmp_path / "script.env"
    path.write_text(
        env_lines(
            {
                "HUBSPOT_CLIENT_ID": settings.client_id,
                "HUBSPOT_CLIENT_SECRET": settings.client_secret.get_secret_value(),
                "HUBSPOT_REDIRECT_URI": settings.redirect_uri,
                "HUBSPOT_SCOPES": " ".join(settings.scopes),
                "HUBSPOT_APP_URL": settings.app_url,
                "HUBSPOT_API_URL": settings.api_url,
                "PORTALKEY_PUBLIC_URL": settings.public_url,
                "PORTALKEY_KEYS": ",".join(
                    f"{key.name}:{key.secret.get_secret_value()}" for key in settings.keys
                ),
                "PORTALKEY_DATABASE_URL": settings.database_url,
            }
        )
    )
    path.chmod(0o600)
    return path


@contextmanager
def at_the_terminal(env_file: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command while it waits, and the path of its link."""
    lines: list[str] = []
    arguments = ["connect", "--owner", "ada", "--no-browser", "--env-file", str(env_file)]
    with running(*arguments, ready="Waiting", lines=lines) as process:
        link = next(line.split()[1] for line in lines if line.startswith("Open "))
        yield process, urlsplit(link).path


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    """How it ended, and what it said at last."""
    assert process.stdout is not None
    said = process.stdout.read()
    return process.wait(), said


def test_a_script_is_connected_from_the_terminal(
    env_file: Path, settings: Settings, hubspot: HubSpot
) -> None:
    """Link, consent, a last page; and the command says what to do next, which works."""
    with (
        at_the_terminal(env_file) as (process, path),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        start = visitor.get(path).headers["location"]
        callback = visitor.agree(visitor.get(start).headers["location"])
        done = visitor.get(visitor.get(callback).headers["location"])
        last = visitor.get("/connected")
        code, said = end_of(process)

    assert done.status_code == 200
    assert "You can close this window" in last.text
    assert code == 0, said
    assert "is connected for ada" in said
    assert "portalkey token ada" in said
    token = run("token", "ada", cwd=env_file.rename(env_file.with_name(".env")).parent)
    assert token.stdout.strip(), token.stderr


def test_nobody_else_on_this_machine_is_the_owner(
    env_file: Path, settings: Settings, hubspot: HubSpot
) -> None:
    """Only the browser that opened the link: another user's can reach the same port."""
    with (
        at_the_terminal(env_file) as (_, path),
        Visitor(settings.public_url, hubspot) as stranger,
    ):
        wrong = stranger.get(f"{path}x")
        setup = stranger.get("/connections/setup")

    assert (wrong.status_code, setup.status_code) == (404, 401)


def test_whoever_does_not_agree_is_told_so_in_both_places(
    env_file: Path, settings: Settings, hubspot: HubSpot
) -> None:
    """The page and the terminal say the same; exit code 1."""
    with (
        at_the_terminal(env_file) as (process, path),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        start = visitor.get(path).headers["location"]
        back = urlsplit(hubspot.deny(visitor.get(start).headers["location"]))
        done = visitor.get(visitor.get(f"{back.path}?{back.query}").headers["location"])
        code, said = end_of(process)

    assert "did not agree at HubSpot" in done.text
    assert code == 1
    assert "Not connected (declined). You did not agree at HubSpot" in said


def test_an_app_with_an_address_of_its_own_connects_there(tmp_path: Path, env_file: Path) -> None:
    """HubSpot would lead back to that, and never to this machine."""
    text = env_file.read_text()
    origin = "https://crm.example.com"
    local = next(line for line in text.splitlines() if line.startswith("PORTALKEY_PUBLIC_URL"))
    env_file.write_text(text.replace(local.split("'")[1], origin))
    done = run("connect", "--env-file", str(env_file), cwd=tmp_path)

    assert done.returncode == 1
    assert f"connect in the app that runs at {origin}" in done.stderr


def test_a_port_that_is_taken(env_file: Path, settings: Settings) -> None:
    """It is that of the redirect URI, which HubSpot knows: the sentence says what can be done."""
    with socket.create_server(("127.0.0.1", urlsplit(settings.public_url).port or 0)):
        done = run("connect", "--no-browser", "--env-file", str(env_file))

    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "the port of HUBSPOT_REDIRECT_URI" in said
    assert f"connect in it, at {settings.public_url}." in said
