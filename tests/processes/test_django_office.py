"""A Django site in production as people set one up: allauth, WhiteNoise, gunicorn, nginx, https."""

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet
from playwright.sync_api import BrowserContext, expect

from browser.places import decide, open_popup, wait_for_end
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from processes.test_servers import GUNICORN, disconnect, running
from support.certificates import certificate
from support.environment import environment_of
from support.nginx import running_nginx_with
from support.ports import free_port
from support.visitor import Visitor

pytest_plugins = ("browser.surroundings",)

OFFICE = "support.django_office"
TESTS = Path(__file__).parents[1]
SERVER = """
server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {pem};
    ssl_certificate_key {pem};
    location / {{
        proxy_pass http://127.0.0.1:{behind};
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto https;
    }}
}}
"""
PEOPLE = """
import django
django.setup()
from allauth.account.models import EmailAddress
from support.django_office.models import User
user = User.objects.create_user("ada@office.example", "correct horse battery", name="Ada")
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""
PASSWORD = "correct horse battery"
VARIANTS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "forgery's token in the session": {"CSRF_USE_SESSIONS": True},
    "sessions in cookies": {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"},
    "strict sessions": {"SESSION_COOKIE_SAMESITE": "Strict", "CSRF_COOKIE_SAMESITE": "Strict"},
}


@dataclass(frozen=True)
class Office:
    """The site, answering on https."""

    url: str
    hubspot: HubSpot
    tls: ssl.SSLContext


Open = Callable[..., AbstractContextManager[Office]]


@pytest.fixture
def hubspot(port: int) -> Iterator[HubSpot]:
    """A simulator that knows the site by its https address."""
    uri = f"https://localhost:{port}/auth/hubspot/callback"
    with running_hubspot(apps=[App("office", "s" * 20, (uri,))]) as running:
        yield running


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site's static files and database, as a deployment leaves them."""
    folder = tmp_path_factory.mktemp("office")
    site = {"DJANGO_SETTINGS_MODULE": f"{OFFICE}.settings", "OFFICE_FOLDER": str(folder)}
    manage("collectstatic", "--noinput", "--verbosity=0", **site)
    own = {
        "HUBSPOT_CLIENT_ID": "of-the-deployment",
        "HUBSPOT_CLIENT_SECRET": "s" * 20,
        "HUBSPOT_REDIRECT_URI": "https://localhost/auth/hubspot/callback",
        "PORTALKEY_PUBLIC_URL": "https://localhost",
        "PORTALKEY_KEYS": f"of:{Fernet.generate_key().decode()}",
    }
    manage("migrate", "--run-syncdb", "--verbosity=0", **site, **own)
    run([sys.executable, "-c", PEOPLE], {**site, **own})
    return folder


@pytest.fixture
def open_office(
    settings: Settings, hubspot: HubSpot, deployed: Path, port: int, tmp_path: Path
) -> Open:
    """Serves the site by gunicorn behind nginx, with *changes* of its settings."""

    @contextmanager
    def serve(*, shares: bool = False, **changes: Any) -> Iterator[Office]:
        url, behind = f"https://localhost:{port}", free_port(port)
        ours = settings.model_copy(
            update={
                "public_url": url,
                "redirect_uri": f"{url}/auth/hubspot/callback",
                "app_url": hubspot.url.replace("localhost", "127.0.0.1"),
            }
        )
        shutil.copytree(deployed, tmp_path, dirs_exist_ok=True)
        environment = {
            "DJANGO_SETTINGS_MODULE": f"{OFFICE}.settings",
            "OFFICE_FOLDER": str(tmp_path),
            "OFFICE_SETTINGS": json.dumps(changes),
            "OFFICE_SHARES_ITS_DATABASE": "1" if shares else "",
            **environment_of(ours),
        }
        pem = certificate("localhost", tmp_path)
        config = SERVER.format(port=port, behind=behind, pem=pem)
        server = [*GUNICORN, "--workers=2", f"{OFFICE}.wsgi"]
        with (
            running(server, environment, behind, tmp_path / "log"),
            running_nginx_with(tmp_path, config, port),
        ):
            yield Office(url, hubspot, ssl.create_default_context(cafile=pem))

    return serve


def manage(*words: str, **environment: str) -> None:
    """A command of ``manage.py``."""
    run([sys.executable, "-m", "django", *words], environment)


