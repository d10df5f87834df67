"""Batches of the webhooks journal, and filters of its subscriptions."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import HubSpot
from portalkey_simulator.world.lifecycle import EVENT_TYPES

Grant = Callable[..., dict[str, str]]
Connect = Callable[..., dict[str, Any]]

SUBSCRIPTIONS = "/webhooks-journal/subscriptions/2026-09"
BATCH = "/webhooks-journal/journal/2026-09/batch"
CONDITION = {"filterType": "CRM_OBJECT_PROPERTY", "operator": "EQ", "property": "email"}


@pytest.fixture
def headers(app_token: Grant) -> dict[str, str]:
    """A token of the app for all of the journal."""
    return app_token("read", "subscriptions.read", "subscriptions.write")


@pytest.fixture
def offsets(hubspot: HubSpot, connect: Connect) -> list[str]:
    """Three entries: two installs and an uninstall."""
    lifecycle, app = hubspot._world.lifecycle, hubspot.app.client_id
    for event_type in EVENT_TYPES:
        lifecycle.subscribe(app, event_type)
    connect(4410001)
    connect(4410002)
    hubspot.uninstall(4410001)
    entries = lifecycle.list_journal(app)
    assert entries is not None
    return [one.offset for one in entries]


def read(answer: httpx2.Response) -> list[str]:
    """The offsets of the links in an answer."""
    body = answer.raise_for_status().json()
    assert body["status"] == "COMPLETE"
    return [one["currentOffset"] for one in body["results"]]


def test_batches(http: httpx2.Client, headers: dict[str, str], offsets: list[str]) -> None:
    """Each is the oldest first, and may be shorter than what was asked for."""

    def get(path: str) -> list[str]:
        return read(http.get(f"{BATCH}/{path}", headers=headers))

    assert get("earliest/2") == offsets[:2]
    assert get("latest/2") == offsets[1:]
    assert get("earliest/99") == offsets
    assert get(f"{offsets[0]}/next/9") == offsets[1:]
    assert get(f"{offsets[2]}/next/9") == []
    assert get("earliest/9?installPortalId=4410002") == [offsets[1]]


def test_links_of_a_batch_lead_to_their_files(
    http: httpx2.Client, headers: dict[str, str], offsets: list[str]
) -> None:
    """Without a token, each to its own."""
    links = http.get(f"{BATCH}/earliest/3", headers=headers).json()["results"]

    assert [http.get(one["url"]).json()["offset"] for one in links] == offsets


def test_entries_by_their_offsets(
    http: httpx2.Client, headers: dict[str, str], offsets: list[str]
) -> None:
    """Those that are known come, and of the others an error tells."""
    wanted = {"inputs": [offsets[2], offsets[0]]}
    good = http.post(f"{BATCH}/read", json=wanted, headers=headers)
    wanted["inputs"].append("unknown")
    mixed = http.post(f"{BATCH}/read", json=wanted, headers=headers)

    assert (good.status_code, read(good)) == (200, [offsets[2], offsets[0]])
    assert (mixed.status_code, read(mixed)) == (207, [offsets[2], offsets[0]])
    assert mixed.json()["numErrors"] == 1
    assert mixed.json()["errors"][0]["context"] == {"ids": ["unknown"]}


@pytest.mark.parametrize("body", [[], {}, {"inputs": "x"}, {"inputs": [1]}])
def test_bodies_that_name_no_offsets(
    http: httpx2.Client, headers: dict[str, str], body: object
) -> None:
    """Are told so."""
    assert http.post(f"{BATCH}/read", json=body, headers=headers).status_code == 400


@pytest.mark.parametrize("count", ["0", "-1", "x", "1.5", "2147483648", "\u0661"])
def test_counts_that_are_none(
    http: httpx2.Client, headers: dict[str, str], offsets: list[str], count: str
) -> None:
    """Are refused at each of the three."""
    for path in ("earliest", "latest", f"{offsets[0]}/next"):
        answer = http.get(f"{BATCH}/{path}/{count}", headers=headers)
        assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_status_of_a_snapshot(http: httpx2.Client, headers: dict[str, str]) -> None:
    """None was ever asked for."""
    path = "/webhooks-journal/journal/2026-09/status/653834b3-7666-4bb3-88d9-0e8951915a86"
    assert http.get(path, headers=headers).json()["category"] == "OBJECT_NOT_FOUND"


def test_filters(hubspot: HubSpot, http: httpx2.Client, headers: dict[str, str]) -> None:
    """They are added, shown and taken away, and go with their subscription."""
    lifecycle, app = hubspot._world.lifecycle, hubspot.app.client_id
    one, other = [lifecycle.subscribe(app, each).number for each in EVENT_TYPES]
    wanted = {"subscriptionId": one, "filter": {"conditions": [CONDITION | {"value": "a"}]}}

    def add() -> int:
        answer = http.post(f"{SUBSCRIPTIONS}/filters", json=wanted, headers=headers)
        return int(answer.raise_for_status().json()["filterId"])

    first, second = add(), add()
    shown = http.get(f"{SUBSCRIPTIONS}/filters/{first}", headers=headers).json()
    assert shown.pop("createdAt") > 1_700_000_000_000
    assert shown == {"id": first, "filter": wanted["filter"]}
    of_one = f"{SUBSCRIPTIONS}/filters/subscription/{one}"
    assert [each["id"] for each in http.get(of_one, headers=headers).json()] == [first, second]
    of_other = f"{SUBSCRIPTIONS}/filters/subscription/{other}"
    assert http.get(of_other, headers=headers).json() == []
    gone = http.delete(f"{SUBSCRIPTIONS}/filters/{first}", headers=headers)
    assert gone.status_code == 204
    assert http.get(f"{SUBSCRIPTIONS}/filters/{first}", headers=headers).status_code == 404
    http.delete(f"{SUBSCRIPTIONS}/{one}", headers=headers).raise_for_status()
    assert lifecycle.list_filters(app) == ()
    assert http.get(of_one, headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"subscriptionId": 99}, 404),
        ({"subscriptionId": "1"}, 400),
        ({"filter": []}, 400),
        ({"filter": {"conditions": [{**CONDITION, "operator": "LIKE"}]}}, 400),
        ({"filter": {"conditions": [{**CONDITION, "filterType": []}]}}, 400),
        ({"filter": {"conditions": [{**CONDITION, "value": 1}]}}, 400),
        ({"filter": {"conditions": [{**CONDITION, "values": [1]}]}}, 400),
    ],
)
def test_filters_that_cannot_be(
    hubspot: HubSpot,
    http: httpx2.Client,
    headers: dict[str, str],
    change: dict[str, object],
    status: int,
) -> None:
    """Nothing is kept of them."""
    lifecycle, app = hubspot._world.lifecycle, hubspot.app.client_id
    number = lifecycle.subscribe(app, "4-1909196").number
    wanted = {"subscriptionId": number, "filter": {"conditions": [CONDITION]}, **change}

    answer = http.post(f"{SUBSCRIPTIONS}/filters", json=wanted, headers=headers)
    assert answer.status_code == status
    assert lifecycle.list_filters(app) == ()


def test_subscriptions_of_an_account(
    hubspot: HubSpot, http: httpx2.Client, headers: dict[str, str]
) -> None:
    """Those to lifecycle events are for all accounts, and stay."""
    lifecycle, app = hubspot._world.lifecycle, hubspot.app.client_id
    lifecycle.subscribe(app, "4-1909196")

    assert http.delete(f"{SUBSCRIPTIONS}/portals/4410001", headers=headers).status_code == 204
    assert http.delete(f"{SUBSCRIPTIONS}/portals/x", headers=headers).status_code == 400
    assert len(lifecycle.list_subscriptions(app)) == 1
