"""Searching the records, and a body that asks for what cannot be."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Grant = Callable[..., dict[str, str]]
Search = Callable[..., httpx2.Response]

PATH = "/crm/v3/objects/contacts/search"


@pytest.fixture
def search(http: httpx2.Client, grant: Grant) -> Search:
    """Searches the contacts of the first account."""
    headers = grant("crm.objects.contacts.read")
    return lambda body: http.post(PATH, json=body, headers=headers)


def found(answer: httpx2.Response) -> list[str]:
    """The first names of those that were found."""
    body = answer.raise_for_status().json()
    assert body["total"] >= len(body["results"])
    return [each["properties"]["firstname"] for each in body["results"]]


def group(name: str, operator: str, **rest: Any) -> dict[str, Any]:
    """A group of one filter."""
    return {"filters": [{"propertyName": name, "operator": operator, **rest}]}


def test_all_of_them(search: Search) -> None:
    """A search for nothing finds everything, page by page."""
    first = search({}).json()
    after = first["paging"]["next"]["after"]
    rest = search({"after": after}).json()

    assert (first["total"], len(first["results"]), len(rest["results"])) == (12, 10, 2)
    assert "paging" not in rest
    assert search({"limit": 1, "properties": ["email"]}).json()["results"][0]["properties"]["email"]


def test_query(search: Search) -> None:
    """A word has to stand in some property, in any case."""
    assert found(search({"query": "DILNOZA"})) == ["Dilnoza"]
    assert found(search({"query": "nobody at all"})) == []


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ([group("firstname", "EQ", value="Edda")], {"Edda"}),
        ([group("firstname", "IN", values=["Edda", "Ivo"])], {"Edda", "Ivo"}),
        ([group("email", "CONTAINS_TOKEN", value="*farid*")], {"Farid"}),
        ([group("phone", "HAS_PROPERTY")], set()),
        ([group("phone", "CONTAINS_TOKEN", value="1")], set()),
        (
            [
                {
                    "filters": [
                        *group("phone", "NOT_HAS_PROPERTY")["filters"],
                        *group("firstname", "EQ", value="Hana")["filters"],
                    ]
                }
            ],
            {"Hana"},
        ),
        ([group("firstname", "EQ", value=n) for n in ("Greta", "Jun")], {"Greta", "Jun"}),
        ([group("firstname", "LT", value="B")], {"Ada"}),
        ([group("firstname", "GTE", value="Jun")], {"Jun"}),
        ([group("createdate", "LTE", value="2026-01-02")], {"Ada"}),
        ([group("createdate", "LT", value="1767312000000")], {"Ada"}),
        (
            [group("createdate", "BETWEEN", value="2026-01-03", highValue="2026-01-03T23:59:59Z")],
            {"Chidi"},
        ),
        ([group("createdate", "BETWEEN", value="2026-01-03")], set()),
        ([group("phone", "BETWEEN", value="1", highValue="2")], set()),
        ([group("phone", "GT", value="1")], set()),
        ([group("firstname", "GT")], set()),
        ([group("createdate", "LT", value="0001-01-01T00:00:00+23:59")], set()),
    ],
)
def test_filters(search: Search, groups: list[dict[str, Any]], names: set[str]) -> None:
    """All filters of one group have to fit."""
    assert set(found(search({"filterGroups": groups}))) == names


def test_all_have_a_day_of_their_own(search: Search) -> None:
    """A record is found by any of its properties; a word is not looked for in dates."""
    every = search({"filterGroups": [group("createdate", "HAS_PROPERTY")], "limit": 200})

    assert every.json()["total"] == 12
    without = [group("email", "NOT_CONTAINS_TOKEN", value="ada")]
    assert "Ada" not in found(search({"filterGroups": without}))
    assert found(search({"query": "2026-01"})) == []
    assert search({"limit": 201}).status_code == 400


def test_filters_that_leave_out(search: Search) -> None:
    """Records that a filter excludes are left out."""
    for groups in (
        [group("firstname", "NEQ", value="Ada")],
        [group("firstname", "NOT_IN", values=["Ada"])],
    ):
        names = found(search({"filterGroups": groups}))
        assert "Ada" not in names
        assert "Bela" in names


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"query": 1},
        {"limit": 0},
        {"limit": 201},
        {"limit": True},
        {"limit": 1.5},
        {"after": "x"},
        {"after": "9" * 5000},
        {"properties": "email"},
        {"properties": [1]},
        {"filterGroups": {}},
        {"filterGroups": [1]},
        {"filterGroups": [{"filters": [1]}]},
        {"filterGroups": [group("a", "LIKE", value="b")]},
        {"filterGroups": [{"filters": [{"propertyName": "a", "operator": []}]}]},
        {"filterGroups": [{"filters": [{"operator": "EQ", "value": "b"}]}]},
        {"filterGroups": [group("a", "EQ", value=1)]},
        {"filterGroups": [group("a", "IN", values="b")]},
    ],
)
def test_searches_that_cannot_be(search: Search, body: object) -> None:
    """Each is refused, and the answer says what it should be."""
    answer = search(body)

    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert " has to be " in answer.json()["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json(http: httpx2.Client, grant: Grant, body: bytes) -> None:
    """It is told so."""
    headers = grant("crm.objects.contacts.read")
    answer = http.post(PATH, content=body, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid input JSON"


def test_half_a_character(http: httpx2.Client, grant: Grant) -> None:
    """JSON can hold what is no text; it finds nothing."""
    headers = grant("crm.objects.contacts.read")
    answer = http.post(PATH, content=json.dumps({"query": "\ud800"}), headers=headers)

    assert answer.json()["total"] == 0
