"""The ceiling of a wait for what has to come.

A wait ends as soon as that is there. How long it takes depends on what else the machine does, and
no test may fail by that: only where something is broken does a wait last until the ceiling.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

PATIENCE = 60.0
"""Seconds."""
MILLISECONDS = PATIENCE * 1000
"""As browsers count."""
DEADLINES = (0.3, 1.2, 5.0)
"""Seconds of a deadline that is to pass while something is waited for: the first is soon over."""

T = TypeVar("T")


def with_time_enough(
    act: Callable[[float], T],
    is_too_early: Callable[[T], bool],
    seconds: Sequence[float] = DEADLINES,
) -> T:
    """What *act* returns with a deadline that was over neither too early nor late.

    A deadline that is to pass in the middle of something has to leave time for what comes before
    it, which takes a busy machine longer. Where it did not, more is given.
    """
    outcome = act(seconds[0])
    for longer in seconds[1:]:
        if not is_too_early(outcome):
            break
        outcome = act(longer)
    return outcome
