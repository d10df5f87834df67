"""What can wait is done on the side, or by ``portalkey work``."""

import json
from pathlib import Path
from typing import Any

import pytest

from portalkey.broker.broker import SIDE_SECONDS, Broker
from portalkey_simulator import HubSpot
from support.commands import run, running
from support.visitor import Visitor


@pytest.fixture
def owing(visitor: Visitor) -> Visitor:
    """Somebody whose old refresh token HubSpot still has to be told of."""
    visitor.connect()
    visitor.connect()
    return visitor


def told(hubspot: HubSpot) -> int:
    """How often HubSpot was told to forget a token."""
    return sum(asked.path.endswith("/token/revoke") for asked in hubspot.requests)


def test_work_does_what_is_due(owing: Visitor, hubspot: HubSpot, env_file: Path) -> None:
    """Once, and says so; the second time nothing is left."""
    first = run("work", "--once", "--env-file", str(env_file))
    second = run("work", "--once", "--json", "--env-file", str(env_file))

    assert first.stdout == "HubSpot was told to forget 1 refresh token.\n", first.stderr
    assert json.loads(second.stdout) == {"revoked": 0, "error": None}
    assert told(hubspot) == 1


def test_work_goes_on_until_it_is_ended(owing: Visitor, hubspot: HubSpot, env_file: Path) -> None:
    """What is owed goes at the first look; Ctrl-C ends it."""
    with running("work", "--env-file", str(env_file), ready="forget 1 refresh token"):
        assert told(hubspot) == 1


def test_a_process_that_hands_out_tokens_does_some_of_it(
    owing: Visitor, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """On the side, once a minute; nobody waits for it."""
    ahead.seconds += SIDE_SECONDS + 1
    assert broker.access_token(owing.owner)
    broker.close()

    assert told(hubspot) == 1
