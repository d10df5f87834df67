"""Where a store is that no setting names, and whether it lasts."""

import os
import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.settings.places import (
    default_store,
    is_container,
    is_in_layer,
    is_in_memory,
    new_store,
    store_in_data_directory,
)
from portalkey.settings.validators import sqlite_url
from support.forking import in_child


def no_home() -> Path:
    """What the platform says to a user without a home."""
    raise RuntimeError("could not determine the home directory")


def read(**environ: str) -> Settings:
    """Settings of an operator who names no store."""
    enough = {
        "HUBSPOT_CLIENT_ID": "client-1",
        "HUBSPOT_CLIENT_SECRET": "canary",
        "PORTALKEY_KEYS": f"a:{Fernet.generate_key().decode()}",
    }
    return Settings.from_env(None, enough | environ)


def test_a_user_without_a_home() -> None:
    """A random uid of a container has none: the sentence says what to set."""
    with pytest.raises(ValueError, match="no home directory") as caught:
        store_in_data_directory(no_home)

    assert "set it to sqlite:////PATH/portalkey.db" in str(caught.value)


def test_a_process_of_no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the real platform too it is a problem of the settings, beside all the others."""
    if os.getuid() != 0:
        pytest.skip("only root becomes nobody")
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)

    def refuse() -> bool:
        os.setuid(54_321)
        try:
            read()
        except BadSettings as error:
            return "PORTALKEY_DATABASE_URL is needed" in error.problems[0]
        return False

    assert in_child(refuse)


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    """It is said as settings are read, and names the folder and the setting."""
    (tmp_path / "file").touch()

    with pytest.raises(ValueError, match=r"nothing can be written at /.*/file/portalkey"):
        store_in_data_directory(lambda: tmp_path / "file" / "portalkey")
    assert store_in_data_directory(lambda: tmp_path / "new" / "folder").name == "portalkey.db"


def test_the_state_directory_of_a_service(tmp_path: Path) -> None:
    """Systemd says where a service may write; the first of several is taken."""
    settings = read(STATE_DIRECTORY=f"{tmp_path}:/var/lib/other", XDG_DATA_HOME="/nowhere")

    assert settings.database_url == sqlite_url(tmp_path / "portalkey.db")


def test_a_state_directory_beside_a_setting(tmp_path: Path) -> None:
    """What the operator names goes before it."""
    url = "sqlite:////srv/portalkey.db"

    assert read(STATE_DIRECTORY=str(tmp_path), PORTALKEY_DATABASE_URL=url).database_url == url


@pytest.mark.parametrize("directory", ["", "relative/path"])
def test_no_state_directory(directory: str, tmp_path: Path) -> None:
    """A name that is no whole path is not systemd's."""
    assert default_store({"STATE_DIRECTORY": directory}, lambda: tmp_path) is None


def test_a_store_from_before_stays_where_it_is(tmp_path: Path) -> None:
    """Nobody's connections are forgotten because a unit got a state directory."""
    state, home = tmp_path / "state", tmp_path / "home"
    for each in (state, home):
        each.mkdir()
    environ = {"STATE_DIRECTORY": str(state)}

    assert default_store(environ, no_home) == state / "portalkey.db"
    assert default_store(environ, lambda: home) == state / "portalkey.db"
    (home / "portalkey.db").touch()
    assert default_store(environ, lambda: home) is None
    (state / "portalkey.db").touch()
    assert default_store(environ, lambda: home) == state / "portalkey.db"


OVERLAY = "1 0 0:1 / / rw - overlay overlay rw,lowerdir=/a\n"
BTRFS = "1 0 0:1 / / rw - btrfs /dev/sda rw\n"
VOLUME = "2 1 0:2 / /data rw - ext4 /dev/sdb rw\n"
MEMORY = "3 1 0:3 / /home rw - tmpfs tmpfs rw\n"


@pytest.mark.parametrize(
    ("path", "mounts", "in_container", "expected"),
    [
        ("/root/portalkey.db", OVERLAY + VOLUME, True, True),
        ("/root/portalkey.db", OVERLAY, False, True),
        ("/root/portalkey.db", BTRFS, True, True),
        ("/root/portalkey.db", BTRFS, False, False),
        ("/data/portalkey.db", OVERLAY + VOLUME, True, False),
        ("/root/portalkey.db", "", True, False),
    ],
)
def test_the_layer_of_a_container(
    path: str, mounts: str, *, in_container: bool, expected: bool
) -> None:
    """What is on no volume is gone with the container; a machine of one's own lasts."""
    assert is_in_layer(Path(path), mounts, is_container=in_container) is expected


def test_a_file_in_memory() -> None:
    """A unit with ProtectHome=tmpfs forgets it at every start."""
    assert is_in_memory(Path("/home/ada/portalkey.db"), BTRFS + MEMORY)
    assert not is_in_memory(Path("/srv/portalkey.db"), BTRFS + MEMORY)


@pytest.mark.parametrize(
    ("environ", "cgroups", "file", "expected"),
    [
        ({}, "0::/", "", False),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "", "", True),
        ({"container": "podman"}, "", "", True),
        ({"container": "lxc"}, "", "", False),
        ({}, "12:pids:/docker/0123", "", True),
        ({}, "0::/kubepods.slice/x", "", True),
        ({}, "", "/.dockerenv", True),
        ({}, "", "/run/.containerenv", True),
    ],
)
def test_a_container(environ: dict[str, str], cgroups: str, file: str, *, expected: bool) -> None:
    """Docker, podman and Kubernetes leave one mark or another; LXC's containers last."""
    assert is_container(environ, cgroups, lambda path: path == file) is expected


@pytest.mark.parametrize(
    ("folder", "name"), [("shop", "shop"), ("Ada's shop", "Ada-s-shop"), ("", "app")]
)
def test_a_new_store_is_called_by_its_project(tmp_path: Path, folder: str, name: str) -> None:
    """A person can tell whose it is, and no two projects share one by chance."""
    one, two = (new_store(Path("/", folder), lambda: tmp_path) for _ in range(2))

    assert one != two
    assert re.fullmatch(rf"{name}-[0-9a-f]{{6}}\.db", one.name)
    assert one.parent == tmp_path
