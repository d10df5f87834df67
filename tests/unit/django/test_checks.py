"""System checks: each thing that is set wrongly has an id, and says what to do."""

import re
from importlib import import_module, reload
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import override_settings

from portalkey.settings import Settings
from support.django_hosting import site_with
from support.django_shop import settings as shop

ROOT = Path(__file__).parents[3]
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
PUBLIC = {
    "PORTALKEY_PUBLIC_URL": "https://shop.example.com",
    "HUBSPOT_REDIRECT_URI": "https://shop.example.com/auth/hubspot/callback",
    "HUBSPOT_APP_URL": None,
    "HUBSPOT_API_URL": None,
}
SAFE = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True}


def without(name: str) -> list[str]:
    """The site's middleware but for one."""
    return [each for each in shop.MIDDLEWARE if each != name]


def nobody(request: HttpRequest) -> None:
    """No operator."""


def ids_of(
    settings: Settings, options: dict[str, Any], *, deploy: bool = False, **others: Any
) -> list[str]:
    """The ids of what our checks say, and that each says what to do."""
    with site_with(settings, {"console_allow": nobody, **options}, **others):
        found = run_checks(include_deployment_checks=deploy)
    ours = [each for each in found if each.id.startswith("portalkey.")]
    assert all(each.hint or len(each.msg.split()) > 5 for each in ours)
    return sorted(each.id.partition(".")[2] for each in ours)


def test_a_site_that_is_right_hears_nothing(settings: Settings) -> None:
    """On a developer's machine, and deployed."""
    assert ids_of(settings, {}) == []
    assert ids_of(settings, PUBLIC, deploy=True, **SAFE) == []
    assert ids_of(settings, {}, SESSION_COOKIE_SAMESITE="Strict") == []


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "unknown name": ({"ownr": 1}, {}, ["E001"]),
    "option": ({"owner": "a.b", "setup_page": 1}, {}, ["E002", "E002"]),
    "sign-in": ({"login_url": "nothing"}, {}, ["E002"]),
    "texts": ({"strings": {"de": {"nothing": "x"}}}, {}, ["E002"]),
    "setting": ({"HUBSPOT_CLIENT_ID": "", "HUBSPOT_PKCE": "perhaps"}, {}, ["E003", "E003", "E003"]),
    "no sessions": ({}, {"MIDDLEWARE": without(SESSION)}, ["E004"]),
    "no urls": ({}, {"ROOT_URLCONF": "unit.django.no_urls"}, ["E005", "W007"]),
    "another path": (
        {"HUBSPOT_REDIRECT_URI": "http://localhost:6001/crm/auth/hubspot/callback"}
        | {"PORTALKEY_PUBLIC_URL": "http://localhost:6001"},
        {"ROOT_URLCONF": "unit.django.below_a_path"},
        ["E005", "W007"],
    ),
    "no users": ({}, {"MIDDLEWARE": without(USERS)}, ["E006"]),
    "no users, an owner": ({"owner": nobody}, {"MIDDLEWARE": without(USERS)}, []),
    "console elsewhere": (
        {"HUBSPOT_REDIRECT_URI": "http://localhost:6001/shop/auth/hubspot/callback"}
        | {"PORTALKEY_PUBLIC_URL": "http://localhost:6001"},
        {"ROOT_URLCONF": "unit.django.console_elsewhere"},
        ["E007"],
    ),
    "logo": ({"PORTALKEY_APP_LOGO": "no.svg"}, {}, ["E008"]),
    "debug": (PUBLIC, {**SAFE, "DEBUG": True}, ["W001"]),
    "not secure": (PUBLIC, {}, ["W002"]),
    "for scripts": (PUBLIC, {**SAFE, "SESSION_COOKIE_HTTPONLY": False}, ["W003"]),
    "across sites": (PUBLIC, {**SAFE, "SESSION_COOKIE_SAMESITE": "None"}, ["W004"]),
    "delivery": ({**PUBLIC, "deliver": "access_token"}, {**SAFE, "DEBUG": True}, ["W001", "W005"]),
    "delivery, said": (
        {**PUBLIC, "deliver": "access_token", "allow_debug": True},
        {**SAFE, "DEBUG": True},
        ["W001"],
    ),
    "no layout": ({"base_template": "nothing.html"}, {}, ["W006"]),
    "half a layout": ({"base_template": "headless.html"}, {}, ["W006"]),
    "a layout": ({"base_template": "layout.html"}, {}, []),
    "console alone": ({}, {"ROOT_URLCONF": "unit.django.bare_console", "MIDDLEWARE": []}, []),
    "console, no slash added": ({}, {"APPEND_SLASH": False}, ["W009"]),
    "console, closed": ({"console_allow": None}, {}, ["W007"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong(case: str, settings: Settings) -> None:
    """Each by its id, and nothing besides."""
    options, others, ids = CASES[case]
    apps = [*shop.INSTALLED_APPS, *(["django.contrib.staticfiles"] if case == "logo" else [])]

    assert ids_of(settings, options, **{"INSTALLED_APPS": apps, **others}) == ids


def test_no_database_is_guessed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none is named it is a file of portalkey's own, and the check for servers says so."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    unnamed = {**PUBLIC, "PORTALKEY_DATABASE_URL": None}

    assert ids_of(settings, unnamed, deploy=True, **SAFE) == ["W008"]
    assert ids_of(settings, unnamed, **SAFE) == []


@pytest.mark.parametrize("name", ["PORTALKEY_DATABASE_URL", "PORTALKEY_DATABASE_URL_FILE"])
def test_a_database_that_the_file_of_settings_names(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    """What stands in `.env` is named as well as in the environment."""
    url = f"sqlite:///{tmp_path / 'named.db'}"
    (tmp_path / "url").write_text(url)
    (tmp_path / "url").chmod(0o600)
    value = tmp_path / "url" if name.endswith("FILE") else url
    (tmp_path / ".env").write_text(f"{name}={value}\n")
    unnamed = {**PUBLIC, "PORTALKEY_DATABASE_URL": None}

    assert ids_of(settings, unnamed, deploy=True, BASE_DIR=tmp_path, **SAFE) == []


@pytest.mark.parametrize("urls", ["urls", "console_urls"])
def test_urls_without_the_app(urls: str) -> None:
    """Its middleware, tags and checks would lack: the site does not start, and hears the line."""
    others = [each for each in shop.INSTALLED_APPS if each != "portalkey.django"]
    module = import_module(f"portalkey.django.{urls}")
    line = 'add "portalkey.django" to INSTALLED_APPS'
    with override_settings(INSTALLED_APPS=others), pytest.raises(ImproperlyConfigured, match=line):
        reload(module)


def test_every_check_is_listed() -> None:
    """One row an id, and no other."""
    text = (ROOT / "docs/django.md").read_text()
    listed = re.findall(r"^\| `portalkey\.(\w+)` \|", text, re.MULTILINE)
    source = (ROOT / "src/portalkey/django/checks.py").read_text()

    assert listed == sorted(set(listed))
    assert set(listed) == set(re.findall(r'"portalkey\.([EW]\d+)"', source))
    assert set(listed) == {each for _, _, ids in CASES.values() for each in ids} | {"E009", "W008"}
