"""Warnings about what works and should not stay: one function for the start and for doctor."""

import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings
from portalkey.settings.surroundings import Host, Surroundings
from portalkey.settings.validators import file_url, sqlite_url
from portalkey.settings.warnings import SENTENCES, find_warnings, name_store, store_file

ROOT = Path(__file__).parents[3]
CALLBACK = "/auth/hubspot/callback"
PUBLIC = {
    "public_url": "https://app.example.com",
    "redirect_uri": f"https://app.example.com{CALLBACK}",
}
SIMULATED = {"app_url": "http://localhost:6002", "api_url": "http://localhost:6002"}
DISK = "1 0 8:1 / / rw - ext4 /dev/sda rw\n"
OVERLAY = "1 0 0:1 / / rw - overlay overlay rw\n"
MEMORY = f"{DISK}2 1 0:2 / /srv rw - tmpfs tmpfs rw\n"
STORE = "sqlite:////srv/portalkey.db"


def settings(**values: object) -> Settings:
    """An operator's settings, with a store on a disk."""
    keys = {} if "keys_file" in values else {"keys": f"a:{Fernet.generate_key().decode()}"}
    enough = {"client_id": "c", "client_secret": "s" * 20, "database_url": STORE, **keys}
    return Settings(**{**enough, **values})


def codes(of: Settings, around: Surroundings | None = None, host: Host | None = None) -> list[str]:
    """The codes of what is warned of."""
    found = find_warnings(of, around or Surroundings(mounts=DISK), host)
    assert all(each.sentence.endswith(".") and "{" not in each.sentence for each in found)
    return [each.code for each in found]


def test_settings_as_they_should_be() -> None:
    """Nothing is said, in public or on this machine."""
    assert codes(settings(), host=Host()) == []
    assert codes(settings(**PUBLIC), host=Host()) == []
    assert codes(settings(**SIMULATED), host=Host(is_debug=True, is_secure=False)) == []


def test_what_settings_say_by_themselves() -> None:
    """An end in sight, a code without a verifier, a simulator where people are."""
    assert codes(settings(api_version="v3")) == ["version_ends"]
    assert codes(settings(api_version="2026-03")) == ["version_ends"]
    assert codes(settings(api_version="2027-03")) == ["version_unknown"]
    assert codes(settings(pkce=False)) == ["pkce_off"]
    assert codes(settings(**SIMULATED, **PUBLIC)) == ["simulator_in_public"]


def test_an_env_file_for_others_to_read(tmp_path: Path) -> None:
    """It holds the client secret and the keys."""
    file = tmp_path / ".env"
    file.touch(0o600)
    assert Surroundings.look(file).open_file is None
    assert Surroundings.look(tmp_path / "missing").open_file is None
    assert Surroundings.look(None).open_file is None
    for mode in (0o644, 0o606, 0o620):
        file.chmod(mode)
        assert codes(settings(), Surroundings(mounts=DISK, open_file=file)) == ["env_file_open"]
        assert Surroundings.look(file).open_file == file


