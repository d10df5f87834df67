"""``manage.py portalkey``, Django's own commands beside it, and helpers for settings and tests."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from portalkey.broker import Broker
from portalkey.django import broker as lazy
from portalkey.django import database_url
from portalkey.django.site import site
from portalkey.django.testing import temporary_store, use_broker
from portalkey.settings import Settings
from portalkey.settings.warnings import store_file
from portalkey_simulator import HubSpot
from support.commands import clean_environment
from support.django_hosting import site_with, visitor_of
from support.django_shop.settings import INSTALLED_APPS
from support.environment import environment_of
from unit.django.test_journey import agree, user_id

TESTS = Path(__file__).parents[2]


def manage(
    folder: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """A command of the site's, in a process of its own."""
    ours = {"DJANGO_SETTINGS_MODULE": "support.django_shop.settings", "PYTHONPATH": str(TESTS)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**clean_environment(), **ours, **environment, "SHOP_FOLDER": str(folder)},
    )


def test_the_commands_have_the_sites_settings(
    settings: Settings, hubspot: HubSpot, capsys: pytest.CaptureFixture[str]
) -> None:
    """``connections list`` and its options, of the store that ``PORTALKEY`` names."""
    with site_with(settings, {}):
        client = visitor_of(site.broker)
        owner = user_id(client)
        client.get(agree(client, hubspot))
        call_command("portalkey", "connections", "list", "--json")
        with pytest.raises(SystemExit) as ended:
            call_command("portalkey", "connections", "show", "nothing")

    said = capsys.readouterr()
    assert owner in said.out
    assert ended.value.code == 1
    assert "nothing" in said.err


def test_the_command_line(settings: Settings, tmp_path: Path) -> None:
    """Help, options of a command, and Django's own two before or behind them; one process each."""
    environment = {"SHOP_PORTALKEY": json.dumps(environment_of(settings))}
    listing = manage(tmp_path, environment, "portalkey", "--help")
    work = manage(
        tmp_path,
        environment,
        "portalkey",
        "work",
        "--once",
        "--json",
        "--settings=support.django_shop.settings",
    )

    assert "Usage: python manage.py portalkey" in listing.stdout, listing.stderr
    assert '{"revoked": 0, "notified": 0, ' in work.stdout, work.stderr


def test_a_command_with_bad_settings_says_so(tmp_path: Path) -> None:
    """As ``portalkey`` does: a sentence and exit code 1, without a traceback."""
    done = manage(tmp_path, {}, "portalkey", "connections", "list")

    assert done.returncode == 1
    assert "HUBSPOT_CLIENT_ID" in done.stderr
    assert "Traceback" not in done.stderr


def test_static_files_are_collected_without_any_setting(tmp_path: Path) -> None:
    """Where an image is built there is no secret, and no store."""
    apps = ["django.contrib.staticfiles", *INSTALLED_APPS]
    settings = {"INSTALLED_APPS": apps, "STATIC_ROOT": str(tmp_path / "static")}
    environment = {"SHOP_SETTINGS": json.dumps(settings)}
    done = manage(tmp_path, environment, "collectstatic", "--noinput")

    assert done.returncode == 0, done.stderr


