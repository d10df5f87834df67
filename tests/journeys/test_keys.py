"""A wrong or missing key stops the start, and ``portalkey lost-key`` goes on without it."""

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portalkey.broker import Broker
from portalkey.errors import BadSettings
from portalkey.settings import Key, Settings
from portalkey.vault.keyring import new_key
from support.commands import run
from support.environment import environment_of
from support.visitor import Visitor


@pytest.fixture
def keyless(settings: Settings, tmp_path: Path) -> Path:
    """Settings in a file, with another key in place of the right one."""
    path = tmp_path / "keyless.env"
    values = environment_of(settings) | {"PORTALKEY_KEYS": f"new:{Fernet.generate_key().decode()}"}
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return path


def test_a_lost_key_is_given_up_by_a_command(
    visitor: Visitor, broker: Broker, settings: Settings, keyless: Path
) -> None:
    """It asks first; then the app starts, and the person is asked to connect again."""
    visitor.connect()
    with pytest.raises(BadSettings, match=r"lacks the key test, .*`portalkey lost-key test`"):
        Broker.from_env(keyless)
    asked = run("lost-key", "test", "--env-file", str(keyless))
    assert "1 connections and 0 revocations" in asked.stderr
    assert broker.connections(visitor.owner)[0].is_authenticated

    done = run("lost-key", "test", "--yes", "--json", "--env-file", str(keyless))
    assert json.loads(done.stdout) == {"connections": 1, "revocations": 0}, done.stderr
    Broker.from_env(keyless).close()
    assert broker.connections(visitor.owner)[0].status == "needs_reconnect"


def test_nothing_is_given_up_that_opens(visitor: Visitor, broker: Broker, env_file: Path) -> None:
    """Whoever names a key that is there changes nothing."""
    visitor.connect()
    done = run("lost-key", "test", "--yes", "--env-file", str(env_file))

    assert done.stdout.startswith("Nothing waits for the key test"), done.stderr
    assert broker.access_token(visitor.owner)


def test_a_wrong_key_under_a_known_label_is_refused(settings: Settings) -> None:
    """Each process checks before it seals anything, and closes the store again."""
    Broker.of(settings).close()
    wrong = settings.model_copy(update={"keys": (Key("test", new_key()),)})

    with pytest.raises(BadSettings, match="another key under the label test"):
        Broker.of(wrong)
