"""``portalkey keys``: added, rotated, retired, given up; a wrong or missing one stops the start."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from portalkey.broker import Broker
from portalkey.cli.server import Listener, create_app
from portalkey.errors import BadSettings
from portalkey.settings import Key, Settings
from portalkey.settings.keys import parse
from portalkey.settings.warnings import name_store, store_file
from portalkey.vault.keyring import new_key
from portalkey_simulator import HubSpot
from support.commands import PORTALKEY, PYTHON, clean_environment, run
from support.environment import environment_of
from support.visitor import Visitor

NEW = Key("new", new_key())


@pytest.fixture
def with_keys(settings: Settings, tmp_path: Path) -> Callable[..., tuple[Settings, Path]]:
    """Makes settings with these keys, and a file of them."""

    def make(*keys: Key) -> tuple[Settings, Path]:
        made = settings.model_copy(update={"keys": keys})
        path = tmp_path / f"{'-'.join(key.name for key in keys)}.env"
        values = environment_of(made)
        path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        return made, path

    return make


@pytest.fixture
def old(settings: Settings) -> Key:
    """The key of the app as it runs."""
    return settings.keys[0]


@pytest.fixture
def connected(settings: Settings, broker: Broker, hubspot: HubSpot, port: int) -> str:
    """Somebody who has connected, at an app that is stopped since: no process of it has keys."""
    app = create_app(broker)
    with (
        Listener(app, broker, host="127.0.0.1", port=port),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        visitor.connect()
        owner = visitor.owner
    broker.close()
    return owner


def keys(*arguments: str, env_file: Path) -> subprocess.CompletedProcess[str]:
    """A command about keys, run to its end."""
    return run("keys", *arguments, "--env-file", str(env_file))


def test_a_new_key_is_printed_with_what_to_do(env_file: Path) -> None:
    """It can be used as it is; stdout has nothing but the key, and its label is nobody's."""
    added = [keys("add", env_file=env_file) for _ in range(2)]
    as_json = keys("add", "--json", env_file=env_file)

    (one,), (two,) = (parse(each.stdout) for each in added)
    assert one.name.startswith("key-20")
    assert one.name != two.name
    assert f"PORTALKEY_KEYS=test:...,{one.name}:..." in added[0].stderr
    assert f"5. portalkey keys retire test --env-file {env_file}\n" in added[0].stderr
    assert set(json.loads(as_json.stdout)) == {"label", "key"}


def test_keys_are_rotated_and_retired(
    connected: str,
    hubspot: HubSpot,
    old: Key,
    with_keys: Callable[..., tuple[Settings, Path]],
) -> None:
    """The whole way, and what is said at each step of it; HubSpot hears nothing of it."""
    asked = len(hubspot.requests)
    made, env_file = with_keys(NEW, old)
    place = name_store(made)
    early = keys("retire", "test", env_file=env_file)
    assert early.returncode == 1
    assert (
        "test is still needed. It seals connections: 1, attempts under way: 0, outbox: 0."
        in early.stderr
    )

    before = json.loads(keys("status", "--json", env_file=env_file).stdout)
    rotated = keys("rotate", env_file=env_file)
    after = json.loads(keys("status", "--json", env_file=env_file).stdout)
    retired = keys("retire", "test", env_file=env_file)

    assert before["seals"] == "new"
    assert before["keys"] == [
        {"label": "new", "role": "seals", "connections": 0, "attempts": 0, "outbox": 0},
        {"label": "test", "role": "opens", "connections": 1, "attempts": 0, "outbox": 0},
    ]
    assert (rotated.returncode, rotated.stderr) == (0, f"Store: {store_file(made)}\n")
    assert early.stderr.startswith(f"Store: {store_file(made)}\n")
    assert f"`portalkey keys rotate --env-file {env_file}` first" in early.stderr
    assert rotated.stdout.startswith("Rows sealed anew with new: 1, in ")
    assert [each["connections"] for each in after["keys"]] == [1, 0]
    assert (retired.returncode, retired.stderr) == (0, "")
    assert retired.stdout.startswith(f"Nothing in {place} bears test any more. Take it out")
    assert len(hubspot.requests) == asked
    settings, _ = with_keys(NEW)
    with_new = Broker.of(settings)
    assert with_new.access_token(connected)
    with_new.close()