def test_djangos_migrations_never_touch_our_tables(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one SQLite file with the site's own: nothing to make, and all is there afterwards."""
    with site_with(settings, {}):
        call_command("makemigrations", "portalkey", "--check", "--dry-run")
        call_command("sqlflush")
        call_command("showmigrations", "portalkey")

    said = capsys.readouterr().out
    assert "No changes detected" in said
    assert "portalkey_connections" not in said
    assert "(no migrations)" in said


def test_one_file_for_both(settings: Settings, hubspot: HubSpot) -> None:
    """The site's own SQLite file holds our tables too, within ``ATOMIC_REQUESTS``."""
    from django.conf import settings as django_settings  # noqa: PLC0415 - once it is set up

    own = database_url(django_settings.DATABASES["default"])
    with site_with(settings, {"PORTALKEY_DATABASE_URL": own}):
        client = visitor_of(site.broker)
        owner = user_id(client)
        client.get(agree(client, hubspot))
        call_command("migrate", run_syncdb=True, verbosity=0)
        assert lazy.access_token(owner)


@pytest.mark.parametrize(
    ("database", "url"),
    [
        ({"ENGINE": "django.db.backends.sqlite3", "NAME": "/a b/c.db"}, "sqlite:////a%20b/c.db"),
        (
            {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"},
            "postgresql:///shop",
        ),
        (
            {
                "ENGINE": "django.contrib.gis.db.backends.postgis",
                "NAME": "sh/op",
                "USER": "a@b",
                "PASSWORD": "p/w:%",
                "HOST": "db.example",
                "PORT": 5433,
                "OPTIONS": {"sslmode": "verify-full", "pool": True},
            },
            "postgresql://a%40b:p%2Fw%3A%25@db.example:5433/sh%2Fop?sslmode=verify-full",
        ),
        (
            {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "s",
                "USER": "u",
                "HOST": "/run/pg",
            },
            "postgresql://u@%2Frun%2Fpg/s",
        ),
        (
            {"ENGINE": "django.db.backends.postgresql", "NAME": "s", "USER": "u", "HOST": "::1"},
            "postgresql://u@[::1]/s",
        ),
    ],
)
def test_a_database_of_djangos(database: dict[str, Any], url: str, settings: Settings) -> None:
    """What the settings take, with every part quoted."""
    given = {**environment_of(settings), "PORTALKEY_DATABASE_PLAINTEXT": "yes"}

    assert database_url(database) == url
    assert Settings.from_env(None, {**given, "PORTALKEY_DATABASE_URL": url})


@pytest.mark.parametrize(
    "database",
    [
        {},
        {"ENGINE": "django.db.backends.mysql", "NAME": "shop"},
        {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
        {"ENGINE": "django.db.backends.postgresql", "NAME": "", "PASSWORD": "canary"},
    ],
)
def test_a_database_that_will_not_do(database: dict[str, Any]) -> None:
    """A sentence, without what the entry holds."""
    with pytest.raises(ValueError, match="SQLite files and in PostgreSQL") as caught:
        database_url(database)

    assert "canary" not in str(caught.value)


def test_a_store_for_one_test(settings: Settings, hubspot: HubSpot) -> None:
    """What a test connects is gone with it, and never was in the site's own store."""

    @temporary_store()
    def connect() -> str:
        client = visitor_of(site.broker)
        owner = user_id(client)
        client.get(agree(client, hubspot))
        assert lazy.access_token(owner)
        return owner

    with site_with(settings, {}):
        assert lazy.connections("ada") == []  # the site's own broker is there before
        owner = connect()
        assert lazy.connections(owner) == []


def test_a_broker_for_one_test(broker: Broker, settings: Settings) -> None:
    """It is left open for whoever made it."""
    with override_settings(PORTALKEY=environment_of(settings)):
        with use_broker(broker):
            assert lazy.settings is broker.settings
        assert broker.connections("ada") == []
        assert lazy.settings is not broker.settings
        site.reset()


def test_hints_name_the_commands_that_see_the_sites_store(
    settings: Settings, tmp_path: Path
) -> None:
    """What bare ``portalkey`` looks at is another store, where no key is needed any more."""
    environment = {"SHOP_PORTALKEY": json.dumps(environment_of(settings))}
    added = manage(tmp_path, environment, "portalkey", "keys", "add")
    rotated = manage(tmp_path, environment, "portalkey", "keys", "rotate")
    unknown = manage(tmp_path, environment, "portalkey", "keys", "retire", "nobody")
    bad = manage(tmp_path, {}, "portalkey", "connections", "list")

    label = settings.keys[0].name
    assert "`python manage.py portalkey keys status` shows" in added.stderr
    assert "4. python manage.py portalkey keys rotate\n" in added.stderr
    assert f"5. python manage.py portalkey keys retire {label}\n" in added.stderr
    assert rotated.stderr == f"Store: {store_file(settings)}\n"
    assert "`python manage.py portalkey keys status` lists" in unknown.stderr
    assert "make one with `python manage.py portalkey init`" in bad.stderr


def test_the_env_file_beside_the_site_is_read_from_elsewhere(
    settings: Settings, tmp_path: Path
) -> None:
    """By the site and its commands; without one, it is said where one was looked for."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    values = environment_of(settings)
    environment = {"SHOP_SETTINGS": json.dumps({"BASE_DIR": str(project)})}
    lost = manage(elsewhere, environment, "check")
    (project / ".env").write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    found = manage(elsewhere, environment, "check")
    status = manage(elsewhere, environment, "portalkey", "keys", "status")

    assert f"there is no .env in {elsewhere}" in lost.stderr
    assert found.returncode == 0, found.stderr
    assert status.stderr == f"Store: {store_file(settings)}\n"
