"""How something is measured: medians of rounds, in which everybody takes a turn."""

import statistics
import time
import timeit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Measure = Callable[[], float]
"""Measures once; the seconds of one call, in the middle."""


def interleaved(
    measures: Mapping[str, Measure], rounds: int, tick: Callable[[], None] = lambda: None
) -> dict[str, list[float]]:
    """What each measure found in each of *rounds*: in one round each takes its turn."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        # Nobody always comes after the same one.
        for name in _turned(list(measures), number):
            found[name].append(measures[name]())
            tick()
    return found


@dataclass(frozen=True, slots=True)
class Statement:
    """What an app would write to get a token, and the names in it."""

    text: str
    names: dict[str, object]


def quick(statement: Statement, seconds: float = 0.1) -> Measure:
    """Measures a *statement* too quick to be timed alone, for about so many *seconds*."""
    timer = timeit.Timer(statement.text, globals=statement.names)
    number = max(1, int(seconds / (timer.timeit(100) / 100)))

    def measure() -> float:
        return timer.timeit(number) / number

    return measure


def slow(
    call: Callable[[], object], times: int, before: Callable[[], object] = lambda: None
) -> Measure:
    """Measures a *call* so many *times*, each one after *before*, which is not counted."""

    def measure() -> float:
        return statistics.median(timed(call, before) for _ in range(times))

    return measure


def timed(call: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """The seconds that one *call* takes, *before* not counted."""
    before()
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def ratio(ours: Sequence[float], limit: Sequence[float]) -> float:
    """How many times the limit: the median of each round's ratio."""
    return statistics.median(one / other for one, other in zip(ours, limit, strict=True))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that *percent* of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _turned(names: list[str], by: int) -> list[str]:
    by %= len(names)
    return names[by:] + names[:by]