@pytest.mark.parametrize("is_file", [False, True], ids=["database", "config file"])
def test_keys_beside_the_store(tmp_path: Path, *, is_file: bool) -> None:
    """Whoever copies the folder has both; a link does not hide it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    keys = tmp_path / "link" / "keys"
    keys.touch(0o600)
    keys.write_text(f"a:{Fernet.generate_key().decode()}")
    url = (file_url if is_file else sqlite_url)(tmp_path / "data" / "our store.db")
    elsewhere = sqlite_url(tmp_path / "portalkey.db")

    assert codes(settings(keys_file=keys, database_url=url)) == ["key_beside_store"]
    assert codes(settings(keys_file=keys, database_url=elsewhere)) == []
    assert codes(settings(keys_file=keys, database_url="postgresql://db/x")) == []


def test_keys_in_an_env_file_beside_the_store(tmp_path: Path) -> None:
    """As with a file of keys; one that the environment replaces holds none that count."""
    file, url = tmp_path / ".env", sqlite_url(tmp_path / "portalkey.db")
    assert Surroundings.look(file, {}).key_file is None
    file.write_text("HUBSPOT_CLIENT_ID=c\n")
    assert Surroundings.look(file, {}).key_file is None
    file.write_text("PORTALKEY_KEYS=a:b\n")
    assert Surroundings.look(file, {}).key_file == file
    around = Surroundings(mounts=DISK, key_file=file)

    assert codes(settings(database_url=url), around) == ["env_beside_store"]
    assert codes(settings(database_url=url, **SIMULATED), around) == []
    assert codes(settings(), around) == []
    assert codes(settings(database_url="postgresql://db/x"), around) == []
    assert Surroundings.look(file, {"PORTALKEY_KEYS": "a:c"}).key_file is None


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        (Surroundings(mounts=DISK, environ={"K_SERVICE": "app"}), "store_of_one_instance"),
        (Surroundings(environ={"AWS_LAMBDA_FUNCTION_NAME": "f"}), "store_of_one_instance"),
        (Surroundings(mounts=OVERLAY, environ={"DYNO": "web.1"}), "store_of_one_instance"),
        (Surroundings(mounts=OVERLAY), "store_in_container"),
        (Surroundings(mounts=DISK, is_container=True), "store_in_container"),
        (Surroundings(mounts=MEMORY), "store_in_memory"),
    ],
)
def test_a_store_that_does_not_last(around: Surroundings, expected: str) -> None:
    """Every deploy would forget all grants; PostgreSQL is elsewhere, and a trial needs no disk."""
    assert codes(settings(**PUBLIC), around) == [expected]
    assert codes(settings(database_url="file:///srv/connections.json"), around) == [expected]
    assert codes(settings(database_url="postgresql://db/portalkey"), around) == []
    assert codes(settings(**SIMULATED), around) == []


def test_the_file_of_a_store() -> None:
    """A URL quotes what a path may hold."""
    assert store_file(settings(database_url="sqlite:////srv/a%20b.db?x=1")) == Path("/srv/a b.db")
    assert store_file(settings(database_url="sqlite:///x.db")) == Path.cwd() / "x.db"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////srv/a%20b.db", "the store /srv/a b.db"),
        ("postgresql://ada:secret@db.example:5433/crm?x=1", "the store crm on db.example:5433"),
        ("postgresql://ada:s[cret@db.example/crm", "the store crm on db.example"),
        ("postgresql:///crm", "the store crm on this machine"),
        ("postgresql://ada:s%40cret@/", "the store of PostgreSQL on this machine"),
    ],
)
def test_the_store_has_a_name_for_people(url: str, name: str) -> None:
    """An operator of several sees which one is spoken of, and no password."""
    assert name_store(settings(database_url=url)) == name


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (Host(is_debug=True), ["debug_app"]),
        (Host(is_secure=False), ["session_not_secure"]),
        (Host(is_httponly=False), ["session_for_scripts"]),
        (Host(samesite="None"), ["session_across_sites"]),
        (Host(samesite="Strict"), []),
        (Host(samesite=None), []),
    ],
)
def test_an_app_in_public(host: Host, expected: list[str]) -> None:
    """Its session decides whose account a visitor sees; a debugger shows everything."""
    assert codes(settings(**PUBLIC), host=host) == expected


def test_they_are_logged_once_as_the_app_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The broker logs what it is made of, and the skin what its app is."""
    secret, url = "canary-secret", sqlite_url(tmp_path / "portalkey.db")
    made = settings(client_secret=secret, pkce=False, database_url=url, **PUBLIC)
    broker = Broker.of(made)
    app = Flask("host")
    app.debug = True

    HubSpotAuth(app, broker, owner=lambda: None)
    broker.close()

    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    ours = [line.partition(":")[0] for line in said]
    assert ours.count("pkce_off") == 1
    assert ours[-2:] == ["debug_app", "session_not_secure"]
    assert secret not in caplog.text


def test_the_file_that_settings_came_from_is_looked_at(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broker.from_env() knows which it is."""
    for name in ("PORTALKEY_KEYS", "HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / ".env"
    file.write_text(
        f"HUBSPOT_CLIENT_ID=c\nHUBSPOT_CLIENT_SECRET=s\n"
        f"PORTALKEY_KEYS=a:{Fernet.generate_key().decode()}\n"
        f"PORTALKEY_DATABASE_URL={sqlite_url(tmp_path / 'portalkey.db')}\n"
    )
    file.chmod(0o644)
    caplog.set_level(logging.WARNING, "portalkey")

    Broker.from_env(file).close()

    assert "env_file_open" in caplog.text


def test_the_docs_list_every_warning() -> None:
    """One row a code, and nothing else."""
    rows = [
        line
        for line in (ROOT / "docs" / "warnings.md").read_text().splitlines()
        if line.startswith("| `")
    ]

    assert [row.split("`")[1] for row in rows] == list(SENTENCES)
