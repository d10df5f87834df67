"""Another account than last time is named before it is attached (consent phishing, R108)."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.model.attempt import Attempt
from portalkey.model.events import EventName
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey_simulator import HubSpot
from support.hosting import FIRST, SECOND, SETUP, SMALL, host_app, page_of, said, signed_in

ATTEMPT = "Q" * 22
CONFIRM = f"/auth/hubspot/confirm?attempt={ATTEMPT}"
DONE = f"/auth/hubspot/done?attempt={ATTEMPT}"


@pytest.fixture
def app(broker: Broker) -> Flask:
    """An app of somebody else's."""
    return host_app(broker)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Ada's browser."""
    return signed_in(app)


def link_of(client: FlaskClient, query: str = "") -> str:
    """The link into the journey, as a program is told it."""
    return str(json.loads(client.get(f"/api/hubspot/status{query}").text)["connect_url"])


def come_back(client: FlaskClient, hubspot: HubSpot, hub_id: int, *, link: str = "") -> str:
    """Connect by a plain link, or by *link*; where the callback leads."""
    link = link or link_of(client)
    to_hubspot = client.get(f"{link}&attempt={ATTEMPT}").headers["Location"]
    back = urlsplit(hubspot.approve(to_hubspot, hub_id))
    return str(client.get(f"{back.path}?{back.query}").headers["Location"])


def connect(broker: Broker, owner: str, hubspot: HubSpot, hub_id: int) -> None:
    """Connect *owner* in a browser of their own, as "another account"."""
    client = signed_in(host_app(broker), owner)
    link = link_of(client, "?another=1")
    back = urlsplit(hubspot.approve(client.get(link).headers["Location"], hub_id))
    assert client.get(f"{back.path}?{back.query}").headers["Location"].startswith(SETUP)


def fields(client: FlaskClient) -> dict[str, str]:
    """The hidden fields of the page that asks."""
    return {str(e["name"]): str(e["value"]) for e in page_of(client, CONFIRM).select("input")}


def answer(client: FlaskClient, given: str, **headers: str) -> Any:
    """Press one of the two buttons."""
    path = CONFIRM.partition("?")[0]
    return client.post(path, data={**fields(client), "answer": given}, headers=headers)


def row_of(broker: Broker) -> Attempt:
    """The attempt's row."""
    row = broker.vault.store.attempt(ATTEMPT)
    assert row is not None
    return row


def hub_ids(broker: Broker, owner: str = "ada") -> list[int]:
    """The accounts that *owner* has."""
    return [each.hub_id for each in broker.connections(owner)]


def revoked(hubspot: HubSpot) -> int:
    """How many tokens HubSpot was asked to forget."""
    return sum(each.path.endswith("/revoke") for each in hubspot.requests)


