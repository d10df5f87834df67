"""The adapters under an event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import httpx2
import hubspot_sdk
import pytest

from portalkey.adapters.httpx import HttpxAuth
from portalkey.adapters.httpx2 import HttpxAuth as Httpx2Auth
from portalkey.adapters.hubspot_sdk import async_hubspot_client
from portalkey.broker import Broker
from portalkey.errors import NeedsReconnect, NotConnected, NotHubSpot
from portalkey_simulator import HubSpot
from support.front import NO_TLS, Front

FIRST = 4410001
CONTACTS = "/crm/v3/objects/contacts"
Ask = Callable[[str], Awaitable[int]]
Work = Callable[[Ask], Awaitable[Any]]


async def _with_httpx(broker: Broker, owner: str, work: Work) -> Any:
    async with httpx.AsyncClient(auth=HttpxAuth(broker, owner), verify=NO_TLS) as client:

        async def ask(path: str) -> int:
            return (await client.get(_absolute(broker, path))).status_code

        return await work(ask)


async def _with_httpx2(broker: Broker, owner: str, work: Work) -> Any:
    async with httpx2.AsyncClient(auth=Httpx2Auth(broker, owner), verify=NO_TLS) as client:

        async def ask(path: str) -> int:
            return (await client.get(_absolute(broker, path))).status_code

        return await work(ask)


async def _with_sdk(broker: Broker, owner: str, work: Work) -> Any:
    async with async_hubspot_client(broker, owner) as client:

        async def ask(path: str) -> int:
            try:
                await client.get(path, cast_to=object)
            except hubspot_sdk.APIStatusError as error:
                return int(error.status_code)
            return 200

        return await work(ask)


def _absolute(broker: Broker, path: str) -> str:
    return path if path.startswith("http") else f"{broker.settings.api_url}{path}"


@pytest.fixture(params=[_with_httpx, _with_httpx2, _with_sdk], ids=["httpx", "httpx2", "sdk"])
def run(request: pytest.FixtureRequest, broker: Broker) -> Callable[[str, Work], Any]:
    """Runs work of an owner's on an event loop, with each adapter."""
    return lambda owner, work: asyncio.run(request.param(broker, owner, work))


async def sixteen(ask: Ask, front: Front) -> set[int]:
    """The statuses of sixteen requests at once; HubSpot answers only if the loop goes on."""
    front.gate = threading.Event()
    front.renewing.clear()
    asking = asyncio.gather(*(ask(CONTACTS) for _ in range(16)))
    while not front.renewing.is_set():  # noqa: ASYNC110 - a thread sets it
        await asyncio.sleep(0.001)
    front.gate.set()
    return set(await asking)


def renewals(hubspot: HubSpot) -> int:
    """How often HubSpot was asked to renew."""
    return sum(a.form.get("grant_type") == "refresh_token" for a in hubspot.requests)


def test_the_loop_goes_on_while_a_token_is_renewed(
    run: Callable[[str, Work], Any], owner: str, hubspot: HubSpot, front: Front, ahead: Any
) -> None:
    """One slow refresh serves sixteen tasks, and the others are not held up."""
    ahead.seconds += 1801
    hubspot.clock.move(1801)

    assert run(owner, lambda ask: sixteen(ask, front)) == {200}
    assert renewals(hubspot) == 1
    assert front.was_opened == [True]


def test_the_loop_goes_on_while_a_401_is_seen_to(
    run: Callable[[str, Work], Any], owner: str, broker: Broker, hubspot: HubSpot, front: Front
) -> None:
    """As above, where the token died early."""
    front.dead.add(broker.access_token(owner))

    assert run(owner, lambda ask: sixteen(ask, front)) == {200}
    assert renewals(hubspot) == 1
    assert front.was_opened == [True]


def test_a_401_that_stays_under_a_loop(
    run: Callable[[str, Work], Any], owner: str, front: Front
) -> None:
    """It is the caller's, after one repetition."""
    front.is_deaf = True

    assert run(owner, lambda ask: ask(CONTACTS)) == 401
    assert len(set(front.tokens)) == len(front.seen) == 2
    assert run(owner, lambda ask: ask(CONTACTS)) == 401
    assert len(front.seen) == 3


def test_what_is_wrong_under_a_loop(
    run: Callable[[str, Work], Any],
    owner: str,
    broker: Broker,
    hubspot: HubSpot,
    front: Front,
    elsewhere: Front,
) -> None:
    """It is told in portalkey's words."""
    with pytest.raises(NotConnected):
        run("nobody", lambda ask: ask(CONTACTS))
    with pytest.raises(NotHubSpot):
        run(owner, lambda ask: ask(f"{elsewhere.url}{CONTACTS}"))
    assert front.seen == elsewhere.seen == []

    front.dead.add(broker.access_token(owner))
    hubspot.uninstall(FIRST)
    with pytest.raises(NeedsReconnect):
        run(owner, lambda ask: ask(CONTACTS))


async def pieces() -> AsyncIterator[bytes]:
    """A body that can be read only once."""
    yield b"once"


@pytest.mark.parametrize(("module", "auth"), [(httpx, HttpxAuth), (httpx2, Httpx2Auth)])
def test_a_streamed_body_under_a_loop(
    module: Any,
    auth: Any,
    owner: str,
    broker: Broker,
    front: Front,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not sent again, and the caller gets the 401."""
    front.dead.add(broker.access_token(owner))

    async def post() -> int:
        async with module.AsyncClient(auth=auth(broker, owner), verify=NO_TLS) as client:
            answer = await client.post(f"{front.url}{CONTACTS}", content=pieces())
            return int(answer.status_code)

    assert asyncio.run(post()) == 401
    assert [each.body for each in front.seen] == [b"once"]
    assert [each.levelname for each in caplog.records if each.name == "portalkey.adapters"]
