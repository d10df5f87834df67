"""Rules of links: what one may take the place of, and what its connection remembers."""

from dataclasses import replace

import pytest

from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.taking_over import carry_further, find_loss
from portalkey.testing.samples import new_connection
from portalkey.vault import MemoryStore

WANTED = ("contacts", "lists")
S = ConnectionStatus


@pytest.fixture
def row() -> Connection:
    """A connection that works, with what is wanted and what it was asked for beyond that."""
    scopes = ("contacts", "lists", "tickets", "older")
    sample = new_connection(MemoryStore())
    return replace(sample, scopes=scopes, further_scopes=("tickets", "never_granted"))


@pytest.mark.parametrize(
    ("granted", "lost"),
    [
        (("contacts", "lists", "tickets"), ()),
        (("contacts", "lists", "tickets", "more"), ()),
        (("contacts", "tickets"), ("lists",)),
        (("contacts", "lists"), ("tickets",)),
        (None, ("contacts", "lists", "tickets")),
        ((), ("contacts", "lists", "tickets")),
    ],
)
def test_what_a_working_connection_would_lose(
    row: Connection, granted: tuple[str, ...] | None, lost: tuple[str, ...]
) -> None:
    """What it has and somebody wants; all of that, where nobody says what was granted."""
    assert find_loss(row, granted, WANTED) == lost
    assert find_loss(replace(row, status=S.FAILING), granted, WANTED) == lost


@pytest.mark.parametrize("status", [S.NEEDS_RECONNECT, S.DISCONNECTED])
def test_what_does_not_work_loses_nothing(row: Connection, status: ConnectionStatus) -> None:
    """Nor does what was never connected."""
    assert find_loss(replace(row, status=status), None, WANTED) == ()
    assert find_loss(None, None, WANTED) == ()


def test_what_it_has_may_be_unknown(row: Connection) -> None:
    """Then it may have all that was asked for."""
    unknown = replace(row, scopes=None)

    assert find_loss(unknown, (*WANTED, "tickets", "never_granted"), WANTED) == ()
    assert find_loss(unknown, WANTED, WANTED) == ("tickets", "never_granted")


def test_what_is_remembered(row: Connection) -> None:
    """What it was asked for before stays, each once, until somebody disconnects."""
    gone = replace(row, status=S.DISCONNECTED)

    assert carry_further(row, ("tickets", "more")) == ("tickets", "never_granted", "more")
    assert carry_further(row, None) == ("tickets", "never_granted")
    assert carry_further(gone, ("more",)) == ("more",)
    assert carry_further(gone, None) is None
    assert carry_further(None, None) is None