def test_a_new_key_that_stands_last_seals_nothing(
    connected: str, old: Key, with_keys: Callable[..., tuple[Settings, Path]]
) -> None:
    """A rotation says that it is not first yet, and what to do; behind it, how the old one goes."""
    _, env_file = with_keys(old, NEW)
    early = keys("rotate", env_file=env_file)
    status = json.loads(keys("status", "--json", env_file=env_file).stdout)
    assert early.returncode == 0
    assert "sealed with test, the first key of PORTALKEY_KEYS here" in early.stdout
    assert "nothing was sealed anew with them: new.\n" in early.stdout
    assert "Put it first in PORTALKEY_KEYS of every process, restart them" in early.stdout
    assert f"`portalkey keys rotate --env-file {env_file}` again" in early.stdout
    assert (status["seals"], status["keys"][1]["connections"]) == ("test", 0)

    _, env_file = with_keys(NEW, old)
    assert "Rows sealed anew with new: 1" in keys("rotate", env_file=env_file).stdout
    assert "retire LABEL" in keys("rotate", env_file=env_file).stdout
    _, env_file = with_keys(NEW)
    alone = keys("rotate", env_file=env_file)
    assert alone.stdout == "All is sealed with new; there was nothing to do.\n"


def test_the_key_that_seals_is_not_retired(env_file: Path) -> None:
    """However empty the store is."""
    refused = keys("retire", "test", "--json", env_file=env_file)

    assert refused.returncode == 1
    assert json.loads(refused.stdout)["seals"]


@pytest.mark.parametrize("command", ["retire", "forget"])
def test_a_label_that_nobody_knows_is_refused(env_file: Path, command: str) -> None:
    """And nothing is written for it; what is no label is not repeated, as it may be a key."""
    unknown, key = keys(command, "unknown", env_file=env_file), new_key().get_secret_value()
    wrong = [
        keys(command, each, env_file=env_file)
        for each in ("\x1b[31m", "ключ", f"-{'K' * 42}=", key)
    ]

    assert unknown.returncode == 1
    assert "There is no key unknown" in unknown.stderr
    assert all(each.returncode == 2 and "A label has 1 to 32" in each.stderr for each in wrong)
    assert not [each for each in wrong[2:] if key in each.stderr or "KK" in each.stderr]


def test_a_rotation_waits_for_every_process(
    connected: str,
    settings: Settings,
    old: Key,
    with_keys: Callable[..., tuple[Settings, Path]],
) -> None:
    """One that lacks the new key is named, and nothing is written; ``--force`` goes on."""
    running = Broker.of(settings.model_copy(update={"label": "web"}))
    _, env_file = with_keys(NEW, old)

    refused = keys("rotate", env_file=env_file)
    shown = keys("status", env_file=env_file)
    sealed = json.loads(keys("status", "--json", env_file=env_file).stdout)
    assert refused.returncode == 1
    assert "PORTALKEY_KEYS of web (process " in refused.stderr
    assert "lacks the key new" in refused.stderr
    assert "Nothing was sealed anew" in refused.stderr
    assert "these settings" not in refused.stderr
    assert sealed["keys"][1]["connections"] == 1
    assert sealed["processes"][0]["lacks"] == ["new"]
    assert " lacks new" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80

    assert keys("rotate", "--force", env_file=env_file).returncode == 0
    still = keys("retire", "test", env_file=env_file)
    assert "still seals with test; put the new key first there" in still.stderr
    running.close()
    assert keys("retire", "test", env_file=env_file).returncode == 0


def test_a_process_that_was_killed_keeps_nobody(
    connected: str, old: Key, with_keys: Callable[..., tuple[Settings, Path]]
) -> None:
    """On this machine it is known to be gone."""
    _, with_old = with_keys(old)
    _, env_file = with_keys(NEW, old)
    work = "from portalkey import Broker; import os; Broker.from_env({!r}); os.kill(os.getpid(), 9)"
    command = [*PYTHON, "-c", work.format(str(with_old))]
    killed = subprocess.run(command, check=False, env=clean_environment())
    assert killed.returncode == -9

    assert keys("rotate", env_file=env_file).returncode == 0


