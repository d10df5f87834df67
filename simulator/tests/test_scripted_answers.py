"""Answers laid down in advance, and what was asked."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import HubSpot

Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]


def test_answers_in_their_order(hubspot: HubSpot, connect: Connect, refresh: Send) -> None:
    """Each answer laid down is given once, and then the endpoint is itself again."""
    token = connect()["refresh_token"]
    hubspot.next_token_answer(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"})
    hubspot.next_token_answer(429, {"errorType": "RATE_LIMIT"}, {"Retry-After": "7"})

    first, second, third = refresh(token), refresh(token), refresh(token)
    assert (first.status_code, first.text) == (502, "<html>Bad gateway</html>")
    assert second.json() == {"errorType": "RATE_LIMIT"}
    assert (
        second.headers["Retry-After"],
        second.headers["Content-Type"],
    ) == ("7", "application/json")
    assert third.status_code == 200


def test_scripted_answer_does_no_work(hubspot: HubSpot, connect: Connect, refresh: Send) -> None:
    """A scripted answer stands for the endpoint: nothing is issued or ended."""
    hubspot.switches.rotate_refresh_tokens = True
    token = connect()["refresh_token"]
    hubspot.next_token_answer(500)

    assert refresh(token).status_code == 500
    assert refresh(token).status_code == 200


def test_refusal_by_its_word(hubspot: HubSpot, refresh: Send) -> None:
    """Any row of the table can be asked for, also one that is never met otherwise."""
    hubspot.next_token_refusal("BAD_HUB")

    answer = refresh("na1-any")
    assert (answer.status_code, answer.json()["status"]) == (403, "BAD_HUB")
    with pytest.raises(ValueError, match="BAD_HUB"):
        hubspot.next_token_refusal("BAD_LUCK")


def test_late_answer(hubspot: HubSpot, connect: Connect, refresh: Send) -> None:
    """Without a status the work is done at once and the true answer comes late."""
    token = connect()["refresh_token"]
    hubspot.next_token_answer(delay=0.1)

    begun = time.monotonic()
    assert refresh(token).status_code == 200
    assert time.monotonic() - begun >= 0.1


def test_late_refusal(hubspot: HubSpot, refresh: Send) -> None:
    """A refusal comes late in the same way."""
    hubspot.next_token_answer(delay=0.1)

    begun = time.monotonic()
    assert refresh("na1-unknown").status_code == 400
    assert time.monotonic() - begun >= 0.1


def test_stop_does_not_wait_for_late_answers(hubspot: HubSpot, refresh: Send) -> None:
    """A simulator that stops sends what is late at once."""
    hubspot.next_token_answer(delay=60)
    asker = threading.Thread(target=refresh, args=("na1-unknown",))
    asker.start()
    # Taken off the pile, the answer is under way.
    while hubspot.faults.rules:
        time.sleep(0.001)

    begun = time.monotonic()
    hubspot.stop()
    asker.join()
    assert time.monotonic() - begun < 10


def test_requests_are_kept(hubspot: HubSpot, connect: Connect, http: httpx2.Client) -> None:
    """Requests to the API stand there in full, oldest first; pages do not."""
    token = connect()["access_token"]
    http.get("/account-info/2026-03/details", headers={"Authorization": f"Bearer {token}"})
    http.get("/isalive")
    http.post("/oauth/v1/token", data={"a": "b"})

    exchange, details, old = hubspot.requests
    assert (
        exchange.method,
        exchange.path,
        exchange.status,
    ) == ("POST", "/oauth/2026-03/token", 200)
    assert exchange.form["grant_type"] == "authorization_code"
    assert hubspot.app.client_secret == exchange.form["client_secret"]
    assert f"Bearer {token}" == details.headers["authorization"]
    assert (details.form, details.status) == ({}, 200)
    assert (old.form, old.status) == ({"a": "b"}, 400)


def test_requests_do_not_show_secrets(
    hubspot: HubSpot, connect: Connect, http: httpx2.Client
) -> None:
    """A failing assertion prints requests; secrets are left out."""
    body = connect()
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    http.get("/account-info/2026-03/details", headers=headers)

    shown = repr(hubspot.requests)
    assert "/oauth/2026-03/token" in shown
    for secret in (hubspot.app.client_secret, body["access_token"], body["refresh_token"], "na1-"):
        assert secret not in shown


def test_scripted_answers_are_noted(hubspot: HubSpot, refresh: Send) -> None:
    """The status of an answer laid down is noted like any other."""
    hubspot.next_token_answer(503)
    refresh("na1-any")

    assert [asked.status for asked in hubspot.requests] == [503]
