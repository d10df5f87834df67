"""Requests that no endpoint takes: in the form of their readers."""

import httpx2
import pytest

from portalkey_simulator import HubSpot


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/oauth/2026-03/token", 405),
        ("POST", "/oauth/v2/token", 404),
        ("POST", "/crm/v3/objects/contacts", 405),
        ("GET", "/crm/v3/objects/unicorns", 404),
        ("GET", "/webhooks-journal/journal/2026-03/oldest", 404),
        ("POST", "/account-info/2026-03/details", 405),
        ("GET", "/contacts/v1/lists/all/contacts/all", 404),
        ("GET", "/.well-known/oauth-authorization-server", 404),
        ("GET", "/marketing/v3/emails", 404),
        ("GET", "/oauth/1/2/authorize", 404),
        ("GET", "/marketplace/a/b", 404),
        ("POST", "/nowhere", 404),
    ],
)
def test_path_of_no_page(
    hubspot: HubSpot, http: httpx2.Client, method: str, path: str, status: int
) -> None:
    """A program gets JSON in the form of other errors, and ``Allow`` where it has to; it is noted.

    HubSpot's own quickstart reads contacts at an old path, and reads the answer as JSON.
    """
    answer = http.request(method, path)
    told = answer.json()

    assert (answer.status_code, told["status"]) == (status, "error")
    assert told["message"]
    assert told["correlationId"] == answer.headers["X-HubSpot-Correlation-Id"]
    assert ("Allow" in answer.headers) == (status == 405)
    asked = hubspot.requests[-1]
    assert (asked.method, asked.path, asked.status) == (method, path, status)


def test_large_body_at_the_api(http: httpx2.Client) -> None:
    """A program that sends too much is told so in JSON."""
    answer = http.post("/oauth/2026-03/token", content=b"a" * 300_000)

    assert (answer.status_code, answer.json()["status"]) == (413, "error")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/oauth/authorize"), ("DELETE", "/marketplace/x"), ("PUT", "/")],
)
def test_path_of_people(hubspot: HubSpot, http: httpx2.Client, method: str, path: str) -> None:
    """A person gets a page, and it is no request of a program's."""
    answer = http.request(method, path)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Simulated HubSpot" in answer.text
    assert hubspot.requests == ()


def test_icon_that_browsers_look_for(hubspot: HubSpot, http: httpx2.Client) -> None:
    """It is missing, and nobody's program asked."""
    assert http.get("/favicon.ico").status_code == 404
    assert hubspot.requests == ()