def test_two_operators_rotate_at_once(
    connected: str, old: Key, with_keys: Callable[..., tuple[Settings, Path]]
) -> None:
    """Both succeed; each row is sealed anew once."""
    _, env_file = with_keys(NEW, old)
    command = [*PORTALKEY, "keys", "rotate", "--json", "--env-file", str(env_file)]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment())
        for _ in range(2)
    ]
    last = [json.loads(each.communicate()[0].splitlines()[-1]) for each in both]

    assert [each.returncode for each in both] == [0, 0]
    assert sum(each["rotated"]["connections"] for each in last) == 1


def test_rotations_to_two_keys_are_not_let_undo_each_other(
    connected: str, settings: Settings, old: Key, with_keys: Callable[..., tuple[Settings, Path]]
) -> None:
    """While one is under way to the one, another to the other is refused, even by force."""
    rotating = Broker.of(settings)
    rotating._housekeeping.processes.announce(is_rotating=True)
    _, env_file = with_keys(NEW, old)

    refused = keys("rotate", "--force", env_file=env_file)
    assert refused.returncode == 1
    assert "is rotating to the key test, and this would rotate back to new" in refused.stderr
    rotating.close()


def test_a_missing_key_is_told_by_a_rotation(
    connected: str, with_keys: Callable[..., tuple[Settings, Path]]
) -> None:
    """What bears it is left, and the command fails."""
    _, env_file = with_keys(NEW)
    failed = keys("rotate", env_file=env_file)

    assert failed.returncode == 1
    assert "The key test is not here, and seals rows: 1." in failed.stderr
    status = json.loads(keys("status", "--json", env_file=env_file).stdout)
    assert status["keys"][1] == {
        "label": "test", "role": "missing", "connections": 1, "attempts": 0, "outbox": 0,
    }  # fmt: skip


def test_a_lost_key_is_given_up_by_a_command(
    visitor: Visitor, broker: Broker, with_keys: Callable[..., tuple[Settings, Path]]
) -> None:
    """Its label has to be typed; then the app starts, and the person is asked to connect again."""
    visitor.connect()
    _, keyless = with_keys(NEW)
    with pytest.raises(BadSettings, match=r"lacks the key test, .*`portalkey keys forget test`"):
        Broker.from_env(keyless)
    # Neither a terminal, nor the label.
    for typed in ("", "yes\n", "tes\n"):
        asked = run("keys", "forget", "test", "--env-file", str(keyless), typed=typed)
        assert asked.returncode == 1
        assert "1 connection and 0 revocations" in asked.stderr
    assert broker.connections(visitor.owner)[0].is_authenticated

    done = run("keys", "forget", "test", "--json", "--env-file", str(keyless), typed="test\n")
    assert json.loads(done.stdout) == {"connections": 1, "revocations": 0}, done.stderr
    Broker.from_env(keyless).close()
    (row,) = broker.connections(visitor.owner)
    assert (row.status, row.sealed) == ("needs_reconnect", None)
    visitor.connect()
    assert broker.connections(visitor.owner)[0].is_authenticated


def test_nothing_is_given_up_that_opens(visitor: Visitor, broker: Broker, env_file: Path) -> None:
    """Whoever names a key that is there changes nothing."""
    visitor.connect()
    done = keys("forget", "test", "--yes", env_file=env_file)

    assert done.stdout.startswith("Nothing waits for the key test"), done.stderr
    assert broker.access_token(visitor.owner)


def test_a_wrong_key_under_a_known_label_is_refused(
    settings: Settings, with_keys: Callable[..., tuple[Settings, Path]]
) -> None:
    """Each process checks before it seals anything, and closes the store again; so does rotate."""
    Broker.of(settings).close()
    wrong, env_file = with_keys(Key("test", new_key()))

    with pytest.raises(BadSettings, match="another key under the label test") as caught:
        Broker.of(wrong)
    assert name_store(settings) in str(caught.value)
    refused = keys("rotate", env_file=env_file)
    assert refused.returncode == 1
    assert "another key under the label test" in refused.stderr
