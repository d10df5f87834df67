import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from ssl import SSLContext

import pytest

from portalkey.hubspot.client import HubSpotClient
from support.patience import PATIENCE
from support.peer import Peer, Script

Listen = Callable[..., Peer]
NOBODY = 65534


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


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A directory that anybody may use, as somebody whom permissions bind (root they do not)."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o777)
        before = os.geteuid()
        if before == 0:
            os.seteuid(NOBODY)
        try:
            yield Path(directory)
        finally:
            os.seteuid(before)
