"""Moments as people type them."""

from datetime import UTC, datetime, timedelta

import click
import pytest

from portalkey.cli.moments import Moment

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h", timedelta(hours=2)),
        ("10:14", NOW.replace(hour=10, minute=14, second=0, microsecond=0)),
        ("9:05:30", NOW.replace(hour=9, minute=5, second=30, microsecond=0)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T14:30", datetime(2026, 11, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc(text: str, moment: datetime | timedelta) -> None:
    """A time alone is of today."""
    told = Moment().convert(text, None, None)

    assert told == moment or datetime.now(UTC).date() != NOW.date()


@pytest.mark.parametrize("text", ["24:00", "10:60", "10", "yesterday", ""])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """With some that are."""
    with pytest.raises(click.BadParameter, match="write 2h, 10:14, 2026-11-01"):
        Moment().convert(text, None, None)
