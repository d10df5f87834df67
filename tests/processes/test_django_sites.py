"""A Django project as ``startproject`` makes it, under gunicorn and uvicorn, over sockets."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from processes.test_servers import GUNICORN, UVICORN, disconnect, running
from support.environment import environment_of
from support.visitor import Visitor

SHOP = "support.django_shop"
SERVERS = {
    "gunicorn, WSGI": [*GUNICORN, "--workers=2", f"{SHOP}.wsgi"],
    "uvicorn, ASGI": [*UVICORN, f"{SHOP}.asgi:application"],
}
PROJECT = """
INSTALLED_APPS += ["portalkey.django"]
ALLOWED_HOSTS = ["localhost"]
DEBUG = False
PORTALKEY = {"owner": lambda request: "ada"}
"""
URLS = """
from django.urls import include
urlpatterns += [path("", include("portalkey.django.urls"))]
"""


@pytest.fixture
def environment(settings: Settings, tmp_path: Path) -> dict[str, str]:
    """The shop's own settings, as every process of it has them; its tables are there."""
    environment = {
        "DJANGO_SETTINGS_MODULE": f"{SHOP}.settings",
        "SHOP_FOLDER": str(tmp_path),
        "SHOP_PORTALKEY": json.dumps(environment_of(settings)),
    }
    command = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity=0"]
    tests = str(Path(__file__).parents[1])
    subprocess.run(command, check=True, env={**environment, "PYTHONPATH": tests})
    return environment


@pytest.mark.parametrize("name", SERVERS)
def test_a_user_connects_works_and_disconnects(
    name: str,
    environment: dict[str, str],
    hubspot: HubSpot,
    settings: Settings,
    port: int,
    tmp_path: Path,
) -> None:
    """Signed out, signed in, connected, with a token on both kinds of views, and disconnected."""
    with (
        running(SERVERS[name], environment, port, tmp_path / "log"),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        signed_out = visitor.get("/connections/setup")
        way_back = visitor.http.post(
            signed_out.headers["location"], data={"email": "a@shop.example"}
        )
        page = visitor.connect()
        status = visitor.status()
        account = visitor.get(f"/account/{status['portal_id']}")
        token = visitor.get("/async/token")
        after = disconnect(visitor)

        assert way_back.headers["location"] == "/connections/setup"
        assert "Connected to HubSpot" in page.text
        assert page.headers["cross-origin-opener-policy"] == "unsafe-none"
        assert status["authenticated"] is True
        assert account.json()["portalId"] == status["portal_id"]
        assert token.json()["length"] > 20
        assert (after.status_code, visitor.status()["authenticated"]) == (303, False)


def test_a_new_project_needs_two_lines(
    hubspot: HubSpot, settings: Settings, port: int, tmp_path: Path
) -> None:
    """``django-admin startproject``, the app and the urls, and what the environment holds."""
    command = [sys.executable, "-m", "django", "startproject", "site_of_mine", str(tmp_path)]
    subprocess.run(command, check=True)
    for name, lines in (("settings", PROJECT), ("urls", URLS)):
        with (tmp_path / "site_of_mine" / f"{name}.py").open("a") as file:
            file.write(lines)
    environment = environment_of(settings) | {
        "DJANGO_SETTINGS_MODULE": "site_of_mine.settings",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, check=True, cwd=tmp_path, env=environment)
    server = [*GUNICORN, f"--pythonpath={tmp_path}", "site_of_mine.wsgi"]
    with (
        running(server, environment, port, tmp_path / "log"),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        page = visitor.connect()

        assert "Connected to HubSpot" in page.text
        assert visitor.status()["authenticated"] is True


def test_another_key_under_the_same_label_does_not_start(
    environment: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    """A second process with another ``PORTALKEY`` would seal what the first cannot open."""
    given = json.loads(environment["SHOP_PORTALKEY"])
    own = given["PORTALKEY_KEYS"]
    changed = f"test:{own.partition(':')[2][::-1].lstrip('=')}="
    others = {**environment, "SHOP_PORTALKEY": json.dumps({**given, "PORTALKEY_KEYS": changed})}
    start = [sys.executable, "-c", f"import {SHOP}.wsgi; print('started')"]
    tests = str(Path(__file__).parents[1])
    first, second = (
        subprocess.run(
            start,
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**each, "PYTHONPATH": tests},
        )
        for each in (environment, others)
    )

    assert first.stdout == "started\n", first.stderr
    assert second.returncode == 1
    assert "BadSettings" in second.stderr
    assert own.partition(":")[2] not in second.stderr
