"""Limits of what one browser, and one owner, may begin and have exchanged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portalkey.errors import TooManyAttempts
from portalkey.model.attempt import OWNER_TIMES, Attempt, AttemptStatus
from portalkey.model.transitions import AttemptLimits
from portalkey.testing.samples import new_attempt
from portalkey.vault import MemoryStore

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LIMITS = AttemptLimits(under_way=2, exchanges=4)


def attempt(browser: str, seconds_ago: float = 0, error: str | None = None) -> Attempt:
    """One of this browser, begun and claimed so long ago."""
    at = NOW - timedelta(seconds=seconds_ago)
    sample = new_attempt(MemoryStore(lambda: at))
    return replace(sample, browser_hash=browser, claimed_at=at, error=error)


def test_there_is_room() -> None:
    """Mostly nothing has to end."""
    assert list(LIMITS.make_room(attempt("a"), [attempt("a", 1), attempt("b", 1)])) == []


def test_an_install_that_waits_is_in_nobodys_way() -> None:
    """It may wait for days; it is counted where another install comes, and gives no way."""
    until = NOW + timedelta(days=1)
    waiting = [
        replace(attempt("a", 9), status=AttemptStatus.ASKING, pending_until=until)
        for _ in range(2 * OWNER_TIMES)
    ]

    assert list(LIMITS.make_room(attempt("a"), waiting)) == []
    with pytest.raises(TooManyAttempts):
        LIMITS.make_room(replace(attempt("b"), pending_until=until), waiting)


def test_what_is_being_exchanged_does_not_give_way() -> None:
    """It may be about to connect; the new one waits for it."""
    busy = [replace(attempt("a", 9), status=AttemptStatus.EXCHANGING) for _ in range(2)]

    with pytest.raises(TooManyAttempts) as refused:
        LIMITS.make_room(attempt("a"), busy)

    assert refused.value.retry_after == 591


def test_a_browser_has_so_many_exchanges_a_minute() -> None:
    """And is told when the next may begin; another browser is not held up."""
    claims = [attempt("a", ago) for ago in (50, 40, 30, 20)]

    assert LIMITS.wait_for_exchange("a", claims, NOW) == 10
    assert LIMITS.wait_for_exchange("a", claims[1:], NOW) == 0
    assert LIMITS.wait_for_exchange("b", claims, NOW) == 0


def test_an_owner_has_ten_times_that() -> None:
    """However many browsers its members have, or one of them pretends to have."""
    claims = [attempt(str(ago), ago) for ago in range(4 * OWNER_TIMES, 0, -1)]

    assert LIMITS.wait_for_exchange("new", claims, NOW) == 20
    assert LIMITS.wait_for_exchange("new", claims[1:], NOW) == 0


@pytest.mark.parametrize("error", ["attempt_expired", "attempt_mismatch"])
def test_whoever_had_a_code_refused_goes_last(error: str) -> None:
    """The half that is left is for those whose codes are good, or who have had none."""
    claims = [attempt(str(ago), ago) for ago in range(4 * OWNER_TIMES // 2, 0, -1)]
    refused = [*claims[:-1], attempt("junk", 1, error)]

    assert LIMITS.wait_for_exchange("junk", refused, NOW) == 40
    assert LIMITS.wait_for_exchange("good", refused, NOW) == 0
    assert LIMITS.wait_for_exchange("1", claims, NOW) == 0
