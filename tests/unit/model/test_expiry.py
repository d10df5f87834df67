"""Margins before an access token's expiry."""

from datetime import timedelta

from portalkey.model import expiry
from portalkey.model.connection import Connection
from portalkey.testing.samples import new_connection
from portalkey.vault import MemoryStore


def living(seconds: float, **changes: object) -> Connection:
    """A connection whose token was granted for so many *seconds*."""
    connection = new_connection(MemoryStore(), **changes)
    at = connection.seen_at
    return new_connection(
        MemoryStore(),
        **{
            "granted_at": at,
            "seen_at": at,
            "access_expires_at": at + timedelta(seconds=seconds),
            **changes,
        },
    )


def test_hubspots_tokens_are_renewed_about_five_minutes_ahead() -> None:
    """Each connection at its own moment, always the same one."""
    windows = [expiry.window(living(1800, id=str(number))) for number in range(300)]

    assert min(windows) >= expiry.AHEAD
    assert max(windows) < expiry.AHEAD + expiry.SPREAD
    assert len(set(windows)) > 200
    assert expiry.window(living(1800, id="7")) == windows[7]
    assert expiry.margin(living(1800)) == expiry.MARGIN


def test_a_short_life_is_not_all_renewal() -> None:
    """A token of a minute is not due from its first second."""
    assert expiry.window(living(60)) == 15
    assert expiry.margin(living(60)) == 6


def test_an_unknown_life_is_a_usual_one() -> None:
    """Rows of an older portalkey do not say when their token was granted."""
    assert expiry.margin(living(60, granted_at=None)) == expiry.MARGIN
