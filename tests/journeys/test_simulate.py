"""``portalkey simulate``, as a client in any language meets it: a process of its own."""

import json
from pathlib import Path

import httpx2

from portalkey_simulator import DEFAULT_APP
from support.commands import free_ports, run, running

CONFIG = """
[[apps]]
client_id = "of-the-file"
client_secret = "canary-secret-of-the-file"
redirect_uris = ["http://localhost:3000/callback"]
[switches]
access_token_seconds = 77
"""


def test_client_in_another_language(tmp_path: Path) -> None:
    """One line of JSON says where it is; consent and exchange need no more than HTTP."""
    file = tmp_path / "simulator.toml"
    file.write_text(CONFIG)
    arguments = ("--config", str(file), "--port", "0", "--seed", "3", "--json")
    lines: list[str] = []
    with running("simulate", *arguments, ready="}\n", lines=lines) as process:
        told = json.loads(lines[0])
        (app,) = told["apps"]
        callback = f"redirect_uri={app['redirect_uris'][0]}"
        url = f"{told['url']}/oauth/authorize?client_id={app['client_id']}&scope=oauth&{callback}"
        agreed = httpx2.post(f"{told['url']}/control/approve", json={"authorize_url": url})
        form = {
            "grant_type": "authorization_code",
            "client_id": app["client_id"],
            "client_secret": "canary-secret-of-the-file",
            "redirect_uri": app["redirect_uris"][0],
            "code": httpx2.URL(agreed.json()["callback_url"]).params["code"],
        }
        tokens = httpx2.post(f"{told['url']}/oauth/2026-09/token", data=form).json()

    assert tokens["expires_in"] == 77
    assert process.returncode == 0
    assert "canary" not in "".join(lines)


def test_port_that_is_taken() -> None:
    """People are told where everything is; a second one on the port says so in a sentence."""
    port = str(free_ports()[0])
    lines: list[str] = []
    with running("simulate", "--port", port, ready="Ctrl-C", lines=lines):
        done = run("simulate", "--port", port)

    assert f"http://localhost:{port}/" in "".join(lines)
    assert DEFAULT_APP.client_secret in "".join(lines)
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "Traceback" not in done.stderr
