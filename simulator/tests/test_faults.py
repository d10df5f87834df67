"""Faults on demand, as a client meets them."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection, IncompleteRead
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import KINDS, PLACES, Fault, Kind
from portalkey_simulator.faults.rules import Faults

PATIENCE = 60.0
"""Seconds that only what is broken takes."""

Connect = Callable[..., dict[str, Any]]
Ask = Callable[[], tuple[int, dict[str, str], bytes]]

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def ask(hubspot: HubSpot, connect: Connect) -> Ask:
    """Asks for a new token over a connection of its own."""
    token = connect()["refresh_token"]
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": hubspot.app.client_id,
        "client_secret": hubspot.app.client_secret,
    }

    def send() -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("localhost", hubspot.port, timeout=PATIENCE)
        try:
            connection.request("POST", "/oauth/2026-03/token", urlencode(form), FORM)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    return send


def issued(hubspot: HubSpot) -> int:
    """Count the access tokens that live."""
    return len(hubspot._world.ledger._access)


@pytest.mark.parametrize("kind", ["drop_before", "drop_during", "drop_after"])
def test_cut_connection(hubspot: HubSpot, ask: Ask, kind: Kind) -> None:
    """Whoever waits is told at once, by a reset; work is done or not as the name says."""
    before = issued(hubspot)
    hubspot.faults.add(kind)

    with pytest.raises(ConnectionResetError):
        ask()

    assert issued(hubspot) - before == (0 if kind == "drop_before" else 1)
    assert hubspot.requests[-1].status == (200 if kind == "drop_during" else 0)
    assert ask()[0] == 200


def test_truncated_body(hubspot: HubSpot, ask: Ask) -> None:
    """Half of what was promised comes, and then the connection ends as if that were all."""
    hubspot.faults.add("truncated")

    with pytest.raises(IncompleteRead) as caught:
        ask()
    assert len(caught.value.partial) == pytest.approx(caught.value.expected or 0, abs=1)
    assert ask()[0] == 200


def test_dripping_body(hubspot: HubSpot, ask: Ask) -> None:
    """Every byte comes, one by one, and the answer is whole."""
    hubspot.faults.add("dripping", seconds=0.0001)

    status, _, body = ask()
    assert status == 200
    assert json.loads(body)["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("kind", "status", "media_type", "is_done"),
    [
        ("rate_limited", 429, "application/json", False),
        ("html_403", 403, "text/html; charset=utf-8", False),
        ("locked", 423, "application/json", False),
        ("migrating", 477, "application/json", False),
        ("unavailable", 503, "application/json", False),
        ("bad_gateway", 502, "text/html; charset=utf-8", False),
        ("gateway_timeout", 504, "text/html; charset=utf-8", True),
        ("empty", 200, "text/html; charset=utf-8", True),
        ("not_json", 200, "text/html; charset=utf-8", True),
    ],
)
def test_answers_of_another_kind(
    hubspot: HubSpot,
    ask: Ask,
    kind: Kind,
    status: int,
    media_type: str,
    is_done: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Each says what its row says, once, and does its work or not."""
    before = issued(hubspot)
    hubspot.faults.add(kind, seconds=7)

    answered, headers, _ = ask()

    assert (answered, headers["Content-Type"]) == (status, media_type)
    assert headers.get("Retry-After") == ("7" if kind in {"rate_limited", "migrating"} else None)
    assert issued(hubspot) - before == int(is_done)
    assert ask()[0] == 200


def test_how_long_is_optional(hubspot: HubSpot, ask: Ask) -> None:
    """Without seconds a limit says nothing of the next try, and a move says an hour."""
    hubspot.faults.add("rate_limited")
    hubspot.faults.add("migrating")

    assert "Retry-After" not in ask()[1]
    assert ask()[1]["Retry-After"] == "3600"


