"""A simulator that runs for long: what nobody asks for any more is forgotten."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import ACCOUNTS, HubSpot
from portalkey_simulator.world import World, ledger, request_log
from portalkey_simulator.world.apps import DEFAULT_APP
from portalkey_simulator.world.installs import Agreement
from portalkey_simulator.world.ledger import IssuedTokens
from portalkey_simulator.world.request_log import LoggedRequest, RequestLog

AGREEMENT = Agreement(DEFAULT_APP.client_id, ACCOUNTS[0], ("oauth",), ACCOUNTS[0].users[0])


@pytest.fixture
def world() -> World:
    """A simulator's state, without a server."""
    return World([DEFAULT_APP])


def connected(world: World) -> IssuedTokens:
    """Tokens for the ready-made app."""
    code = world.ledger.issue_code(AGREEMENT, "", None)
    return world.ledger.spend_code(
        code, client_id=AGREEMENT.client_id, redirect_uri="", verifier=""
    )


def test_record_of_many_requests() -> None:
    """The last ten thousand requests are kept, and how many came before them is known."""
    kept = RequestLog()
    for number in range(request_log.MOST_KEPT + 3):
        kept.add(LoggedRequest("GET", f"/{number}", {}, {}, 200))

    assert (len(kept.requests), kept.requests[0].path) == (10_000, "/3")
    assert kept.numbered_requests[0] == 3


def test_old_access_tokens(world: World) -> None:
    """Tokens past their time are told so for long, and forgotten once ten thousand came since."""
    first = connected(world)
    world.clock.move(86_400)
    second = connected(world)
    for _ in range(ledger.MOST_KEPT - 2):
        world.ledger.refresh(first.refresh_token, client_id=AGREEMENT.client_id)
    assert world.ledger.access(first.access_token)

    world.ledger.refresh(first.refresh_token, client_id=AGREEMENT.client_id)
    assert world.ledger.access(first.access_token) is None

    world.ledger.refresh(first.refresh_token, client_id=AGREEMENT.client_id)
    assert world.ledger.access(second.access_token), "it lives, so it is kept whatever comes"


def test_state_with_many_tokens(
    hubspot: HubSpot, http: httpx2.Client, connect: Callable[..., dict[str, Any]]
) -> None:
    """The newest fifty of each kind are shown, and how many there are in all."""
    refresh = connect()["refresh_token"]
    for _ in range(60):
        last = hubspot._world.ledger.refresh(refresh, client_id=hubspot.app.client_id)
    state = http.get("/control/state").json()

    assert state["token_count"] == 62
    assert [each["kind"] for each in state["tokens"]] == ["refresh"] + ["access"] * 50
    assert state["tokens"][-1]["token"].endswith(last.access_token[-4:])
