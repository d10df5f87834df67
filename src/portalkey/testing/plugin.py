"""HubSpot for your tests: fixtures that pytest finds by itself.

::

    def test_it(hubspot, broker, connected_account):
        hubspot.clock.move(1900)  # the access token expires
        assert broker.access_token(connected_account.owner)

``docs/testing.md`` tells it all.
"""

# ruff: noqa: PLC0415 - every run of pytest loads this module, so it loads nothing itself

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask

    from portalkey.broker.broker import Broker
    from portalkey.settings.settings import Settings
    from portalkey.testing.account import ConnectedAccount
    from portalkey.vault.store import Store
    from portalkey_simulator import HubSpot

_MARKER = "hubspot(**switches): set the simulator's switches for this test, as docs/fidelity.md has"

_EXAMPLE = '@pytest.mark.hubspot(pkce="ignored")'


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def hubspot(request: pytest.FixtureRequest) -> "Iterator[HubSpot]":
    """A local HubSpot of this test's own, on a free port, with the marker's switches set."""
    with needing_the_extra():
        from portalkey_simulator import running_hubspot
    switches = _apply_marker(request)

    def prepare(hubspot: "HubSpot") -> None:
        for name, value in switches.items():
            setattr(hubspot.switches, name, value)

    with running_hubspot(prepare=prepare) as running:
        yield running


def _apply_marker(request: pytest.FixtureRequest) -> dict[str, object]:
    """The switches that the markers name; of two that name the same one, the nearest counts."""
    switches: dict[str, object] = {}
    for marker in request.node.iter_markers("hubspot"):
        if marker.args:
            sentence = f"the marker hubspot takes switches by their names: {_EXAMPLE}"
            pytest.fail(sentence, pytrace=False)
        switches = {**marker.kwargs, **switches}
    return switches


@pytest.fixture
def portalkey_settings(hubspot: "HubSpot", tmp_path: Path) -> "Settings":
    """Settings for the app that ``hubspot`` knows; override it for others."""
    with needing_the_extra():
        from portalkey.testing.parts import settings_for
    return settings_for(hubspot, tmp_path)


@pytest.fixture
def portalkey_store(hubspot: "HubSpot") -> "Store":
    """A store in memory whose clock is HubSpot's; override it for another."""
    with needing_the_extra():
        from portalkey.vault.memory import MemoryStore
    return MemoryStore(ahead=lambda: hubspot.clock.ahead)


@pytest.fixture
def broker(
    hubspot: "HubSpot", portalkey_settings: "Settings", portalkey_store: "Store"
) -> "Iterator[Broker]":
    """A broker over ``portalkey_store`` that talks to ``hubspot``, both with the same clock."""
    with needing_the_extra():
        from portalkey.testing.parts import broker_over
    running = broker_over(portalkey_settings, portalkey_store, hubspot)
    yield running
    running.close()


@pytest.fixture
def portalkey_owner() -> str:
    """The owner of ``connected_account``, and who is signed in to ``portalkey_app``."""
    return "test-owner"


@pytest.fixture
def connected_account(
    broker: "Broker", hubspot: "HubSpot", portalkey_owner: str
) -> "ConnectedAccount":
    """A connection of ``portalkey_owner``, made on the way that people go."""
    from portalkey.testing.account import connect

    return connect(broker, hubspot, portalkey_owner)


@pytest.fixture
def portalkey_app(broker: "Broker", portalkey_owner: str) -> "Flask":
    """A Flask app with ``HubSpotAuth`` on it; its test clients are at the app's own address."""
    with needing_the_extra():
        from portalkey.testing.parts import flask_app
    return flask_app(broker, portalkey_owner)


@contextmanager
def needing_the_extra() -> Iterator[None]:
    """Say what to install where something is missing."""
    try:
        yield
    except ModuleNotFoundError as missing:
        library = (missing.name or "").replace("_", "-")  # as pip calls it
        sentence = f"this fixture needs {library}; run: pip install 'portalkey[testing]'"
        pytest.fail(sentence, pytrace=False)