@pytest.fixture
def asked(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> FlaskClient:
    """Ada has the first account, and came back with the second."""
    connect(broker, "ada", hubspot, FIRST)
    assert come_back(client, hubspot, SECOND) == CONFIRM
    return client


def test_the_first_account_ever_asks_nothing(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """There is none that it could be another than."""
    assert come_back(client, hubspot, SECOND) == DONE
    assert hub_ids(broker) == [SECOND]


def test_both_accounts_are_named_before_anything_is_attached(
    asked: FlaskClient, broker: Broker
) -> None:
    """The new one with who agreed, the owner that it is for, and the one that is connected."""
    page = page_of(asked, CONFIRM)
    text = said(page.main)

    for part in (str(SECOND), str(FIRST), "ada", "Connected so far", "Nothing is connected yet"):
        assert part in text, part
    waiting = broker.vault.open_grant(row_of(broker))
    assert f"Agreed to by {waiting.account.user_email}" in text
    buttons = [str(each["value"]) for each in page.select("form.pk-stack button")]
    assert buttons == ["yes", "no"]
    assert hub_ids(broker) == [FIRST]
    assert row_of(broker).status == "asking"


def test_the_waiting_page_hears_that_it_asks(asked: FlaskClient) -> None:
    """The session that began it; another one only that it is under way."""
    told = json.loads(asked.get(f"/api/hubspot/status?attempt={ATTEMPT}").text)["attempt"]

    assert (told["status"], told["error"]) == ("asking", None)
    assert "Nothing is connected until you say" in told["message"]


def test_a_yes_attaches_it(asked: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """Beside the one that was there; nothing is owed, and its token is good."""
    assert answer(asked, "yes").headers["Location"] == DONE

    assert "Connected to HubSpot" in asked.get(DONE).text
    assert hub_ids(broker) == [FIRST, SECOND]
    assert broker.access_token("ada", SECOND)
    assert broker.stats().outbox == revoked(hubspot) == 0
    assert row_of(broker).sealed_grant is None
    names = [each.name for each in broker.vault.store.events(attempt_id=ATTEMPT)]
    assert names[-2:] == [EventName.ACCOUNT_ASKED, EventName.CONNECTED]


def test_a_no_gives_the_grant_back(asked: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """The attempt is cancelled, nothing here has changed, and HubSpot forgets the grant at once."""
    token = broker.vault.open_grant(row_of(broker)).grant.access_token.get_secret_value()
    assert answer(asked, "no").headers["Location"] == DONE
    broker._background.join()

    assert (row_of(broker).status, row_of(broker).sealed_grant) == ("cancelled", None)
    assert hub_ids(broker) == [FIRST]
    assert (revoked(hubspot), broker.stats().outbox) == (1, 0)
    assert token not in asked.get(DONE).text
    assert "Nothing was changed" in asked.get(DONE).text


def test_cancelling_in_the_app_gives_the_grant_back(
    asked: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """The page that waits for the popup may end it, too."""
    token = fields(asked)["portalkey_token"]
    path = f"/api/hubspot/attempts/{ATTEMPT}/cancel"
    assert asked.post(path, headers={"X-Portalkey-Token": token}).status_code == 200
    broker._background.join()

    assert row_of(broker).status == "cancelled"
    assert (hub_ids(broker), revoked(hubspot)) == ([FIRST], 1)


def test_an_unanswered_question_is_given_back(
    asked: FlaskClient, broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """With the attempt's time the question is over; whichever process has time sends it back."""
    late = {**fields(asked), "answer": "yes"}
    ahead.passes(601)
    hubspot.clock.move(601)
    assert broker.send_owed() == 0  # not while a yes could still be under way

    assert asked.post(CONFIRM.partition("?")[0], data=late).headers["Location"] == DONE
    assert row_of(broker).status == "expired"
    assert hub_ids(broker) == [FIRST]
    ahead.passes(61)
    assert (broker.send_owed(), revoked(hubspot)) == (1, 1)


def test_a_deleted_users_question_is_given_back(
    asked: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """At once, as the owner's connection is, once the app says that the owner is gone."""
    late = {**fields(asked), "answer": "yes"}
    broker.on_user_deleted("ada")
    broker._background.join()
    asked.post(CONFIRM.partition("?")[0], data=late)

    assert hub_ids(broker) == []
    assert (revoked(hubspot), broker.stats().outbox) == (2, 0)


@pytest.mark.parametrize("first", ["yes", "no"])
def test_the_first_answer_counts(
    asked: FlaskClient, broker: Broker, hubspot: HubSpot, first: str
) -> None:
    """A second press, the other button or another tab change nothing."""
    data = fields(asked)
    for given in (first, "yes", "no"):
        asked.post(CONFIRM.partition("?")[0], data={**data, "answer": given})
    broker._background.join()

    is_yes = first == "yes"
    assert hub_ids(broker) == ([FIRST, SECOND] if is_yes else [FIRST])
    assert (revoked(hubspot), broker.stats().outbox) == (0 if is_yes else 1, 0)


def take_cookie(client: FlaskClient, app: Flask, name: str) -> FlaskClient:
    """Another session, signed in as *name*, in a browser that has the attempt's cookie."""
    other, cookie = signed_in(app, name), f"portalkey_attempt_{ATTEMPT}"
    found = client.get_cookie(cookie, path="/auth/hubspot")
    assert found is not None
    other.set_cookie(cookie, found.value, path="/auth/hubspot")
    return other


def own_form(client: FlaskClient) -> dict[str, str]:
    """What a visitor can know of a form: the token of their own pages."""
    field = page_of(client).select_one("input[name=portalkey_token]")
    token = {} if field is None else {"portalkey_token": str(field["value"])}
    return {"attempt": ATTEMPT, "answer": "yes", **token}


ATTACKS: dict[str, Callable[[FlaskClient, Flask], Any]] = {
    "a foreign browser": lambda _, app: post(signed_in(app, "eve")),
    "the owner's other browser": lambda _, app: post(signed_in(app, "ada")),
    "another owner with the cookie": lambda client, app: post(take_cookie(client, app, "eve")),
    "the owner's other session with the cookie": lambda client, app: post(
        take_cookie(client, app, "ada")
    ),
    "nobody with the cookie": lambda client, app: post(take_cookie(client, app, "")),
    "no form token": lambda client, _: client.post(
        CONFIRM, data={"attempt": ATTEMPT, "answer": "yes"}
    ),
    "another site": lambda client, _: answer(client, "yes", Origin="https://evil.example"),
    "another site without a name": lambda client, _: answer(
        client, "yes", **{"Sec-Fetch-Site": "cross-site"}
    ),
    "an address": lambda client, _: client.get(f"{CONFIRM}&answer=yes"),
    "another attempt": lambda client, _: client.post(
        CONFIRM, data={**fields(client), "attempt": "R" * 22, "answer": "yes"}
    ),
    "no answer": lambda client, _: answer(client, "perhaps"),
}


def post(client: FlaskClient) -> Any:
    """A yes with all that this visitor has; the page that asks is not shown to them."""
    shown = client.get(CONFIRM)
    assert str(SECOND) not in shown.text
    assert shown.status_code != 200
    return client.post(CONFIRM.partition("?")[0], data=own_form(client))


@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_else_can_say_yes(
    asked: FlaskClient, app: Flask, broker: Broker, hubspot: HubSpot, attack: str
) -> None:
    """Nothing is attached to anybody, and the question stays as it was."""
    connect(broker, "eve", hubspot, SMALL)

    ATTACKS[attack](asked, app)

    assert (hub_ids(broker), hub_ids(broker, "eve")) == ([FIRST], [SMALL])
    assert row_of(broker).status == "asking"
    assert revoked(hubspot) == 0
    answer(asked, "yes")
    assert hub_ids(broker) == [FIRST, SECOND]


@pytest.mark.parametrize("hub_id", [FIRST, SMALL], ids=["the newest", "an older one"])
def test_an_account_that_is_connected_asks_nothing(
    client: FlaskClient, broker: Broker, hubspot: HubSpot, hub_id: int
) -> None:
    """Whichever of several it is."""
    for each in (SMALL, FIRST):
        connect(broker, "ada", hubspot, each)

    assert come_back(client, hubspot, hub_id) == DONE
    assert sorted(hub_ids(broker)) == [FIRST, SMALL]


def test_last_time_is_remembered_after_disconnecting(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """The same account comes back without a question; another one is asked about by its name."""
    connect(broker, "ada", hubspot, FIRST)
    for _ in range(2):
        broker.disconnect("ada", broker.connections("ada")[0].id)
        connect_again = link_of(client)
        back = urlsplit(hubspot.approve(client.get(connect_again).headers["Location"], FIRST))
        assert client.get(f"{back.path}?{back.query}").headers["Location"].startswith(SETUP)
    broker.disconnect("ada", broker.connections("ada")[0].id)

    assert come_back(client, hubspot, SECOND) == CONFIRM
    text = said(page_of(client, CONFIRM).main)
    assert "Last time" in text
    assert str(FIRST) in text
    answer(client, "yes")
    assert hub_ids(broker) == [SECOND]


def test_whoever_pressed_connect_another_account_is_not_asked(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """The link of the setup page says so, in its signed token."""
    connect(broker, "ada", hubspot, FIRST)
    link = page_of(client).select_one("hubspot-connect[data-key=new] a")
    assert link is not None

    assert come_back(client, hubspot, SECOND, link=str(link["href"])) == DONE
    assert hub_ids(broker) == [FIRST, SECOND]


def test_a_journey_in_one_tab_asks_too(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """And leads back to where the app wanted after the answer."""
    connect(broker, "ada", hubspot, FIRST)
    link = link_of(client, "?next=/after")
    back = urlsplit(hubspot.approve(client.get(link).headers["Location"], SECOND))
    to = client.get(f"{back.path}?{back.query}").headers["Location"]
    form = BeautifulSoup(client.get(to).text, "html.parser").select("form.pk-stack input")
    data = {str(each["name"]): str(each["value"]) for each in form}

    done = client.post("/auth/hubspot/confirm", data={**data, "answer": "yes"}).headers["Location"]

    assert 'content="0; url=/after"' in client.get(done).text
    assert hub_ids(broker) == [FIRST, SECOND]


def test_the_result_page_leads_to_the_question(asked: FlaskClient) -> None:
    """Whoever reloads, or comes from the page for Strict sessions, is asked all the same."""
    assert asked.get(DONE).headers["Location"] == CONFIRM


def test_it_asks_in_german(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """In the language that the attempt was begun in."""
    connect(broker, "ada", hubspot, FIRST)
    link = link_of(client) + "&language=de"
    come_back(client, hubspot, SECOND, link=link)

    text = said(page_of(client, CONFIRM).main)
    assert "Nicht dieses Konto" in text
    assert "Bisher verbunden" in text


def test_an_app_with_a_name_is_named(
    settings: Settings, make_broker: Callable[[Settings], Broker], hubspot: HubSpot
) -> None:
    """As the operator wrote it."""
    broker = make_broker(settings.model_copy(update={"app_name": "Fieldnotes"}))
    client = signed_in(host_app(broker))
    connect(broker, "ada", hubspot, FIRST)
    come_back(client, hubspot, SECOND)

    assert "To Fieldnotes" in said(page_of(client, CONFIRM).main)
