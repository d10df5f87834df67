"""Who types a command: as they say, or as the machine knows them."""

import getpass
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.settings.operator import read_operator

NO_FILE = Path("no.env")


def test_the_login_name_by_default() -> None:
    """A blank setting counts as unset."""
    assert read_operator(NO_FILE, {"PORTALKEY_OPERATOR": " "}) == getpass.getuser()


def test_the_person_behind_sudo() -> None:
    """The app's own user has no name that says anything."""
    assert read_operator(NO_FILE, {"SUDO_USER": "maya"}) == "maya"


def test_whoever_is_named(tmp_path: Path) -> None:
    """The environment goes before the file, and both before the machine."""
    env_file = tmp_path / "app.env"
    env_file.write_text("PORTALKEY_OPERATOR=night shift\n")

    assert read_operator(env_file, {"SUDO_USER": "maya"}) == "night shift"
    assert read_operator(env_file, {"PORTALKEY_OPERATOR": "grace"}) == "grace"


@pytest.mark.parametrize("name", ["x" * 81, "a\nb", "a\x1b[31m"])
def test_what_is_no_name_is_refused(name: str) -> None:
    """It would be in the audit for more than a year."""
    with pytest.raises(BadSettings, match="PORTALKEY_OPERATOR must be a name") as caught:
        read_operator(NO_FILE, {"PORTALKEY_OPERATOR": name})
    assert name not in str(caught.value)


def test_a_machine_s_name_that_is_none() -> None:
    """Nothing that a terminal would obey is taken from it."""
    assert read_operator(NO_FILE, {"SUDO_USER": "a\x1b[31m"}) == "unknown"


def test_the_app_s_own_processes_take_no_offence() -> None:
    """It may stand in the file that they read, too."""
    values = {
        "HUBSPOT_CLIENT_ID": "app",
        "HUBSPOT_CLIENT_SECRET": "secret",
        "PORTALKEY_KEYS": f"test:{Fernet.generate_key().decode()}",
        "PORTALKEY_OPERATOR": "maya",
    }

    assert Settings.from_env(None, values).client_id == "app"
