from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ssl import SSLContext

import pytest

from portalkey.hubspot.client import HubSpotClient
from support.patience import PATIENCE
from support.peer import Peer, Script

Listen = Callable[..., Peer]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Starts a peer that answers every request with these bytes, or by this script."""
    with ExitStack() as stack:

        def start(
            answer: bytes | Script, context: SSLContext | None = None, greeting: bytes = b""
        ) -> Peer:
            return stack.enter_context(Peer(answer, context, greeting))

        yield start


@pytest.fixture
def client() -> Iterator[HubSpotClient]:
    """A client as it is used, with more patience."""
    made = HubSpotClient(deadline=PATIENCE)
    yield made
    made.close()