def run(command: list[str], environment: dict[str, str]) -> None:
    """A command in a process of its own, with no more settings than these."""
    env = {"PATH": os.environ["PATH"], **environment, "PYTHONPATH": str(TESTS)}
    subprocess.run(command, check=True, env=env)


@contextmanager
def visiting(office: Office) -> Iterator[Visitor]:
    """Somebody with a browser, on https."""
    with Visitor(office.url, office.hubspot, tls=office.tls) as visitor:
        yield visitor


def sign_in(visitor: Visitor, path: str) -> httpx2.Response:
    """Fill in allauth's form, which is at *path*; its answer."""
    return submit(visitor, path, {"login": "ada@office.example", "password": PASSWORD})


def submit(visitor: Visitor, path: str, typed: dict[str, str]) -> httpx2.Response:
    """Fill in the form at *path*; its answer, which leads on."""
    page = visitor.get(path)
    form = BeautifulSoup(page.text, "html.parser").select_one("form[method=post]:has([name])")
    assert form is not None, page.text
    fields = {str(each["name"]): str(each.get("value", "")) for each in form.select("input[name]")}
    address = urljoin(f"{visitor.app_url}{path}", str(form.get("action", "")))
    own = {"Referer": f"{visitor.app_url}{path}", "Origin": visitor.app_url}
    answer = visitor.http.post(address, data=fields | typed, headers=own)
    assert answer.status_code == 302, answer.text
    return answer


@pytest.mark.parametrize("name", VARIANTS)
def test_a_user_signs_in_connects_and_disconnects(name: str, open_office: Open) -> None:
    """By allauth's page and back; the site's policy and middleware stand in nobody's way."""
    with open_office(**VARIANTS[name]) as office, visiting(office) as visitor:
        away = visitor.get("/connections/setup").headers["location"]
        back = sign_in(visitor, away).headers["location"]
        setup = visitor.get(back)
        link = visitor.connect_link
        page = visitor.connect()
        status = visitor.status()
        after = disconnect(visitor)

        assert back == "/connections/setup"
        assert "ada@office.example" in setup.text
        assert "css/project." in setup.text
        assert link.startswith("/auth/hubspot/start?t=")
        assert "Connected to HubSpot" in page.text
        assert page.headers["content-security-policy"] != setup.headers["content-security-policy"]
        assert status["authenticated"] is True
        assert (after.status_code, visitor.status()["authenticated"]) == (303, False)


def test_in_the_sites_own_database(open_office: Open) -> None:
    """One SQLite file, whose every request of the site is a transaction."""
    with open_office(shares=True) as office, visiting(office) as visitor:
        sign_in(visitor, "/accounts/login/")
        page = visitor.connect()

        assert "Connected to HubSpot" in page.text
        assert visitor.status()["authenticated"] is True


def test_a_rotated_session_ends_nothing(open_office: Open) -> None:
    """A new password makes a new session key while the visitor is at HubSpot."""
    with open_office() as office, visiting(office) as visitor:
        sign_in(visitor, "/accounts/login/")
        before = visitor.http.cookies["__Secure-sessionid"]
        callback = visitor.agree(visitor.begin())
        fields = {
            "oldpassword": PASSWORD,
            **dict.fromkeys(("password1", "password2"), "a-new-one-4711"),
        }
        submit(visitor, "/accounts/password/change/", fields)
        done = visitor.get(visitor.get(callback).headers["location"])

        assert visitor.http.cookies["__Secure-sessionid"] != before
        assert "Connected to HubSpot" in done.text


def test_the_sign_in_is_on_the_way(
    open_office: Open, new_person: Callable[..., BrowserContext], remarks: list[str]
) -> None:
    """Signed out at the click: allauth's page is in the popup, and the journey goes on there."""
    with open_office() as office:
        tab = new_person(ignore_https_errors=True).new_page()
        tab.goto(office.url)
        popup = open_popup(tab)
        popup.fill("input[name=login]", "ada@office.example")
        popup.fill("input[name=password]", PASSWORD)
        popup.click("button[type=submit]")
        popup.wait_for_selector("button[value=approve]")
        decide(popup, "approve")
        wait_for_end(tab, "connected")
        tab.reload()

        expect(tab.locator("nav")).to_have_text("ada@office.example")
        expect(tab.locator("hubspot-connect")).to_have_attribute("data-state", "connected")
        assert remarks == []
