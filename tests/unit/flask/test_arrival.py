"""Apps that are served elsewhere than their settings say: told once, and refused nothing."""

import logging
import re
import secrets
from collections.abc import Callable

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask.hubspot_auth import hubspot_connect_url
from portalkey.settings import Settings
from portalkey.web.host import BROWSER_KEY
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


ELSEWHERE = "http://127.0.0.1:5000"
SAME = {"Sec-Fetch-Site": "same-origin"}


def test_a_popup_from_another_name_of_the_app_is_led_to_the_right_one(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Before HubSpot is asked, signed in or not; nothing is begun, and the log names both."""
    app, public_url = host_app(broker), broker.settings.public_url
    for client in (app.test_client(), signed_in(app)):
        query = {"attempt": "O" * 22, "origin": ELSEWHERE}
        answer = client.get("/auth/hubspot/start", query_string=query, headers=SAME)

        assert answer.status_code == 421
        assert f'href="{public_url}{SETUP}"' in answer.text
        assert f">Go to {public_url}</a>" in answer.text
    (line,) = lines_of(caplog, "other_address")
    assert ELSEWHERE in line
    assert public_url in line
    assert not broker.has_attempt("O" * 22)


def test_a_link_under_another_name_of_the_app_is_led_to_the_right_one(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a popup as well: the browser says which page the link was on."""
    client = signed_in(host_app(broker))
    headers = {**SAME, "Referer": f"{ELSEWHERE}/settings?tab=hubspot"}
    answer = client.get("/auth/hubspot/start", headers=headers)

    assert answer.status_code == 421
    assert f'href="{broker.settings.public_url}{SETUP}"' in answer.text
    assert len(lines_of(caplog, "other_address")) == 1


@pytest.mark.parametrize("referrer", ["http://[", "", "http://evil.test/x", "http://localhost@x/"])
@pytest.mark.parametrize("site", ["cross-site", "same-origin", None])
def test_a_referrer_of_no_page_of_ours(broker: Broker, referrer: str, site: str | None) -> None:
    """It asks first, or leads to the right address; nothing is begun and nothing breaks."""
    headers = {"Referer": referrer, **({"Sec-Fetch-Site": site} if site else {})}
    answer = signed_in(host_app(broker)).get("/auth/hubspot/start", headers=headers)

    assert answer.status_code in ({200, 421} if site == "same-origin" else {200})


@pytest.mark.parametrize("headers", [SAME, {"Host": "127.0.0.1:5000"}], ids=["says", "old"])
def test_a_form_from_another_name_of_the_app_is_led_there_too(
    broker: Broker,
    hubspot: HubSpot,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
) -> None:
    """Pages and programs; to reload, as a forgery is advised, would help nobody."""
    client = signed_in(host_app(broker))
    connect(client, hubspot, FIRST)
    path = f"/api/hubspot/connections/{broker.connections('ada')[0].id}/disconnect"
    posted = client.post(path, headers={"Origin": ELSEWHERE, **headers})
    asked = client.post(
        path, headers={"Origin": ELSEWHERE, "Accept": "application/json", **headers}
    )

    assert posted.status_code == asked.status_code == 421
    assert f'href="{broker.settings.public_url}{SETUP}"' in posted.text
    assert asked.json is not None
    assert asked.json["error"] == "other_address"
    assert len(lines_of(caplog, "other_address")) == 1
    assert broker.connections("ada")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.test", "Sec-Fetch-Site": "cross-site", "Host": "evil.test"},
        {"Origin": "http://evil.test"},
        {"Origin": "null", **SAME},
        {"Origin": "http://x\x1b[2J", **SAME},
    ],
    ids=str,
)
def test_what_another_site_says_is_no_name_of_ours(
    broker: Broker, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    """It is a forgery as before, and no line of the log is its own."""
    answer = signed_in(host_app(broker)).post("/api/hubspot/attempts/x/cancel", headers=headers)

    assert answer.status_code == (401 if "Host" in headers else 403)  # the session is ours
    assert lines_of(caplog, "other_address") == []


def test_a_host_alone_says_nothing(
    broker: Broker, hubspot: HubSpot, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy may send any: nobody is refused for that."""
    client = signed_in(host_app(broker))
    client.environ_base["HTTP_HOST"] = "10.0.0.7:8000"
    connect(client, hubspot, FIRST)

    assert broker.connections("ada")
    assert caplog.messages == []


def fill(size: int) -> str:
    """A host that keeps *size* characters, which nothing shortens."""
    session["much"] = secrets.token_urlsafe(size * 3 // 4)
    return "kept"


def full_client(broker: Broker, size: int) -> FlaskClient:
    """Ada's browser, with so much in her session."""
    app = host_app(broker)
    app.add_url_rule("/fill/<int:size>", "fill", fill)
    app.add_url_rule("/link", "link", hubspot_connect_url)
    client = signed_in(app)
    client.get(f"/fill/{size}")
    return client


def test_a_session_without_room_for_ours_is_left_as_it_was(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """The size is in the log, and the person is told, in place of a page that asks for ever."""
    client = full_client(broker, 3900)
    before = client.get_cookie("session")
    assert before is not None
    assert len(before.value) < 4093
    for path in (SETUP, client.get("/link").text):
        caplog.clear()
        answer = client.get(path)

        assert answer.status_code == 503
        assert "your browser would drop it" in answer.text
        sizes = [int(each) for line in caplog.messages for each in re.findall(r"be (\d+) b", line)]
        assert len(sizes) == 1
        assert 4093 < sizes[0] < 4400
    asked = client.get("/api/hubspot/status")
    assert (asked.status_code, asked.get_json()["error"]) == (503, "session_full")
    with client.session_transaction() as there:
        assert BROWSER_KEY not in there
        assert there["user"] == "ada"


def test_a_session_with_room_is_not_spoken_of(
    broker: Broker, hubspot: HubSpot, caplog: pytest.LogCaptureFixture
) -> None:
    """Nearly full is not full."""
    connect(full_client(broker, 2500), hubspot, FIRST)

    assert broker.connections("ada")
    assert caplog.messages == []
