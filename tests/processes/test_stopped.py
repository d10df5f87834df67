"""A process that is stopped while its threads' writes are one open transaction on SQLite."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from portalkey.errors import StoreBusy
from portalkey.testing.samples import new_attempt
from portalkey.vault import SQLStore
from processes.crew import Crew, Member
from processes.plan import Plan

THREADS = 4
SECONDS = 1.0
"""One call's time beside the stopped process."""


@pytest.fixture
def beside(plan: Plan) -> Iterator[SQLStore]:
    """The same file in this process."""
    with closing(SQLStore.open(plan.settings.database_url, seconds=SECONDS)) as store:
        yield store


@pytest.fixture
def stopped(crew: Crew, plan: Plan, beside: SQLStore) -> Iterator[Member]:
    """A process that leads a group of writes, and gets no processor in the middle of it."""
    assert not beside.connections("ada", "app")  # open, which writes, before the file is locked
    member = crew.hire(plan)
    member.begin("hold_a_group", THREADS)
    assert member.hear() == "open"
    os.kill(member.pid, signal.SIGSTOP)
    yield member
    with suppress(ProcessLookupError):  # it was killed
        os.kill(member.pid, signal.SIGCONT)


def test_others_hear_in_time_and_the_group_is_whole(
    stopped: Member, beside: SQLStore, crew: Crew, plan: Plan
) -> None:
    """Nobody hangs with it, reading goes on, and what it wrote is there once it goes on itself."""
    with pytest.raises(StoreBusy):
        new_attempt(beside)
    assert not beside.connections("ada", "app")
    os.kill(stopped.pid, signal.SIGCONT)
    stopped.say("commit")

    assert stopped.end() == [1] * THREADS
    other = crew.hire(plan)
    assert [other.call("count", number) for number in range(THREADS)] == [2] * THREADS
    assert new_attempt(beside)


def test_a_group_that_died_as_it_was_stopped_wrote_nothing(
    stopped: Member, beside: SQLStore, crew: Crew, plan: Plan
) -> None:
    """The file is free at once, with no trace of a part."""
    with pytest.raises(StoreBusy):
        new_attempt(beside)
    stopped.kill()

    other = crew.hire(plan)
    assert [other.call("count", number) for number in range(THREADS)] == [1] * THREADS
