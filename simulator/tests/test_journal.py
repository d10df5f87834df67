"""The webhooks journal: who installed and uninstalled an app."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import DEFAULT_APP, App, HubSpot, running_hubspot
from portalkey_simulator.api.webhooks_journal import _sign_link
from portalkey_simulator.world.lifecycle import RETENTION

Grant = Callable[..., dict[str, str]]
Connect = Callable[..., dict[str, Any]]

SUBSCRIPTIONS = "/webhooks-journal/subscriptions/2026-03"
JOURNAL = "/webhooks-journal/journal/2026-03"
INSTALL, UNINSTALL = "4-1909196", "4-1916193"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def wanted(event_type: object = INSTALL) -> dict[str, object]:
    """A subscription to these events."""
    return {
        "subscriptionType": "APP_LIFECYCLE_EVENT",
        "eventTypeId": event_type,
        "properties": [],
    }


@pytest.fixture
def headers(app_token: Grant) -> dict[str, str]:
    """A token of the app for all of the journal."""
    return app_token("read", "subscriptions.read", "subscriptions.write")


@pytest.fixture
def subscribe(http: httpx2.Client, headers: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """Subscribes to installs, or to what else is named."""

    def go(event_type: str = INSTALL) -> dict[str, Any]:
        answer = http.post(SUBSCRIPTIONS, json=wanted(event_type), headers=headers)
        return dict(answer.raise_for_status().json())

    return go


def test_subscription(
    hubspot: HubSpot,
    http: httpx2.Client,
    headers: dict[str, str],
    subscribe: Callable[..., dict[str, Any]],
) -> None:
    """It is made once, shown, and ended."""
    one, other = subscribe(), subscribe(UNINSTALL)

    assert one["appId"] == hubspot.app.app_id
    assert (one["subscriptionType"], one["objectTypeId"]) == ("APP_LIFECYCLE_EVENT", INSTALL)
    assert one["actions"] == ["APP_INSTALL"]
    assert subscribe() == one
    assert http.get(SUBSCRIPTIONS, headers=headers).json() == {"results": [one, other]}
    path = f"{SUBSCRIPTIONS}/{one['id']}"
    assert http.get(path, headers=headers).json() == one
    assert http.delete(path, headers=headers).status_code == 204
    assert http.get(path, headers=headers).status_code == 404
    assert http.delete(path, headers=headers).status_code == 404
    assert http.get(SUBSCRIPTIONS, headers=headers).json() == {"results": [other]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "subscriptionType"),
        ({**wanted(), "subscriptionType": "OBJECT"}, "subscriptionType"),
        (wanted("4-1"), "eventTypeId"),
        (wanted([]), "eventTypeId"),
        ({**wanted(), "properties": 1}, "properties"),
        ([], "the body"),
    ],
)
def test_subscriptions_that_cannot_be(
    http: httpx2.Client, headers: dict[str, str], body: object, field: str
) -> None:
    """The answer names the field, and nothing is subscribed to."""
    answer = http.post(SUBSCRIPTIONS, json=body, headers=headers)

    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["message"].startswith(field)
    assert http.get(SUBSCRIPTIONS, headers=headers).json() == {"results": []}


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", SUBSCRIPTIONS, "subscriptions.write"),
        ("GET", SUBSCRIPTIONS, "subscriptions.read"),
        ("GET", f"{SUBSCRIPTIONS}/1", "subscriptions.read"),
        ("DELETE", f"{SUBSCRIPTIONS}/1", "subscriptions.write"),
        ("GET", f"{JOURNAL}/earliest", "read"),
        ("GET", f"{JOURNAL}/latest", "read"),
        ("GET", f"{JOURNAL}/offset/x/next", "read"),
        ("GET", f"{JOURNAL}/batch/earliest/1", "read"),
        ("GET", f"{JOURNAL}/batch/latest/1", "read"),
        ("GET", f"{JOURNAL}/batch/x/next/1", "read"),
        ("POST", f"{JOURNAL}/batch/read", "read"),
        ("GET", f"{JOURNAL}/status/x", "read"),
        ("DELETE", f"{SUBSCRIPTIONS}/portals/1", "subscriptions.write"),
        ("POST", f"{SUBSCRIPTIONS}/filters", "subscriptions.write"),
        ("GET", f"{SUBSCRIPTIONS}/filters/1", "subscriptions.read"),
        ("DELETE", f"{SUBSCRIPTIONS}/filters/1", "subscriptions.write"),
        ("GET", f"{SUBSCRIPTIONS}/filters/subscription/1", "subscriptions.read"),
    ],
)
def test_scopes(
    hubspot: HubSpot,
    http: httpx2.Client,
    app_token: Grant,
    grant: Grant,
    method: str,
    path: str,
    scope: str,
) -> None:
    """Each call takes an app's own token with one scope, and no account's."""
    others = [one for one in ("read", "subscriptions.read", "subscriptions.write") if one != scope]
    answer = http.request(method, path, headers=app_token(*others))

    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    required = answer.json()["errors"][0]["context"]["requiredScopes"]
    assert required == [f"developer.webhooks_journal.{scope}"]
    assert http.request(method, path, headers=grant("oauth")).status_code == 401
    good = app_token(scope)
    assert http.request(method, path, headers=good).status_code not in {401, 403}
    hubspot.clock.move(1801)
    assert http.request(method, path, headers=good).json()["category"] == "EXPIRED_AUTHENTICATION"


def test_entries(
    hubspot: HubSpot,
    http: httpx2.Client,
    headers: dict[str, str],
    subscribe: Callable[..., dict[str, Any]],
    connect: Connect,
) -> None:
    """Installs and uninstalls since the subscription are there, from the earliest on."""
    connect(4410002)
    subscribe()
    subscribe(UNINSTALL)
    connect()
    hubspot.uninstall(4410001)

    first = http.get(f"{JOURNAL}/earliest", headers=headers).json()
    second = http.get(f"{JOURNAL}/offset/{first['currentOffset']}/next", headers=headers).json()
    assert re.fullmatch(UUID, first["currentOffset"])
    last = http.get(f"{JOURNAL}/latest", headers=headers).json()
    assert last["currentOffset"] == second["currentOffset"]
    end = http.get(f"{JOURNAL}/offset/{last['currentOffset']}/next", headers=headers)
    assert (end.status_code, end.content) == (204, b"")

    page = http.get(first["url"]).json()
    [event] = page["journalEvents"]
    assert page["offset"] == first["currentOffset"]
    assert page["publishedAt"] == event.pop("occurredAt")
    assert event == {
        "type": "app_lifecycle_event",
        "action": "APP_INSTALL",
        "portalId": 4410001,
        "eventTypeId": INSTALL,
        "properties": {
            "hs_app_id": str(hubspot.app.app_id),
            "hs_app_install_level": "ACCOUNT",
            "hs_initiating_user_id": "770101",
            "hs_user_id": "770101",
        },
    }
    [event] = http.get(second["url"]).json()["journalEvents"]
    assert (event["action"], event["eventTypeId"]) == ("APP_UNINSTALL", UNINSTALL)


def test_nothing_that_was_not_subscribed_to(
    hubspot: HubSpot,
    http: httpx2.Client,
    headers: dict[str, str],
    subscribe: Callable[..., dict[str, Any]],
    connect: Connect,
) -> None:
    """A journal has the types that were asked for, and keeps them after that has ended."""
    one = subscribe(UNINSTALL)
    connect()
    assert http.get(f"{JOURNAL}/earliest", headers=headers).status_code == 204

    hubspot.uninstall(4410001)
    http.delete(f"{SUBSCRIPTIONS}/{one['id']}", headers=headers).raise_for_status()
    connect()
    hubspot.uninstall(4410001)

    first = http.get(f"{JOURNAL}/earliest", headers=headers).json()
    assert (
        first["currentOffset"]
        == (http.get(f"{JOURNAL}/latest", headers=headers).json()["currentOffset"])
    )


def test_one_account_only(
    http: httpx2.Client,
    headers: dict[str, str],
    subscribe: Callable[..., dict[str, Any]],
    connect: Connect,
) -> None:
    """The journal can be asked for what happened in one account."""
    subscribe()
    connect(4410002)
    connect()

    query = {"installPortalId": "4410001"}
    link = http.get(f"{JOURNAL}/earliest", params=query, headers=headers).json()
    assert http.get(link["url"]).json()["journalEvents"][0]["portalId"] == 4410001
    query = {"installPortalId": "1"}
    answer = http.get(f"{JOURNAL}/earliest", params=query, headers=headers)
    assert answer.status_code == 204


def test_an_entry_does_not_stay_for_ever(
    hubspot: HubSpot,
    http: httpx2.Client,
    app_token: Grant,
    subscribe: Callable[..., dict[str, Any]],
    connect: Connect,
) -> None:
    """After three days it is gone, and nobody reads on from it; nor from what never was."""
    subscribe()
    connect()
    first = http.get(f"{JOURNAL}/earliest", headers=app_token("read")).json()
    hubspot.clock.move(RETENTION - 60)
    connect(4410002)
    assert (
        http.get(f"{JOURNAL}/earliest", headers=app_token("read")).json()["currentOffset"]
        == (first["currentOffset"])
    )
    hubspot.clock.move(120)

    headers = app_token("read")
    earliest = http.get(f"{JOURNAL}/earliest", headers=headers).json()
    assert first["currentOffset"] != earliest["currentOffset"]
    for offset in (first["currentOffset"], "unknown"):
        for path in (f"offset/{offset}/next", f"batch/{offset}/next/5"):
            answer = http.get(f"{JOURNAL}/{path}", headers=headers)
            assert (answer.status_code, answer.json()["category"]) == (404, "OBJECT_NOT_FOUND")


def test_another_app() -> None:
    """An app is told nothing of another's subscriptions and entries, and cannot end them."""
    other = App("other", "s", DEFAULT_APP.redirect_uris)
    with running_hubspot(apps=[DEFAULT_APP, other]) as hubspot:
        lifecycle = hubspot._world.lifecycle
        mine = lifecycle.subscribe(DEFAULT_APP.client_id, INSTALL)
        uri = DEFAULT_APP.redirect_uris[0]
        for app in (DEFAULT_APP, other):
            asked = httpx2.QueryParams(client_id=app.client_id, redirect_uri=uri, scope="oauth")
            code = httpx2.URL(hubspot.approve(f"{hubspot.url}/oauth/authorize?{asked}"))
            hubspot._world.ledger.spend_code(
                code.params["code"], client_id=app.client_id, redirect_uri=uri, verifier=""
            )

        assert len(lifecycle.list_journal(DEFAULT_APP.client_id) or ()) == 1
        assert lifecycle.list_journal("other") == ()
        assert lifecycle.list_subscriptions("other") == ()
        assert not lifecycle.unsubscribe("other", mine.number)
        assert lifecycle.unsubscribe(DEFAULT_APP.client_id, mine.number)


