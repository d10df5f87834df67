"""Metrics of the standalone app, and the path that it is mounted at."""

from collections.abc import Iterable
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.cli.server import create_app
from portalkey.cli.server.mount import Mount

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
