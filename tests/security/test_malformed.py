"""Malformed requests at every route: no server error, no state changed, nothing stored.

``make figures`` sends a hundred thousand; ``HOSTILE_SEED`` repeats a run.
"""

import os
import random
import secrets
from pathlib import Path

import pytest

from portalkey.broker import Broker
from security.malformed import Maker, Victim, attack, prepare, read_ends_of_strangers, read_rows
from support.peer import Peer
from support.visitor import Visitor

SEED = int(os.environ.get("HOSTILE_SEED", secrets.randbelow(10**9)))
REQUESTS = 1000


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The store's file."""
    return str(tmp_path / "portalkey.db")


def test_malformed_requests_change_nothing(
    visitor: Visitor, broker: Broker, port: int, database: str
) -> None:
    """Whatever comes from a stranger, or with the session and no token; and then the way is free.

    The visitor, who was on the way back from HubSpot all the time, ends connected.
    """
    print(f"HOSTILE_SEED={SEED}")  # noqa: T201 - shown where the test fails
    victim = prepare(visitor)
    before = read_rows(database)
    maker = Maker(random.Random(SEED), f"localhost:{port}", victim)  # noqa: S311 - to be repeated

    found = attack(port, maker, REQUESTS)

    assert found.bad == []
    assert {200, 303, 400, 403, 404, 405, 415} <= set(found.statuses)
    assert read_rows(database) == before
    assert read_ends_of_strangers(database) <= {"failed"}
    answer = visitor.get(victim.callback)
    assert answer.headers["location"] == "/auth/hubspot/done?attempt=" + victim.ids[0]
    assert visitor.status(victim.ids[0])["attempt"]["status"] == "connected"


def test_a_change_would_be_seen(visitor: Visitor, broker: Broker, database: str) -> None:
    """The negative control: the same callback with the cookie that belongs to it changes rows."""
    victim = prepare(visitor)
    before = read_rows(database)

    visitor.get(victim.callback)

    assert read_rows(database) != before


def test_a_server_error_would_be_seen() -> None:
    """The negative control: each answer that is no refusal is told."""
    victim = Victim("s=xy", "c=xy", "/", ("token-of-it",), ("value",), ("id",))
    maker = Maker(random.Random(1), "localhost", victim)  # noqa: S311 - to be repeated
    with Peer(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") as peer:
        found = attack(peer.port, maker, 3)

    assert [each[:8] for each in found.bad] == ["500 for "] * 3