def test_links(
    hubspot: HubSpot,
    http: httpx2.Client,
    headers: dict[str, str],
    subscribe: Callable[..., dict[str, Any]],
    connect: Connect,
) -> None:
    """A link works as it is, for ten minutes, and leads nowhere once all is forgotten."""
    subscribe()
    connect()
    url = httpx2.URL(http.get(f"{JOURNAL}/latest", headers=headers).json()["url"])

    for change in (
        {"signature": "x"},
        {"signature": "\u00e9"},
        {"app": "x"},
        {"until": "9999999999"},
    ):
        assert http.get(url.copy_merge_params(change)).status_code == 403
    assert http.get(url.copy_with(query=None)).status_code == 403
    assert http.get(url).status_code == 200
    hubspot._world.lifecycle.clear()
    assert http.get(url).status_code == 404
    hubspot.clock.move(601)
    answer = http.get(url)
    assert (answer.status_code, answer.json()["message"]) == (403, "The link has expired.")


def test_everything_forgotten(
    hubspot: HubSpot, subscribe: Callable[..., dict[str, Any]], connect: Connect
) -> None:
    """A simulator that is set back has neither subscriptions nor entries."""
    subscribe()
    connect()
    hubspot._world.reset()

    assert not hubspot._world.lifecycle.list_subscriptions(hubspot.app.client_id)
    assert not hubspot._world.lifecycle.list_journal(hubspot.app.client_id)


def test_no_such_events() -> None:
    """A subscription to unknown events raises."""
    with running_hubspot() as hubspot, pytest.raises(KeyError, match="4-1"):
        hubspot._world.lifecycle.subscribe(hubspot.app.client_id, "4-1")


@pytest.mark.parametrize("until", ["x", "", "-1", "\u0661", "9" * 5000])
def test_link_until_never(hubspot: HubSpot, http: httpx2.Client, until: str) -> None:
    """A link that is signed well, and ends at no moment, is over."""
    query = {
        "app": hubspot.app.client_id,
        "until": until,
        "signature": _sign_link(hubspot.app, "1", until),
    }
    answer = http.get("/webhooks-journal/pages/1", params=query)

    assert (answer.status_code, answer.json()["message"]) == (403, "The link has expired.")
