"""Rules for the answers that go wrong."""

import itertools
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from portalkey_simulator.faults.fault_kinds import KINDS, PLACES, Fault, Kind, Place
from portalkey_simulator.world.refusals import TOKEN_REFUSALS


@dataclass(slots=True)
class Rule:
    """A fault at a place: the next ``times`` times (None for always), after ``skip`` good answers.

    ``chance`` is how likely each of these answers goes wrong, from 0 to 1.
    """

    number: int
    fault: Fault
    at: Place
    times: int | None
    skip: int = 0
    chance: float = 1
    happened: int = field(default=0, init=False)

    @property
    def is_spent(self) -> bool:
        """True once it has happened as often as it should."""
        return self.times is not None and self.happened >= self.times


class Faults:
    """The rules that hold, oldest first: the first that fits an answer decides it."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._rules: list[Rule] = []

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are not spent."""
        with self._lock:
            return tuple(self._rules)

    def add(
        self,
        fault: Fault | Kind,
        at: Place = "token",
        *,
        times: int | None = 1,
        skip: int = 0,
        chance: float = 1,
        seconds: float = 0,
    ) -> Rule:
        """Let answers go wrong: ``add("drop_after")``, ``add("late", seconds=2, times=None)``.

        Raises:
            ValueError: There is no such fault, place or refusal, or a number makes no sense; the
                message names what there is.
        """
        if not isinstance(fault, Fault):
            fault = Fault(fault, seconds)
        _check(fault, at, times, skip, chance)
        rule = Rule(next(self._numbers), fault, at, times, skip, chance)
        with self._lock:
            self._rules.append(rule)
        return rule

    def remove(self, number: int) -> bool:
        """Take one rule away; false where there is none of this number."""
        with self._lock:
            others = [rule for rule in self._rules if rule.number != number]
            was_there = len(others) < len(self._rules)
            self._rules = others
        return was_there

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self._rules.clear()

    def restart(self) -> None:
        """Begin anew: no rule, and the next has the number 1."""
        with self._lock:
            self._rules.clear()
            self._numbers = itertools.count(1)

    def take(self, place: Place) -> Fault | None:
        """Return the fault of this answer, if it has one, and count it."""
        with self._lock:
            for rule in self._rules:
                if rule.at in {place, "api"} and self._happens(rule):
                    if rule.is_spent:
                        self._rules.remove(rule)
                    return rule.fault
        return None

    def _happens(self, rule: Rule) -> bool:
        if rule.skip > 0:
            rule.skip -= 1
            return False
        if rule.chance < 1 and self._chance() >= rule.chance:
            return False
        rule.happened += 1
        return True


def _check(fault: Fault, at: Place, times: int | None, skip: int, chance: float) -> None:
    _check_choice("fault", fault.kind, KINDS)
    _check_choice("at", at, PLACES)
    if fault.kind == "refusal":
        _check_choice("refusal", fault.refusal, TOKEN_REFUSALS)
    for name, is_right, allowed in (
        ("times", times is None or times >= 1, "a whole number, 1 or more, or nothing for always"),
        ("skip", skip >= 0, "a whole number, 0 or more"),
        ("chance", 0 < chance <= 1, "a number above 0 and up to 1"),
        ("seconds", 0 <= fault.seconds <= _LONGEST, f"a number from 0 to {_LONGEST}"),
        ("status", fault.status in _STATUSES, "a number from 200 to 599"),
        ("headers", _are_sendable(fault.headers), "names without blanks, and one line for each"),
    ):
        if not is_right:
            raise ValueError(f"{name} has to be {allowed}")


def _are_sendable(headers: Mapping[str, str]) -> bool:
    return all(
        _NAME.fullmatch(name)
        and _VALUE.fullmatch(value)
        and (name.lower() != "content-length" or value.isdecimal())
        for name, value in headers.items()
    )


def _check_choice(name: str, value: object, allowed: object) -> None:
    if not isinstance(allowed, dict) or value not in allowed:
        names = ", ".join(allowed) if isinstance(allowed, dict) else ""
        raise ValueError(f"{name} cannot be {value!r}; it is one of: {names}")


_LONGEST = 86_400
_STATUSES = range(200, 600)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t -~\xa0-\xff]*")
