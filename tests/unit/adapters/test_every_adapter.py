"""What holds for each adapter; the libraries and SDKs are the real ones."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from portalkey.broker import Broker
from portalkey.errors import NeedsReconnect, NotConnected, NotHubSpot
from portalkey_simulator import HubSpot
from support.adapting import ADAPTERS, Ask
from support.front import Front

FIRST, SECOND = 4410001, 4410002
CONTACTS = "/crm/v3/objects/contacts"


@pytest.fixture(params=ADAPTERS)
def make(request: pytest.FixtureRequest, stack: ExitStack, broker: Broker) -> Callable[[str], Ask]:
    """Makes clients, with each adapter."""
    return lambda owner: ADAPTERS[request.param](stack, broker, owner)


def renewals(hubspot: HubSpot) -> int:
    """How often HubSpot was asked to renew."""
    return sum(a.form.get("grant_type") == "refresh_token" for a in hubspot.requests)


def sixteen(ask: Ask) -> set[int]:
    """The statuses of sixteen requests at once."""
    with ThreadPoolExecutor(16) as pool:
        return {status for status, _ in pool.map(ask, [CONTACTS] * 16)}


def test_after_the_expiry_sixteen_threads_renew_once(
    make: Callable[[str], Ask], owner: str, hubspot: HubSpot, front: Front, ahead: Any
) -> None:
    """A client that is held goes on with the new token."""
    ask = make(owner)
    assert ask(CONTACTS)[1]["hub_id"] == FIRST
    ahead.seconds += 1801
    hubspot.clock.move(1801)

    assert sixteen(ask) == {200}
    assert renewals(hubspot) == 1
    assert len(front.seen) == 17, "nothing had to be repeated"


def test_a_token_that_died_early_is_renewed_once(
    make: Callable[[str], Ask], owner: str, broker: Broker, hubspot: HubSpot, front: Front
) -> None:
    """Each request is repeated with the one new token, and nobody sees a 401."""
    ask = make(owner)
    front.dead.add(dead := broker.access_token(owner))

    assert sixteen(ask) == {200}
    assert renewals(hubspot) == 1
    assert set(front.tokens) == {dead, broker.access_token(owner)}


def test_a_401_that_stays_is_the_callers(
    make: Callable[[str], Ask], owner: str, hubspot: HubSpot, front: Front
) -> None:
    """A request is repeated once, and not at all where no other token can be had."""
    ask = make(owner)
    front.is_deaf = True

    assert ask(CONTACTS) == (401, None)
    assert len(set(front.tokens)) == len(front.seen) == 2
    assert ask(CONTACTS) == (401, None)
    assert len(front.seen) == 3
    assert renewals(hubspot) == 1


def test_an_app_that_was_uninstalled(
    make: Callable[[str], Ask], owner: str, broker: Broker, hubspot: HubSpot, front: Front
) -> None:
    """The person is asked to reconnect, in portalkey's words and not in the library's."""
    ask = make(owner)
    front.dead.add(broker.access_token(owner))
    hubspot.uninstall(FIRST)

    with pytest.raises(NeedsReconnect):
        ask(CONTACTS)
    assert len(front.seen) == 1


def test_nobody_is_connected(make: Callable[[str], Ask], front: Front) -> None:
    """It is said at once, and nothing is sent."""
    with pytest.raises(NotConnected):
        make("nobody")(CONTACTS)
    assert front.seen == []


def test_two_owners_from_many_threads(
    make: Callable[[str], Ask],
    connect: Callable[[str, int], str],
    hubspot: HubSpot,
    front: Front,
    ahead: Any,
) -> None:
    """Nobody ever gets another's account, across an expiry and a death either."""
    asks = {FIRST: make(connect("ada", FIRST)), SECOND: make(connect("bob", SECOND))}

    def mixed() -> None:
        with ThreadPoolExecutor(16) as pool:
            answers = pool.map(lambda n: (n, asks[n](CONTACTS)), [FIRST, SECOND] * 16)
        assert {(n, told["hub_id"]) for n, (_, told) in answers} == {(n, n) for n in asks}

    mixed()
    ahead.seconds += 1801
    hubspot.clock.move(1801)
    mixed()
    front.dead.add(front.tokens[-1])
    mixed()


def test_another_host_than_hubspots(
    make: Callable[[str], Ask], owner: str, elsewhere: Front
) -> None:
    """Nothing is sent there, not even without the token."""
    ask = make(owner)

    with pytest.raises(NotHubSpot):
        ask(f"{elsewhere.url}{CONTACTS}")
    assert elsewhere.seen == []


def test_a_redirect_to_another_host(
    make: Callable[[str], Ask],
    owner: str,
    elsewhere: Front,
    front: Front,
    hubspot: HubSpot,
) -> None:
    """The token stays behind, and what the other host says of it renews nothing."""
    front.moved[CONTACTS] = f"{elsewhere.url}/taken"

    assert make(owner)(CONTACTS) == (401, None)
    assert elsewhere.tokens == [None]
    assert len(front.seen) == 1
    assert renewals(hubspot) == 0


def test_a_redirect_at_hubspot(make: Callable[[str], Ask], owner: str, front: Front) -> None:
    """The token goes along."""
    front.moved[CONTACTS] = f"{front.url}/crm/v4/moved"

    assert make(owner)(CONTACTS)[1]["hub_id"] == FIRST
    assert len(set(front.tokens)) == 1


def test_no_log_holds_a_token(
    make: Callable[[str], Ask],
    owner: str,
    broker: Broker,
    front: Front,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever is logged on the way, at the lowest level."""
    caplog.set_level(logging.DEBUG)
    ask = make(owner)
    front.dead.add(broker.access_token(owner))
    ask(CONTACTS)

    assert caplog.records
    assert len(set(front.tokens)) == 2
    for token in front.tokens:
        assert token is not None
        assert token not in caplog.text
