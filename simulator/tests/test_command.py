"""``portalkey-simulator``: what is wrong is told, and what is right is told without secrets."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from portalkey_simulator import DEFAULT_APP, App, HubSpot
from portalkey_simulator.cli import greet, simulate

CONFIG = """
[[apps]]
client_id = "of-the-file"
client_secret = "canary-secret-of-the-file"
redirect_uris = ["http://localhost:3000/callback"]
[switches]
access_token_seconds = 77
"""


@contextmanager
def running(*arguments: str, ready: str, lines: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, entered once it has printed *ready*."""
    process = subprocess.Popen(
        [sys.executable, "-m", "portalkey_simulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process:
        try:
            while not lines or ready not in lines[-1]:
                lines.append(process.stdout.readline())
                assert lines[-1], lines
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("arguments", "text", "sentence"),
    [
        (["--config", "{file}"], "prot = 1", "prot is unknown; allowed: port"),
        (["--config", "{file}.not"], "", "No such file"),
        (["--redirect-uri", "http://evil.example/"], "", "--redirect-uri: HubSpot registers https"),
        (
            ["--config", "{file}", "--redirect-uri", "https://a.example/"],
            '[[apps]]\nclient_id = "c"\nclient_secret = "s"\nredirect_uris = []',
            "--redirect-uri is for the ready-made app",
        ),
    ],
)
def test_it_cannot_start(tmp_path: Path, arguments: list[str], text: str, sentence: str) -> None:
    """One sentence says what and where, and the exit code is 1."""
    file = tmp_path / "simulator.toml"
    file.write_text(text)

    done = CliRunner().invoke(simulate, [each.format(file=file) for each in arguments])

    assert done.exit_code == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("app", "line"),
    [
        (DEFAULT_APP, f"Client secret: {DEFAULT_APP.client_secret}"),
        (replace(DEFAULT_APP, redirect_uris=("https://a.example/",)), "Client secret: "),
        (replace(DEFAULT_APP, client_secret="canary[bold]"), ""),
        (App("[bold]id", DEFAULT_APP.client_secret, ()), "Client id:     [bold]id"),
    ],
)
def test_secret_is_the_ready_made_one(
    app: App, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No other app's secret is printed, and an app's name is printed as it is."""
    greet(HubSpot([app]), (app,), title="", in_json=False)
    printed = capsys.readouterr().out

    assert line in printed
    assert "canary" not in printed
    assert ("Client secret" in printed) == line.startswith("Client secret")


def test_client_in_another_language(tmp_path: Path) -> None:
    """One line of JSON says where it is; consent and exchange need no more than HTTP."""
    file = tmp_path / "simulator.toml"
    file.write_text(CONFIG)
    arguments = ("--config", str(file), "--port", "0", "--seed", "3", "--json")
    lines: list[str] = []
    with running(*arguments, ready="}\n", lines=lines) as process:
        started = json.loads(lines[0])
        (app,) = started["apps"]
        redirect, url = app["redirect_uris"][0], started["url"]
        query = f"client_id={app['client_id']}&scope=oauth&redirect_uri={redirect}"
        decision = {"authorize_url": f"{url}/oauth/authorize?{query}"}
        answer = httpx2.post(f"{url}/control/approve", json=decision).json()
        form = {
            "grant_type": "authorization_code",
            "client_id": app["client_id"],
            "client_secret": "canary-secret-of-the-file",
            "redirect_uri": redirect,
            "code": httpx2.URL(answer["callback_url"]).params["code"],
        }
        tokens = httpx2.post(f"{url}/oauth/2026-03/token", data=form).json()

    assert tokens["expires_in"] == 77
    assert process.returncode == 0
    assert "canary" not in "".join(lines)


def test_port_that_is_taken(hubspot: HubSpot) -> None:
    """A second simulator on the port says so in a sentence."""
    done = CliRunner().invoke(simulate, ["--port", str(hubspot.port)])

    assert done.exit_code == 1
    taken, too = done.stderr.split(", and ")
    why = "another program may have it"
    assert taken == f"Port {hubspot.port} cannot be used ({why}); choose another with --port"
    assert "HUBSPOT_APP_URL and HUBSPOT_API_URL" in too


@pytest.mark.parametrize("mark", [".", ",", ""])
def test_mark_copied_behind_a_redirect_uri(hubspot: HubSpot, mark: str) -> None:
    """It is registered as it stands, and the terminal says so."""
    uri = f"http://localhost:5100/callback{mark}"
    done = CliRunner().invoke(simulate, ["--port", str(hubspot.port), "--redirect-uri", uri])

    warned = f'Warning: --redirect-uri {uri} ends in "{mark}". If that was copied along'
    assert (warned in done.stderr) is bool(mark)
    assert ("Warning" in done.stderr) is bool(mark)
    assert "Warning" not in done.stdout


def test_ended_as_soon_as_it_has_greeted() -> None:
    """The panel bears the command's own name; whoever has read it may end it cleanly."""
    lines: list[str] = []
    with running("--port", "0", ready="Ctrl-C", lines=lines) as process:
        pass

    assert "portalkey-simulator" in lines[0]
    assert process.returncode == 0
