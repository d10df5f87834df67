"""``PORTALKEY`` of Django's settings: what it takes, what it refuses, and what goes before what."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

from portalkey import django as skin
from portalkey.django.lazy_broker import LazyBroker
from portalkey.django.options import read_options, read_settings
from portalkey.django.site import make_broker, site
from portalkey.errors import BadSettings
from portalkey.settings import Settings
from support.django_hosting import site_with, visitor_of
from support.environment import environment_of


def problems_of(given: object, *, settings: Settings | None = None) -> str:
    """What is wrong with *given*, beside the settings of a test."""
    whole = {**environment_of(settings), **given} if settings and isinstance(given, dict) else given
    with override_settings(PORTALKEY=whole):
        try:
            read_options()
            make_broker()
        except BadSettings as trouble:
            return str(trouble)
    raise AssertionError(given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ownr": "x"}, "PORTALKEY['ownr'] is not a setting; did you mean owner?"),
        (
            {"PORTALKEY_URL": "x"},
            "PORTALKEY['PORTALKEY_URL'] is not a setting; did you mean PORTALKEY_PUBLIC_URL?",
        ),
        ({"Owner": "x"}, "PORTALKEY['Owner'] is not a setting; did you mean owner?"),
        (
            {"HUBSPOT_CLIENT": "x"},
            "PORTALKEY['HUBSPOT_CLIENT'] is not a setting; did you mean HUBSPOT_CLIENT_ID?",
        ),
        ({7: "x"}, "PORTALKEY[7] is not a setting"),
        ({"HUBSPOT_SCOPES": ["oauth"]}, "must be text, as in the environment, not a list"),
        ({"HUBSPOT_PKCE": True}, "must be text, as in the environment: on or off"),
        ({"owner": "nowhere.at.all"}, "names nowhere.at.all, which cannot be imported"),
        ({"owner": "os.path.nothing"}, "names os.path.nothing, which cannot be imported"),
        ({"owner": "find_owner"}, "must be a function, or the dotted path of one"),
        ({"owner": "os.sep"}, "must be a function, or the dotted path of one"),
        ({"owner": 7}, "must be a function, or the dotted path of one"),
        ({"may_deliver": False}, "must be a function"),
        ({"setup_page": "no"}, "must be True or False"),
        ({"strings": "os.sep"}, "must be a dict of texts"),
        ({"base_template": 7}, "must be the name of a template"),
        ({"deliver": "refresh_token"}, 'must be "access_token"'),
        ({"login_url": ""}, "must be a function"),
        ([("owner", "x")], "PORTALKEY in Django's settings must be a dict"),
    ],
)
def test_what_is_refused(given: object, sentence: str, settings: Settings) -> None:
    """As the site starts, by its name, with what to write."""
    assert sentence in problems_of(given, settings=settings)


def test_all_problems_are_said_at_once(settings: Settings) -> None:
    """Nobody has to start the site once for each."""
    said = problems_of({"owner": 7, "person": "x.y", "setup_page": 1}, settings=settings)

    assert said.count("\n  - ") == 3


def test_the_start_is_refused(settings: Settings) -> None:
    """A server that loads the middleware hears of it before the first request."""
    with site_with(settings, {"owner": "nowhere.at_all"}), pytest.raises(BadSettings):
        get_wsgi_application()


@pytest.fixture
def given(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Settings, none of which is in the environment, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return dict(environment_of(settings))


def read(given: Mapping[str, Any]) -> Settings:
    """The settings that *given* make."""
    with override_settings(PORTALKEY=given):
        return read_settings()


def test_it_goes_before_the_environment_and_that_before_the_file(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that names a database is never given that of the environment."""
    Path(".env").write_text("PORTALKEY_LABEL=file\nPORTALKEY_APP_NAME=file\nHUBSPOT_PKCE=off\n")
    Path(".env").chmod(0o600)
    monkeypatch.setenv("PORTALKEY_LABEL", "environment")
    monkeypatch.setenv("PORTALKEY_APP_NAME", "environment")
    settings = read({**given, "PORTALKEY_LABEL": "django"})

    assert (settings.label, settings.app_name, settings.pkce) == ("django", "environment", False)


def test_none_is_left_to_the_environment(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``os.environ.get(...)`` of a settings file says nothing where there is nothing."""
    monkeypatch.setenv("PORTALKEY_LABEL", "environment")

    assert read({**given, "PORTALKEY_LABEL": None}).label == "environment"


def test_numbers_and_paths_are_as_good_as_text(given: dict[str, Any], tmp_path: Path) -> None:
    """As a settings file has them."""
    file = tmp_path / "keys"
    file.write_text(given.pop("PORTALKEY_KEYS"))
    file.chmod(0o600)
    settings = read({**given, "PORTALKEY_KEYS_FILE": file, "PORTALKEY_ATTEMPT_SECONDS": 60})

    assert (settings.attempt_seconds, len(settings.keys)) == (60, 1)


def test_a_debugged_site_shows_no_secret(settings: Settings) -> None:
    """Django's page for whoever writes the site leaves out ``PORTALKEY`` and what it holds."""
    secret = settings.client_secret.get_secret_value()
    keys = environment_of(settings)["PORTALKEY_KEYS"].partition(":")[2]

    def fail(request: object) -> str:
        raise LookupError(f"of the site's, {type(request)}")

    with site_with(settings, {"owner": fail}, DEBUG=True):
        page = visitor_of(site.broker, None).get("/connections/setup").content.decode()

    assert "LookupError" in page
    assert "PORTALKEY" in page
    assert secret not in page
    assert keys not in page


def test_the_broker_is_made_when_it_is_asked() -> None:
    """A module of views imports it where no setting is complete, and tools may look at it."""
    with override_settings(PORTALKEY={}):
        site.reset()
        assert isinstance(vars(skin)["broker"], LazyBroker)
        assert not hasattr(skin.broker, "__wrapped__")
        with pytest.raises(BadSettings):
            skin.broker.access_token("ada")


def test_the_broker_can_be_pickled(settings: Settings) -> None:
    """It holds nothing: in another process it is that process's."""
    text = pickle.dumps(skin.broker)

    assert len(text) < 200
    assert settings.client_secret.get_secret_value().encode() not in text


def test_the_broker_is_one_a_process(settings: Settings) -> None:
    """And it is made anew where a test has other settings."""
    with site_with(settings, {}):
        first = site.broker
        assert site.broker is first
        assert skin.broker.settings is first.settings
    with site_with(settings, {}):
        assert site.broker is not first