def test_limit_of_the_place(hubspot: HubSpot, ask: Ask, grant: Callable[..., Any]) -> None:
    """The token endpoints have a limit of their own, with the sentence that the switch gives."""
    hubspot.faults.add("rate_limited")
    played = json.loads(ask()[2])
    hubspot.switches.token_requests_per_second = 1
    answers = [ask() for _ in range(3)]
    switched = next(json.loads(body) for status, _, body in answers if status == 429)
    hubspot.faults.add("rate_limited", "crm")
    headers = grant("crm.objects.contacts.read")
    crm = httpx2.get(f"{hubspot.url}/crm/v3/objects/contacts", headers=headers).json()

    assert {**played, "correlationId": ""} == {**switched, "correlationId": ""}
    assert (played["policyName"], "groupName" in played) == ("SECONDLY", False)
    assert crm["policyName"] == "TEN_SECONDLY_ROLLING"
    assert crm["groupName"].startswith("publicapi:private_app-api-calls-ten-secondly:")


def test_numbers_begin_anew(hubspot: HubSpot) -> None:
    """After a reset the first rule is number 1 again."""
    hubspot.faults.add("late")
    hubspot.reset()

    assert hubspot.faults.add("late").number == 1


def test_every_place_has_its_faults(hubspot: HubSpot, ask: Ask) -> None:
    """A rule for one place leaves the others alone, and "api" means all of them."""
    hubspot.faults.add("unavailable", "revoke", times=None)
    assert ask()[0] == 200

    hubspot.faults.add("unavailable", "api", times=None)
    assert ask()[0] == 503


def test_times_and_skip(hubspot: HubSpot, ask: Ask) -> None:
    """A rule waits for so many good answers, happens so often, and is gone."""
    rule = hubspot.faults.add("unavailable", times=2, skip=1)

    assert [ask()[0] for _ in range(4)] == [200, 503, 503, 200]
    assert (rule.happened, hubspot.faults.rules) == (2, ())


def test_rules_are_taken_away(hubspot: HubSpot, ask: Ask) -> None:
    """One by its number, or all of them; a number that is not there is no trouble."""
    first = hubspot.faults.add("unavailable", times=None)
    hubspot.faults.add("locked", times=None)

    assert hubspot.faults.remove(first.number)
    assert not hubspot.faults.remove(first.number)
    assert ask()[0] == 423
    hubspot.faults.clear()
    assert ask()[0] == 200


def test_chance() -> None:
    """So many of the answers go wrong, the same ones again with the same numbers."""
    numbers = iter([0.1, 0.9, 0.49, 0.5])
    faults = Faults(lambda: next(numbers))
    faults.add("unavailable", times=None, chance=0.5)

    assert [faults.take("token") is not None for _ in range(4)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"fault": "fire"}, "'fire'.*drop_before"),
        ({"at": "moon"}, "'moon'.*introspect"),
        ({"fault": Fault("refusal", refusal="BAD_LUCK")}, "BAD_LUCK.*BAD_HUB"),
        ({"times": 0}, "times"),
        ({"skip": -1}, "skip"),
        ({"chance": 0}, "chance"),
        ({"chance": 1.5}, "chance"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"fault": Fault("answer", status=99)}, "status"),
        ({"fault": Fault("answer", status=600)}, "status"),
        ({"fault": Fault("answer", headers={"X": "a\r\nSet-Cookie: b"})}, "headers"),
        ({"fault": Fault("answer", headers={"X": "\U0001d518"})}, "headers"),
        ({"fault": Fault("answer", headers={"X Y": "a"})}, "headers"),
        ({"fault": Fault("answer", headers={"Content-Length": "many"})}, "headers"),
    ],
)
def test_rules_that_make_no_sense(wrong: dict[str, Any], named: str) -> None:
    """The message names the field and what is allowed; no rule is added."""
    faults = Faults(lambda: 0)

    with pytest.raises(ValueError, match=named):
        faults.add(**{"fault": "late", **wrong})
    assert not faults.rules


def test_tables_are_whole() -> None:
    """Every kind and every place has a sentence that says what it is."""
    assert all(KINDS.values())
    assert all(PLACES.values())


def test_latency(hubspot: HubSpot, ask: Ask) -> None:
    """Every answer of the API takes its time, where that is switched on; pages do not."""
    hubspot.switches.latency = 0.1

    begun = time.monotonic()
    assert ask()[0] == 200
    assert time.monotonic() - begun >= 0.1
