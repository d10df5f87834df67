"""How far the journal was read, as a text and back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portalkey.model.journal import MOST_REMEMBERED, JournalEntry, JournalKind, JournalState

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FULL = JournalState(
    offset="x",
    read_at=NOW,
    is_caught_up=True,
    tried_at=NOW,
    page_at=NOW,
    event_at=NOW,
    pages=3,
    entries=4,
    error="rate_limited",
    error_at=NOW,
    failures=1,
    skipped=2,
    seen=("a", "b"),
    holder="h",
    until=NOW,
)


@pytest.mark.parametrize("state", [JournalState(), FULL, replace(FULL, until=None, seen=())])
def test_a_state_is_what_was_written(state: JournalState) -> None:
    """To the letter; what a newer portalkey adds is passed over."""
    assert JournalState.parse(state.dump()) == state
    newer = state.dump()[:-1] + (", " if state.dump() != "{}" else "") + '"later": 1}'
    assert JournalState.parse(newer) == state
    assert JournalState.parse(None) == JournalState()


def test_only_the_last_entries_are_remembered() -> None:
    """However many come."""
    entries = [JournalEntry(JournalKind.INSTALLED, n, NOW) for n in range(1, MOST_REMEMBERED + 9)]
    state = JournalState().remember(entries).remember(entries[-3:])

    assert len(state.seen) == MOST_REMEMBERED
    assert state.seen[-1] == entries[-1].mark
    assert len(set(state.seen)) == MOST_REMEMBERED


def test_lag() -> None:
    """Since the last look, where that found the end; else since the last page."""
    later = NOW + timedelta(seconds=90)

    assert JournalState().lag(later) is None
    assert JournalState(read_at=NOW, is_caught_up=True).lag(later) == 90
    behind = JournalState(read_at=later, page_at=NOW - timedelta(seconds=10))
    assert behind.lag(later) == 100
    assert JournalState(read_at=later, is_caught_up=True).lag(NOW) == 0


def test_whoever_tried_a_moment_ago() -> None:
    """Read all there was or met trouble; a clock that was set back holds up nobody."""
    state = JournalState(tried_at=NOW, is_caught_up=True)
    later = NOW + timedelta(seconds=10)

    assert state.was_tried(15, later)
    assert not state.was_tried(5, later)
    assert not state.was_tried(15, NOW - timedelta(seconds=1))
    assert not replace(state, is_caught_up=False).was_tried(15, later)
    assert replace(state, is_caught_up=False, error="x").was_tried(15, later)
    assert not JournalState(is_caught_up=True).was_tried(15, later)
