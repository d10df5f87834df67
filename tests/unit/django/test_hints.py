"""Commands that messages name are spelled as the site calls them, wherever they are read."""

import logging
from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest

from portalkey.django.hints import spell
from portalkey.django.middleware import header_middleware
from portalkey.django.site import make_broker
from portalkey.errors import BadSettings, StoreUnusable
from portalkey.settings import Settings
from support.django_hosting import site_with

OURS = "`python manage.py portalkey init`"


def test_only_commands_are_spelled() -> None:
    """A word is no command; one of another HubSpot app's has its prefix."""
    assert spell("Run `portalkey work`.") == "Run `python manage.py portalkey work`."
    assert spell("the table `portalkey_meta` of portalkey") == (
        "the table `portalkey_meta` of portalkey"
    )
    assert spell("`portalkey work`", "EU_") == "`python manage.py portalkey --env-prefix EU_ work`"
    assert spell(spell("`portalkey work`")) == spell("`portalkey work`")


def test_a_check_names_the_site_s_command(settings: Settings) -> None:
    """It has the site's settings; any other may look at another store."""
    with site_with(settings, {"PORTALKEY_KEYS": "", "console_allow": lambda _: None}):
        said = " ".join(each.msg for each in run_checks() if each.id == "portalkey.E003")

    assert OURS in said
    assert "`portalkey " not in said


def test_a_server_that_cannot_start_names_it(settings: Settings) -> None:
    """In the message, and in each of its problems."""
    with (
        site_with(settings, {"PORTALKEY_KEYS": ""}),
        pytest.raises(BadSettings) as caught,
    ):
        make_broker()

    assert OURS in str(caught.value)
    assert any(OURS in each for each in caught.value.problems)


def test_the_log_of_a_server_names_it(caplog: pytest.LogCaptureFixture) -> None:
    """Whichever module writes the line, with its arguments in it."""
    logging.getLogger("portalkey").warning("run `portalkey %s`, 100 %% of it", "work")

    assert caplog.messages == ["run `python manage.py portalkey work`, 100 % of it"]


def test_what_a_view_raises_names_it(settings: Settings) -> None:
    """Django asks our middleware before it logs or shows it; what is not ours is left alone."""
    ours, other = StoreUnusable("`portalkey keys forget a`"), ValueError("`portalkey work`")
    with site_with(settings, {}):
        middleware: Any = header_middleware(lambda _: None)
    for each in (ours, other):
        middleware.process_exception(HttpRequest(), each)

    assert str(ours) == "`python manage.py portalkey keys forget a`"
    assert str(other) == "`portalkey work`"
