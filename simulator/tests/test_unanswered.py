"""Requests that no endpoint takes: in the form of their readers."""

import httpx2
import pytest


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/oauth/2026-03/token", 405),
        ("POST", "/oauth/v2/token", 404),
        ("POST", "/crm/v3/objects/contacts", 405),
        ("GET", "/crm/v3/objects/unicorns", 404),
        ("GET", "/webhooks-journal/journal/2026-03/oldest", 404),
        ("POST", "/account-info/2026-03/details", 405),
    ],
)
def test_path_of_the_api(http: httpx2.Client, method: str, path: str, status: int) -> None:
    """A program gets JSON in the form of other errors, and ``Allow`` where it has to."""
    answer = http.request(method, path)
    told = answer.json()

    assert (answer.status_code, told["status"]) == (status, "error")
    assert told["message"]
    assert told["correlationId"] == answer.headers["X-HubSpot-Correlation-Id"]
    assert ("Allow" in answer.headers) == (status == 405)


def test_large_body_at_the_api(http: httpx2.Client) -> None:
    """A program that sends too much is told so in JSON."""
    answer = http.post("/oauth/2026-03/token", content=b"a" * 300_000)

    assert (answer.status_code, answer.json()["status"]) == (413, "error")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/oauth/authorize")])
def test_path_of_people(http: httpx2.Client, method: str, path: str) -> None:
    """A person gets a page."""
    assert http.request(method, path).headers["Content-Type"].startswith("text/html")
