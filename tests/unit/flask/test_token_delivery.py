"""``deliver="access_token"``: off by default, and then once, to one page, in one browser."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.model.attempt import DELIVER_SECONDS
from portalkey.model.connection import Connection
from portalkey.model.events import EventName
from portalkey_simulator import HubSpot
from support.visitor import query_of

ATTEMPT = "A" * 22
PATH = f"/api/hubspot/attempts/{ATTEMPT}/token"


class Page:
    """A browser on a page of the app, which knows the link it was given."""

    def __init__(self, app: Flask, broker: Broker, who: str = "ada") -> None:
        self.client: FlaskClient = app.test_client()
        self.client.get(f"/login/{who}")
        self.link = str(self.client.get("/api/hubspot/status").get_json()["connect_url"])
        self.origin = broker.settings.public_url

    def connect(self, hubspot: HubSpot, *, decision: Callable[[str], str] | None = None) -> None:
        """Through the popup, to the end."""
        away = self.client.get(f"{self.link}&attempt={ATTEMPT}").headers["Location"]
        self.client.get((decision or hubspot.approve)(away))

    def ask(self, **headers: str | None) -> Any:
        """Post for the token; a header of None is not sent."""
        own = {"Origin": self.origin, "X-Portalkey-Token": query_of(self.link)["t"]}
        wanted = {**own, **{key.replace("_", "-"): value for key, value in headers.items()}}
        sent = {key: value for key, value in wanted.items() if value is not None}
        return self.client.post(PATH, headers=sent)


def make_app(broker: Broker, **options: Any) -> Flask:
    """A host app that delivers."""
    app = Flask("host")
    app.secret_key = "x"
    app.add_url_rule("/login/<name>", "login", lambda name: session.update(user=name) or "in")
    options = {"deliver": "access_token", **options}
    HubSpotAuth(app, broker, owner=lambda: session.get("user"), **options)
    return app


@pytest.fixture
def page(broker: Broker) -> Page:
    """Ada's page, in an app that delivers."""
    return Page(make_app(broker), broker)


def test_the_page_gets_the_access_token(page: Page, broker: Broker, hubspot: HubSpot) -> None:
    """And how long it lives; never the refresh token."""
    page.connect(hubspot)
    answer = page.ask()

    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "expires_in"}
    assert answer.json["access_token"] == broker.access_token("ada")
    assert 1700 < answer.json["expires_in"] <= 1800
    assert answer.headers["Cache-Control"] == "no-store"
    assert EventName.DELIVERED in [each.name for each in broker.vault.store.events()]


def test_once(page: Page, hubspot: HubSpot) -> None:
    """Whoever asks again gets nothing."""
    page.connect(hubspot)

    assert [page.ask().status_code for _ in range(3)] == [200, 409, 409]


def test_an_app_may_ask_the_person_first(broker: Broker, hubspot: HubSpot) -> None:
    """It is asked in the request, about this owner's connection, and a refusal uses nothing up."""
    asked: list[tuple[str, str]] = []
    answers = iter([False, True])

    def may_deliver(owner: str, connection: Connection) -> bool:
        asked.append((owner, connection.owner))
        assert session["user"] == "ada"
        return next(answers)

    page = Page(make_app(broker, may_deliver=may_deliver), broker)
    assert page.ask().status_code == 404  # nothing to be asked about
    page.connect(hubspot)
    refused, granted = page.ask(), page.ask()

    assert (refused.status_code, refused.json["error"]) == (403, "may_not_deliver")
    assert "access_token" not in refused.json
    assert (granted.status_code, granted.json["access_token"]) == (200, broker.access_token("ada"))
    assert asked == [("ada", "ada")] * 2


def test_nobody_is_asked_about_what_is_no_more(broker: Broker, hubspot: HubSpot) -> None:
    """An attempt that came to nothing has no connection to ask about."""
    page = Page(make_app(broker, may_deliver=lambda *_: False), broker)
    page.connect(hubspot, decision=hubspot.deny)

    assert page.ask().status_code == 409


def test_off_by_default(broker: Broker, hubspot: HubSpot) -> None:
    """The route says that there is nothing."""
    page = Page(make_app(broker, deliver=None), broker)
    page.connect(hubspot)

    assert page.ask().status_code == 404


