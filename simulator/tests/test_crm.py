"""Reading contacts, companies and deals."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator.world.accounts import User

Grant = Callable[..., dict[str, str]]

CONTACTS = "/crm/v3/objects/contacts"
READ = {kind: f"crm.objects.{kind}.read" for kind in ("contacts", "companies", "deals")}


@pytest.mark.parametrize("objects", ["/crm/v3/objects", "/crm/objects/2026-03"])
@pytest.mark.parametrize("kind", list(READ))
def test_records(http: httpx2.Client, grant: Grant, objects: str, kind: str) -> None:
    """Each kind is there on both kinds of paths, page by page and one by one."""
    headers = grant(READ[kind])
    found: list[dict[str, Any]] = []
    after: str | None = "0"
    while after is not None:
        query = {"limit": "3", "after": after}
        page = http.get(f"{objects}/{kind}", params=query, headers=headers).json()
        assert len(page["results"]) <= 3
        found += page["results"]
        after = page.get("paging", {"next": {"after": None}})["next"]["after"]

    assert len({each["id"] for each in found}) == len(found) >= 5
    for each in found:
        assert each["properties"]["hs_object_id"] == each["id"]
        assert http.get(f"{objects}/{kind}/{each['id']}", headers=headers).json() == each


def test_the_usual_page(http: httpx2.Client, grant: Grant) -> None:
    """Ten come at a time, and there are always the same ones, others in every account."""
    here, there = grant(READ["contacts"]), grant(READ["contacts"], hub_id=4410002)
    page = http.get(CONTACTS, headers=here).json()

    assert len(page["results"]) == 10
    assert page == http.get(CONTACTS, headers=here).json()
    elsewhere = http.get(CONTACTS, headers=there).json()
    assert page["results"][0]["id"] != elsewhere["results"][0]["id"]


def test_some_properties(http: httpx2.Client, grant: Grant) -> None:
    """Those that are asked for come, and those that always come."""
    headers = grant(READ["contacts"])
    always = {"createdate", "hs_object_id", "lastmodifieddate"}

    for query in ("properties=email,lastname", "properties=email&properties=lastname,nonsense"):
        [first, *_] = http.get(f"{CONTACTS}?{query}", headers=headers).json()["results"]
        assert set(first["properties"]) == always | {"email", "lastname"}


def test_archived(http: httpx2.Client, grant: Grant) -> None:
    """Nothing was ever deleted here."""
    headers = grant(READ["contacts"])

    assert http.get(f"{CONTACTS}?archived=true", headers=headers).json() == {"results": []}


@pytest.mark.parametrize(
    "query",
    [
        *(f"limit={each}" for each in ("0", "101", "-1", "x", "", "%D9%A3")),
        *(f"after={each}" for each in ("x", "10001", "9" * 5000)),
    ],
)
def test_pages_that_cannot_be(http: httpx2.Client, grant: Grant, query: str) -> None:
    """A page is counted in whole numbers that make sense."""
    answer = http.get(f"{CONTACTS}?{query}", headers=grant(READ["contacts"]))

    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_beyond_the_last(http: httpx2.Client, grant: Grant) -> None:
    """There is nothing after the last one."""
    answer = http.get(f"{CONTACTS}?after=5000", headers=grant(READ["contacts"]))

    assert answer.json() == {"results": []}


@pytest.mark.parametrize("identifier", ["1", "x", "99999999999", "%00"])
def test_no_such_record(http: httpx2.Client, grant: Grant, identifier: str) -> None:
    """HubSpot's 404 names the id."""
    answer = http.get(f"{CONTACTS}/{identifier}", headers=grant(READ["contacts"]))
    body = answer.json()

    assert (answer.status_code, body["category"]) == (404, "OBJECT_NOT_FOUND")
    assert body["message"] == "Object not found.  objectId are usually numeric."
    assert answer.headers["X-HubSpot-Correlation-Id"] == body["correlationId"]


@pytest.mark.parametrize("kind", list(READ))
def test_scopes(http: httpx2.Client, grant: Grant, kind: str) -> None:
    """Each kind has a scope of its own, and the refusal names it."""
    others = [scope for name, scope in READ.items() if name != kind]
    headers = grant("oauth", *others)
    path = f"/crm/v3/objects/{kind}"

    for answer in (
        http.get(path, headers=headers),
        http.get(f"{path}/1", headers=headers),
        http.post(f"{path}/search", json={}, headers=headers),
    ):
        assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
        assert answer.json()["errors"][0]["context"]["requiredScopes"] == [READ[kind]]
    assert http.get(path).status_code == 401


@pytest.mark.parametrize("is_user_level", [True, False])
def test_rights_of_the_user(
    http: httpx2.Client,
    grant: Grant,
    is_user_level: bool,  # noqa: FBT001 - the agreement's own type
) -> None:
    """On the level of users a token can do no more than its user; else the account counts."""
    user = User(770109, "ida@harbourpine.example", lacks=frozenset({READ["deals"]}))
    headers = grant(*READ.values(), user=user, is_user_level=is_user_level)

    deals = http.get("/crm/v3/objects/deals", headers=headers)
    assert deals.status_code == (403 if is_user_level else 200)
    assert http.get(CONTACTS, headers=headers).status_code == 200


def test_other_kinds_and_methods(http: httpx2.Client, grant: Grant) -> None:
    """Nothing else is there, and nothing can be written."""
    headers = grant(*READ.values())

    assert http.get("/crm/v3/objects/tickets", headers=headers).status_code == 404
    assert http.get("/crm/objects/2025-09/contacts", headers=headers).status_code == 404
    assert http.post(CONTACTS, json={}, headers=headers).status_code == 405


def test_me(http: httpx2.Client, grant: Grant) -> None:
    """The forerunner of account info tells some of it."""
    headers = grant("oauth", hub_id=4410003)

    assert http.get("/integrations/v1/me", headers=headers).json() == {
        "portalId": 4410003,
        "timeZone": "US/Pacific",
        "utcOffset": "-08:00",
        "utcOffsetMilliseconds": -28_800_000,
        "currency": "USD",
    }
    assert http.get("/integrations/v1/me", headers=grant("tickets")).status_code == 403
