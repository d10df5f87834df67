"""``PORTALKEY`` with several HubSpot apps: a dict of dicts, as Django's ``DATABASES`` is."""

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

from portalkey.django import brokers
from portalkey.django.links import hubspot_static
from portalkey.django.management.commands.portalkey import Command
from portalkey.django.options import find_names, read_settings
from portalkey.django.site import all_sites, reset_all, site_of
from portalkey.django.testing import temporary_store
from portalkey.errors import BadSettings
from portalkey.settings import Settings
from portalkey.testing.samples import connect
from support.environment import environment_of

EU: Mapping[str, object] = {
    "HUBSPOT_CLIENT_ID": "client-of-eu",
    "HUBSPOT_CLIENT_SECRET": "secret-of-eu",
}


def nobody(request: object) -> None:
    """No operator."""


@contextmanager
def site_with_two(settings: Settings, **eu: object) -> Iterator[None]:
    """Such a site, with these settings of the second besides."""
    place = f"{settings.public_url}/eu/auth/hubspot/callback"
    apps: dict[str, Any] = {
        "default": {**environment_of(settings), "console_allow": nobody},
        "eu": {**EU, "HUBSPOT_REDIRECT_URI": place, "console_allow": nobody, **eu},
    }
    urls = "contract.skins.django_two_urls"
    with override_settings(PORTALKEY=apps, ROOT_URLCONF=urls):
        try:
            yield
        finally:
            reset_all()


def ids() -> list[str]:
    """The ids of the errors that our checks find."""
    return [each.id for each in run_checks() if each.id.startswith("portalkey.E")]


def test_two_that_are_right(settings: Settings) -> None:
    """Each has its own, and what is everybody's of the first; nothing is wrong with either."""
    with site_with_two(settings):
        first, eu = read_settings(), read_settings("eu")
        assert find_names() == ["", "eu"]
        assert ids() == []
        assert hubspot_static("connect.js", app="eu").startswith("/eu/auth/hubspot/static/v-")
        get_wsgi_application()
        assert [each.broker.settings.client_id for each in all_sites()] == [
            settings.client_id,
            "client-of-eu",
        ]
        sent = pickle.dumps(brokers["eu"])
        assert pickle.loads(sent).settings.mount == "/eu"  # noqa: S301 - of our own
        assert brokers["default"].settings.mount == ""

    assert eu.keys == first.keys
    assert eu.database_url == first.database_url
    assert eu.scopes == ("oauth",)


def test_one_below_the_wrong_path(settings: Settings) -> None:
    """The check names it, and no server starts."""
    wrong = settings.redirect_uri
    with site_with_two(settings, HUBSPOT_REDIRECT_URI=wrong):
        assert ids() == ["portalkey.E009"]
        with pytest.raises(BadSettings, match="has to end in /eu/auth/hubspot/callback"):
            get_wsgi_application()


@pytest.mark.parametrize(
    ("eu", "words"),
    [
        ({"HUBSPOT_CLIENT_ID": None}, "HUBSPOT_CLIENT_ID"),
        ({"ownr": 1}, "PORTALKEY['eu']['ownr'] is not a setting; did you mean owner?"),
        ({"setup_page": 1}, "PORTALKEY['eu']['setup_page'] must be True or False"),
        ({"HUBSPOT_PKCE": True}, "PORTALKEY['eu']['HUBSPOT_PKCE'] must be text"),
    ],
)
def test_one_that_cannot_be_used(eu: dict[str, object], words: str, settings: Settings) -> None:
    """It is named with its place; the first one's credentials are not taken for it."""
    with site_with_two(settings, **eu):
        # Beside a setting that is missing it is told where settings were looked for.
        assert len(ids()) == (2 if None in eu.values() else 1)
        with pytest.raises(BadSettings) as caught:
            site_of("eu").start()
    assert words in str(caught.value)


@pytest.mark.parametrize("given", [{"default": {}, "E-U": {}}, {"default": {}, "eu": "text"}])
def test_names_that_cannot_be_any(given: dict[str, object]) -> None:
    """They are part of addresses; each has a dict."""
    with override_settings(PORTALKEY=given):
        with pytest.raises(BadSettings, match=r"PORTALKEY\['(E-U|eu)'\]"):
            find_names()
        assert ids() == ["portalkey.E002"]


def test_one_that_is_not_there(settings: Settings) -> None:
    """Whoever asks for it is told which there are."""
    with (
        site_with_two(settings),
        pytest.raises(LookupError, match='no HubSpot app of the name "us"'),
    ):
        hubspot_static("connect.js", app="us")


def test_a_command_for_one(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The prefix says which; the other's connections are not shown."""
    with site_with_two(settings), temporary_store():
        store = site_of("eu").broker.vault.store
        connect(store, owner="ada-of-eu", client_id="client-of-eu")
        Command().handle(arguments=["--env-prefix", "EU_", "connections", "list", "--json"])
        of_eu = capsys.readouterr().out
        Command().handle(arguments=["connections", "list", "--json"])
        of_the_first = capsys.readouterr().out

    assert "ada-of-eu" in of_eu
    assert "ada-of-eu" not in of_the_first
