"""A whole life in a config file, and what may not stand in it."""

import base64
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.cli.group import cli
from portalkey.errors import NotConnected
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import Callback, Visitor
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.vault import Keyring, Vault
from portalkey.vault.open import open_store
from portalkey_simulator import HubSpot
from support.patience import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "hubspot" / "connections.json"


@pytest.fixture
def in_a_file(settings: Settings, path: Path) -> Settings:
    """The same settings, with a config file in place of the database."""
    return settings.model_copy(update={"database_url": f"file://{path}"})


@pytest.fixture
def later(in_a_file: Settings) -> Iterator[Broker]:
    """A broker for which half an hour has passed."""
    ahead, wire = Ahead(), HubSpotClient()
    ahead.passes(1801)
    store = open_store(in_a_file.database_url, ahead=ahead)
    vault = Vault(Keyring(in_a_file.keys), store, in_a_file.client_id)
    broker = Broker(in_a_file, vault, wire.send, clock=lambda: boot_time() + ahead())
    with closing(wire), closing(broker):
        yield broker


def connect(broker: Broker, hubspot: HubSpot) -> None:
    """Ada connects an account."""
    begun = broker.begin("ada", "browser")
    back = parse_qsl(urlsplit(hubspot.approve(begun.authorize_url)).query)
    attempt = broker.finish(
        Callback(back, {begun.attempt.id: (begun.cookie,)}, Visitor("ada", "browser"))
    )
    assert attempt.status is AttemptStatus.CONNECTED


def open_tokens(broker: Broker) -> set[str]:
    """What nobody may find in a file."""
    (row,) = broker.connections("ada")
    vault = broker.vault
    return {vault.open_access(row).get_secret_value(), vault.open_refresh(row).get_secret_value()}


def content_of(folder: Path) -> bytes:
    """All that its files hold; the store writes on the side, and renames what it has written."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return b"".join(each.read_bytes() for each in folder.iterdir())
        except FileNotFoundError:  # it has another name by now, so that all are read again
            assert time.monotonic() < until


def found_in(folder: Path, secrets: set[str]) -> set[str]:
    """Those of the *secrets* that stand in a file there, as they are or in base64."""
    content = content_of(folder)
    return {
        secret
        for secret in secrets
        if secret.encode() in content or base64.b64encode(secret.encode())[:-4] in content
    }


def test_a_life_in_a_config_file(
    in_a_file: Settings, later: Broker, hubspot: HubSpot, path: Path
) -> None:
    """Connect, token, renewal by another, disconnect; no open token is in any of its files."""
    with closing(Broker.of(in_a_file)) as broker:
        connect(broker, hubspot)
        first = broker.access_token("ada")
        secrets = open_tokens(broker)
        assert first in secrets
        assert found_in(path.parent, secrets) == set()
        hubspot.clock.move(1801)
        second = later.access_token("ada")
        secrets |= open_tokens(later)

        assert second != first
        (row,) = broker.connections("ada")
        assert row.sealed
        assert (row.generation, row.hub_id) == (2, 4410001)
        assert row.sealed.access in path.read_text()
        later.disconnect("ada", row.id)
        with pytest.raises(NotConnected):
            later.access_token("ada")
        assert list(broker.connections("ada")) == []
        assert row.sealed.access not in path.read_text()
        assert found_in(path.parent, secrets) == set()
    later.close()  # what it writes on the side is written
    assert {each.name for each in path.parent.iterdir()} == {
        "connections.json",
        "connections.json.good",
        "connections.json.lock",
    }


@pytest.mark.parametrize("plant", ["%s", "x%s"])
def test_a_planted_token_would_be_found(path: Path, plant: str) -> None:
    """Positive control of the search."""
    path.parent.mkdir()
    path.write_text(plant % "canary-token")

    assert found_in(path.parent, {"canary-token", "other"}) == {"canary-token"}


@pytest.mark.parametrize("is_target", [False, True], ids=["from", "to"])
def test_a_config_file_is_not_moved(tmp_path: Path, is_target: bool) -> None:  # noqa: FBT001 - a case, not a switch
    """The command says so in words, before anything is made."""
    file, database = f"file://{tmp_path}/a.json", f"sqlite:///{tmp_path}/a.db"
    source, target = (database, file) if is_target else (file, database)
    env_file = tmp_path / "settings"
    env_file.write_text(
        "HUBSPOT_CLIENT_ID=a\nHUBSPOT_CLIENT_SECRET=b\n"
        f"PORTALKEY_KEYS=first:{Fernet.generate_key().decode()}\n"
        f"PORTALKEY_DATABASE_URL={source}\n"
    )
    done = CliRunner().invoke(cli, ["db", "move", "--to", target, "--env-file", str(env_file)])

    where = "--to" if is_target else "PORTALKEY_DATABASE_URL"
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {where} names a config file, and this copies databases")
    assert list(tmp_path.iterdir()) == [env_file]
