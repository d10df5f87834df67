from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import parse_qsl, urlsplit

import pytest

from portalkey.broker import Broker
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.front import Front

FIRST = 4410001


@pytest.fixture
def front(hubspot: HubSpot) -> Iterator[Front]:
    """HubSpot, with contacts."""
    with Front(hubspot.port) as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[Front]:
    """A server that is not HubSpot, and answers 401 to everybody."""
    with Front() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, front: Front) -> Settings:
    """Settings of an app that talks to the front."""
    return settings.model_copy(update={"api_url": front.url})


@pytest.fixture
def connect(broker: Broker, hubspot: HubSpot, front: Front) -> Callable[[str, int], str]:
    """Connects an owner to an account; returns the owner."""

    def connected(owner: str, hub_id: int) -> str:
        begun = broker.begin(owner, "browser", AuthorizationOptions(another=True))
        query = parse_qsl(urlsplit(hubspot.approve(begun.authorize_url, hub_id)).query)
        broker.finish(
            Callback(tuple(query), {begun.attempt.id: (begun.cookie,)}, Visitor(owner, "browser"))
        )
        front.seen.clear()  # whose account it is was asked
        return owner

    return connected


@pytest.fixture
def owner(connect: Callable[[str, int], str]) -> str:
    """Somebody who is connected."""
    return connect("ada", FIRST)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes clients at the end."""
    with ExitStack() as closing:
        yield closing
