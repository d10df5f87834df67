"""Apps that are served elsewhere than their settings say: told once, and refused nothing."""

import logging
import secrets
from collections.abc import Callable

import pytest
from flask import Flask, session

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.hosting import FIRST, SETUP, connect, host_app, signed_in

MakeBroker = Callable[[Settings], Broker]


@pytest.fixture(autouse=True)
def _listen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "portalkey")


def lines_of(caplog: pytest.LogCaptureFixture, code: str) -> list[str]:
    """The lines with that code."""
    return [line for line in caplog.messages if line.startswith(f"{code}: ")]


def test_an_app_that_is_served_as_its_settings_say_logs_nothing(
    broker: Broker, hubspot: HubSpot, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does one whose visitors are signed out."""
    app = host_app(broker)
    app.test_client().get(SETUP)
    connect(signed_in(app), hubspot, FIRST)

    assert caplog.messages == []


def test_a_prefix_that_the_redirect_uri_lacks_is_told_once(
    broker: Broker, hubspot: HubSpot, caplog: pytest.LogCaptureFixture
) -> None:
    """By the first request that arrives below it; each is answered."""
    client = signed_in(host_app(broker))
    mounted = {"SCRIPT_NAME": "/crm"}
    answers = [client.get(SETUP, environ_overrides=mounted) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    (line,) = lines_of(caplog, "mount_differs")
    assert f"{broker.settings.public_url}/crm/auth/hubspot/callback" in line


def test_a_proxy_that_keeps_its_prefix_to_itself_is_told(
    settings: Settings, make_broker: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    """Our own links have the prefix all the same."""
    uri = f"{settings.public_url}/crm/auth/hubspot/callback"
    broker = make_broker(settings.model_copy(update={"redirect_uri": uri}))
    page = signed_in(host_app(broker)).get(SETUP)

    assert 'href="/crm/auth/hubspot/start?t=' in page.text
    (line,) = lines_of(caplog, "mount_differs")
    assert "X-Forwarded-Prefix: /crm" in line


def test_a_stray_application_root_is_told(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """It narrows the session's cookie to a path that our pages are not at."""
    app = host_app(broker)
    app.config["APPLICATION_ROOT"] = "/crm"
    # Only its test client mounts an app at that.
    answer = app.test_client().get(SETUP, base_url="http://localhost")

    assert answer.status_code == 401
    (line,) = lines_of(caplog, "mount_differs")
    assert "SESSION_COOKIE_PATH" in line


def other_session(name: str) -> str:
    """The value of a session's cookie of another app."""
    other = Flask("other")
    other.secret_key = secrets.token_hex()
    other.add_url_rule("/", "in", lambda: session.update(cart=name) or "in")
    client = other.test_client()
    client.get("/")
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


def test_two_apps_whose_sessions_have_one_name_are_told_so(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """The other's cookie took the place of ours, and its visitor is signed out."""
    client = signed_in(host_app(broker))
    client.set_cookie("session", other_session("shoes"))
    answers = [client.get(SETUP) for _ in range(2)]

    assert [each.status_code for each in answers] == [401, 401]
    assert len(lines_of(caplog, "session_name_shared")) == 1


def test_apps_with_names_of_their_own_are_left_alone(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Another app's session under another name is nothing to us."""
    app = host_app(broker)
    app.config["SESSION_COOKIE_NAME"] = "crm"
    client = signed_in(app)
    client.set_cookie("session", other_session("shoes"))

    assert client.get(SETUP).status_code == 200
    assert lines_of(caplog, "session_name_shared") == []


def test_a_session_that_is_over_is_nobody_elses(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Too old, or emptied: it was ours."""
    app = host_app(broker)
    client = signed_in(app)
    app.permanent_session_lifetime = -1

    assert client.get(SETUP).status_code == 401
    client.set_cookie("session", "")
    assert client.get(SETUP).status_code == 401
    assert lines_of(caplog, "session_name_shared") == []