def test_what_is_not_known_is_not_delivered(broker: Broker) -> None:
    """A refresh token least of all."""
    with pytest.raises(ValueError, match="deliver must be"):
        make_app(broker, deliver="refresh_token")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 404),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"X_Portalkey_Token": None}, 403),
        ({"X_Portalkey_Token": "forged"}, 403),
    ],
)
def test_only_the_page_itself(
    page: Page, hubspot: HubSpot, headers: dict[str, str | None], status: int
) -> None:
    """Its exact origin, said by the browser, and its own token; and refusing uses nothing up."""
    page.connect(hubspot)

    assert page.ask(**headers).status_code == status
    assert page.ask().status_code == 200


def test_another_browser_gets_nothing(page: Page, broker: Broker, hubspot: HubSpot) -> None:
    """Not even the same owner's."""
    page.connect(hubspot)
    other = Page(make_app(broker), broker)

    assert other.ask().status_code == 404


def test_another_owner_gets_nothing(page: Page, hubspot: HubSpot) -> None:
    """Whoever signs in next in this browser did not connect it."""
    page.connect(hubspot)
    page.client.get("/login/eve")

    assert page.ask().status_code == 403


def test_nothing_before_the_end(page: Page, hubspot: HubSpot) -> None:
    """An open attempt and one that failed have no token."""
    page.client.get(f"{page.link}&attempt={ATTEMPT}")

    assert page.ask().status_code == 409


def test_nothing_for_a_declined_attempt(page: Page, hubspot: HubSpot) -> None:
    """Though the owner has a connection from before."""
    page.connect(hubspot, decision=hubspot.deny)

    assert page.ask().status_code == 409


def test_nothing_long_after(page: Page, hubspot: HubSpot, ahead: Any) -> None:
    """The page is there when it ends, or it is not."""
    page.connect(hubspot)
    ahead.seconds = DELIVER_SECONDS + 1

    assert page.ask().status_code == 409


def test_a_journey_in_one_tab_delivers_nothing(broker: Broker, hubspot: HubSpot) -> None:
    """No page waits for it."""
    page = Page(make_app(broker), broker)
    away = page.client.get(page.link).headers["Location"]
    page.client.get(hubspot.approve(away))
    (attempt_id,) = {each.attempt_id for each in broker.vault.store.events() if each.attempt_id}
    done = page.client.get(f"/auth/hubspot/done?attempt={attempt_id}")

    assert "data-token-url" not in done.text

    assert (
        page.client.post(
            f"/api/hubspot/attempts/{attempt_id}/token",
            headers={"Origin": page.origin, "X-Portalkey-Token": query_of(page.link)["t"]},
        ).status_code
        == 404
    )


@pytest.mark.parametrize(("deliver", "is_there"), [("access_token", True), (None, False)])
def test_the_popup_can_hand_it_over(
    broker: Broker,
    hubspot: HubSpot,
    deliver: str | None,
    is_there: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """Only where the app delivers does its page load what does so."""
    page = Page(make_app(broker, deliver=deliver), broker)
    page.connect(hubspot)
    done = page.client.get(f"/auth/hubspot/done?attempt={ATTEMPT}")

    assert ("deliver.js" in done.text) is is_there
    assert ("data-token-url" in done.text) is is_there


@pytest.mark.parametrize(
    ("peer", "public_url", "allow", "status"),
    [
        ("127.0.0.1", "", False, 200),
        ("::1", "", False, 200),
        ("::ffff:127.0.0.1", "", False, 200),
        ("::ffff:192.0.2.7", "", False, 403),
        ("", "", False, 200),
        ("192.0.2.7", "", False, 403),
        ("192.0.2.7", "", True, 200),
        ("127.0.0.1", "https://app.example.com", False, 403),
    ],
)
def test_a_debugged_app_that_others_reach(
    peer: str,
    public_url: str,
    broker: Broker,
    hubspot: HubSpot,
    caplog: pytest.LogCaptureFixture,
    *,
    allow: bool,
    status: int,
) -> None:
    """Its debugger shows memory and runs code, so it hands out no token, and says why."""
    app = make_app(broker, allow_debug=allow)
    page = Page(app, broker)
    page.connect(hubspot)
    app.debug = True
    page.client.environ_base["REMOTE_ADDR"] = peer
    if public_url:
        settings = broker.settings.model_copy(update={"public_url": public_url})
        broker.settings = settings  # the router reads it with each request

    answer = page.ask()

    assert answer.status_code == status
    if status == 403:
        assert answer.get_json()["error"] == "debug_app"
        assert "allow_debug=True" in caplog.text


def test_debug_is_left_to_apps_without_delivery(broker: Broker, hubspot: HubSpot) -> None:
    """What is not delivered anyway needs no other answer."""
    app = make_app(broker, deliver=None)
    page = Page(app, broker)
    page.connect(hubspot)
    app.debug = True
    page.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"

    assert page.ask().status_code == 404
