"""Metrics of the standalone app, and the path that it is mounted at."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.cli.server import create_app
from portalkey.cli.server.mount import Mount
from portalkey.settings import Settings
from support.commands import run, running
from support.environment import environment_of
from support.ports import free_port

TOKEN = SecretStr("a-token-of-the-metrics")


@pytest.mark.parametrize("sent", [None, "Bearer ", "Bearer another", TOKEN.get_secret_value()])
def test_metrics_are_for_whoever_has_the_token(broker: Broker, sent: str | None) -> None:
    """Numbers of connections are nobody else's business."""
    client = create_app(broker, metrics_token=TOKEN).test_client()
    headers = {} if sent is None else {"Authorization": sent}
    answer = client.get("/metrics", base_url="http://10.0.0.9:6001", headers=headers)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "portalkey_" not in answer.text


def test_whoever_has_the_token_reads_metrics(broker: Broker) -> None:
    """By any Host: a scraper asks by an address."""
    client = create_app(broker, metrics_token=TOKEN).test_client()
    answer = client.get(
        "/metrics",
        base_url="http://10.0.0.9:6001",
        headers={"Authorization": f"Bearer {TOKEN.get_secret_value()}"},
    )

    assert answer.status_code == 200
    assert "portalkey_store_up 1.0" in answer.text


def test_without_a_token_there_are_no_metrics(broker: Broker) -> None:
    """Nothing is open because nobody thought of it."""
    client = create_app(broker).test_client()

    assert client.get("/metrics", base_url=broker.settings.public_url).status_code == 404


@pytest.mark.parametrize(
    ("mount", "asked", "path"),
    [
        ("/crm", "/crm/connections/setup", "/connections/setup"),
        ("/crm", "/connections/setup", "/connections/setup"),
        ("/crm", "/crm", ""),
        ("/crm", "/crmx/a", "/crmx/a"),
        ("", "/a", "/a"),
    ],
)
def test_the_app_is_mounted_whatever_the_proxy_leaves(mount: str, asked: str, path: str) -> None:
    """Some take the prefix off the address, and some do not; the app says the same."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: object) -> Iterable[bytes]:
        del start_response
        seen.update(environ)
        return []

    Mount(app, mount)({"PATH_INFO": asked, "SCRIPT_NAME": ""}, lambda *_: None)  # type: ignore[arg-type]

    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == (mount, path)


def metrics_at(port: int, path: str = "/metrics", **headers: str) -> httpx2.Response:
    """What a scraper gets."""
    return httpx2.get(f"http://127.0.0.1:{port}{path}", headers=headers)


@pytest.mark.parametrize("token", ["", TOKEN.get_secret_value()])
def test_metrics_have_a_port_of_their_own(
    settings: Settings, tmp_path: Path, port: int, token: str
) -> None:
    """Nothing else is there, and they are nowhere else; a token is asked for where there is one."""
    env_file, own = tmp_path / "app.env", free_port(port)
    values = environment_of(settings) | ({"PORTALKEY_METRICS_TOKEN": token} if token else {})
    env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    arguments = ["serve", "--port", str(port), "--metrics-port", str(own)]
    with running(*arguments, "--env-file", str(env_file), ready="Press Ctrl-C"):
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        answer = metrics_at(own, **bearer)
        without = metrics_at(own).status_code
        others = [metrics_at(own, "/connections/setup"), metrics_at(port, **bearer)]

    assert (answer.status_code, without) == (200, 401 if token else 200)
    assert "portalkey_store_up 1.0" in answer.text
    assert [each.status_code for each in others] == [404, 404]


def test_a_port_that_is_taken_is_named(settings: Settings, tmp_path: Path, port: int) -> None:
    """Before anything is served."""
    env_file = tmp_path / "app.env"
    values = environment_of(settings)
    env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    ports = ["--port", str(port), "--metrics-port", str(port)]
    done = run("serve", *ports, "--env-file", str(env_file))

    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used (address already in use)" in done.stderr
