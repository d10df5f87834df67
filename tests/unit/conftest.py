from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ssl import SSLContext

import pytest

from peer import Peer, Script
from portalkey.hubspot.client import Wire
from support.patience import PATIENCE

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
def wire() -> Iterator[Wire]:
    """A wire as it is used, with more patience."""
    made = Wire(deadline=PATIENCE)
    yield made
    made.close()
