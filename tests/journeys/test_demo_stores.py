"""``portalkey demo --store``: the same journey, kept in each of three ways."""

import json
from pathlib import Path

import pytest

from portalkey_simulator import HubSpot
from support.commands import free_ports, run, running
from support.visitor import Visitor


@pytest.mark.parametrize("store", ["sqlite", "file", "session"])
def test_the_demo_keeps_connections_where_it_is_told(store: str, tmp_path: Path) -> None:
    """The page shows the account in all three, and each kind of store is where it should be."""
    port, simulator_port = free_ports()
    arguments = ["--port", str(port), "--simulator-port", str(simulator_port)]
    with (
        running("demo", *arguments, "--store", store, "--data", str(tmp_path), ready="Ctrl-C"),
        Visitor(f"http://localhost:{port}", HubSpot(port=simulator_port)) as ada,
    ):
        ada.connect()
        owner = ada.owner

        assert ada.status()["authenticated"]
        done = run("token", owner, "--data", str(tmp_path))

    assert (done.returncode == 0) == (store != "session"), done.stderr
    assert (tmp_path / "connections.json").exists() == (store == "file")
    if store == "file":
        kept = json.loads((tmp_path / "connections.json").read_text())
        assert [each["owner"] for each in kept["connections"]] == [owner]


@pytest.mark.parametrize("store", ["sqlite", "file", "session"])
def test_a_demo_begins_anew(store: str, tmp_path: Path) -> None:
    """The simulator has forgotten the last run's accounts; nobody is asked to reconnect them."""
    port, simulator_port = free_ports()
    arguments = ["--port", str(port), "--simulator-port", str(simulator_port)]
    arguments += ["--store", store, "--data", str(tmp_path)]
    with Visitor(f"http://localhost:{port}", HubSpot(port=simulator_port)) as ada:
        with running("demo", *arguments, ready="Ctrl-C"):
            ada.connect()
            assert ada.status()["authenticated"]
            second = run("demo", *arguments)
            assert ada.status()["authenticated"]
        with running("demo", *arguments, ready="Ctrl-C"):
            status, setup = ada.status(), ada.setup().get_text()

    assert second.returncode == 1
    assert f"Another demo runs in {tmp_path}" in " ".join(second.stderr.split())
    assert not status["authenticated"]
    assert "Reconnect needed" not in setup


@pytest.mark.parametrize("name", ["portalkey.db", "connections.json"])
def test_a_store_that_is_no_demo_s_is_left_alone(name: str, tmp_path: Path) -> None:
    """Whoever names the wrong folder loses nothing."""
    (tmp_path / name).write_text("somebody's")
    done = run("demo", "--data", str(tmp_path))

    assert done.returncode == 1
    assert "no demo has made it" in " ".join(done.stderr.split())
    assert (tmp_path / name).read_text() == "somebody's"


def test_an_unknown_store_is_told(tmp_path: Path) -> None:
    """The three are named."""
    done = run("demo", "--store", "cloud", "--data", str(tmp_path))

    assert done.returncode == 2
    for each in ("sqlite", "file", "session"):
        assert each in done.stderr
